"""Is an answer right? The one judgement that accuracy, refusing and calibration share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval.scorers.answers import contains
from rag.text import Span

if TYPE_CHECKING:
    from eval.types import Example, GoldEvidence, Record
    from rag.types import Citation, Passage, Sentence


def is_right(record: Record) -> bool | None:
    """Tell whether what became of a question is right; None where that cannot be told.

    A question that cannot be answered must be refused; any other must not. Of an answer, the first sentence decides,
    since `confidence` is about that one. It is right if one of its citations meets gold evidence; where no gold
    evidence has offsets, if its words or its quotes contain a gold answer; where there is none, if it cites a gold
    document.

    Returns:
        None where the record has no answer (a task that only searches), and where an answerable example has neither
        answers nor evidence: even a refusal is then not judged, or else only mistakes would be.
    """
    example, answer = record.example, record.answer
    if answer is None or (example.answerable and not example.answers and not example.evidence):
        return None
    if not example.answerable or answer.status == "refused":
        return not example.answerable and answer.status == "refused"
    return _is_right(answer.sentences[0], example)


def meets(place: Citation | Passage, gold: GoldEvidence) -> bool:
    """Tell whether a place meets gold evidence: half or more of the shorter of the two lies in the other.

    Never, where the gold evidence has no offsets.
    """
    shorter = min(place.end - place.start, (gold.end or 0) - (gold.start or 0))
    common = overlap(place.doc_id, Span(place.start, place.end), gold=gold)
    return common > 0 and 2 * common >= shorter


def overlap(doc_id: str, span: Span, *, gold: GoldEvidence) -> int:
    """Return how many characters a span of a document shares with gold evidence; 0 where that has no offsets."""
    if gold.start is None or gold.end is None or doc_id != gold.doc_id:
        return 0
    return max(0, min(span.end, gold.end) - max(span.start, gold.start))


def spans(example: Example) -> list[GoldEvidence]:
    """Return the gold evidence that has offsets."""
    return [gold for gold in example.evidence if gold.start is not None and gold.end is not None]


def _is_right(sentence: Sentence, example: Example) -> bool:
    whole = {gold.doc_id for gold in example.evidence} - {gold.doc_id for gold in spans(example)}
    if places := spans(example):
        cited = sentence.citations
        return any(c.doc_id in whole or any(meets(c, gold) for gold in places) for c in cited)
    if example.answers:
        texts = (sentence.text, *(citation.quote for citation in sentence.citations))
        return any(contains(text, answer) for text in texts for answer in example.answers)
    return any(citation.doc_id in whole for citation in sentence.citations)
