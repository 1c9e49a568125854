"""A question that names several outlets is answered from each of them.

"Does the article from A say …, while the one from B says …?" No single passage answers that, and a reader that looks
for one finds none. What is needed is what each outlet has nearest to the question, and that it is near at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rag.refuse import is_near

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.types import Document, Evidence


# wide: a question, what was found for it, and where
def from_each(
    question: str,
    evidence: Sequence[Evidence],
    *,
    documents: Mapping[str, Document],
    outlets: Sequence[tuple[str, ...]],
) -> tuple[Evidence, ...]:
    """Return the nearest evidence of each outlet; nothing where one of them has none that is near.

    An outlet is all its spellings. The score is how near the farthest of them is: the greater of the share of the
    question's words and the likeness of meaning, from 0 to 1. That is no probability: no public training questions are
    of this kind.
    """
    spelled = {name.casefold(): number for number, outlet in enumerate(outlets) for name in outlet}
    best: dict[int, Evidence] = {}
    for found in evidence:
        outlet = spelled.get((documents[found.passage.doc_id].publisher or "").casefold())
        if (
            outlet is not None
            and is_near(question, found)
            and (outlet not in best or _nearness(found) > _nearness(best[outlet]))
        ):
            best[outlet] = found
    if len(best) < len(outlets):
        return ()
    farthest = min(map(_nearness, best.values()))
    return tuple(replace(best[number], score=farthest) for number in range(len(outlets)))


def _nearness(found: Evidence) -> float:
    return min(1.0, max(found.scores["near"], found.scores["likeness"], 0.0))
