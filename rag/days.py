"""Days, months, years and spans of time that a text names, in English and Chinese.

Plain rules: dateparser 1.4 finds a month in "Who may vote?" and two dates in "6 March 2024", and takes a quarter of a
second to load. Digits alone are read as year, month, day only, since 3/6/2024 means two days.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

_I = re.IGNORECASE
Bound = Literal["in", "since", "after", "before", "until"]

_MONTHS = "january february march april may june july august september october november december".split()
_DIGITS = dict(zip("〇零一二三四五六七八九十两", (0, *range(11), 2), strict=True))
_NUMBERS = dict(zip("one two three four five six seven eight nine ten".split(), range(1, 11), strict=True)) | {"a": 1}
_NUMBERS |= {"first": 1, "second": 2, "third": 3, "fourth": 4, "latter": 2, "上": 1, "下": 2}
_AGO = {"last": 1, "previous": 1, "yesterday": 1, "上": 1, "上个": 1, "去年": 1, "昨天": 1, "昨日": 1}
_AGO |= {"前年": 2, "前天": 2}
_SCALES = {"天": "day", "日": "day", "周": "week", "个星期": "week", "星期": "week", "月": "month", "个月": "month"}
_SCALES |= {"年": "year", "季度": "quarter"}
_N_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12, "decade": 120}
_N_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
_MONTH_DAYS = 31
_NEAR_CHARS = 60  # no bound is longer
_YEARS_TO_TRY = 9  # back from today for a day without a year; 29 February comes within them

_FULL = "|".join(_MONTHS)
_MONTH = rf"(?P<month>{_FULL}|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?!\d)"
_DAYS = rf"(?P<day>{_DAY})(?:\s*(?:-|–|\bto\b|\band\b)\s*(?P<day2>{_DAY}))?"
_YEAR = r"(?P<year>[12]\d{3})"
_OF_YEAR = rf"\s*(?:of\s+)?(?:{_YEAR}|(?P<near>this|last)\s+year)"
_COUNT = r"(?P<count>\d{1,3}|a|one|two|three|four|five|six|seven|eight|nine|ten)"
_SCALE = r"(?P<scale>day|week|month|quarter|year)"
_ZH_YEAR = r"(?:(?P<year>[12]\d{3}|[一二][〇零一二三四五六七八九]{3})年|(?P<near>今年|去年|(?<!以)前年))"
_ZH_DAY = r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])"
_ZH_MONTH = r"(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月(?![龄球亮饼])份?"
_ZH_COUNT = r"(?P<count>\d{1,3}|[一二两三四五六七八九十])(?P<scale>天|日|周|个星期|个月|年)"

_PATTERNS = [
    re.compile(rf"(?<![A-Za-z0-9$€£¥#.,/])(?:{pattern})(?![A-Za-z0-9])", _I)
    for pattern in (
        r"(?P<year>[12]\d{3})[-/.](?P<month>1[0-2]|0?[1-9])[-/.](?P<day>3[01]|[12]\d|0?[1-9])",
        rf"{_DAYS}(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR})?",
        rf"{_MONTH}\s+(?:the\s+)?{_DAYS}(?:,?\s+{_YEAR})?",
        rf"{_MONTH}(?:,|\s+of)?\s+{_YEAR}",
        rf"(?P<bare>{_FULL})",
        rf"(?P<nth>first|second|third|fourth|latter)[\s-]+(?P<part>quarter|half),?{_OF_YEAR}",
        rf"(?P<part>[QH])(?P<nth>[1-4]),?{_OF_YEAR}",
        rf"{_YEAR}\s*(?P<part>[QH])(?P<nth>[1-4])",
        r"(?P<decade>[12]\d{2}0)s",
        r"(?P<alone>[12]\d{3})",
        rf"(?:(?:last|previous|past)\s+{_COUNT}|past)\s+{_SCALE}s?",
        rf"{_COUNT}\s+{_SCALE}s?\s+(?P<ago>ago)",
        rf"(?P<near>this|last|previous)\s+{_SCALE}(?!\s+of\b)",
        r"(?P<near>today|yesterday)",
    )
] + [
    re.compile(pattern)
    for pattern in (
        rf"(?:{_ZH_YEAR}\s*|(?<![\d一二三四五六七八九十第几年])){_ZH_MONTH}"
        rf"(?:\s*(?P<day>{_ZH_DAY})[日号]?(?:\s*[至到—–~-]\s*(?P<day2>{_ZH_DAY}))?[日号])?",
        rf"{_ZH_YEAR}(?P<nth>[上下])(?P<part>半)年",
        rf"{_ZH_YEAR}第?(?P<nth>[一二三四1-4])(?P<part>季)度",
        rf"{_ZH_YEAR}(?![级龄])",
        r"(?<!\d)(?P<decade>[12]\d{2}0|[5-9]0|[五六七八九]十)年代",
        r"(?:二十|20|上个?)世纪(?P<decade>[1-9]0|[一二三四五六七八九]十)年代",
        rf"(?:最近|过去|近){_ZH_COUNT}(?!代)",
        rf"(?<![\d第近去]){_ZH_COUNT}(?P<ago>前)",
        r"(?P<near>本|这个?|上个?)(?P<scale>周|星期|月|季度)(?![球亮期])",
        r"(?P<near>今天|今日|昨天|昨日|前天)",
    )
]
# What may stand before a month that stands alone; "by June" is a person as often, and so is "April's".
_BARE = re.compile(
    r"\b(?:in|during|since|until|till|before|after|through|from|between|early|late|mid|(last))[\s-]$", _I
)
_LIST = re.compile(r"(?:\b(?:and|or|to|through|until|till)\s+|[-–—/]\s*)$")
_NAMELIKE = {"march", "april", "may", "june", "august"}
_YEARLY = re.compile(r"(?:\b(?:in|since|before|after|by|until|during|between|and|from|to|of|year)[\s-]+|[-–—])$", _I)
_COUNTED = re.compile(
    r"[届级]|\s*[%°]|[,.]\d|\s+(?:people|men|women|troops|soldiers|dollars|euros?|yuan|pounds|miles|km|meters|metres|feet|votes|"
    r"points|jobs|cases|deaths|tonn?es|tons|employees|workers|stores|pages|words|seats|degrees|calories|days|years)\b"
)
_COUNTING = re.compile(r"\b(?:over|than|nearly|almost|least|most|roughly|approximately|exactly)\s+$", _I)
_JOIN = re.compile(r"\s*,?\s*(?:[-–—~/]|to|through|until|till|and|or|至|到|和|与)\s*(?:(?:the|early|late)\s+)?", _I)
_FILL = r"(?:\s+the)?(?:\s+(?:early|late|start|beginning|end|middle|mid)(?:\s+of)?)?[\s-]*$"
_TAIL = r"\s*(?:年?[底初末中]|[上中下]旬)?"
# The words that make a date a bound: those before it, then those after it; the first that fits.
_BOUNDS: tuple[tuple[Bound, bool, str], ...] = (
    ("since", True, rf"\b(?:since|on\s+or\s+after|(?:starting|beginning)(?:\s+(?:in|on|from))?){_FILL}"),
    ("until", True, rf"\b(?:on\s+or\s+before|no\s+later\s+than|until|till|up\s+to|by|as\s+of){_FILL}"),
    ("until", True, r"截[至止]到?\s*$"),
    ("after", True, rf"\b(?:after|later\s+than|post){_FILL}"),
    ("before", True, rf"\b(?:before|prior\s+to|earlier\s+than|pre){_FILL}"),
    ("since", False, r"\s+(?:and\s+)?(?:onwards?|on(?=\s*[,?.]|$))"),
    ("since", False, rf"{_TAIL}(?:以来|起(?!义)|至今|开始|到现在)"),
    ("after", False, rf"{_TAIL}(?:[以之]后|后(?![半期卫天年]))"),
    ("before", False, rf"{_TAIL}(?:[以之]前|前(?![半期夕后天年一二两三四五六七八九十\d]))"),
    ("in", True, rf"(?:\b(?:in|on|during|throughout|from|between|within|over|of)\b{_FILL}|[于在自从]\s*$)"),
)


@dataclass(frozen=True, slots=True)
class Days:
    """A time that a text names: `text[start:end]` are its words, with those that bound it ("since May 2023").

    Both days are inclusive; None is open. `exact` tells that it is a month or less, bounds aside.
    """

    start: int
    end: int
    first: date | None
    last: date | None
    exact: bool

    def overlaps(self, oldest: date | None, newest: date) -> bool:
        """Tell whether any of these days lies within those of a library."""
        early = self.first or self.last
        return not (early and early > newest) and not (oldest and self.last and self.last < oldest)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit of the calendar; `n` counts days where a day is named, else months. `fixed` needs no reckoning."""

    start: int
    end: int
    year: int | None = None
    month: int = 1
    day: int | None = None
    n: int = 12
    fixed: tuple[date, date] | None = None
    loose: bool = False  # counts only as the end of a range: "and June"


