"""Feedback → gold lines, as `eval/gold.py` reads them. No judgement is made here that a person has not made.

What was called right becomes an answerable question, with the quotations of its answer as evidence; what should have
been refused, or rightly was, an unanswerable one. Whatever says only that something is wrong is left to a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from eval.scorers.answers import normalise_answer
from rag.recheck import recheck
from rag.record import Conversation
from rag.text import normalise
from rag.types import Turn  # noqa: TC001 (a field's type)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rag.library import Library
    from rag.recheck import Check
    from rag.types import Citation, Document
    from ui.store import Feedback

# What a person has to find out before there is a gold line.
_UNKNOWN = {
    "down": "what is wrong with it was not said",
    "wrong_quote": "the right quotation is not known",
    "wrong_answer": "the right answer is not known",
    "should_have_answered": "the answer, and where it stands, are not known",
}
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Judged:
    """Feedback, and the conversation before the question that it is about."""

    feedback: Feedback
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Feedback that a person has to look at, and why."""

    feedback: Feedback
    why: str


@dataclass(frozen=True, slots=True)
class GoldLines:
    """What feedback came to: lines as `json.dumps` takes them, and what is left to a person."""

    lines: tuple[dict[str, Any], ...]
    left: tuple[LeftOut, ...]


@dataclass(slots=True)
class _Question:
    """What was said of one question, newest last; it may have been asked more than once."""

    judged: list[Judged] = field(default_factory=list)

    def is_disputed(self) -> bool:
        return len({_is_answerable(one.feedback) for one in self.judged}) > 1


def gold_lines(judged: Iterable[Judged], library: Library) -> GoldLines:
    """Make gold lines of feedback, oldest first; of several judgements of an exchange the last one counts.

    A question that was asked twice makes one line, with the quotations of both; one that was judged both ways makes
    none. Quotations are looked for in the documents as they are now.
    """
    latest = {one.feedback.kept.id: one for one in sorted(judged, key=lambda one: one.feedback.made)}
    checks = _checked([one.feedback for one in latest.values() if _is_answerable(one.feedback)], library)
    documents = library.some_documents({check.now.doc_id for check in checks.values() if check.now})
    left: list[LeftOut] = []
    questions: dict[tuple[str, ...], _Question] = {}
    for one in latest.values():
        if why := _unclear(one.feedback) or _unfounded(one.feedback, checks):
            left.append(LeftOut(one.feedback, why))
        else:
            asked = (normalise(one.feedback.kept.asked), *(turn.text for turn in one.history))
            questions.setdefault(asked, _Question()).judged.append(one)
    disputed = [question for question in questions.values() if question.is_disputed()]
    why = "the same question was judged answerable and unanswerable"
    left += [LeftOut(one.feedback, why) for question in disputed for one in question.judged]
    agreed = [question for question in questions.values() if question not in disputed]
    return GoldLines(tuple(_line(question, checks, documents=documents) for question in agreed), tuple(left))


def _is_answerable(feedback: Feedback) -> bool:
    return feedback.kind == "up" and feedback.kept.exchange.answer.status == "answered"


def _cited(feedback: Feedback) -> tuple[Citation, ...]:
    sentences = feedback.kept.exchange.answer.sentences
    return tuple(dict.fromkeys(citation for sentence in sentences for citation in sentence.citations))


def _checked(answered: Sequence[Feedback], library: Library) -> dict[Citation, Check]:
    """Look for all quotations at once: each document is read once at most."""
    kept = [one.kept.exchange for one in answered]
    bare = tuple(replace(one, answer=replace(one.answer, short=None, removed=(), conflicts=())) for one in kept)
    return {check.citation: check for check in recheck(Conversation(bare), library)}


def _unclear(feedback: Feedback) -> str:
    """Say why it does not tell how the question should come out; nothing where it does."""
    if not normalise(feedback.kept.asked).strip():
        return "its question is empty"
    if feedback.kept.filters:
        return "it was asked within chosen documents, which a gold line cannot say"
    if feedback.kind == "should_have_refused" and feedback.kept.exchange.answer.status == "refused":
        return "it was refused"
    return _UNKNOWN.get(feedback.kind, "")


def _unfounded(feedback: Feedback, checks: Mapping[Citation, Check]) -> str:
    """Say why an answer that was called right gives no evidence; nothing where it does, or none is needed."""
    if not _is_answerable(feedback):
        return ""
    cited = _cited(feedback)
    gone = sum(not checks[citation].holds for citation in cited)
    if gone:
        return f"{gone} of its {len(cited)} quotations no longer stand in the documents"
    return "" if cited else "it quotes nothing"


def _line(
    question: _Question, checks: Mapping[Citation, Check], *, documents: Mapping[str, Document]
) -> dict[str, Any]:
    newest = question.judged[-1]
    kept = newest.feedback.kept
    line: dict[str, Any] = {"id": f"feedback-{kept.id}", "question": normalise(kept.asked)}
    if _is_answerable(newest.feedback):
        shorts = [one.feedback.kept.exchange.answer.short for one in question.judged]
        answers = dict.fromkeys(short.quote for short in shorts if short and normalise_answer(short.quote))
        cited = dict.fromkeys(citation for one in question.judged for citation in _cited(one.feedback))
        now = dict.fromkeys(found for citation in cited if (found := checks[citation].now))
        line |= {"answers": list(answers)} if answers else {}
        line["evidence"] = [_evidence(citation, documents[citation.doc_id]) for citation in now]
    else:
        line["answerable"] = False
    line["type"] = "feedback"
    if newest.history:
        line["history"] = [{"role": turn.role, "text": turn.text} for turn in newest.history]
    return line


def _evidence(citation: Citation, document: Document) -> dict[str, Any]:
    """Name a place by its words, which stay true when the text around them changes; by its offsets where they must."""
    quote = citation.quote
    named = {"doc": document.source}
    if document.text.count(quote) == 1 and _WORD.search(quote) and normalise(quote) == quote:
        return {**named, "quote": quote}
    return {**named, "start": citation.start, "end": citation.end}
