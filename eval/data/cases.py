"""Questions that come with the few texts they are to be answered from: FITZ-GOV and MTRAG."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from eval.data.files import choose, read_lines, unused
from eval.types import Example
from rag.types import Document, Turn

if TYPE_CHECKING:
    from pathlib import Path

    from eval.data.files import Loaded
    from rag.types import Role

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
    passages: dict[tuple[str, str], Document] = {}
    sources: set[str] = set()
    examples = []
    for row in read_lines(folder / "tasks.jsonl.gz"):
        *before, last = row["input"]
        kind = row["answerability"][0].lower()
        if kind == "underspecified" or not last["text"].strip():
            continue
        given = []
        for context in row["contexts"]:
            key, text = context["document_id"], context["text"]
            if (key, text) not in passages:
                title, source = context.get("title") or key, unused(key, sources)
                passages[key, text] = Document.of(text, title=title, source=source, language="en")
            given.append(passages[key, text].id)
        examples.append(
            Example(
                row["task_id"],
                last["text"],
                answerable=kind in {"answerable", "partial"},
                type=kind,
                history=tuple(Turn(_ROLES[turn["speaker"]], turn["text"]) for turn in before),
                within=tuple(dict.fromkeys(given)),
            )
        )
    return list(passages.values()), examples
