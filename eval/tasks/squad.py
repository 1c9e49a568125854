"""SQuAD: questions about paragraphs of Wikipedia; half of those of 2.0 have no answer there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.data import choose
from eval.data import squad as read
from eval.tasks.finding import finding
from eval.types import Task

if TYPE_CHECKING:
    from pathlib import Path

    from eval.types import Split

_FILES = {"dev": "squad/dev-v2.0-public.json.gz", "train": "squad/train-v1.1.json.gz"}


def squad_reading(data: Path, split: Split | None) -> Task:
    """Answering from the paragraph that is given, or refusing where it holds no answer."""
    split = choose(split, "dev")
    documents, examples = read(data / _FILES[split], given=True)
    return Task(
        name="squad-reading",
        examples=tuple(examples),
        documents=tuple(documents),
        solver=solvers.ask,
        scorers=(scorers.answers, scorers.correctness, scorers.refusal, scorers.citations, scorers.speed),
        split=split,
    )


def squad_open(data: Path, split: Split | None) -> Task:
    """Finding the paragraph among all, answering from it, or refusing where none holds an answer."""
    split = choose(split, "dev")
    documents, examples = read(data / _FILES[split])
    return Task(
        name="squad-open",
        examples=tuple(examples),
        documents=tuple(documents),
        solver=solvers.ask,
        scorers=(
            scorers.retrieval,
            scorers.answers,
            scorers.correctness,
            scorers.refusal,
            scorers.citations,
            scorers.writing,
            scorers.speed,
        ),
        split=split,
    )


def squad_retrieval(data: Path, split: Split | None) -> Task:
    """Finding the paragraph that answers a question, among all of them; questions without an answer are left out."""
    split = choose(split, "dev", "train")
    return finding("squad-retrieval", read(data / _FILES[split]), split=split)
