"""How a question is put to Footnote: asked, or only searched for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from eval.types import Record
from rag.text import Span
from rag.types import Answer, Citation, Done, Filters, Retrieved, Sentence, Verdict

if TYPE_CHECKING:
    from eval.types import Example
    from rag import Assistant

# As deep as the measures look.
_LIMIT = 10


def ask(bot: Assistant, example: Example) -> Record:
    """Ask the question, with its history and its day; the record holds the whole answer.

    Its hits are those of the first search: a refusal comes after a second, wider one, and what is found should not
    hang on what is refused.
    """
    filters = Filters(documents=example.within)
    events = bot.stream(example.question, history=example.history, filters=filters, as_of=example.as_of)
    hits = next(event.hits for event in events if isinstance(event, Retrieved))
    answer = next(event.answer for event in events if isinstance(event, Done))
    return Record(example, answer, hits, answer.seconds)


def support(bot: Assistant, example: Example) -> Record:
    """Take the question as a statement and judge it by each of the passages that come nearest to it.

    The record holds the best verdict: its probability is the confidence, and where it is supported the answer is the
    statement itself, with that passage cited.
    """
    started = time.perf_counter()
    hits = bot.search(example.question, limit=_LIMIT, filters=Filters(documents=example.within))
    judged = [(bot.support(example.question, [hit.passage.text]), hit.passage) for hit in hits]
    verdict, passage = max(judged, key=lambda pair: pair[0].probability, default=(Verdict("unsupported", 0.0), None))
    cited = [Citation.of(bot.document(passage.doc_id), Span(passage.start, passage.end))] if passage else []
    holds = verdict.support == "supported" and bool(cited)
    answer = Answer(
        question=example.question,
        status="answered" if holds else "refused",
        reason=None if holds else "insufficient",
        short=None,
        sentences=(Sentence(example.question, tuple(cited), verdict.support),) if holds else (),
        confidence=verdict.probability,
        hits=tuple(hits),
        conflicts=(),
        fingerprint=bot.fingerprint,
        seconds=time.perf_counter() - started,
    )
    return Record(example, answer, tuple(hits), answer.seconds)


def search(bot: Assistant, example: Example) -> Record:
    """Search with the question as it stands and answer nothing; the record holds the ten best passages."""
    started = time.perf_counter()
    hits = bot.search(example.question, limit=_LIMIT, filters=Filters(documents=example.within))
    return Record(example, None, tuple(hits), time.perf_counter() - started)
