"""A query in, ranked passages out: by words, by meaning, and both together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

from rag.fuse import Leg, fuse
from rag.text import is_chinese

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.config import Search
    from rag.types import Filters, Hit, Passage

    EmbedQuery = Callable[[str], NDArray[np.float32]]


class Searchable(Protocol):
    """The seam: what can be searched in both ways."""

    def search_dense(self, vector: NDArray[np.float32], limit: int, *, filters: Filters) -> list[tuple[Passage, float]]:
        """Return the nearest passages with their cosine similarity, best first."""
        ...

    def search_lexical(self, query: str, limit: int, *, filters: Filters) -> list[tuple[Passage, float]]:
        """Return the passages that share content words with the query, with their BM25 score, best first."""
        ...


def retrieve(
    query: str, index: Searchable, *, embed_query: EmbedQuery, settings: Search, filters: Sequence[Filters]
) -> list[Hit]:
    """Return the best passages for a query, at most `settings.limit`, best first.

    Each hit says in its trace at which rank each leg found it. Filters hold in both legs; of several, each is searched
    for itself, and all lists are fused: what more of them let through comes first, and none is left out.
    """
    legs = []
    weight = settings.dense_weight_chinese if is_chinese(query) else settings.dense_weight
    vector = embed_query(query) if settings.mode != "lexical" else None
    for one in filters:
        if settings.mode != "dense":
            legs.append(Leg("lexical", index.search_lexical(query, settings.candidates, filters=one)))
        if vector is not None:
            legs.append(Leg("dense", index.search_dense(vector, settings.candidates, filters=one), weight))
    return spread(fuse(legs), settings.passages_per_document)[: settings.limit]


def spread(hits: Sequence[Hit], per_document: int) -> list[Hit]:
    """Keep at most so many passages of each document, so that one long document does not fill the list."""
    taken: Counter[str] = Counter()
    kept = []
    for hit in hits:
        taken[hit.passage.doc_id] += 1
        if taken[hit.passage.doc_id] <= per_document:
            kept.append(hit)
    return kept
