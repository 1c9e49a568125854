"""The gold questions over the documents that ship with Footnote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eval import gold, scorers, solvers
from eval.types import Task
from ingest import read_folder
from rag.app import CORPUS

if TYPE_CHECKING:
    from eval.types import Split

GOLD = Path(__file__).parent.parent / "gold" / "corpus.jsonl"


def corpus(data: Path, split: Split | None) -> Task:  # noqa: ARG001 (its documents are in the project)
    """Answers, citations and refusals on hand-written questions over the corpus that ships."""
    documents = read_folder(CORPUS)
    return Task(
        name="corpus",
        examples=gold.of_split(gold.load(GOLD, documents), split),
        documents=tuple(documents),
        solver=solvers.ask,
        scorers=scorers.OF_ANSWERS,
        split=split or "",
    )
