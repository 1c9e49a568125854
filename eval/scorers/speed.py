"""How long a question takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval.statistics import percentile
from eval.types import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eval.types import Record
    from rag.types import Document


def speed(records: Sequence[Record], _documents: Mapping[str, Document]) -> list[Column]:
    """Measure the seconds that a question takes: the median, and what nineteen of twenty stay under. Lower is better.

    Seconds of different machines, or of different hours of a shared one, cannot be compared.
    """
    seconds = tuple(record.seconds for record in records)
    return [Column(f"seconds p{q}", seconds, percentile(q), "lower") for q in (50, 95)]
