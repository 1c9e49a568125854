"""What kind of thing an answer of a server is, and what a text in it is written in."""

from __future__ import annotations

import codecs
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ingest.guard import brief
from ingest.readers import ARCHIVES, JSON_LINES, SUFFIXES
from rag.errors import DocumentError

if TYPE_CHECKING:
    from email.message import Message

_OFFICE = "application/vnd.openxmlformats-officedocument."
_KINDS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/x-rst": ".rst",
    "text/prs.fallenstein.rst": ".rst",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    f"{_OFFICE}wordprocessingml.document": ".docx",
    f"{_OFFICE}presentationml.presentation": ".pptx",
    f"{_OFFICE}spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/epub+zip": ".epub",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "message/rfc822": ".eml",
    "application/vnd.ms-outlook": ".msg",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
}
# What servers say of files that they do not know: the name of the file then says more.
_VAGUE = {"", "text/plain", "application/zip", "application/x-zip-compressed", "application/download"} | {
    f"{kind}/{name}" for kind in ("application", "binary") for name in ("octet-stream", "force-download", "x-download")
}
# An address is that of one document: what lies in an archive has none.
_SUFFIXES = set(SUFFIXES) - {*ARCHIVES, *JSON_LINES}
TEXTS = (".html", ".htm", ".txt", ".md", ".markdown", ".rst", ".csv", ".tsv")

_PAGE_CHARSET = re.compile(
    rb"""<meta\s[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})|\A\s*<\?xml\s[^>]{0,100}?encoding\s*=\s*["']([\w.:-]+)"""
    rb"""|\A\s*@charset\s+"([\w.:-]+)""",
    re.IGNORECASE,
)
_HEAD_BYTES = 4_096
# Only these are believed, whatever Python can decode beside them; the names are those of https://encoding.spec.whatwg.org
_CHARSET = re.compile(
    r"gb2312|gbk|gb18030|big5(?:-hkscs)?|shift[_-]jis|sjis|x-sjis|euc-jp|euc-kr|ks_c_5601-1987|koi8-[ru]"
    r"|windows-125\d|windows-874|iso-8859-\d{1,2}|us-ascii|ascii|latin1|utf-?16(?:le|be)?|tis-620"
)
_MEANT = {
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis"), "cp932"),
    **dict.fromkeys(("iso-8859-1", "latin1", "us-ascii", "ascii"), "cp1252"),
    **dict.fromkeys(("windows-874", "tis-620"), "cp874"),
    "big5": "big5hkscs",
    "iso-8859-9": "cp1254",
}
# Servers say this of every file where nobody has told them otherwise.
_SAID_OF_ALL = {"iso-8859-1", "latin1", "us-ascii", "ascii"}
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def suffix_of(headers: Message, url: str) -> str:
    """Return the suffix of the reader for an answer.

    Raises:
        DocumentError: there is none.
    """
    kind = headers.get_content_type() if headers.get("Content-Type") else ""
    names = (headers.get_filename("") or "", unquote(urlsplit(url).path))
    named = next((suffix for name in names if (suffix := PurePosixPath(name).suffix.lower()) in _SUFFIXES), "")
    if kind == "text/plain":
        return named if named in TEXTS and not named.startswith(".htm") else ".txt"
    suffix = named if kind in _VAGUE else _KINDS.get(kind, "")
    if not suffix:
        told = f"is of the kind {brief(kind)}" if kind else "does not say of what kind it is"
        raise DocumentError(f"{told}; read are web pages, PDF, Office files, books, mail, tables and texts")
    return suffix


def as_utf8(data: bytes, charset: str = "") -> bytes:
    """Write a text as UTF-8 where the page, or else the header of the answer, says what it is written in.

    What says nothing, or something untrue, stays as it is: `ingest.encodings` then looks at the letters themselves.
    """
    if data.startswith(_MARKS) or (_decodes(data, "utf-8") and b"\0" not in data):
        return data
    said = _PAGE_CHARSET.search(data[:_HEAD_BYTES])
    of_page = next(filter(None, said.groups())).decode("ascii").lower() if said else ""
    for name in (of_page, "" if charset.lower() in _SAID_OF_ALL else charset.lower()):
        encoding = _MEANT.get(name, name)
        if _CHARSET.fullmatch(name) and _decodes(data, encoding):
            return data.decode(encoding).encode("utf-8", errors="replace")
    return data


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True
