"""JSON lines: a file of documents, each an object on a line of its own. A line is at hand at a time, never the file.

The fields of an object, all but the text optional: `text` (or `content`, `body`), `title`, `publisher` (or `source`),
`author` (one name or a list), `published` (or `date`), `language`, `url`, `id`. Others are passed over.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from reprlib import repr as short_repr
from typing import TYPE_CHECKING

from ingest.addresses import is_address
from ingest.dates import read_date
from ingest.guard import brief
from ingest.plain import first_sentence, strip_blank_lines
from ingest.properties import read_language
from rag.errors import DocumentError
from rag.text import normalise
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

MAX_LINE_BYTES = 20_000_000
# Brackets and commas: each may stand for a value of some 60 bytes. A text of 20 MB has some 300,000 commas.
_MAX_VALUES = 1_000_000
# So many failures are told one by one; where nothing else was found yet, it is no such file.
_MAX_FAILED, _MAX_FAILED_FIRST = 1_000, 20
_MAX_KEY_CHARS = 300
# A title is searched with every passage of its text.
_MAX_WORDS_CHARS = 1_000
# What would not stand in a path as it is: control characters, and parts that lead elsewhere.
_NO_KEY = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]|^[/#]|(?:^|/)\.{1,2}(?:/|$)|/$")
_FILE = re.compile(
    r"\S*[/\\]\S*|.+\.(?:txt|md|pdf|docx?|html?|csv|tsv|xlsx?|jsonl?|xml|epub|parquet|gz|zip)", re.IGNORECASE
)
_TEXTS, _DAYS = ("text", "content", "body"), ("published", "date")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file: its number (from 1), its key there, and what it holds.

    The key is the id of the object, or its url, if no line before has the same; else the number, as "#12".
    `failure` says why it is no document. `is_named` is False where it might have had another key, had it been sound.
    """

    number: int
    key: str
    data: bytes
    failure: str = ""
    is_named: bool = True


def read_lines(pieces: Iterable[bytes]) -> Iterator[Line]:
    """Yield the lines that are not blank of a file that comes in pieces, as they come.

    Raises:
        DocumentError: it is no such file, or too many of its lines are no documents; what came before stands.
    """
    taken: set[str] = set()
    n_failed, n_sound = 0, 0
    for number, data in enumerate(_split(pieces), start=1):
        if number == 1:
            data = _first(data)  # noqa: PLW2901
        if not data.strip():
            continue
        line = _line(data, number, taken=taken)
        taken.add(line.key)
        n_failed += bool(line.failure)
        n_sound += not line.failure
        yield line
        if n_failed >= (_MAX_FAILED if n_sound else _MAX_FAILED_FIRST):
            of_all = f"{n_failed} of its first {number} lines are no documents"
            raise DocumentError(f"is left at line {number}: {of_all}; each line should be one JSON object with a text")
    if not taken:
        raise DocumentError("is empty")


def parse_json_line(data: bytes, *, source: str) -> Document:
    """Make a document of one line. Without a title, it is the beginning of the first sentence.

    Raises:
        DocumentError: it is no JSON object, has no text, or has a field that cannot be understood.
    """
    fields = _object(data)
    text = strip_blank_lines(normalise(_text(fields)))
    return Document.of(
        text,
        title=_words(fields, "title") or first_sentence(text),
        source=source,
        publisher=_words(fields, "publisher") or _outlet(fields),
        author=_words(fields, "author"),
        published=_published(fields),
        language=_language(fields),
        url=_words(fields, "url"),
    )


