"""Tables: XLSX, CSV and TSV. Each row becomes a paragraph that can be understood alone."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from pathlib import PurePath
from typing import TYPE_CHECKING

from ingest.archives import checked_zip
from ingest.blocks import heading, join_blocks, sheet
from ingest.cells import show_cell
from ingest.guard import guarded
from ingest.markdown import readable_name
from ingest.properties import office_properties
from rag.errors import DocumentError
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell

MAX_ROWS = 100_000
_MAX_CELLS = 5_000_000  # with the empty ones that a row at the far right brings along
_LAST_ROW = 1_048_576
_DELIMITERS = ",;\t|"
_SAMPLE_CHARS = 8_000  # the sniffer's time grows with the square of it


def parse_csv(text: str, *, source: str) -> Document:
    """Make a document of a table in CSV or TSV: "Column: value; Column: value" a row, a blank line between.

    The delimiter is a tab where the name ends in .tsv and there is one, else what is found in the first lines. Nothing
    is computed: a cell that begins with = is text. The title is the name of the file.

    Raises:
        DocumentError: it has too many rows, a field of more than 131,072 characters, or nothing in it.
    """
    first, _, rest = text.partition("\n")
    marked = first.strip().lower().startswith("sep=") and len(first.strip()) == len("sep=;")  # Excel writes this line
    table = rest if marked else text
    delimiter = first.strip()[-1] if marked else _delimiter(text, source)
    # Quotes that do not pair are inches or damage: read as quotes they would swallow lines.
    quote = '"' if text.count('"') % 2 == 0 else None
    reader = csv.reader(io.StringIO(table, newline=""), delimiter=delimiter, quotechar=quote, skipinitialspace=True)
    try:
        rows = _bounded(reader)
    except csv.Error as error:
        raise DocumentError(f"is no table: {error}, at line {reader.line_num}") from error
    body = join_blocks(sheet(rows))
    if not body:
        raise DocumentError("is empty")
    return Document.of(body, title=readable_name(source), source=source)


def parse_xlsx(data: bytes, *, source: str) -> Document:
    """Make a document of a workbook, in the way of `parse_csv`; of several sheets, each has its name as a heading.

    Numbers and days are written as they are shown, formulas as the value that was stored with them; a cell that shows
    an error, and a hidden sheet, are left out. It has no date: the properties name none on which it was published.

    Raises:
        DocumentError: it is another kind of file, encrypted, damaged, too large, or has no value in it.
    """
    with checked_zip(data, "XLSX") as archive:
        properties = office_properties(archive)
    sheets = [(name, list(sheet(rows))) for name, rows in _sheets(data)]
    filled = [(name, blocks) for name, blocks in sheets if blocks]
    if not filled:
        raise DocumentError("is empty: no cell has a value (formulas have one once a spreadsheet program saved them)")
    several = len(filled) > 1
    return Document.of(
        join_blocks(block for name, blocks in filled for block in ([heading(2, name)] * several + blocks)),
        title=properties.title or readable_name(source),
        source=source,
        author=properties.author,
        language=properties.language,
    )


def _delimiter(text: str, source: str) -> str:
    sample = text[:_SAMPLE_CHARS]
    if PurePath(source).suffix.lower() == ".tsv" and "\t" in sample:
        return "\t"
    lines = sample.splitlines()[: 1 if len(sample) == len(text) else -1] or [sample]
    try:
        found = csv.Sniffer().sniff(sample, _DELIMITERS).delimiter
    except csv.Error:  # one column, or lines that differ
        found = ""
    # It takes what is regular, even where the header has none of it.
    return found if found and found in lines[0] else max(_DELIMITERS, key=lines[0].count)


def _sheets(data: bytes) -> list[tuple[str, list[list[str]]]]:
    import openpyxl

    sheets: list[tuple[str, list[list[str]]]] = []
    with (
        guarded("is damaged; save it again"),
        closing(openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)) as book,
    ):
        for page in book.worksheets:
            if page.sheet_state == "visible":
                page.reset_dimensions()  # what a file says of its size is often wrong
                rows = ([_show(cell) for cell in row] for row in page.iter_rows(max_row=_LAST_ROW))
                left = MAX_ROWS - sum(len(rows) for _, rows in sheets)
                sheets.append((page.title, _bounded(rows, left=left)))
    return sheets


def _show(cell: ReadOnlyCell | EmptyCell) -> str:
    if cell.value is None or cell.data_type == "e":
        return ""
    return show_cell(cell.value, cell.number_format)


def _bounded(rows: Iterable[list[str]], *, left: int = MAX_ROWS) -> list[list[str]]:
    """Take the rows that are not empty."""
    taken: list[list[str]] = []
    cells = 0
    for row in rows:
        cells += len(row)
        if any(row):
            taken.append(row)
        if len(taken) > left:
            raise DocumentError(f"has more than {MAX_ROWS:,} rows; split it into smaller files")
        if cells > _MAX_CELLS:
            raise DocumentError(f"has more than {_MAX_CELLS:,} cells; split it into smaller files")
    return taken
