"""Do the citations hold, are they the right places, and do they bear every number and name that is said?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eval.scorers.answers import token_f1
from eval.scorers.judge import meets, overlap, spans
from eval.statistics import ratio
from eval.types import Column
from rag.guard import missing, shown
from rag.text import Span, sentences
from rag.verify import is_verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from eval.types import GoldEvidence, Record
    from rag.types import Citation, Document, Sentence


def citations(records: Sequence[Record], documents: Mapping[str, Document]) -> list[Column]:
    """Measure citations, from 0 to 1, higher is better. Sentences that claim nothing are not asked for a citation.

    * `verbatim`: share of citations whose quote stands in its document at its offsets. Below 1 it is a bug.
    * `cited sentences`: share of the sentences with a claim that have a citation.
    * `citation recall`: share of an answer's sentences with a claim whose citations meet gold evidence.
    * `citation precision`: share of the cited sentences of the documents that overlap gold evidence.
    * `guard`: share of sentences whose numbers, dates, names and quotations all stand in what is cited (`missing`).

    The first two and the last apply to whatever was answered; recall and precision to what can be answered, was, and
    has gold evidence with offsets.
    """
    return [
        Column("verbatim", tuple(_share(_verbatim(record, documents)) for record in records), ratio),
        Column("cited sentences", tuple(_share(_cited(record)) for record in records), ratio),
        Column("citation recall", tuple(_recall(record) for record in records)),
        Column("citation precision", tuple(_precision(record, documents) for record in records)),
        Column("guard", tuple(_share(_guarded(record)) for record in records), ratio),
    ]


def evidence(records: Sequence[Record], _documents: Mapping[str, Document]) -> list[Column]:
    """Measure `evidence F1`: `token_f1` of the first quote against the gold evidence (Cui et al. 2022, ExpMRC).

    From 0 to 1, higher is better; a refusal scores 0. It is for data whose gold evidence is whole sentences; only for
    what can be answered and has gold evidence with offsets.
    """
    return [Column("evidence F1", tuple(_evidence_f1(record) for record in records))]


def _share(held: list[bool]) -> tuple[float, float] | None:
    return (float(sum(held)), float(len(held))) if held else None


def _sentences(record: Record) -> tuple[Sentence, ...]:
    return record.answer.sentences if record.answer else ()


def _claims(record: Record) -> list[Sentence]:
    return [sentence for sentence in _sentences(record) if sentence.support != "not_a_claim"]


def _verbatim(record: Record, documents: Mapping[str, Document]) -> list[bool]:
    return [is_verbatim(citation, documents) for sentence in _sentences(record) for citation in sentence.citations]


def _cited(record: Record) -> list[bool]:
    return [bool(sentence.citations) for sentence in _claims(record)]


def _guarded(record: Record) -> list[bool]:
    return [not missing(sentence.text, shown(sentence.citations)) for sentence in _sentences(record)]


def _gold(record: Record) -> list[GoldEvidence]:
    """Return the gold evidence to hold an answer against: that with offsets, of a question that can be answered."""
    return spans(record.example) if record.answer and record.example.answerable else []


def _recall(record: Record) -> float | None:
    gold = _gold(record)
    if not gold or not _sentences(record):
        return None
    met = [any(meets(citation, place) for citation in s.citations for place in gold) for s in _claims(record)]
    return float(np.mean(met)) if met else 0.0


def _precision(record: Record, documents: Mapping[str, Document]) -> float | None:
    gold = _gold(record)
    # A set: what two citations cover is one sentence all the same.
    covered = {place for s in _sentences(record) for c in s.citations for place in _covered(c, documents)}
    if not gold or not covered:
        return None
    return float(np.mean([any(overlap(doc_id, span, gold=place) for place in gold) for doc_id, span in covered]))


def _covered(citation: Citation, documents: Mapping[str, Document]) -> Iterator[tuple[str, Span]]:
    """Yield the sentences of the document that a citation covers; of a document that is not there, the whole span."""
    span = Span(citation.start, citation.end)
    document = documents.get(citation.doc_id)
    found = sentences(document.text, span, language=document.language) if document else [span]
    yield from ((citation.doc_id, part) for part in found)


def _evidence_f1(record: Record) -> float | None:
    gold = _gold(record)
    if not gold:
        return None
    first = [citation.quote for sentence in _sentences(record)[:1] for citation in sentence.citations[:1]]
    return token_f1(first[0], [place.quote for place in gold]) if first else 0.0
