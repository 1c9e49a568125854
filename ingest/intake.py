"""Documents on their way in: what a file or an address holds is read, gathered into steps, and embedded by the step.

`read_document` and `read_and_split` also run in other processes (`ingest/pool.py`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from ingest.addresses import is_address
from ingest.dates import date_in_url
from ingest.markdown import readable_name
from ingest.readers import MAX_FILE_BYTES, hash_file, read_bytes, too_large
from ingest.sources import Source
from ingest.split import split
from rag.errors import DocumentError
from rag.library import Entry
from rag.models import Embedder, embedding_fingerprint, load_embedder
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest.fetch import Fetcher
    from ingest.meter import Meter
    from rag.library import Library
    from rag.types import Passage

# A step costs some seconds of embedding: so much a crash can cost, and so long new documents wait to be seen.
_STEP_PASSAGES = 256
# A document may be longer than a step; so many of its passages are embedded and kept before the next.
_SLICE_PASSAGES = 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file or an address holds, and its hash; or the reason why nothing is known of it.

    `source` is whose it is: an address that was `asked` for may lead to another one.
    """

    asked: Source
    source: Source
    data: bytes = b""
    file_hash: str = ""
    failure: str = ""

    @classmethod
    def of(cls, asked: Source, source: Source, *, data: bytes | DocumentError) -> Loaded:
        """Take what it holds, or the reason."""
        if isinstance(data, DocumentError):
            return cls(asked, source, failure=str(data))
        return cls(asked, source, data, hash_file(data))


class Reading(NamedTuple):
    """A document that has been read, and its passages."""

    document: Document
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that has been read and split, and the hash of the file it came from (empty where there is none)."""

    document: Document
    file_hash: str
    passages: tuple[Passage, ...]


class Encoder:
    """An embedder that is loaded when the first text must be embedded."""

    def __init__(self, model: str, embedder: Embedder | None) -> None:
        self._model = model
        self._embedder = embedder
        self._fingerprint = embedder.fingerprint if embedder else embedding_fingerprint(model)

    def key(self, text: str) -> str:
        """Name the embedding of a text by this model."""
        return hashlib.sha256(f"{self._fingerprint}\0{text}".encode()).hexdigest()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed passages: shape (len(texts), dimension)."""
        if self._embedder is None:
            self._embedder = load_embedder(self._model)
        return self._embedder.embed(texts)


def bytes_of(source: Source, fetcher: Fetcher | None = None) -> tuple[bytes, Source]:
    """Return what a file or an address holds, and whose it is: an address may lead to another one.

    Raises:
        DocumentError: it cannot be read or fetched, is too large, or is an address and there is no fetcher.
    """
    if source.is_address:
        if fetcher is None:
            raise DocumentError("is an address; only files are read here")
        page = fetcher.fetch(source.name)
        return page.data, Source(Path(f"page{page.suffix}"), page.address)
    try:
        size = source.path.stat().st_size
        if size <= MAX_FILE_BYTES:
            return source.path.read_bytes(), source
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror or error}") from error
    raise too_large(size)


def read_document(data: bytes, path: Path, *, source: str) -> Document:
    """Turn the bytes of a file or an address into a document; of the path only the suffix counts.

    Raises:
        DocumentError: as `ingest.readers.read_bytes`.
    """
    document = read_bytes(data, path, source=source)
    return _placed(document, path) if is_address(source) else document


def read_and_split(data: bytes, path: Path, *, source: str, passage_tokens: int) -> Reading:
    """Read a document as `read_document` does, and cut it into passages."""
    document = read_document(data, path, source=source)
    return Reading(document, tuple(split(document, passage_tokens=passage_tokens)))


def _placed(document: Document, path: Path) -> Document:
    """Return a document that was fetched with the address it was fetched from, whatever a page says of its own."""
    source = document.source
    parts = urlsplit(source)
    untitled = document.title == readable_name(source)
    address_path = unquote(parts.path).rstrip("/")
    dated = path.suffix.startswith(".htm") and not document.published
    return Document.of(
        document.text,
        title=(readable_name(address_path) if address_path else parts.netloc) if untitled else document.title,
        source=source,
        publisher=document.publisher,
        author=document.author,
        published=date_in_url(source) if dated else document.published,
        language=document.language,
        url=source,
        pages=document.pages,
    )


def steps(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    """Gather drafts into steps of about `_STEP_PASSAGES` passages."""
    step: list[Draft] = []
    n_passages = 0
    for draft in drafts:
        step.append(draft)
        n_passages += len(draft.passages)
        if n_passages >= _STEP_PASSAGES:
            yield step
            step, n_passages = [], 0
    if step:
        yield step


def embed_step(step: Sequence[Draft], library: Library, *, encoder: Encoder, meter: Meter) -> list[Entry]:
    """Turn drafts into entries, once the library keeps the embeddings of all their passages."""
    entries: list[Entry] = []
    texts: dict[str, str] = {}
    for draft in step:
        theirs = [f"{draft.document.header(passage.heading)}\n{passage.text}" for passage in draft.passages]
        keys = tuple(map(encoder.key, theirs))
        texts.update(zip(keys, theirs, strict=True))
        entries.append(Entry(draft.document, draft.file_hash, draft.passages, keys))
    keys = tuple(texts)
    for part in (keys[first : first + _SLICE_PASSAGES] for first in range(0, len(keys), _SLICE_PASSAGES)):
        kept = library.vectors(part)
        missing = [key for key in part if key not in kept]
        if missing:
            library.keep_vectors(zip(missing, encoder.embed([texts[key] for key in missing]), strict=True))
        meter.embed(len(part))
    return entries
