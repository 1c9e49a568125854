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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from eval.peers.pipelines import all_pipelines
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eval.peers.pipelines import Pipeline

# Ten documents are scored, of which the best passages may be neighbours: so many passages are asked for. Footnote's own
# search looks at as many of each leg.
PASSAGES = 50
# In a file, since a command line has no room for documents.
_DOCUMENTS = TypeAdapter(tuple[Document, ...])
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Job:
    """What all pipelines are given: documents, and questions by their ids."""

    documents: Sequence[Document]
    questions: Mapping[str, str]

    def save(self, path: Path) -> None:
        """Write it to a file."""
        documents = _DOCUMENTS.dump_python(tuple(self.documents), mode="json")
        path.write_text(json.dumps({"documents": documents, "questions": self.questions}), "utf-8")

    @classmethod
    def load(cls, path: Path) -> Job:
        """Read what `save` wrote."""
        raw = json.loads(path.read_text("utf-8"))
        return cls(_DOCUMENTS.validate_python(raw["documents"]), raw["questions"])


def measure_index(pipeline: Pipeline, job: Job, *, folder: Path) -> dict[str, float]:
    """Index a job's documents; return how many `passages` there are, and the `seconds` and `memory_mb` it took.

    The seconds include the loading of the encoder and of the libraries that the pipeline imports itself; Footnote's own
    modules (under half a second) are there before, in every process.
    """
    started = time.perf_counter()
    passages = pipeline.index(job.documents, folder)
    seconds = time.perf_counter() - started
    return {"passages": passages, "seconds": seconds, "memory_mb": peak_memory_mb()}


def measure_asks(pipeline: Pipeline, job: Job, *, folder: Path) -> dict[str, Any]:
    """Ask a job's questions of an open index, the first of them once untimed before.

    Returns:
        `ranked`, for each question's id the sources of the passages found, best first; `ms`, the time of each search.
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
        ranked[name] = found
    return {"ranked": ranked, "ms": ms}


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


def main(what: str, name: str, *, folder: Path, job: Path) -> None:
    """Measure one pipeline, and print the figures."""
    pipeline = next(pipeline for pipeline in all_pipelines() if pipeline.name == name)
    measure = {"index": measure_index, "ask": measure_asks}[what]
    print(json.dumps(measure(pipeline, Job.load(job), folder=folder)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], folder=Path(sys.argv[3]), job=Path(sys.argv[4]))