def _split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield each line without its end; of one that is too long no more than shows that it is."""
    held = bytearray()
    for piece in pieces:
        *ended, rest = piece.split(b"\n")
        for part in ended:
            yield bytes(held + part) if held else part
            held.clear()
        held += rest[: MAX_LINE_BYTES + 1 - len(held)]
    yield bytes(held)


def _first(line: bytes) -> bytes:
    """Return a first line without the mark of UTF-8, and refuse what it shows to be another kind of file."""
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DocumentError("is UTF-16; save it as UTF-8")
    line = line.removeprefix(codecs.BOM_UTF8)
    if line.lstrip().startswith(b"["):
        raise DocumentError("is one JSON list; write each document as an object on a line of its own")
    return line


def _line(data: bytes, number: int, *, taken: set[str]) -> Line:
    """Name a line, and say what is wrong with it."""
    nameless = f"#{number}"
    try:
        fields = _object(data)
    except DocumentError as error:
        return Line(number, nameless, b"", failure=f"line {number} {error}", is_named=False)
    key = _key(fields)
    key = key if key and key not in taken else nameless
    try:
        _check(fields)
    except DocumentError as error:
        return Line(number, key, b"", failure=f"line {number} {error}")
    return Line(number, key, data)


def _key(fields: Mapping[str, object]) -> str:
    """Return what names an object in its file, or nothing."""
    for name in ("id", "url"):
        value = fields.get(name)
        key = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if key and len(key) <= _MAX_KEY_CHARS and not _NO_KEY.search(key):
            return key
    return ""


def _object(data: bytes) -> dict[str, object]:
    if len(data) > MAX_LINE_BYTES:
        raise DocumentError(f"is longer than {MAX_LINE_BYTES / 1e6:g} MB, which is the most that is read of one line")
    if sum(map(data.count, (b"[", b"{", b","))) > _MAX_VALUES:
        raise DocumentError(f"holds more than {_MAX_VALUES:,} values")
    try:
        found = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise DocumentError(f"is not UTF-8: byte {data[error.start]:#04x} at offset {error.start}") from error
    except RecursionError as error:
        raise DocumentError("is nested too deeply") from error
    except ValueError as error:
        raise DocumentError(f"is no JSON: {brief(error)}") from error
    if not isinstance(found, dict):
        raise DocumentError(f"is no JSON object but {short_repr(found)}")
    return found


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON value")


def _check(fields: Mapping[str, object]) -> None:
    """Raise what `parse_json_line` would."""
    _text(fields)
    for name in ("title", "publisher", "author", "url"):
        _words(fields, name)
    _published(fields)
    _language(fields)


def _text(fields: Mapping[str, object]) -> str:
    text = next((found for name in _TEXTS if (found := _string(fields, name)).strip()), "")
    if not text:
        raise DocumentError(f"has no text; it should stand under {', '.join(_TEXTS[:-1])} or {_TEXTS[-1]}")
    return text


def _string(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DocumentError(f"has the {name} {short_repr(value)}; it should be text")
    if not _is_unicode(value):
        raise DocumentError(f"has a {name} with half a character (a lone surrogate)")
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _words(fields: Mapping[str, object], name: str) -> str | None:
    """Return a field on one line, several joined by commas; None where it is absent or empty."""
    value = fields.get(name)
    values = value if isinstance(value, list) and name == "author" else [value]
    words = ", ".join(filter(None, (_string({name: each}, name) for each in values)))
    if len(words) > _MAX_WORDS_CHARS:
        raise DocumentError(f"has a {name} of {len(words):,} characters; at most {_MAX_WORDS_CHARS:,} are taken")
    return " ".join(normalise(words).split()) or None


def _outlet(fields: Mapping[str, object]) -> str | None:
    """Return the source if it can be the name of an outlet: many files keep a path, an address or an object there."""
    value = fields.get("source")
    name = value.strip() if isinstance(value, str) and len(value) <= _MAX_WORDS_CHARS else ""
    is_outlet = name and _is_unicode(name) and not is_address(name) and not _FILE.fullmatch(name)
    return _words(fields, "source") if is_outlet else None


def _published(fields: Mapping[str, object]) -> date | None:
    for name in _DAYS:
        value = fields.get(name)
        if value is None or value == "":
            continue
        day = read_date(value) if isinstance(value, str) else None
        if not day:
            raise DocumentError(f"has the {name} {short_repr(value)}, which is no day; write 2024-03-06")
        return day
    return None


def _language(fields: Mapping[str, object]) -> str | None:
    value = _string(fields, "language").strip()
    code = read_language(value)
    if value and not code and value.lower() not in {"und", "mul", "zxx"}:
        raise DocumentError(f"has the language {short_repr(value)}; write a code such as en or zh")
    return code