def find_days(text: str, *, today: date) -> list[Days]:
    """Find every time that a text names, in order, without overlap.

    A month or day without a year is the last one that has begun by `today`; "last week" is Monday to Sunday.

    >>> [found] = find_days("What came after May 2023?", today=date(2024, 6, 1))
    >>> found.start, found.end, str(found.first), found.last
    (10, 24, '2023-06-01', None)
    """
    matches = [match for pattern in _PATTERNS for match in pattern.finditer(text)]
    units: list[_Unit] = []
    for match in sorted(matches, key=lambda match: (match.start(), -match.end())):
        unit = _unit(match, today) if not units or match.start() >= units[-1].end else None
        if unit and _reckon(unit, today):
            units.append(unit)
    found = []
    while units:
        first = last = units.pop(0)
        while units and _JOIN.fullmatch(text[last.end : units[0].start]):
            last = units.pop(0)
        days = None if first.loose else _bounded(text, (first, last), today)
        found.extend([days] if days else [])
    return found


def _unit(match: re.Match[str], today: date) -> _Unit | None:
    """Read one match; None where it is no time after all."""
    part = {key: value.lower() for key, value in match.groupdict().items() if value is not None}
    at, near = match.span(), part.get("near", "")
    if "bare" in part:
        return _bare_month(match, today)
    if "alone" in part:
        return _bare_year(match)
    if "scale" in part or near[-1:] in {"y", "天", "日"}:
        fixed = _period(part, today)
        opening = not match.string[: at[0]].strip(" \"'“‘")
        title = any(word[0].isupper() for word in match.group().split()[opening:])  # "Last Week Tonight"
        return _Unit(*at, fixed=fixed) if fixed and not title else None
    year = _number(part["year"]) if "year" in part else today.year - _AGO.get(near, 0) if near else None
    if "decade" in part:
        year = _number(part["decade"])
        return _Unit(*at, year if year >= 1000 else 1900 + year, n=_N_MONTHS["decade"])  # noqa: PLR2004
    if "part" in part:
        n = _N_MONTHS["half" if part["part"][0] in "h半" else "quarter"]
        return _Unit(*at, year, n * (_number(part["nth"]) - 1) + 1, n=n)
    day = _number(part["day"]) if "day" in part else None
    n = 12 if "month" not in part else _number(part["day2"]) - day + 1 if day and "day2" in part else 1
    lower = year is None and match["month"] in {"may", "march", "mar", "dec"}  # "5 may attend"
    return _Unit(*at, year, _number(part.get("month", "1")), day, n) if n > 0 and not lower else None


