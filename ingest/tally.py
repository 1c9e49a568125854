"""What becomes of each source that is brought in, against what the library knows of it, and the report in the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import starmap
from typing import TYPE_CHECKING

from ingest.intake import Draft, Encoder, Loaded, Reading, embed_step, steps
from ingest.pool import Task
from ingest.sources import kind_of
from ingest.split import split
from rag.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ingest.meter import Meter
    from ingest.pool import Pool
    from rag.types import Document, Passage
    from rag.writer import Writer


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of each source.

    `renamed` pairs the former source with the one at which the same file is found now. `failed` pairs a source with the
    reason; what failed stays as it was in the index. `skipped` are files of a folder that no reader takes, as pictures.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """A report that is being written, against what the library knew at the beginning.

    `known` maps each place to its document and file hash. `is_gone` tells of a place whether its file is certainly not
    there any more. `seen` are documents that are in the library or on their way, by the hash and kind of a file, and
    `n_places` counts where each of them stands. `former` are those of files that are gone, and may be elsewhere.
    `drafted` are the documents of the sources that had their turn.
    """

    known: dict[str, tuple[str, str]]
    passage_tokens: int
    is_gone: Callable[[str], bool] = lambda _name: False
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    rehashed: list[tuple[str, str]] = field(default_factory=list)
    drafted: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    doubles: list[tuple[str, str, str]] = field(default_factory=list)
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    former: dict[tuple[str, str], str] = field(default_factory=dict)
    n_places: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Note the documents that the library holds."""
        for source, (doc_id, file_hash) in self.known.items():
            self.n_places[doc_id] += 1
            if file_hash:
                (self.former if self.is_gone(source) else self.seen)[_content(source, file_hash)] = doc_id

    def drafts(self, loads: Iterable[tuple[int, Loaded]], readers: Pool[Reading], *, meter: Meter) -> Iterator[Draft]:
        """Read and split what is new or has changed, several ahead of the one that is yielded; the order is kept.

        Each comes with the number of its file, from 0.
        """

        def task(number: int, loaded: Loaded) -> Task[tuple[int, Loaded]]:
            return Task((number, loaded), loaded.source, loaded.data, self._wants_reading(loaded))

        turns = readers.read(starmap(task, loads), turn=lambda tag: meter.reach(tag[0], tag[1].asked.name))
        for (number, loaded), ahead in turns:
            # One that was not wanted may be now: the document with the same content has lost its last place meanwhile.
            again = ahead is None and self._wants_reading(loaded)
            ((_, reading),) = readers.read([task(number, loaded)]) if again else [(loaded, ahead)]
            try:
                draft = self._draft_of(loaded, reading)
            except DocumentError as error:
                way = "" if loaded.source == loaded.asked else f"leads to {loaded.source.name}, which "
                self.failed.append((loaded.asked.name, f"{way}{error}"))
            else:
                if draft:
                    yield draft

    def _wants_reading(self, loaded: Loaded) -> bool:
        """Tell whether what a file holds is neither at its place in the library nor at another one."""
        return not (loaded.failure or self._is_unchanged(loaded) or self._twin(loaded))

    def _is_unchanged(self, loaded: Loaded) -> bool:
        return self.known.get(loaded.source.name, ("", ""))[1] == loaded.file_hash

    def _twin(self, loaded: Loaded) -> str:
        """Return the document that was read from the same bytes, if it has a place."""
        twin = self.seen.get(_content(loaded.source.name, loaded.file_hash), "")
        return twin if self.n_places[twin] else ""

    def _draft_of(self, loaded: Loaded, reading: Reading | DocumentError | None) -> Draft | None:
        """Take what a file or an address came to; None where there is nothing to do."""
        source = loaded.source
        if loaded.failure:
            raise DocumentError(loaded.failure)
        if source.is_address and source.name in self.drafted:
            return None  # two addresses that lead to one
        if self._is_unchanged(loaded):
            self._keep(source.name)
            return None
        if twin := self._twin(loaded):
            self._place(source.name, twin, loaded.file_hash)
            return None
        if isinstance(reading, Reading):
            return self.draft(reading.document, loaded.file_hash, passages=reading.passages)
        # What was read under another name may take too long today, on a machine that is busier.
        if (former := self.former.get(_content(source.name, loaded.file_hash), "")) and self.n_places[former]:
            self._place(source.name, former, loaded.file_hash)
            return None
        raise reading or DocumentError("could not be read")

    def draft(self, document: Document, file_hash: str, *, passages: tuple[Passage, ...] | None = None) -> Draft | None:
        """Take a document, unless it stands in the library just so or has nothing to quote; split it if need be."""
        source = document.source
        if source in self.drafted:
            if self.drafted[source] == document.id:
                return None  # the same once more
            raise DocumentError(f"two of the documents have the source {source!r}; give each its own.")
        if self.known.get(source, ("", ""))[0] == document.id:
            self._keep(source)
            self.rehashed.append((source, file_hash))
            return None
        if self.n_places[document.id]:
            self._place(source, document.id, file_hash)
            return None
        if passages is None:
            passages = tuple(split(document, passage_tokens=self.passage_tokens))
        if not passages:
            reason = "holds nothing but headings" if document.text.strip() else "is empty"
            self.failed.append((source, reason))
            return None
        self._note(source, document.id, file_hash)
        return Draft(document, file_hash, passages)

    def _keep(self, source: str) -> None:
        """Note that a place keeps its document."""
        self.unchanged.append(source)
        self.drafted[source] = self.known[source][0]

    def _place(self, source: str, doc_id: str, file_hash: str) -> None:
        """Note a place of a document that is in the library, or on its way."""
        self.doubles.append((source, doc_id, file_hash))
        self._note(source, doc_id, file_hash)

    def _note(self, source: str, doc_id: str, file_hash: str) -> None:
        if source in self.known:
            self.updated.append(source)
            self.n_places[self.known[source][0]] -= 1
        else:
            self.added.append(source)
        self.n_places[doc_id] += 1
        self.drafted[source], self.hashes[source] = doc_id, file_hash
        if file_hash:
            self.seen[_content(source, file_hash)] = doc_id

    def store(self, drafts: Iterable[Draft], *, writer: Writer, encoder: Encoder, meter: Meter) -> None:
        """Put drafts into the index, a step at a time."""
        for step in steps(drafts):
            writer.put(embed_step(step, writer.library, encoder=encoder, meter=meter), places=self.doubles)
            self.doubles = []  # they must not wait: a later step may take the last place of their document
        writer.library.touch(self.rehashed)

    def settle(self, gone: Iterable[str], *, writer: Writer, skipped: Iterable[str] = ()) -> IngestReport:
        """Drop what is gone, in one step with the second places of what is there, and close the report."""
        gone = list(gone)
        writer.place(self.doubles, gone=gone)
        renamed = self._renamed(gone)
        new, old = {now for _, now in renamed}, {before for before, _ in renamed}
        return IngestReport(
            added=tuple(source for source in self.added if source not in new),
            updated=tuple(self.updated),
            unchanged=tuple(self.unchanged),
            renamed=tuple(renamed),
            removed=tuple(source for source in gone if source not in old),
            failed=tuple(self.failed),
            skipped=tuple(skipped),
        )

    def _renamed(self, gone: Iterable[str]) -> list[tuple[str, str]]:
        """Pair places that are gone with new ones that hold the same file."""
        new: dict[str, list[str]] = {}
        for source in reversed(self.added):
            if self.hashes[source]:
                new.setdefault(self.hashes[source], []).append(source)
        return [(source, found.pop()) for source in gone if (found := new.get(self.known[source][1]))]


def _content(source: str, file_hash: str) -> tuple[str, str]:
    """Tell what a file holds: the same bytes are read alike where the kind is the same, too."""
    return file_hash, kind_of(source)
