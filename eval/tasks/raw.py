"""The same questions put to the chat model alone, without Footnote's checks: what they are worth is the difference."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.tasks.corpus import corpus
from eval.tasks.multihoprag import multihoprag
from eval.tasks.squad import squad_open

if TYPE_CHECKING:
    from pathlib import Path

    from eval.types import Split, Task

# It says nothing of how sure it is and gives no short answer, so what rests on these is not measured.
_SCORERS = (scorers.refusal, scorers.citations, scorers.writing, scorers.speed)


def corpus_raw(data: Path, split: Split | None) -> Task:
    """What the chat model alone writes on the questions over the corpus, nothing refused or removed for it."""
    return _alone(corpus(data, split))


def squad_open_raw(data: Path, split: Split | None) -> Task:
    """What the chat model alone writes on the questions of SQuAD from passages found among all."""
    return _alone(squad_open(data, split))


def multihoprag_raw(data: Path, split: Split | None) -> Task:
    """What the chat model alone writes on the questions that need several facts of the news."""
    return _alone(multihoprag(data, split))


def _alone(task: Task) -> Task:
    return replace(task, name=f"{task.name}-raw", solver=solvers.raw, scorers=_SCORERS)
