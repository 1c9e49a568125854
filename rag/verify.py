"""Sentences in, only those out whose citations hold: the door that closes before anything is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rag.types import Citation, Document, Sentence, Support


def verify(sentences: Iterable[Sentence], documents: Mapping[str, Document]) -> list[Sentence]:
    """Return each sentence with the verdict that its citations earn, leaving out those that are not supported.

    A citation holds if its quote stands in the document at exactly its offsets. A sentence is supported if it has
    citations, all of them hold, and it repeats each quote word for word.
    """
    judged = [replace(sentence, support=_judge(sentence, documents)) for sentence in sentences]
    return [sentence for sentence in judged if sentence.support == "supported"]


def is_verbatim(citation: Citation, documents: Mapping[str, Document]) -> bool:
    """Tell whether a citation's quote stands in its document at its offsets."""
    document = documents.get(citation.doc_id)
    inside = document is not None and 0 <= citation.start < citation.end <= len(document.text)
    return inside and document.text[citation.start : citation.end] == citation.quote  # type: ignore[union-attr]


def _judge(sentence: Sentence, documents: Mapping[str, Document]) -> Support:
    said = " ".join(sentence.text.split())
    holds = all(is_verbatim(c, documents) and " ".join(c.quote.split()) in said for c in sentence.citations)
    return "supported" if sentence.citations and holds else "unsupported"
