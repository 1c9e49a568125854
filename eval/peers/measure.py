"""What one pipeline takes and finds, measured in a process of its own.

    python -m eval.peers.measure index|ask NAME FOLDER JOB

prints the figures as JSON in its last line. JOB is a file with the documents and the questions of the run.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.peers.pipelines import all_pipelines
from rag.types import Document, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eval.peers.pipelines import Pipeline

# Ten documents are ranked, of which the best passages may be neighbours: so many passages are asked for. Footnote's own
# search looks at as many of each leg.
PASSAGES = 50
DOCUMENTS = 10
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Job:
    """What all pipelines are given: documents, and questions by their ids."""

    documents: Sequence[Document]
    questions: Mapping[str, str]

    def save(self, path: Path) -> None:
        """Write it to a file."""
        path.write_text(json.dumps({"documents": to_json(self.documents), "questions": self.questions}), "utf-8")

    @classmethod
    def load(cls, path: Path) -> Job:
        """Read what `save` wrote."""
        raw = json.loads(path.read_text("utf-8"))
        return cls(tuple(map(_document, raw["documents"])), raw["questions"])


def measure_index(pipeline: Pipeline, job: Job, *, folder: Path) -> dict[str, float]:
    """Index a job's documents; return how many `passages` there are, and the `seconds` and `memory_mb` it took.

    The seconds include the import of the pipeline's libraries and the loading of the encoder.
    """
    started = time.perf_counter()
    passages = pipeline.index(job.documents, folder)
    seconds = time.perf_counter() - started
    return {"passages": passages, "seconds": seconds, "memory_mb": peak_memory_mb()}


def measure_asks(pipeline: Pipeline, job: Job, *, folder: Path) -> dict[str, Any]:
    """Ask a job's questions of an open index, the first of them once untimed before.

    Returns:
        `ranked`, for each question's id the sources of the documents found, best first; `ms`, the time of each search.
    """
    search = pipeline.open(folder)
    ranked: dict[str, list[str]] = {}
    ms = []
    for question in list(job.questions.values())[:1]:
        search(question, PASSAGES)
    for name, question in job.questions.items():
        started = time.perf_counter()
        found = search(question, PASSAGES)
        ms.append(1000 * (time.perf_counter() - started))
        ranked[name] = by_best_passage(found)
    return {"ranked": ranked, "ms": ms}


def by_best_passage(sources: Sequence[str]) -> list[str]:
    """Rank documents by their best passages, given the source of each passage, best first.

    >>> by_best_passage(["a", "b", "a", "c"])
    ['a', 'b', 'c']
    """
    return list(dict.fromkeys(sources))[:DOCUMENTS]


def peak_memory_mb() -> float:
    """Return the most memory that this process has held, in MB of 2^20 bytes.

    On Linux `ru_maxrss` begins at what the process that started this one held, and the kernel's `VmHWM` does not.
    """
    if _STATUS.is_file():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _document(raw: dict[str, Any]) -> Document:
    published = date.fromisoformat(raw["published"]) if raw["published"] else None
    return Document(**{**raw, "published": published, "pages": tuple(raw["pages"])})


def main(what: str, name: str, *, folder: Path, job: Path) -> None:
    """Measure one pipeline, and print the figures."""
    pipeline = next(pipeline for pipeline in all_pipelines() if pipeline.name == name)
    measure = {"index": measure_index, "ask": measure_asks}[what]
    print(json.dumps(measure(pipeline, Job.load(job), folder=folder)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], folder=Path(sys.argv[3]), job=Path(sys.argv[4]))
