"""Documents to passages: whole sentences, packed evenly, and never across a heading.

Whoever changes where the cuts fall changes `rag.text.SPLITTER` too, by which an index knows that it is out of date.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from ingest.markdown import headings
from rag.text import Span, sentences, trim
from rag.types import Passage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rag.types import Document

# Word-pieces are counted in ninths, which keeps sums exact: a character of Chinese, Japanese or Korean writing is one
# piece of MiniLM's vocabulary, and 4.5 characters of other text are about one.
_NINTHS_WIDE, _NINTHS_OTHER, _NINTHS = 9, 2, 9
_WIDE = re.compile("[\u3000-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+")
# Where a sentence is cut that is too long for a passage: the first of these that makes the pieces short enough.
_FINER = (re.compile(r"\n"), re.compile(r"[,;:–—](?=\s)|[，；：、]|—+|…+"), re.compile(r"\s+"))
# The sentence finder's time grows with the square of what it is given: a window of this size costs it milliseconds.
_WINDOW_CHARS = 4_000
_PATH_MARK = " › "
# Where `#` means a heading: our other readers write it so too. Elsewhere "# 1 in the charts" is text.
_WITH_HEADINGS = set(".md .markdown .html .htm .pdf .docx .odt .pptx .xlsx .epub .eml .msg .rtf .rst".split())
# Where each paragraph is a row, which is understood alone and mixed with others is not.
_OF_ROWS = {".csv", ".tsv", ".xlsx"}
_BLANK_LINE = re.compile(r"\n\n")


class _Section(NamedTuple):
    """The text between two headings, and the path of headings above it."""

    start: int
    end: int
    path: str


def split(document: Document, *, passage_tokens: int) -> list[Passage]:
    """Cut a document into passages of at most `passage_tokens` estimated tokens, in order and without overlap.

    Every character that is neither white space nor part of a heading lies in exactly one passage. The sentences of a
    section are spread evenly over as few passages as hold them; a sentence too long for one is cut at a line end, a
    clause, a space, or anywhere. A row of a table is a section of its own.
    """
    if passage_tokens < 1:
        raise ValueError(f"passage_tokens must be at least 1, got {passage_tokens}")
    text = document.text
    return [
        Passage(document.id, span.start, span.end, text[span.start : span.end], section.path)
        for section in _sections(document)
        for span in _pack(text, list(_cuts(document, section, passage_tokens)), passage_tokens)
    ]


def estimate_tokens(text: str) -> int:
    """Estimate how many word-pieces MiniLM makes of a text.

    >>> estimate_tokens("新质生产力"), estimate_tokens("productive forces")
    (5, 4)
    """
    return -(-_cost(text, 0, len(text)) // _NINTHS)


def _cost(text: str, start: int, end: int) -> int:
    """Estimate the size of `text[start:end]` in ninths of a token."""
    wide = sum(run.end() - run.start() for run in _WIDE.finditer(text, start, end))
    return wide * _NINTHS_WIDE + (end - start - wide) * _NINTHS_OTHER


def _sections(document: Document) -> Iterator[_Section]:
    """Yield the stretches between headings, and where there are rows, each row."""
    is_of_rows = PurePath(document.source).suffix.lower() in _OF_ROWS
    for section in _between_headings(document):
        ends = [found.end() for found in _BLANK_LINE.finditer(document.text, *section[:2])] if is_of_rows else []
        for start, end in pairwise([section.start, *ends, section.end]):
            yield section._replace(start=start, end=end)


def _between_headings(document: Document) -> Iterator[_Section]:
    """Yield the stretches between headings. One that repeats the title is left out of the path."""
    start = 0
    path: list[tuple[int, str]] = []

    def section(end: int) -> _Section:
        return _Section(start, end, _PATH_MARK.join(title for _, title in path if title != document.title))

    with_headings = PurePath(document.source).suffix.lower() in _WITH_HEADINGS
    for heading in headings(document.text) if with_headings else ():
        yield section(heading.start)
        path = [(level, title) for level, title in path if level < heading.level]
        path.append((heading.level, heading.title))
        start = heading.end
    yield section(len(document.text))


def _cuts(document: Document, section: _Section, passage_tokens: int) -> Iterator[int]:
    """Yield the places of a section at which a passage may begin or end, no more than a passage apart."""
    text, (start, end, _) = document.text, section
    finer = (*_FINER, re.compile(f"(?s:.{{{passage_tokens}}})"))
    begins = [at for at in _sentence_starts(document, start, end) if start < at < end]
    for a, b in pairwise([start, *begins, end]):
        yield from _pieces(text, Span(a, b), passage_tokens * _NINTHS, finer)
    yield end


def _sentence_starts(document: Document, start: int, end: int) -> Iterator[int]:
    """Yield where sentences begin, found in windows: the last of a window may be cut short and is found again."""
    continues = False
    while start < end:
        stop = min(start + _WINDOW_CHARS, end)
        spans = sentences(document.text, Span(start, stop), language=document.language)
        whole = spans if stop == end or len(spans) == 1 else spans[:-1]
        yield from (span.start for span in whole[continues:])
        continues = len(spans) == 1
        start = spans[-1].start if stop < end and len(spans) > 1 else stop


def _pieces(text: str, span: Span, limit: int, finer: Sequence[re.Pattern[str]]) -> Iterator[int]:
    """Yield where the pieces of a stretch begin: one piece if it is within the limit, else as `finer` cuts it."""
    if not finer or _cost(text, *span) <= limit:
        yield span.start
        return
    inner = [found.end() for found in finer[0].finditer(text, *span) if found.end() < span.end]
    for a, b in pairwise([span.start, *inner, span.end]):
        yield from _pieces(text, Span(a, b), limit, finer[1:])


def _pack(text: str, cuts: list[int], passage_tokens: int) -> Iterator[Span]:
    """Join neighbouring pieces to passages, each as near as can be to an even share of what is left."""
    limit = passage_tokens * _NINTHS
    costs = [_cost(text, a, b) for a, b in pairwise(cuts)]
    left = sum(costs)
    first = 0
    while first < len(costs):
        share = left / -(-left // limit) if left else 0
        size, last = costs[first], first + 1
        while last < len(costs) and size + costs[last] <= limit and size + costs[last] / 2 <= share:
            size += costs[last]
            last += 1
        span = trim(text, Span(cuts[first], cuts[last]))
        if span.start < span.end:
            yield span
        first, left = last, left - size
