"""The text of an OpenDocument file: what its `content.xml` says, in the order in which it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.blocks import heading, inline, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

_OASIS = "{urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _STYLE, _TEXT = f"{_OASIS}office:1.0}}", f"{_OASIS}style:1.0}}", f"{_OASIS}text:1.0}}"
_TABLE, _DRAW = f"{_OASIS}table:1.0}}", f"{_OASIS}drawing:1.0}}"
_PARAGRAPHS = {f"{_TEXT}p", f"{_TEXT}h"}
# Deleted text, comments, indexes of what the text says anyway, and what stands above a word to say how it sounds.
_LEFT_OUT = {f"{_OFFICE}annotation", f"{_TEXT}ruby-text", f"{_TEXT}tracked-changes", f"{_TEXT}note-citation"} | {
    f"{_TEXT}{name}"
    for name in ("table-of-content", "alphabetical-index", "illustration-index", "table-index", "object-index")
}
_CHARACTERS = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n", f"{_TEXT}s": " "}
_MAX_REPEATS = 256  # an empty rest of a row is stored as one cell, repeated to the last column there can be


def odf_blocks(content: Element) -> tuple[list[str], str | None]:
    """Turn the root of `content.xml` into blocks, and return the title where a paragraph has that style.

    A footnote and a text box follow the paragraph in which they are anchored.
    """
    parents = {style.get(f"{_STYLE}name"): style.get(f"{_STYLE}parent-style-name") for style in _styles(content)}
    reader = _Reader({name for name, parent in parents.items() if parent == "Title"} | {"Title"})
    body = content.find(f"{_OFFICE}body/{_OFFICE}text")
    blocks = list(filter(None, reader.blocks(body))) if body is not None else []
    return blocks, reader.title


def _styles(content: Element) -> Iterator[Element]:
    for styles in content.findall(f"{_OFFICE}automatic-styles"):
        yield from styles.findall(f"{_STYLE}style")


class _Reader:
    """Reads elements to blocks and remembers the title on the way; `titles` are the names of styles that mean one."""

    def __init__(self, titles: set[str | None]) -> None:
        self.titles = titles
        self.title: str | None = None

    def blocks(self, parent: Element) -> Iterator[str]:
        for element in parent:
            if element.tag in _PARAGRAPHS:
                yield from self._paragraph(element)
            elif element.tag == f"{_TEXT}list":
                yield "\n".join(self._items(element))
            elif element.tag == f"{_TABLE}table":
                header = element.find(f"{_TABLE}table-header-rows") is not None
                yield from table([list(_cells(row, self)) for row in _rows(element)], header=header)
            elif element.tag not in _LEFT_OUT:
                yield from self.blocks(element)

    def _paragraph(self, element: Element) -> Iterator[str]:
        after: list[Element] = []
        words = _words(element, after)
        level = element.get(f"{_TEXT}outline-level", "1")
        if element.get(f"{_TEXT}style-name") in self.titles and inline(words):
            self.title = self.title or inline(words)
            yield heading(1, words)
        elif element.tag == f"{_TEXT}h":
            yield heading(int(level) if level.isdecimal() else 1, words)
        else:
            yield paragraph(words)
        for anchored in after:
            if anchored.tag == f"{_TEXT}note":
                yield paragraph(f"Note: {' '.join(self.blocks(anchored))}")
            else:
                yield from self.blocks(anchored)

    def _items(self, element: Element, depth: int = 0) -> Iterator[str]:
        for item in element:
            parts = [child for child in item if child.tag != f"{_TEXT}list"]
            words = inline(" ".join(" ".join(self._paragraph(p)) for p in parts if p.tag in _PARAGRAPHS))
            if words:
                yield f"{'  ' * depth}- {words}"
            for inner in item.findall(f"{_TEXT}list"):
                yield from self._items(inner, depth + bool(words))


def _rows(parent: Element) -> Iterator[Element]:
    for element in parent:
        if element.tag == f"{_TABLE}table-row":
            yield element
        elif element.tag.startswith(f"{_TABLE}table-") and "row" in element.tag:  # header rows, groups of rows
            yield from _rows(element)


def _cells(row: Element, reader: _Reader) -> Iterator[str]:
    for cell in row:
        if cell.tag in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
            words = " ".join(reader.blocks(cell))
            repeats = cell.get(f"{_TABLE}number-columns-repeated", "1")
            yield from [words] * min(int(repeats) if repeats.isdecimal() else 1, _MAX_REPEATS)


def _words(element: Element, after: list[Element]) -> str:
    """Return the text of a paragraph; notes and text boxes in it go into `after`."""
    parts = [element.text or ""]
    for child in element:
        if child.tag in _CHARACTERS:
            parts.append(_CHARACTERS[child.tag])
        elif child.tag in {f"{_TEXT}note", f"{_DRAW}text-box"}:
            after.append(child)
        elif child.tag not in _LEFT_OUT:
            parts.append(_words(child, after))
        parts.append(child.tail or "")
    return "".join(parts)
