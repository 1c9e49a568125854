"""The files in which Chroma saves its graph of neighbours, so that none is ever loaded half written.

Chroma writes over them in place, a thousand records at a time, and syncs nothing. What a crash leaves of them is not
always an error when it is loaded: it can end the process, or hang it. So one process at a time loads or changes them,
and while there is a writer, a note beside them says how they looked when they were last whole.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from rag.errors import HalfSaved
from rag.files import sync

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

_LOCK, _NOTE = "alone.lock", "whole"
# Chroma loads the others only where this one stands, and writes it last.
_LAST = "index_metadata.pickle"
# A step of writing takes under a second, and so does loading a graph of 100,000 passages.
_PATIENCE_S = 60


class GraphFiles:
    """The files of one store, in the folders of its graphs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._note = folder / _NOTE

    def alone(self) -> AbstractContextManager[object]:
        """Keep other processes, and other stores of this one, from loading or changing the graph meanwhile."""
        try:
            return FileLock(self._folder / _LOCK).acquire(timeout=_PATIENCE_S)
        except Timeout:
            raise
        except OSError:
            return nullcontext()  # nobody writes to a folder in which no file can be made

    def check(self) -> None:
        """See that the graph may be loaded.

        Raises:
            HalfSaved: a writer ended while it was saved.
        """
        if self._note.is_file() and self._note.read_text(encoding="utf-8") != self._look():
            raise HalfSaved("the last writer ended while the graph of vectors was being saved")

    def note(self) -> None:
        """Note that the files are whole as they are, and put them on the disk if they have changed."""
        look = self._look()
        if self._note.is_file() and self._note.read_text(encoding="utf-8") == look:
            return
        for graph in self._graphs():
            for path in (*graph.iterdir(), graph):
                sync(path)
        new = self._note.with_suffix(".new")
        new.write_text(look, encoding="utf-8")
        sync(new)
        new.replace(self._note)
        sync(self._folder)

    def settle(self) -> None:
        """Take the note away: nobody is writing, and what was written is on the disk."""
        self._note.unlink(missing_ok=True)
        for folder in (self._folder, *self._folder.parents[:2]):  # up to that of the index, all of which may be new
            sync(folder)

    def _graphs(self) -> list[Path]:
        return sorted(path.parent for path in self._folder.glob(f"*/{_LAST}"))

    def _look(self) -> str:
        """Tell a state of the files from any other: saving changes the time of at least one of them."""
        files = [path for graph in self._graphs() for path in sorted(graph.iterdir())]
        seen = [(path.relative_to(self._folder).as_posix(), path.stat()) for path in files]
        return "".join(f"{name} {stat.st_size} {stat.st_mtime_ns}\n" for name, stat in seen)
