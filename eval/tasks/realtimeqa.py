"""RealTimeQA: the questions of weekly news quizzes, and the articles of those weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.data import choose
from eval.data import realtimeqa as read
from eval.types import Task

if TYPE_CHECKING:
    from pathlib import Path

    from eval.types import Split


_YEAR = 2022


def realtimeqa_2022(data: Path, split: Split | None) -> Task:
    """Answering quiz questions of 2022 from 4,701 news articles, or refusing where none holds the answer's words.

    A question is answerable if its answer's string stands in an article; short ones ("China") may stand there by
    chance. No day is given to answer as of, since articles come from the days before and after a question. The
    questions of 2023 are no task: the reader is trained and calibrated on them.
    """
    split = choose(split, "dev")
    documents, examples = read(data / "realtimeqa", _YEAR)
    return Task(
        name=f"realtimeqa-{_YEAR}",
        examples=tuple(examples),
        documents=tuple(documents),
        solver=solvers.ask,
        scorers=(scorers.retrieval, scorers.answers, scorers.correctness, scorers.refusal, scorers.speed),
        split=split,
    )
