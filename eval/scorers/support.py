"""Is a sentence supported? How well confidence tells supported claims from others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from eval.types import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from eval.types import Record
    from rag.types import Document


def support(records: Sequence[Record], _documents: Mapping[str, Document]) -> list[Column]:
    """Measure how well the confidence of an answer, or refusal, tells what is answerable: here, supported.

    * `AUROC`: the probability that a supported claim gets more confidence than another, ties counting half. 0.5 is
      chance, 1 the best.
    * `balanced accuracy`: the mean of both classes' recall on split "test", with the threshold that is best on all
      other records. 0.5 is chance, 1 the best. It has no meaning where a part is missing or is of one class.
    """
    values = tuple(map(_value, records))
    return [Column("AUROC", values, auroc), Column("balanced accuracy", values, _balanced_accuracy)]


def _value(record: Record) -> tuple[float, float, float] | None:
    example = record.example
    if record.answer is None:
        return None
    return record.answer.confidence, float(example.answerable), float(example.split == "test")


def auroc(values: NDArray[np.float64]) -> float:
    """Return U / (positives × negatives) of Mann & Whitney (1947), by ranks (Hanley & McNeil 1982)."""
    positive = values[:, 1] == 1
    n, others = int(positive.sum()), int((~positive).sum())
    if not n or not others:
        return math.nan
    _, group, sizes = np.unique(values[:, 0], return_inverse=True, return_counts=True)
    ranks = np.cumsum(sizes) - (sizes - 1) / 2  # equal values share the mean of their ranks
    return float((ranks[group][positive].sum() - n * (n + 1) / 2) / (n * others))


def _balanced_accuracy(values: NDArray[np.float64]) -> float:
    test = values[values[:, 2] == 1, :2]
    dev = values[values[:, 2] == 0, :2]
    if any(len(np.unique(half[:, 1])) < 2 for half in (test, dev)):  # noqa: PLR2004 (both classes)
        return math.nan
    passed = test[:, 0] >= _best_threshold(dev)
    supported = test[:, 1] == 1
    return float((passed[supported].mean() + (~passed[~supported]).mean()) / 2)


def _best_threshold(values: NDArray[np.float64]) -> float:
    """Return the confidence from which on a claim is best taken as supported; of equally good ones the highest."""
    thresholds, group = np.unique(-values[:, 0], return_inverse=True)
    supported = values[:, 1]
    found = np.cumsum(np.bincount(group, weights=supported)) / supported.sum()
    mistaken = np.cumsum(np.bincount(group, weights=1 - supported)) / (1 - supported).sum()
    return -float(thresholds[np.argmax(found - mistaken)])
