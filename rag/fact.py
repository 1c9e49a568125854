"""What the parts of the guard share: the fact, and the signs that words and numbers are looked for among."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["number", "percentage", "money", "date", "name", "quote"]
# ("number", 5), ("%", 5), ("USD", 5), ("date", year, month, day) with 0 for what is unsaid
Meaning = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a text states, in its own words from the character `start` on.

    `meanings` are the values that the words may have, compared as they are: one, but for "3/6/2024" (March or June) or
    "20" in "20-30%". A fact that is not `certain` may be a mere word ("one of them", "first", "十分"): it bears what
    others state and need not be borne itself.
    """

    kind: Kind
    text: str
    start: int
    meanings: frozenset[Meaning]
    certain: bool = True


# What makes a text plain. One character for one, so that offsets stay: full-width forms, hyphens, spaces, apostrophes.
PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
PLAIN |= dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2212, 0xFE63), ord("-"))
PLAIN |= dict.fromkeys((0xA0, 0x2002, 0x2003, 0x2007, 0x2009, 0x202F, 0x3000), ord(" "))
PLAIN |= {0x2018: ord("'"), 0x2019: ord("'"), 0x02BC: ord("'"), 0xFFE5: ord("¥"), 0x25CB: ord("〇")}
BLOT = "\x1f"
HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff"
FROM, TO = rf"(?<![^\W\d_{HAN}])", rf"(?![^\W\d_{HAN}])"  # no letter goes before, or comes after
_OPENING = re.compile(r"(?:^|[.!?:;…。！？：；\n\"'“”‘’「『(\[*•#-])\s*$")


def blotted(text: str, found: Iterable[Fact]) -> str:
    """Return a text of the same length in which nothing more is found where the facts stand."""
    for fact in found:
        end = fact.start + len(fact.text)
        text = text[: fact.start] + BLOT * len(fact.text) + text[end:]
    return text


def opens(text: str, start: int) -> bool:
    """Tell whether a sentence, or something like one, begins here."""
    return bool(_OPENING.search(text, max(0, start - 3), start)) if start else True
