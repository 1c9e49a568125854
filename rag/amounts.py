"""The numbers that a text names, in digits and words of English and Chinese, with their units.

A value has one form however it is written: "2.5 million", "2,500,000" and "二百五十万" are the same. Dates are
blotted out before, so that their days are no numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from rag.fact import FROM, HAN, TO, Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rag.fact import Kind, Meaning

_SMALL = {"a": 1, "an": 1, "零": 0, "〇": 0, "两": 2, "兩": 2} | {c: n for n, c in enumerate("一二三四五六七八九", 1)}
_SMALL |= {word: n for n, word in enumerate(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen""".split()
)}  # fmt: skip
_SMALL |= {word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_UNIT = {"hundred": 100, "dozen": 12, "dozens": 12, "十": 10, "百": 100, "千": 1000}
_SCALE = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "mn": 6, "bn": 9, "tn": 12, "k": 3, "m": 6, "b": 9}
_SCALE |= {"万": 4, "萬": 4, "亿": 8, "億": 8, "兆": 12}
_IRREGULAR = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
_IRREGULAR |= {"twelve": "twelfth"}
_ORDINAL = {
    _IRREGULAR.get(word, word.removesuffix("y") + "ie" * word.endswith("y") + "th"): Decimal(value)
    for word, value in [*_SMALL.items(), ("hundred", 100), ("thousand", 1000), ("million", 10**6)]
    if word.isascii() and len(word) > len("an")
}


