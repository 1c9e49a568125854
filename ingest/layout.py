"""The pieces of text on a page, brought into reading order: columns, lines, paragraphs.

It knows nothing of files. Coordinates are in points, to the right and downwards as a reader sees the page.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import groupby, pairwise
from statistics import median, quantiles
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Piece(NamedTuple):
    """A stretch of text on one line, from `left` to `right` at the height `base`.

    `size` is that of its font, `page` counts from 0, and a row of a table is `apart`.
    """

    text: str
    page: int
    left: float
    right: float
    base: float
    size: float
    apart: bool = False


Column = list[Piece]  # whole lines, from top to bottom

SENTENCE_END = re.compile(r"[.!?…:;。！？：；][\"'”’»」』）)\]]*$")
_LEADERS = re.compile(r"(?:[.·…]\s?){4,}\w*$")  # of a table of contents
BULLET = re.compile(r"[•●▪■◦‣▶➢]\s*")

# A column of prose has at least so many lines, and its lines are so wide (in sizes of the font) and so even: the
# cells of a table are not, and a table is read across.
_COLUMN_LINES = 3
_COLUMN_EMS = 8
_EVEN = 0.7
_CELL_GAP = 2  # in sizes of the font: wider than between the words of a justified line


def rows(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """Gather pieces that stand side by side, from top to bottom and from left to right."""
    found: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.base):
        if found and piece.base - found[-1][0].base < piece.size / 2:
            found[-1].append(piece)
        else:
            found.append([piece])
    return [sorted(row, key=lambda piece: piece.left) for row in found]


def columns(pieces: Sequence[Piece]) -> Iterator[Column]:
    """Yield the columns of a page in reading order; what stands across columns is a column of its own.

    Where no columns of prose are seen, the order is from top to bottom, and among neighbours as it was drawn.
    """
    gutter = _gutter(pieces)
    if gutter is None:
        yield from filter(None, [_lines(pieces)])
        return
    for across, band in groupby(sorted(pieces, key=lambda piece: piece.base), key=lambda p: p.left < gutter < p.right):
        pieces_of_band = set(band)
        inside = [piece for piece in pieces if piece in pieces_of_band]
        if across:
            yield _lines(inside)
        else:
            for side in ([p for p in inside if p.right <= gutter], [p for p in inside if p.left >= gutter]):
                if side:
                    yield from columns(side)


def paragraphs(column: Column) -> Iterator[list[Piece]]:
    """Cut a column where the space, the size, an indentation or a line that could hold more begins a paragraph."""
    # In sizes of the font: the lines of a heading stand further apart than those of the text.
    pairs = [(a, b) for a, b in pairwise(column) if same_size(a, b) and b.base > a.base and b.size > 0]
    steps = sorted((b.base - a.base) / b.size for a, b in pairs)
    usual_ems = steps[len(steps) // 4] if steps else 0.0
    group: list[Piece] = []
    for line in column:
        step = line.base - group[-1].base if group else 0.0
        usual = usual_ems * line.size
        if group and not (same_size(group[-1], line) and 0 < step <= max(1.2 * usual, usual + 1)):
            yield from _starts(group)
            group = []
        group.append(line)
    if group:
        yield from _starts(group)


def _gutter(pieces: Sequence[Piece]) -> float | None:
    """Return where the space between two columns of prose ends, the one that the fewest pieces cross."""
    if len(pieces) < 2 * _COLUMN_LINES:
        return None
    lefts, rights = sorted(p.left for p in pieces), sorted(p.right for p in pieces)
    candidates: list[tuple[int, int, float]] = []
    for at in sorted({round(left) - 1 for left in lefts}):
        n_left, n_right = bisect_left(rights, at), len(lefts) - bisect_left(lefts, at)
        if min(n_left, n_right) >= _COLUMN_LINES:
            candidates.append((len(pieces) - n_left - n_right, -min(n_left, n_right), float(at)))
    for _, _, place in sorted(candidates)[:8]:  # the best few: a table has a hundred, and none is a gutter
        left, right = [p for p in pieces if p.right <= place], [p for p in pieces if p.left >= place]
        if _is_prose(left) and _is_prose(right) and _side_by_side(left, right):
            return place
    return None


def _is_prose(side: Sequence[Piece]) -> bool:
    if len(side) < _COLUMN_LINES:
        return False
    widths = [piece.right - piece.left for piece in side]
    typical = median(widths)
    return typical >= _COLUMN_EMS * median(p.size for p in side) and typical >= _EVEN * quantiles(widths, n=10)[-1]


def _side_by_side(left: Sequence[Piece], right: Sequence[Piece]) -> bool:
    """Tell whether two sides share half of the height of the lower one."""
    tops, bottoms = [min(p.base for p in s) for s in (left, right)], [max(p.base for p in s) for s in (left, right)]
    return min(bottoms) - max(tops) >= min(b - t for t, b in zip(tops, bottoms, strict=True)) / 2


def _lines(pieces: Sequence[Piece]) -> Column:
    """Put the pieces of one column in order and join those on one line.

    Pieces drawn one after the other stay together, so that a cell of several lines is read as one; such blocks go from
    top to bottom, and in the order of drawing where they stand side by side.
    """
    blocks: list[list[Piece]] = []
    for piece in pieces:
        if blocks and _follows(blocks[-1][-1], piece):
            blocks[-1].append(piece)
        else:
            blocks.append([piece])
    order = {id(block): n for n, block in enumerate(blocks)}
    bands: list[tuple[float, list[list[Piece]]]] = []
    for block in sorted(blocks, key=lambda block: min(p.base for p in block)):
        low = max(p.base for p in block)
        if bands and min(p.base for p in block) < bands[-1][0] + block[0].size / 3:
            bands[-1] = (max(low, bands[-1][0]), [*bands[-1][1], block])
        else:
            bands.append((low, [block]))
    column: Column = []
    for _, band in bands:
        for piece in (piece for block in sorted(band, key=lambda b: order[id(b)]) for piece in block):
            if column and _beside(column[-1], piece):
                column[-1] = _joined(column[-1], piece)
            else:
                column.append(piece)
    return column


def _follows(one: Piece, other: Piece) -> bool:
    """Tell whether a piece goes on to the right of another, or right below it."""
    below = 0 < other.base - one.base < 2 * one.size and other.left < one.right and one.left < other.right
    return below or _beside(one, other)


def _beside(one: Piece, other: Piece) -> bool:
    return abs(one.base - other.base) < min(one.size, other.size) / 2 and other.left >= one.right - one.size / 2


def _joined(one: Piece, other: Piece) -> Piece:
    return Piece(
        f"{one.text} {other.text}",
        one.page,
        one.left,
        other.right,
        one.base,
        one.size if len(one.text) >= len(other.text) else other.size,
        one.apart or other.left - one.right > _CELL_GAP * one.size,
    )


def same_size(one: Piece, other: Piece) -> bool:
    """Tell whether two pieces are set in one size, or nearly."""
    return abs(one.size - other.size) <= 0.15 * max(one.size, other.size)


def _starts(group: list[Piece]) -> Iterator[list[Piece]]:
    """Cut lines of one size and spacing into paragraphs."""
    left, right = min(line.left for line in group), max(line.right for line in group)
    indented = [line.left > left + 0.8 * line.size for line in group]
    # Where single flush lines stand above indented ones, it is those that begin paragraphs: a list of references.
    flush_pairs = sum(not (a or b) for a, b in pairwise(indented))
    hanging = sum(indented) * 2 > len(group) and flush_pairs * 2 <= len(group) - sum(indented)
    paragraph = [group[0]]
    for n, (above, line) in enumerate(pairwise(group), start=1):
        exempt = BULLET.match(paragraph[0].text) or _centred(above, line)
        begins = not indented[n] if hanging else indented[n] and not indented[n - 1] and not exempt
        if begins or above.apart or line.apart or BULLET.match(line.text) or _could_hold_more(above, line, right):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    yield paragraph


def _centred(one: Piece, other: Piece) -> bool:
    return abs(one.left + one.right - other.left - other.right) < one.size / 2


def _could_hold_more(above: Piece, line: Piece, right: float) -> bool:
    """Tell whether a line ends early though the first word of the next would have fitted into it."""
    if _LEADERS.search(above.text):
        return True
    word = line.text.partition(" ")[0] if line.text.isascii() else line.text[:2]
    room = right - above.right - len(word) * (line.right - line.left) / len(line.text) - line.size
    return room > 0 and (bool(SENTENCE_END.search(above.text)) or room > (right - above.left) / 4)
