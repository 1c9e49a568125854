"""Following folders and files: after every change that matters, the index is brought in step with them again.

A change says no more than that it is time to look; what then is read is for `ingest` to find out. So one that is seen
twice, or by half, does no harm.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pathspec import GitIgnoreSpec
from watchfiles import watch

from ingest.addresses import is_address
from ingest.ignoring import IGNORE_FILE, patterns_of
from ingest.known import is_away
from ingest.pipeline import ingest
from ingest.readers import SUFFIXES
from ingest.sources import as_place, source_name
from ingest.tally import IngestReport
from rag.config import Config
from rag.errors import ConfigError, IndexBusy, StorageFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from ingest.meter import Progress
    from rag.models import Embedder

    # What a place is at a moment: a folder by which one it is, a file by its bytes, as far as can be told unread.
    Sign = tuple[int, ...]

_TICK_MS = 500
_HOW: dict[str, Any] = {
    "step": 100,
    "debounce": _TICK_MS,
    "rust_timeout": _TICK_MS,
    "yield_on_timeout": True,
    "ignore_permission_denied": True,
}
# Changes wait until a tick brings no more of them: editors write in steps, copies come in pieces. But not for ever.
_PATIENCE_S = 10.0
# After a round that could not be done, and where nothing was heard of: network drives are silent.
_AGAIN_S, _LOOK_S = 2.0, 300.0
_EXAMPLES = 5
# A watch that ends so often before its first tick was refused by the system.
_REFUSALS = 3


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be known beside the reports: what is followed, that the index is in use, a folder away, or back."""

    text: str


# wide: the index, what is used in place of the usual, who is told, and what ends it
def follow(
    paths: Iterable[str | Path],
    index: str | Path | None = None,
    *,
    config: Config | None = None,
    embedder: Embedder | None = None,
    progress: Callable[[], AbstractContextManager[Progress]] | None = None,
    stop: threading.Event | None = None,
) -> Iterator[IngestReport | Notice]:
    """Ingest files and folders, then again after each change, until Ctrl-C.

    Yields the report of the first round and what is followed, then a report of each round that changed something:
    without what is unchanged or skipped, and without failures that were told before of a file that is as it was. Half a
    second without a change begins a round, ten seconds of changes at the latest. While somebody else writes to the
    index, or the disk is full, changes wait. A folder that is away keeps its documents and is followed again when it is
    back. Addresses are fetched in the first round only; where nothing else is named, that is the last one.

    Args:
        paths: files, folders and https addresses.
        index: the folder of the index, as for `ingest`.
        config: the settings, as for `ingest`.
        embedder: an encoder that is loaded already.
        progress: opened for each round, and told of each file.
        stop: ends it between two rounds, as Ctrl-C does.

    Raises:
        KeyboardInterrupt: Ctrl-C came while changes were still to be brought in; else the iteration just ends.
        ConfigError: before the first report, as by `ingest`; later it is a notice, and tried again.
        IndexMismatch: the index was made with other settings.
    """
    config = config or Config.load()
    root = Path(index or config.index)
    given = list(paths)
    desk = _Desk([as_place(path) for path in given if not is_address(str(path))], root)
    addresses = [path for path in given if is_address(str(path))]

    def bring_in(places: Sequence[str | Path]) -> IngestReport:
        with progress() if progress else nullcontext() as told:
            return ingest(places, root, config=config, embedder=embedder, progress=told)

    waiting = _Waiting()
    try:
        for changed in desk.ticks(stop or threading.Event()):
            waiting.hear(changed)
            if waiting.is_due(changed):
                yield from desk.notices()
                try:
                    report = bring_in([*desk.present(), *addresses])
                except (IndexBusy, StorageFailed, ConfigError) as error:
                    if waiting.is_first and not isinstance(error, IndexBusy):
                        raise
                    yield from waiting.put_off(error)
                    continue
                yield from desk.told(report, is_first=waiting.is_first)
                addresses = []
                waiting.over()
                if desk.is_bare:
                    return
    except KeyboardInterrupt:
        if waiting.since is not None:
            raise


class _Waiting:
    """When the next round is due: `since` is when the first change came that is not brought in yet."""

    def __init__(self) -> None:
        self.is_first = True
        self.since: float | None = 0.0
        self._not_before = 0.0
        self._last = 0.0
        self._said = ""

    def hear(self, changed: bool) -> None:
        """Note whether something changed since the last tick."""
        now = time.monotonic()
        if self.since is None and (changed or now - self._last > _LOOK_S):
            self.since = now

    def is_due(self, changed: bool) -> bool:
        """Tell whether a round is to be done: no more changes come, or they have come for too long."""
        now = time.monotonic()
        return self.since is not None and now >= self._not_before and (not changed or now - self.since > _PATIENCE_S)

    def put_off(self, error: Exception) -> Iterator[Notice]:
        """Try again a little later; yield why, once. Who holds the index may change from moment to moment."""
        self._not_before = time.monotonic() + _AGAIN_S
        saying = "busy" if isinstance(error, IndexBusy) else str(error)
        if saying != self._said:
            yield Notice(f"{error} What has changed waits, and is tried again.")
        self._said = saying

    def over(self) -> None:
        """Note that everything heard so far is in the index."""
        self.is_first, self.since, self._said, self._last = False, None, "", time.monotonic()


