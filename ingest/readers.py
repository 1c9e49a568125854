"""Files to documents: which reader takes which file, and what a file must be to be read at all.

A reader takes what a file holds, as text or as bytes, and its source, and touches no disk.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ingest.archives import legacy
from ingest.books import parse_epub
from ingest.encodings import decode
from ingest.jsonlines import parse_json_line
from ingest.mail import parse_eml, parse_msg
from ingest.markdown import parse_markdown
from ingest.markup import parse_rst, parse_rtf
from ingest.office import parse_docx, parse_odt
from ingest.pdf import parse_pdf
from ingest.plain import parse_plain
from ingest.slides import parse_pptx
from ingest.tables import parse_csv, parse_xlsx
from ingest.web import parse_html
from rag.errors import DocumentError
from rag.text import normalise

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document

# Changes whenever a reader gives another document for the same bytes: files that have not changed are then read again.
READER = "readers-3"

_OF_TEXT = {
    ".md": parse_markdown,
    ".markdown": parse_markdown,
    ".txt": parse_plain,
    ".html": parse_html,
    ".htm": parse_html,
    ".csv": parse_csv,
    ".tsv": parse_csv,
}
_OF_BYTES = {
    ".pdf": parse_pdf,
    ".docx": parse_docx,
    ".odt": parse_odt,
    ".pptx": parse_pptx,
    ".xlsx": parse_xlsx,
    ".epub": parse_epub,
    ".eml": parse_eml,
    ".msg": parse_msg,
    ".rtf": parse_rtf,
    ".rst": parse_rst,
}
# Known, and refused with what to do instead.
_LEGACY = (".doc", ".xls", ".ppt")
# Files of many documents, which ingest/contents.py takes apart. Of the lines of one, each is read by itself.
ARCHIVES, JSON_LINES = (".zip",), (".jsonl", ".ndjson")
SUFFIXES = (*_OF_TEXT, *_OF_BYTES, *JSON_LINES, *ARCHIVES, *_LEGACY)
# A file is read as a whole, and what is made of it takes some times its size in memory.
MAX_FILE_BYTES = 200_000_000
# Read by libraries that a file can hang, exhaust or crash: in a process of their own, see ingest/sandbox.py.
RISKY = (".html", ".htm", *_OF_BYTES)


def hash_file(data: bytes) -> str:
    """Name what a file holds and the readers that read it: where both are as before, so is the document."""
    return hashlib.sha256(READER.encode() + b"\0" + data).hexdigest()


def too_large(size: int) -> DocumentError:
    """Return the error of a file of so many bytes that is not read."""
    return DocumentError(f"has {size / 1e6:.0f} MB; at most {MAX_FILE_BYTES / 1e6:g} MB are read of one file")


def read_bytes(data: bytes, path: Path, *, source: str) -> Document:
    """Turn the bytes of a file, or one of JSON lines, into a document; of the path only the suffix counts.

    Raises:
        DocumentError: it is empty, is not what its suffix says, is damaged, or its metadata cannot be understood; or
            it is an archive, which is no document.
    """
    suffix = path.suffix.lower()
    if suffix in _OF_BYTES:
        return _OF_BYTES[suffix](data, source=source)
    if suffix in JSON_LINES:
        return parse_json_line(data, source=source)
    if suffix in ARCHIVES:
        raise DocumentError("is an archive of files, and no document")
    if suffix in _LEGACY:
        raise DocumentError(legacy(suffix))
    if suffix not in _OF_TEXT:
        named = f"the unknown suffix {path.suffix}" if path.suffix else "no suffix"
        known = ", ".join(suffix for suffix in SUFFIXES if suffix not in _LEGACY)
        raise DocumentError(f"has {named}; known are {known}")
    text = normalise(decode(data))
    if not text.strip():
        raise DocumentError("is empty")
    return _OF_TEXT[suffix](text, source=source)
