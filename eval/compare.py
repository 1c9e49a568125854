"""Two runs compared question by question; one run compared with thresholds."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eval.scorers import ALL
from eval.statistics import paired
from eval.types import mean
from rag.errors import ConfigError, DataMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from eval.statistics import Difference
    from eval.store import RunFolder
    from eval.types import Task, Value

# What a question's flip is told by: whether it was right, else whether the right document came first.
_FLIPS = ("accuracy", "mode accuracy", "RR@10")


@dataclass(frozen=True, slots=True)
class Change:
    """What one measure came to in both runs, and whether their difference is more than chance."""

    name: str
    better: str
    difference: Difference
    significant: bool


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
    found = {
        name: paired(values, theirs.values[name], over=overs.get(name, mean))
        for name, values in ours.values.items()
        if name in theirs.values
    }
    told_by = next((name for name in _FLIPS if name in ours.values and name in theirs.values), None)
    before, after = (columns.values[told_by] if told_by else {} for columns in (ours, theirs))
    judged = [key for key, value in before.items() if value is not None and after.get(key) is not None]
    return Comparison(
        one=str(one.path),
        other=str(other.path),
        questions=len(shared),
        changes=tuple(Change(name, ours.better[name], d, d.significant) for name, d in found.items() if d.n),
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


def parse_thresholds(given: Iterable[str], tasks: Iterable[Task]) -> dict[str, float]:
    """Read thresholds as they are typed, `refusal F1=0.8`, for scores that the tasks have.

    Raises:
        ConfigError: one has no name or no number, names no score of these tasks, or one that another names.
    """
    there = {column.name: None for task in tasks for scorer in task.scorers for column in scorer([], {})}
    parsed: dict[str, float] = {}
    for text in given:
        name, _, value = (part.strip() for part in text.rpartition("="))
        if not name or not _is_number(value):
            raise ConfigError(f"--fail-under {text!r} cannot be read; write it as --fail-under 'refusal F1=0.8'.")
        if name not in there:
            near = difflib.get_close_matches(name, there, n=1, cutoff=0)
            raise ConfigError(f"there is no score {name!r} here; did you mean {near[0]!r}?")
        if name in parsed:
            raise ConfigError(f"--fail-under names {name!r} twice; leave one of the two.")
        parsed[name] = float(value)
    return parsed


def worse_than(scores: Sequence[Mapping[str, Any]], thresholds: Mapping[str, float]) -> Iterator[str]:
    """Yield a line for each threshold that a run's scores do not reach; where lower is better, it is a ceiling.

    A threshold for a score that this run does not have is another run's.
    """
    for score in scores:
        name, value, lower = score["name"], score["value"], score["better"] == "lower"
        if name not in thresholds:
            continue
        bound = thresholds[name]
        if value is None:
            yield f"{name} does not apply to any question of this run, so it cannot reach {bound:g}"
        elif (value > bound) if lower else (value < bound):
            yield f"{name} is {value:.3f}, {'above' if lower else 'below'} {bound:g}"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
