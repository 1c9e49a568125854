"""Gold questions of a user, over an index of theirs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rag
from eval import gold, scorers, solvers
from eval.types import Task

if TYPE_CHECKING:
    from eval.types import Split


def own(path: Path, config: rag.Config, *, split: Split | None) -> Task:
    """Answers, citations and refusals on the questions of a file, over the index of the settings.

    Raises:
        GoldError: a line is wrong.
        IndexMissing: there is no index.
    """
    with rag.open(config=config) as bot:
        examples = gold.load(path, bot.documents())
    return Task(
        name=path.stem,
        examples=gold.of_split(examples, split),
        documents=(),
        solver=solvers.ask,
        scorers=scorers.OF_ANSWERS,
        split=split or "",
        about=f"gold questions of {path.name}",
        index=Path(config.index),
    )
