"""Evidence in, sentences out: the quote writer. It needs no model, since every statement is a quotation.

One statement a line, led by who published it and when:

    Xinhua, 6 March 2024: “Cai Qi, a member of the Standing Committee …, participated in the deliberation.”
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.text import Span, format_date, terms
from rag.text import sentences as sentences_in
from rag.types import Citation, Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.types import Document, Evidence, Passage

# A sentence that begins so says nothing without the one before it. "It is essential that …" does.
_LEANS = re.compile(
    r"[他她它]|这|该|其|It (?!(?:is|was) \w+ (?:to|for|that)\b)"
    r"|(?:He|She|They|We|His|Her|Its|Their|This|These|Those|Such)\b"
)
_MAX_QUOTE_CHARS = 600
_MAX_SHORT_CHARS = 120
# Beside a much better sentence, a merely possible one distracts.
SHARE_OF_BEST = 0.5
# Two sentences with this share of their words in common say the same.
_SAME = 0.7


def compose(
    evidence: Sequence[Evidence], documents: Mapping[str, Document], *, sentences: int, threshold: float
) -> list[Sentence]:
    """Quote the best evidence, best first: none below the threshold, none that says what another one said.

    A sentence that leans on one that is quoted already is quoted together with it.

    Args:
        evidence: what reading found, best first.
        documents: the documents it was found in, by id.
        sentences: how many at most.
        threshold: the least probability.
    """
    quoted: list[tuple[str, Span, set[str]]] = []
    least = max(threshold, SHARE_OF_BEST * max((found.score for found in evidence), default=0.0))
    for found in evidence:
        if found.score < least:
            continue
        document = documents[found.passage.doc_id]
        span = self_contained(Span(found.start, found.end), document, passage=found.passage)
        words = set(terms(document.text[found.start : found.end]))
        met = [n for n, (doc_id, other, _) in enumerate(quoted) if doc_id == document.id and _overlap(span, other)]
        if met and found.start >= quoted[met[0]][1].end:
            quoted[met[0]] = (document.id, _join(span, quoted[met[0]][1]), words | quoted[met[0]][2])
        elif not met and len(quoted) < sentences and not any(_alike(words, other) for *_, other in quoted):
            quoted.append((document.id, span, words))
    return [_quote(documents[doc_id], span) for doc_id, span, _ in quoted]


def short_answer(
    evidence: Sequence[Evidence], documents: Mapping[str, Document], *, quoted: Sequence[Sentence]
) -> Citation | None:
    """Return the few words that answer, where the reader points at some in the first sentence that is quoted."""
    for found in evidence if quoted else ():
        leading = quoted[0].citations[0]
        inside = leading.doc_id == found.passage.doc_id and leading.start <= found.start and found.end <= leading.end
        if inside and found.answer and 0 < found.answer[1] - found.answer[0] <= _MAX_SHORT_CHARS:
            return Citation.of(documents[leading.doc_id], Span(*found.answer))
    return None


def _quote(document: Document, span: Span) -> Sentence:
    citation = Citation.of(document, span)
    chinese = document.language == "zh"
    day = format_date(document.published, document.language) if document.published else ""
    lead = ("，" if chinese else ", ").join(part for part in (document.publisher or document.title, day) if part)
    quote = " ".join(citation.quote.split())
    return Sentence(f"{lead}：“{quote}”" if chinese else f"{lead}: “{quote}”", (citation,), "supported")


def self_contained(span: Span, document: Document, *, passage: Passage) -> Span:
    """Begin a quotation earlier while it leans on the sentence before, within its passage and a bearable length."""
    before = sentences_in(document.text, Span(passage.start, span.start), language=document.language)
    start = span.start
    while before and _LEANS.match(document.text, start) and span.end - before[-1].start <= _MAX_QUOTE_CHARS:
        start = before.pop().start
    return Span(start, span.end)


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _join(one: Span, other: Span) -> Span:
    return Span(min(one.start, other.start), max(one.end, other.end))


def _alike(words: set[str], others: set[str]) -> bool:
    return len(words & others) >= _SAME * len(words | others)
