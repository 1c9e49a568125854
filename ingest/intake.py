"""Documents on their way in: what a file or an address holds is read, gathered into steps, and embedded by the step."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ingest.dates import date_in_url
from ingest.markdown import readable_name
from ingest.readers import MAX_FILE_BYTES, RISKY, read_bytes, too_large
from ingest.sources import Source
from rag.errors import DocumentError
from rag.library import Entry
from rag.models import Embedder, embedding_fingerprint, load_embedder
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest.fetch import Fetcher
    from ingest.sandbox import Sandbox
    from rag.library import Library
    from rag.types import Passage

# A step costs some seconds of embedding: so much a crash can cost, and so long new documents wait to be seen.
_STEP_PASSAGES = 256


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


def read(data: bytes, source: Source, *, sandbox: Sandbox) -> Document:
    """Turn the bytes of a file or an address into a document, in the sandbox where its kind is risky.

    Raises:
        DocumentError: as `ingest.readers.read_bytes` and `Sandbox.read`.
    """
    reader = sandbox.read if source.path.suffix.lower() in RISKY else read_bytes
    document = reader(data, source.path, source=source.name)
    return _placed(document, source) if source.is_address else document


def _placed(document: Document, source: Source) -> Document:
    """Return a document that was fetched with the address it was fetched from, whatever a page says of its own."""
    parts = urlsplit(source.name)
    untitled = document.title == readable_name(source.name)
    path = unquote(parts.path).rstrip("/")
    dated = source.path.suffix.startswith(".htm") and not document.published
    return Document.of(
        document.text,
        title=(readable_name(path) if path else parts.netloc) if untitled else document.title,
        source=source.name,
        publisher=document.publisher,
        author=document.author,
        published=date_in_url(source.name) if dated else document.published,
        language=document.language,
        url=source.name,
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


def embed_step(
    step: Sequence[Draft], library: Library, *, encoder: Encoder
) -> tuple[list[Entry], dict[str, NDArray[np.float32]]]:
    """Turn drafts into entries, and embed those of their passages that the library keeps no embedding for."""
    entries, texts = [], {}
    for draft in step:
        keyed = {}
        for passage in draft.passages:
            text = f"{draft.document.header(passage.heading)}\n{passage.text}"
            keyed[passage.id] = encoder.key(text)
            texts[keyed[passage.id]] = text
        entries.append(Entry(draft.document, draft.file_hash, draft.passages, tuple(keyed.values())))
    kept = library.vectors(list(texts))
    missing = [key for key in texts if key not in kept]
    if not missing:
        return entries, {}
    return entries, dict(zip(missing, encoder.embed([texts[key] for key in missing]), strict=True))
