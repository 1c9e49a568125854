"""Where the dense mirror of an index lies: the library keeps it, the settings ask for it, and both must agree.

A collection on a server has a name that no other has, and is noted in the library before it is made: so none is left
behind by an interruption, several indexes share a server, and a copy of an index that is rebuilt gets its own.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING

from rag.errors import IndexMismatch, StorageFailed
from rag.vectors import Served, drop

if TYPE_CHECKING:
    from pathlib import Path

    from rag.library import Library

# What the library keeps: the collection in use, empty where it is a folder; and all that were made and not yet deleted.
_IN_USE, _NOTED = "served", "collections"


def dense_place(library: Library, folder: Path) -> Path | Served:
    """Return where the dense mirror in use lies; `folder` is what it has where it is on no server."""
    served = library.meta(_IN_USE)
    return Served(**json.loads(served)) if served else folder


def dense_meta(place: Path | Served) -> dict[str, str]:
    """Return what the library is to keep of a place that comes into use."""
    return {_IN_USE: json.dumps(asdict(place)) if isinstance(place, Served) else ""}


def next_collection(library: Library, url: str, *, number: str) -> Served:
    """Name a collection for the mirror of this number, and note it."""
    place = Served(url, f"footnote-{secrets.token_hex(8)}-{number}")
    library.set_meta({_NOTED: json.dumps([*map(asdict, _noted(library)), asdict(place)])})
    return place


def drop_unused(library: Library) -> None:
    """Delete the collections that are not in use; those of a server that is away wait for the next writer."""
    noted, in_use = _noted(library), library.meta(_IN_USE)
    kept = []
    for place in noted:
        try:
            if json.dumps(asdict(place)) != in_use:
                drop(place)
                continue
        except StorageFailed:
            pass
        kept.append(asdict(place))
    if len(kept) != len(noted):
        library.set_meta({_NOTED: json.dumps(kept)})


def check_place(library: Library, root: Path, *, url: str) -> None:
    """Make sure that the vectors of an index lie where the settings say: at `url`, or without one in its folder `root`.

    Raises:
        IndexMismatch: they lie elsewhere.
    """
    place = dense_place(library, root)
    stored = place.url if isinstance(place, Served) else ""
    if stored != url:
        raise IndexMismatch(
            f"the vectors of the index in {root} lie {_where(stored)}, but vectors.url is {url!r}. Bring them "
            f"{_where(url)}, which embeds nothing again: footnote rebuild --index {root} (and the same --set); "
            f"or set vectors.url to {stored!r}."
        )


def _noted(library: Library) -> list[Served]:
    return [Served(**one) for one in json.loads(library.meta(_NOTED, "[]"))]


def _where(url: str) -> str:
    return f"on the Chroma server at {url}" if url else "in its folder"
