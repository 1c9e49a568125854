"""How a question is put to Footnote: asked, or only searched for; and how the chat model alone would answer it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from eval.types import Record
from rag.errors import ConfigError
from rag.rewrite import stand_alone
from rag.text import Span
from rag.types import Answer, Citation, Done, Filters, Retrieved, Sentence, Verdict
from rag.write import Material, drafts

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
    events = list(bot.stream(example.question, history=example.history, filters=filters, as_of=example.as_of))
    hits = next((event.hits for event in events if isinstance(event, Retrieved)), ())
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


def raw(bot: Assistant, example: Example) -> Record:
    """Let the chat model answer from the passages that a search finds, with the prompt of `ask` and none of its checks.

    Nobody decides whether there is an answer, and no sentence is held against anything: each cites the whole passages
    that the model names, and is called unsupported, since nothing says that it is. A refusal is the phrase that the
    prompt gives for it.

    Raises:
        ConfigError: the settings name no chat model.
        WriterFailed: the model did not answer.
    """
    model = bot.writer
    if model is None:
        raise ConfigError("there is no chat model to ask alone; name one, as in --set writer.model=local.")
    started = time.perf_counter()
    question = stand_alone(example.question, example.history, model=model)
    filters = Filters(documents=example.within, published_to=example.as_of)
    hits = bot.search(question, limit=_LIMIT, filters=filters)
    documents = {doc_id: bot.document(doc_id) for doc_id in {hit.passage.doc_id for hit in hits}}
    material = Material.of([], hits, quotes=[], documents=documents, n_passages=bot.config.writer.passages)
    sentences = []
    for draft in drafts(question, material, model=model):
        named = [material.shown[number - 1] for number in draft.numbers]
        cited = (Citation.of(documents[one.doc_id], Span(one.start, one.end)) for one in named)
        sentences.append(Sentence(draft.text, tuple(cited), "unsupported"))
    answer = Answer(
        question=example.question,
        status="answered" if sentences else "refused",
        reason=None if sentences else "insufficient",
        short=None,
        sentences=tuple(sentences),
        confidence=1.0 if sentences else 0.0,
        hits=tuple(hits),
        conflicts=(),
        fingerprint=bot.fingerprint,
        seconds=time.perf_counter() - started,
        rewritten=question if question != example.question else "",
    )
    return Record(example, answer, answer.hits, answer.seconds)