class _Desk:
    """The places that are followed, and what is known of them from one look to the next."""

    def __init__(self, places: Sequence[Path], root: Path) -> None:
        self._places = places
        self._root = root
        self._away: set[Path] = set()
        self._folders: dict[Path, GitIgnoreSpec] = {}
        self._files = {place for place in places if os.path.isfile(place)}  # noqa: PTH113 (as `_is_folder`)
        self._failing: dict[str, tuple[str, Sign]] = {}
        self._refusals = 0

    def present(self) -> list[Path]:
        """Return the places without those that are away: nothing can be said of what is in them."""
        return [place for place in self._places if place not in self._away]

    def notices(self) -> Iterator[Notice]:
        """Say which places are away since the last round, and which are back."""
        for place in self._places:
            name = source_name(place, self._root)
            is_lost = place in self._files and is_away(place, self._root)
            gone = not _is_folder(place) if place in self._folders else is_lost
            if gone and place not in self._away:
                self._away.add(place)
                yield Notice(f"{name} is away; its documents stay, and it is followed again when it is back.")
            elif place in self._away and not gone:
                self._away.discard(place)
                yield Notice(f"{name} is back.")

    def told(self, report: IngestReport, *, is_first: bool) -> Iterator[IngestReport | Notice]:
        """Yield what is to be told of a round: of the first one all, then what it changed, if anything."""
        failing = {name: (why, _sign(as_place(self._root).parent / name)) for name, why in report.failed}
        before, self._failing = self._failing, failing
        new = tuple((name, why) for name, why in report.failed if before.get(name) != failing[name])
        changed = replace(report, unchanged=(), skipped=(), failed=new)
        if is_first:
            yield report
            yield self._outlook()
        elif changed != IngestReport():
            yield changed

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing to follow."""
        return not self._places

    def _outlook(self) -> Notice:
        """Say what is followed from now on."""
        if self.is_bare:
            return Notice("There is no file or folder to follow; `footnote sync` fetches addresses again.")
        names = ", ".join(source_name(place, self._root) for place in self._places[:_EXAMPLES])
        others = f" and {len(self._places) - _EXAMPLES} more" if len(self._places) > _EXAMPLES else ""
        return Notice(f"Following {names}{others}. Ctrl-C ends it.")

    def ticks(self, stop: threading.Event) -> Iterator[bool]:
        """Yield about twice a second whether something that matters has changed since the last time, until stopped.

        A file is looked at, since an editor puts another in its place; a folder is watched, as long as it is the same.
        """
        signs = {place: _sign(place) for place in self._places}
        while not stop.is_set():
            for changes in self._changes(stop):
                before, signs = signs, {place: _sign(place) for place in self._places}
                others = [place for place in self._places if signs[place] != before[place]]
                yield bool(others) or any(map(self._matters, changes))
                if any(place in self._folders or _is_folder(place) for place in others):
                    break  # it is gone, back, or another one, and must be watched anew

    def _changes(self, stop: threading.Event) -> Iterator[list[Path]]:
        """Yield at every tick which paths changed in the folders that are there."""
        folders = [place for place in self._places if _is_folder(place)]
        for place in folders:
            self._folders[place] = self._patterns(place)
        if not folders:
            while not stop.wait(_TICK_MS / 1000):
                yield []
            return
        try:
            for changes in watch(*folders, watch_filter=None, stop_event=stop, **_HOW):
                yield [Path(path) for _, path in changes]
                self._refusals = 0
        except (OSError, RuntimeError) as error:  # a folder went just now, or a file has a name that is not UTF-8
            self._refusals += all(_is_folder(place) for place in folders)
            if self._refusals == _REFUSALS:
                raise StorageFailed(
                    f"the folders cannot be watched: {error}. Where the system allows too few watches, raise "
                    "fs.inotify.max_user_watches and max_user_instances, or set WATCHFILES_FORCE_POLLING=1."
                ) from error
            stop.wait(_TICK_MS / 1000)
            yield folders

    def _patterns(self, folder: Path) -> GitIgnoreSpec:
        """Read which files a folder keeps out; while that cannot be read, what it last said holds."""
        try:
            return patterns_of(folder / IGNORE_FILE)
        except (OSError, ConfigError):
            return self._folders.get(folder) or GitIgnoreSpec.from_lines([])

    def _matters(self, path: Path) -> bool:
        """Tell whether a change may be one of the documents, and is none of the index's own or of a hidden file."""
        return any(self._matters_in(folder, path) for folder in self._folders if path.is_relative_to(folder))

    def _matters_in(self, folder: Path, path: Path) -> bool:
        below = path.relative_to(folder)
        if below.parts in {(), (IGNORE_FILE,)}:
            self._folders[folder] = self._patterns(folder)
            return True
        if any(part[0] == "." for part in below.parts) or self._folders[folder].match_file(below):
            return False
        if (folder.resolve() / below).is_relative_to(self._root.resolve()):
            return False
        # What is not there may have been a folder.
        return path.suffix.lower() in SUFFIXES or not path.is_file()


def _is_folder(place: Path) -> bool:
    return os.path.isdir(place)  # noqa: PTH112 (Path's own raises where the way to it may not be gone)


def _sign(place: Path) -> Sign:
    """Return what tells a folder from another in its place, a file from what it was; nothing where there is neither."""
    try:
        seen = place.stat()
    except (OSError, ValueError):
        return ()
    same = (seen.st_dev, seen.st_ino)
    return same if stat.S_ISDIR(seen.st_mode) else (*same, seen.st_size, seen.st_mtime_ns)
