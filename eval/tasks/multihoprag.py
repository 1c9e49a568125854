"""MultiHop-RAG: questions that need two to four facts of dated, attributed news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.data import choose
from eval.data import multihoprag as read
from eval.types import Task

if TYPE_CHECKING:
    from pathlib import Path

    from eval.types import Split


def multihoprag(data: Path, split: Split | None) -> Task:
    """Finding and citing all the facts that a question combines, among 438, or refusing where they are not there."""
    split = choose(split, "dev")
    documents, examples = read(data / "multihoprag")
    return Task(
        name="multihoprag",
        examples=tuple(examples),
        documents=tuple(documents),
        solver=solvers.ask,
        scorers=(
            scorers.retrieval,
            scorers.correctness,
            scorers.refusal,
            scorers.citations,
            scorers.writing,
            scorers.speed,
        ),
        split=split,
    )
