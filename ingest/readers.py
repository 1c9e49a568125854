"""Files to documents: which reader takes which file, and what a file must be to be read at all.

A reader takes the text of a file and its source, and touches no disk.
"""

from __future__ import annotations

import codecs
import hashlib
from typing import TYPE_CHECKING

from ingest.markdown import parse_markdown
from ingest.plain import parse_plain
from ingest.web import parse_html
from rag.errors import DocumentError
from rag.text import normalise

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document

# Changes whenever a reader gives another document for the same bytes: files that have not changed are then read again.
READER = "readers-1"

_READERS = {
    ".md": parse_markdown,
    ".markdown": parse_markdown,
    ".txt": parse_plain,
    ".html": parse_html,
    ".htm": parse_html,
}
SUFFIXES = tuple(_READERS)


def read_file(path: Path, *, source: str) -> Document:
    """Read a file into a document. `source` is the name under which the library knows it.

    Raises:
        DocumentError: it cannot be read, is empty, is no text, or its metadata cannot be understood.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror or error}") from error
    return read_bytes(data, path, source=source)


def hash_file(data: bytes) -> str:
    """Name what a file holds and the readers that read it: where both are as before, so is the document."""
    return hashlib.sha256(READER.encode() + b"\0" + data).hexdigest()


def read_bytes(data: bytes, path: Path, *, source: str) -> Document:
    """Turn the bytes of a file into a document; of the path only the suffix counts.

    Raises:
        DocumentError: as `read_file`.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        suffix = f"the unknown suffix {path.suffix}" if path.suffix else "no suffix"
        raise DocumentError(f"has {suffix}; known are {', '.join(SUFFIXES)}")
    text = normalise(decode(data))
    if not text.strip():
        raise DocumentError("is empty")
    return reader(text, source=source)


def decode(data: bytes) -> str:
    """Decode UTF-8, with or without a byte-order mark, or UTF-16 with one.

    Raises:
        DocumentError: it is neither, and where; or it holds NUL bytes, which no text does.
    """
    encoding = "UTF-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "UTF-8"
    if encoding == "UTF-8" and b"\0" in data:
        raise DocumentError("is not text: it holds NUL bytes")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        at = f"byte {data[error.start]:#04x} at offset {error.start}"
        raise DocumentError(f"is not {encoding}: {at}; save it as UTF-8") from error
    if "\0" in text:
        raise DocumentError("is not text: it holds NUL characters")
    return text
