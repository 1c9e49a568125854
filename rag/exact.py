"""Dense search without the mirror, for the time in which its graph must not be loaded.

It compares every embedding that the library keeps, which takes seconds where there are hundreds of thousands of them.
"""

from __future__ import annotations

from datetime import date
from heapq import nlargest
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.library import Library
    from rag.types import Filters

_DOCUMENTS_AT_ONCE = 200


def nearest(library: Library, vector: NDArray[np.float32], *, limit: int, filters: Filters) -> list[tuple[str, float]]:
    """Return the ids of the nearest visible passages with their cosine similarity (-1 to 1), best first."""
    doc_ids = [
        doc_id
        for doc_id, publisher, _, day, language in library.origins()
        if filters.admit(
            doc_id, publisher=publisher, language=language, published=date.fromisoformat(day) if day else None
        )
    ]
    best: list[tuple[str, float]] = []
    for first in range(0, len(doc_ids), _DOCUMENTS_AT_ONCE):
        rows = [(p.id, key) for p, key in library.passages_of(doc_ids[first : first + _DOCUMENTS_AT_ONCE])]
        if not rows:
            continue
        kept = library.vectors([key for _, key in rows])
        matrix = np.stack([kept[key] for _, key in rows])
        scores = matrix @ vector / (np.linalg.norm(matrix, axis=1) * np.linalg.norm(vector))
        found = zip((passage_id for passage_id, _ in rows), scores.tolist(), strict=True)
        best = nlargest(limit, [*best, *found], key=itemgetter(1))
    return best
