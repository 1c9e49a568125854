"""One step of `eval.scale`, in a process of its own, so that its memory can be told.

    python -m eval.scale_step ingest INDEX FILE [LIBRARY.db]
    python -m eval.scale_step ask INDEX QUESTIONS

prints the figures as JSON in its last line.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import rag
from eval.peers.measure import peak_memory_mb
from ingest import ingest
from rag.config import DEFAULT_EMBEDDING, Config, Split
from rag.library import Library
from rag.models import load_embedder
from rag.retrieve import retrieve
from rag.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rag.models import Embedder

PASSAGE_TOKENS = 80
_SAMPLE = 400
_WARM_UP = 20
_MONTH = Filters(published_from=date(2022, 8, 1), published_to=date(2022, 8, 31))


def settings() -> Config:
    """Return the settings of all steps: the usual ones, with small passages."""
    return replace(Config(), split=Split(PASSAGE_TOKENS))


class Remembering:
    """An embedder that takes vectors from a library where it has them. Counts, and times itself."""

    def __init__(self, embedder: Embedder, library: Library | None) -> None:
        self.fingerprint = embedder.fingerprint
        self.embedder = embedder
        self.seconds = 0.0
        self.n_taken = self.n_made = 0
        self.sample: list[str] = []
        self._library = library

    def embed(self, texts: Sequence[str], *, as_query: bool = False) -> NDArray[np.float32]:
        """Return one row a text."""
        started = time.perf_counter()
        self.sample += texts[: _SAMPLE - len(self.sample)]
        # As `ingest` names the embedding of a text.
        keys = [hashlib.sha256(f"{self.fingerprint}\0{text}".encode()).hexdigest() for text in texts]
        known = self._library.vectors(keys) if self._library else {}
        missing = [at for at, key in enumerate(keys) if key not in known]
        made = self.embedder.embed([texts[at] for at in missing], as_query=as_query)
        fresh = dict(zip(missing, made, strict=True))
        self.n_taken += len(texts) - len(missing)
        self.n_made += len(missing)
        self.seconds += time.perf_counter() - started
        return np.stack([fresh[at] if at in fresh else known[key] for at, key in enumerate(keys)])


def measure_ingest(index: Path, file: Path, *, library: Library | None = None) -> dict[str, float]:
    """Ingest a file; return how many passages the index has now and had not before, and how long it took.

    `embed_seconds` of the seconds went to the embedder, which took `taken` vectors from the other library. It embeds
    `embed_per_s` passages a second: told by all of them, or where some were taken, by a sample.
    """
    embedder = Remembering(load_embedder(DEFAULT_EMBEDDING), library)
    before = _n_passages(index)
    started = time.perf_counter()
    report = ingest([file], index, config=settings(), embedder=embedder)
    seconds = time.perf_counter() - started
    if report.failed:
        raise SystemExit(f"{len(report.failed)} articles were not indexed, the first {report.failed[0]}")
    memory, passages = peak_memory_mb(), _n_passages(index)
    embed_per_s = embedder.n_made / embedder.seconds
    if embedder.n_taken:
        started = time.perf_counter()
        embedder.embedder.embed(embedder.sample)
        embed_per_s = len(embedder.sample) / (time.perf_counter() - started)
    return {
        "passages": passages,
        "new_passages": passages - before,
        "seconds": seconds,
        "embed_seconds": embedder.seconds,
        "embed_per_s": embed_per_s,
        "taken": embedder.n_taken,
        "ingest_memory_mb": memory,
    }


def measure_ask(index: Path, questions: Sequence[str]) -> dict[str, Any]:
    """Ask questions of an index, some of them once untimed before; return percentiles in ms.

    `search` is the search without the reader, of which `embed`, `lexical` and `dense` are parts, measured by
    themselves; `filtered` is the same within a month's documents; `read` is `Assistant.search`, in which the reader
    ranks. `first_ms` is the first search after opening.
    """
    config = settings()
    embedder = load_embedder(DEFAULT_EMBEDDING)

    def vector(question: str) -> NDArray[np.float32]:
        found: NDArray[np.float32] = embedder.embed([question], as_query=True)[0]
        return found

    def searching(filters: Filters) -> Callable[[str], object]:
        return lambda question: retrieve(
            question, bot.index, embed_query=vector, settings=config.search, filters=[filters]
        )

    with rag.open(index, config) as bot:
        n = config.search.candidates
        vectors = {question: vector(question) for question in questions}
        ways: dict[str, Callable[[str], object]] = {
            "search": searching(Filters()),
            "filtered": searching(_MONTH),
            "embed": vector,
            "lexical": lambda question: bot.index.search_lexical(question, n, filters=Filters()),
            "dense": lambda question: bot.index.search_dense(vectors[question], n, filters=Filters()),
            "read": bot.search,
        }
        first = _ms(ways["search"], questions[0])
        timed = {}
        for name, ask in ways.items():
            for question in questions[:_WARM_UP]:
                ask(question)
            ms = np.percentile([_ms(ask, question) for question in questions], [50, 95])
            timed[f"{name}_ms"] = {"p50": float(ms[0]), "p95": float(ms[1])}
    return {"first_ms": first, **timed, "ask_memory_mb": peak_memory_mb()}


def _ms(ask: Callable[[str], object], question: str) -> float:
    started = time.perf_counter()
    ask(question)
    return 1000 * (time.perf_counter() - started)


def _n_passages(index: Path) -> int:
    if not index.exists():
        return 0
    with rag.open(index, settings()) as bot:
        return bot.index.library.counts()["passages"]


def main(what: str, index: Path, *given: str) -> None:
    """Measure, and print the figures."""
    if what == "ingest":
        library = Library(Path(given[1])) if len(given) > 1 else None
        print(json.dumps(measure_ingest(index, Path(given[0]), library=library)))
    else:
        print(json.dumps(measure_ask(index, json.loads(Path(given[0]).read_text(encoding="utf-8")))))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
