"""Writing to an index: by one at a time, and so that a crash at any moment loses nothing.

A document goes as `pending` into the library, then into both mirrors, then one transaction makes it visible and hides
the one whose place it takes; what is hidden is cleared from the mirrors, then from the library. Whoever writes next
clears away what an interruption left.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from rag.dense import check_place, dense_meta, dense_place, drop_unused, next_collection
from rag.errors import ConfigError, FootnoteError, IndexBusy, IndexDamaged, StorageFailed
from rag.indexes import Fingerprint, Layout, check_fingerprint, no_index
from rag.lexical import Lexical
from rag.library import Library
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
# A look at the lock takes it for a moment; who writes holds it for long.
_PATIENCE_S = 1
# Passages that are written to the mirrors at once; a step of ingest has fewer, unless a document is long.
_PASSAGES = 1000


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
        if self._vectors is None or self._lexical is None:
            with self._explained(IndexDamaged, "opened"):
                self._vectors = Vectors(self._place)
                self._lexical = Lexical(self.layout.lexical(self._number), writing=True)
        return self._vectors, self._lexical

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
        for folder in (self.layout.vectors(number), self.layout.lexical(number)):
            shutil.rmtree(folder, ignore_errors=True)
        folder = self.layout.vectors(number)
        place = next_collection(self.library, self._url, number=number) if self._url else folder
        with self._explained(StorageFailed, "made"):
            self._vectors = Vectors(place, create=True)
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

    def recover(self) -> None:
        """Clear away what an interrupted writer left: hidden documents, and mirrors that are not in use."""
        self._clear(self.library.hidden())
        for folder in (self.layout.vectors(self._number).parent, self.layout.lexical(self._number).parent):
            for stray in folder.iterdir() if folder.is_dir() else ():
                if stray.is_dir() and _MIRROR_NAME.fullmatch(stray.name) and stray.name != self._number:
                    shutil.rmtree(stray)
        drop_unused(self.library)

    def put(self, entries: Sequence[Entry], *, places: Sequence[tuple[str, str, str]] = ()) -> None:
        """Put documents at their places, and others of the library at the `places`: all of it is seen in one step.

        The library must keep their embeddings already.
        """
        there = self.library.titles([entry.document.id for entry in entries])
        new = [entry for entry in entries if entry.document.id not in there]
        self.library.add_pending(new)
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
            kept = (library or self.library).vectors([key for *_, key in part])
            with self._explained(StorageFailed, "written"):
                dense.add([(document, passage, kept[key]) for document, passage, key in part])
                lexical.change(add=[(document, passage) for document, passage, _ in part])


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Gather entries, so that a mirror is not committed for each of them."""
    waiting = iter(entries)
    while batch := list(islice(waiting, _BATCH)):
        yield batch


def refusal(root: Path, config: Config) -> FootnoteError | None:
    """Return why an index may not be changed, or None where it may: by the settings, or for want of permission."""
    if config.read_only:
        return ConfigError(
            f"the index in {root} is not changed, since read_only is set. To change it, take read_only out of "
            "footnote.toml, of the environment (FOOTNOTE_READ_ONLY) or of --set."
        )
    if root.is_dir() and not os.access(root, os.W_OK | os.X_OK):
        return StorageFailed(
            f"the index in {root} is not changed, since its folder cannot be written here: it belongs to another user, "
            "or lies on a disk that is mounted read-only."
        )
    return None


def _make_room(root: Path) -> None:
    """Make the folder of a new index. One that holds other files is somebody's, and stays as it is."""
    root.mkdir(parents=True, exist_ok=True)
    others = sorted(path.name for path in root.iterdir() if path.name not in Layout.NAMES)
    if others:
        raise ConfigError(
            f"{root} holds other files ({', '.join(others[:3])}), so no index is made in it. "
            "Name an empty folder, or one that does not exist yet."
        )


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
        _make_room(root)
    try:
        lock = FileLock(layout.lock).acquire(timeout=_PATIENCE_S)
    except Timeout as error:
        raise IndexBusy(f"{root} is being written to by {holder(layout)}. Wait until it is done.") from error
    with lock:
        layout.holder.write_text(json.dumps(_myself(purpose)), encoding="utf-8")
        library = Library(layout.library, writing=True)
        writer = Writer(layout, library, url=config.vectors.url)
        try:
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
        finally:
            writer.close()
            library.close()
            layout.holder.unlink(missing_ok=True)


def _myself(purpose: str) -> dict[str, str | int]:
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    user, host = os.environ.get("USER", "somebody"), socket.gethostname()
    return {"purpose": purpose, "pid": os.getpid(), "user": user, "host": host, "since": since}


def holder(layout: Layout) -> str:
    """Name who holds the lock, for people."""
    try:
        who = json.loads(layout.holder.read_text(encoding="utf-8"))
        return f"`{who['purpose']}` (process {who['pid']} of {who['user']} on {who['host']}, since {who['since']})"
    except (OSError, ValueError, KeyError):
        return "another process that has not left its name"