def _bare_year(match: re.Match[str]) -> _Unit | None:
    """Read four digits as a year unless they count something; one far from our time only after a preposition."""
    before, after, year = match.string[: match.start()], match.string[match.end() :], int(match["alone"])
    odd = not 1900 <= year < 2100 and not _YEARLY.search(before)  # noqa: PLR2004
    return None if odd or _COUNTED.match(after) or _COUNTING.search(before) else _Unit(*match.span(), year)


def _bare_month(match: re.Match[str], today: date) -> _Unit | None:
    """Read a month that stands alone: a preposition must come before it and, where it is a word or name, no name after.

    "The March of Dimes", "in May Sarton's poems" and "Who may vote?" are no months.
    """
    (start, end), name, month = match.span(), match["bare"].lower(), _number(match["bare"])
    before, after = match.string[:start], match.string[end:]
    if re.match(r"\s+of\b" if name not in _NAMELIKE else r"\s+of\b|\s+[A-Z]|['’]s", after):
        return None
    if name in _NAMELIKE and match["bare"].islower():
        return None
    fits = _BARE.search(before)
    if fits and fits[1]:
        return _Unit(fits.start(), end, today.year - (month >= today.month), month, n=1)
    return _Unit(start, end, None, month, n=1, loose=not fits) if fits or _LIST.search(before) else None


