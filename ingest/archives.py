"""Zip archives that are documents (DOCX, PPTX, XLSX, ODT, EPUB): checked before anything is unpacked.

What a file really is, where it is not what its name says, is told here too, and what every zip archive must be.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from contextlib import contextmanager
from copy import copy
from reprlib import repr as short_repr
from typing import TYPE_CHECKING

from ingest.guard import brief
from rag.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_BYTES = 200_000_000  # unpacked, all members together
_MAX_MEMBERS = 10_000
# Unpacked to packed, of the whole file. Sheets of repeated rows reach 50, deflate's limit is 1032. Small files may
# have any ratio: what they unpack to harms nobody.
_MAX_RATIO, _HARMLESS_BYTES = 250, 20_000_000
_CHUNK = 1 << 16
# What the formats' specifications allow. Others exist in zip files, and `zipfile` cannot bound what they unpack to.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# The XML of office files declares no entities: whoever does wants one of the readers' parsers to expand them.
_ENTITY = re.compile(
    b"|".join(map(re.escape, ("<!ENTITY".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))))
)
ENCRYPTED = "is encrypted; save it without a password"
# What tells of a kind is short, in honest files.
_TELLING_BYTES = 10_000_000

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LEGACY = {  # stream in an OLE container → what it is and what to save it as
    "WordDocument": ("a Word 97", ".docx"),
    "Workbook": ("an Excel 97", ".xlsx"),
    "Book": ("an Excel 5", ".xlsx"),
    "PowerPoint Document": ("a PowerPoint 97", ".pptx"),
}
_BEGINNINGS = (
    (b"{\\rtf", "an RTF file"),
    (b"%PDF-", "a PDF file"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML file"),
    (b"mime-version:", "a web archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x89png", "an image"),
    (b"\xff\xd8\xff", "an image"),
)
_MAIN_PARTS = (  # what [Content_Types].xml calls the main part, in lower case → the format
    (b"wordprocessingml.document.main", "DOCX"),
    (b"ms-word.document.macroenabled.main", "DOCX"),
    (b"presentationml.presentation.main", "PPTX"),
    (b"presentationml.slideshow.main", "PPTX"),
    (b"spreadsheetml.sheet.main", "XLSX"),
    (b"ms-excel.sheet.macroenabled.main", "XLSX"),
    (b"ms-excel.sheet.binary", "XLSB"),
)
_MIMETYPES = {
    "application/vnd.oasis.opendocument.text": "ODT",
    "application/vnd.oasis.opendocument.spreadsheet": "ODS",
    "application/vnd.oasis.opendocument.presentation": "ODP",
    "application/epub+zip": "EPUB",
}


def checked_zip(data: bytes, kind: str) -> zipfile.ZipFile:
    """Open a zip file that is to be of a kind ("DOCX", "PPTX", "XLSX", "ODT", "EPUB"), and is safe to unpack.

    The sizes that an archive states may be lies, by which a library that trusts them unpacks gigabytes; so every
    member is inflated once here, piece by piece, and compared with them.

    Raises:
        DocumentError: it is empty, another kind of file, encrypted, damaged, or would unpack to too much.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise DocumentError("is empty")
    if not data.startswith(b"PK"):
        raise DocumentError(what_it_is(data, kind))
    with unpackable("is damaged: it is a zip archive that cannot be unpacked"):
        archive = zipfile.ZipFile(io.BytesIO(data))
        _check_sizes(archive.infolist(), len(data))
        for info in archive.infolist():
            _inflate(archive, info, entities=kind == "EPUB")
        found = kind_of(archive)
        encrypted = found in _MIMETYPES.values() and b"encryption-data" in _member(archive, "META-INF/manifest.xml")
    if found != kind:
        raise DocumentError(f"is no {kind} file: it is {f'{found}; rename it' if found else 'another zip archive'}")
    if encrypted:
        raise DocumentError(ENCRYPTED)
    return archive


