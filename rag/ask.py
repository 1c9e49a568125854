"""One question, through every stage to its answer: understood, retrieved, read, composed, verified.

This is the only place that knows the order of the stages, and the only loop: where a first search finds nothing that
answers, a wider one follows.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from rag.compose import SHARE_OF_BEST, compose, short_answer
from rag.constraints import Constraints, parse
from rag.narrow import in_order, named_outlets, narrowed, required
from rag.read import Tools, unread_behind
from rag.refuse import contradicts_premise, is_near
from rag.retrieve import retrieve
from rag.several import from_each
from rag.text import STOP_WORDS, content_terms, terms, words
from rag.types import Answer, Delta, Done, Filters, Read, Retrieved
from rag.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rag.config import Config
    from rag.indexes import Index
    from rag.models import Embedder
    from rag.read import Reader
    from rag.types import Document, Event, Evidence, Hit, Reason, Sentence, Turn

# How much further the second search looks.
_WIDER = 2
# "Which fields …", "What are the aims …": a few words are not the whole answer.
_ASKS_FOR_SEVERAL = re.compile(r"\b[Ww]hich (?:\w+ )?\w{3,}[^\Wsu]s\b|\b[Ww]hat are\b|\b(?:[Nn]ame|[Ll]ist) ")
# Words that point back to what was said before.
_POINTS_BACK = re.compile(r"\b(?:he|she|it|they|him|her|hers|them|his|its|their|theirs)\b|[他她它]")


@dataclass(frozen=True, slots=True)
class Resources:
    """What answering needs: an open index, an encoder, a reader and the settings."""

    index: Index
    embedder: Embedder
    reader: Reader
    config: Config

    @property
    def fingerprint(self) -> str:
        """Name the index, the reader and the settings that make an answer."""
        return f"{self.index.fingerprint} {self.reader.fingerprint} settings-{self.config.digest()}"

    def threshold(self, question: str) -> float:
        """Return the probability below which this question is refused."""
        return self.reader.threshold(question, self.config.answer.max_wrong)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question understood: what is searched for, and where.

    `given` are the caller's filters, `filters` those with what the question requires of its sources.
    """

    question: str
    query: str
    given: Filters
    filters: Filters
    sources: Constraints

    def places(self) -> tuple[Filters, ...]:
        """Return the filters to search with, one after the other."""
        return narrowed(self.filters, self.sources)

    def relaxed(self) -> _Asked:
        """Return the question without what it says of its sources: neither its filters nor its words."""
        question, query = self.question, self.query
        for phrase in self.sources.phrases:
            question, query = (text.replace(phrase, " ", 1) for text in (question, query))
        left = question.strip(" ,，")
        return _Asked(left or self.question, query if left else self.query, self.given, self.given, Constraints())


@dataclass(frozen=True, slots=True)
class _Found:
    """What one search and the reading of it came to."""

    hits: tuple[Hit, ...] = ()
    documents: Mapping[str, Document] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    relaxed: bool = False

    @property
    def best(self) -> float:
        return self.evidence[0].score if self.evidence else 0.0


def stream(
    question: str, resources: Resources, *, history: Sequence[Turn], filters: Filters, as_of: date | None
) -> Iterator[Event]:
    """Answer a question, telling of each stage as it is done; the last event is `Done`.

    Args:
        question: what is asked.
        resources: the index, the encoder, the reader, the settings.
        history: the conversation so far, oldest first.
        filters: what the documents must be.
        as_of: answer from what was published by that day.
    """
    started = time.perf_counter()
    asked = _understand(question, resources, history=history, filters=filters, as_of=as_of)
    threshold = resources.threshold(question)
    found = _Found()
    for scale, relaxed in _attempts(asked):
        looked_for = asked.relaxed() if relaxed else asked
        latest = _look(looked_for, resources, places=looked_for.places(), scale=scale)
        yield Retrieved(asked.query, latest.hits)
        answers = bool(latest.evidence) and latest.best >= threshold
        if answers or not (found.hits and relaxed):
            found = replace(latest, relaxed=relaxed)
        if answers:
            break
    evidence = _in_order(asked, found, threshold=threshold)
    yield Read(evidence)
    sentences = _quote(asked, resources, found=replace(found, evidence=evidence))
    asks_for_one = not _ASKS_FOR_SEVERAL.search(question)
    short = short_answer(evidence, found.documents, quoted=sentences) if asks_for_one else None
    if short:
        yield Delta(short.quote + "\n\n")
    for sentence in sentences:
        yield Delta(sentence.text + "\n")
    yield Done(
        Answer(
            question=question,
            status="answered" if sentences else "refused",
            reason=None if sentences else _reason(asked, resources, found=found),
            short=short,
            sentences=tuple(sentences),
            confidence=evidence[0].score if evidence else 0.0,
            hits=found.hits,
            conflicts=(),
            fingerprint=resources.fingerprint,
            seconds=time.perf_counter() - started,
            filters=asked.filters,
            relaxed=found.relaxed,
        )
    )


