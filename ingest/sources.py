"""Which files and addresses a user means, and under which name the library knows each of them."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from ingest.addresses import canonical, is_address, shown
from ingest.ignoring import IGNORE_FILE, patterns_of
from ingest.readers import ARCHIVES, JSON_LINES, SUFFIXES
from rag.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NO_TEXT = "its name is not UTF-8; rename it"  # SQLite and tantivy keep no other names


@dataclass(frozen=True, slots=True)
class Source:
    """A file and its name in the library; of an address the name is all, and `path` a suffix once it is fetched."""

    path: Path
    name: str

    @property
    def is_address(self) -> bool:
        """Tell whether it must be fetched."""
        return is_address(self.name)


@dataclass(slots=True)
class Found:
    """What the paths of a user mean; all of it goes by the names of the library.

    `files` are there to be read; `skipped` lie in a folder and have no reader; `failed` have a reason. `folders` were
    looked through, and `empty` are those of them that hold nothing, but for the index; `missing` are not there, though
    some of them are known to have been folders (`followed`), and of what is below `unseen` nothing is known.

    A container is known only once it has been read, by ingest/contents.py: `opened` tells of each whether all that it
    holds was seen, and `held` are the documents that were.
    """

    root: Path
    files: dict[str, Source] = field(default_factory=dict)
    skipped: dict[str, None] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)
    empty: dict[str, None] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)
    followed: frozenset[str] = frozenset()
    unseen: dict[str, None] = field(default_factory=dict)
    opened: dict[str, bool] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)

    def is_gone(self, name: str) -> bool:
        """Tell whether a file of this name, which the library knows, is certainly there no longer.

        A file that was named and is missing is gone. What lay below a folder that is missing, empty or unreadable is
        not: the folder may have been moved for a while, or its disk taken out. An address is never gone: that a server
        no longer has a page says nothing of what it said. Of a container that was not, or not wholly, read nothing is
        gone.
        """
        if is_address(name):
            return False
        if name in self.missing:
            return True
        if any(name in there for there in (self.files, self.failed, self.skipped, self.held)):
            return False
        for container in containers_of(name):
            if container in self.missing and container not in self.followed:
                return True
            if any(container in known for known in (self.opened, self.files, self.failed)):
                return self.opened.get(container, False)
        unknown = any(is_below(name, place, root=self.root) for place in (*self.missing, *self.empty, *self.unseen))
        return not unknown and any(is_below(name, place, root=self.root) for place in self.folders)

    def emptied(self, known: Iterable[str]) -> list[str]:
        """Return the empty folders below which the library knows something."""
        names = list(known)
        return [folder for folder in self.empty if any(is_below(name, folder, root=self.root) for name in names)]

    def fail(self, name: str, reason: str) -> None:
        """Note that a file or folder is not taken; its name is made such that it can be shown."""
        self.failed[_shown(name)] = reason

    def lose(self, path: Path, error: OSError) -> None:
        """Note that a file or folder cannot be opened."""
        name = source_name(path, self.root)
        self.fail(name, _reason(error))
        self.unseen[name] = None


def is_below(name: str, place: str, *, root: Path) -> bool:
    """Tell whether a place is, or holds, what has a name in the library of the index in `root`."""
    if PurePath(name).is_relative_to(place):
        return not (PurePath(place) == PurePath() and is_address(name))
    above = PurePath(place).is_absolute() and not PurePath(name).is_absolute()
    return above and root.resolve().parent.is_relative_to(Path(place).resolve())


def containers_of(name: str) -> Iterator[str]:
    """Yield the containers that a name leads through, the innermost first: that of a line, that of a member.

    A folder may be named like a container; whether it is one, the name does not tell.

    >>> list(containers_of("a/b.zip/c/d.jsonl/17"))
    ['a/b.zip/c/d.jsonl', 'a/b.zip']
    """
    at = name.rfind("/")
    while at > 0:
        if name[:at].lower().endswith((*ARCHIVES, *JSON_LINES)):
            yield name[:at]
        at = name.rfind("/", 0, at)


def kind_of(name: str) -> str:
    """Return the suffix by which a source is read; of a line, that of its file.

    >>> kind_of("a/b.MD"), kind_of("news.jsonl/a.md")
    ('.md', '.jsonl')
    """
    container = PurePath(next(containers_of(name), "")).suffix.lower()
    return container if container in JSON_LINES else PurePath(name).suffix.lower()


def as_place(given: str | Path) -> Path:
    """Make the absolute path that a user means, `~` and `..` resolved as they are written; links stay links."""
    return _absolute(os.path.expanduser(given))  # noqa: PTH111 (Path's own raises for a file named ~lock.txt)


def source_name(path: Path, root: Path) -> str:
    """Name a file: relative to the folder that holds the index where it lies below that, else absolute.

    So a project keeps its index when it is moved, and the name never depends on the working directory. A file that is
    a link is named as the link. The folder of the index may itself be reached through a link, by either path.
    """
    path, home = _absolute(path), root.resolve().parent
    for folder in (_absolute(root).parent, home):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    real = path.parent.resolve() / path.name
    return (real.relative_to(home) if real.is_relative_to(home) else path).as_posix()


def path_of(name: str, root: Path) -> Path:
    """Return the path of what has a name in the library, the other way of `source_name`; it need not be there."""
    here, real = _absolute(root).parent / name, root.resolve().parent / name
    return real if os.path.lexists(real) and not os.path.lexists(here) else here


def name_of(given: str, root: Path) -> str:
    """Return the name in the library of a path or an address as a user writes it."""
    if not is_address(given):
        return source_name(as_place(given), root)
    try:
        return canonical(given)
    except DocumentError:
        return given


def find(paths: Iterable[str | Path], root: Path) -> Found:
    """Find the files and addresses that are meant, each once: a file as it is named, a folder with all below it.

    Of a folder, hidden files and the index are passed over, and what its `.footnoteignore` names in the manner of
    `.gitignore`; links to files are files, links to folders are not followed.

    Raises:
        ConfigError: a `.footnoteignore` is not UTF-8, or holds what is no pattern.
    """
    found = Found(root)
    for given in paths:
        if is_address(str(given)):
            _take_address(str(given), found)
        else:
            _look(as_place(given), found)
    return found


def _look(place: Path, found: Found) -> None:
    """Note what a path stands for: a file, a folder, or nothing."""
    name = source_name(place, found.root)
    try:
        is_folder = stat.S_ISDIR(place.stat().st_mode)
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError) and not place.is_symlink():
            found.missing[_shown(name)] = None
        else:
            found.lose(place, error)
        return
    if place.resolve().is_relative_to(found.root.resolve()):
        found.fail(name, "belongs to the index, which is not ingested")
        return
    if is_folder and _shown(name) != name:
        found.fail(name, _NO_TEXT)
    elif is_folder:
        _walk(place, found)
        found.folders |= {} if name in found.unseen else {name: None}
    else:
        _take(place, found)


def _take_address(given: str, found: Found) -> None:
    """Note an address as one to be fetched, or why it cannot be."""
    try:
        name = canonical(given)
    except DocumentError as error:
        found.fail(shown(given), str(error))
    else:
        found.files[name] = Source(Path(), name)


def _walk(folder: Path, found: Found) -> None:
    """Take the files of a folder and of all below it; what cannot be opened is noted, and unseen."""

    def refuse(error: OSError) -> None:
        refused = Path(error.filename or folder)
        if refused == folder or not ignored.match_file(f"{refused.relative_to(folder)}/"):
            found.lose(refused, error)

    try:
        ignored = patterns_of(folder / IGNORE_FILE)
    except OSError as error:
        found.lose(folder, error)
        return
    root = found.root.resolve()
    for at, folders, files in os.walk(folder, onerror=refuse):
        here = Path(at)
        folders[:] = sorted(name for name in folders if (here / name).resolve() != root)
        if here == folder and not folders and not files:
            found.empty[source_name(folder, found.root)] = None
        folders[:] = (name for name in folders if name[0] != ".")
        for path in (here / name for name in sorted(files) if name[0] != "."):
            if ignored.match_file(path.relative_to(folder)):
                continue
            if path.suffix.lower() in SUFFIXES:
                _take(path, found)
            else:
                found.skipped[_shown(source_name(path, found.root))] = None


def _take(path: Path, found: Found) -> None:
    """Note a file as one to be read, or why it cannot be."""
    name = source_name(path, found.root)
    try:
        is_regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        found.fail(name, _reason(error))
        return
    if not is_regular:
        found.fail(name, "is no regular file")
    elif _shown(name) != name:
        found.fail(name, _NO_TEXT)
    elif is_address(name):
        found.fail(name, "its name reads like an address; rename its folder")  # it would be fetched
    else:
        found.files[name] = Source(path, name)


def _absolute(path: str | Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 (Path.resolve follows links)


def _reason(error: OSError) -> str:
    leads_nowhere = isinstance(error, FileNotFoundError) and Path(error.filename or "").is_symlink()
    return "is a link to nothing" if leads_nowhere else f"cannot be read: {error.strerror or error}"


def _shown(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()
