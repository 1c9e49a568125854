"""One run: make the index, ask what is not answered yet, score everything.

The name of a run is a digest of what its answers depend on: questions, documents, index, settings and code. The same
command finds the same folder, so a run that was killed goes on, and one that is finished is only scored again.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import random
import subprocess
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

import ingest
import rag
from eval import solvers
from eval.statistics import score
from eval.store import RunFolder
from rag.config import flatten, keys
from rag.errors import IndexBusy
from rag.indexes import Fingerprint
from rag.types import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from eval.types import Column, Example, Record, Task
    from rag.types import Document

    # Called with how many are done, how many there are, and what is being done.
    Progress = Callable[[int, int, str], None]

DEFAULT_RUNS = Path("runs")
# So many questions make a slice worth a figure, and so many slices a table that can be read.
_MIN_SLICE = 3
_MAX_SLICES = 30
_DIGEST_CHARS = 8


def limited(task: Task, limit: int | None) -> Task:
    """Return a task with so many of its questions, drawn with a fixed seed, in their order; all without a limit."""
    if limit is None or limit >= len(task.examples):
        return task
    drawn = sorted(random.Random(0).sample(range(len(task.examples)), limit))
    about = f"{task.about} {limit:,} of {len(task.examples):,} questions, drawn with a fixed seed.".strip()
    return replace(task, examples=tuple(task.examples[place] for place in drawn), about=about)


def run(
    task: Task,
    *,
    config: rag.Config,
    runs: Path = DEFAULT_RUNS,
    progress: Progress | None = None,
) -> RunFolder:
    """Ask the questions of a task, and score the answers; return the folder of the run.

    Args:
        task: what is asked of which documents.
        config: the settings, with those of the task in them.
        runs: where runs and the indexes of tasks are kept.
        progress: told of each document that is indexed and each question that is asked.

    Raises:
        IndexBusy: another process is at the same run, or changed the index meanwhile.
    """
    if task.index is None:  # the index of a run is made in the folder of the runs, and nowhere else
        config = config.for_own_use(config.index)
    index = task.index or _made_index(task.documents, runs, config=config, progress=progress)
    with rag.open(index, config) as bot:
        documents = {document.id: document for document in bot.documents()}
        facts = _facts(task, bot, documents)
        folder = RunFolder(runs / _name(task, facts))
        folder.path.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            _ask_rest(task, bot, folder, facts=facts, progress=progress)
            if {document.id for document in bot.documents()} != set(documents):
                folder.records_file.unlink()
                raise IndexBusy(
                    f"the index in {index} changed while it was asked. These answers are dropped; ask again."
                )
            _score(task, folder, documents)
    return folder


# What of the core an index depends on, beside all that reads files.
_MAKES_INDEX = ("types", "text", "vectors", "lexical", "library", "indexes", "writer", "models", "export")


def _made_index(documents: Sequence[Document], runs: Path, *, config: rag.Config, progress: Progress | None) -> Path:
    """Index the documents of a task; what was indexed before, also by a killed run, is not embedded again."""
    made_with = [str(Fingerprint.of(config)), _code(_MAKES_INDEX)]
    index = runs / ".indexes" / _digest([*made_with, *sorted(document.id for document in documents)])

    def indexing(done: int, total: int, source: str, _n_passages: int) -> None:
        if progress:
            progress(done, total, f"indexing {source}")

    ingest.ingest_documents(documents, index, config=config, progress=indexing)
    return index


def _ask_rest(
    task: Task, bot: rag.Assistant, folder: RunFolder, *, facts: dict[str, Any], progress: Progress | None
) -> None:
    """Ask what has no record yet. The first search loads the models, so that no question's seconds hold that."""
    answered = {line["example"]["id"] for line in folder.lines()}
    rest = [example for example in task.examples if example.id not in answered]
    if not rest and folder.facts()["finished"]:
        return
    folder.scores_file.unlink(missing_ok=True)
    folder.write_facts(facts)
    if rest:
        bot.search(rest[0].question, limit=1)

    def asked() -> Iterator[Record]:
        for done, example in enumerate(rest, start=len(answered)):
            if progress:
                progress(done, len(task.examples), f"asking {example.id}")
            yield task.solver(bot, example)

    folder.append(asked())
    if progress:
        progress(len(task.examples), len(task.examples), "scoring")
    folder.write_facts({**facts, "finished": _now()})