@contextmanager
def unpackable(reason: str) -> Iterator[None]:
    """Make a DocumentError of what `zipfile` raises for damaged archives: errors of its own, and of all it reads with.

    Raises:
        DocumentError: with `reason` and the words of `zipfile`, or one that was raised in the block.
    """
    try:
        yield
    except (
        zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, IndexError, ValueError, RuntimeError
    ) as error:  # fmt: skip
        raise DocumentError(f"{reason} ({brief(error)})") from error


def inflated(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack a member, in pieces of at most 64 KiB; `zipfile` would stop silently at the size that is stated.

    Raises:
        DocumentError: it is of another size. What `zipfile` raises comes through as it is.
    """
    whole = copy(member)
    whole.file_size = member.file_size + 1
    size = 0
    with archive.open(whole) as stream:
        while part := stream.read(_CHUNK):
            size += len(part)
            yield part
    if size != member.file_size:
        raise DocumentError(f"is damaged: its part {short_repr(member.filename)} is not of the size that is stated")


def is_bomb(unpacked: int, packed: int) -> bool:
    """Tell whether so many bytes are out of proportion to those that they are packed in."""
    return unpacked > max(_HARMLESS_BYTES, packed * _MAX_RATIO)


def kind_of(archive: zipfile.ZipFile) -> str | None:
    """Name the format of documents that an archive is ("DOCX", "EPUB"); None where it is another archive."""
    mimetype = _member(archive, "mimetype").decode("ascii", "replace").strip()
    if mimetype in _MIMETYPES or _member(archive, "META-INF/container.xml"):
        return _MIMETYPES.get(mimetype, "EPUB")
    parts = _member(archive, "[Content_Types].xml").lower()
    return next((kind for part, kind in _MAIN_PARTS if part in parts), None)


def what_it_is(data: bytes, kind: str) -> str:
    """Say what bytes are that should be a file of a kind, and are no zip archive; the first of them will do."""
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            return ENCRYPTED
        for stream in _LEGACY:
            if f"{stream}\0".encode("utf-16-le") in data:
                return _is_legacy(stream)
        return f"is no {kind} file: it is another file of old Office"
    start = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    found = next((name for mark, name in _BEGINNINGS if start.startswith(mark.lower())), None)
    if not found:
        found = "a text file" if b"\0" not in data[:_CHUNK] else "something else, or damaged"
    return f"is no {kind} file: it is {found}"


def legacy(kind: str) -> str:
    """Say what a file of Office 97 is and what helps: `kind` is its suffix.

    >>> legacy(".doc")
    'is a Word 97 file; save it as .docx'
    """
    name = {".doc": "WordDocument", ".xls": "Workbook", ".ppt": "PowerPoint Document"}[kind.lower()]
    return _is_legacy(name)


def _is_legacy(stream: str) -> str:
    return "is {} file; save it as {}".format(*_LEGACY[stream])


def _check_sizes(members: list[zipfile.ZipInfo], size: int) -> None:
    if len(members) > _MAX_MEMBERS:
        raise DocumentError(f"holds {len(members)} files; at most {_MAX_MEMBERS} are unpacked")
    if any(member.flag_bits & 1 for member in members):
        raise DocumentError(ENCRYPTED)
    if any(member.compress_type not in METHODS for member in members):
        raise DocumentError("is packed by a method that documents do not use; save it again")
    total = sum(member.file_size for member in members)
    if total > _MAX_BYTES or is_bomb(total, size):
        raise DocumentError(f"unpacks to {total / 1e6:.0f} MB, which is too much for {size / 1e6:.1f} MB")


def _inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, entities: bool) -> None:
    """Unpack a member and forget it."""
    is_xml = member.filename.lower().endswith((".xml", ".rels"))
    last = b""
    for part in inflated(archive, member):
        if is_xml and not entities and _ENTITY.search(last + part):
            raise DocumentError(f"is no sound file: its part {short_repr(member.filename)} declares XML entities")
        last = part[-16:]


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if name not in archive.namelist():
        return b""
    with archive.open(name) as stream:
        return stream.read(_TELLING_BYTES)
