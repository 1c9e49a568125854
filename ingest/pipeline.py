"""The way of a document into an index: found, read, split, embedded, stored; and out of it again."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.addresses import is_address
from ingest.contents import contents
from ingest.fetch import Fetcher
from ingest.intake import Draft, Encoder, embed_step, read_and_split, read_document, steps
from ingest.meter import Meter
from ingest.pool import Pool, Task
from ingest.sources import as_place, containers_of, find, is_below, name_of
from ingest.split import split
from ingest.tally import IngestReport, Tally
from rag.config import Config
from rag.errors import DocumentError, UnknownDocument
from rag.indexes import Fingerprint
from rag.types import Document
from rag.writer import writing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from ingest.meter import Progress
    from rag.library import Entry, Library
    from rag.models import Embedder


_EMPTIED = "is empty, as where a disk is out; its documents stay. If they are to go: footnote remove, and its name"


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

    New and changed files are read, several at once while those before them are embedded, and what the index knows of
    these places and is there no longer is dropped. An unchanged file costs only the reading of its bytes. One that
    cannot be read is reported and stops nothing. Of a folder that is missing, empty or unreadable nothing is dropped,
    nor is a document that was never a file. A page is known by the address that it is fetched from in the end; one that
    its server no longer has is reported and stays. Of a zip archive or a file of JSON lines, each document is taken by
    itself; of one that cannot be read through none is dropped. The index remembers the folders, for `sync` to look
    through them again.

    Args:
        paths: files, folders and addresses.
        index: the folder of the index, made where there is none; the one of the settings by default.
        config: the settings; those in force in the working directory by default.
        embedder: an encoder that is loaded already; by default it is loaded when something must be embedded.
        fetcher: what fetches addresses; one with other limits, or of a test.
        progress: told of each file as its turn comes, and of passages as they are embedded.

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
    reader = partial(read_and_split, passage_tokens=config.split.passage_tokens)
    with Pool(reader) as readers, writing(root, config, purpose="footnote ingest", create=True) as writer:
        found.followed = frozenset(writer.library.followed())
        tally = Tally(writer.library.sources(), config.split.passage_tokens, found.is_gone)
        tally.failed += found.failed.items()
        tally.failed += [(folder, _EMPTIED) for folder in found.emptied(tally.known)]
        writer.library.follow(found.folders)
        meter = Meter(progress, len(sources))
        loads = ((number, one) for number, s in enumerate(sources) for one in contents(s, found, fetcher=fetcher))
        encoder = Encoder(config.embedding.model, embedder)
        tally.store(tally.drafts(loads, readers, meter=meter), writer=writer, encoder=encoder, meter=meter)
        # Only what has been read through tells what a container holds no longer.
        gone = [name for name, (_, file_hash) in tally.known.items() if file_hash and found.is_gone(name)]
        left = {*gone, *(container for name in gone for container in containers_of(name))}
        tally.failed += [(name, "does not exist") for name in found.missing if name not in left]
        report = tally.settle(gone, writer=writer, skipped=found.skipped)
        meter.end()
        return report


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
        DocumentError: two of them have one source; what came long before stays.
        IndexBusy: another process is writing to this index.
        IndexMismatch: it was made with other settings.
    """
    config = config or Config.load()
    with writing(Path(index or config.index), config, purpose="ingest of documents", create=True) as writer:
        tally = Tally(writer.library.sources(), config.split.passage_tokens)
        meter = Meter(progress, len(documents))

        def drafts() -> Iterator[Draft]:
            for number, document in enumerate(documents):
                meter.reach(number, document.source)
                draft = tally.draft(document, "")
                if draft:
                    yield draft

        tally.store(drafts(), writer=writer, encoder=Encoder(config.embedding.model, embedder), meter=meter)
        report = tally.settle((), writer=writer)
        meter.end()
        return report


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
    with Pool(read_document) as readers:
        loads = (loaded for source in found.files.values() for loaded in contents(source, found))
        tasks = (Task(loaded, loaded.source, loaded.data, not loaded.failure) for loaded in loads)
        for loaded, document in readers.read(tasks):
            if not isinstance(document, Document):
                raise DocumentError(f"{loaded.asked.name}: {document or loaded.failure}") from document
            documents.append(document)
    return documents


def remove(names: Sequence[str], index: str | Path | None = None, *, config: Config | None = None) -> list[str]:
    """Drop documents from an index, each named by source, by id or as `ingest` takes it; return the sources.

    Of a document that stands at several places, a source drops that place, and the id all of them. A folder stands for
    all that is below it, and is followed no longer; an archive for all that is in it.

    Raises:
        IndexMissing: there is no index.
        UnknownDocument: one of them is not there; nothing is dropped then.
    """
    config = config or Config.load()
    root = Path(index or config.index)
    with writing(root, config, purpose="footnote remove") as writer:
        known = writer.library.sources()
        of_id: dict[str, list[str]] = {}
        for source, (doc_id, _) in known.items():
            of_id.setdefault(doc_id, []).append(source)
        sources: dict[str, None] = {}
        unfollowed: list[str] = []
        for name in names:
            place = name if name in known else name_of(name, root)
            folders = [folder for folder in writer.library.followed() if is_below(folder, place, root=root)]
            found = of_id.get(name) or _at(place, known, root=root)
            if not found and not folders:
                raise UnknownDocument(f"no document has the source or id {name!r}; `footnote list` shows them all.")
            unfollowed += folders
            sources |= dict.fromkeys(found)
        writer.library.follow(no_more=unfollowed)
        writer.place(gone=list(sources))
        return list(sources)


def _at(place: str, known: Mapping[str, tuple[str, str]], *, root: Path) -> list[str]:
    """Return the source of this name, or else those of files below it: it may be a folder, or an archive."""
    if place in known:
        return [place]
    files = () if is_address(place) else (source for source, (_, file_hash) in known.items() if file_hash)
    return [source for source in files if not is_address(source) and is_below(source, place, root=root)]


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
        meter = Meter(progress, writer.library.counts()["documents"])
        drafts = _stored_drafts(writer.library, tokens, meter)
        encoder = Encoder(config.embedding.model, embedder)
        kept: Iterator[list[Entry]] = (
            embed_step(step, writer.library, encoder=encoder, meter=meter) for step in steps(drafts)
        )
        writer.remake(kept, wanted)
        meter.end()


def _stored_drafts(library: Library, passage_tokens: int | None, meter: Meter) -> Iterator[Draft]:
    """Yield every document with its passages as they stand, or split anew where a size is given."""
    for number, document in enumerate(library.documents()):
        meter.reach(number, document.source)
        if passage_tokens is None:
            passages = [passage for passage, _ in library.passages_of([document.id])]
        else:
            passages = split(document, passage_tokens=passage_tokens)
        yield Draft(document, "", tuple(passages))
