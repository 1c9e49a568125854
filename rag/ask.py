"""One question, through every stage to its answer: understood, retrieved, read, composed, written, verified.

This is the only place that knows the order of the stages, and the only loop: where a first search finds nothing that
answers, a wider one follows. The reader decides whether there is an answer; only then may a chat model write it.
"""

from __future__ import annotations

import re
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rag.also import also_in
from rag.asked import attempts, understand
from rag.compose import SHARE_OF_BEST, compose, short_answer
from rag.conflicts import conflicts
from rag.errors import WriterFailed
from rag.narrow import in_order, named_outlets
from rag.read import Tools, unread_behind
from rag.refuse import contradicts_premise, is_near
from rag.retrieve import retrieve
from rag.several import from_each
from rag.talk import reply
from rag.translate import for_the_asker, language_of
from rag.types import Answer, Delta, Done, Filters, Hit, Read, Retrieved, Sentence
from rag.verify import verify
from rag.write import SHOWN, Material, write

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from datetime import date

    from rag.asked import Asked, Resources
    from rag.types import Document, Event, Evidence, Reason, Turn

# "Which fields …", "What are the aims …": a few words are not the whole answer.
_ASKS_FOR_SEVERAL = re.compile(r"\b[Ww]hich (?:\w+ )?\w{3,}[^\Wsu]s\b|\b[Ww]hat are\b|\b(?:[Nn]ame|[Ll]ist) ")
# So many passages that were cited earlier in a conversation are read again beside those that are found.
_CITED_BEFORE = 5


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


@dataclass(slots=True)
class _Said:
    """What is said in answer, as it comes about: its language, what is shown, what was taken out, what went wrong."""

    language: str
    sentences: list[Sentence] = field(default_factory=list)
    removed: list[Sentence] = field(default_factory=list)
    trouble: str = ""


# wide: all that a caller can say of a question
def stream(
    question: str,
    resources: Resources,
    *,
    history: Sequence[Turn],
    filters: Filters,
    as_of: date | None,
    own_filters: bool = True,
) -> Iterator[Event]:
    """Answer a question, telling of each stage as it is done; the last event is `Done`.

    Args:
        question: what is asked.
        resources: the index, the models, the settings.
        history: the conversation so far, oldest first.
        filters: what the documents must be.
        as_of: answer from what was published by that day.
        own_filters: whether what the question says of its sources ("according to Xinhua") narrows the search, too.
    """
    started = time.perf_counter()
    known = reply(question, n_documents=resources.index.origins().n_documents)
    if known:
        yield Delta(known)
        yield Done(_small_talk(question, known, resources=resources, seconds=time.perf_counter() - started))
        return
    asked = understand(question, resources, history=history, filters=filters, as_of=as_of, own_filters=own_filters)
    asked, found = yield from _find(asked, resources)
    quotes = _quote(asked, resources, found=found)
    yield Read(found.evidence, tuple(quotes))
    said = _Said(language_of(question))
    yield from _say(asked, resources, found=found, quotes=quotes, said=said)
    if not said.sentences:
        said.sentences = quotes
        yield from (Delta(f"{sentence.text}\n") for sentence in quotes)
    leading = [sentence for sentence in said.sentences if sentence.citations]
    asks_for_one = not _ASKS_FOR_SEVERAL.search(asked.question)
    short = short_answer(found.evidence, found.documents, quoted=leading) if asks_for_one else None
    yield Done(
        Answer(
            question=question,
            status="answered" if quotes else "refused",
            reason=None if quotes else _reason(asked, resources, found=found),
            short=short,
            sentences=tuple(also_in(said.sentences, resources.index.library, filters=asked.given)),
            confidence=found.best,
            hits=found.hits,
            conflicts=conflicts(said.sentences, found.evidence, found.documents, question=asked.question),
            fingerprint=resources.fingerprint,
            seconds=time.perf_counter() - started,
            filters=asked.filters,
            relaxed=found.relaxed,
            rewritten=asked.question if asked.question != question else "",
            removed=tuple(said.removed),
            trouble=said.trouble,
        )
    )


def _find(asked: Asked, resources: Resources) -> Generator[Retrieved, None, tuple[Asked, _Found]]:
    """Search until something answers, telling of each search; return the question that did and what answers it."""
    found = _Found()
    for attempt in attempts(asked, resources):
        tried = attempt.asked
        latest = _look(tried, resources, places=tried.places(), scale=attempt.scale)
        yield Retrieved(tried.question, latest.hits)
        answers = bool(latest.evidence) and latest.best >= resources.threshold(tried.question)
        if answers or tried is asked or not found.hits:
            found = replace(latest, relaxed=attempt.relaxed)
        if answers:
            asked = asked if attempt.relaxed else tried
            break
    return asked, replace(found, evidence=_in_order(asked, found, threshold=resources.threshold(asked.question)))


