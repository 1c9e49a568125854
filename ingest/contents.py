"""What a source holds: a file or a page itself, or of a container (JSON lines, a zip archive) each document in it.

A document of a container has a name below that of the container: `reports.zip/inner/a.pdf`, `news.jsonl/17`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingest.bundles import members
from ingest.intake import Loaded, bytes_of
from ingest.jsonlines import read_lines
from ingest.readers import ARCHIVES, JSON_LINES, MAX_FILE_BYTES, SUFFIXES, too_large
from ingest.sources import Source
from rag.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingest.bundles import Member
    from ingest.fetch import Fetcher
    from ingest.sources import Found

_PIECE_BYTES = 1 << 20


def contents(asked: Source, found: Found, *, fetcher: Fetcher | None = None) -> Iterator[Loaded]:
    """Yield what a source holds, a document at a time, and note in `found` what was seen of a container.

    What cannot be read is a reason among the others, under the name of the document or of the whole.
    """
    kind = asked.path.suffix.lower()
    try:
        if asked.is_address or kind not in (*ARCHIVES, *JSON_LINES):
            data, source = bytes_of(asked, fetcher)
            yield Loaded.of(asked, source, data=data)
        elif kind in ARCHIVES:
            yield from _members(asked, found)
        else:
            yield from _lines(_pieces(asked.path), asked, found)
    except DocumentError as error:
        yield Loaded.of(asked, asked, data=error)


def _members(archive: Source, found: Found) -> Iterator[Loaded]:
    found.opened[archive.name] = False
    try:
        for member in members(archive.path):
            source = Source(Path(member.name), f"{archive.name}/{member.name}")
            kind = source.path.suffix.lower()
            if kind not in SUFFIXES:
                found.skipped[source.name] = None
            elif kind in JSON_LINES and not member.refused:
                yield from _inner_lines(member, source, found)
            else:
                found.opened.update({source.name: False} if kind in (*ARCHIVES, *JSON_LINES) else {})
                yield _held(Loaded.of(source, source, data=_unpacked(member, kind)), found)
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror or error}") from error
    found.opened[archive.name] = True


def _unpacked(member: Member, kind: str) -> bytes | DocumentError:
    """Return what a member holds, or why it is not taken."""
    if member.refused:
        return DocumentError(member.refused)
    if kind in ARCHIVES:
        return DocumentError("is an archive in an archive, which is not opened; unpack it")
    if member.size > MAX_FILE_BYTES:
        return too_large(member.size)
    try:
        return b"".join(member.pieces())
    except DocumentError as error:
        return error


def _inner_lines(member: Member, source: Source, found: Found) -> Iterator[Loaded]:
    try:
        yield from _lines(member.pieces(), source, found)
    except DocumentError as error:
        yield _held(Loaded.of(source, source, data=error), found)


def _lines(pieces: Iterable[bytes], file: Source, found: Found) -> Iterator[Loaded]:
    found.opened[file.name] = False
    is_whole = True
    for line in read_lines(pieces):
        source = Source(Path(f"line{file.path.suffix}"), f"{file.name}/{line.key}")
        is_whole = is_whole and line.is_named
        yield _held(Loaded.of(source, source, data=DocumentError(line.failure) if line.failure else line.data), found)
    found.opened[file.name] = is_whole


def _held(loaded: Loaded, found: Found) -> Loaded:
    """Note that a document was seen in its container."""
    name = loaded.source.name
    if name in found.held:
        reason = DocumentError("has the name of another document of its container")
        return Loaded.of(loaded.asked, loaded.source, data=reason)
    found.held.add(name)
    return loaded


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror or error}") from error
