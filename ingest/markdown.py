"""Markdown: its front matter and its headings. The body stays as it was written."""

from __future__ import annotations

import re
from pathlib import PurePath
from reprlib import repr as short_repr
from typing import TYPE_CHECKING, NamedTuple

import yaml
from frontmatter.default_handlers import YAMLHandler

from ingest.dates import read_date
from ingest.plain import strip_blank_lines
from rag.errors import DocumentError
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})[ \t]+(?P<title>\S.*)")
_FENCE = re.compile(r" {0,3}(?P<marks>`{3,}|~{3,})(?P<rest>.*)")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9-_]+)?", re.IGNORECASE)
_NOTHING = {"", "~", "null"}


class Heading(NamedTuple):
    """A heading line, `text[start:end]` without its line end; `level` is the number of its marks."""

    start: int
    end: int
    level: int
    title: str


def parse_markdown(text: str, *, source: str) -> Document:
    """Make a document of a Markdown text.

    Without a title in the front matter it is the first `# ` heading, else the name of the file.

    Raises:
        DocumentError: the front matter cannot be understood, or nothing stands below it.
    """
    fields, body = front_matter(text)
    body = strip_blank_lines(body)
    if not body:
        raise DocumentError("is empty below its front matter")
    title = _field(fields, "title") or next((found.title for found in headings(body) if found.level == 1), None)
    return Document.of(
        body,
        title=title or readable_name(source),
        source=source,
        publisher=_field(fields, "publisher"),
        author=_field(fields, "author"),
        published=_published(fields),
        language=_language(fields),
        url=_field(fields, "url"),
    )


def front_matter(text: str) -> tuple[Mapping[str, object], str]:
    r"""Take the YAML front matter off a text: its keys, and the rest. All values are strings, as they were written.

    >>> front_matter("---\npublished: 2024-03-06\n---\nText")
    ({'published': '2024-03-06'}, '\nText')

    Raises:
        DocumentError: it is no YAML, or no list of keys with values.
    """
    handler = YAMLHandler()
    opening = handler.FM_BOUNDARY.match(text, len(text) - len(text.lstrip("\n")))
    if not opening or not handler.FM_BOUNDARY.search(text, opening.end()):
        return {}, text
    block, body = handler.split(text)
    try:
        fields = handler.load(block, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = text.count("\n", 0, opening.end()) + (error.problem_mark.line if error.problem_mark else 0)
        seen = short_repr(text.split("\n")[line])
        raise DocumentError(f"has front matter that is not YAML: line {line + 1}, {seen}: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise DocumentError(f"has front matter that is not YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(fields, dict | None):
        raise DocumentError(f"has front matter without keys: {short_repr(fields)}; write `key: value` lines")
    return fields or {}, body


def headings(text: str) -> Iterator[Heading]:
    """Yield the ATX headings of a text, `#` to `######`, those inside fenced code left out (CommonMark 4.2, 4.5)."""
    fence = ""
    start = 0
    for line in text.split("\n"):
        mark = _FENCE.fullmatch(line)
        if fence:
            closes = mark and mark["marks"].startswith(fence) and not mark["rest"].strip()
            fence = "" if closes else fence
        elif mark and not (mark["marks"][0] == "`" and "`" in mark["rest"]):
            fence = mark["marks"]
        elif found := _HEADING.fullmatch(line):
            yield Heading(start, start + len(line), len(found["marks"]), _without_closing_marks(found["title"]))
        start += len(line) + 1


def readable_name(source: str) -> str:
    """Turn the name of a file into words; a day in it keeps its hyphens.

    >>> readable_name("reports/2024-03-06-visit_to_jiangsu.md")
    '2024-03-06 visit to jiangsu'
    """
    stem = PurePath(source).stem
    return re.sub(r"(?<!\d)[-_]+|[-_]+(?!\d)", " ", stem).strip() or stem


def _without_closing_marks(title: str) -> str:
    title = title.rstrip()
    bare = title.rstrip("#")
    return bare.rstrip() if bare.endswith((" ", "\t")) else title


def _field(fields: Mapping[str, object], key: str) -> str | None:
    """Return the text of a key, several joined by commas; None where the key is absent or has no value."""
    value = fields.get(key, "")
    values = value if isinstance(value, list) else [value]
    texts = [text for text in values if isinstance(text, str)]
    if len(texts) < len(values):
        raise DocumentError(f"has front matter whose {key} is {short_repr(value)}; it should be text")
    text = " ".join(", ".join(texts).split())
    return None if text.casefold() in _NOTHING else text


def _published(fields: Mapping[str, object]) -> date | None:
    value = _field(fields, "published")
    day = read_date(value or "")
    if value and not day:
        raise DocumentError(f"has front matter whose published is {value!r}, which is no day; write 2024-03-06")
    return day


def _language(fields: Mapping[str, object]) -> str | None:
    value = _field(fields, "language")
    code = _LANGUAGE.fullmatch(value or "")
    if value and not code:
        raise DocumentError(f"has front matter whose language is {value!r}; write a code such as en or zh")
    return code[1].lower() if code else None
