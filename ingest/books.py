"""Books: EPUB, chapter by chapter in the order of reading."""

from __future__ import annotations

import posixpath
import re
from reprlib import repr as short_repr
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ingest.archives import checked_zip
from ingest.blocks import inline, join_blocks
from ingest.dates import read_date
from ingest.encodings import decode
from ingest.guard import brief
from ingest.htmltext import html_to_text
from ingest.markdown import readable_name
from ingest.properties import DC, parse_xml, read_language, real_title
from rag.errors import DocumentError
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from xml.etree.ElementTree import Element
    from zipfile import ZipFile

_CONTAINER = "META-INF/container.xml"
_RIGHTS = "META-INF/encryption.xml"
_PAGES = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}
# Scrambled fonts, which a book may hold and still be readable.
_FONTS_ONLY = {"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}
_EVENT = "{http://www.idpf.org/2007/opf}event"
_DECLARED = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")


def parse_epub(data: bytes, *, source: str) -> Document:
    """Make a document of a book: the chapters that its spine lists, its table of contents left out.

    Title, authors, publisher, language and day are those of its package file. The day is the one marked as
    publication, else the only unmarked `dc:date`, which is that of the book and not of the file; a bare year is none.

    Raises:
        DocumentError: it is no EPUB, is encrypted or damaged, or holds no text.
    """
    archive = checked_zip(data, "EPUB")
    try:
        return _document_of(archive, source)
    except (KeyError, ValueError, OSError, EOFError, RuntimeError) as error:
        raise DocumentError(f"is no sound EPUB: {brief(error)}") from error


def _document_of(archive: ZipFile, source: str) -> Document:
    _refuse_encrypted(archive)
    container = parse_xml(_read(archive, _CONTAINER), name=_CONTAINER)
    path = next((found for node in _all(container, "rootfile") if (found := node.get("full-path"))), "")
    package = parse_xml(_read(archive, path), name=path)
    text = join_blocks(html_to_text(_decode(_read(archive, name))) for name in _chapters(package, path))
    if not text:
        raise DocumentError("is a book without text; if its pages are pictures, run OCR on it first")
    return Document.of(
        text,
        title=real_title(_value(package, "title")) or readable_name(source),
        source=source,
        publisher=_value(package, "publisher") or None,
        author=", ".join(_values(package, "creator")) or None,
        published=_published(package),
        language=read_language(_value(package, "language")),
    )


def _refuse_encrypted(archive: ZipFile) -> None:
    if _RIGHTS not in archive.namelist():
        return
    rights = parse_xml(archive.read(_RIGHTS), name=_RIGHTS)
    if any(node.get("Algorithm") not in _FONTS_ONLY for node in _all(rights, "EncryptionMethod")):
        raise DocumentError("is encrypted (DRM); save it without")


def _chapters(package: Element, path: str) -> Iterator[str]:
    """Yield the names of the chapters' files, each once."""
    items = {node.get("id"): node for node in _all(package, "item")}
    seen = set()
    for reference in _all(package, "itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _PAGES or "nav" in item.get("properties", "").split():
            continue
        # Relative to the package file; an address outside the book is none of its chapters.
        parts = urlsplit(item.get("href", ""))
        name = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path)))
        if not parts.scheme and not parts.netloc and name not in seen:
            seen.add(name)
            yield name


def _read(archive: ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except KeyError as error:
        raise DocumentError(f"is no sound EPUB: it has no part {short_repr(name)}") from error


def _decode(data: bytes) -> str:
    """Decode a chapter as it declares, or, where that fails, as its bytes look."""
    declared = _DECLARED.match(data)
    try:
        return data.decode(declared[1].decode() if declared else "utf-8")
    except (LookupError, ValueError):
        return decode(data)


def _published(package: Element) -> date | None:
    nodes = _all(package, "date")
    marked = [node for node in nodes if node.get(_EVENT) == "publication"]
    plain = [node for node in nodes if not node.get(_EVENT)]
    node = next(iter(marked or (plain if len(plain) == 1 else ())), None)
    return read_date(node.text or "") if node is not None else None


def _value(package: Element, name: str) -> str:
    return next(iter(_values(package, name)), "")


def _values(package: Element, name: str) -> list[str]:
    texts = (inline("".join(node.itertext())) for node in package.iter(f"{DC}{name}"))
    return list(dict.fromkeys(filter(None, texts)))


def _all(root: Element, name: str) -> list[Element]:
    """Return the elements of a name, whatever their namespace: old books declare others."""
    return [node for node in root.iter() if isinstance(node.tag, str) and node.tag.rpartition("}")[2] == name]
