"""What is asked within: the choice of a person as filters, and filters in words."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from rag.text import format_date
from rag.types import Filters
from ui.catalogue import LANGUAGE_NAMES
from ui.wording import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMED = 3  # up to so many documents are named, more are counted

_WORDS = {
    "everywhere": ("Asking in all documents.", "在全部文档中提问。"),
    "within": ("Asking within: {}", "提问范围：{}"),
    "document": ("{} document", "{} 篇文档"),
    "documents": ("{} documents", "{} 篇文档"),
    "since": ("from {}", "{} 起"),
    "until": ("until {}", "{} 止"),
    "between": (", ", "，"),
    "or": (" or ", " 或 "),
}


def within(
    documents: Sequence[str], publishers: Sequence[str], *, languages: Sequence[str], days: tuple[str, str]
) -> Filters:
    """Make filters of what a person has chosen; `days` are the first and the last, as 2024-03-06 or blank.

    Raises:
        ValueError: a day is none, or the first is after the last.
    """
    first, last = (date.fromisoformat(day.strip()) if day.strip() else None for day in days)
    if first and last and first > last:
        raise ValueError(f"{first} is after {last}")
    return Filters(tuple(publishers), tuple(languages), first, last, tuple(documents))


def within_words(filters: Filters, titles: Sequence[str], *, language: str) -> str:
    """Say within what is asked, given the titles of the documents that are chosen.

    >>> within_words(Filters(publishers=("Xinhua",), published_from=date(2024, 3, 1)), [], language="en")
    'Asking within: Xinhua, from 1 March 2024'
    """
    words = Words(_WORDS, language)
    parts = []
    if filters.documents:
        n_documents = len(filters.documents)
        counted = words["document" if n_documents == 1 else "documents"].format(n_documents)
        parts.append(words["or"].join(titles) if 0 < len(titles) <= _NAMED else counted)
    parts += [words["or"].join(filters.publishers)] if filters.publishers else []
    parts += (
        [words["or"].join(LANGUAGE_NAMES.get(code, code) for code in filters.languages)] if filters.languages else []
    )
    days = (("since", filters.published_from), ("until", filters.published_to))
    parts += [words[name].format(format_date(day, language)) for name, day in days if day]
    return words["within"].format(words["between"].join(parts)) if parts else words["everywhere"]
