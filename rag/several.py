"""A question that names several outlets is answered from each of them, or not at all.

"Does the article from A say …, while the one from B says …?" No passage answers that: what is needed is the passage of
each outlet that is about it. So relevance counts here, not answerability, and the least relevant of them decides.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.types import Document, Evidence


def from_each(
    evidence: Sequence[Evidence], documents: Mapping[str, Document], *, outlets: Sequence[str]
) -> tuple[Evidence, ...]:
    """Return the most relevant evidence of each outlet, each with the probability that all of them are relevant.

    Empty where an outlet has none, or where the reader does not tell relevance.
    """
    best: dict[str, Evidence] = {}
    for found in evidence:
        outlet = (documents[found.passage.doc_id].publisher or "").casefold()
        if "relevant" in found.scores and (outlet not in best or _relevance(found) > _relevance(best[outlet])):
            best[outlet] = found
    wanted = [outlet.casefold() for outlet in outlets]
    if any(outlet not in best for outlet in wanted):
        return ()
    chosen = [best[outlet] for outlet in wanted]
    return tuple(replace(found, score=min(map(_relevance, chosen))) for found in chosen)


def _relevance(found: Evidence) -> float:
    return 1 / (1 + math.exp(-found.scores["relevant"]))
