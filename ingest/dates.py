"""Days as they are written at the head of a text, in its metadata or in its address.

A year is never guessed: what does not name one is no day.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

_MONTHS = "january february march april may june july august september october november december".split()
_MAX_CHARS = 60

_WEEKDAY = r"(?:(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\.?,?\s+)?"
_ZONE = r"(?:\s*\(?(?:Z|(?:GMT|UTC)?\s?[+-]\d{1,2}(?::?\d{2})?|[A-Z]{2,4})\)?)?"
_TIME = rf"(?:[T,\s]*(?:at\s+)?\d{{1,2}}[:：时]\d{{2}}(?:[:：分]\d{{2}}(?:\.\d+)?)?[分秒]?(?:\s*[ap]\.?m\.?)?{_ZONE})?"
_NAMED_MONTH = r"(?P<month>[a-z]{3,9})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_FORMS = tuple(
    re.compile(_WEEKDAY + form + _TIME, re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
        r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*日(?:\s*(?:星期|周)[一二三四五六日天])?",
        rf"{_NAMED_MONTH}\s+{_DAY},?\s+(?P<year>\d{{4}})",
        rf"{_DAY}\s+{_NAMED_MONTH},?\s+(?P<year>\d{{4}})",
    )
)
# /2024/06-18/, /2024-03/06/, /20240306/, /2024/03/06/
_IN_URL = re.compile(r"/(?P<year>(?:19|20)\d\d)[-/]?(?P<month>\d\d)[-/]?(?P<day>\d\d)(?!\d)")


def read_date(text: str) -> date | None:
    """Read a text that is one day, with or without weekday and time of day; None where it is anything else.

    The day is the one that is written: a time zone does not move it.

    >>> read_date("Wednesday, March 6, 2024"), read_date("2024年3月6日 20:46"), read_date("March 6")
    (datetime.date(2024, 3, 6), datetime.date(2024, 3, 6), None)
    """
    text = text.strip()
    if len(text) > _MAX_CHARS:
        return None
    found = next(filter(None, (form.fullmatch(text) for form in _FORMS)), None)
    return make_date(year=found["year"], month=found["month"], day=found["day"]) if found else None


def make_date(*, year: str | int, month: str, day: str) -> date | None:
    """Make a day of its parts, the month in figures or by name; None where the calendar has no such day.

    >>> make_date(year=2024, month="Feb", day="29"), make_date(year=2023, month="Feb", day="29")
    (datetime.date(2024, 2, 29), None)
    """
    names = [number for number, name in enumerate(_MONTHS, start=1) if name.startswith(month.casefold())]
    y, m, d = int(year), int(month) if month.isdecimal() else next(iter(names), 0), int(day)
    exists = y >= 1 and m in range(1, 13) and 1 <= d <= monthrange(y, m)[1]
    return date(y, m, d) if exists else None


def nearest_date(month: str, day: str, *, to: date) -> date | None:
    """Return the day of this name that is nearest to a known one, so that December 31 stays in the old year."""
    days = (make_date(year=year, month=month, day=day) for year in (to.year - 1, to.year, to.year + 1))
    return min(filter(None, days), key=lambda day: abs(day - to), default=None)


def date_in_url(url: str) -> date | None:
    """Return the day that stands in the path of an address, as news sites put it there.

    >>> date_in_url("https://news.example/2024/06-18/10236060.shtml")
    datetime.date(2024, 6, 18)
    """
    found = _IN_URL.search(url)
    return make_date(year=found["year"], month=found["month"], day=found["day"]) if found else None
