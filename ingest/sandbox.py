"""Reading in a process of its own, so that no file can hang, exhaust or crash the process that asks.

A `Sandbox` keeps one child alive over many files and replaces it when a file kills it. Parent and child speak pickles
over the pipes of a subprocess that runs `serve`. multiprocessing, and with it pebble, would import the caller's
`__main__` again: that fails for a script from stdin and runs a script without a main guard twice.

The sandbox holds against files that break a reader, not against one that takes the reader over: the child has the
rights of the parent.
"""

from __future__ import annotations

import contextlib
import faulthandler
import math
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event, Timer
from typing import TYPE_CHECKING, BinaryIO, Generic, Protocol, Self, TypeVar, cast

from ingest.guard import brief
from rag.errors import DocumentError

if TYPE_CHECKING:
    from types import TracebackType

LIMIT_S = 20.0
LIMIT_GB = 1

# The child's imports are not charged to its first file; this is for a machine that is very busy.
_START_S = 60.0
# How much longer than the limit a child may live that its parent is no longer there to kill.
_ORPHAN_S = 2.0
# What a library leaks, or breaks without dying of it, is carried on to so many files; a new child costs half a second.
_FILES = 200
# The exit code of a child that ran out of memory; it could be too short of it to say so in any other way.
_NO_MEMORY = 90
# The path of imports is the parent's: a child started with -m would import what lies in the working directory.
_START = "import sys; sys.path[:] = sys.argv[1:]; from ingest.sandbox import serve; serve()"
# Every thread of a numerical library reserves memory, which the limit would count; readers have no use for them.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Reader(Protocol[T_co]):
    """What runs in the child: a function of a module that can be imported, so not one of `__main__`."""

    def __call__(self, data: bytes, path: Path, *, source: str) -> T_co:
        """Turn the bytes of a file into a document, or into anything but a str; or raise DocumentError."""
        ...


class Sandbox(Generic[T]):
    """A reader in another process, with limits of time and memory. Use it in a `with` block, from one thread at a time.

    The child starts with the first file. It ends with the block, and with the parent, however that ends: at once where
    it is idle, else `_ORPHAN_S` after the limit of the file at hand.

    Only Linux enforces the limit of memory. On macOS and Windows the limit of time is the only one.

    Args:
        reader: what reads a file.
        limit_s: how many seconds a file may take.
    """

    def __init__(self, reader: Reader[T], *, limit_s: float = LIMIT_S) -> None:
        self._reader = reader
        self._limit_s = limit_s
        self._child: _Child | None = None
        self._stopped = False

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the child."""
        self._end()

    def stop(self) -> None:
        """Kill the child, whatever it does, and start no other. For a thread other than the one that reads."""
        self._stopped = True
        child = self._child
        if child:
            child.kill()

    def read(self, data: bytes, path: Path, *, source: str) -> T:
        """Return what the reader makes of a file.

        Raises:
            DocumentError: as the reader; or the file took too long, too much memory, or broke its reader.
        """
        try:
            answer = self._ready().ask((data, path, source), self._limit_s)
        except BaseException:  # Ctrl-C too: the answer that is still to come would be taken for the next file's
            self._end()
            raise
        if isinstance(answer, str):
            raise DocumentError(answer)
        return cast("T", answer)

    def _ready(self) -> _Child:
        """Return the child; a new one, where there is none or it has died since the last file."""
        if self._child is None or self._child.is_spent():
            self._end()
            try:
                self._child = _Child()
                if self._stopped:  # perhaps just now, by who saw no child yet
                    self._child.kill()
                self._child.ask((self._reader, self._limit_s), _START_S)
            except (OSError, DocumentError) as error:
                raise DocumentError("cannot be read: the process of its reader does not start") from error
        return self._child

    def _end(self) -> None:
        if self._child:
            self._child.end()
        self._child = None


class _Child:
    """The parent's end of a process that reads."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", _START, *map(os.path.abspath, sys.path)]
        self._process = subprocess.Popen(  # noqa: S603 (our own code under our own interpreter)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | _ONE_THREAD,
        )
        self._n_asked = 0
        self._requests = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)

    def is_spent(self) -> bool:
        """Tell whether it has died, or read enough."""
        return self._n_asked > _FILES or self._process.poll() is not None

    def ask(self, request: object, limit_s: float) -> object:
        """Return the child's answer to a request: a document, or the reason why there is none.

        Raises:
            DocumentError: it died over it, or did not answer in time and was killed.
        """
        self._n_asked += 1  # the first is no file
        expired = Event()

        def expire() -> None:
            expired.set()
            self._process.kill()

        # A timer, not a timeout of the read: it also covers the write, and Windows cannot wait on pipes.
        timer = Timer(limit_s, expire)
        timer.daemon = True
        timer.start()
        try:
            pickle.dump(request, self._requests)
            self._requests.flush()
            answer: object = pickle.load(self._answers)  # noqa: S301 (from our own child)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise DocumentError(_reason(self._process.wait(), limit_s, expired=expired.is_set())) from error
        finally:
            timer.cancel()
            timer.join()  # so that a timer that is just running out kills now, not during the next file
        return answer

    def kill(self) -> None:
        """Kill the process; who waits for its answer learns that it died."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process and wait for its end; nothing in it is worth keeping."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._requests, self._answers):
            with contextlib.suppress(OSError):  # part of a request was never taken
                pipe.close()


def _reason(code: int, limit_s: float, *, expired: bool) -> str:
    """Say why a process that ended with this exit code gave no document."""
    if expired:
        return f"took longer than {limit_s:g} s to read"
    if code == _NO_MEMORY:
        return f"needed more than {LIMIT_GB} GB of memory to read"
    return "made its reader crash"


def serve() -> None:
    """Read files until the parent closes the pipe: the child's main function."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the parent decides
    requests, answers = _take_pipes()
    _limit()
    answer: object = None
    code = 1
    try:
        reader, limit_s = pickle.load(requests)  # noqa: S301 (from our own parent)
        while True:
            pickle.dump(answer, answers)
            answers.flush()
            data, path, source = pickle.load(requests)  # noqa: S301
            # Ends this process should the parent be gone by then: a thread in C, which no loop of a reader holds up.
            faulthandler.dump_traceback_later(math.ceil(limit_s + _ORPHAN_S), exit=True)
            answer = attempt(reader, data, path=path, source=source)
            faulthandler.cancel_dump_traceback_later()
    except (EOFError, BrokenPipeError):  # the parent is done, or gone
        code = 0
    except MemoryError:
        code = _NO_MEMORY
    finally:
        os._exit(code)  # an ordinary exit would wait for threads that a reader has left


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the pipes away from stdin and stdout, where a library that reads or prints would disturb them."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return requests, answers


def _limit() -> None:
    """Bound the memory of this process, and leave no dump of it behind."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (LIMIT_GB << 30, LIMIT_GB << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # Where the machine itself has less, the system ends this process and not the one with the models.
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def attempt(reader: Reader[T], data: bytes, *, path: Path, source: str) -> T | str:
    """Return what a reader makes of a file, or the reason why it makes nothing."""
    try:
        return reader(data, path, source=source)
    except DocumentError as error:
        return str(error)
    except MemoryError:
        raise
    except RecursionError:
        return "is nested too deeply to read"
    except Exception as error:  # noqa: BLE001 (a fault of a reader costs its file, not the others)
        return f"made its reader fail: {type(error).__name__}: {brief(error)}"
