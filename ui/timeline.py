"""The statements of an answer on a time axis, by the day on which each was published.

    answer ─ dots_of ─► dots ─ by day ─► places along the axis ─ stacked where they would touch ─► HTML

The axis is an inline SVG as wide as its surroundings: places along it are percentages, sizes are pixels, and what must
not touch is kept apart at the narrowest width, so that it never touches. Each dot is a button that carries the place
it stands for, and so is each line of the list below. Everything a document says is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from rag.text import format_date
from ui.markup import fill
from ui.wording import Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rag.types import Answer

_WORDS = {
    "timeline": ("Timeline", "时间线"),
    "none": ("There is no statement to place in time.", "没有可以放在时间线上的陈述。"),
    "one": ("1 statement, {}", "1条陈述，{}"),
    "many": ("{} statements, {} to {}", "{}条陈述，{}至{}"),
    "same day": ("{} statements, all of {}", "{}条陈述，均发布于{}"),
    "cited": ("cited in the answer", "回答引用"),
    "hit": ("also found", "其他检索结果"),
    "undated": ("Without a date", "没有日期"),
    "no dates": ("None of these documents has a date.", "这些文档都没有日期。"),
    "unknown": ("a document that is no longer in the index", "已不在索引中的文档"),
    "open": ("open the quote", "打开引文"),
}
# The axis at its narrowest, on a phone, in pixels; what fits there fits everywhere.
_NARROW = 280
# A dot and the distance between two: a finger needs 24 pixels (WCAG 2.2, 2.5.8).
_DOT = 24
_STEP = 26
# Below the axis: its line, the ticks, two lines of labels. Above the highest dot: room for a ring of focus.
_BELOW, _ABOVE = 44, 4
_LETTER, _HAN = 7.0, 12.5
_LABEL_GAP = 10
# So much may a label stand out at either end, where the axis has a margin.
_MARGIN = 12
_MOST_TICKS = 12
_DAYS = (1, 2, 3, 5, 7, 14)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000)
_YEAR = 12
_EXCERPT_CHARS = 220

Kind = Literal["cited", "hit"]


class Origin(Protocol):
    """What is known of where a text comes from; a `Document` is one."""

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def publisher(self) -> str | None: ...  # noqa: D102
    @property
    def published(self) -> date | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Dot:
    """One statement: the characters `start:end` of a document, and when that was published.

    `kind` is "cited" where the answer rests on it, "hit" where the search only found it. A title is empty where the
    document is not known any more.
    """

    doc_id: str
    start: int
    end: int
    quote: str
    title: str
    publisher: str | None
    published: date | None
    kind: Kind


class _Tick(NamedTuple):
    """A mark on the axis: its place (0 to 1), its label in one or two lines, and how that is anchored to it."""

    place: float
    label: str
    below: str
    anchor: Literal["start", "middle", "end"]


def dots_of(answer: Answer, documents: Mapping[str, Origin]) -> list[Dot]:
    """Return what an answer cites, conflicts included, and then what else was found, each place once.

    A hit in which something cited stands is left out. `documents` says by id where hits come from; a hit of a document
    that is not in it has neither title nor date.
    """
    cited = [citation for sentence in answer.sentences for citation in sentence.citations]
    cited += [citation for pair in answer.conflicts for citation in pair]
    dots = {
        (one.doc_id, one.start, one.end): Dot(
            one.doc_id, one.start, one.end, one.quote, one.title, one.publisher, one.published, "cited"
        )
        for one in cited
    }
    for passage in (hit.passage for hit in answer.hits):
        place = (passage.doc_id, passage.start, passage.end)
        if any(key == place[0] and start < place[2] and place[1] < end for key, start, end in dots):
            continue
        known = documents.get(passage.doc_id)
        origin = (known.title, known.publisher, known.published) if known else ("", None, None)
        dots[place] = Dot(*place, passage.text, *origin, "hit")
    return list(dots.values())


def timeline_html(dots: Sequence[Dot], *, language: str) -> str:
    """Draw statements on a time axis, with the same statements as a list below, those without a date last.

    Args:
        dots: the statements, in any order; none of them gives a sentence that says so.
        language: of the labels, "en" or "zh".
    """
    words = Words(_WORDS, language)
    dated = sorted(_dated(dots), key=lambda pair: (pair[0], pair[1].kind != "cited"))
    days = [day for day, _ in dated]
    rows = _rows([place * _NARROW for place in _places(days)])
    shown = [_view(dot, words, language=language) for _, dot in dated]
    values = {
        "words": words,
        "caption": _caption(days, words, language=language),
        "kinds": [kind for kind in ("cited", "hit") if any(dot.kind == kind for dot in dots)],
        "plotted": list(zip(shown, [100 * place for place in _places(days)], rows, strict=True)),
        "undated": [_view(dot, words, language=language) for dot in dots if dot.published is None],
        "ticks": _ticks(days[0], days[-1], language=language) if days else [],
        "axis": _ABOVE + (max(rows, default=0) + 1) * _STEP,
    }
    return fill("timeline.html.jinja", {**values, "step": _STEP, "dot": _DOT, "below": _BELOW})


def _dated(dots: Sequence[Dot]) -> Iterator[tuple[date, Dot]]:
    for dot in dots:
        if dot.published is not None:
            yield dot.published, dot


def _view(dot: Dot, words: Words, *, language: str) -> dict[str, object]:
    """Gather what is shown of a statement; `name` is all of it in one line, for those who hear the page."""
    day = format_date(dot.published, language) if dot.published else ""
    title = dot.title or words["unknown"]
    quote = " ".join(dot.quote.split())
    excerpt = quote[:_EXCERPT_CHARS] + "…" * (len(quote) > _EXCERPT_CHARS)
    origin = " · ".join(part for part in (day, dot.publisher, title) if part)
    name = f"{origin} · {words[dot.kind]}: {excerpt}"
    return {"dot": dot, "day": day, "title": title, "excerpt": excerpt, "name": name}


def _caption(days: Sequence[date], words: Words, *, language: str) -> str:
    if not days:
        return ""
    first, last = format_date(days[0], language), format_date(days[-1], language)
    if len(days) == 1:
        return words["one"].format(first)
    return words["same day"].format(len(days), first) if first == last else words["many"].format(len(days), first, last)


def _places(days: Sequence[date]) -> list[float]:
    """Return where days stand between the first and the last, from 0 to 1; in the middle if they are all one day."""
    if not days:
        return []
    first, span = days[0].toordinal(), (days[-1] - days[0]).days
    return [(day.toordinal() - first) / span if span else 0.5 for day in days]


def _rows(places: Sequence[float]) -> list[int]:
    """Put each dot into the lowest row in which it touches no other, from 0; places are pixels in rising order."""
    ends: list[float] = []
    rows = []
    for place in places:
        row = next((row for row, end in enumerate(ends) if place - end >= _STEP), len(ends))
        ends[row : row + 1] = [place]
        rows.append(row)
    return rows


def _ticks(first: date, last: date, *, language: str) -> list[_Tick]:
    """Return the finest ticks whose labels do not touch; where no calendar step gives two of them, both ends."""
    if first == last:
        return [_Tick(0.5, format_date(first, language), "", "middle")]
    for days, kind in _calendars(first, last):
        if len(days) > 1:
            ticks = list(_labelled(days, kind, within=(first, last), language=language))
            if not _touch(ticks):
                return ticks
    return list(_labelled([first, last], "day", within=(first, last), language=language))


def _calendars(first: date, last: date) -> Iterator[tuple[list[date], str]]:
    """Yield ways to divide a time, from the finest on, each with what its labels name."""
    begin, end = first.toordinal(), last.toordinal()
    for step in _DAYS:
        if (end - begin) / step < _MOST_TICKS:
            yield [date.fromordinal(day) for day in range(-(-begin // step) * step, end + 1, step)], "day"
    begin, end = first.year * 12 + first.month - 1 + (first.day > 1), last.year * 12 + last.month - 1
    for step in _MONTHS:
        if (end - begin) / step < _MOST_TICKS:
            months = range(-(-begin // step) * step, end + 1, step)
            yield [date(at // 12, at % 12 + 1, 1) for at in months], "month" if step < _YEAR else "year"


def _labelled(days: Sequence[date], kind: str, *, within: tuple[date, date], language: str) -> Iterator[_Tick]:
    """Write the labels of ticks: the year stands under a day or a month where it is another than before."""
    first, span = within[0].toordinal(), (within[1] - within[0]).days
    written = 0
    for day in days:
        fine, year = _parts(day, kind, language)
        label, below = (fine, year if day.year != written else "") if fine else (year, "")
        written = day.year
        place = (day.toordinal() - first) / span
        half, at = max(map(_width, (label, below))) / 2, place * _NARROW
        anchor: Literal["start", "middle", "end"] = "middle"
        if at - half < -_MARGIN:
            anchor = "start"
        elif at + half > _NARROW + _MARGIN:
            anchor = "end"
        yield _Tick(place, label, below, anchor)


def _parts(day: date, kind: str, language: str) -> tuple[str, str]:
    """Take a written day apart: what is finer than the year, cut to what the tick stands for, and the year.

    >>> _parts(date(2024, 3, 6), "day", "en"), _parts(date(2024, 3, 6), "month", "zh")
    (('6 March', '2024'), ('3月', '2024年'))
    """
    written = format_date(day, language)
    if language == "zh":
        year, fine = written[: written.index("年") + 1], written[written.index("年") + 1 :]
        short = fine[: fine.index("月") + 1]
    else:
        fine, _, year = written.rpartition(" ")
        short = fine.partition(" ")[2]
    return {"day": fine, "month": short, "year": ""}[kind], year


def _width(text: str) -> float:
    """Estimate the width of a label, in pixels, rather too wide than too narrow."""
    return sum(_LETTER if char.isascii() else _HAN for char in text)


def _touch(ticks: Sequence[_Tick]) -> bool:
    """Tell whether two labels that stand side by side would touch on the narrowest axis."""
    boxes = []
    for tick in ticks:
        width = max(_width(tick.label), _width(tick.below))
        left = tick.place * _NARROW - {"start": 0.0, "middle": width / 2, "end": width}[tick.anchor]
        boxes.append((left, left + width))
    return any(other[0] - one[1] < _LABEL_GAP for one, other in pairwise(boxes))
