"""Two runs held against each other question by question; one run held against bars."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.scorers import ALL
from eval.statistics import paired
from eval.types import mean
from rag.errors import ConfigError, DataMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from eval.store import RunFolder
    from eval.types import Over, Value

# What a question's flip is told by: whether it was right, else whether the right document came first.
_FLIPS = ("accuracy", "R@1")


@dataclass(frozen=True, slots=True)
class Change:
    """What one measure came to in both runs, over the `n` questions to which it applies in both.

    `low` and `high` bound the difference (other − one) with 95 %; it counts where they exclude 0.
    """

    name: str
    better: str
    one: float
    other: float
    difference: float
    low: float
    high: float
    counts: bool
    n: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """All measures of two runs, and the questions that went from right to wrong (`lost`) and back (`won`), by id."""

    one: str
    other: str
    questions: int
    changes: tuple[Change, ...]
    lost: tuple[str, ...]
    won: tuple[str, ...]


def compare(one: RunFolder, other: RunFolder) -> Comparison:
    """Compare two runs of a task over the questions of both.

    Raises:
        DataMissing: one is no finished run, or they have no question in common.
    """
    ours, theirs = _Columns.of(one), _Columns.of(other)
    shared = ours.questions & theirs.questions
    if ours.task != theirs.task or not shared:
        raise DataMissing(f"{one.path} ({ours.task}) and {other.path} ({theirs.task}) share no question of one task.")
    overs = {column.name: column.over for scorer in ALL for column in scorer([], {})}
    changes = [
        change
        for name in ours.values
        if name in theirs.values and (change := _change(name, ours, theirs, over=overs.get(name, mean)))
    ]
    told_by = next((name for name in _FLIPS if name in ours.values and name in theirs.values), None)
    before, after = (columns.values[told_by] if told_by else {} for columns in (ours, theirs))
    judged = [key for key, value in before.items() if value is not None and after.get(key) is not None]
    return Comparison(
        one=str(one.path),
        other=str(other.path),
        questions=len(shared),
        changes=tuple(changes),
        lost=tuple(key for key in judged if before[key] == 1 and after[key] != 1),
        won=tuple(key for key in judged if before[key] != 1 and after[key] == 1),
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    """The values of a run by measure and question."""

    task: str
    questions: frozenset[str]
    values: Mapping[str, Mapping[str, Value | None]]
    better: Mapping[str, str]

    @classmethod
    def of(cls, run: RunFolder) -> _Columns:
        scores = run.scores()
        columns, ids = scores["columns"], scores["ids"]
        values = {name: dict(zip(ids, column["values"], strict=True)) for name, column in columns.items()}
        return cls(run.facts()["task"], frozenset(ids), values, {name: c["better"] for name, c in columns.items()})


def _change(name: str, ours: _Columns, theirs: _Columns, *, over: Over) -> Change | None:
    """Compare one measure; None where it applies to no question of both."""
    before, after = ours.values[name], theirs.values[name]
    both = [key for key, value in before.items() if value is not None and after.get(key) is not None]
    found = paired(before, after, over=over)
    if found.value is None or found.low is None or found.high is None:
        return None
    one, other = (over(np.array([values[key] for key in both], dtype=np.float64)) for values in (before, after))
    return Change(name, ours.better[name], one, other, found.value, found.low, found.high, found.counts, found.n)


def parse_bars(bars: Iterable[str]) -> dict[str, float]:
    """Read bars as they are typed: `refusal F1=0.8`.

    Raises:
        ConfigError: one has no name or no number.
    """
    parsed = {}
    for bar in bars:
        name, _, value = bar.rpartition("=")
        try:
            parsed[name.strip()] = float(value)
        except ValueError:
            name = ""
        if not name:
            raise ConfigError(f"--fail-under {bar!r} is no bar; write it as --fail-under 'refusal F1=0.8'.")
    return parsed


def worse_than(scores: Sequence[Mapping[str, Any]], bars: Mapping[str, float]) -> Iterator[str]:
    """Yield a line for each bar that a run's scores do not reach; where lower is better, a bar is a ceiling.

    Raises:
        ConfigError: a bar names no score of the run.
    """
    found = {score["name"]: score for score in scores}
    for name, bar in bars.items():
        if name not in found:
            near = difflib.get_close_matches(name, found, n=1, cutoff=0)[0]
            raise ConfigError(f"this run has no score {name!r}; did you mean {near!r}?")
        value, lower = found[name]["value"], found[name]["better"] == "lower"
        if value is None:
            yield f"{name} does not apply to any question of this run, so it cannot reach {bar:g}"
        elif (value > bar) if lower else (value < bar):
            yield f"{name} is {value:.3f}, {'above' if lower else 'below'} {bar:g}"
