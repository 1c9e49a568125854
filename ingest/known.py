"""What an index was made from, and how it is brought in step with all of it again.

The folders that were ingested are followed: what is new in them is taken, too. Of what was ingested by itself, a file
or an address, the library knows the name; a document that was given in memory comes from nowhere.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ingest.addresses import is_address
from ingest.pipeline import ingest
from ingest.sources import containers_of, is_below, path_of
from rag.config import Config
from rag.indexes import Index, Layout
from rag.library import Library

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.fetch import Fetcher
    from ingest.meter import Progress
    from ingest.tally import IngestReport
    from rag.models import Embedder

_AWAY = "is not there, nor is anything else in its folder, as where a disk is out; what the index holds of it stays"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, file or address that an index was made from, and how many of its sources come from there.

    `path` is the file or folder, or the address. `is_away` tells of a file or folder that nothing can be said of now:
    it is not there, and its disk may be out.
    """

    name: str
    kind: Literal["folder", "file", "address"]
    path: str
    n_sources: int
    is_away: bool


def places(index: str | Path | None = None, *, config: Config | None = None) -> list[Place]:
    """Return what an index was made from: the folders, then what lies in none of them, each by name.

    Raises:
        IndexMissing: there is no index.
        IndexMismatch: it was made with other settings, or by another version.
    """
    config = config or Config.load()
    root = Path(index or config.index)
    with closing(Index(root, config)) as made:
        folders = made.library.followed()
        sources = {source for source, (_, file_hash) in made.library.sources().items() if file_hash}
    alone = {source for source in sources if not any(is_below(source, folder, root=root) for folder in folders)}
    files = Counter(source if is_address(source) else _outermost(source, root) for source in sorted(alone))
    counts = {folder: sum(is_below(source, folder, root=root) for source in sources) for folder in folders} | files
    return [_place(name, root, is_folder=name in folders, n_sources=count) for name, count in counts.items()]


# wide: the index, what is used in place of the usual, and who is told
def sync(
    index: str | Path | None = None,
    *,
    config: Config | None = None,
    embedder: Embedder | None = None,
    fetcher: Fetcher | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Bring an index in step with everything that it was made from; arguments and errors as of `ingest`.

    A file that is gone is dropped, as by `ingest`; where its whole folder is missing or empty, it stays, and is
    reported.
    """
    config = config or Config.load()
    root = Path(index or config.index)
    known = places(root, config=config)
    report = ingest(there(known), root, config=config, embedder=embedder, fetcher=fetcher, progress=progress)
    away = tuple((place.name, _AWAY) for place in known if place.is_away)
    return replace(report, failed=(*report.failed, *away))


def there(known: Iterable[Place]) -> list[str]:
    """Return where to look: what is known, but for files whose disk may be out; a folder says so by itself."""
    return [place.path for place in known if not place.is_away]


def returning(sources: Sequence[str], index: str | Path) -> dict[str, list[str]]:
    """Return which sources the next `sync` would take again, since their files lie in a folder, by that folder."""
    root = Path(index)
    with closing(Library(Layout(root).library)) as library:
        folders = library.followed()
    files = [source for source in sources if not is_address(source) and file_of(source, root)]
    found = {folder: [file for file in files if is_below(file, folder, root=root)] for folder in folders}
    return {folder: some for folder, some in found.items() if some}


def is_away(file: Path, root: Path) -> bool:
    """Tell whether a file is missing with its whole folder, so that its disk may be out rather than the file gone.

    The folder may still hold the index: that can be copied or restored elsewhere, without the files.
    """
    try:
        others = (path for path in file.parent.iterdir() if path.resolve() != root.resolve())
        return not file.exists() and not any(others)
    except OSError:
        return True


def file_of(source: str, root: Path) -> str:
    """Return the source of the file that a source is or lies in, as in an archive; nothing where there is no file."""
    file = _outermost(source, root)
    return file if os.path.isfile(path_of(file, root)) else ""  # noqa: PTH113 (Path's own raises: see below)


def _outermost(source: str, root: Path) -> str:
    """Return the first on the way to a source that is no folder: if it is missing, it may have been an archive."""
    ways = (*reversed(list(containers_of(source))), source)
    # Path.is_dir raises where a name is too long for a file, as that of a line may be.
    return next((way for way in ways if not os.path.isdir(path_of(way, root))), source)  # noqa: PTH112


def _place(name: str, root: Path, *, is_folder: bool, n_sources: int) -> Place:
    if is_address(name):
        return Place(name, "address", name, n_sources, is_away=False)
    path = path_of(name, root)
    kind: Literal["folder", "file"] = "folder" if is_folder else "file"
    return Place(name, kind, str(path), n_sources, is_away=not is_folder and is_away(path, root))
