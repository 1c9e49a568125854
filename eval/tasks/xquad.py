"""XQuAD: the same questions and paragraphs in English and Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.data import choose, squad
from eval.data import xquad_across as read_across
from eval.types import Task

if TYPE_CHECKING:
    from pathlib import Path

    from eval.data import Loaded
    from eval.types import Split


def xquad_same(data: Path, split: Split | None) -> Task:
    """Finding the Chinese paragraph that answers a Chinese question, among 240."""
    split = choose(split, "dev")
    return _task("xquad-same", squad(data / "xquad" / "xquad.zh.json.gz", "zh", split=split), split=split)


def xquad_across(data: Path, split: Split | None) -> Task:
    """Finding the English paragraph that answers a Chinese question, among 240."""
    split = choose(split, "dev")
    return _task("xquad-across", read_across(data / "xquad", split=split), split=split)


def _task(name: str, loaded: Loaded, *, split: Split) -> Task:
    documents, examples = loaded
    return Task(
        name=name,
        examples=tuple(examples),
        documents=tuple(documents),
        solver=solvers.search,
        scorers=(scorers.retrieval, scorers.speed),
        split=split,
        settings={"search.passages_per_document": 1},
    )
