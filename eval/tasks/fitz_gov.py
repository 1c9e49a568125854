"""FITZ-GOV: short cases in which to answer, to refuse, or to show that the sources disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.data import choose
from eval.data import fitz_gov as read
from eval.types import Column, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from eval.types import Record, Split
    from rag.types import Answer, Document


def fitz_gov(data: Path, split: Split | None) -> Task:
    """Telling what the given texts allow: an answer, a refusal, or an answer that shows their conflict."""
    split = choose(split, "dev", "train")
    documents, examples = read(data / "fitz_gov", split)
    return Task(
        name="fitz-gov",
        examples=tuple(examples),
        documents=tuple(documents),
        solver=solvers.ask,
        scorers=(scorers.refusal, mode_accuracy, scorers.speed),
        split=split,
    )


def mode_accuracy(records: Sequence[Record], _documents: Mapping[str, Document]) -> list[Column]:
    """Measure how often it does what `type` expects: 1 if so, else 0. Higher is better.

    It abstains if it refuses, disputes if its answer names conflicts, and else trusts.
    """
    values = tuple(float(_mode(r.answer) == r.example.type) if r.answer else None for r in records)
    return [Column("mode accuracy", values)]


def _mode(answer: Answer) -> str:
    if answer.status == "refused":
        return "abstain"
    return "disputed" if answer.conflicts else "trustworthy"
