"""The way of a document into an index: found, read, split, embedded, stored; and out of it again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.intake import Draft, Encoder, embed_step, steps
from ingest.readers import read_bytes
from ingest.sources import Source, find, is_below
from ingest.split import split
from rag.config import Config
from rag.errors import DocumentError, UnknownDocument
from rag.indexes import Fingerprint
from rag.writer import Writer, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rag.library import Entry, Library
    from rag.models import Embedder
    from rag.types import Document

    # Called with how many files are done, how many there are, and the one at hand.
    Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of each source. `failed` pairs it with the reason; what failed stays as it was in the index."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Tally:
    """A report that is being written, against what the library knew at the beginning."""

    known: dict[str, tuple[str, str]]
    passage_tokens: int
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    rehashed: list[tuple[str, str]] = field(default_factory=list)
    drafted: dict[str, str] = field(default_factory=dict)

    def draft_of_file(self, source: Source) -> Draft | None:
        """Read and split a file that is new or has changed; None where there is nothing to do, which is noted."""
        try:
            source.name.encode()  # SQLite and tantivy keep no other names
            data = source.path.read_bytes()
            file_hash = hashlib.sha256(data).hexdigest()
            if self.known.get(source.name, ("", ""))[1] == file_hash:
                self.unchanged.append(source.name)
                return None
            return self.draft(read_bytes(data, source.path, source=source.name), file_hash)
        except UnicodeEncodeError:
            shown = source.name.encode(errors="backslashreplace").decode()
            self.failed.append((shown, "its name is not UTF-8; rename it"))
        except OSError as error:
            self.failed.append((source.name, f"cannot be read: {error.strerror or error}"))
        except DocumentError as error:
            self.failed.append((source.name, str(error)))
        return None

    def draft(self, document: Document, file_hash: str) -> Draft | None:
        """Split a document, unless it stands in the library just so."""
        known_id = self.known.get(document.source, ("", ""))[0]
        if known_id == document.id:
            self.unchanged.append(document.source)
            self.rehashed.append((document.id, file_hash))
            return None
        if document.source in self.drafted:
            if self.drafted[document.source] == document.id:
                return None  # the same once more
            raise DocumentError(f"two of the documents have the source {document.source!r}; give each its own.")
        self.drafted[document.source] = document.id
        (self.updated if known_id else self.added).append(document.source)
        return Draft(document, file_hash, tuple(split(document, passage_tokens=self.passage_tokens)))

    def store(self, drafts: Iterable[Draft | None], *, writer: Writer, encoder: Encoder) -> None:
        """Put drafts into the index, a step at a time."""
        for step in steps(draft for draft in drafts if draft):
            writer.put(*embed_step(step, writer.library, encoder=encoder))
        writer.library.touch(self.rehashed)

    def report(self, removed: Iterable[str] = ()) -> IngestReport:
        """Close the report."""
        return IngestReport(
            added=tuple(self.added),
            updated=tuple(self.updated),
            unchanged=tuple(self.unchanged),
            removed=tuple(removed),
            failed=tuple(self.failed),
        )


def ingest(
    paths: Iterable[str | Path],
    index: str | Path | None = None,
    *,
    config: Config | None = None,
    embedder: Embedder | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Bring an index in step with files and folders.

    New and changed files are read, and what the index knows of these places and is there no longer is dropped. An
    unchanged file costs only the reading of its bytes. One that cannot be read is reported and stops nothing.

    Args:
        paths: files and folders.
        index: the folder of the index, made where there is none; the one of the settings by default.
        config: the settings; those in force in the working directory by default.
        embedder: an encoder that is loaded already; by default it is loaded when something must be embedded.
        progress: told of each file.

    Raises:
        IndexBusy: another process is writing to this index.
        IndexMismatch: it was made with other settings.
    """
    config = config or Config.load()
    root = Path(index or config.index)
    places = [Path(path) for path in paths]
    with writing(root, config, purpose="footnote ingest", create=True) as writer:
        tally = _Tally(writer.library.sources(), config.split.passage_tokens)
        sources = list(find(places, root))
        found = {source.name for source in sources}
        gone = [name for name in tally.known if any(is_below(name, place, root=root) for place in places)]
        gone = [name for name in gone if name not in found or not (root.resolve().parent / name).exists()]

        def drafts() -> Iterator[Draft | None]:
            for done, source in enumerate(sources):
                if progress:
                    progress(done, len(sources), source.name)
                if source.name not in gone:
                    yield tally.draft_of_file(source)

        tally.store(drafts(), writer=writer, encoder=Encoder(config.embedding.model, embedder))
        writer.remove([tally.known[name][0] for name in gone])
        if progress:
            progress(len(sources), len(sources), "")
        return tally.report(gone)


