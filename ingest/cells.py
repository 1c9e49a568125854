"""Cells of a spreadsheet as they are shown: percent, units and decimals of the number format, days as ISO."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

# One section of a number format, after what only aligns and colours: literal, digits, literal.
_LITERAL = r"(?:\"[^\"]*\"|\\.|\[\$[^\]]*\]|[^\"\\#0?.,%\[\]@*_;/EeGgyYmMdDhHsS])*"
_FORMAT = re.compile(
    rf"(?P<before>{_LITERAL})(?P<digits>[#0?,]+(?:\.(?P<places>[#0?]+))?)(?P<scale>,*)"
    rf"(?P<after>{_LITERAL}%?{_LITERAL})"
)
_ALIGNMENT = re.compile(r"_.|\*.|\[(?!\$)[^\]]*\]")
_CURRENCY = re.compile(r"\[\$([^\]-]*)[^\]]*\]")
_MIN_EXPONENT, _MAX_EXPONENT = -10, 20
_MAX_FORMAT = 255  # characters, Excel's own limit


class _Format(NamedTuple):
    before: str
    places: int
    factor: Decimal
    after: str


def show_cell(value: object, number_format: str = "General") -> str:
    """Write the value of a cell as a sheet shows it, without separators of thousands and zeros at the end.

    >>> show_cell(1.0), show_cell(0.125, "0.0%"), show_cell(1234.5, '[$€-407] #,##0.00')
    ('1', '12.5%', '€ 1234.5')
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _show_number(value, number_format)
    if isinstance(value, datetime):
        if not (value.hour or value.minute or value.second):
            return value.date().isoformat()
        return value.isoformat(sep=" ", timespec="seconds" if value.second else "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    return "" if value is None else str(value)


def _show_number(value: float, number_format: str) -> str:
    number = Decimal(f"{value:.15g}")  # the digits that a sheet keeps: 0.1 + 0.2 is 0.3
    form = _read_format(number_format)
    if not number.is_finite() or not form:
        return _plain(number)
    try:
        scaled = (number * form.factor).quantize(Decimal(1).scaleb(-form.places), ROUND_HALF_UP)
    except ArithmeticError:  # more digits than a Decimal has
        return _plain(number)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{form.before}{_plain(abs(scaled))}{form.after}".strip()


def _plain(number: Decimal) -> str:
    """Write a number without zeros at its end; with an exponent where its digits would be too many to read."""
    if not number.is_finite() or (number and not _MIN_EXPONENT < number.adjusted() < _MAX_EXPONENT):
        return str(number)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=1_000)
def _read_format(number_format: str) -> _Format | None:
    """Read the section of a number format for positive numbers; None where it shows the number as it is."""
    if len(number_format) > _MAX_FORMAT:
        return None
    section = re.match(r"(?:\"[^\"]*\"|\\.|[^;\"\\])*", number_format)
    found = _FORMAT.fullmatch(_ALIGNMENT.sub("", section[0]) if section else "")
    if not found:
        return None
    percent = "%" in re.sub(r"\"[^\"]*\"|\\.", "", found["after"])
    digits = found["digits"]
    thousands = len(found["scale"]) + (len(digits) - len(digits.rstrip(",")) if not found["places"] else 0)
    factor = Decimal(100 if percent else 1) / Decimal(1000) ** thousands
    return _Format(_literal(found["before"]), len(found["places"] or ""), factor, _literal(found["after"]))


def _literal(text: str) -> str:
    return re.sub(r"\"([^\"]*)\"|\\(.)", r"\1\2", _CURRENCY.sub(r"\1", text))
