"""The words of the page in its two languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("en", "zh")


class Words:
    """One language of a table of words; each entry holds the English and the Chinese form.

    >>> Words({"ask": ("Ask", "提问")}, "zh")["ask"]
    '提问'
    """

    def __init__(self, table: Mapping[str, tuple[str, str]], language: str) -> None:
        self._table = table
        self._place = LANGUAGES.index(language)

    def __getitem__(self, name: str) -> str:
        """Return the words for a name."""
        return self._table[name][self._place]
