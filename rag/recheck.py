"""Whether what a record quotes still stands in the documents as they are now."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from rag.fact import HAN
from rag.text import Span, content_terms, is_chinese, sentences
from rag.types import Citation

if TYPE_CHECKING:
    from rag.library import Library
    from rag.record import Conversation
    from rag.types import Document

Standing = Literal["stands", "moved", "changed", "gone"]

# Fewer words than these stand in many documents, and say nothing of where a quotation went.
_TELLING_TERMS = 3
# A quotation of more sentences is compared with so many at a time.
_MOST_SENTENCES = 5
# A place inside a word or a number. Chinese has no spaces: between two of its characters a word may well end.
_LETTER = rf"[^\W{HAN}]"
_INSIDE = re.compile(rf"(?<={_LETTER})(?={_LETTER})|(?<=\d)(?=[.,]\d)|(?<=\d[.,])(?=\d)")


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a citation still stands.

    `stands`: its document holds the quotation in its place. `moved`: the same words stand elsewhere in the document, in
    a later version of it, or, where there is none, in another document. `changed`: the document or a version of it is
    there, but not these words, or it is not what the record says of it. `gone`: there is none, and the words are in no
    other.

    `number` is that of the citation in the record, from 1. `now` is where its words stand, or for `changed` the nearest
    words, as many sentences as it has, None where none shares a word with it; for `gone` it is None.
    """

    number: int
    standing: Standing
    citation: Citation
    now: Citation | None

    @property
    def holds(self) -> bool:
        """Tell whether the words can still be shown."""
        return self.standing in {"stands", "moved"}


def recheck(conversation: Conversation, library: Library) -> tuple[Check, ...]:
    """Hold each citation of a conversation against the documents as they are now, in the order of their numbers.

    What does not stand in its place is looked for in all documents, each of which is read once. A version of a document
    is what has the same address, or, where one of the two has none, the same title and publisher. White space does not
    count, since it changes with the tool that read the file.
    """
    citations = conversation.citations()
    documents = library.some_documents({citation.doc_id for citation in citations})
    checks = {n: _in_place(n, cited, documents.get(cited.doc_id)) for n, cited in enumerate(citations, start=1)}
    wanted = {n: _Wanted(cited) for n, cited in enumerate(citations, start=1) if checks[n] is None}
    found: dict[int, _Found] = {}
    for document in library.documents() if wanted else ():
        page = _Page(document)
        for number, one in wanted.items():
            seen = _look(one, page)
            if seen is not None and (number not in found or seen.order < found[number].order):
                found[number] = seen
    gone = _Found((0, 0.0), "gone", None)
    results = ((n, cited, found.get(n, gone)) for n, cited in enumerate(citations, start=1))
    return tuple(checks[n] or Check(n, result.standing, cited, result.now) for n, cited, result in results)


@dataclass(frozen=True, slots=True)
class _Found:
    """What one document says of a citation; the least `order` counts."""

    order: tuple[int, float]
    standing: Standing
    now: Citation | None


class _Wanted:
    """A citation that is looked for."""

    def __init__(self, citation: Citation) -> None:
        self.citation = citation
        self.characters = "".join(citation.quote.split())
        self.terms = Counter(content_terms(citation.quote))
        self.is_telling = self.terms.total() >= _TELLING_TERMS
        language = "zh" if is_chinese(citation.quote) else "en"
        self.n_sentences = min(len(sentences(citation.quote, language=language)), _MOST_SENTENCES)


class _Page:
    """A document that is looked through; what that needs is made at most once."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def characters(self) -> str:
        """Its text without white space."""
        return "".join(self.document.text.split())

    @cached_property
    def offsets(self) -> list[int]:
        """The offset in the text of each of those characters."""
        return [offset for offset, char in enumerate(self.document.text) if not char.isspace()]

    @cached_property
    def sentences(self) -> list[tuple[Span, Counter[str]]]:
        """Its sentences, each with its words."""
        text = self.document.text
        spans = sentences(text, language=self.document.language)
        return [(span, Counter(content_terms(text[span.start : span.end]))) for span in spans]

    def find(self, characters: str, *, near: int) -> Span | None:
        """Return where these characters stand as whole words: of several places the one nearest to an offset."""
        best: Span | None = None
        at = self.characters.find(characters) if characters else -1
        while at >= 0:
            span = Span(self.offsets[at], self.offsets[at + len(characters) - 1] + 1)
            whole = not any(_INSIDE.match(self.document.text, end) for end in span)
            if whole and (best is None or abs(span.start - near) < abs(best.start - near)):
                best = span
            at = self.characters.find(characters, at + len(characters))
        return best

    def nearest(self, wanted: _Wanted) -> tuple[float, Span | None]:
        """Return the stretch, of as many sentences as are wanted, that shares most words, after how many it shares.

        That is Dice's coefficient (Dice 1945) of the words without function words.
        """
        best: tuple[float, Span | None] = (0.0, None)
        for first in range(max(1, len(self.sentences) - wanted.n_sentences + 1)):
            part = self.sentences[first : first + wanted.n_sentences]
            share = _dice(wanted.terms, sum((held for _, held in part), Counter()))
            if share > best[0]:
                best = (share, Span(part[0][0].start, part[-1][0].end))
        return best


def _in_place(number: int, citation: Citation, document: Document | None) -> Check | None:
    """Judge a citation whose words stand in their place; None for any other."""
    if document is None or not 0 <= citation.start < citation.end or not citation.quote.strip():
        return None
    now = Citation.of(document, Span(citation.start, citation.end))
    if now.quote != citation.quote:
        return None
    return Check(number, "stands" if now == citation else "changed", citation, now)


def _look(wanted: _Wanted, page: _Page) -> _Found | None:
    """Look for a citation in one document: a version of its own decides, whatever others say."""
    citation, document = wanted.citation, page.document
    is_same = document.id == citation.doc_id
    is_version = is_same or _is_version(document, citation)
    if not is_version and not wanted.is_telling:
        return None
    span = page.find(wanted.characters, near=citation.start)
    if span is not None:
        rank = 0 if is_same else 1 if is_version else 3
        return _Found((rank, 0.0), "moved", Citation.of(document, span))
    if not is_version:
        return None
    share, nearest = page.nearest(wanted)
    return _Found((2, -share), "changed", Citation.of(document, nearest) if nearest else None)


def _is_version(document: Document, citation: Citation) -> bool:
    if document.url and citation.url:
        return _page_address(document.url) == _page_address(citation.url)
    return (document.title, document.publisher) == (citation.title, citation.publisher)


def _page_address(url: str) -> str:
    """Return what does not change of an address when a site moves to https."""
    return re.sub(r"^https?://", "", url.strip(), flags=re.IGNORECASE).rstrip("/")


def _dice(one: Counter[str], other: Counter[str]) -> float:
    n_words = one.total() + other.total()
    return 2 * (one & other).total() / n_words if n_words else 0.0
