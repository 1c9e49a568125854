"""Writing to an index: by one at a time, and so that a crash at any moment loses nothing.

A document goes as `pending` into the library, then into both mirrors, then one transaction makes it visible and hides
the one whose place it takes; what is hidden is cleared from the mirrors, then from the library. Whoever writes next
clears away what an interruption left.

A killed process loses nothing that it wrote, but a power cut does: the library is synced with every transaction, the
mirrors are not in every part, and may go back to an older state. So before a writer touches the mirrors it leaves a
mark in the library, and takes it away when all is on the disk. Who finds the mark holds both mirrors against the
library and mends them; one that cannot be opened is made anew, without the model, since the embeddings are kept.
"""

from __future__ import annotations

import re
import shutil
from contextlib import closing, contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from rag.dense import check_place, dense_meta, dense_place, drop_unused, next_collection
from rag.errors import FootnoteError, IndexDamaged, StorageFailed
from rag.files import clear_away, sync
from rag.indexes import Fingerprint, Layout, check_fingerprint, no_index
from rag.lexical import Lexical
from rag.library import Library
from rag.lock import hold, make_room, refusal
from rag.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rag.config import Config
    from rag.library import Entry


_FIRST = "0001"
# Documents that are mirrored in one go where all of them are.
_BATCH = 100
_MIRROR_NAME = re.compile(r"\d{4,}")
# Passages that are written to the mirrors at once; a step of ingest has fewer, unless a document is long.
_PASSAGES = 1000
# What stands in the library for as long as something that was written to the mirrors may be lost.
_MARK = "mirrors_touched"


