"""Pages to one text: running heads dropped, lines joined to paragraphs, and the offset at which each page begins."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import combining, is_normalized

from ingest.layout import BULLET, SENTENCE_END, columns, paragraphs, rows, same_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.layout import Column, Piece

_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlc]+")
_OUTER_NUMBER = re.compile(r"^\d{1,4}\b|\b\d{1,4}$")
_NO_HEADING_END = re.compile(r"[.,;:…。，；：、][\"'”’]*$")
# Written without spaces between words.
_WIDE = re.compile("[\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff65\U00020000-\U0003ffff]")
_BROKEN_WORD = re.compile(r"[^\W\d_]-$")
_LAST_WORD = re.compile(r"[\w’'-]+$")
_FIRST_WORD = re.compile(r"[\w’']+")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_HASH = re.compile(r"#{1,6}(?= )")

# A line is repeated on so large a share of the pages (of three at least) to be a running head: heads of left and right
# pages alternate, and chapters begin without one.
_REPEATED = 0.4
_MIN_PAGES = 3
_FURNITURE_ROWS = 3  # at either end of a page
_LARGER = 1.2
_HEADING_CHARS = 150
_HEADING_LINES = 4


class Text(NamedTuple):
    """A text, the offset at which each page begins in it, and its largest heading on the first page, if any."""

    text: str
    pages: tuple[int, ...]
    headline: str | None


def without_furniture(pages: Sequence[Sequence[Piece]]) -> list[list[Piece]]:
    """Drop running heads and feet and page numbers.

    They are the outermost rows of a page that stand on most pages, digits apart, or that count the pages.
    """
    kept = [rows(page) for page in pages]
    for edge in (0, -1):
        for _ in range(_FURNITURE_ROWS):
            outer = {number: page[edge] for number, page in enumerate(kept) if page}
            for number in _repeated(outer):
                del kept[number][edge]
    left = [{id(piece) for row in page for piece in row} for page in kept]
    return [[piece for piece in page if id(piece) in ids] for page, ids in zip(pages, left, strict=True)]


def assemble(pages: Sequence[Sequence[Piece]]) -> Text:
    """Make one text of the pieces of all pages.

    The text is in the normal form of `rag.text`. A page begins with its first character, or where a paragraph of the
    page before goes on; an empty page begins where the next one does.
    """
    body = body_size(pages)
    found = list(_paragraphs(pages))
    sizes = sorted({round(p[0].size) for p in found if is_heading(p, body)}, reverse=True)
    words = {word.casefold() for page in pages for piece in page for word in _WORD.findall(piece.text)}
    starts: list[int] = []
    text: list[str] = []
    length = 0
    headlines: list[tuple[float, int, str]] = []
    for paragraph in found:
        heading = is_heading(paragraph, body)
        mark = "#" * min(sizes.index(round(paragraph[0].size)) + 1, 6) + " " if heading else ""
        lines, offsets = join_lines([line.text for line in paragraph], words)
        if heading and paragraph[0].page == 0:
            headlines.append((-paragraph[0].size, len(headlines), lines))
        if not heading and _HASH.match(lines):
            lines = lines.replace(" ", "\u00a0", 1)  # looks the same, and is no heading
        written = mark + lines
        begin = length + 2 if text else 0
        for line, offset in zip(paragraph, offsets, strict=True):
            starts += [begin + (offset and offset + len(mark))] * (line.page + 1 - len(starts))
        text.append(written)
        length = begin + len(written)
    starts += [length] * (len(pages) - len(starts))
    return Text("\n\n".join(text), tuple(starts), min(headlines)[2] if headlines else None)


def join_lines(lines: Sequence[str], words: set[str]) -> tuple[str, list[int]]:
    """Join the lines of a paragraph; the offsets are where each line begins in it.

    A word broken at the end of a line is made whole, unless it keeps its hyphen elsewhere: `words` are all words of
    the document, case-folded.

    >>> join_lines(["New inno-", "vation, state-", "owned"], {"state-owned"})
    ('New innovation, state-owned', [0, 8, 22])
    """
    text, offsets = lines[0], [0]
    for line in lines[1:]:
        if _BROKEN_WORD.search(text) and line[0].isalpha():
            if not _keeps_hyphen(text, line, words):
                text = text[:-1]
            glue = ""
        elif _WIDE.match(text[-1]) or _WIDE.match(line[0]) or (text.endswith("-") and line[0].isalnum()):
            glue = ""
        else:
            glue = " "
        if combining(line[0]) or not is_normalized("NFC", text[-1] + glue + line):
            glue = " "  # its first character would melt into the one before it
        offsets.append(len(text) + len(glue))
        text += glue + line
    return text, offsets


def body_size(pages: Iterable[Iterable[Piece]]) -> float:
    """Return the size in which most of the text is set."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for piece in page:
            sizes[round(piece.size, 1)] += len(piece.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def is_heading(paragraph: Sequence[Piece], body: float) -> bool:
    """Tell whether a paragraph is a heading: clearly larger than the text, short, made of words, no sentence."""
    text = "".join(line.text for line in paragraph)
    letters = sum(c.isalpha() for c in text)
    return (
        all(line.size >= _LARGER * body for line in paragraph)
        and len(text) <= _HEADING_CHARS
        and len(paragraph) <= _HEADING_LINES
        and letters >= max(2, len(text.replace(" ", "")) / 2)
        and not _NO_HEADING_END.search(text)
    )


def continues(above: Sequence[Piece], below: Sequence[Piece], *, column: Column) -> bool:
    """Tell whether a paragraph at the end of `column` runs on in the one that begins the next column or page."""
    last, first = above[-1], below[0]
    if SENTENCE_END.search(last.text) or not same_size(last, first) or BULLET.match(first.text):
        return False
    full = last.right >= max(line.right for line in column) - 1.5 * last.size
    return first.text[0].islower() or (full and len(column) > 1)


def _paragraphs(pages: Sequence[Sequence[Piece]]) -> Iterator[list[Piece]]:
    """Yield the paragraphs of all pages; one that runs over the end of a column or page is one."""
    waiting: list[Piece] = []
    column: list[Piece] = []
    for page in pages:
        for next_column in columns(page):
            for n, paragraph in enumerate(paragraphs(next_column)):
                if n == 0 and waiting and continues(waiting, paragraph, column=column):
                    waiting = waiting + paragraph
                    continue
                if waiting:
                    yield waiting
                waiting = paragraph
            column = next_column
    if waiting:
        yield waiting


def _keeps_hyphen(text: str, line: str, words: set[str]) -> bool:
    """Tell whether the hyphen at the end of a line belongs to the word."""
    found, rest = _LAST_WORD.search(text), _FIRST_WORD.match(line)
    left, right = (found[0].casefold() if found else "-"), (rest[0].casefold() if rest else "")
    if not line[0].islower() or "-" in left[:-1]:
        return True
    return left + right in words and left[:-1] + right not in words


def _repeated(outer: dict[int, list[Piece]]) -> list[int]:
    """Name the pages whose outermost row stands on most pages in one size, or begins or ends with the page's number."""
    needed = max(_MIN_PAGES, _REPEATED * len(outer))
    masked, counted = {}, {}
    for page, row in outer.items():
        text = " ".join(piece.text for piece in row)
        words = _DIGITS.sub("#", text.casefold())
        masked[page] = ("#" if _ROMAN.fullmatch(words) else words, round(row[0].size))
        counted[page] = {int(number) - page for number in _OUTER_NUMBER.findall(text)}
    alike = Counter(masked.values())
    in_step = Counter(offset for offsets in counted.values() for offset in offsets)
    return [
        page
        for page in outer
        if alike[masked[page]] >= needed or any(in_step[offset] >= needed for offset in counted[page])
    ]
