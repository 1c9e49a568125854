"""Work that takes a while: done in a thread, and followed step by step.

This module knows neither the page nor what the work is.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

from rag.errors import FootnoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    # How much is done, of how much, what is at hand, and how many passages are embedded.
    Progress = Callable[[int, int, str, int], None]

T = TypeVar("T")
State = Literal["waiting", "reading", "read", "added", "updated", "unchanged", "renamed", "removed", "failed", "done"]
_PAUSE_S = 0.15  # between two looks: a page that changes faster cannot be read


@dataclass(frozen=True, slots=True)
class Step:
    """One file or document of a job, under the name that people know it by, and a remark or reason."""

    name: str
    state: State
    words: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """How far a job has come: `done` of `total`, and each of its steps. `trouble` is what ended it as a whole.

    `n_passages` have been embedded in the `seconds` since it began.
    """

    steps: tuple[Step, ...] = ()
    done: int = 0
    total: int = 0
    over: bool = False
    trouble: str = ""
    n_passages: int = 0
    seconds: float = 0.0


def in_words(error: Exception) -> FootnoteError:
    """Return an error that is for people as it is, and of any other its kind and its words; the log has the rest."""
    if isinstance(error, FootnoteError):
        return error
    logging.getLogger(__name__).error("unexpected", exc_info=error)
    return FootnoteError(f"{type(error).__name__}: {error}")


class Stopped(FootnoteError):
    """The person who followed a job has ended it."""


class Follower:
    """Follows one job at a time, and can end it.

    A job goes on to its end when nobody follows it any more, so that a reload of the page breaks nothing.
    """

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End the job when it next tells of its progress."""
        self._stopping.set()

    def follow(self, work: Callable[[Progress], T], show: Callable[[int, int, str], Job]) -> Generator[Job, None, T]:
        """Do the work, yielding what `show` makes of its progress each time that it has moved; return its result.

        Raises:
            Stopped: it was ended. Whatever else the work raises comes through as well.
        """
        self._stopping.clear()
        future: Future[T] = Future()
        shown = (0, 0, "", 0)
        told = [shown]
        started = time.monotonic()

        # wide: as it is called
        def progress(done: int, total: int, name: str, n_passages: int) -> None:
            if self._stopping.is_set():
                raise Stopped
            told[0] = (done, total, name, n_passages)

        def run() -> None:
            try:
                future.set_result(work(progress))
            except BaseException as error:  # noqa: BLE001 (raised again by whoever follows)
                future.set_exception(error)

        threading.Thread(target=run, name="footnote-job", daemon=True).start()
        while not wait([future], timeout=_PAUSE_S).done:
            if told[0] != shown:
                shown = told[0]
                yield replace(show(*shown[:3]), n_passages=shown[3], seconds=time.monotonic() - started)
        return future.result()
