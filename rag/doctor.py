"""Look at settings, models and an index, and say how to mend each fault. Nothing is changed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from rag.errors import FootnoteError
from rag.indexes import Index, Layout
from rag.models import embedding_fingerprint, load_embedder
from rag.writer import holder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rag.config import Config

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
    checks = [_guarded("model", lambda: _model(config)), _guarded("disk", lambda: _disk(root))]
    if not Layout(root).library.is_file():
        remedy = f"footnote ingest PATH… --index {root}"
        return [*checks, Check("index", ok=False, detail=f"there is none in {root}", remedy=remedy)]
    checks.append(_guarded("lock", lambda: _lock(root)))
    try:
        index = Index(root, config)
    except FootnoteError as error:
        return [*checks, Check("index", ok=False, detail=str(error), remedy=f"footnote rebuild --index {root}")]
    try:
        checks.append(Check("index", ok=True, detail=f"made with {index.fingerprint}"))
        checks.append(_guarded("library", lambda: _library(index)))
        checks.append(_guarded("mirrors", lambda: _mirrors(index)))
    finally:
        index.close()
    return checks


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    """A check that fails on its way is a finding, too."""
    try:
        return look()
    except (FootnoteError, OSError) as error:
        return Check(name, ok=False, detail=str(error), remedy="mend what the message names, then ask again")


def _model(config: Config) -> Check:
    load_embedder(config.embedding.model).embed(["ready?"])
    return Check("model", ok=True, detail=f"{embedding_fingerprint(config.embedding.model)} loads and embeds")


def _disk(root: Path) -> Check:
    folder = next(place for place in (root.resolve(), *root.resolve().parents) if place.is_dir())
    free = shutil.disk_usage(folder).free
    remedy = "" if free >= _MIN_FREE_BYTES else "free some space, or put the index elsewhere with --index"
    return Check("disk", ok=not remedy, detail=f"{free / 1e9:.1f} GB free at {folder}", remedy=remedy)


def _lock(root: Path) -> Check:
    layout = Layout(root)
    try:
        with FileLock(layout.lock, timeout=0):
            return Check("lock", ok=True, detail="nobody is writing")
    except Timeout:
        return Check("lock", ok=True, detail=f"held by {holder(layout)}; asking goes on meanwhile")


def _library(index: Index) -> Check:
    problems = index.library.problems()
    counts = ", ".join(f"{number} {name}" for name, number in index.library.counts().items())
    half = len(index.library.hidden())
    if problems:
        remedy = f"restore {index.layout.library} from a backup, or delete {index.layout.root} and ingest again"
        return Check("library", ok=False, detail="; ".join(problems), remedy=remedy)
    if half:
        remedy = "the next ingest, remove or rebuild clears it away; until then nobody sees it"
        return Check("library", ok=False, detail=f"{half} documents half in or half out", remedy=remedy)
    return Check("library", ok=True, detail=counts)


def _mirrors(index: Index) -> Check:
    truth = index.library.passage_ids()
    dense, lexical = index.mirror_ids()
    wrong = [
        f"{name} lacks {len(truth - ids)} and has {len(ids - truth)} too many"
        for name, ids in (("vectors", dense), ("lexical", lexical))
        if ids != truth
    ]
    remedy = f"footnote rebuild --index {index.layout.root}" if wrong else ""
    return Check(
        "mirrors", ok=not wrong, detail="; ".join(wrong) or f"both hold all {len(truth)} passages", remedy=remedy
    )
