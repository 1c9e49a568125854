"""ExpMRC: questions of SQuAD and CMRC with the sentences that people marked as evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.data import choose, expmrc
from eval.types import Task

if TYPE_CHECKING:
    from pathlib import Path

    from eval.types import Split


def expmrc_squad(data: Path, split: Split | None) -> Task:
    """Citing the sentence that bears the answer, from an English paragraph that is given."""
    return _task("squad", "en", data=data, split=choose(split, "dev"))


def expmrc_cmrc(data: Path, split: Split | None) -> Task:
    """Citing the sentence that bears the answer, from a Chinese paragraph that is given."""
    return _task("cmrc", "zh", data=data, split=choose(split, "dev"))


def _task(name: str, language: str, *, data: Path, split: Split) -> Task:
    file = {"squad": "squad-dev.json.gz", "cmrc": "cmrc2018-dev.json.gz"}[name]
    documents, examples = expmrc(data / "expmrc" / file, language)
    return Task(
        name=f"expmrc-{name}",
        examples=tuple(examples),
        documents=tuple(documents),
        solver=solvers.ask,
        scorers=(
            scorers.answers,
            scorers.citations,
            scorers.evidence,
            scorers.correctness,
            scorers.refusal,
            scorers.speed,
        ),
        split=split,
    )
