"""WiCE: claims of Wikipedia and the web pages that they cite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.data import wice as read
from eval.types import Task

if TYPE_CHECKING:
    from pathlib import Path

    from eval.types import Split


def wice(data: Path, split: Split | None) -> Task:
    """Telling whether the page that a claim cites supports it in full.

    The public split is halved: "dev" is to choose a threshold on, "test" to measure; both are asked by default.
    """
    documents, examples = read(data / "wice", split)
    return Task(
        name="wice",
        examples=tuple(examples),
        documents=tuple(documents),
        solver=solvers.support,
        scorers=(scorers.support, scorers.speed),
        split=split or "",
    )
