"""Both mirrors of an index, opened for reading at one generation.

Tantivy takes a lock in its folder and Chroma writes to its database even for reading: in a folder that cannot be
written, both are opened from a copy.
"""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING

from rag.errors import HalfSaved, StorageFailed
from rag.exact import nearest
from rag.lexical import Lexical
from rag.vectors import Served, Vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.library import Library
    from rag.types import Filters


# Chroma writes to its files when it opens them; with less space than this, that fails.
_OPENING_BYTES = 1_000_000
_COPYINGS = 5


class Mirrors:
    """Both mirrors as they stood at one generation; the dense one is opened when it is first asked.

    `users` counts those who ask them at the moment: who replaces these mirrors closes them when there are none.

    Raises:
        StorageFailed: a copy is needed and cannot be made, or the server of the vectors does not answer.
    """

    def __init__(self, dense: Path | Served, lexical: Path, *, generation: int) -> None:
        self.generation = generation
        self.users = 0
        self._place = dense
        self._vectors: Vectors | None = None
        self._copies: TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()
        self.lexical = Lexical(self._openable(lexical))

    @property
    def vectors(self) -> Vectors:
        """The dense mirror."""
        with self._lock:
            if self._vectors is None:
                if not isinstance(self._place, Served):
                    self._place = self._openable(self._place)  # a copy, too, may have to be asked for again
                self._vectors = Vectors(self._place)
            return self._vectors

    def nearest(
        self, vector: NDArray[np.float32], limit: int, *, filters: Filters, library: Library
    ) -> list[tuple[str, float]]:
        """Search the dense mirror, or where it must not be loaded or a full disk keeps it shut, the library."""
        try:
            vectors = self.vectors
        except Exception as error:
            if isinstance(error, HalfSaved) or self._lacks_space():
                return nearest(library, vector, limit=limit, filters=filters)
            raise
        return vectors.search(vector, limit, filters=filters)

    def _lacks_space(self) -> bool:
        place = self._place
        return isinstance(place, Path) and place.is_dir() and shutil.disk_usage(place).free < _OPENING_BYTES

    def close(self) -> None:
        """Let go of the files, and delete copies."""
        with self._lock:
            if self._vectors is not None:
                self._vectors.close()
                self._vectors = None
            if self._copies is not None:
                self._copies.cleanup()
                self._copies = None

    def _openable(self, folder: Path) -> Path:
        """Return a folder that an engine can open: this one, or where something in it cannot be written, a copy."""
        if not folder.is_dir() or not any(map(_is_sealed, (folder, *folder.iterdir()))):
            return folder
        try:
            if self._copies is None:
                self._copies = TemporaryDirectory(prefix="footnote-")
            copy = Path(self._copies.name) / folder.parent.name
            copy_whole(folder, copy)
            for place in (copy, *(path for path in copy.rglob("*") if path.is_dir())):
                place.chmod(0o700)  # copytree keeps the modes of folders
        except OSError as error:
            raise StorageFailed(
                f"{folder} cannot be written, and the copy that could be opened cannot be made in {gettempdir()} "
                f"({error}). Make room there, or name another folder in TMPDIR."
            ) from error
        return copy


def copy_whole(folder: Path, copy: Path) -> None:
    """Copy a folder, again where a file in it goes meanwhile: its owner may be writing."""
    for attempt in range(_COPYINGS):
        shutil.rmtree(copy, ignore_errors=True)
        try:
            shutil.copytree(folder, copy, copy_function=shutil.copyfile)
        except OSError:
            if attempt + 1 == _COPYINGS:
                raise
        else:
            return


def _is_sealed(path: Path) -> bool:
    return not os.access(path, os.W_OK) and path.exists()  # what is gone meanwhile a writer has cleared away
