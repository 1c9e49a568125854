"""Processes that can be killed: each is forked from one that has imported everything and opened nothing.

Importing Chroma takes over a second, and a process that has opened a store cannot be forked. So a kill costs tenths of
a second instead of seconds.
"""

import multiprocessing
import os
import signal
import time
from contextlib import contextmanager

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["__main__", "tests.faults.warm"])
_PATIENCE_S = 120
# In a child, its way to the parent.
_pipes = []


class ChildFailed(Exception):
    """What went wrong in a child, as it would be printed there."""


def run(act, *values):
    """Do something in a child, and return what it returns."""
    with started(act, *values) as child:
        return child.result()


@contextmanager
def started(act, *values):
    """Start something in a child; on leaving, it is killed if it still runs."""
    child = Child(act, values)
    try:
        yield child
    finally:
        child.kill()


class Child:
    """A process that does one thing."""

    def __init__(self, act, values):
        self._mine, other = _FORKS.Pipe()
        self._process = _FORKS.Process(target=_child, args=(other, act, values), daemon=True)
        self._process.start()
        other.close()
        self.tells("begun")
        self.begun = time.monotonic()
        self.pid = self._process.pid

    @property
    def running(self):
        return self._process.is_alive()

    def tells(self, word):
        """Wait until it has told a word."""
        assert self._mine.poll(_PATIENCE_S), "the child hangs"
        assert self._mine.recv() == word

    def result(self):
        """Wait for the end, and return what came of it."""
        assert self._mine.poll(_PATIENCE_S), "the child hangs"
        try:
            failed, value = self._mine.recv()
        except EOFError as error:
            self._process.join()
            raise ChildFailed(f"the child ended with {self._process.exitcode}") from error
        if failed:
            raise ChildFailed(value)
        return value

    def wait(self):
        """Wait for the end, whatever it is; return the exit code, negative for a signal."""
        self._process.join(_PATIENCE_S)
        assert not self.running, "the child hangs"
        return self._process.exitcode

    def kill(self):
        """Kill it, and return whether it was still at work."""
        working = self.running and not self._mine.poll()
        self._process.kill()
        self._process.join()
        self._mine.close()
        return working


def tell(word):
    """Tell the parent something, from within a child."""
    _pipes[-1].send(word)


def _child(pipe, act, values):
    _pipes.append(pipe)
    pipe.send("begun")
    try:
        told = (False, act(*values))
    except Exception as error:  # noqa: BLE001 (the parent judges it)
        told = (True, f"{type(error).__name__}: {error}")
    pipe.send(told)


def end_now():
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)