def search(query: str, resources: Resources, *, filters: Filters, limit: int) -> list[Hit]:
    """Search and rank as answering does."""
    asked = _understand(query, resources, history=(), filters=filters, as_of=None)
    found = _look(asked, resources, places=asked.places(), scale=1, limit=limit)
    return list(found.hits)


def _understand(
    question: str, resources: Resources, *, history: Sequence[Turn], filters: Filters, as_of: date | None
) -> _Asked:
    if as_of is not None:
        filters = replace(filters, published_to=min(filters.published_to or as_of, as_of))
    known = resources.index.origins()
    sources = parse(
        question,
        publishers=known.publishers,
        authors=known.authors,
        today=as_of or date.today(),  # noqa: DTZ011 (the day where the user is)
        oldest=known.oldest,
        newest=known.newest,
    )
    holds = required(filters, sources, known=known)
    return _Asked(question, search_query(question, history), filters, holds, sources)


def _attempts(asked: _Asked) -> Iterator[tuple[int, bool]]:
    """Yield how wide to search, and whether to give up what the question says of its sources."""
    yield 1, False
    yield _WIDER, False
    if asked.filters != asked.given:
        yield 1, True


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


def _look(
    asked: _Asked, resources: Resources, *, places: Sequence[Filters], scale: int, limit: int | None = None
) -> _Found:
    """Search, read what is found, and rank it by what reading says; `scale` widens everything."""
    settings = resources.config.search
    n_read = settings.limit * scale
    limit = limit or n_read
    wider = replace(
        settings,
        candidates=max(settings.candidates * scale, limit),
        passages_per_document=settings.passages_per_document * scale,
        limit=max(limit, n_read),
    )
    embed = resources.embedder.embed
    hits = retrieve(
        asked.query,
        resources.index,
        embed_query=lambda text: embed([text], as_query=True)[0],
        settings=wider,
        filters=places,
    )
    documents = resources.index.library.some_documents({hit.passage.doc_id for hit in hits})
    hits = [hit for hit in hits if hit.passage.doc_id in documents]
    reading = partial(
        resources.reader.read,
        hits=hits[:n_read],
        documents=documents,
        tools=Tools(embed, resources.index.term_weights),
    )
    own = reading(asked.question)
    evidence = own.evidence
    if asked.query != asked.question:
        joint = reading(asked.query)
        follow_up = set(content_terms(asked.question)) if _names_something(asked.question) else set()
        evidence = _with_what_went_before(evidence, joint.evidence, follow_up=follow_up, documents=documents)
        own = joint
    outlets = named_outlets(asked.sources)
    if len(outlets) > 1:
        evidence = from_each(asked.question, evidence, documents=documents, outlets=outlets) or evidence
    ranked = unread_behind(own.hits, hits[n_read:]) if hits[n_read:] else own.hits
    return _Found(ranked[:limit], documents, tuple(evidence))


def _in_order(asked: _Asked, found: _Found, *, threshold: float) -> tuple[Evidence, ...]:
    """Bring what will be quoted into the order of days, where the question asks for the latest or the first."""
    least = max(threshold, SHARE_OF_BEST * found.best)
    return in_order(found.evidence, found.documents, order=asked.sources.order, threshold=least)


def _quote(asked: _Asked, resources: Resources, *, found: _Found) -> list[Sentence]:
    """Quote what was found, each outlet that the question names at least once, and let only what holds through."""
    n_sentences = max(resources.config.answer.sentences, len(named_outlets(asked.sources)))
    threshold = resources.threshold(asked.question)
    composed = compose(found.evidence, found.documents, sentences=n_sentences, threshold=threshold)
    return verify(composed, found.documents, reader=resources.reader)


def _with_what_went_before(
    own: Sequence[Evidence], joint: Sequence[Evidence], *, follow_up: set[str], documents: Mapping[str, Document]
) -> tuple[Evidence, ...]:
    """Keep of each sentence the better of two readings: of the follow-up, and of it with the question before it.

    The second counts only for sentences that hold a word of the follow-up itself, unless it has none: else every new
    subject would be answered with the old one.
    """
    best = {(found.passage.id, found.start): found for found in own}
    for found in joint:
        place = (found.passage.id, found.start)
        held = set(terms(documents[found.passage.doc_id].text[found.start : found.end]))
        if (not follow_up or follow_up & held) and (place not in best or found.score > best[place].score):
            best[place] = found
    return tuple(sorted(best.values(), key=lambda found: (-found.score, found.passage.id, found.start)))


def _reason(asked: _Asked, resources: Resources, *, found: _Found) -> Reason:
    """Say why there is no answer: filters that shut it out, a false premise, nothing near, or near but no answer."""
    if asked.given:
        unfiltered = _look(asked, resources, places=(Filters(),), scale=1)
        if unfiltered.best >= resources.threshold(asked.question) or (unfiltered.hits and not found.hits):
            return "filtered_out"
    if not any(is_near(asked.question, evidence) for evidence in found.evidence):
        return "no_evidence"
    contradicted = contradicts_premise(asked.question, found.evidence, documents=found.documents)
    return "false_premise" if contradicted else "insufficient"