def _period(part: dict[str, str], today: date) -> tuple[date, date] | None:
    """Reckon a time from the day of asking: all days from then to now, or the calendar unit so many units ago."""
    scale = _SCALES.get(part.get("scale", "day"), part.get("scale", "day"))
    n = _number(part.get("count", "1"))
    if "near" not in part and "ago" not in part:
        return today - timedelta(n * _N_DAYS[scale]), today
    back = n if "ago" in part else _AGO.get(part["near"], 0)
    if scale in {"day", "week"}:
        first = today - timedelta(back * _N_DAYS[scale] + (today.weekday() if scale == "week" else 0))
        return first, first + timedelta(_N_DAYS[scale] - 1)
    index = today.year * 12 + today.month - 1 - back * _N_MONTHS[scale]
    index -= index % _N_MONTHS[scale]
    return _reckon(_Unit(0, 0, index // 12, index % 12 + 1, n=_N_MONTHS[scale]), today)


def _number(word: str) -> int:
    """Read digits, a numeral of either language, an ordinal or the name of a month."""
    word = word.lower()
    if word in _NUMBERS:
        return _NUMBERS[word]
    if word[:3].isascii() and word[:3].isalpha():
        return 1 + [month[:3] for month in _MONTHS].index(word[:3])
    if word[0] not in _DIGITS:
        return int(re.sub(r"\D+$", "", word))
    tens, ten, ones = word.partition("十")
    if ten:
        return 10 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)
    return int("".join(str(_DIGITS[sign]) for sign in word))


def _reckon(unit: _Unit, today: date) -> tuple[date, date] | None:
    """Return the first and last day of a unit; None where there is no such day.

    Without a year it is the last one begun by today.
    """
    if unit.fixed:
        return unit.fixed
    for year in [unit.year] if unit.year else range(today.year, today.year - _YEARS_TO_TRY, -1):
        end = year * 12 + unit.month - 1 + unit.n
        try:
            first = date(year, unit.month, unit.day or 1)
            last = first + timedelta(unit.n - 1) if unit.day else date(end // 12, end % 12 + 1, 1) - timedelta(1)
        except (ValueError, OverflowError):
            continue
        if unit.year or first <= today:
            return first, last
    return None


def _bounded(text: str, ends: tuple[_Unit, _Unit], today: date) -> Days | None:
    """Make a time of a unit or of two with all between, and read the words that bound it.

    An end without a year has that of the other: "between November and March 2023" begins in 2022.
    """
    one, two = ends
    early, late = _reckon(one, today), _reckon(two, today)
    if one is not two and early and late and not one.fixed and not two.fixed:
        turn = one.month > two.month
        if one.year is None:
            early = _reckon(replace(one, year=late[0].year - turn), today)
        elif two.year is None:
            late = _reckon(replace(two, year=early[0].year + turn), today)
    if not early or not late:
        return None
    start, end, kind = one.start, two.end, "in"
    from_ = max(0, start - _NEAR_CHARS)
    for bound, before, pattern in _BOUNDS:
        near = re.search(pattern, text[from_:start], _I) if before else re.match(pattern, text[end:], _I)
        if near and before and start == one.start:
            start, kind = from_ + near.start(), bound if kind == "in" else kind
        elif near and not before and kind == "in":
            end, kind = end + near.end(), bound
    first = {"after": late[1] + timedelta(1), "before": None, "until": None}.get(kind, min(early[0], late[0]))
    last = {"before": early[0] - timedelta(1), "since": None, "after": None}.get(kind, max(early[1], late[1]))
    return Days(start, end, first, last, exact=(max(early[1], late[1]) - min(early[0], late[0])).days <= _MONTH_DAYS)
