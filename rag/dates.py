"""The dates that a statement names, each with all that it may mean.

`rag/days.py` reads what a question asks for: spans, bounds and days reckoned from today. Here a date is what is written
and no more: without a year it stays so, and "3/6/2024" is two days.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from rag.amounts import count
from rag.fact import BLOT, FROM, TO, Fact, opens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.fact import Meaning

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = (
    r"(?P<m>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    rf"|nov(?:ember)?|dec(?:ember)?){TO}"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:(?:,\s*|[\s-]+)(?:of\s+)?(?P<y>[12]\d{3})(?!\d))"
_CN_YEAR = "(?P<y>[12][0-9]{3}|[零〇一二三四五六七八九]{4})"
_NUMERAL = "\\d.零〇一二三四五六七八九十百千万亿"
_CN = "[0-9]{1,2}|[一二三四五六七八九十]{1,3}"
_DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{FROM}(?<![\d/.-])(?P<y>[12]\d{{3}})([-/.])(?P<m>\d{{1,2}})\2(?P<d>\d{{1,2}})(?!\d)",
        rf"{FROM}(?<![\d/.-])(?P<a>\d{{1,2}})([-/.])(?P<b>\d{{1,2}})\2(?P<y>[12]\d{{3}})(?!\d)",
        rf"{FROM}(?<![\d.,/-])(?:(?P<d0>{_DAY})(?:st|nd|rd|th)?\s?(?:-|to|and)\s?)?(?P<d>{_DAY})(?:st|nd|rd|th)?"
        rf"(?:\s+of\s+|[\s-]+){_MONTH}\.?{_YEAR}?",
        rf"{FROM}{_MONTH}\.?\s+(?:the\s+)?(?P<d>{_DAY})(?:st|nd|rd|th)?(?!\d|\.\d|,\d{{3}}\b|\s?%|:\d)"
        rf"(?:\s?(?:-|to|and)\s?(?P<d0>{_DAY})(?:st|nd|rd|th)?(?![\d,.:]*\d))?{_YEAR}?",
        rf"{FROM}{_MONTH}\.?{_YEAR}",
        rf"{FROM}(?P<m>january|february|march|april|may|june|july|august|september|october|november|december){TO}",
        rf"{FROM}(?<!\d){_CN_YEAR}\s*年\s*(?:(?P<m>{_CN})\s*月份?\s*(?:(?P<d>{_CN})\s*[日号])?)?",
        rf"{FROM}(?<![{_NUMERAL}])(?P<m>{_CN})\s*月份?\s*(?:(?P<d>{_CN})\s*[日号])?",
        rf"{FROM}(?<![{_NUMERAL}])(?P<d>{_CN})\s*日(?![元本])",
    )
]
_LAST_DAY = 31


def dates(text: str) -> Iterator[Fact]:
    """Yield the dates of a plain text, a range as one fact for each of its days; not in order.

    >>> [sorted(fact.meanings) for fact in dates("on 3/6/2024")]
    [[('date', 2024, 3, 6), ('date', 2024, 6, 3)]]
    """
    for pattern in _DATES:
        for match in list(pattern.finditer(text)):
            said = match.groupdict()
            month = said.get("m") or ""
            lower = month.isascii() and month.islower() and not said.get("y")
            # "may" and "march" are words, and so are "May" and "March" where a sentence begins.
            if lower or (match.group() in {"May", "March"} and opens(text, match.start())):
                continue
            days = [said, {**said, "d": said["d0"]}] if said.get("d0") else [said]
            meanings = [frozenset(_meant(day)) for day in days]
            if all(meanings):
                yield from (Fact("date", match.group(), match.start(), each) for each in meanings)
                text = text[: match.start()] + BLOT * len(match.group()) + text[match.end() :]


def _meant(said: dict[str, str | None]) -> Iterator[Meaning]:
    """Yield what a date may mean; nothing if there is no such day."""
    for m, d in [("b", "a"), ("a", "b")] if "a" in said else [("m", "d")]:
        year, month, day = (_read(said.get(key) or "") for key in ("y", m, d))
        if month <= len(_MONTHS) and day <= _LAST_DAY and month >= bool(said.get(m)) and day >= bool(said.get(d)):
            yield ("date", year, month, day)
            if not month:  # "1000年" may be a span of time, and "6日" six days
                yield ("number", Decimal(year or day))


def _read(text: str) -> int:
    """Return the value of a numeral or of the name of a month; of nothing, 0."""
    month = text[:3].casefold()
    return _MONTHS.index(month) + 1 if month in _MONTHS else count(text)
