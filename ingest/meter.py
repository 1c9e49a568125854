"""How far a work has come, for whoever wants to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    # Called with how many files are done, how many there are, the one at hand, and how many passages are embedded. What
    # it raises ends the work; what is in the index by then stays.
    Progress = Callable[[int, int, str, int], None]


class Meter:
    """Counts files as their turn comes, and passages as they are embedded."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._reached = 0
        self._name = ""
        self._n_passages = 0

    def reach(self, name: str) -> None:
        """Tell that the turn of a file has come, and so that those before it are done."""
        self._reached += 1
        self._total = max(self._total, self._reached)  # an archive is one file and may hold many
        self._name = name
        self._tell(self._reached - 1)

    def embed(self, n_passages: int) -> None:
        """Tell that so many more passages are embedded."""
        self._n_passages += n_passages
        self._tell(self._reached - 1)

    def end(self) -> None:
        """Tell that all is done."""
        self._name = ""
        self._tell(self._total)

    def _tell(self, done: int) -> None:
        if self._progress:
            self._progress(done, self._total, self._name, self._n_passages)
