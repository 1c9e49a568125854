"""An evaluation as the page runs it: which questions there are, and a run in a thread of its own.

    gold file ─ look_at ─► Checked          what may be asked, and what is wrong, line by line
    Plan ─ Trial.start ─► thread ─► Standing, and in the end the folder of a run

Runs are made and stored as `footnote eval` makes and stores them, in the same places, so either goes on with what the
other began. Nothing here knows of the page.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self
from weakref import WeakKeyDictionary

from eval.gold import check
from eval.run import DEFAULT_RUNS, limited, run
from eval.store import RunFolder
from eval.tasks import own
from eval.tasks.corpus import GOLD
from rag.errors import GoldError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from eval.types import Split
    from rag.config import Config
    from rag.types import Document

    Phase = Literal["opening", "asking", "scoring", "done", "stopped", "failed"]

# A gold file is some hundred bytes a question; one larger than this is something else.
MOST_BYTES = 5_000_000
_MOST_RUNS = 30
_BENCHES: WeakKeyDictionary[object, Bench] = WeakKeyDictionary()
# How the solver of a run tells of a question, which is done when it tells of the next one.
_ASKING = "asking "


@dataclass(frozen=True, slots=True)
class Checked:
    """What a gold file holds: its questions by split ("" for those without one), and what is wrong, line by line.

    `strange` counts the questions that are sound by themselves, but cite words that no document of the index holds.
    """

    splits: dict[str, int]
    problems: tuple[str, ...] = ()
    strange: int = 0

    @property
    def questions(self) -> int:
        """How many questions are sound by themselves."""
        return sum(self.splits.values())


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be asked: a gold file, one of its splits (None: all of it), at most so many questions (None: all)."""

    gold: Path
    split: Split | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run is: `done` of `total` questions, and the `left` seconds, None while nothing tells."""

    phase: Phase
    done: int = 0
    total: int = 0
    left: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.phase in {"done", "stopped", "failed"}


def gold_files() -> dict[str, Path]:
    """Return the gold files that ship, by name."""
    return {file.name: file for file in sorted(GOLD.parent.glob("*.jsonl"))}


def look_at(path: Path, documents: Sequence[Document] | None = None) -> Checked:
    """Check a gold file; without documents, its evidence is not looked for.

    Where lines are wrong in themselves, their problems come alone: what they cite is looked for when they are mended.

    Raises:
        GoldError: it cannot be read, or is too large to be one.
    """
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        raise GoldError(
            f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB; a file of gold questions is smaller."
        )
    try:
        gold = check(path)
        found = gold if documents is None or gold.problems else check(path, documents)
    except GoldError as error:
        raise GoldError(_short(str(error), path)) from error
    splits = Counter(example.split for example in gold.examples)
    problems = tuple(_short(problem, path) for problem in found.problems)
    return Checked(dict(splits), problems, len(gold.examples) - len(found.examples))


def _short(problem: str, path: Path) -> str:
    """Name a file by its last part: where an upload lies is nothing to its owner."""
    return problem.replace(str(path), path.name)


class _Stopped(Exception):
    """Somebody stopped the run."""


class Trial:
    """One run in a thread of its own. Safe to ask from several threads; started once.

    What was asked before it was stopped is kept: the same plan goes on from there.
    """

    def __init__(self, plan: Plan, *, config: Config, runs: Path = DEFAULT_RUNS) -> None:
        """Plan a run of the index of these settings."""
        self.plan = plan
        self._config = config
        self._runs = runs
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._run, name="footnote-eval", daemon=True)
        self._standing = Standing("opening")
        self._began: tuple[float, int] | None = None
        self._folder: RunFolder | None = None
        self._error: Exception | None = None

    def start(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End it as soon as the question at hand is answered."""
        self._halt.set()

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._halt.is_set()

    @property
    def standing(self) -> Standing:
        """How far it is."""
        return self._standing

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is over, but no longer than so many seconds; tell whether it is."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> RunFolder:
        """Return the folder of the run, when it is done.

        Raises:
            FootnoteError: what went wrong.
            RuntimeError: it is not over, or was stopped.
        """
        if self._error is not None:
            raise self._error
        if self._folder is None:
            raise RuntimeError(f"the run has no result: it is {self._standing.phase}.")
        return self._folder

    def _run(self) -> None:
        try:
            task = limited(own(self.plan.gold, self._config, split=self.plan.split), self.plan.limit)
            self._folder = run(task, config=self._config, runs=self._runs, progress=self._hear)
        except _Stopped:
            self._standing = replace(self._standing, phase="stopped", left=None)
        except Exception as error:  # noqa: BLE001 (raised where the result is asked for)
            self._error = error
            self._standing = replace(self._standing, phase="failed", left=None)
        else:
            self._standing = replace(self._standing, phase="done", left=None)

    def _hear(self, done: int, total: int, what: str) -> None:
        if self._halt.is_set():
            self._standing = Standing("asking", done, total)
            raise _Stopped
        now = time.monotonic()
        if not what.startswith(_ASKING):
            self._standing = Standing("scoring", done, total)
            return
        self._began = self._began or (now, done)
        since, before = self._began
        left = (now - since) / (done - before) * (total - done) if done > before else None
        self._standing = Standing("asking", done, total, left)


class Bench:
    """Where an index is measured: one run at a time, which all pages see."""

    def __init__(self) -> None:
        self.trial: Trial | None = None
        self._beginning = threading.Lock()

    def begin(self, plan: Plan, *, config: Config) -> Trial:
        """Begin a run, unless one is under way; return the one that is."""
        with self._beginning:
            if self.trial is None or self.trial.standing.is_over:
                self.trial = Trial(plan, config=config).start()
            return self.trial


def bench_of(workspace: object) -> Bench:
    """Return the bench of a workspace, the same one to all that ask; it goes with the workspace."""
    return _BENCHES.setdefault(workspace, Bench())


def at_root(config: Config, root: Path) -> Config:
    """Return the settings for the index in a folder."""
    return replace(config, index=str(root))


def runs_in(folder: Path = DEFAULT_RUNS) -> dict[str, RunFolder]:
    """Return the finished runs of a folder by name, the newest first, no more than a list can show."""
    found = [RunFolder(path) for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    scored = [(run.scores_file.stat().st_mtime, run) for run in found if run.scores_file.is_file()]
    newest = sorted(scored, key=lambda pair: pair[0], reverse=True)
    return {run.path.name: run for _, run in newest[:_MOST_RUNS]}
