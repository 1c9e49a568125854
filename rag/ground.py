"""A written sentence in, the same with its exact citation and the verdict on it out.

A chat model names passages. Here each is narrowed to the sentence in it that bears what was written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.compose import self_contained
from rag.guard import shown, told
from rag.quotes import sentences_of
from rag.text import content_terms
from rag.types import Citation, Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def ground(text: str, passages: Sequence[Passage], *, documents: Mapping[str, Document], reader: Reader) -> Sentence:
    """Cite for a statement the sentence that bears it best.

    Returns:
        The statement with its verdict; without a citation where no sentence of the passages shares a word with it.
    """
    best = Sentence(text, (), "unsupported")
    surest = -1.0
    for document, span in _nearest(text, passages, documents=documents):
        cited = (Citation.of(document, span),)
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


def _nearest(
    text: str, passages: Sequence[Passage], *, documents: Mapping[str, Document]
) -> list[tuple[Document, Span]]:
    """Return the sentences of passages that share most content words with a statement, the most first.

    One that leans on the sentence before it ("He …") comes with that one. Others are not put together: what one says
    of a person and another of a year is said of nobody.
    """
    wanted = set(content_terms(text))
    found: dict[tuple[str, Span], tuple[int, Document]] = {}
    for passage in passages:
        document = documents[passage.doc_id]
        for sentence in sentences_of(passage, document):
            span = self_contained(sentence, document, passage=passage)
            shared = len(wanted.intersection(content_terms(document.text[span.start : span.end])))
            if shared:
                found.setdefault((document.id, span), (shared, document))
    ordered = sorted(found.items(), key=lambda item: -item[1][0])
    return [(document, span) for (_, span), (_, document) in ordered[:_LOOKED_AT]]


def _rank(sentence: Sentence) -> int:
    return -_ORDER.index(sentence.support)
