"""An index on disk, read by many: the library and its two mirrors. `rag/writer.py` is how one writes it.

    library.db          the truth
    vectors/0001/       the dense mirror    } the number is in the library: a rebuild makes the next pair
    lexical/0001/       the lexical mirror  } beside the old one and then moves to it in one step
    writer.lock         held by the one who writes; writer.json names the holder

With `vectors.url`, the dense mirror is a collection on a Chroma server, whose name is in the library.

Readers check every passage that a mirror finds against the library, so what is half in or half out is never seen. They
never wait: they reopen the mirrors when the generation number has moved, and ask again if it moved meanwhile.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

from rag.dense import check_place, dense_place
from rag.errors import FootnoteError, IndexDamaged, IndexMismatch, IndexMissing, StorageFailed
from rag.library import SCHEMA, Library
from rag.mirrors import Mirrors
from rag.models import embedding_fingerprint
from rag.narrow import Origins
from rag.text import SPLITTER, TOKENISER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from rag.config import Config
    from rag.types import Filters, Passage

    Found = list[tuple[str, float]]

T = TypeVar("T")
# A reader that meets a writer's step starts again. A search that is slower than the steps of a writer would do so for
# ever; after so many, what it found stands: each passage was checked, but one that moved in that moment may be missing.
_STEPS = 4
_ATTEMPTS = 20
_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the files of an index lie."""

    root: Path

    # What may stand in the folder of an index.
    NAMES: ClassVar = {
        "library.db",
        "library.db-wal",
        "library.db-shm",
        "incoming.db",
        "incoming.db-wal",
        "incoming.db-shm",
        "vectors",
        "lexical",
        "writer.lock",
        "writer.json",
        # What the page keeps beside it.
        "conversations.db",
        "conversations.db-wal",
        "conversations.db-shm",
    }

    @property
    def library(self) -> Path:
        """The SQLite file."""
        return self.root / "library.db"

    @property
    def incoming(self) -> Path:
        """The library that is being restored."""
        return self.root / "incoming.db"

    @property
    def lock(self) -> Path:
        """The writer's lock."""
        return self.root / "writer.lock"

    @property
    def holder(self) -> Path:
        """Who holds the lock, for people."""
        return self.root / "writer.json"

    def vectors(self, number: str) -> Path:
        """The folder of a dense mirror."""
        return self.root / "vectors" / number

    def lexical(self, number: str) -> Path:
        """The folder of a lexical mirror."""
        return self.root / "lexical" / number


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What made an index; two with the same fingerprint can be read alike."""

    embedding: str
    splitter: str
    tokeniser: str = TOKENISER
    schema: str = SCHEMA

    @classmethod
    def of(cls, config: Config) -> Fingerprint:
        """Return what an index made with these settings would carry."""
        return cls(embedding_fingerprint(config.embedding.model), f"{SPLITTER}/{config.split.passage_tokens}")

    @classmethod
    def stored(cls, library: Library) -> Fingerprint | None:
        """Return what the library was made with, or None while it is new.

        Raises:
            IndexMismatch: a newer version made it, of which this one knows nothing.
        """
        text = library.meta("fingerprint")
        if not text:
            return None
        stored = json.loads(text)
        if _number(stored["schema"]) > _number(SCHEMA):
            raise IndexMismatch(
                f"it was made by a newer Footnote ({stored['schema']}; this one knows {SCHEMA}). Update Footnote."
            )
        return cls(**stored)

    def meta(self) -> str:
        """Write it as the library keeps it."""
        return json.dumps(asdict(self))

    def __str__(self) -> str:
        """Write it in one line."""
        return f"{self.embedding} {self.splitter} {self.tokeniser} {self.schema}"


def _number(schema: str) -> int:
    return int(schema.rpartition("-")[2])


class Index:
    """An index opened for reading. Safe to use from several threads."""

    def __init__(self, root: Path, config: Config) -> None:
        """Open it.

        Raises:
            IndexMissing: there is none in this folder.
            IndexMismatch: it was made with other settings.
        """
        self.layout = Layout(root)
        if not self.layout.library.is_file():
            raise no_index(root)
        self.library = Library(self.layout.library)
        self.stories = self.library.stories
        self.fingerprint = Fingerprint.of(config)
        try:
            check_fingerprint(self.layout, self.library, wanted=self.fingerprint)
            check_place(self.library, self.layout.root, url=config.vectors.url)
        except FootnoteError:
            self.library.close()
            raise
        self._lock = threading.Lock()
        self._mirrors: Mirrors | None = None
        self._origins: tuple[int, Origins] = (-1, Origins())

    def close(self) -> None:
        """Let go of all files."""
        with self._lock:
            self._let_go()
        self.library.close()

    def search_dense(self, vector: NDArray[np.float32], limit: int, *, filters: Filters) -> list[tuple[Passage, float]]:
        """Return the nearest visible passages with their cosine similarity, best first."""
        return self._search(lambda mirrors: mirrors.nearest(vector, limit, filters=filters, library=self.library))

    def search_lexical(self, query: str, limit: int, *, filters: Filters) -> list[tuple[Passage, float]]:
        """Return the visible passages that share content words with the query, with their BM25 score, best first."""
        return self._search(lambda mirrors: mirrors.lexical.search(query, limit, filters=filters))

    def term_weights(self, words: Iterable[str]) -> dict[str, float]:
        """Return the inverse document frequency of terms over all passages."""
        return self._with_mirrors(lambda mirrors: mirrors.lexical.weights(words))

    def origins(self) -> Origins:
        """Return the outlets, authors and days of the documents; read anew only when the library has changed."""
        generation = self.library.generation
        if generation != self._origins[0]:
            self._origins = (generation, Origins.of(self.library.origins()))
        return self._origins[1]

    def differences(self) -> dict[str, tuple[int, int]]:
        """Return for each mirror how many visible passages it lacks, and how many it holds that no document has.

        What belongs to a document on its way in or out is no difference.
        """

        def compare(mirrors: Mirrors) -> dict[str, tuple[int, int]]:
            stores = {"vectors": set(mirrors.vectors.ids()), "lexical": set(mirrors.lexical.ids())}
            truth, hidden = self.library.passage_ids(), self.library.passage_ids(hidden=True)
            return {name: (len(truth - ids), len(ids - truth - hidden)) for name, ids in stores.items()}

        return self._with_mirrors(compare)

    def _search(self, search: Callable[[Mirrors], Found]) -> list[tuple[Passage, float]]:
        def visible(mirrors: Mirrors) -> list[tuple[Passage, float]]:
            found = search(mirrors)
            passages = self.library.passages([key for key, _ in found])
            return [(passages[key], score) for key, score in found if key in passages]

        return self._with_mirrors(visible)

    def _with_mirrors(self, ask: Callable[[Mirrors], T]) -> T:
        """Ask the mirrors, again where the index changed meanwhile: the answer belongs to one generation."""
        failure: Exception | None = None
        for attempt in range(_ATTEMPTS):
            generation = self.library.generation
            try:
                with self._current() as mirrors:
                    answer = ask(mirrors)
            except (IndexMismatch, StorageFailed):
                raise
            except Exception as error:  # noqa: BLE001 (the engines raise classes of their own)
                failure = error
                if self.library.generation == generation:
                    break
                time.sleep(_PAUSE_S)
            else:
                if self.library.generation == generation or attempt + 1 >= _STEPS:
                    return answer
        raise IndexDamaged(
            f"the index in {self.layout.root} cannot be searched ({failure}). "
            f"Mend it: footnote rebuild --index {self.layout.root}"
        ) from failure

    @contextmanager
    def _current(self) -> Iterator[Mirrors]:
        """Lend the mirrors of this generation; they stay open until the last who uses them is done."""
        with self._lock:
            if self._mirrors is None or self._mirrors.generation != self.library.generation:
                self._let_go()  # also where the next ones cannot be opened
                self._mirrors = self._open_mirrors()
            mirrors = self._mirrors
            mirrors.users += 1
        try:
            yield mirrors
        finally:
            with self._lock:
                mirrors.users -= 1
                if not mirrors.users and mirrors is not self._mirrors:
                    mirrors.close()

    def _open_mirrors(self) -> Mirrors:
        generation = self.library.generation  # first: what moves meanwhile is opened anew
        check_fingerprint(self.layout, self.library, wanted=self.fingerprint)  # a rebuild may have made it another
        number = self.library.meta("mirror")
        dense = dense_place(self.library, self.layout.vectors(number))
        return Mirrors(dense, self.layout.lexical(number), generation=generation)

    def _let_go(self) -> None:
        mirrors, self._mirrors = self._mirrors, None
        if mirrors is not None and not mirrors.users:
            mirrors.close()


def no_index(root: Path) -> IndexMissing:
    """Return the error that says that a folder holds no index, and how to make one."""
    return IndexMissing(f"there is no index in {root}. Make one: footnote ingest PATH… --index {root}")


def check_fingerprint(layout: Layout, library: Library, *, wanted: Fingerprint) -> None:
    """Hold an index against the settings in force.

    Raises:
        IndexMissing: it is not made yet.
        IndexMismatch: it was made with others.
    """
    stored = Fingerprint.stored(library)
    if stored is None:
        raise IndexMissing(
            f"the index in {layout.root} is being made. Ask again in a moment; "
            f"if nobody is making it: footnote ingest PATH… --index {layout.root}"
        )
    if stored != wanted:
        raise IndexMismatch(
            f"the index in {layout.root} was made with [{stored}], but the settings in force are [{wanted}]. "
            f"Bring it to these settings: footnote rebuild --index {layout.root} (and the same --set); "
            "or go back to the others."
        )
