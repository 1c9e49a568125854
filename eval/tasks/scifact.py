"""SciFact: claims of medicine and the abstracts that they cite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.data import choose
from eval.data import scifact as read
from eval.types import Task

if TYPE_CHECKING:
    from pathlib import Path

    from eval.types import Split


def scifact(data: Path, split: Split | None) -> Task:
    """Finding the abstract that a scientific claim cites, among 5,183."""
    split = choose(split, "dev", "train")
    documents, examples = read(data / "scifact", split)
    return Task(
        name="scifact",
        examples=tuple(examples),
        documents=tuple(documents),
        solver=solvers.search,
        scorers=(scorers.retrieval, scorers.speed),
        split=split,
        settings={"search.passages_per_document": 1},
    )
