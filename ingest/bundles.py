"""Zip archives of documents: each member is a file of its own, unpacked one at a time, and only in memory.

What an archive says of itself is not believed: its table of contents is bounded before it is read, members that share
bytes are refused with all the others, and each is held against the size that is stated. No name becomes a path on a
disk, but each becomes the name of a document, so that one which leads elsewhere is refused.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ingest.archives import ENCRYPTED, METHODS, inflated, is_bomb, kind_of, unpackable, what_it_is
from rag.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAX_MEMBERS = 100_000
_MAX_CONTENTS_BYTES = 20_000_000  # of the table of contents: 200 for each member
_MAX_UNPACKED_BYTES = 20_000_000_000  # of all members that are taken; no more than one is at hand at a time
_HEADER_BYTES = 30  # what stands before each member at the least
_TELLING_BYTES = 1 << 16
_MAX_NAME_CHARS = 1_000
_SHOWN_CHARS = 100  # at both ends of a longer one

_DAMAGED = "is damaged: it cannot be unpacked"
_UTF8_NAME = 1 << 11  # the flag of a name that is stated to be UTF-8
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_COMMON_HAN = range(0xB0, 0xD8)  # the lead bytes of GB 2312's first level


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: its name there, how many bytes it holds, and why it is not taken (empty where it is)."""

    name: str
    size: int
    refused: str
    _archive: zipfile.ZipFile
    _info: zipfile.ZipInfo

    def pieces(self) -> Iterator[bytes]:
        """Unpack it piece by piece.

        Raises:
            DocumentError: it is damaged, or not of the size that is stated.
        """
        with unpackable(_DAMAGED):
            yield from inflated(self._archive, self._info)


def members(path: Path) -> Iterator[Member]:
    """Yield the files of an archive as they stand there, but for hidden ones; unpack each before the next is asked for.

    What macOS adds is hidden, too.

    Raises:
        DocumentError: it is no archive, is a document, encrypted, damaged, too large, or made to do harm.
        OSError: it cannot be read.
    """
    with _Bounded(io.FileIO(path)) as file:
        size = file.seek(0, io.SEEK_END)
        archive, infos = _opened(file)
        names = _names(infos)
        counts = Counter(names)
        found = [
            Member(_shown(name), info.file_size, _refusal(info, name, times=counts[name]), archive, info)
            for name, info in zip(names, infos, strict=True)
            if not _is_hidden(name)
        ]
        _check_sizes(found, size)
        yield from found


class _Bounded(io.BufferedReader):
    """A file as `zipfile` is to see it, which would read a table of contents of any size at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MAX_CONTENTS_BYTES:
            raise DocumentError(f"has a table of contents of {size / 1e6:.0f} MB, which is too much")
        return super().read(size)


def _opened(file: io.BufferedReader) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    """Open an archive that holds files, none of them encrypted and none sharing bytes with another."""
    file.seek(0)
    beginning = file.read(_TELLING_BYTES)
    if not beginning.strip(b"\0 \t\r\n"):
        raise DocumentError("is empty")
    with unpackable(_DAMAGED):
        if not beginning.startswith(b"PK") and not zipfile.is_zipfile(file):
            raise DocumentError(what_it_is(beginning, "ZIP"))
        archive = zipfile.ZipFile(file)
        # ZipInfo.is_dir breaks at an empty name, and does not know the folders of old Windows programs.
        infos = [info for info in archive.infolist() if not info.orig_filename.endswith(("/", "\\"))]
        if not infos:
            raise DocumentError("holds no files")
        if len(infos) > _MAX_MEMBERS:
            raise DocumentError(f"holds {len(infos):,} files; at most {_MAX_MEMBERS:,} are unpacked")
        if any(info.flag_bits & 1 for info in infos):
            raise DocumentError(ENCRYPTED)
        _check_places(infos, end=archive.start_dir)
        kind = kind_of(archive)
    if kind:
        raise DocumentError(f"is a document in an archive: it is {kind}; rename it to end in .{kind.lower()}")
    return archive, infos


def _check_places(infos: Sequence[zipfile.ZipInfo], *, end: int) -> None:
    """Refuse members that share bytes: a bomb of a few kilobytes then unpacks to any size."""
    spans = sorted((info.header_offset, info.compress_size) for info in infos)
    if any(start + _HEADER_BYTES + size > following for (start, size), (following, _) in pairwise([*spans, (end, 0)])):
        raise DocumentError("is no sound archive: its members lie on top of each other")


def _check_sizes(found: Sequence[Member], size: int) -> None:
    total = sum(member.size for member in found if not member.refused)
    if total > _MAX_UNPACKED_BYTES or is_bomb(total, size):
        raise DocumentError(f"unpacks to {total / 1e6:.0f} MB, which is too much for {size / 1e6:.1f} MB")


def _names(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the names of members, with slashes between their parts.

    Those that are not stated to be UTF-8 are in CP437 by the specification, and in fact in whatever their system used.
    """
    # `zipfile` has cut `filename` at a NUL, and decoded what is not UTF-8 as CP437, which knows every byte.
    bare = [b"" if info.flag_bits & _UTF8_NAME else info.orig_filename.encode("cp437") for info in infos]
    encoding = _encoding(b"\n".join(bare))
    names = (raw.decode(encoding) if raw else info.orig_filename for raw, info in zip(bare, infos, strict=True))
    return [str(PurePosixPath(name.replace("\\", "/"))) for name in names]


def _encoding(names: bytes) -> str:
    """Return UTF-8 or GB18030 where names are in these, else CP437."""
    for encoding in ("utf-8", "gb18030"):
        try:
            text = names.decode(encoding)
        except UnicodeDecodeError:
            continue
        wide = _NOT_ASCII.findall(text)
        codes = (char.encode("gb2312", errors="ignore") for char in wide)
        # Names in an alphabet, read as GB18030, are full of rare characters.
        if encoding == "utf-8" or sum(bool(code) and code[0] in _COMMON_HAN for code in codes) * 2 > len(wide):
            return encoding
    return "cp437"


def _is_hidden(name: str) -> bool:
    parts = name.split("/")
    return parts[0] == "__MACOSX" or any(part.startswith(".") and part not in {".", ".."} for part in parts)


def _refusal(info: zipfile.ZipInfo, name: str, *, times: int) -> str:
    """Say why a member is not taken; nothing where it is."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    packed, unpacked = (f"{size / 1e6:.1f} MB" for size in (info.compress_size, info.file_size))
    reasons = {
        "has a name that cannot be used: it is empty, too long, or holds control characters": name == "."
        or len(name) > _MAX_NAME_CHARS
        or _CONTROL.search(name),
        "has a name that leads out of its archive": name.startswith("/")
        or _DRIVE.match(name)
        or ".." in name.split("/"),
        f"stands in its archive {times} times, so that it cannot be told which is meant": times > 1,
        "is a link, which is not followed": kind == stat.S_IFLNK,
        "is no regular file": kind not in {0, stat.S_IFREG},
        "is packed by a method that is not read; pack it again in the usual way": info.compress_type not in METHODS,
        f"unpacks to {unpacked}, which is too much for {packed}": is_bomb(info.file_size, info.compress_size),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _shown(name: str) -> str:
    short = name if len(name) <= _MAX_NAME_CHARS else f"{name[:_SHOWN_CHARS]}…{name[-_SHOWN_CHARS:]}"
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", short)
