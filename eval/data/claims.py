"""Claims and the texts that they rest on: SciFact and WiCE."""

from __future__ import annotations

import hashlib
from itertools import accumulate
from typing import TYPE_CHECKING

from eval.data.files import choose, place, read_lines, whole
from eval.types import Example
from rag.text import normalise
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from eval.data.files import Loaded
    from eval.types import GoldEvidence

_WICE_TITLE = "(meta data) TITLE: "


def scifact(folder: Path, split: str) -> Loaded:
    """Read SciFact: a document for each abstract, an example for each claim that cites one; splits dev and train.

    Evidence are the rationale sentences of a cited abstract; where it has none, the abstract as a whole.

    Raises:
        DataMissing: a file is not there, or there is no such split.
    """
    split = choose(split, "dev", "train")
    documents, abstracts = {}, {}
    for row in read_lines(folder / "corpus.jsonl.gz"):
        key = str(row["doc_id"])
        documents[key] = Document.of(" ".join(row["abstract"]), title=row["title"], source=key, language="en")
        abstracts[key] = row["abstract"]
    examples = []
    for row in read_lines(folder / f"claims_{split}.jsonl.gz"):
        evidence: list[GoldEvidence] = []
        for key in map(str, row["cited_doc_ids"]):
            numbers = {n for rationale in row.get("evidence", {}).get(key, ()) for n in rationale["sentences"]}
            evidence += _marked(documents[key], abstracts[key], numbers) or [whole(documents[key])]
        if evidence:
            examples.append(Example(str(row["id"]), row["claim"], evidence=tuple(evidence), split=split))
    return list(documents.values()), examples


def wice(folder: Path, split: str | None = None) -> Loaded:
    """Read WiCE: for each claim a document of the sentences of the page that it cites, and nothing else to read.

    There is one public split. It is halved by a hash of the claim, "dev" to choose a threshold on and "test" to
    measure; without a split, both are read. `answerable` is that the page supports the claim in full, `type` the label.

    Raises:
        DataMissing: the file is not there, or there is no such split.
    """
    halves = ("dev", "test") if split is None else (choose(split, "dev", "test"),)
    documents, examples = [], []
    for row in read_lines(folder / "claim_dev.jsonl.gz"):
        claim, lines, key = row["claim"], row["evidence"], row["meta"]["id"]
        if _half(claim) not in halves:
            continue
        titles = (line.removeprefix(_WICE_TITLE) for line in lines if line.startswith(_WICE_TITLE))
        page = Document.of("\n".join(lines), title=next(titles, key), source=key, language="en")
        documents.append(page)
        evidence = _marked(page, lines, {n for group in row["supporting_sentences"] for n in group})
        examples.append(
            Example(
                key,
                claim,
                evidence=tuple(evidence),
                answerable=row["label"] == "supported",
                type=row["label"],
                split=_half(claim),
                within=(page.id,),
            )
        )
    return documents, examples


def _half(claim: str) -> str:
    return ("dev", "test")[hashlib.sha256(claim.encode()).digest()[0] % 2]


def _marked(document: Document, sentences: Sequence[str], numbers: set[int]) -> list[GoldEvidence]:
    """Return the numbered ones of the sentences that make up a document with one character between them."""
    parts = [normalise(sentence) for sentence in sentences]
    starts = [0, *accumulate(len(part) + 1 for part in parts)]
    spans = (place(document, parts[n], near=starts[n]) for n in sorted(numbers))
    return [span for span in spans if span]
