"""Reading ahead: several files at once, while those before them are embedded, and given out in the order they came in.

Files of risky kinds and large ones are read in sandboxes, one a core, each driven by a thread. Small texts are read by
one more thread of this process: they take milliseconds, so a process of their own would cost more than it saves. What
is read ahead is bounded in number and in bytes.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, NamedTuple, Self, TypeVar

from ingest.readers import RISKY
from ingest.sandbox import LIMIT_S, Sandbox, attempt
from rag.errors import DocumentError
from rag.models import n_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from ingest.sandbox import Reader
    from ingest.sources import Source

K = TypeVar("K")
T = TypeVar("T")

# A step of embedding takes some seconds and thirty articles; as many again must be ready when it ends.
_AHEAD = 48
_AHEAD_BYTES = 64 << 20
# The worst texts of this size (nothing but list items, headings, brackets) were read and split in 6 s on a busy
# machine. A larger one is read where it can be stopped.
_SMALL_BYTES = 256 << 10
# Each may take a gigabyte, and embedding keeps the other cores busy.
_MOST_SANDBOXES = 8


class Task(NamedTuple, Generic[K]):
    """A file, and whether it is to be read at all; one that is not keeps its place. `tag` comes back with it."""

    tag: K
    source: Source
    data: bytes
    wanted: bool = True


class _Pending(NamedTuple, Generic[K, T]):
    """A file that is being read, or waits for it, or has been read."""

    tag: K
    n_bytes: int
    future: Future[T | DocumentError] | None

    def outcome(self, turn: Callable[[K], None]) -> tuple[K, T | DocumentError | None]:
        """Wait for it."""
        turn(self.tag)
        return self.tag, self.future.result() if self.future else None


class Pool(Generic[T]):
    """A reader in several processes and a thread. Use it in a `with` block, whose end ends them all, however it comes.

    Args:
        reader: what reads a file; a function of a module, as for `Sandbox`.
        limit_s: how many seconds a file may take in a sandbox.
        n_sandboxes: how many files of risky kinds are read at once; as many as there are cores by default, at most 8.
    """

    def __init__(self, reader: Reader[T], *, limit_s: float = LIMIT_S, n_sandboxes: int | None = None) -> None:
        n_sandboxes = n_sandboxes or min(n_cores(), _MOST_SANDBOXES)
        self._reader = reader
        self._boxes = [Sandbox(reader, limit_s=limit_s) for _ in range(n_sandboxes)]
        self._free: SimpleQueue[Sandbox[T]] = SimpleQueue()
        for box in self._boxes:
            self._free.put(box)
        self._apart = ThreadPoolExecutor(n_sandboxes, thread_name_prefix="pool-apart")
        self._here = ThreadPoolExecutor(1, thread_name_prefix="pool-here")

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the processes at once, then the threads."""
        for box in self._boxes:
            box.stop()
        for threads in (self._apart, self._here):
            threads.shutdown(cancel_futures=True)
        for box in self._boxes:
            box.__exit__(kind, error, traceback)

    def read(
        self, tasks: Iterable[Task[K]], *, turn: Callable[[K], None] = lambda _: None
    ) -> Iterator[tuple[K, T | DocumentError | None]]:
        """Yield for each task its tag and what its file came to: what the reader made of it, or why it made nothing.

        Tasks are taken in while there is room, and come out in their order. A file that takes long delays what comes
        after it only when nothing more may be read ahead. `turn` is told a tag before its file is waited for. Of a file
        that is not wanted, nothing comes.
        """
        pending: deque[_Pending[K, T]] = deque()
        n_bytes = 0
        try:
            for task in tasks:
                while pending and (len(pending) >= _AHEAD or n_bytes + len(task.data) > _AHEAD_BYTES):
                    n_bytes -= pending[0].n_bytes
                    yield pending.popleft().outcome(turn)
                future = self._start(task.source, task.data) if task.wanted else None
                pending.append(_Pending(task.tag, len(task.data), future))
                n_bytes += len(task.data)
            while pending:
                yield pending.popleft().outcome(turn)
        finally:
            for one in pending:
                if one.future:
                    one.future.cancel()

    def _start(self, source: Source, data: bytes) -> Future[T | DocumentError]:
        is_simple = source.path.suffix.lower() not in RISKY and len(data) <= _SMALL_BYTES
        return (
            self._here.submit(self._read_here, source, data)
            if is_simple
            else self._apart.submit(self._read_apart, source, data)
        )

    def _read_here(self, source: Source, data: bytes) -> T | DocumentError:
        made = attempt(self._reader, data, path=source.path, source=source.name)
        return DocumentError(made) if isinstance(made, str) else made

    def _read_apart(self, source: Source, data: bytes) -> T | DocumentError:
        box = self._free.get()
        try:
            return box.read(data, source.path, source=source.name)
        except DocumentError as error:
            return error
        finally:
            self._free.put(box)