def _score(task: Task, folder: RunFolder, documents: Mapping[str, Document]) -> None:
    """Score all records, over all and by slices."""
    places = {example.id: place for place, example in enumerate(task.examples)}
    records = sorted(folder.records(), key=lambda record: places[record.example.id])
    columns = [column for scorer in task.scorers for column in scorer(records, documents)]
    folder.write_scores(
        {
            "scores": [to_json(score(column)) for column in columns],
            "slices": list(_slices([record.example for record in records], columns)),
            "columns": {c.name: {"better": c.better, "values": c.values} for c in columns},
            "ids": [record.example.id for record in records],
        }
    )


def _slices(examples: Sequence[Example], columns: Sequence[Column]) -> Iterator[dict[str, Any]]:
    """Score the questions of each type, language, split and document apart, where there is more than one."""
    kinds: dict[str, Callable[[Example], str]] = {
        "type": lambda example: example.type,
        "language": lambda example: example.language,
        "split": lambda example: example.split,
        "document": lambda example: example.evidence[0].title if example.evidence else "",
    }
    for by, of in kinds.items():
        counts = Counter(filter(None, map(of, examples)))
        kept = [value for value, n in counts.most_common(_MAX_SLICES) if n >= _MIN_SLICE]
        for value in sorted(kept) if len(counts) > 1 else ():
            places = [place for place, example in enumerate(examples) if of(example) == value]
            parts = [replace(column, values=tuple(column.values[place] for place in places)) for column in columns]
            yield {"by": by, "value": value, "n": len(places), "scores": [to_json(score(part)) for part in parts]}


def _facts(task: Task, bot: rag.Assistant, documents: Mapping[str, Document]) -> dict[str, Any]:
    """Say what a run depends on, and what else its reader wants to know of it."""
    settings = {key: value for key, value in flatten(bot.config) if key != "index"}
    usual = {**keys(), **task.settings}
    revision, dirty = _revision()
    return {
        "task": task.name,
        "about": task.about,
        "split": task.split or None,
        "questions": len(task.examples),
        "examples": _digest([to_json(example) for example in task.examples]),
        "documents": _digest(sorted(documents)),
        "fingerprint": bot.fingerprint,
        "solver": task.solver.__name__,
        "settings": settings,
        "changed_settings": {key: value for key, value in settings.items() if value != usual[key]},
        "code": _code(),
        "commit": revision,
        "dirty": dirty,
        "version": next((found.version for found in metadata.distributions(name="footnote")), None),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "started": _now(),
        "finished": None,
    }


def _name(task: Task, facts: Mapping[str, Any]) -> str:
    """Name a run by its task and by all that its answers depend on."""
    depends = [facts[key] for key in ("task", "examples", "documents", "fingerprint", "solver", "code")]
    return "-".join(filter(None, (task.name, task.split, str(len(task.examples)), _digest(depends))))


@contextmanager
def _alone(folder: RunFolder) -> Iterator[None]:
    try:
        lock = FileLock(folder.lock).acquire(timeout=0)
    except Timeout:
        raise IndexBusy(f"another process is at the run in {folder.path}; wait for it, or end it.") from None
    with lock:
        yield


def _digest(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARS]


def _code(modules: Collection[str] = ()) -> str:
    """Name the code that answers: a change in it makes another run. Where modules are named, the code that indexes."""
    files = [] if modules else [Path(solvers.__file__)]
    files += Path(str(ingest.__file__)).parent.rglob("*.py")
    files += (file for file in Path(str(rag.__file__)).parent.glob("*.py") if file.stem in modules or not modules)
    return _digest([file.read_text(encoding="utf-8") for file in sorted(files)])


def _revision() -> tuple[str | None, bool]:
    """Return the commit of the code, and whether it was changed since; None where it is no checkout."""
    home = Path(str(rag.__file__)).parent.parent

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(home), *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel") or "/").resolve() != home.resolve():
            return None, False
        return git("rev-parse", "--short", "HEAD"), bool(git("status", "--porcelain", "--untracked-files=no"))
    except FileNotFoundError:  # no git on this machine
        return None, False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
