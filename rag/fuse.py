"""Several ranked lists in, one out, each hit with its trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.types import Hit, Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Passage

# Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods",
# SIGIR 2009: the constant of the paper. It keeps the first ranks from drowning everything that both lists agree on.
_K = 60


@dataclass(frozen=True, slots=True)
class Leg:
    """One ranked list, best first: passages with the scores of that stage, and the weight of its vote."""

    stage: str
    ranked: Sequence[tuple[Passage, float]]
    weight: float = 1.0


def fuse(legs: Sequence[Leg]) -> list[Hit]:
    """Fuse by reciprocal rank: a passage scores the sum of `weight / (60 + rank)` over the legs that found it.

    First in one leg of weight 1 and third in another: 1/61 + 1/63 = 0.0323. Ties are broken by passage id.
    """
    passages: dict[str, Passage] = {}
    traces: dict[str, list[Trace]] = {}
    for leg in legs:
        for rank, (passage, score) in enumerate(leg.ranked, start=1):
            passages[passage.id] = passage
            trace = Trace(leg.stage, rank, score, leg.weight / (_K + rank))
            traces.setdefault(passage.id, []).append(trace)
    hits = [Hit(passages[key], sum(t.contribution for t in trace), tuple(trace)) for key, trace in traces.items()]
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage.id))
