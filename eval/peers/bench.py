"""All pipelines over the same documents and questions, each step in a process of its own."""

from __future__ import annotations

import json
import random
import statistics
import sys
from typing import TYPE_CHECKING, Any

from eval.data import realtimeqa, scifact, squad
from eval.peers.measure import Job
from eval.peers.process import run
from eval.peers.tables import MEASURES, Result
from eval.scorers.retrieval import retrieval
from eval.types import Record
from rag.types import Hit, Passage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from eval.peers.pipelines import Pipeline
    from eval.peers.process import Ran
    from eval.types import Example
    from rag.types import Document

DATASETS = ("squad", "scifact", "realtimeqa")


def load(data: Path, dataset: str) -> tuple[Sequence[Document], Sequence[Example]]:
    """Return the documents of a data set and its questions: of SQuAD and SciFact dev, of RealTimeQA 2022.

    Raises:
        DataMissing: they are not there.
    """
    if dataset == "realtimeqa":
        return realtimeqa(data / "realtimeqa", 2022)
    if dataset == "scifact":
        return scifact(data / "scifact", "dev")
    return squad(data / "squad" / "dev-v2.0-public.json.gz", "en")


def draw(
    documents: Sequence[Document], examples: Sequence[Example], *, n_documents: int | None, n_questions: int
) -> tuple[list[Document], list[Example]]:
    """Draw questions that have an answer, and documents that hold all their evidence, with a fixed seed.

    Questions come in random order, each whose documents still fit into `n_documents`; other documents fill up. The
    documents keep their order.
    """
    dice = random.Random(0)
    limit = len(documents) if n_documents is None else min(n_documents, len(documents))
    kept: set[str] = set()
    drawn: list[Example] = []
    asked = [example for example in examples if example.answerable and example.evidence]
    for example in dice.sample(asked, len(asked)):
        wanted = kept | {evidence.doc_id for evidence in example.evidence}
        if len(drawn) < n_questions and len(wanted) <= limit:
            drawn.append(example)
            kept = wanted
    others = [document.id for document in documents if document.id not in kept]
    kept |= set(dice.sample(others, min(len(others), limit - len(kept))))
    return [document for document in documents if document.id in kept], drawn


def compare(
    pipelines: Sequence[Pipeline],
    documents: Sequence[Document],
    *,
    examples: Sequence[Example],
    asks: int,
    folder: Path,
) -> dict[str, Result]:
    """Index and ask with all pipelines, and return what was measured by their names.

    Args:
        pipelines: what is measured.
        documents: what is indexed.
        examples: what is asked of the open indexes; the first of them is asked in new processes.
        asks: how many new processes each pipeline is given; pipelines take turns.
        folder: an empty one, for the indexes.

    Raises:
        SystemExit: a pipeline failed.
    """
    job = folder / "job.json"
    Job(documents, {example.id: example.question for example in examples}).save(job)
    indexes = {pipeline.name: folder / str(number) for number, pipeline in enumerate(pipelines)}
    results = {name: Result() for name in indexes}
    ran: dict[str, list[Ran]] = {name: [] for name in indexes}
    for name, index in indexes.items():
        ran[name].append(_step("index", name, index=index, job=job))
        found = _measured(ran[name][-1])
        seconds = found.pop("seconds")
        per_s = {"documents_per_s": len(documents) / seconds, "passages_per_s": found["passages"] / seconds}
        results[name].figures |= found | per_s
    for name, index in indexes.items():
        ran[name].append(_step("ask", name, index=index, job=job))
        found = _measured(ran[name][-1])
        results[name].values = quality(documents, examples, ranked=found["ranked"])
        means = {measure: statistics.mean(values.values()) for measure, values in results[name].values.items()}
        results[name].figures |= {"warm_ms": statistics.median(found["ms"]), **means}
    question = examples[0].question
    cold = [(one.name, run(one.cold(indexes[one.name], question))) for one in list(pipelines) * asks]
    for name, result in results.items():
        seconds = [one.seconds for who, one in cold if who == name]
        result.figures |= {"cold_s": statistics.median(seconds)} if seconds else {}
        every = [*ran[name], *(one for who, one in cold if who == name)]
        result.figures["others_percent"] = 100 * sum(r.others for r in every) / sum(r.capacity for r in every)
    return results


def quality(
    documents: Sequence[Document], examples: Sequence[Example], *, ranked: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Score rankings as Footnote's own are scored (`eval.scorers.retrieval`): a value for each measure and question.

    `ranked` holds, for each question's id, the sources of the passages found, best first.
    """
    ids = {document.source: document.id for document in documents}
    records = [
        Record(example, None, tuple(Hit(Passage(ids[source], 0, 0, ""), 0.0) for source in ranked[example.id]), 0.0)
        for example in examples
    ]
    columns = {column.name: column.values for column in retrieval(records, {})}
    scored = {name: zip(examples, columns[name], strict=True) for name in MEASURES}
    return {name: {one.id: v for one, v in pairs if isinstance(v, float)} for name, pairs in scored.items()}


def _step(what: str, name: str, *, index: Path, job: Path) -> Ran:
    return run([sys.executable, "-m", "eval.peers.measure", what, name, str(index), str(job)])


def _measured(ran: Ran) -> Any:  # noqa: ANN401 (what the process printed, a different thing for each step)
    return json.loads(ran.printed.splitlines()[-1])
