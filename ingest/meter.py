"""How far a work has come, for whoever wants to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    # Called with how many files are done, how many there are, the one at hand, and how many passages are embedded. What
    # it raises ends the work; what is in the index by then stays.
    Progress = Callable[[int, int, str, int], None]


class Meter:
    """Remembers which file is at hand, and counts passages as they are embedded."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._name = ""
        self._n_passages = 0

    def reach(self, number: int, name: str) -> None:
        """Tell that the turn of a file, or of a document in it, has come; `number` files before it are done."""
        self._done, self._name = number, name
        self._tell()

    def embed(self, n_passages: int) -> None:
        """Tell that so many more passages are embedded."""
        self._n_passages += n_passages
        self._tell()

    def end(self) -> None:
        """Tell that all is done."""
        self._done, self._name = self._total, ""
        self._tell()

    def _tell(self) -> None:
        if self._progress:
            self._progress(self._done, self._total, self._name, self._n_passages)
