"""Do the citations hold, are they the right places, and do they bear every number and name that is said?"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from eval.scorers.answers import token_f1
from eval.scorers.judge import meets, overlap, spans
from eval.statistics import ratio
from eval.types import Column
from rag.text import Span, format_date, is_chinese, sentences
from rag.verify import is_verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from eval.types import GoldEvidence, Record
    from rag.types import Citation, Document, Sentence

_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_WORD = re.compile(r"[^\W\d_]+(?:[.&'’-][^\W\d_]+)*")
_POSSESSIVE = re.compile(r"['’]s\b")


def citations(records: Sequence[Record], documents: Mapping[str, Document]) -> list[Column]:
    """Measure citations, from 0 to 1, higher is better. Sentences that claim nothing are not asked for a citation.

    * `verbatim`: share of citations whose quote stands in its document at its offsets. Below 1 it is a bug.
    * `cited sentences`: share of the sentences with a claim that have a citation.
    * `citation recall`: share of an answer's sentences with a claim whose citations meet gold evidence.
    * `citation precision`: share of the cited sentences of the documents that overlap gold evidence.
    * `guard`: share of sentences all of whose numbers and names are borne by their citations (`is_guarded`).

    The first two and the last apply to whatever was answered; recall and precision to what can be answered, was, and
    has gold evidence with offsets.
    """
    return [
        Column("verbatim", tuple(_share(_verbatim(record, documents)) for record in records), ratio),
        Column("cited sentences", tuple(_share(_cited(record)) for record in records), ratio),
        Column("citation recall", tuple(_recall(record) for record in records)),
        Column("citation precision", tuple(_precision(record, documents) for record in records)),
        Column("guard", tuple(_share([is_guarded(s) for s in _sentences(record)]) for record in records), ratio),
    ]


def evidence(records: Sequence[Record], _documents: Mapping[str, Document]) -> list[Column]:
    """Measure `evidence F1`: `token_f1` of the first quote against the gold evidence (Cui et al. 2022, ExpMRC).

    From 0 to 1, higher is better; a refusal scores 0. It is for data whose gold evidence is whole sentences; only for
    what can be answered and has gold evidence with offsets.
    """
    return [Column("evidence F1", tuple(_evidence_f1(record) for record in records))]


def is_guarded(sentence: Sentence) -> bool:
    """Tell whether every number and proper name of a sentence stands in its quotes or in what its citations show.

    Shown are title, publisher and date, as a person writes it and as ISO. A number is its digits ("1,000" is "1000",
    "5%" is "5"). A name is a run of capitalised words, less the first word of a sentence; it is compared without case
    and possessive. In a Chinese sentence only numbers are looked at.

    It does not see number words, Chinese numerals, names that begin a sentence or are of one lower-case word, or a
    number that stands in the quote but speaks of something else.
    """
    shown = [text for citation in sentence.citations for text in _shown(citation)]
    if not _numbers(sentence.text) <= {number for text in shown for number in _numbers(text)}:
        return False
    # A bar between the texts, so that no name is put together from the end of one and the beginning of the next.
    borne = f" {' | '.join(' '.join(_words(text)) for text in shown)} "
    return is_chinese(sentence.text) or all(f" {name} " in borne for name in _names(sentence.text))


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


def _shown(citation: Citation) -> Iterator[str]:
    yield from (citation.quote, citation.title, citation.publisher or "")
    if citation.published:
        yield from (format_date(citation.published, language) for language in ("en", "zh"))
        yield citation.published.isoformat()


def _numbers(text: str) -> set[str]:
    return {number.replace(",", "") for number in _NUMBER.findall(unicodedata.normalize("NFKC", text))}


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(_POSSESSIVE.sub("", text))]


def _names(text: str) -> Iterator[str]:
    """Yield the runs of capitalised words, less the first word of each sentence, case-folded."""
    text = _POSSESSIVE.sub("", text)
    for start, end in sentences(text):
        run: list[str] = []
        last = start
        for word in list(_WORD.finditer(text, start, end))[1:]:
            capital = word.group()[0].isupper()
            if run and not (capital and text[last : word.start()].isspace()):
                yield " ".join(run)
                run = []
            run += [word.group().casefold()] if capital else []
            last = word.end()
        if run:
            yield " ".join(run)
