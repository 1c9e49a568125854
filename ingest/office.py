"""Texts of word processors: DOCX and ODT. Links are not followed, macros and embedded objects not opened."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from ingest.archives import checked_zip
from ingest.blocks import heading, inline, join_blocks, paragraph, table
from ingest.guard import guarded
from ingest.markdown import readable_name
from ingest.odf import odf_blocks
from ingest.plain import parse_plain
from ingest.properties import Properties, odf_properties, office_properties, parse_xml, read_part
from rag.errors import DocumentError
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element
    from zipfile import ZipFile

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_NOTE_MARK = re.compile(r"#((?:foot|end)note-.+)")
_HEADING_STYLE = re.compile(r"heading ([1-6])", re.IGNORECASE)
_LEVELS = 6
_END_BLOCKS = 12


def parse_docx(data: bytes, *, source: str) -> Document:
    """Make a document of a Word file: headings as `#` lines, list items as `- ` lines, a table row a paragraph.

    Tracked insertions count, deletions do not; a footnote follows the paragraph that refers to it; headers, footers,
    comments, equations and tables of contents are left out. The title is the paragraph of style Title, else that of the
    file's properties, else the first heading of level 1, else the name of the file. Outlet, day and address are those
    that its first and last lines name, as in a plain text: the properties know of none.

    Raises:
        DocumentError: it is another kind of file, encrypted, damaged, too large when unpacked, or empty.
    """
    with checked_zip(data, "DOCX") as archive:
        styles = _heading_styles(archive)
        properties = office_properties(archive)
    body = parse_xml(f"<body>{_to_html(data, styles)}</body>", name="word/document.xml")
    titles = [_text(child, []) for child in body if child.get("class") == "title"]
    return _document(list(_html_blocks(body)), properties, title=next(iter(titles), None), source=source)


def parse_odt(data: bytes, *, source: str) -> Document:
    """Make a document of an OpenDocument text, in the way of `parse_docx`.

    Raises:
        DocumentError: as there.
    """
    with checked_zip(data, "ODT") as archive:
        properties = odf_properties(archive)
        content = read_part(archive, "content.xml")
    if content is None:
        raise DocumentError("is damaged: it has no content.xml")
    with guarded("is damaged; save it again"):
        blocks, title = odf_blocks(content)
    return _document(blocks, properties, title=title, source=source)


def _document(blocks: list[str], properties: Properties, *, title: str | None, source: str) -> Document:
    text = join_blocks(blocks)
    if not text:
        raise DocumentError("is empty")
    first = next((block[2:] for block in blocks if block.startswith("# ")), None)
    headline = inline(title or "") or properties.title or first or readable_name(source)
    said = parse_plain(_ends(blocks, headline), source=source)
    return Document.of(
        text,
        title=headline,
        source=source,
        publisher=said.publisher,
        author=properties.author or said.author,
        published=said.published,
        language=properties.language,
        url=said.url,
    )


def _ends(blocks: list[str], headline: str) -> str:
    """Write the ends of a text as plain text has them: the headline, the first blocks, and the last ones."""
    words = [block.lstrip("#").strip() for block in blocks]
    top = "\n".join(block for block in words[:_END_BLOCKS] if block != headline)
    return "\n\n".join((headline, top, *words[-_END_BLOCKS:]))


def _to_html(data: bytes, styles: str) -> str:
    import mammoth

    with guarded("is damaged; save it again"):
        result = mammoth.convert_to_html(
            io.BytesIO(data),
            style_map=styles,
            include_embedded_style_map=False,  # a file must not say how it is to be read
            external_file_access=False,
            convert_image=mammoth.images.img_element(lambda _: {}),  # the default unpacks all pictures into the text
        )
    html: str = result.value
    return html


def _heading_styles(archive: ZipFile) -> str:
    """Say to mammoth which styles are headings: it knows Word's own, not those that a house derives from them."""
    root = read_part(archive, "word/styles.xml")
    styles = {style.get(f"{_W}styleId", ""): style for style in root.iter(f"{_W}style")} if root is not None else {}
    lines = ["p[style-name='TOC Heading'] => !"]
    for style in styles.values():
        name = _value(style, "name").replace("\\", "\\\\").replace("'", "\\'")
        level = _level(style, styles)
        if name.lower().startswith("toc "):
            lines.append(f"p[style-name='{name}'] => !")
        elif style.get(f"{_W}type") == "paragraph" and name and "\n" not in name:
            if level == 0:
                lines.append(f"p[style-name='{name}'] => h1.title:fresh")
            elif level:
                lines.append(f"p[style-name='{name}'] => h{level}:fresh")
    return "\n".join(lines)


