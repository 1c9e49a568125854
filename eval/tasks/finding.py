"""Finding alone, nothing is read: the right paragraph or abstract among all (SciFact, CMRC 2018, XQuAD, SQuAD)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.data import choose, squad
from eval.data import scifact as read_scifact
from eval.data import xquad_across as read_across
from eval.types import Task

if TYPE_CHECKING:
    from pathlib import Path

    from eval.data import Loaded
    from eval.types import Split


def finding(name: str, loaded: Loaded, *, split: Split) -> Task:
    """Return a task that searches for documents, with the answerable questions of a set."""
    documents, examples = loaded
    return Task(
        name=name,
        examples=tuple(example for example in examples if example.answerable),
        documents=tuple(documents),
        solver=solvers.search,
        scorers=(scorers.retrieval, scorers.speed),
        split=split,
        settings={"search.passages_per_document": 1},  # documents are ranked: a second passage of one tells nothing
    )


def scifact(data: Path, split: Split | None) -> Task:
    """Finding the abstract that a scientific claim cites, among 5,183."""
    split = choose(split, "dev", "train")
    return finding("scifact", read_scifact(data / "scifact", split), split=split)


def cmrc(data: Path, split: Split | None) -> Task:
    """Finding the paragraph that answers a Chinese question, among all of them."""
    split = choose(split, "dev", "train")
    return finding("cmrc", squad(data / "cmrc2018" / f"{split}.json.gz", "zh"), split=split)


def xquad_same(data: Path, split: Split | None) -> Task:
    """Finding the Chinese paragraph that answers a Chinese question, among 240."""
    split = choose(split, "dev")
    return finding("xquad-same", squad(data / "xquad" / "xquad.zh.json.gz", "zh"), split=split)


def xquad_across(data: Path, split: Split | None) -> Task:
    """Finding the English paragraph that answers a Chinese question, among 240."""
    return finding("xquad-across", read_across(data / "xquad"), split=choose(split, "dev"))
