"""CMRC 2018: Chinese questions about paragraphs of the Chinese Wikipedia."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.data import choose, squad
from eval.types import Task

if TYPE_CHECKING:
    from pathlib import Path

    from eval.types import Split


def cmrc(data: Path, split: Split | None) -> Task:
    """Finding the paragraph that answers a Chinese question, among all of them."""
    split = choose(split, "dev", "train")
    documents, examples = squad(data / "cmrc2018" / f"{split}.json.gz", "zh", split=split)
    return Task(
        name="cmrc",
        examples=tuple(examples),
        documents=tuple(documents),
        solver=solvers.search,
        scorers=(scorers.retrieval, scorers.speed),
        split=split,
        settings={"search.passages_per_document": 1},
    )