# wide: what was asked, found and quoted, and where what is said goes
def _say(
    asked: Asked, resources: Resources, *, found: _Found, quotes: Sequence[Sentence], said: _Said
) -> Iterator[Delta]:
    """Let the chat model answer, if there is one and an answer; tell of each sentence that its citations bear.

    `said` stays without sentences where there is no model, where it fails, and where nothing that it writes stands.
    """
    if resources.writer is None or not quotes:
        return
    n_passages = resources.config.writer.passages
    material = Material.of(found.evidence, found.hits, quotes=quotes, documents=found.documents, n_passages=n_passages)
    written = []
    try:
        with closing(write(asked.question, material, model=resources.writer, reader=resources.reader)) as sentences:
            for sentence in sentences:
                if sentence.support not in SHOWN:
                    said.removed.append(sentence)
                    continue
                written.append(for_the_asker(sentence, resources.writer, language=said.language))
                if sentence.support != "partial":  # that mark comes with the whole answer
                    yield Delta(f"{written[-1].text} ")
    except WriterFailed as error:
        said.trouble, said.removed = str(error), []
        return
    said.sentences = written


def _small_talk(question: str, known: str, *, resources: Resources, seconds: float) -> Answer:
    return Answer(
        question=question,
        status="answered",
        reason=None,
        short=None,
        sentences=(Sentence(known, (), "not_a_claim"),),
        confidence=1.0,
        hits=(),
        conflicts=(),
        fingerprint=resources.fingerprint,
        seconds=seconds,
    )


def search(
    query: str, resources: Resources, *, filters: Filters, limit: int, history: Sequence[Turn] = ()
) -> list[Hit]:
    """Search and rank as answering does."""
    asked = understand(query, resources, history=history, filters=filters, as_of=None)
    found = _look(asked, resources, places=asked.places(), scale=1, limit=limit)
    return list(found.hits)


def _look(
    asked: Asked, resources: Resources, *, places: Sequence[Filters], scale: int, limit: int | None = None
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
        copies=asked.sources.order is not None,
    )
    again = [] if asked.filters else _cited_before(asked, resources, hits=hits[:n_read])
    known = {hit.passage.id for hit in again}
    hits = [*hits[:n_read], *again, *(hit for hit in hits[n_read:] if hit.passage.id not in known)]
    n_read += len(again)
    documents = resources.index.library.some_documents({hit.passage.doc_id for hit in hits})
    hits = [hit for hit in hits if hit.passage.doc_id in documents]
    own = resources.reader.read(
        asked.question,
        hits[:n_read],
        documents=documents,
        tools=Tools(embed, resources.index.term_weights),
    )
    evidence = own.evidence
    outlets = named_outlets(asked.sources)
    if len(outlets) > 1:
        evidence = from_each(asked.question, evidence, documents=documents, outlets=outlets) or evidence
    ranked = unread_behind(own.hits, hits[n_read:]) if hits[n_read:] else own.hits
    return _Found(ranked[:limit], documents, tuple(evidence))


def _in_order(asked: Asked, found: _Found, *, threshold: float) -> tuple[Evidence, ...]:
    """Bring what will be quoted into the order of days, where the question asks for the latest or the first."""
    least = max(threshold, SHARE_OF_BEST * found.best)
    return in_order(found.evidence, found.documents, order=asked.sources.order, threshold=least)


def _quote(asked: Asked, resources: Resources, *, found: _Found) -> list[Sentence]:
    """Quote what was found, each outlet that the question names at least once, and let only what holds through."""
    n_sentences = max(resources.config.answer.sentences, len(named_outlets(asked.sources)))
    threshold = resources.threshold(asked.question)
    composed = compose(found.evidence, found.documents, sentences=n_sentences, threshold=threshold)
    return verify(composed, found.documents, reader=resources.reader)


def _cited_before(asked: Asked, resources: Resources, *, hits: Sequence[Hit]) -> list[Hit]:
    """Return the passages that this conversation cited before and that were not found again, the latest first."""
    known = {hit.passage.id for hit in hits}
    owned = resources.index.library.passages_of(sorted({citation.doc_id for citation in asked.cited}))
    passages = [passage for passage, _ in owned if passage.id not in known]
    held = {
        passage.id: Hit(passage, 0.0)
        for citation in asked.cited
        for passage in passages
        if passage.doc_id == citation.doc_id and passage.start <= citation.start < passage.end
    }
    return list(held.values())[:_CITED_BEFORE]


def _reason(asked: Asked, resources: Resources, *, found: _Found) -> Reason:
    """Say why there is no answer: filters that shut it out, a false premise, nothing near, or near but no answer."""
    if asked.given:
        unfiltered = _look(asked, resources, places=(Filters(),), scale=1)
        if unfiltered.best >= resources.threshold(asked.question) or (unfiltered.hits and not found.hits):
            return "filtered_out"
    if not any(is_near(asked.question, evidence) for evidence in found.evidence):
        return "no_evidence"
    contradicted = contradicts_premise(asked.question, found.evidence, documents=found.documents)
    return "false_premise" if contradicted else "insufficient"