class Writer:
    """An index opened for writing, by the holder of its lock; made by `writing`.

    `url` is that of the Chroma server on which the next dense mirror is made, empty for the folder of the index.
    """

    def __init__(self, layout: Layout, library: Library, *, url: str = "") -> None:
        self.layout = layout
        self.library = library
        self._url = url
        self._number = library.meta("mirror", _FIRST)
        self._place = dense_place(library, layout.vectors(self._number))
        self._vectors: Vectors | None = None
        self._lexical: Lexical | None = None

    def _stores(self) -> tuple[Vectors, Lexical]:
        if self._vectors is not None and self._lexical is not None:
            return self._vectors, self._lexical
        doubtful = self._mark()
        try:
            with self._explained(IndexDamaged, "opened"):
                self._vectors = Vectors(self._place, writing=True)
                self._lexical = Lexical(self.layout.lexical(self._number), writing=True)
            if doubtful:
                self._mend(self._vectors, self._lexical)
        except IndexDamaged:
            return self._renew()
        return self._vectors, self._lexical

    def _mark(self) -> bool:
        """Leave the mark; return whether it stood there already, since another writer did not end well."""
        stood = bool(self.library.meta(_MARK))
        if not stood:
            self.library.note(_MARK, "yes")
        return stood

    def _mend(self, dense: Vectors, lexical: Lexical) -> None:
        """Take out of the mirrors what the library does not show, and put in what they lack."""
        with self._explained(IndexDamaged, "read"):
            held = set(dense.whole_ids()), set(lexical.ids())
        shown = self.library.passage_ids()
        with self._explained(StorageFailed, "written"):
            dense.remove(sorted(held[0] - shown))
            lexical.change(remove=held[1] - shown)
        lacking = {passage_id.rpartition(":")[0] for ids in held for passage_id in shown - ids}
        for entries in _batches(self.library.entries(sorted(lacking))):
            self._mirror(entries, dense, lexical)

    def _renew(self) -> tuple[Vectors, Lexical]:
        """Make both mirrors anew from the library as it stands, and move to them."""
        dense, lexical = self.create(f"{int(self._number) + 1:04d}")
        for entries in _batches(self.library.entries()):
            self._mirror(entries, dense, lexical)
        self._settle(dense)
        self.library.set_meta(self.mirrors_meta())
        return dense, lexical

    @contextmanager
    def _explained(self, kind: type[FootnoteError], what: str) -> Iterator[None]:
        """Say of an error of the engines, which raise classes of their own, what it means for the index."""
        try:
            yield
        except FootnoteError:
            raise
        except Exception as error:
            raise kind(
                f"the mirrors of {self.layout.root} could not be {what} ({error}). The documents are safe in the "
                f"library; with space on the disk, mend them: footnote rebuild --index {self.layout.root}"
            ) from error

    def create(self, number: str) -> tuple[Vectors, Lexical]:
        """Make a pair of empty mirrors in the place of whatever an interruption left there, and write to them."""
        self.close()
        self._mark()
        for folder in (self.layout.vectors(number), self.layout.lexical(number)):
            shutil.rmtree(folder, ignore_errors=True)
        folder = self.layout.vectors(number)
        place = next_collection(self.library, self._url, number=number) if self._url else folder
        with self._explained(StorageFailed, "made"):
            self._vectors = Vectors(place, writing=True, create=True)
            self._lexical = Lexical(self.layout.lexical(number), create=True, writing=True)
        self._number = number
        self._place = place
        return self._vectors, self._lexical

    def mirrors_meta(self) -> dict[str, str]:
        """Say as the library keeps it which mirrors these are."""
        return {"mirror": self._number, **dense_meta(self._place)}

    def close(self) -> None:
        """Let go of the mirrors."""
        if self._vectors is not None:
            self._vectors.close()
        if self._lexical is not None:
            self._lexical.close()
        self._vectors = self._lexical = None

    def finish(self) -> None:
        """Put all that was written on the disk, and take the mark away."""
        if self._vectors is not None:
            dense = self._vectors
            with self._explained(StorageFailed, "written"):
                self.close()
                self._settle(dense)
            self.library.note(_MARK, "")

    def _settle(self, dense: Vectors) -> None:
        dense.settle()
        folder = self.layout.lexical(self._number)
        for place in (folder, folder.parent):  # tantivy syncs what it writes, but not the name of the last file
            sync(place)

    def recover(self) -> None:
        """Mend what an interrupted writer left: doubtful mirrors, hidden documents, mirrors that are not in use."""
        if self.library.meta(_MARK):
            self._stores()
        self._clear(self.library.hidden())
        for folder in (self.layout.vectors(self._number).parent, self.layout.lexical(self._number).parent):
            for stray in folder.iterdir() if folder.is_dir() else ():
                if stray.is_dir() and _MIRROR_NAME.fullmatch(stray.name) and stray.name != self._number:
                    clear_away(stray)
        drop_unused(self.library)

    def put(self, entries: Sequence[Entry], *, places: Sequence[tuple[str, str, str]] = ()) -> None:
        """Put documents at their places, and others of the library at the `places`: all of it is seen in one step.

        The library must keep their embeddings already.
        """
        there = self.library.titles([entry.document.id for entry in entries])
        new = [entry for entry in entries if entry.document.id not in there]
        self.library.add_pending(new)
        if new:
            self._mirror(new, *self._stores())
        own = [(entry.document.source, entry.document.id, entry.file_hash) for entry in entries]
        self.place([*own, *places])

    def place(self, places: Sequence[tuple[str, str, str]] = (), *, gone: Sequence[str] = ()) -> None:
        """Put documents of the library at places (source, id, file hash), and clear other places, in one step.

        A document that has no place any more is removed.
        """
        if places or gone:
            self._clear(self.library.publish(places, gone=gone))

    def _clear(self, doc_ids: Sequence[str]) -> None:
        """Take hidden documents out of the mirrors, then out of the library."""
        if not doc_ids:
            return
        gone = [passage.id for passage, _ in self.library.passages_of(doc_ids)]
        if gone:
            dense, lexical = self._stores()
            with self._explained(StorageFailed, "written"):
                dense.remove(gone)
                lexical.change(remove=gone)
        self.library.forget(doc_ids)

    def remake(self, batches: Iterable[Sequence[Entry]], fingerprint: Fingerprint) -> None:
        """Make both mirrors anew from all documents, whose embeddings the library must keep; then move to them.

        Readers use the old mirrors until the one step that replaces them.
        """
        dense, lexical = self.create(f"{int(self._number) + 1:04d}")

        def mirrored() -> Iterator[Sequence[Entry]]:
            for entries in batches:
                self._mirror(entries, dense, lexical)
                yield entries
            self._settle(dense)

        meta = {**self.mirrors_meta(), "fingerprint": fingerprint.meta()}
        self.library.replace_passages(mirrored(), meta=meta)
        self.recover()

    def adopt(self, other: Library, path: Path, *, fingerprint: Fingerprint) -> None:
        """Put all that another library holds, the one at `path`, in the place of what stands here, mirrors and all.

        Readers see one or the other.
        """
        dense, lexical = self.create(f"{int(self._number) + 1:04d}")
        for entries in _batches(other.entries()):
            self._mirror(entries, dense, lexical, library=other)
        self._settle(dense)
        stored = {**self.mirrors_meta(), "fingerprint": fingerprint.meta()}
        self.library.adopt(path, meta=stored)
        self.recover()

    # wide: whose embeddings are mirrored, where they are not this library's
    def _mirror(
        self, entries: Sequence[Entry], dense: Vectors, lexical: Lexical, *, library: Library | None = None
    ) -> None:
        """Write documents to both mirrors, so many passages at once as can be held in memory, however long they are."""
        rows = [
            (entry.document, passage, key)
            for entry in entries
            for passage, key in zip(entry.passages, entry.embedding_keys, strict=True)
        ]
        for part in (rows[first : first + _PASSAGES] for first in range(0, len(rows), _PASSAGES)):
            with self._explained(StorageFailed, "written"):
                kept = (library or self.library).vectors([key for *_, key in part])
                dense.add([(document, passage, kept[key]) for document, passage, key in part])
                lexical.change(add=[(document, passage) for document, passage, _ in part])


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Gather entries, so that a mirror is not committed for each of them."""
    waiting = iter(entries)
    while batch := list(islice(waiting, _BATCH)):
        yield batch


@contextmanager
def writing(
    root: Path, config: Config, *, purpose: str, create: bool = False, any_fingerprint: bool = False
) -> Iterator[Writer]:
    """Open an index for writing, and clear away what an interruption left.

    `create` makes it where there is none. `any_fingerprint` is for the rebuild that mends a mismatch: nothing is opened
    that could be of another make.

    Raises:
        ConfigError: it would have to be made among other files, or `read_only` is set.
        IndexMissing: there is none, and none is to be made.
        IndexBusy: someone else is writing; the message says who.
        IndexMismatch: it was made with other settings.
        StorageFailed: its folder cannot be written, or the server of its vectors does not answer.
    """
    refused = refusal(root, config)
    if refused is not None:
        raise refused
    layout = Layout(root)
    if not layout.library.is_file():
        if not create:
            raise no_index(root)
        make_room(root)
    with (
        hold(layout, purpose),
        closing(Library(layout.library, writing=True)) as library,
        closing(Writer(layout, library, url=config.vectors.url)) as writer,
    ):
        fingerprint = Fingerprint.of(config)
        if Fingerprint.stored(library) is None:
            writer.create(_FIRST)
            library.set_meta({"fingerprint": fingerprint.meta(), **writer.mirrors_meta()})
        if not any_fingerprint:
            check_fingerprint(layout, library, wanted=fingerprint)
            check_place(library, root, url=config.vectors.url)
            writer.recover()
        else:
            library.update_schema()
        yield writer
        writer.finish()
