"""Does it refuse when it should, and only then, and does its confidence mean anything?

A refusal is a status, never a phrase. What is right is told by `is_right`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from eval.scorers.judge import is_right
from eval.types import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from eval.types import Record
    from rag.types import Document

BINS = 10


def refusal(records: Sequence[Record], _documents: Mapping[str, Document]) -> list[Column]:
    """Measure refusing, from 0 to 1, higher is better.

    * `coverage`: share of the questions that was answered.
    * `refusal precision`, `refusal recall`, `refusal F1`: positive is what cannot be answered.
    """
    answered = tuple(float(record.answer.status == "answered") if record.answer else None for record in records)
    decided = tuple(
        None if was is None else (1 - was, float(not record.example.answerable))
        for record, was in zip(records, answered, strict=True)
    )
    return [
        Column("refusal precision", decided, _precision),
        Column("refusal recall", decided, _recall),
        Column("refusal F1", decided, _f1),
        Column("coverage", answered),
    ]


def correctness(records: Sequence[Record], _documents: Mapping[str, Document]) -> list[Column]:
    """Measure what is right, and whether confidence tells; for data whose answerable questions have gold.

    * `accuracy`: share of what is right, refusals included. Higher is better.
    * `AURC`: area under the risk–coverage curve of the answered questions (`risk_coverage`), the mean over its points
      (Geifman & El-Yaniv 2017). Lower is better. The curve ends at the coverage that the system chose, since a refusal
      shows nothing that could be judged: compare it only together with `coverage`.
    * `ECE`: expected calibration error of the answered questions, ten bins of equal width (Guo et al. 2017): how far
      confidence is from the share that is right. Lower is better.
    """
    rights = [is_right(record) for record in records]
    confidences = tuple(map(_confidence, records, rights))
    return [
        Column("accuracy", tuple(None if right is None else float(right) for right in rights)),
        Column("AURC", confidences, _area, "lower"),
        Column("ECE", confidences, _calibration_error, "lower"),
    ]


def risk_coverage(
    confidence: NDArray[np.float64], right: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the risk–coverage curve: what would be wrong if only the most confident answers were given.

    Equal confidences have no order: each takes the share that is wrong among them, as over all orders on average.

    >>> risk_coverage(np.array([0.5, 0.9]), np.array([0.0, 1.0]))
    (array([0.5, 1. ]), array([0. , 0.5]))

    Args:
        confidence: of each answered question, shape `(n,)`.
        right: 1 where the answer is right, else 0, shape `(n,)`.

    Returns:
        the coverage `k / n` of the k most confident answers, and the share of them that is wrong, both of shape `(n,)`.
    """
    _, group, sizes = np.unique(-confidence, return_inverse=True, return_counts=True)
    wrong = np.repeat(np.bincount(group, weights=1 - right) / sizes, sizes)
    given = np.arange(1, len(confidence) + 1)
    return given / len(confidence), np.cumsum(wrong) / given


def bins(confidence: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each confidence, from 0: (0, 0.1], (0.1, 0.2], …; 0 itself is in the first."""
    found: NDArray[np.int64] = np.ceil(confidence * BINS).astype(np.int64) - 1
    return found.clip(0, BINS - 1)


def _confidence(record: Record, right: bool | None) -> tuple[float, float] | None:
    """Return confidence and rightness of an answer that was given and can be judged."""
    if record.answer is None or record.answer.status == "refused" or right is None:
        return None
    return record.answer.confidence, float(right)


def _precision(values: NDArray[np.float64]) -> float:
    """Share of the refused `(refused, unanswerable)` that cannot be answered; no meaning where everything can be."""
    refused, unanswerable = values.T
    return float(unanswerable @ refused / refused.sum()) if refused.any() and unanswerable.any() else math.nan


def _recall(values: NDArray[np.float64]) -> float:
    """Share of the unanswerable `(refused, unanswerable)` that were refused."""
    refused, unanswerable = values.T
    return float(unanswerable @ refused / unanswerable.sum()) if unanswerable.any() else math.nan


def _f1(values: NDArray[np.float64]) -> float:
    """Return the harmonic mean of both; it has no meaning where everything can be answered."""
    refused, unanswerable = values.T
    return float(2 * refused @ unanswerable / values.sum()) if unanswerable.any() else math.nan


def _area(values: NDArray[np.float64]) -> float:
    return float(risk_coverage(values[:, 0], values[:, 1])[1].mean())


def _calibration_error(values: NDArray[np.float64]) -> float:
    """Sum of |right − confidence| over the `bins`, each weighted by its share of the answers."""
    confidence, right = values.T
    return float(np.abs(np.bincount(bins(confidence), weights=right - confidence)).sum() / len(values))
