"""A written sentence in, the same with its exact citation and the verdict on it out.

A chat model names passages. Here each is narrowed to the sentence in it that bears what was written.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rag.compose import self_contained
from rag.guard import told
from rag.quotes import sentences_of
from rag.text import content_terms, terms
from rag.types import Citation, Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rag.read import Reader
    from rag.text import Span
    from rag.types import Document, Passage, Support, Verdict

# What decides where sentences of a source differ, first: one that denies a statement outweighs one that bears half.
_ORDER = ("supported", "contradicted", "partial", "unsupported")
# How many sentences the reader looks at, those that share most words with the statement.
_LOOKED_AT = 5
# What a shorter sentence may put in: words without a sense of their own, and that somebody says it.
_FREE = """a an the and that which who whom it its he she they his her their this these those is are was were be been
    has have had do does did of in on at as say says said state states stated note notes noted mention mentioned
    according 的 了 在 是 和 与 及 说 表示 指出"""
# What a shorter sentence must not leave out: that something is denied, only possible, or planned …
_BINDING = """not no never none nor neither without cannot except only if unless may might could would should likely
    unlikely possibly perhaps expect plan propose aim hope intend deny refuse fail almost nearly about around roughly
    approximately hardly few
    不 没 没有 未 无 非 仅 只 可能 将 计划 预计 如果 除非 拟 有望"""
# … and that it is somebody else who says it: one such word at least, whichever.
_TOLD = """according say said state claim argue report tell told believe allege suggest think note describe estimate
    announce predict warn insist emphasize stress critics reportedly 表示 称 认为 指出 据 说 报道 强调"""
_ENDS = (".", "!", "?", "…", "。", "！", "？", '"', "”", "’")


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
    """Return what a verdict comes to where a model may have written what the reader cannot tell from its source.

    The reader compares meanings and is blind to who does what: it finds "the man bit the dog" borne by "the dog bit
    the man", and "the mill flew to the moon" by "the mill was rebuilt". So a statement stands if it is its source made
    shorter: a whole sentence, whose words are the source's, in the same order, without losing what the source denies,
    doubts or lets others say. What is told beside a quotation (title, publisher, day) may stand anywhere in it.
    """
    if verdict.support not in {"supported", "partial"}:
        return verdict.support
    beside = set(terms(" ".join(told(cited))))
    source, said = terms("\n".join(citation.quote for citation in cited)), terms(text)
    own = [word for word in said if word not in _set(_FREE) and (word in source or word not in beside)]
    following = iter(source)
    in_order = bool(own) and all(word in following for word in own)
    bound = binding(source) <= set(said)
    attributed = _set(_TOLD).isdisjoint(source) or not _set(_TOLD).isdisjoint(said)
    stands = in_order and bound and attributed and text.endswith(_ENDS) and not verdict.missing
    return verdict.support if stands else "unsupported"


def binding(words: Iterable[str]) -> frozenset[str]:
    """Return those of the terms that deny, doubt, limit or only plan: a shorter sentence must not leave them out."""
    return frozenset(word for word in words if word in _set(_BINDING) or word.endswith(("n't", "n’t")))


@cache
def _set(listed: str) -> frozenset[str]:
    return frozenset(terms(listed))


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
