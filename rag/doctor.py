"""Look at settings, models and an index, and say how to mend each fault. Nothing is changed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from rag.config import Config, find_file, flatten
from rag.errors import FootnoteError, IndexMismatch, IndexMissing, StorageFailed
from rag.indexes import Index, Layout
from rag.lock import holder
from rag.models import embedding_fingerprint, load_embedder
from rag.read import load_reader

if TYPE_CHECKING:
    from collections.abc import Callable

# A rebuild needs room for a second pair of mirrors; less than this is too little for any index.
_MIN_FREE_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was seen, and how to mend it where it is not well."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def examine(root: Path, config: Config) -> list[Check]:
    """Look at everything an index needs, from the model to the agreement of its three stores."""
    layout = Layout(root)
    rebuild = f"footnote rebuild --index {root}"
    checks = [
        _settings(config),
        _guarded("model", lambda: _model(config), remedy="mend what the message names"),
        _guarded("reader", lambda: _reader(config), remedy="install Footnote anew, or set reader.model to 'none'"),
        _guarded("disk", lambda: _disk(root), remedy="put the index elsewhere with --index"),
    ]
    if not layout.library.is_file():
        remedy = f"footnote ingest PATH… --index {root}"
        return [*checks, Check("index", ok=False, detail=f"there is none in {root}", remedy=remedy)]
    writer = _writer(layout)
    checks.append(Check("lock", ok=True, detail=f"held by {writer}" if writer else "nobody is writing"))
    try:
        index = Index(root, config)
    except FootnoteError as error:
        if isinstance(error, IndexMissing):
            remedy = "ask again in a moment" if writer else f"footnote ingest PATH… --index {root}"
        elif isinstance(error, IndexMismatch):
            remedy = rebuild
        elif isinstance(error, StorageFailed):
            remedy = "mend what the message names"
        else:
            remedy = f"delete {root}, or put back a copy of it, and ingest again"
        return [*checks, Check("index", ok=False, detail=str(error), remedy=remedy)]
    try:
        checks.append(Check("index", ok=True, detail=f"made with {index.fingerprint}"))
        restore = f"put back a copy of {layout.library}, or delete {root} and ingest again"
        checks.append(_guarded("library", lambda: _library(index, restore, writer=writer), remedy=restore))
        checks.append(_guarded("mirrors", lambda: _mirrors(index, rebuild), remedy=rebuild))
    finally:
        index.close()
    return checks


def _guarded(name: str, look: Callable[[], Check], *, remedy: str) -> Check:
    """A check that fails on its way is a finding, too."""
    try:
        return look()
    except StorageFailed as error:
        return Check(name, ok=False, detail=str(error), remedy="mend what the message names")
    except Exception as error:  # noqa: BLE001 (whatever an engine raises on a damaged file)
        return Check(name, ok=False, detail=str(error), remedy=remedy)


def _settings(config: Config) -> Check:
    defaults = Config()
    changed = [f"{key} = {value!r}" for key, value in flatten(config) if (key, value) not in flatten(defaults)]
    origin = find_file(Path.cwd()) or "no footnote.toml"
    return Check("settings", ok=True, detail=f"{origin}; other than by default: {', '.join(changed) or 'nothing'}")


def _model(config: Config) -> Check:
    load_embedder(config.embedding.model).embed(["ready?"])
    return Check("model", ok=True, detail=f"{embedding_fingerprint(config.embedding.model)} loads and embeds")


def _reader(config: Config) -> Check:
    reader = load_reader(config.reader.model)
    reader.support("The sky was clear.", ["On that day, the sky was quite clear."])
    return Check("reader", ok=True, detail=f"{reader.fingerprint} loads and reads")


def _disk(root: Path) -> Check:
    folder = next(place for place in (root.resolve(), *root.resolve().parents) if place.is_dir())
    free = shutil.disk_usage(folder).free
    remedy = "" if free >= _MIN_FREE_BYTES else "free some space, or put the index elsewhere with --index"
    return Check("disk", ok=not remedy, detail=f"{free / 1e9:.1f} GB free at {folder}", remedy=remedy)


def _writer(layout: Layout) -> str:
    """Name who is writing; empty where nobody is."""
    try:
        with FileLock(layout.lock, timeout=0):
            return ""
    except Timeout:
        return holder(layout)
    except OSError:  # who may not write cannot take the lock
        return ""


def _library(index: Index, restore: str, *, writer: str) -> Check:
    problems = index.library.problems()
    half = len(index.library.hidden())
    if problems:
        return Check("library", ok=False, detail="; ".join(problems), remedy=restore)
    if half and not writer:
        remedy = "the next ingest, remove or rebuild clears them away; until then nobody sees them"
        return Check("library", ok=False, detail=f"{half} documents half in or half out", remedy=remedy)
    counts = ", ".join(f"{number} {name}" for name, number in index.library.counts().items())
    return Check("library", ok=True, detail=counts)


def _mirrors(index: Index, rebuild: str) -> Check:
    wrong = [
        f"{name} lacks {lacking} passages and has {strange} too many"
        for name, (lacking, strange) in index.differences().items()
        if lacking or strange
    ]
    detail = "; ".join(wrong) or "both hold just the passages of the library"
    return Check("mirrors", ok=not wrong, detail=detail, remedy=rebuild if wrong else "")
