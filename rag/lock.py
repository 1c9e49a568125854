"""Who may write to an index: by the settings and by permission, and one at a time."""

from __future__ import annotations

import json
import os
import socket
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from rag.errors import ConfigError, IndexBusy, StorageFailed
from rag.indexes import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.config import Config
    from rag.errors import FootnoteError

# A look at the lock takes it for a moment; who writes holds it for long.
_PATIENCE_S = 1


@contextmanager
def hold(layout: Layout, purpose: str) -> Iterator[None]:
    """Hold the lock of an index. The system lets go of it when the process ends, in whatever way.

    Raises:
        IndexBusy: someone else holds it; the message says who.
        StorageFailed: nothing can be written in the folder.
    """
    try:
        lock = FileLock(layout.lock).acquire(timeout=_PATIENCE_S)
    except Timeout as error:
        raise IndexBusy(f"{layout.root} is being written to by {holder(layout)}. Wait until it is done.") from error
    except OSError as error:
        raise StorageFailed(f"{layout.root} cannot be written to: {error.strerror or error}.") from error
    with lock, _without_incoming(layout):
        # The name is for people: a full disk, on which something may yet be removed, is no reason to stop.
        with suppress(OSError):
            layout.holder.write_text(json.dumps(_myself(purpose)), encoding="utf-8")
        try:
            yield
        finally:
            with suppress(OSError):
                layout.holder.unlink(missing_ok=True)


@contextmanager
def _without_incoming(layout: Layout) -> Iterator[None]:
    """Delete what restoring leaves, also where it was interrupted: SQLite would read an old log into the next file."""
    leftovers = [layout.incoming.with_name(f"{layout.incoming.name}{end}") for end in ("-wal", "-shm", "")]
    for path in leftovers:
        path.unlink(missing_ok=True)
    try:
        yield
    finally:
        for path in leftovers:
            path.unlink(missing_ok=True)


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


def make_room(root: Path) -> None:
    """Make the folder of a new index. One that holds other files is somebody's, and stays as it is."""
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"{root} cannot be made: {error.strerror or error}.") from error
    others = sorted(path.name for path in root.iterdir() if path.name not in Layout.NAMES)
    if others:
        raise ConfigError(
            f"{root} holds other files ({', '.join(others[:3])}), so no index is made in it. "
            "Name an empty folder, or one that does not exist yet."
        )


def holder(layout: Layout) -> str:
    """Name who holds the lock, for people."""
    try:
        who = json.loads(layout.holder.read_text(encoding="utf-8"))
        return f"`{who['purpose']}` (process {who['pid']} of {who['user']} on {who['host']}, since {who['since']})"
    except (OSError, ValueError, KeyError):
        return "another process that has not left its name"


def _myself(purpose: str) -> dict[str, str | int]:
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    user, host = os.environ.get("USER", "somebody"), socket.gethostname()
    return {"purpose": purpose, "pid": os.getpid(), "user": user, "host": host, "since": since}
