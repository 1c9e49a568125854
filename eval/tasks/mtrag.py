"""MTRAG: conversations about four collections of passages: answering their last turn, and finding what answers it.

The last is measured in three ways: by the last turn as it was typed, with all that the user said before it, and made to
stand alone. `mtrag-follow-ups` takes the chat model of the settings (`--set writer.model=local`), or without one rules.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from eval import scorers, solvers
from eval.data import choose
from eval.data import mtrag as read
from eval.data import mtrag_follow_ups as read_follow_ups
from eval.data import mtrag_rewrites as read_rewrites
from eval.tasks.finding import finding
from eval.types import Column, Record, Task
from rag.rewrite import stand_alone
from rag.text import STOP_WORDS, terms, words
from rag.types import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from eval.types import Example, Split
    from rag import Assistant
    from rag.types import Document


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


def mtrag_last_turn(data: Path, split: Split | None) -> Task:
    """Finding the passages that answer a follow-up by what was typed last, among those of all conversations."""
    split = choose(split, "dev", "train")
    return finding("mtrag-last-turn", read_follow_ups(data / "mtrag", split), split=split)


def mtrag_user_turns(data: Path, split: Split | None) -> Task:
    """Finding the passages that answer a follow-up by all that the user has said, among those of all conversations."""
    split = choose(split, "dev", "train")
    documents, examples = read_follow_ups(data / "mtrag", split)
    return finding("mtrag-user-turns", (documents, [_with_user_turns(example) for example in examples]), split=split)


def mtrag_follow_ups(data: Path, split: Split | None) -> Task:
    """Finding the passages that answer a follow-up made to stand alone, among those of all conversations."""
    split = choose(split, "dev", "train")
    task = finding("mtrag-follow-ups", read_follow_ups(data / "mtrag", split), split=split)
    return replace(task, solver=search_rewritten)


def mtrag_rewrites(data: Path, split: Split | None) -> Task:
    """Making a follow-up stand alone, beside the question that a person made of it."""
    split = choose(split, "dev", "train")
    documents, examples = read_rewrites(data / "mtrag", split)
    return Task(
        name="mtrag-rewrites",
        examples=tuple(examples),
        documents=tuple(documents),
        solver=rewrite,
        scorers=(likeness, scorers.speed),
        split=split,
    )


def search_rewritten(bot: Assistant, example: Example) -> Record:
    """Search with the question made to stand alone, as asking does."""
    started = time.perf_counter()
    hits = bot.search(example.question, limit=10, history=example.history)
    return Record(example, None, tuple(hits), time.perf_counter() - started)


def rewrite(bot: Assistant, example: Example) -> Record:
    """Make a question stand alone and ask nothing; the record's answer holds the rewritten question alone."""
    started = time.perf_counter()
    question = _rewritten(bot, example)
    answer = Answer(
        question=example.question,
        status="refused",
        reason="no_evidence",
        short=None,
        sentences=(),
        confidence=0.0,
        hits=(),
        conflicts=(),
        fingerprint=bot.fingerprint,
        seconds=time.perf_counter() - started,
        rewritten=question,
    )
    return Record(example, answer, (), answer.seconds)


def likeness(records: Sequence[Record], _documents: Mapping[str, Document]) -> list[Column]:
    """Compare each rewritten question with a person's, by the stems of their content words, each counted once.

    Precision is the share of ours that the person has, recall the share of the person's that we have, F1 their
    harmonic mean; all from 0 to 1, higher is better. "As typed recall" is what the follow-up had before.
    """
    ours = [_content(record.answer.rewritten if record.answer else "") for record in records]
    typed = [_content(record.example.question) for record in records]
    human = [_content(" ".join(record.example.answers)) for record in records]
    both = list(zip(ours, human, strict=True))
    return [
        Column("rewrite precision", tuple(_share(a & b, a) for a, b in both)),
        Column("rewrite recall", tuple(_share(a & b, b) for a, b in both)),
        Column("rewrite F1", tuple(2 * len(a & b) / (len(a) + len(b)) if b else None for a, b in both)),
        Column("as typed recall", tuple(_share(a & b, b) for a, b in zip(typed, human, strict=True))),
    ]


def _rewritten(bot: Assistant, example: Example) -> str:
    model = bot.writer
    return stand_alone(example.question, example.history, model=model)


def _with_user_turns(example: Example) -> Example:
    said = [turn.text for turn in example.history if turn.role == "user"]
    return replace(example, question=" ".join([*said, example.question]))


def _content(text: str) -> set[str]:
    return {term for word in words(text) if word not in STOP_WORDS for term in terms(word)}


def _share(part: set[str], of: set[str]) -> float | None:
    return len(part) / len(of) if of else None
