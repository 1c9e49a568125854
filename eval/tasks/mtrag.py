"""MTRAG: conversations about four collections of passages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.data import choose
from eval.data import mtrag as read
from eval.types import Task

if TYPE_CHECKING:
    from pathlib import Path

    from eval.types import Split


def mtrag(data: Path, split: Split | None) -> Task:
    """Answering the last turn of a conversation from its passages, or refusing a turn that they do not answer.

    The public turns that cannot be answered come without a passage; they are asked of the passages of all others.
    Underspecified turns are left out.
    """
    split = choose(split, "dev")
    documents, examples = read(data / "mtrag")
    return Task(
        name="mtrag",
        examples=tuple(examples),
        documents=tuple(documents),
        solver=solvers.ask,
        scorers=(scorers.refusal, scorers.speed),
        split=split,
    )
