"""Questions that come with the few texts they are to be answered from: FITZ-GOV and MTRAG; and MTRAG's follow-ups."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from eval.data.files import choose, read_lines, unused, whole
from eval.types import Example
from rag.types import Document, Turn

if TYPE_CHECKING:
    from pathlib import Path

    from eval.data.files import Loaded
    from rag.types import Role

_TASKS = "tasks.jsonl.gz"
_ROLES: dict[str, Role] = {"user": "user", "agent": "assistant"}


def fitz_gov(folder: Path, split: str) -> Loaded:
    """Read FITZ-GOV: a document for each context of each case; `type` is what to do: abstain, disputed, trustworthy.

    It has no splits of its own: by a hash of the case's id, half of it is "train", which the reader learns from, and
    half "dev", which is measured.

    Raises:
        DataMissing: the file is not there, or there is no such split.
    """
    split = choose(split, "dev", "train")
    documents, examples = [], []
    for row in read_lines(folder / "cases.jsonl.gz"):
        if split != ("train", "dev")[hashlib.sha256(row["id"].encode()).digest()[0] % 2]:
            continue
        contexts = [
            Document.of(text, title=f"Context {number}", source=f"{row['id']}#{number}", language="en")
            for number, text in enumerate(row["contexts"], start=1)
        ]
        documents += contexts
        examples.append(
            Example(
                row["id"],
                row["query"],
                answerable=row["expected_mode"] != "abstain",
                type=row["expected_mode"],
                split=split,
                within=tuple(context.id for context in contexts),
            )
        )
    return documents, examples


def mtrag(folder: Path) -> Loaded:
    """Read MTRAG: the last turn of each conversation, those before it as history; `type` is its answerability.

    A turn that can be answered in part counts as answerable. Underspecified turns are left out: what they need is a
    question back, neither an answer nor a refusal. Turns without a text are left out too. A passage that several
    conversations use is one document. Turns that cannot be answered come without a passage: they may read all of them.

    Raises:
        DataMissing: the file is not there.
    """
    pool = _Pool()
    examples = []
    for row in read_lines(folder / _TASKS):
        if _kind(row) == "underspecified" or not row["input"][-1]["text"].strip():
            continue
        given = tuple(document.id for document in pool.given(row))
        answerable = _kind(row) in {"answerable", "partial"}
        examples.append(replace(_last_turn(row), answerable=answerable, within=given))
    return pool.documents, examples


def mtrag_follow_ups(folder: Path, split: str) -> Loaded:
    """Read MTRAG's last turns that follow others and have an answer, to be found among the passages of all turns.

    The evidence is the passages that the turn comes with. By a hash of the conversation, half of them are "train", on
    which the rules of `rag.rewrite` were tried, and half "dev".

    Raises:
        DataMissing: the file is not there, or there is no such split.
    """
    split = choose(split, "dev", "train")
    pool = _Pool()
    examples = []
    for row in read_lines(folder / _TASKS):
        given = pool.given(row)
        asked = _kind(row) in {"answerable", "partial"} and row["input"][-1]["text"].strip()
        if asked and given and len(row["input"]) > 1 and _half(row["conversation_id"]) == split:
            examples.append(replace(_last_turn(row), evidence=tuple(map(whole, given)), split=split))
    return pool.documents, examples


def mtrag_rewrites(folder: Path, split: str) -> Loaded:
    """Read MTRAG's follow-ups that a person rewrote; the rewritten question is the answer. Halves as above.

    They come without passages and without the replies: the history holds the user's turns alone. No document is read
    for them; the passages of the other turns stand in, since there is no index without one.

    Raises:
        DataMissing: a file is not there, or there is no such split.
    """
    split = choose(split, "dev", "train")
    pool = _Pool()
    for row in read_lines(folder / _TASKS):
        pool.given(row)
    examples = []
    for row in read_lines(folder / "rewrites.jsonl.gz"):
        *before, last = _user_turns(row["all_turns"])
        if before and _half(row["id"].partition("<")[0]) == split:
            history = tuple(Turn("user", text) for text in before)
            rewritten = _user_turns(row["rewrite"])[:1]
            examples.append(Example(row["id"], last, answers=tuple(rewritten), history=history, split=split))
    return pool.documents, examples


class _Pool:
    """The passages of MTRAG as documents; one that several turns come with is one document."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Document] = {}
        self._sources: set[str] = set()

    @property
    def documents(self) -> list[Document]:
        return list(self._known.values())

    def given(self, row: dict[str, Any]) -> list[Document]:
        """Return the passages of a turn, each once."""
        found = []
        for context in row["contexts"]:
            key, text = context["document_id"], context["text"]
            if (key, text) not in self._known:
                title, source = context.get("title") or key, unused(key, self._sources)
                self._known[key, text] = Document.of(text, title=title, source=source, language="en")
            found.append(self._known[key, text])
        return list(dict.fromkeys(found))


def _kind(row: dict[str, Any]) -> str:
    kind: str = row["answerability"][0].lower()
    return kind


def _last_turn(row: dict[str, Any]) -> Example:
    *before, last = row["input"]
    history = tuple(Turn(_ROLES[turn["speaker"]], turn["text"]) for turn in before)
    return Example(row["task_id"], last["text"], type=_kind(row), history=history)


def _half(conversation: str) -> str:
    return ("train", "dev")[hashlib.sha256(conversation.encode()).digest()[0] % 2]


def _user_turns(text: str) -> list[str]:
    return [turn.strip() for turn in text.split("|user|:") if turn.strip()]