def _either(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_LARGE = "hundred|thousand|million|billion|trillion"
_PART = re.compile(
    rf"""(?:(?<![^\W_{HAN}])|(?<=RMB|USD|EUR|GBP|CNY|JPY|HKD))(?P<digits>
        \d+(?:\.\d+){{2,}} | (?:\d{{1,3}}(?:,\d{{3}})+(?!\d) | \d{{1,3}}(?:[ ']\d{{3}})+(?!\d) | \d+)(?:\.\d+)? | \.\d+
        )(?P<th>(?:st|nd|rd|th){TO})?
    | (?P<letters>(?<=\d)\ ?(?:bn|mn|tn|[kmb]){TO})
    | {FROM}(?P<word>an?(?=[ ](?:dozen|{_LARGE})\b)|[a-z]{{3,}}){TO}
    | (?P<point>[零〇一二三四五六七八九十]+点[零〇一二三四五六七八九]+(?![十百]))
    | (?P<han>[零〇一二三四五六七八九两兩十百千万萬亿億兆])""",
    re.IGNORECASE | re.VERBOSE,
)
_TEN, _DOZEN, _HUNDRED = 10, 12, 100
_TENS = frozenset(range(20, 100, 10))
_BETWEEN = re.compile(r"[\s-]+(and\s+)?", re.IGNORECASE)
_LARGE_NEXT = re.compile(rf"[\s-]+(?:[a-z]+[\s-]+)?({_LARGE})", re.IGNORECASE)
# What may follow a single Chinese numeral that counts something; elsewhere it may be a part of a word.
_COUNTED = frozenset("个名位人年月天次项条种家倍届岁国省市号层座件份吨米克里句章步轮场只台艘架辆本篇册页秒周日时度部")
_EXACT = Context(prec=60, traps=[])  # no number is too long to be read


class _Part(NamedTuple):
    """A piece of a number: "23", "twenty", "万"."""

    kind: Literal["digits", "small", "ordinal", "unit", "scale", "code"]
    value: Decimal
    start: int
    end: int
    han: bool


@dataclass(slots=True)
class _Number:
    """A number in the text, from its first to its last character, unit and all; `scale` is its last "million"."""

    start: int
    end: int
    value: Decimal
    scale: Decimal
    units: tuple[str, ...]
    certain: bool
    also: frozenset[Meaning] = frozenset()


def numbers(text: str) -> Iterator[Fact]:
    """Yield the numbers of a plain text, in order and with their units: amounts, percentages, sums of money.

    >>> [(fact.kind, fact.text) for fact in numbers("2.5 million, up 5%, for US$3bn")]
    [('number', '2.5 million'), ('percentage', '5%'), ('money', 'US$3bn')]
    """
    found = list(_read(text))
    for a, b in pairwise(found):  # "20-30%", "$2-3 million": what is said once holds for both
        if _RANGE.fullmatch(text, a.end, b.start) and {a.units, b.units} & {("number",)} and a.units != b.units:
            units = b.units if a.units == ("number",) else a.units
            a.also = frozenset((unit, value) for unit in units for value in (a.value, a.value * b.scale))
            b.also = frozenset((unit, b.value) for unit in units)
        elif _RANGE.fullmatch(text, a.end, b.start) and a.scale == 1 != b.scale:
            a.also = frozenset((unit, a.value * b.scale) for unit in a.units)
    for n in found:
        kind: Kind = "percentage" if n.units[0] in {"%", "points"} else "money" if n.units[0].isupper() else "number"
        own: set[Meaning] = {(unit, n.value) for unit in n.units}
        if re.fullmatch(r"(?:1\d|20)\d\d", text[n.start : n.end]):
            own.add(("date", int(n.value), 0, 0))
        yield Fact(kind, text[n.start : n.end], n.start, n.also | own, n.certain)


def _read(text: str) -> Iterator[_Number]:
    groups: list[list[_Part]] = []
    for part in _parts(text):
        if groups and _joins(text, groups[-1][-1], part):
            groups[-1].append(part)
        else:
            groups.append([part])
    for parts in groups:
        first, last = parts[0], parts[-1]
        counts = any(part.kind in {"digits", "small", "ordinal", "code"} for part in parts) or first.value == _TEN
        if not counts and not (first.han and len(parts) > 1):
            continue  # "hundreds", "百": no number
        ordinal = last.kind == "ordinal" or text[: first.start].endswith("第")
        start, end, units = _unit(text, first.start, last.end)
        certain = units != ("number",) or _is_certain(text, parts, ordinal=ordinal)
        units = (text[first.start : first.end],) if first.kind == "code" else ("ordinal",) if ordinal else units
        scale = last.value if last.kind == "scale" else Decimal(1)
        yield _Number(start, end, _value(parts), scale, units, certain)


def _parts(text: str) -> Iterator[_Part]:
    for match in _PART.finditer(text):
        word, kind = match.group().strip().casefold(), match.lastgroup
        where = (*match.span(), kind in {"han", "point"})
        if kind in {"digits", "th"}:
            digits = re.sub(r"[, ']", "", match["digits"])
            code = digits.count(".") > 1  # a version or an address
            value = Decimal(digits.replace(".", "")) if code else Decimal(digits)
            yield _Part("code" if code else "ordinal" if match["th"] else "digits", value, *where)
        elif kind == "point":
            whole, _, rest = word.partition("点")
            yield _Part("digits", Decimal(f"{count(whole)}.{''.join(str(_SMALL[c]) for c in rest)}"), *where)
        elif word in _SCALE:
            if len(word) > 1 or kind == "han" or _has_currency(text, match.start(), match.end()):
                yield _Part("scale", Decimal(10) ** _SCALE[word], *where)
        elif word in _UNIT:
            yield _Part("unit", Decimal(_UNIT[word]), *where)
        elif word in _ORDINAL:
            yield _Part("ordinal", _ORDINAL[word], *where)
        elif word in _SMALL:
            yield _Part("small", Decimal(_SMALL[word]), *where)


def _joins(text: str, a: _Part, b: _Part) -> bool:
    """Tell whether two pieces belong to one number."""
    gap = text[a.end : b.start]
    large = b.kind in {"unit", "scale"} and a.kind not in {"ordinal", "code"}
    if b.han:
        return gap in ({"", " ", "多", "余", "几"} if large else {""}) and (a.han or large)
    if a.han:
        return b.kind == "digits" and a.kind == "scale" and not gap  # "3亿5000万"
    linked = _BETWEEN.fullmatch(gap)
    if not linked:
        return large and not gap and a.kind == "digits"  # "2bn"
    return large and not linked[1] if b.kind in {"unit", "scale"} else _adds(text, a, b, linked=bool(linked[1]))


def _adds(text: str, a: _Part, b: _Part, *, linked: bool) -> bool:
    """Tell whether an English word goes on with a number: "twenty" + "three", "hundred" + "and" + "five"."""
    if b.kind not in {"small", "ordinal"}:
        return False
    if a.kind in {"unit", "scale"}:
        following = _LARGE_NEXT.match(text, b.end) if linked else None
        size = _sized(following[1].casefold()) if following else 0
        # "a hundred and two thousand" is one number, "a thousand and two thousand" are two.
        return a.value != _DOZEN and (size < a.value or (a.value == _HUNDRED and size > _HUNDRED))
    ones = a.value in _TENS and 1 <= b.value < _TEN
    year = _TEN <= a.value <= 2 * _TEN <= b.value + _TEN and b.kind == "small"  # "nineteen eighty", "twenty ten"
    return a.kind == "small" and not linked and (ones or year)


def _sized(word: str) -> int:
    return int(10 ** _SCALE[word]) if word in _SCALE else _UNIT[word]


def _value(parts: list[_Part]) -> Decimal:
    """Return what the pieces of one number come to."""
    if len(parts) == 1:
        return parts[0].value
    if all(part.han and part.kind == "small" for part in parts):  # "二〇二四"
        return Decimal("".join(str(part.value) for part in parts))
    total = section = Decimal(0)
    now: Decimal | None = None
    last = Decimal("Infinity")
    with localcontext(_EXACT):
        for part in parts:
            if part.kind == "unit":
                section, now = section + (1 if now is None else now) * part.value, None
            elif part.kind == "scale":
                amount = section + (now or 0) or Decimal(not total)
                total = (total + amount) * part.value if part.value > last else total + amount * part.value
                section, now, last = Decimal(0), None, part.value
            elif part.kind == "ordinal" and part.value >= _HUNDRED:
                section, now = (section + (now or 0)) * part.value, None
            elif now is None or part.han:
                now = part.value
            else:
                now = now + part.value if part.value < _TEN else now * _HUNDRED + part.value
        return total + section + (now or 0)


def count(text: str) -> int:
    """Return the whole number that digits or Chinese numerals write; of nothing, 0.

    >>> [count(text) for text in ("06", "二〇二四", "三十一", "")]
    [6, 2024, 31, 0]
    """
    return int(text) if text.isdecimal() else int(_value(list(_parts(text)))) if text else 0


def _is_certain(text: str, parts: list[_Part], *, ordinal: bool) -> bool:
    """Tell whether a bare number is surely one, and not a word such as "one", "first", "一些" or "十分"."""
    first, last = parts[0], parts[-1]
    if not first.han:
        marker = text[: first.start].endswith("[") and text[last.end :].startswith("]")  # "[1]" names a source
        return not marker and (first.kind == "digits" or len(parts) > 1 or first.value > (2 if ordinal else 1))
    if len(parts) == 1:
        counted = ordinal or text[last.end : last.end + 1] in _COUNTED
        return first.kind == "digits" or (counted and bool(text[last.end :]) and first.value > 1)
    if all(part.kind == "small" for part in parts):
        return len(parts) > len("七八")  # about seven or eight
    return first.kind in {"small", "digits"} or first.value == _TEN  # not "万一"


_CURRENCIES = {
    "$": "USD", "us$": "USD", "usd": "USD", "dollar": "USD", "us dollar": "USD", "u.s. dollar": "USD",
    "american dollar": "USD", "美元": "USD", "美金": "USD", "€": "EUR", "eur": "EUR", "euro": "EUR", "欧元": "EUR",
    "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds sterling": "GBP", "英镑": "GBP", "¥": "CNY JPY", "rmb": "CNY",
    "cny": "CNY", "yuan": "CNY", "renminbi": "CNY", "元": "CNY", "人民币": "CNY", "元人民币": "CNY", "yen": "JPY",
    "jpy": "JPY", "日元": "JPY", "hk$": "HKD", "hkd": "HKD", "hong kong dollar": "HKD", "港元": "HKD", "港币": "HKD",
    "a$": "AUD", "australian dollar": "AUD", "澳元": "AUD", "c$": "CAD", "canadian dollar": "CAD", "加元": "CAD",
    "nt$": "TWD", "s$": "SGD", "singapore dollar": "SGD", "₹": "INR", "rupee": "INR", "卢比": "INR", "₽": "RUB",
    "rouble": "RUB", "ruble": "RUB", "卢布": "RUB", "₩": "KRW", "韩元": "KRW", "swiss franc": "CHF", "瑞士法郎": "CHF",
}  # fmt: skip
_CURRENCY = re.compile(rf"{FROM}(?:{_either(_CURRENCIES)})\s?\Z", re.IGNORECASE)
_IN_CURRENCY = re.compile(
    rf"[\s-]?({_either(c for c in _CURRENCIES if c.isalpha() or ' ' in c)})(?:e?s)?{TO}", re.IGNORECASE
)
_PERCENT = re.compile(rf"\s?(?:percentage[\s-]points?|个百分点)|[\s-]?(?:%|(?:per\s?cent|pct){TO})", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:-|—|~|to|and|or|through|至|到|和|或|、)\s*", re.IGNORECASE)
_SYMBOL_CHARS = 6  # a currency before its sum


def _unit(text: str, start: int, end: int) -> tuple[int, int, tuple[str, ...]]:
    """Return where a number with its unit begins and ends, and what the unit may be."""
    if text.endswith("百分之", 0, start):
        return start - len("百分之"), end, ("%",)
    if after := _PERCENT.match(text, end):
        return start, after.end(), ("points" if "点" in after[0] or "oint" in after[0].casefold() else "%",)
    before = _CURRENCY.search(text[max(0, start - _SYMBOL_CHARS) : start])
    after = _IN_CURRENCY.match(text, end)
    if before:
        start -= len(before[0])
    if after:
        end = after.end()
    if not (before or after):
        return start, end, ("number",)
    said = after[1] if after else before[0].strip() if before else ""
    return start, end, tuple(_CURRENCIES[re.sub(r"\s+", " ", said.casefold())].split())


def _has_currency(text: str, start: int, end: int) -> bool:
    """Tell whether the "m" after a number is for million: "$2m", "2m yuan"."""
    before = re.search(r"[\d.,]+\Z", text[max(0, start - 20) : start])
    return _unit(text, start - len(before[0]) if before else start, end)[2][0].isupper()