def ingest_documents(
    documents: Iterable[Document],
    index: str | Path | None = None,
    *,
    config: Config | None = None,
    embedder: Embedder | None = None,
) -> IngestReport:
    """Bring documents that are in memory already into an index, each in the place of the one with its source.

    Raises:
        IndexBusy: another process is writing to this index.
        IndexMismatch: it was made with other settings.
    """
    config = config or Config.load()
    with writing(Path(index or config.index), config, purpose="ingest of documents", create=True) as writer:
        tally = _Tally(writer.library.sources(), config.split.passage_tokens)
        drafts = (tally.draft(document, "") for document in documents)
        tally.store(drafts, writer=writer, encoder=Encoder(config.embedding.model, embedder))
        return tally.report()


def remove(names: Sequence[str], index: str | Path | None = None, *, config: Config | None = None) -> list[str]:
    """Drop documents from an index, each named by source or id, and return their sources.

    Raises:
        IndexMissing: there is no index.
        UnknownDocument: one of them is not there; nothing is dropped then.
    """
    config = config or Config.load()
    with writing(Path(index or config.index), config, purpose="footnote remove") as writer:
        known = writer.library.sources()
        source_of = {doc_id: source for source, (doc_id, _) in known.items()}
        missing = [name for name in names if name not in known and name not in source_of]
        if missing:
            raise UnknownDocument(f"no document has the source or id {missing[0]!r}; `footnote list` shows them all.")
        sources = list(dict.fromkeys(source_of.get(name, name) for name in names))
        writer.remove([known[source][0] for source in sources])
        return sources


def rebuild(
    index: str | Path | None = None,
    *,
    config: Config | None = None,
    embedder: Embedder | None = None,
    progress: Progress | None = None,
) -> None:
    """Make the mirrors of an index anew from its library, without reading a file.

    Nothing is embedded again, unless the settings now ask for another encoder or other passages: then the stored
    texts are split and embedded as they ask, so that this command also mends a mismatch.

    Raises:
        IndexMissing: there is none.
        IndexBusy: another process is writing to this index.
    """
    config = config or Config.load()
    root = Path(index or config.index)
    with writing(root, config, purpose="footnote rebuild", any_fingerprint=True) as writer:
        wanted, stored = Fingerprint.of(config), Fingerprint.stored(writer.library)
        tokens = None if stored and stored.splitter == wanted.splitter else config.split.passage_tokens
        drafts = _stored_drafts(writer.library, tokens, progress)
        encoder = Encoder(config.embedding.model, embedder)
        writer.remake(_kept(drafts, writer.library, encoder=encoder), wanted)


def _stored_drafts(library: Library, passage_tokens: int | None, progress: Progress | None) -> Iterator[Draft]:
    """Yield every document with its passages as they stand, or split anew where a size is given."""
    known = library.sources()
    for done, document in enumerate(library.documents()):
        if progress:
            progress(done, len(known), document.source)
        if passage_tokens is None:
            passages = [passage for passage, _ in library.passages_of([document.id])]
        else:
            passages = split(document, passage_tokens=passage_tokens)
        yield Draft(document, known[document.source][1], tuple(passages))
    if progress:
        progress(len(known), len(known), "")


def _kept(drafts: Iterable[Draft], library: Library, *, encoder: Encoder) -> Iterator[list[Entry]]:
    """Yield steps of entries once the library keeps all their embeddings."""
    for step in steps(drafts):
        entries, vectors = embed_step(step, library, encoder=encoder)
        library.keep_vectors(vectors.items())
        yield entries
