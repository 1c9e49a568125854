"""From one value a question to a figure with its interval, and from two runs to a difference with its interval.

The intervals are 95 % percentile bootstrap intervals over questions (Efron & Tibshirani, An Introduction to the
Bootstrap, 1993, chapter 13). The dice are seeded, so the same values give the same figures. With a handful of questions
such an interval is too narrow. This module knows nothing of what is measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from eval.types import Score, mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from eval.types import Column, Over, Value

RESAMPLES = 1000
_SEED = 0
_TAILS = (2.5, 97.5)
# Fewer pairs that all point the same way may do so by chance (two-sided sign test: 2 / 2^5 = 0.06).
_MIN_PAIRS = 6


@dataclass(frozen=True, slots=True)
class Difference:
    """The figures of two runs over the `n` questions of both, and `value`: other − one, with its 95 % interval.

    Whether above is better depends on the measure. All None where the runs share no question, or the figure of one has
    no meaning.
    """

    one: float | None
    other: float | None
    value: float | None
    low: float | None
    high: float | None
    n: int

    @property
    def significant(self) -> bool:
        """Tell whether the interval excludes 0: only then is it a difference between the runs, not of the draw."""
        bounded = self.low is not None and self.high is not None and not self.low <= 0 <= self.high
        return bounded and self.n >= _MIN_PAIRS


def score(column: Column) -> Score:
    """Bring a column to its figure with a 95 % bootstrap interval over the questions to which it applies.

    Resamples that have no figure (none of the questions drawn was refused, say) are left out of the interval. With one
    question, the interval is its value.

    Returns:
        the score; `n` is 0 and the figures are None where nothing applies or the figure is nan.
    """
    values = _array(value for value in column.values if value is not None)
    value = column.over(values) if len(values) else math.nan
    if math.isnan(value):
        return Score(column.name, None, None, None, 0, column.better)
    low, high = _interval(lambda drawn: column.over(values[drawn]), value, n=len(values))
    return Score(column.name, value, low, high, len(values), column.better)


def paired(one: Mapping[str, Value | None], other: Mapping[str, Value | None], *, over: Over = mean) -> Difference:
    """Compare two runs of a measure: the figure of `other` minus that of `one`, by a paired bootstrap.

    Each resample draws questions, and takes both runs' values for them.

    Args:
        one: a value for each question id, None where the measure does not apply.
        other: the same of the other run; only questions with a value in both are compared.
        over: what brings values to a figure, as in `Column`.
    """
    # Sorted, so that the order in which a run asked its questions does not change the interval.
    shared = sorted(id_ for id_, value in one.items() if value is not None and other.get(id_) is not None)
    ours, theirs = (_array(run[id_] for id_ in shared) for run in (one, other))
    before, after = (over(ours), over(theirs)) if shared else (math.nan, math.nan)
    if math.isnan(after - before):
        return Difference(None, None, None, None, None, 0)
    low, high = _interval(lambda drawn: over(theirs[drawn]) - over(ours[drawn]), after - before, n=len(shared))
    return Difference(before, after, after - before, low, high, len(shared))


def ratio(values: NDArray[np.float64]) -> float:
    """Return sum over sum of `(part, whole)` pairs, shape `(n, 2)`: questions with much to count weigh more.

    >>> ratio(np.array([[1.0, 1.0], [0.0, 3.0]]))
    0.25
    """
    part, whole = values.sum(axis=0)
    return float(part / whole) if whole else math.nan


def percentile(q: float) -> Over:
    """Return the function that gives the `q`-th percentile of one number a question, between neighbours linearly."""
    return partial(_percentile, q=q)


def _percentile(values: NDArray[np.float64], *, q: float) -> float:
    return float(np.percentile(values, q))


def _array(values: Iterable[Value | None]) -> NDArray[np.float64]:
    return np.array(list(values), dtype=np.float64)


def _interval(figure: Callable[[NDArray[np.int64]], float], value: float, *, n: int) -> tuple[float, float]:
    """Return the interval of a figure of which `value` is the one without resampling; `figure` takes drawn indices."""
    if n == 1:
        return value, value
    dice = np.random.default_rng(_SEED)
    figures = (figure(dice.integers(n, size=n)) for _ in range(RESAMPLES))
    kept = [found for found in figures if not math.isnan(found)] or [value]
    low, high = np.percentile(kept, _TAILS)
    return float(low), float(high)
