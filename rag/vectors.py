"""The dense mirror: one vector a passage in a Chroma collection, with what filters need beside it.

The collection lies in a folder of the index, or on a Chroma server. Chroma's local store serves one writing process;
another process sees its changes only after `Vectors` is opened anew. A server serves any number of processes.

Whoever opens the local store saves its graph when enough has come in since it was saved, a reader as well as a writer.
So the number that is enough is out of reach but for the moment in which a writer loads the graph, which remembers it.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.graph_files import GraphFiles
from rag.reaching import knock, unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Document, Filters, Passage

_COLLECTION = "passages"
_PAGE = 5000
# How many records come in before the graph is saved. What is not saved is put in anew by whoever opens the store, at
# half a millisecond each.
_SAVE_EVERY = 1000
_NEVER = 2**31 - 1
# How long a server may take to do what it is asked; the most are a few thousand vectors.
_PATIENCE_S = 120.0
_lock = threading.Lock()
_names: set[str] = set()


@dataclass(frozen=True, slots=True)
class Served:
    """A collection on a Chroma server: the address of the server, the name of the collection."""

    url: str
    collection: str


class Vectors:
    """An open collection of passage vectors, compared by cosine.

    Raises:
        HalfSaved: it lies in a folder, and a writer ended while it was saved; when it is opened.
        StorageFailed: it lies on a server that does not answer; from every method.
    """

    def __init__(self, place: Path | Served, *, writing: bool = False, create: bool = False) -> None:
        self._place = place
        self._saves = isinstance(place, Served)
        # Chroma's own annotations know neither `close` nor float32 arrays.
        self._client: Any
        if isinstance(place, Served):
            self._client = _connect(place.url)
            self._passages = self._open_passages(place.collection, create=create)
            return
        if create:
            place.mkdir(parents=True, exist_ok=True)
        elif not place.is_dir():
            raise FileNotFoundError(f"{place} is missing")
        self._files = GraphFiles(place)
        with self._files.alone():
            self._files.check()
            self._name = _own_name(place)
            self._client = _open_folder(self._name)
            self._passages = self._open_passages(_COLLECTION, create=create)
            try:
                self._prepare(writing=writing)
            except Exception:
                self.close()
                raise

    def _open_passages(self, name: str, *, create: bool) -> Any:  # noqa: ANN401
        try:
            with self._answering():
                # No embedding function: Footnote hands vectors in, and Chroma's own would be fetched from the network.
                if not create:
                    return self._client.get_collection(name, embedding_function=None)
                never = {} if isinstance(self._place, Served) else {"sync_threshold": _NEVER}
                return self._client.get_or_create_collection(
                    name, embedding_function=None, configuration={"hnsw": {"space": "cosine", **never}}
                )
        except Exception:
            self.close()
            raise

    def _prepare(self, *, writing: bool) -> None:
        if self._passages.configuration_json["hnsw"]["sync_threshold"] != _NEVER:
            self._save_every(_NEVER)  # a writer ended in the moment in which it loaded the graph
        if not writing:
            self._passages.get(limit=1, include=["embeddings"])  # loads the graph while nobody changes it

    def _save_every(self, n_records: int) -> None:
        self._passages.modify(configuration={"hnsw": {"sync_threshold": n_records}})

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Say of an error that the server is gone, if it is: its client raises classes of several libraries."""
        try:
            yield
        except Exception:
            if isinstance(self._place, Served):
                knock(self._place.url)
            raise

    def close(self) -> None:
        """Let go of the files, or of the connections."""
        if isinstance(self._place, Served):
            _disconnect(self._client)
            return
        self._client.close()
        with _lock:
            _names.discard(self._name)

    def add(self, rows: Sequence[tuple[Document, Passage, NDArray[np.float32]]]) -> None:
        """Add passages, each with its document and its vector; a passage that is there already is replaced."""
        with self._changing():
            step = self._client.get_max_batch_size()
            for first in range(0, len(rows), step):
                part = rows[first : first + step]
                self._passages.upsert(
                    ids=[passage.id for _, passage, _ in part],
                    embeddings=[vector for *_, vector in part],
                    metadatas=[_metadata(document) for document, *_ in part],
                )
        self._saves = self._saves or bool(rows)

    def remove(self, passage_ids: Sequence[str]) -> None:
        """Remove passages; ids that are not there are passed over."""
        with self._changing():
            step = self._client.get_max_batch_size()
            for first in range(0, len(passage_ids), step):
                self._passages.delete(ids=list(passage_ids[first : first + step]))

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Change the collection: in a folder while nobody loads it, with a note of whether the graph was saved.

        Only what is put in is sure to load the graph; until then, each change asks for its saving.
        """
        if isinstance(self._place, Served):
            with self._answering():
                yield
            return
        with self._files.alone():
            self._files.note()
            if self._saves:
                yield
            else:
                self._save_every(_SAVE_EVERY)
                try:
                    yield
                finally:
                    self._save_every(_NEVER)
            self._files.note()

    def settle(self) -> None:
        """Make sure that what was written outlasts a power cut; to be called when all is written."""
        if not isinstance(self._place, Served):
            with self._files.alone():
                self._files.settle()

    def search(self, vector: NDArray[np.float32], limit: int, *, filters: Filters) -> list[tuple[str, float]]:
        """Return the ids of the nearest passages with their cosine similarity (-1 to 1), best first."""
        # Where there are fewer, Chroma returns fewer; to count them first would take longer than the search.
        with self._answering():
            found = self._passages.query(
                query_embeddings=[vector], n_results=limit, where=_where(filters), include=["distances"]
            )
        distances = (found["distances"] or [[]])[0]
        return [(key, 1.0 - float(distance)) for key, distance in zip(found["ids"][0], distances, strict=True)]

    def ids(self) -> Iterator[str]:
        """Yield the ids of all passages."""
        yield from self._pages([])

    def whole_ids(self) -> Iterator[str]:
        """Yield the ids of all passages; it fails where the graph in a folder lacks the vector of one."""
        yield from self._pages([] if isinstance(self._place, Served) else ["embeddings"])

    def _pages(self, include: list[str]) -> Iterator[str]:
        with self._answering():
            for offset in range(0, self._passages.count(), _PAGE):
                yield from self._passages.get(limit=_PAGE, offset=offset, include=include)["ids"]


def drop(place: Served) -> None:
    """Delete a collection from its server; one that is not there is passed over.

    Raises:
        StorageFailed: the server does not answer.
    """
    from chromadb.errors import NotFoundError

    client = _connect(place.url)
    try:
        client.delete_collection(place.collection)
    except NotFoundError:
        pass
    except Exception as error:
        raise unreachable(place.url, error) from error
    finally:
        _disconnect(client)


def _open_folder(name: str) -> Any:  # noqa: ANN401
    import chromadb

    return chromadb.PersistentClient(name, settings=_settings())


def _settings() -> Any:  # noqa: ANN401
    """Return Chroma's settings, from the environment: a file `.env` in the working directory may be anybody's."""
    from chromadb.config import Settings

    return Settings(_env_file=None, anonymized_telemetry=False)  # type: ignore[call-arg]  # pydantic takes it


def _connect(url: str) -> Any:  # noqa: ANN401
    """Connect to a server. Chroma takes credentials from the environment (CHROMA_CLIENT_AUTH_…) itself."""
    import chromadb

    knock(url)
    try:
        client: Any = chromadb.HttpClient(url, settings=_settings())
    except Exception as error:
        raise unreachable(url, error) from error
    # Chroma has no setting for it, and would wait for ever.
    client._server._session.timeout = _PATIENCE_S  # noqa: SLF001
    return client


def _disconnect(client: Any) -> None:  # noqa: ANN401
    """Close the connections to a server, which Chroma's own `close` leaves open: the server would run out of files."""
    client._server._session.close()  # noqa: SLF001
    client.close()


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
