"""The dense mirror: one vector a passage in a Chroma collection, with what filters need beside it.

Chroma's local store serves one writing process; another process sees its changes only after `Vectors` is opened anew.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Document, Filters, Passage

_COLLECTION = "passages"
_PAGE = 5000
_lock = threading.Lock()
_names: set[str] = set()


class Vectors:
    """An open collection of passage vectors, compared by cosine."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        import chromadb
        from chromadb.config import Settings

        if create:
            folder.mkdir(parents=True, exist_ok=True)
        elif not folder.is_dir():
            raise FileNotFoundError(f"{folder} is missing")
        self._name = _own_name(folder)
        # Chroma's own annotations know neither `close` nor float32 arrays.
        self._client: Any = chromadb.PersistentClient(self._name, settings=Settings(anonymized_telemetry=False))
        try:
            self._passages = self._open_passages(create=create)
        except Exception:
            self.close()
            raise

    def _open_passages(self, *, create: bool) -> Any:  # noqa: ANN401
        # No embedding function: Footnote hands vectors in, and Chroma's own would be fetched from the network.
        if not create:
            return self._client.get_collection(_COLLECTION, embedding_function=None)
        return self._client.get_or_create_collection(
            _COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()
        with _lock:
            _names.discard(self._name)

    def add(self, rows: Sequence[tuple[Document, Passage, NDArray[np.float32]]]) -> None:
        """Add passages, each with its document and its vector; a passage that is there already is replaced."""
        step = self._client.get_max_batch_size()
        for first in range(0, len(rows), step):
            part = rows[first : first + step]
            self._passages.upsert(
                ids=[passage.id for _, passage, _ in part],
                embeddings=[vector for *_, vector in part],
                metadatas=[_metadata(document) for document, *_ in part],
            )

    def remove(self, passage_ids: Sequence[str]) -> None:
        """Remove passages; ids that are not there are passed over."""
        step = self._client.get_max_batch_size()
        for first in range(0, len(passage_ids), step):
            self._passages.delete(ids=list(passage_ids[first : first + step]))

    def search(self, vector: NDArray[np.float32], limit: int, *, filters: Filters) -> list[tuple[str, float]]:
        """Return the ids of the nearest passages with their cosine similarity (-1 to 1), best first."""
        limit = min(limit, self._passages.count())
        if limit == 0:
            return []
        found = self._passages.query(
            query_embeddings=[vector], n_results=limit, where=_where(filters), include=["distances"]
        )
        distances = (found["distances"] or [[]])[0]
        return [(key, 1.0 - float(distance)) for key, distance in zip(found["ids"][0], distances, strict=True)]

    def ids(self) -> Iterator[str]:
        """Yield the ids of all passages."""
        for offset in range(0, self._passages.count(), _PAGE):
            yield from self._passages.get(limit=_PAGE, offset=offset, include=[])["ids"]


def _own_name(folder: Path) -> str:
    """Name a folder as no other open store in this process does: Chroma would share that one, however old its view."""
    name = str(folder.resolve())
    with _lock:
        while name in _names:
            name += "/"
        _names.add(name)
    return name


def _metadata(document: Document) -> dict[str, str | int]:
    publisher = (document.publisher or "").casefold()
    known = {"document": document.id, "language": document.language, "publisher": publisher}
    return {**known, "published": document.published.toordinal()} if document.published else {**known}


def _where(filters: Filters) -> Any:  # noqa: ANN401 (Chroma's own recursive type)
    """Write filters in Chroma's language; days are ordinals, since it compares only numbers."""
    conditions: list[dict[str, Any]] = []
    if filters.documents:
        conditions.append({"document": {"$in": list(filters.documents)}})
    if filters.publishers:
        conditions.append({"publisher": {"$in": [name.casefold() for name in filters.publishers]}})
    if filters.languages:
        conditions.append({"language": {"$in": list(filters.languages)}})
    if filters.published_from:
        conditions.append({"published": {"$gte": filters.published_from.toordinal()}})
    if filters.published_to:
        conditions.append({"published": {"$lte": filters.published_to.toordinal()}})
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else {"$and": conditions}
