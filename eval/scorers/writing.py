"""What did a chat model write, how much of it was kept, and does that stand in what it cites?

Whether the citations of an answer are the right places is told by `citations`, of written answers as of quotations.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from eval.scorers.answers import contains, parts_of
from eval.statistics import ratio
from eval.types import Column
from rag.guard import missing, shown
from rag.text import format_date

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eval.types import Record
    from rag.types import Answer, Document, Sentence


def writing(records: Sequence[Record], _documents: Mapping[str, Document]) -> list[Column]:
    """Measure what a chat model wrote; nothing applies to a run in which no sentence was written.

    * `written kept`: of the sentences that were written, the share that was shown. Not for a run that checks nothing.
    * `written guard`: of those shown, the share whose numbers, dates, names and quotations all stand in what they cite.
    * `answer in text`: 1 where the sentences of an answer contain a gold answer, or each part of one that is a list;
      0 where they do not, and for a refusal. Only for answerable questions with gold answers.
    * `written sentences`: how many of an answer's sentences are written.
    * `quotes instead`: share of the answers that are quotations only: nothing was written, or nothing of it stood.

    The first three are from 0 to 1, higher is better. So many sentences are neither good nor bad; they count as higher.
    """
    given = [
        record.answer if record.answer and any(s.citations for s in record.answer.sentences) else None
        for record in records
    ]
    written = [_written(answer) for answer in given]
    several = tuple(float(len(own)) if answer else None for answer, own in zip(given, written, strict=True))
    instead = tuple(float(not own) if answer else None for answer, own in zip(given, written, strict=True))
    columns = [
        Column("written kept", tuple(_kept(record.answer) for record in records), ratio),
        Column("written guard", tuple(map(_guarded, written)), ratio),
        Column("answer in text", tuple(_is_told(record) for record in records)),
        Column("written sentences", several),
        Column("quotes instead", instead, better="lower"),
    ]
    if any(written) or any(record.answer and record.answer.removed for record in records):
        return columns
    return [replace(column, values=(None,) * len(records)) for column in columns]


def is_written(sentence: Sentence) -> bool:
    """Tell whether a sentence states something in words that are not its source's.

    A quotation as `rag.compose` makes it is not: who published it, perhaps when, and one quote. Nor is a sentence that
    claims nothing.
    """
    if sentence.support == "not_a_claim":
        return False
    return not any(sentence.text in _bare(sentence, language) for language in ("en", "zh"))


def is_unchecked(answer: Answer) -> bool:
    """Tell whether an answer was given without any check: else no sentence of it would be called unsupported."""
    return any(sentence.support == "unsupported" for sentence in answer.sentences)


def _bare(sentence: Sentence, language: str) -> set[str]:
    """Return what the sentence would be if it only quoted its one citation."""
    if len(sentence.citations) != 1:
        return set()
    (citation,) = sentence.citations
    comma, colon = ("，", "：") if language == "zh" else (", ", ": ")
    source = citation.publisher or citation.title
    day = f"{comma}{format_date(citation.published, language)}" if citation.published else ""
    quote = " ".join(citation.quote.split())
    return {f"{source}{day}{colon}“{quote}”"}


def _written(answer: Answer | None) -> list[Sentence]:
    return [sentence for sentence in answer.sentences if is_written(sentence)] if answer else []


def _kept(answer: Answer | None) -> tuple[float, float] | None:
    if answer is None or is_unchecked(answer):
        return None
    kept = len(_written(answer))
    return (float(kept), float(kept + len(answer.removed))) if kept or answer.removed else None


def _guarded(sentences: Sequence[Sentence]) -> tuple[float, float] | None:
    held = [not missing(sentence.text, shown(sentence.citations)) for sentence in sentences]
    return (float(sum(held)), float(len(held))) if held else None


def _is_told(record: Record) -> float | None:
    example, answer = record.example, record.answer
    if answer is None or not example.answerable or not example.answers:
        return None
    text = " ".join(sentence.text for sentence in answer.sentences)
    return float(any(all(contains(text, part) for part in parts_of(gold)) for gold in example.answers))
