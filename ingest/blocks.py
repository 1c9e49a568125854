"""The text that is made of office files: headings, paragraphs, list items, and rows that can be quoted alone.

A block is a piece of clean text. Blocks are joined with a blank line between; an empty one is none.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from ingest.dates import read_date
from rag.text import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Row = Sequence[str]

_LINE_ENDS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
# With them go the soft hyphen and the byte-order mark, which break words for the search and are not seen.
_CONTROLS = re.compile("[\0-\x08\x0e-\x1f\x7f-\x9f\u00ad\ufeff\ufffe\uffff]")
# A line drawn with characters; below a line of text, Markdown takes it for the mark of a heading.
_RULE = re.compile(r"[-=_~*#`\s]{3,}")
_LIKE_HEADING = re.compile(r"^(#{1,6}) ", re.MULTILINE)
_NUMBER = re.compile(r"[-+−(]?\s?[^\w\s]{0,2}\s?\d[\d.,'’\s]*\s?[^\w\s]{0,2}\)?(?:[eE][-+]?\d+)?")
_YEAR = re.compile(r"(?:19|20)\d\d")

_PAIR = 2  # columns: a label, and what it labels
_ALPHABET = 26
_SERIES = 3  # days in one row are a header of a series; fewer, a row of values
_HEADER_CHARS = 80
_HEADER_AMONG = 20  # first rows, in which captions may stand above the header


def join_blocks(blocks: Iterable[str]) -> str:
    """Join blocks to a text, with a blank line between."""
    return "\n\n".join(filter(None, blocks))


def heading(level: int, text: str) -> str:
    r"""Make a heading of level 1 to 6.

    >>> heading(2, "What it\ncost")
    '## What it cost'
    """
    words = inline(text)
    return f"{'#' * max(1, min(level, 6))} {words}" if words else ""


def paragraph(text: str) -> str:
    """Make a paragraph: no control characters, no blank lines, no space to spare.

    One that begins like a Markdown heading and is none ("# 1 in the charts") gets a no-break space after the mark.
    """
    lines = without_controls(text).split("\n")
    words = (" ".join(line.split()) for line in lines)
    return normalise(_LIKE_HEADING.sub("\\1\u00a0", "\n".join(line for line in words if not _is_empty(line))))


def without_controls(text: str) -> str:
    """Drop control characters and what is not seen; every kind of line end becomes one."""
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))


def inline(text: str) -> str:
    """Make a single line of a text, clean as a paragraph."""
    if text.isascii() and text.isalnum():  # most cells of a large sheet
        return text
    return paragraph(" ".join(_LINE_ENDS.sub("\n", text).split())).replace("\u00a0", " ")


def table(rows: Iterable[Row], *, header: bool = False) -> list[str]:
    """Write a table of a text document, a block a row. `header` says that the file marks the first row as such.

    Without the mark, a first row of names above numbers, or of three names and more, is a header. Two columns without
    one are taken for labels and what they label; one column or one row, for a frame around paragraphs.
    """
    cells = [row for row in ([inline(cell) for cell in row] for row in rows) if any(row)]
    width = max((sum(map(bool, row)) for row in cells), default=0)
    if len(cells) == 1 or width < _PAIR:
        return [paragraph(cell) for row in cells for cell in row if cell]
    first, *rest = cells
    if header or (_is_header(first, width) and (width > _PAIR or _has_numbers(rest))):
        return [paragraph(row[0]) if width > _PAIR and not any(row[1:]) else name_row(row, first) for row in rest]
    if width == _PAIR:
        pairs = ([cell for cell in row if cell] for row in cells)
        return [paragraph(": ".join((pair[0].rstrip(":："), *pair[1:]))) for pair in pairs]
    return [paragraph("; ".join(filter(None, row))) for row in cells]


def sheet(rows: Sequence[Row]) -> Iterator[str]:
    """Write a sheet of cells as blocks, a row each: "Column: value; Column: value", empty cells left out.

    The header is the first row that is at least half as wide as the widest, if no number or date stands in it; what
    stands above it is caption. Without one, columns have the letters that spreadsheets give them.
    """
    cells = [row for row in ([inline(cell) for cell in row] for row in rows) if any(row)]
    at = _find_header(cells)
    if at is not None:
        above, below = (cells[:at], cells[at + 1 :]) if len(cells) > at + 1 else (cells, [])
        yield from (paragraph("; ".join(filter(None, row))) for row in above)
        yield from (name_row(row, cells[at]) for row in below)
        return
    names = [f"Column {column_letters(number)}" for number in range(max(map(len, cells), default=0))]
    yield from (name_row(row, names) for row in cells)


def name_row(row: Row, names: Row) -> str:
    """Write a row so that it can be understood alone.

    >>> name_row(["Nanjing", "", "9.5", "m"], ["City", "Area", "Population"])
    'City: Nanjing; Population: 9.5; m'
    """
    pairs = ((names[number] if number < len(names) else "", cell) for number, cell in enumerate(row) if cell)
    return paragraph("; ".join(f"{name.rstrip(':：')}: {cell}" if name else cell for name, cell in pairs))


def column_letters(number: int) -> str:
    """Return the letters of a column, counted from 0.

    >>> column_letters(0), column_letters(27)
    ('A', 'AB')
    """
    letters = chr(ord("A") + number % _ALPHABET)
    return column_letters(number // _ALPHABET - 1) + letters if number >= _ALPHABET else letters


def _find_header(cells: Sequence[Row]) -> int | None:
    """Return which row is the header; None where the first one that is wide enough is none."""
    sample = [(at, sum(map(bool, row))) for at, row in enumerate(islice(cells, _HEADER_AMONG))]
    width = max((size for _, size in sample), default=0)
    wide = (at for at, size in sample if size * 2 >= width and (size > 1 or width == 1))
    at = next(wide, None)
    return at if at is not None and _is_header(cells[at], width) else None


def _is_header(row: Row, width: int) -> bool:
    cells = [cell for cell in row if cell]
    days = sum(read_date(cell) is not None for cell in cells)
    numbers = any(_NUMBER.fullmatch(cell) and not _YEAR.fullmatch(cell) and not read_date(cell) for cell in cells)
    names = not numbers and days not in range(1, _SERIES) and max(map(len, cells)) <= _HEADER_CHARS
    return names and len(cells) * 2 >= width and any(c.isalpha() for cell in cells for c in cell)


def _has_numbers(rows: Iterable[Row]) -> bool:
    return any(_is_value(cell) for row in rows for cell in row[1:])


def _is_value(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell)) or read_date(cell) is not None


def _is_empty(line: str) -> bool:
    return not line or bool(_RULE.fullmatch(line))
