"""One question, through every stage to its answer: understood, retrieved, read, composed, verified.

This is the only place that knows the order of the stages, and the only loop: where a first search finds nothing that
answers, a wider one follows.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from rag.compose import compose
from rag.read import read
from rag.retrieve import retrieve
from rag.text import STOP_WORDS, is_chinese, words
from rag.types import Answer, Delta, Done, Filters, Read, Retrieved
from rag.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from rag.config import Config
    from rag.indexes import Index
    from rag.models import Embedder
    from rag.types import Document, Event, Evidence, Hit, Reason, Turn

# How much further the second search looks.
_WIDER = 3
# Below both of these nothing found is even near the question. Refusals above them say "near, but not the answer".
_NEAR_LIKENESS = 0.4
_NEAR_COVER = 0.5
# Words that point back to what was said before.
_POINTS_BACK = re.compile(r"\b(?:he|she|it|they|him|her|hers|them|his|its|their|theirs)\b|[他她它]")


@dataclass(frozen=True, slots=True)
class Resources:
    """What answering needs: an open index, an encoder and the settings."""

    index: Index
    embedder: Embedder
    config: Config

    @property
    def fingerprint(self) -> str:
        """Name the index and the settings that make an answer."""
        return f"{self.index.fingerprint} settings-{self.config.digest()}"


@dataclass(frozen=True, slots=True)
class _Found:
    """What one search and the reading of it came to."""

    hits: tuple[Hit, ...]
    documents: Mapping[str, Document]
    evidence: tuple[Evidence, ...]

    @property
    def best(self) -> float:
        return self.evidence[0].score if self.evidence else 0.0


def stream(
    question: str, resources: Resources, *, history: Sequence[Turn], filters: Filters, as_of: date | None
) -> Iterator[Event]:
    """Answer a question, telling of each stage as it is done; the last event is `Done`.

    Args:
        question: what is asked.
        resources: the index, the encoder, the settings.
        history: the conversation so far, oldest first.
        filters: what the documents must be.
        as_of: answer from what was published by that day.
    """
    started = time.perf_counter()
    settings = resources.config.answer
    if as_of is not None:
        filters = replace(filters, published_to=min(filters.published_to or as_of, as_of))
    query = search_query(question, history)
    for scale in (1, _WIDER):
        found = _look(query, resources, question=question, filters=filters, scale=scale)
        yield Retrieved(query, found.hits)
        if found.best >= settings.threshold:
            break
    yield Read(found.evidence)
    sentences = verify(compose(found.evidence, found.documents, settings=settings), found.documents)
    for sentence in sentences:
        yield Delta(sentence.text + "\n")
    yield Done(
        Answer(
            question=question,
            status="answered" if sentences else "refused",
            reason=None if sentences else _reason(question, resources, query=query, found=found, filters=filters),
            short=None,
            sentences=tuple(sentences),
            confidence=found.best,
            hits=found.hits,
            conflicts=(),
            fingerprint=resources.fingerprint,
            seconds=time.perf_counter() - started,
        )
    )


def search(query: str, resources: Resources, *, filters: Filters, limit: int, scale: int = 1) -> list[Hit]:
    """Search as answering does; `scale` widens everything but the limit."""
    settings = resources.config.search
    wider = replace(
        settings,
        candidates=max(settings.candidates * scale, limit),
        passages_per_document=settings.passages_per_document * scale,
        limit=limit,
    )
    embedder = resources.embedder
    return retrieve(
        query,
        resources.index,
        embed_query=lambda text: embedder.embed([text], as_query=True)[0],
        settings=wider,
        filters=filters,
    )


def search_query(question: str, history: Sequence[Turn]) -> str:
    """Return what to search for: a question that points back, or names nothing, brings the one before it along.

    >>> from rag.types import Turn
    >>> search_query("And when?", [Turn("user", "Who is Li Yuju?")])
    'And when? Who is Li Yuju?'
    """
    previous = next((turn.text for turn in reversed(history) if turn.role == "user"), "")
    leans = _POINTS_BACK.search(question.casefold()) or not _names_something(question)
    return f"{question} {previous}" if previous and leans else question


def _names_something(question: str) -> bool:
    return any(word not in STOP_WORDS for word in words(question))


def _look(query: str, resources: Resources, *, question: str, filters: Filters, scale: int) -> _Found:
    hits = search(query, resources, filters=filters, limit=resources.config.search.limit * scale, scale=scale)
    documents = resources.index.library.some_documents({hit.passage.doc_id for hit in hits})
    hits = [hit for hit in hits if hit.passage.doc_id in documents]
    reading = partial(
        read, hits=hits, documents=documents, embed=resources.embedder.embed, term_weights=resources.index.term_weights
    )
    evidence = reading(question)
    if query != question:
        evidence = _with_what_went_before(evidence, reading(query), alone=not _names_something(question))
    return _Found(tuple(hits), documents, tuple(evidence))


def _with_what_went_before(own: Sequence[Evidence], joint: Sequence[Evidence], *, alone: bool) -> list[Evidence]:
    """Keep of each sentence the better of two readings: of the follow-up, and of it with the question before it.

    The second counts only for sentences that hold something of the follow-up itself, unless it names nothing: else
    every new subject would be answered with the old one.
    """
    best = {(found.passage.id, found.start): found for found in own}
    for found in joint:
        place = (found.passage.id, found.start)
        if found.score > best[place].score and (alone or best[place].scores["cover"] > 0):
            best[place] = found
    return sorted(best.values(), key=lambda found: (-found.score, found.passage.id, found.start))


def _reason(question: str, resources: Resources, *, query: str, found: _Found, filters: Filters) -> Reason:
    """Say why there is no answer: filters that shut it out, nothing near, or near but not the answer."""
    if filters:
        unfiltered = _look(query, resources, question=question, filters=Filters(), scale=1)
        if unfiltered.best >= resources.config.answer.threshold or (unfiltered.hits and not found.hits):
            return "filtered_out"
    likeness = 1.0 if is_chinese(query) else _NEAR_LIKENESS  # the default encoder finds all Chinese alike
    near = any(e.scores["likeness"] >= likeness or e.scores["near"] >= _NEAR_COVER for e in found.evidence)
    return "insufficient" if near else "no_evidence"