def _level(style: Element, styles: dict[str, Element]) -> int | None:
    """Return the level of heading that a style makes, 0 for the title; None where it makes none."""
    seen: set[str] = set()
    while True:
        name = _value(style, "name")
        found = _HEADING_STYLE.fullmatch(name)
        outline = _value(style, f"pPr/{_W}outlineLvl")
        if name.lower() == "title":
            return 0
        if found or outline:
            level = int(found[1]) if found else int(outline) + 1 if outline.isdecimal() else 0
            return level if 1 <= level <= _LEVELS else None
        parent = _value(style, "basedOn")
        if parent in seen or parent not in styles:
            break
        seen.add(parent)
        style = styles[parent]
    return None


def _value(style: Element, path: str) -> str:
    found = style.find(f"{_W}{path}")
    return found.get(f"{_W}val", "") if found is not None else ""


def _html_blocks(body: Element) -> Iterator[str]:
    """Yield the blocks of mammoth's HTML. It puts the notes into a list at the end."""
    last = body[-1] if len(body) else None
    notes = {item.get("id", ""): item for item in last if "note-" in item.get("id", "")} if last is not None else {}
    for child in body:
        if child is last and notes:
            return
        seen: list[str] = []
        yield from _blocks(child, seen)
        for note in seen:
            if note in notes:
                yield paragraph(f"Note: {inline(_text(notes[note], []).replace('↑', ''))}")


def _blocks(element: Element, seen: list[str]) -> Iterator[str]:
    if element.tag in _HEADINGS:
        yield heading(_HEADINGS[element.tag], _text(element, seen))
    elif element.tag in {"ul", "ol"}:
        yield "\n".join(_items(element, seen))
    elif element.tag == "table" and _is_frame(rows := list(_rows(element))):
        yield from (block for row in rows for cell in row for child in cell for block in _blocks(child, seen))
    elif element.tag == "table":
        yield from table(_grid(element, seen), header=element.find("thead") is not None)
    else:
        yield paragraph(_text(element, seen))


def _items(element: Element, seen: list[str], depth: int = 0) -> Iterator[str]:
    """Yield the lines of a list, those of lists inside it indented."""
    for item in element:
        inner = [child for child in item if child.tag in {"ul", "ol"}]
        words = inline(_text(item, seen, without=("ul", "ol")))
        if words:
            yield f"{'  ' * depth}- {words}"
        for child in inner:
            yield from _items(child, seen, depth + bool(words))


def _rows(element: Element) -> Iterator[Element]:
    for part in element:
        yield from [part] if part.tag == "tr" else part


def _is_frame(rows: list[Element]) -> bool:
    """Tell whether a table is none, but a frame around whatever stands in it."""
    return len(rows) == 1 or all(len(row) <= 1 for row in rows)


def _grid(element: Element, seen: list[str]) -> list[list[str]]:
    """Return the cells of a table. What spans rows stands in each, so that each can be understood alone."""
    below: dict[int, tuple[int, str]] = {}  # column → rows that a cell from above still spans, its text
    grid: list[list[str]] = []
    for row in _rows(element):
        cells: dict[int, str] = {}
        for column, (left, text) in list(below.items()):
            cells[column] = text
            below[column] = (left - 1, text)
        column = 0
        for cell in row:
            while column in cells:
                column += 1
            text = _text(cell, seen)
            spans, rows = (int(cell.get(name, "1")) for name in ("colspan", "rowspan"))
            for offset in range(min(spans, 1_000)):
                cells[column + offset] = text if not offset or not grid else ""
                below[column + offset] = (rows - 1, cells[column + offset])
            column += spans
        below = {column: (left, text) for column, (left, text) in below.items() if left > 0}
        grid.append([cells.get(number, "") for number in range(max(cells, default=-1) + 1)])
    return grid


def _text(element: Element, seen: list[str], *, without: tuple[str, ...] = ()) -> str:
    """Return the text inside an element; the notes to which it refers go into `seen`."""
    parts = [element.text or ""]
    for child in element:
        mark = _NOTE_MARK.fullmatch(child.get("href", ""))
        if mark:
            seen.append(mark[1])
        elif child.tag == "br":
            parts.append("\n")
        elif child.tag not in without:
            parts += [_text(child, seen), "\n" if child.tag in {"p", "li", "td", "th", "tr"} else ""]
        parts.append(child.tail or "")
    return "".join(parts)
