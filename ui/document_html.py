"""A document as HTML for the right-hand panel, with the cited characters marked in their surroundings."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from rag.text import Span, paragraphs, trim
from ui.markup import fill
from ui.messages import MESSAGES
from ui.wording import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.types import Document

# Of a longer text, only the surroundings of the mark are sent: a browser takes seconds over a book.
_WHOLE_CHARS = 60_000
_AROUND_CHARS = 20_000
_HEADING = re.compile(r"(#{1,6}[ \t]+)[^\n]*")
_WORDS = {
    **MESSAGES,
    "original": ("Open the original", "打开原文网页"),
    "original of": ("Open the original of “{}” in a new tab", "打开原文网页：《{}》（新标签页）"),
    "part": (
        "This document is long. Shown are characters {:,}–{:,} of {:,}.",
        "文档较长，这里显示第{:,}–{:,}字符，共{:,}字符。",
    ),
    "lost": (
        "The quoted words no longer stand in this document. They were:",
        "文档中已没有所引的原话。引文为：",
    ),
    "marked": ("The cited words", "所引原文"),
}


class _Run(NamedTuple):
    """A piece of a paragraph; `page` is the one that begins with it, `sign` tells the `#` of a heading."""

    text: str
    page: int | None
    marked: bool
    sign: bool


class _Block(NamedTuple):
    """A paragraph or a heading; where the mark is in it, `page` is the one that this stands on."""

    runs: list[_Run]
    heading: bool
    marked: bool
    page: int | None


def document_html(document: Document, *, start: int, end: int, quote: str, language: str) -> str:
    """Show a document with `<mark id="fn-mark">` around `text[start:end]`, or the part of it around a mark.

    Args:
        document: what is shown.
        start: the first cited character.
        end: the end of the citation, exclusive.
        quote: what stands there, as cited. Where other words stand there now, its nearest occurrence is marked; where
            there is none, nothing is, and that is said. Empty: whatever stands there is marked.
        language: of the labels, "en" or "zh".
    """
    mark = _locate(document.text, Span(start, end), quote=quote)
    shown = _window(len(document.text), mark)
    words = Words(_WORDS, language)
    values = {
        "words": words,
        "page_language": language,
        "document": document,
        "page": document.page_of(mark.start) if mark else None,
        "blocks": list(_blocks(document, shown, mark=mark or Span(0, 0))),
        "part": words["part"].format(*shown, len(document.text))
        if shown.end - shown.start < len(document.text)
        else "",
        "lost": quote if mark is None else "",
    }
    return fill("document.html.jinja", values)


def _locate(text: str, cited: Span, *, quote: str) -> Span | None:
    """Return where the cited words stand."""
    stands = 0 <= cited.start < cited.end <= len(text)
    if not quote:
        return cited if stands else None
    if stands and text[cited.start : cited.end] == quote:
        return cited
    found = [match.start() for match in re.finditer(re.escape(quote), text)]
    nearest = min(found, key=lambda at: abs(at - cited.start), default=None)
    return None if nearest is None else Span(nearest, nearest + len(quote))


def _window(n_chars: int, mark: Span | None) -> Span:
    if n_chars <= _WHOLE_CHARS:
        return Span(0, n_chars)
    around = mark or Span(0, 0)
    return Span(max(0, around.start - _AROUND_CHARS), min(n_chars, around.end + _AROUND_CHARS))


def _blocks(document: Document, shown: Span, *, mark: Span) -> Iterator[_Block]:
    """Yield paragraphs and headings. The beginning of a page is told once, by the first that has characters on it."""
    done = 0
    for span, heading in _spans(document.text, shown):
        pages = document.pages[bisect_left(document.pages, done) : bisect_left(document.pages, span.end)]
        begins = {max(span.start, offset) for offset in pages}
        text = span.start + (heading.end(1) - heading.start() if heading else 0)
        cuts = sorted({*span, text, *(at for at in (*begins, *mark) if span.start < at < span.end)})
        runs = [
            _Run(
                document.text[start:end],
                page=document.page_of(start) if start in begins else None,
                marked=mark.start <= start < mark.end,
                sign=end <= text,
            )
            for start, end in pairwise(cuts)
        ]
        marked = any(run.marked for run in runs)
        yield _Block(
            runs,
            heading=heading is not None,
            marked=marked,
            page=document.page_of(max(span.start, mark.start)) if marked else None,
        )
        done = span.end


def _spans(text: str, shown: Span) -> Iterator[tuple[Span, re.Match[str] | None]]:
    """Yield where the paragraphs stand; a line that is a heading stands alone, with the match that says so."""
    for start, end in paragraphs(text[shown.start : shown.end]):
        whole = Span(shown.start + start, shown.start + end)
        heading = _HEADING.match(text, whole.start, whole.end)
        if heading:
            yield Span(*heading.span()), heading
            whole = trim(text, Span(heading.end(), whole.end))
        if whole.start < whole.end:
            yield whole, None
