"""What a sentence states that can be looked up: numbers, dates, sums, names and quotations must stand in its sources.

No model is asked. A value is compared, not its spelling: "2.5 million" is "2,500,000" and "二百五十万". What stands may
still speak of something else: this says that a number was read somewhere, not that it was read rightly.
Names are compared letter by letter and are not translated: "Xi Jinping" is not borne by "习近平".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.amounts import numbers
from rag.dates import dates
from rag.fact import PLAIN, Fact, blotted
from rag.names import letters_of, names, quotes, words_of
from rag.text import format_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rag.types import Citation

__all__ = ["Fact", "facts", "missing", "shown", "told"]


def facts(text: str) -> list[Fact]:
    """List what a text states, in order.

    >>> [(fact.kind, fact.text) for fact in facts("In May 2024 Ada Li paid $2m for “the sea”, 5% up.")]
    [('date', 'May 2024'), ('name', 'Ada Li'), ('money', '$2m'), ('quote', '“the sea”'), ('percentage', '5%')]
    """
    plain = text.translate(PLAIN)
    found = _values(plain)
    # What has a unit is blotted out, so that US$ is no name; a plain number may be a part of one ("Two Sessions").
    plain = blotted(plain, (fact for fact in found if fact.kind != "number"))
    found += [*names(plain), *quotes(text)]
    spelled = (Fact(f.kind, text[f.start : f.start + len(f.text)], f.start, f.meanings, f.certain) for f in found)
    return sorted(spelled, key=lambda fact: fact.start)


def missing(sentence: str, shown: Sequence[str]) -> tuple[str, ...]:
    """Return what the sentence states and none of the texts bears, in its own words and order; empty if all stands.

    A number needs its value and unit: 5, 5% and $5 are three things. A date is borne by one that says as much or more
    ("March 2024" by "6 March 2024"). A name must stand whole, without regard to case, accents and possessives ("Xi" is
    borne by "Xi Jinping", not the reverse). A quotation must stand word for word; inside it nothing else is asked.

    >>> missing("Xi spoke for 13.5 hours in March.", ["On 6 March 2024 Xi Jinping spoke for 13 hours."])
    ('13.5',)
    """
    meanings = {meaning for text in shown for fact in _values(text.translate(PLAIN)) for meaning in fact.meanings}
    days = [meaning[1:] for meaning in meanings if meaning[0] == "date"]
    # A bar between the texts, so that nothing is put together from the end of one and the beginning of the next.
    words = " | ".join(words_of(text.translate(PLAIN)) for text in shown)
    letters = " | ".join(letters_of(text) for text in shown)

    def stands(fact: Fact) -> bool:
        for kind, *value in fact.meanings:
            if kind == "name" and f" {value[0]} " in words:
                return True
            if kind in {"quote", "han"} and all(f" {part} " in letters for part in value):
                return True
            if kind == "date" and any(all(a in {0, b} for a, b in zip(value, day, strict=True)) for day in days):
                return True
        return bool(fact.meanings & meanings)

    gone: list[str] = []
    end = 0  # of the last quotation
    for fact in facts(sentence):
        inside = fact.start < end
        end = max(end, fact.start + len(fact.text)) if fact.kind == "quote" else end
        if fact.certain and not inside and fact.text not in gone and not stands(fact):
            gone.append(fact.text)
    return tuple(gone)


def told(citations: Iterable[Citation]) -> list[str]:
    """List what is told of citations beside their quotes: title, publisher and day of each."""
    each = ((c.title, c.publisher, c.published and format_date(c.published)) for c in citations)
    return [text for texts in each for text in texts if text]


def shown(citations: Sequence[Citation]) -> list[str]:
    """List all that a reader sees of citations: the quotes, then what is told of them."""
    return [citation.quote for citation in citations] + told(citations)


def _values(plain: str) -> list[Fact]:
    """List dates and numbers; a date is blotted out first, so that its day is no number."""
    days = list(dates(plain))
    return days + list(numbers(blotted(plain, days)))
