"""A written sentence in, the same with its exact citations and the verdict on it out.

A chat model names passages. Here each is narrowed to the sentence in it, or the two, that bear what was written.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from rag.guard import shown, told
from rag.quotes import sentences_of
from rag.text import content_terms
from rag.types import Citation, Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rag.read import Reader
    from rag.text import Span
    from rag.types import Document, Passage, Support, Verdict

# What decides where sentences of a source differ, first: one that denies a statement outweighs one that bears half.
_ORDER = ("supported", "contradicted", "partial", "unsupported")
# How many sentences the reader looks at, those that share most words with the statement.
_LOOKED_AT = 5
# Of a statement's content words so many stand in what it cites; if not all, the reader must be as sure as this.
_LEAST_WORDS_HELD = 0.8
_SURE = 0.8


class _Place(NamedTuple):
    document: Document
    span: Span
    passage: Passage


def ground(text: str, passages: Sequence[Passage], *, documents: Mapping[str, Document], reader: Reader) -> Sentence:
    """Cite for a statement the sentence that bears it best, or two of one passage where no single one does.

    Returns:
        The statement with its verdict; without a citation where no sentence of the passages shares a word with it.
    """
    best = Sentence(text, (), "unsupported")
    surest = -1.0
    for cited in _tries(_nearest(text, passages, documents=documents)):
        if len(cited) > 1 and best.support == "supported":
            break
        verdict = reader.support(text, [one.quote for one in cited], context=told(cited))
        found = Sentence(text, cited, _strict(verdict, text, cited=cited), verdict.missing)
        if (_rank(found), verdict.probability) > (_rank(best), surest):
            best, surest = found, verdict.probability
    return best


def _strict(verdict: Verdict, text: str, *, cited: Sequence[Citation]) -> Support:
    """Return what a verdict comes to where a model may have invented what the reader overlooks.

    A value that stands nowhere is not half right. Of the content words, too, nearly all must stand in what is cited:
    the reader, which compares meanings, finds "the mill flew to the moon" borne by "the mill was rebuilt".
    """
    if verdict.support not in {"supported", "partial"}:
        return verdict.support
    said, held = set(content_terms(text)), set(content_terms(" ".join(shown(cited))))
    if verdict.missing or len(said & held) < _LEAST_WORDS_HELD * len(said):
        return "unsupported"
    return "partial" if said - held and verdict.probability < _SURE else verdict.support


def better(one: Sentence, other: Sentence) -> Sentence:
    """Return the one with the better verdict, of equals the first."""
    return max(one, other, key=_rank)


def _nearest(text: str, passages: Sequence[Passage], *, documents: Mapping[str, Document]) -> list[_Place]:
    """Return the sentences of passages that share most content words with a statement, the most first."""
    wanted = set(content_terms(text))
    found: dict[tuple[str, Span], tuple[int, _Place]] = {}
    for passage in passages:
        document = documents[passage.doc_id]
        for span in sentences_of(passage, document):
            shared = len(wanted.intersection(content_terms(document.text[span.start : span.end])))
            if shared:
                found.setdefault((document.id, span), (shared, _Place(document, span, passage)))
    ordered = sorted(found.values(), key=lambda pair: -pair[0])
    return [place for _, place in islice(ordered, _LOOKED_AT)]


def _tries(places: Sequence[_Place]) -> Iterator[tuple[Citation, ...]]:
    """Yield what may be cited: each sentence alone, then the nearest with another one of its passage."""
    for place in places:
        yield _cited([place])
    for other in places[1:]:
        if other.passage == places[0].passage:
            yield _cited(sorted([places[0], other], key=lambda place: place.span))


def _cited(places: Iterable[_Place]) -> tuple[Citation, ...]:
    return tuple(Citation.of(place.document, place.span) for place in places)


def _rank(sentence: Sentence) -> int:
    return -_ORDER.index(sentence.support)
