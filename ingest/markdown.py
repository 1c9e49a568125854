"""Markdown: its front matter and its headings. The body stays as it was written."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import PurePath
from reprlib import repr as short_repr
from typing import TYPE_CHECKING, NamedTuple

import yaml
from frontmatter.default_handlers import YAMLHandler
from markdown_it import MarkdownIt

from ingest.dates import read_date
from ingest.plain import strip_blank_lines
from ingest.properties import read_language
from rag.errors import DocumentError
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

# Only blocks are looked for. Link definitions are not: they hold no heading, and long ones cost quadratic time.
_BLOCKS = MarkdownIt("commonmark").disable(["inline", "reference"])
_KEY_LINE = re.compile(r"[\"']?[\w-]+[\"']?\s*:(?:\s|$)")
_NOTHING = {"", "~", "null"}


class Heading(NamedTuple):
    """A heading, `text[start:end]` without its last line end; `level` is 1 for the highest, 6 for the lowest."""

    start: int
    end: int
    level: int
    title: str


def parse_markdown(text: str, *, source: str) -> Document:
    """Make a document of a Markdown text.

    Without a title in the front matter it is the first heading of level 1, else the name of the file.

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

    What stands between two `---` lines and is no list of keys is text between two rules.

    >>> front_matter("---\npublished: 2024-03-06\n---\nText")
    ({'published': '2024-03-06'}, '\nText')

    Raises:
        DocumentError: it begins with a key, and is no YAML.
    """
    handler = YAMLHandler()
    opening = handler.FM_BOUNDARY.match(text, len(text) - len(text.lstrip("\n")))
    if not opening or not handler.FM_BOUNDARY.search(text, opening.end()):
        return {}, text
    block, body = handler.split(text)
    try:
        fields = handler.load(block, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        if not _begins_with_key(block):
            return {}, text
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
        if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
            line = text.count("\n", 0, opening.end()) + error.problem_mark.line
            seen = short_repr(text.split("\n")[line])
            reason = f"line {line + 1}, {seen}: {error.problem}"
        raise DocumentError(f"has front matter that is not YAML: {reason}") from error
    return (fields or {}, body) if isinstance(fields, dict | None) else ({}, text)


def headings(text: str) -> Iterator[Heading]:
    """Yield the headings of a text as CommonMark sees them, those inside lists and quotes left out.

    An underlined one counts only if it is one line: several are as a rule a paragraph with a line drawn below it, and
    no text must be lost to a heading.
    """
    starts = [0, *(found.end() for found in re.finditer("\n", text)), len(text) + 1]
    for opening, content in pairwise(_BLOCKS.parse(text)):
        if opening.type == "heading_open" and opening.level == 0 and opening.map:
            first, end = opening.map
            if content.content and "\n" not in content.content:
                yield Heading(starts[first], starts[end] - 1, int(opening.tag[1:]), content.content)


def readable_name(source: str) -> str:
    """Turn the name of a file into words; a day in it keeps its hyphens.

    >>> readable_name("reports/2024-03-06-visit_to_jiangsu.md")
    '2024-03-06 visit to jiangsu'
    """
    stem = PurePath(source).stem
    return re.sub(r"(?<!\d)[-_]+|[-_]+(?!\d)", " ", stem).strip() or stem


def _begins_with_key(block: str) -> bool:
    lines = (line for line in block.splitlines() if line.strip() and not line.startswith("#"))
    return bool(_KEY_LINE.match(next(lines, "")))


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
    code = read_language(value or "")
    if value and not code:
        raise DocumentError(f"has front matter whose language is {value!r}; write a code such as en or zh")
    return code
