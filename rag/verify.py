"""Sentences in, only those out whose citations hold: the door that closes before anything is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rag.guard import told
from rag.text import format_date, words
from rag.types import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rag.read import Reader
    from rag.types import Citation, Document, Sentence


def verify(sentences: Iterable[Sentence], documents: Mapping[str, Document], *, reader: Reader) -> list[Sentence]:
    """Return each sentence with the verdict that its citations earn, leaving out what they do not bear.

    A citation holds if its quote stands in the document at exactly its offsets. A sentence that is no more than one
    quote, who published it and when, is supported if that holds; of any other the reader judges what its citations
    bear. What is supported in part stays and says so, with what stands in none of them.
    """
    judged = ((sentence, _judge(sentence, documents, reader=reader)) for sentence in sentences)
    return [
        replace(sentence, support=verdict.support, missing=verdict.missing)
        for sentence, verdict in judged
        if verdict.support in {"supported", "partial"}
    ]


def is_verbatim(citation: Citation, documents: Mapping[str, Document]) -> bool:
    """Tell whether a citation's quote stands in its document at its offsets."""
    document = documents.get(citation.doc_id)
    inside = document is not None and 0 <= citation.start < citation.end <= len(document.text)
    return inside and document.text[citation.start : citation.end] == citation.quote  # type: ignore[union-attr]


def _judge(sentence: Sentence, documents: Mapping[str, Document], *, reader: Reader) -> Verdict:
    citations = sentence.citations
    if not citations or not all(is_verbatim(citation, documents) for citation in citations):
        return Verdict("unsupported", 0.0)
    said = " ".join(sentence.text.split())
    quote = " ".join(citations[0].quote.split())
    if len(citations) == 1 and quote in said and _is_lead(said.replace(quote, " "), citations[0]):
        return Verdict("supported", 1.0)
    return reader.support(sentence.text, [citation.quote for citation in citations], context=told(citations))


def _is_lead(said: str, citation: Citation) -> bool:
    """Tell whether what a sentence says beside its quote is no more than who published it and when."""
    day = citation.published
    named = [citation.publisher or citation.title, *(format_date(day, language) for language in ("en", "zh") if day)]
    return set(words(said)) <= {word for name in named for word in words(name)}
