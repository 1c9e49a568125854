"""Presentations: PPTX, a page a slide."""

from __future__ import annotations

import io
from itertools import zip_longest
from typing import TYPE_CHECKING

from ingest.archives import checked_zip
from ingest.blocks import heading, inline, join_blocks, name_row, paragraph, table
from ingest.cells import show_cell
from ingest.guard import guarded
from ingest.markdown import readable_name
from ingest.properties import office_properties
from rag.errors import DocumentError
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pptx.chart.chart import Chart
    from pptx.shapes.base import BaseShape
    from pptx.slide import Slide

_LINE = 228_600  # EMU, a quarter of an inch: shapes whose tops are nearer than this stand side by side
_REPEATED = {"DATE", "FOOTER", "HEADER", "SLIDE_NUMBER"}  # placeholders with the same words on every slide


def parse_pptx(data: bytes, *, source: str) -> Document:
    """Make a document of a presentation; each slide is a page, `pages` says where it begins.

    A slide is its title as a heading of level 2, its shapes from top to bottom and left to right, its charts' and
    tables' rows a paragraph each, and its speaker notes below a heading "Notes". A slide without a title, or with
    nothing else, has its number for a heading, so that its words are text. The title is that of a title slide at the
    beginning, else that of the file's properties, else the first slide's, else the name of the file. It has no date:
    the properties name none on which it was published.

    Raises:
        DocumentError: it is another kind of file, encrypted, damaged, too large when unpacked, or empty.
    """
    with checked_zip(data, "PPTX") as archive:
        properties = office_properties(archive)
    slides, opening, first = _read(data)
    pages, text = [], ""
    for blocks in slides:
        words = join_blocks(blocks)
        gap = "\n\n" if text and words else ""
        pages.append(len(text) + len(gap))
        text += gap + words
    if not text:
        raise DocumentError("is empty: its slides hold no text")
    return Document.of(
        text,
        title=opening or properties.title or first or readable_name(source),
        source=source,
        author=properties.author,
        language=properties.language,
        pages=tuple(pages),
    )


def _read(data: bytes) -> tuple[list[list[str]], str, str]:
    """Return the blocks of each slide, the title of a title slide at the beginning, and that of the first slide."""
    import pptx

    with guarded("is damaged; save it again"):
        slides = list(pptx.Presentation(io.BytesIO(data)).slides)
        blocks = [list(filter(None, _slide(slide, number))) for number, slide in enumerate(slides, start=1)]
        title = slides[0].shapes.title if slides else None
        first = inline(title.text_frame.text) if title is not None else ""
        is_opening = title is not None and title.placeholder_format.type.name == "CENTER_TITLE"
    return blocks, first if is_opening else "", first


def _slide(slide: Slide, number: int) -> Iterator[str]:
    title = slide.shapes.title
    words = paragraph(title.text_frame.text) if title is not None else ""
    blocks = list(
        filter(None, (block for shape in _in_order(slide.shapes) if shape != title for block in _shape(shape)))
    )
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = [paragraph(part.text) for part in slide.notes_slide.notes_text_frame.paragraphs]
        blocks += [heading(3, "Notes"), *notes] if any(notes) else []
    if words and blocks:
        yield heading(2, words)
    elif words or blocks:
        yield from (heading(2, f"Slide {number}"), words)
    yield from blocks


def _in_order(shapes: Iterable[BaseShape]) -> list[BaseShape]:
    def place(shape: BaseShape) -> tuple[int, int]:
        # python-pptx says that both are always known; a placeholder without a layout has neither.
        return (shape.top or 0) // _LINE, shape.left or 0

    return sorted(shapes, key=place)


def _shape(shape: BaseShape) -> Iterator[str]:
    if shape.is_placeholder and shape.placeholder_format.type.name in _REPEATED:
        return
    if hasattr(shape, "shapes"):  # a group
        for inner in _in_order(shape.shapes):
            yield from _shape(inner)
    elif getattr(shape, "has_table", False):
        grid = shape.table  # type: ignore[attr-defined]
        yield from table([[cell.text for cell in row.cells] for row in grid.rows], header=grid.first_row)
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart)  # type: ignore[attr-defined]
    elif shape.has_text_frame:
        words = [inline(part.text) for part in shape.text_frame.paragraphs]  # type: ignore[attr-defined]
        lines = list(filter(None, words))
        yield "\n".join(f"- {line}" for line in lines) if len(lines) > 1 else paragraph("".join(lines))


def _chart(chart: Chart) -> Iterator[str]:
    """Yield what a chart shows, a category a row, as the file stores it."""
    for plot in chart.plots:
        names = ["", *(series.name for series in plot.series)]
        columns = [list(plot.categories), *(map(show_cell, series.values) for series in plot.series)]
        yield from (name_row([inline(str(cell or "")) for cell in row], names) for row in zip_longest(*columns))
