"""HTML and XHTML as text, whole: for chapters of books and for mail, where no article has to be found in a page.

What the parser reports is written down as it comes: no tree is built, so that depth costs nothing.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.blocks import heading, join_blocks, paragraph, table, without_controls

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = {*_HEADINGS, "hr"} | set(
    """address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form
    header li main nav ol p pre section summary table tbody td tfoot th thead tr ul""".split()
)
# Not the text: code, graphics, and the readings that stand above Chinese and Japanese characters.
_LEFT_OUT = set("head script style template svg math iframe object rt rp title".split())
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
# Mail is laid out with tables in tables. What lies deeper is text without rows.
_MAX_TABLES = 8
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)\w+;")
_PROLOG = re.compile(r"\A\s*<\?xml[^>]{0,500}>|<!DOCTYPE[^<>\[]{0,500}>", re.IGNORECASE)
_SUBSET = re.compile(r"<!DOCTYPE[^<>\[]*\[[^\]]*\]\s*>", re.IGNORECASE)
_SUBSET_CHARS = 2_000


def html_to_text(markup: str) -> str:
    """Write a page, or a part of one, as text: `#` before headings, "- " before items, a blank line between blocks.

    Rows of a table are written as `ingest.blocks.table` does; one whose cells hold several blocks is layout, and its
    cells follow each other. Whatever the markup is, there is a text; it may be empty.
    """
    # Slow to import, and most files are no markup.
    from lxml import etree

    markup = without_controls(markup)
    declares_entities = "<!ENTITY" in markup  # of which an XML parser could make gigabytes
    markup = _PROLOG.sub("", _SUBSET.sub("", markup[:_SUBSET_CHARS]) + markup[_SUBSET_CHARS:])
    # Only an XML parser knows that `<title/>` is complete; only an HTML parser takes what is not well-formed.
    writer = None if declares_entities else _write_xml(markup)
    if not writer:
        writer = _Writer()
        parser = etree.HTMLParser(target=writer, huge_tree=True)
        parser.feed(markup)
        parser.close()
    writer.flush()
    return join_blocks(writer.blocks)


def _write_xml(markup: str) -> _Writer | None:
    """Write well-formed markup; None for all other."""
    from lxml import etree

    writer: _Writer | None = _Writer()
    parser = etree.XMLParser(target=writer, resolve_entities=False, no_network=True)
    try:
        etree.fromstring(_ENTITY.sub(lambda found: html.unescape(found[0]), markup), parser)
    except (etree.LxmlError, ValueError):
        writer = None
    return writer


@dataclass(slots=True)
class _Table:
    """A table while it is read: of each row the cells, of each cell the blocks, and which rows are of headers only."""

    rows: list[list[list[str]]] = field(default_factory=list)
    header: bool = True
    outer: list[str] = field(default_factory=list)
    is_layout: bool = False

    def text(self) -> list[str]:
        """Write it: rows as lines, or the cells of a layout one after another."""
        if self.is_layout or any(len(cell) > 1 for row in self.rows for cell in row):
            return [block for row in self.rows for cell in row for block in cell]
        return table([[" ".join(cell) for cell in row] for row in self.rows], header=self.header)


class _Writer:
    """What lxml calls for each tag and each piece of text; `blocks` is what came of them."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self._words: list[str] = []
        self._mark: str | int = ""  # of the block that is being written: its level as a heading, or "- "
        self._left_out = 0
        self._preformatted = 0
        self._tables: list[_Table] = []
        self._depth = 0  # of tables, those that are too deep included

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        tag = _local(tag)
        if self._left_out or tag in _LEFT_OUT or _is_hidden(attributes):
            self._left_out += 1
        elif tag == "br":
            self._words.append("\n" if self._preformatted else "\0")
        elif tag in _BLOCKS:
            # A paragraph inside an item is the item.
            item = self._mark if self._mark == "- " and not "".join(self._words).strip(" \n\0") else ""
            self.flush()
            self._mark = "- " if tag == "li" else _HEADINGS.get(tag, item if tag in {"p", "div"} else "")
            self._preformatted += tag == "pre"
            self._start_of_table(tag)

    def end(self, tag: str) -> None:
        tag = _local(tag)
        if self._left_out:
            self._left_out -= 1
        elif tag in _BLOCKS:
            self.flush()
            self._preformatted -= tag == "pre"
            if tag == "table":
                self._end_of_table()

    def data(self, text: str) -> None:
        if not self._left_out:
            self._words.append(text if self._preformatted else text.replace("\n", " "))

    def comment(self, text: str) -> None:
        """Leave out a comment."""

    def pi(self, target: str, text: str | None = None) -> None:
        """Leave out a processing instruction."""

    def close(self) -> None:
        """End, as lxml asks for."""

    def flush(self) -> None:
        """End the block that is being written."""
        if not self._words:
            return
        text = "".join(self._words).replace("\0", "\n")
        self._words.clear()
        block = heading(self._mark, text) if isinstance(self._mark, int) else paragraph(text)
        if block:
            self.blocks.append(f"- {block}" if self._mark == "- " else block)
            self._mark = ""

    def _start_of_table(self, tag: str) -> None:
        if tag == "table":
            self._depth += 1
            if self._depth <= _MAX_TABLES:
                for around in self._tables:
                    around.is_layout = True
                self._tables.append(_Table(outer=self.blocks))
        if not self._tables or self._depth > _MAX_TABLES:
            return
        current = self._tables[-1]
        if tag == "tr":
            current.rows.append([])
        elif tag in {"td", "th"}:
            current.rows = current.rows or [[]]
            self.blocks = []
            current.rows[-1].append(self.blocks)
            current.header &= tag == "th" or len(current.rows) > 1

    def _end_of_table(self) -> None:
        self._depth -= 1
        if self._depth < len(self._tables):
            ended = self._tables.pop()
            self.blocks = ended.outer
            self.blocks.extend(ended.text())


def _local(tag: str) -> str:
    """Return the name of a tag without its namespace."""
    return tag.rpartition("}")[2].lower()


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    return "hidden" in attributes or bool(_HIDDEN.search(attributes.get("style", "")))
