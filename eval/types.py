"""The vocabulary of measuring: what is asked, what is right, what came of it, and how that is counted.

    Task ── examples ─► solver ─► Record ─► scorers ─► Column ─► statistics ─► Score

All of it is frozen. Offsets are characters of `Document.text`, ends exclusive, as everywhere in Footnote. This module
knows nothing of files, indexes or reports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 (pydantic reads the annotations of Example when a run is loaded)
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from rag.types import Answer, Document, Hit, Turn

if TYPE_CHECKING:
    from pathlib import Path

    from rag import Assistant

Split = Literal["dev", "test", "train"]
# What one question came to in one measure: a number, or the few numbers that the measure is made from.
Value = float | tuple[float, ...]
Over = Callable[[NDArray[np.float64]], float]


@dataclass(frozen=True, slots=True)
class GoldEvidence:
    """Where the answer stands: `start:end` of a document, `quote` being those characters.

    Where a data set names only the document, `start` and `end` are None and `quote` is empty.
    """

    doc_id: str
    title: str
    start: int | None = None
    end: int | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """One question and what is known to be right.

    `answers` are alternatives, any of them is right. `evidence` are all the places that a right answer may cite.
    `within` are the ids of the documents that may be read, where not the whole library may (a paragraph is given).
    """

    id: str
    question: str
    answers: tuple[str, ...] = ()
    evidence: tuple[GoldEvidence, ...] = ()
    answerable: bool = True
    type: str = ""
    language: str = "en"
    history: tuple[Turn, ...] = ()
    as_of: date | None = None
    split: str = ""
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one question: its answer (None where a task only searches), and what was found, best first."""

    example: Example
    answer: Answer | None
    hits: tuple[Hit, ...]
    seconds: float


def mean(values: NDArray[np.float64]) -> float:
    """Return the mean of one number a question."""
    return float(values.mean())


@dataclass(frozen=True, slots=True)
class Column:
    """One measure over all questions.

    `values` holds one value a record, in their order; None where the measure does not apply to that question, which is
    then left out and never counted as zero. `over` brings the values that are there (shape `(n,)`, or `(n, k)` where a
    value is a tuple of k numbers) to one figure, `nan` where it has no meaning.
    """

    name: str
    values: tuple[Value | None, ...]
    over: Over = mean
    better: Literal["higher", "lower"] = "higher"


@dataclass(frozen=True, slots=True)
class Score:
    """A measure's figure over `n` questions with its 95 % bootstrap interval; None where it does not apply."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    better: Literal["higher", "lower"] = "higher"


Solver = Callable[["Assistant", Example], Record]
# Given all records and the documents by id, by which offsets are checked.
Scorer = Callable[[Sequence[Record], Mapping[str, Document]], list[Column]]


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of which documents, how it is solved and how it is counted.

    `split` names the part of the data that it asks, `about` says in a line what it measures. `documents` are indexed
    first; where `index` names an index, that one is asked as it stands. `settings` are overrides by dotted key, as in
    `{"search.passages_per_document": 1}`.
    """

    name: str
    examples: tuple[Example, ...]
    documents: tuple[Document, ...]
    solver: Solver
    scorers: tuple[Scorer, ...]
    split: str = ""
    about: str = ""
    index: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
