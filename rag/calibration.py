"""Judgements to ranks and probabilities: two linear models and the curve of risk that lie beside the reader."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import ModelMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# What is known of a passage once it is read: the reader's judgements (logits), the share of the question's words that
# it and its header hold, its likeness in meaning, its BM25 score beside the best one's, and 1 / its rank.
FEATURES = ("span", "answerable", "relevant", "near", "likeness", "lexical", "first")


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear model over named features: `bias + weights · features`."""

    bias: float
    weights: Mapping[str, float]

    def __call__(self, features: Mapping[str, float]) -> float:
        """Return the sum; a feature without a weight says nothing."""
        return self.bias + sum(weight * features[name] for name, weight in self.weights.items())


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns judgements into ranks and probabilities.

    `rank` orders passages, `answers` gives the log-odds that a passage answers. `risk` has, for thresholds on that
    probability, which share of the answers would be wrong.
    """

    rank: Linear
    answers: Linear
    risk: tuple[tuple[float, float], ...]

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read what `training/calibrate.py` wrote.

        Raises:
            ModelMissing: it is not there or cannot be read.
        """
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                rank=Linear(**stored["rank"]),
                answers=Linear(**stored["answers"]),
                risk=tuple((threshold, wrong) for threshold, wrong in stored["risk"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelMissing(
                f"{path} cannot be read ({error}). Install Footnote anew, or set reader.model to 'none'."
            ) from error


def least_sure(risk: Iterable[tuple[float, float]], max_wrong: float) -> float:
    """Return the lowest threshold of a curve of (threshold, share of answers wrong) that keeps to `max_wrong`, else 1.

    >>> least_sure([(0.1, 0.5), (0.2, 0.3), (0.3, 0.2)], 0.3)
    0.2
    """
    return min((threshold for threshold, wrong in risk if wrong <= max_wrong), default=1.0)
