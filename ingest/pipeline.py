"""The way of a document into an index: found, read, split, embedded, stored; and out of it again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.fetch import Fetcher
from ingest.intake import Draft, Encoder, bytes_of, embed_step, read, steps
from ingest.readers import hash_file
from ingest.sandbox import Sandbox
from ingest.sources import Source, as_place, find, name_of
from ingest.split import split
from rag.config import Config
from rag.errors import DocumentError, UnknownDocument
from rag.indexes import Fingerprint
from rag.writer import Writer, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from rag.library import Entry, Library
    from rag.models import Embedder
    from rag.types import Document

    # Called with how many files are done, how many there are, and the one at hand.
    Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of each source.

    `failed` pairs it with the reason; what failed stays as it was in the index. `skipped` are files of a folder that no
    reader takes, as pictures.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    skipped: tuple[str, ...] = ()


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

    def draft_of(self, asked: Source, sandbox: Sandbox, *, fetcher: Fetcher) -> Draft | None:
        """Read and split a file or an address that is new or has changed; None where there is nothing to do."""
        source = asked
        try:
            data, source = bytes_of(asked, fetcher)
            if source.is_address and (source.name in self.drafted or source.name in self.unchanged):
                return None  # two addresses that lead to one
            file_hash = hash_file(data)
            if self.known.get(source.name, ("", ""))[1] == file_hash:
                self.unchanged.append(source.name)
                return None
            return self.draft(read(data, source, sandbox=sandbox), file_hash)
        except DocumentError as error:
            way = "" if source.name == asked.name else f"leads to {source.name}, which "
            self.failed.append((asked.name, f"{way}{error}"))
        return None

    def draft(self, document: Document, file_hash: str) -> Draft | None:
        """Split a document, unless it stands in the library just so or has nothing to quote."""
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
        passages = tuple(split(document, passage_tokens=self.passage_tokens))
        if not passages:
            reason = "holds nothing but headings" if document.text.strip() else "is empty"
            self.failed.append((document.source, reason))
            return None
        (self.updated if known_id else self.added).append(document.source)
        return Draft(document, file_hash, passages)

    def store(self, drafts: Iterable[Draft | None], *, writer: Writer, encoder: Encoder) -> None:
        """Put drafts into the index, a step at a time."""
        for step in steps(draft for draft in drafts if draft):
            writer.put(*embed_step(step, writer.library, encoder=encoder))
        writer.library.touch(self.rehashed)

    def report(self, *, removed: Iterable[str] = (), skipped: Iterable[str] = ()) -> IngestReport:
        """Close the report."""
        return IngestReport(
            added=tuple(self.added),
            updated=tuple(self.updated),
            unchanged=tuple(self.unchanged),
            removed=tuple(removed),
            failed=tuple(self.failed),
            skipped=tuple(skipped),
        )


# wide: the index, what is used in place of the usual, and who is told
def ingest(
    paths: Iterable[str | Path],
    index: str | Path | None = None,
    *,
    config: Config | None = None,
    embedder: Embedder | None = None,
    fetcher: Fetcher | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Bring an index in step with files, folders and https addresses.

    New and changed files are read, and what the index knows of these places and is there no longer is dropped. An
    unchanged file costs only the reading of its bytes. One that cannot be read is reported and stops nothing. Of a
    folder that is missing or unreadable nothing is dropped, nor is a document that was never a file. A page is known by
    the address that it is fetched from in the end; one that its server no longer has is reported and stays.

    Args:
        paths: files, folders and addresses.
        index: the folder of the index, made where there is none; the one of the settings by default.
        config: the settings; those in force in the working directory by default.
        embedder: an encoder that is loaded already; by default it is loaded when something must be embedded.
        fetcher: what fetches addresses; one with other limits, or of a test.
        progress: told of each file.

    Raises:
        ConfigError: a `.footnoteignore` cannot be understood.
        IndexBusy: another process is writing to this index.
        IndexMismatch: it was made with other settings.
    """
    config = config or Config.load()
    root = Path(index or config.index)
    found = find(paths, root)
    sources = list(found.files.values())
    fetcher = fetcher or Fetcher()
    with Sandbox() as sandbox, writing(root, config, purpose="footnote ingest", create=True) as writer:
        tally = _Tally(writer.library.sources(), config.split.passage_tokens)
        gone = [name for name, (_, file_hash) in tally.known.items() if file_hash and found.is_gone(name)]
        tally.failed += found.failed.items()
        tally.failed += [(name, "does not exist") for name in found.missing if name not in gone]

        def drafts() -> Iterator[Draft | None]:
            for done, source in enumerate(sources):
                if progress:
                    progress(done, len(sources), source.name)
                yield tally.draft_of(source, sandbox, fetcher=fetcher)

        tally.store(drafts(), writer=writer, encoder=Encoder(config.embedding.model, embedder))
        writer.remove([tally.known[name][0] for name in gone])
        if progress:
            progress(len(sources), len(sources), "")
        return tally.report(removed=gone, skipped=found.skipped)


def ingest_documents(
    documents: Collection[Document],
    index: str | Path | None = None,
    *,
    config: Config | None = None,
    embedder: Embedder | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Bring documents that are in memory already into an index, each in the place of the one with its source.

    `progress` is told of each document.

    Raises:
        IndexBusy: another process is writing to this index.
        IndexMismatch: it was made with other settings.
    """
    config = config or Config.load()
    with writing(Path(index or config.index), config, purpose="ingest of documents", create=True) as writer:
        tally = _Tally(writer.library.sources(), config.split.passage_tokens)

        def drafts() -> Iterator[Draft | None]:
            for done, document in enumerate(documents):
                if progress:
                    progress(done, len(documents), document.source)
                yield tally.draft(document, "")

        tally.store(drafts(), writer=writer, encoder=Encoder(config.embedding.model, embedder))
        if progress:
            progress(len(documents), len(documents), "")
        return tally.report()


def read_folder(folder: str | Path) -> list[Document]:
    """Read what `ingest` would take of a folder, each document named by its path below it; nothing is indexed.

    Raises:
        DocumentError: a file cannot be read; the message names it.
    """
    found = find([folder], as_place(folder) / ".footnote")
    failed = {**found.failed, **dict.fromkeys(found.missing, "does not exist")}
    if failed:
        name, reason = next(iter(failed.items()))
        raise DocumentError(f"{name}: {reason}")
    documents = []
    with Sandbox() as sandbox:
        for source in found.files.values():
            try:
                documents.append(read(bytes_of(source)[0], source, sandbox=sandbox))
            except DocumentError as error:
                raise DocumentError(f"{source.name}: {error}") from error
    return documents


def remove(names: Sequence[str], index: str | Path | None = None, *, config: Config | None = None) -> list[str]:
    """Drop documents from an index, each named by source, by id or as `ingest` takes it; return the sources.

    Raises:
        IndexMissing: there is no index.
        UnknownDocument: one of them is not there; nothing is dropped then.
    """
    config = config or Config.load()
    root = Path(index or config.index)
    with writing(root, config, purpose="footnote remove") as writer:
        known = writer.library.sources()
        source_of = {doc_id: source for source, (doc_id, _) in known.items()} | {source: source for source in known}
        meant = {name: source_of.get(name) or name_of(name, root) for name in names}
        missing = [name for name, source in meant.items() if source not in known]
        if missing:
            raise UnknownDocument(f"no document has the source or id {missing[0]!r}; `footnote list` shows them all.")
        sources = list(dict.fromkeys(meant.values()))
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
