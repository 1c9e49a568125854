"""How well passages are found: SciFact (nDCG@10) and SQuAD (R@1, R@5 over all paragraphs of the public dev file).

    python -m eval.retrieval --data DIR [--dataset scifact|squad|cmrc] [--split dev|train] [--float32]

`--float32` runs the same encoder in torch, unquantised, to see what int8 costs. Both legs and their fusion are measured
over one index. A document scores as its best passage.
"""

from __future__ import annotations

import random
import tempfile
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import ir_measures
from ir_measures import R, nDCG

import rag
from eval.data import Query, arguments, scifact, squad
from ingest import ingest_documents
from rag.config import DEFAULT_EMBEDDING, Embedding
from rag.models import minilm_folder

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document

MODES: tuple[Literal["lexical", "dense", "hybrid"], ...] = ("lexical", "dense", "hybrid")
MEASURES = (nDCG @ 10, R @ 1, R @ 5)
_RESAMPLES = 1000


def load(data: Path, dataset: str, *, split: str) -> tuple[list[Document], list[Query]]:
    """Return the documents and the queries of a data set."""
    if dataset == "scifact":
        return scifact(data / "scifact", split)
    names = {
        ("squad", "dev"): ("squad/dev-v2.0-public.json.gz", "en"),
        ("squad", "train"): ("squad/train-v1.1.json.gz", "en"),
        ("cmrc", "dev"): ("cmrc2018/dev.json.gz", "zh"),
        ("cmrc", "train"): ("cmrc2018/train.json.gz", "zh"),
    }
    file, language = names[dataset, split]
    return squad(data / file, language)


def measure(bot: rag.Assistant, queries: list[Query]) -> dict[str, dict[str, float]]:
    """Return each measure's value for each query, by the measure's name."""
    sources = {document.id: document.source for document in bot.documents()}
    judged = {query.id: dict.fromkeys(query.sources, 1) for query in queries}
    ranked = {}
    for query in queries:
        hits = bot.search(query.text, limit=10)
        ranked[query.id] = {sources[hit.passage.doc_id]: 1 / rank for rank, hit in enumerate(hits, start=1)}
    values: dict[str, dict[str, float]] = {str(measure): {} for measure in MEASURES}
    for found in ir_measures.iter_calc(MEASURES, judged, ranked):
        values[str(found.measure)][found.query_id] = found.value
    return values


def interval(values: list[float]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a mean (percentiles of 1,000 resamples, fixed seed)."""
    dice = random.Random(0)
    means = sorted(sum(dice.choices(values, k=len(values))) / len(values) for _ in range(_RESAMPLES))
    return means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES)]


def main() -> None:
    """Measure, and print a table."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--dataset", choices=("scifact", "squad", "cmrc"), action="append")
    parser.add_argument("--split", choices=("dev", "train"), default="dev")
    parser.add_argument("--limit", type=int, help="so many queries, drawn with a fixed seed")
    parser.add_argument("--float32", action="store_true", help="the encoder in float32 instead of int8")
    options = parser.parse_args()
    model = str(minilm_folder()) if options.float32 else DEFAULT_EMBEDDING
    print("| data | search | nDCG@10 | R@1 | R@5 | queries | ms a query |\n|---|---|---|---|---|---|---|")
    for dataset in options.dataset or ("scifact", "squad"):
        documents, queries = load(options.data, dataset, split=options.split)
        if options.limit:
            queries = random.Random(0).sample(queries, min(options.limit, len(queries)))
        with tempfile.TemporaryDirectory() as folder:
            config = replace(rag.Config(), embedding=Embedding(model))
            ingest_documents(documents, folder, config=config)
            for mode in MODES:
                search = replace(config.search, mode=mode, passages_per_document=1)
                with rag.open(folder, replace(config, search=search)) as bot:
                    started = time.perf_counter()
                    values = measure(bot, queries)
                    ms = 1000 * (time.perf_counter() - started) / len(queries)
                cells = [_cell(list(values[str(m)].values())) for m in MEASURES]
                print(f"| {dataset} {options.split} | {mode} | {' | '.join(cells)} | {len(queries)} | {ms:.0f} |")


def _cell(values: list[float]) -> str:
    low, high = interval(values)
    return f"{sum(values) / len(values):.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
