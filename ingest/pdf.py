"""PDF: its text in reading order, the page on which each part stands, and what it says of itself.

pdfium finds the characters, `ingest.layout` the order of the lines; here lines become text.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from ctypes import byref, c_double
from math import hypot, pi
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from ingest.dates import read_date
from ingest.layout import Piece, rows
from ingest.markdown import readable_name
from ingest.pages import Text, assemble, without_furniture
from ingest.plain import parse_plain
from ingest.properties import real_author, real_title
from rag.errors import DocumentError
from rag.text import normalise
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage
    from pypdfium2.raw import FS_RECTF

# pdfium may run in one thread of a process at a time.
_PDFIUM = Lock()

_HEADER = b"%PDF-"
_HEADER_WITHIN = 1024
_MAX_PAGES = 10_000
_MAX_CHARS = 20_000_000
# What fonts hold for the eye: ligatures, and radicals that some Chinese fonts give for the characters (⼈ for 人).
_FOR_THE_EYE = (*range(0xFB00, 0xFB07), *range(0xFB13, 0xFB18), *range(0x2F00, 0x2FD6))
_CLEAN: dict[int, str | None] = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x200B, 0x2060, 0xFEFF, 0xFFFF]),
    **{code: normalize("NFKC", chr(code)) for code in _FOR_THE_EYE},
    **dict.fromkeys([0x02, 0xAD, 0x2010, 0x2011, 0xFFFE], "-"),  # the first and the last are pdfium's, at line ends
    **dict.fromkeys([0x09, 0xA0], " "),
}
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_BETWEEN = re.compile(r"\s*[|｜·•]\s*")
_FEW_CHARS = 100  # of a stamp on a scan
_TOP_ROWS = 12
_END_CHARS = 2_000
_ASLANT = 0.1  # of a quarter turn
_GAP = 1.2  # of the height of the characters; between words it is wider only in odd lines, which are joined again
_BELOW = 1e5


class _Char(NamedTuple):
    text: str
    at: int
    turn: int
    left: float
    top: float
    right: float
    bottom: float


class Content(NamedTuple):
    """What a PDF holds: the pieces of each page in the order of drawing, its metadata.

    `has_pictures` tells whether a page that has little or no text has pictures instead.
    """

    pages: list[list[Piece]]
    metadata: Mapping[str, str]
    has_pictures: bool


def parse_pdf(data: bytes, *, source: str) -> Document:
    """Make a document of a PDF: paragraphs with a blank line between, larger lines as Markdown headings.

    `pages` has an offset for every page. The title is that of the metadata unless software made it up, else the
    largest text of the first page, else the name of the file. The day of publication is one that stands at the top of
    the first page. The file's CreationDate is not taken for it: printing a page or exporting an old report sets it
    anew, and a wrong day would be cited and filtered by. The language is told from the text: /Lang is as a rule that
    of the software.

    Raises:
        DocumentError: it is no PDF, damaged, encrypted with a password, or without text that can be read.
    """
    if not data:
        raise DocumentError("is empty")
    if _HEADER not in data[:_HEADER_WITHIN]:
        raise DocumentError(f"is no PDF: {_HEADER.decode()} does not stand at its beginning")
    content = _read(data)
    pages = without_furniture(content.pages)
    if not any(pages) and not content.has_pictures:
        pages = content.pages
    _check(content, pages)
    found = assemble(pages)
    said = parse_plain(_ends(found, pages[0]), source=source)
    return Document.of(
        found.text,
        title=_title(content) or found.headline or readable_name(source),
        source=source,
        publisher=said.publisher,
        author=said.author or real_author(content.metadata.get("Author")),
        published=said.published or _day_on_top(content.pages[0]),
        url=said.url,
        pages=found.pages,
    )


def _read(data: bytes) -> Content:
    """Take out of the file what is needed, and close it."""
    # Loads a library of C++, and most documents are no PDF.
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY

    with _PDFIUM:
        try:
            with closing(pypdfium2.PdfDocument(data)) as pdf:
                return _content(pdf)
        except pypdfium2.PdfiumError as error:
            if error.err_code == FPDF_ERR_PASSWORD:
                raise DocumentError("is encrypted; save it without a password") from error
            if error.err_code == FPDF_ERR_SECURITY:
                raise DocumentError("is encrypted in a way that is not known here; save it without") from error
            raise DocumentError(f"is no PDF that can be read: {error}") from error
        except (ValueError, OverflowError) as error:
            raise DocumentError(f"is no PDF that can be read: {error}") from error


def _content(pdf: PdfDocument) -> Content:
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_PATH, FPDF_PAGEOBJ_SHADING

    if not 0 < len(pdf) <= _MAX_PAGES:
        raise DocumentError(f"is no PDF that can be read: it has {len(pdf)} pages, not 1 to {_MAX_PAGES}")
    pages: list[list[Piece]] = []
    has_pictures = False
    left = _MAX_CHARS
    for number in range(len(pdf)):
        with closing(pdf[number]) as page:
            pieces = list(_pieces(page, number, limit=left))
            left -= sum(len(piece.text) for piece in pieces)
            if sum(len(piece.text) for piece in pieces) < _FEW_CHARS and not has_pictures:
                drawn = (
                    [FPDF_PAGEOBJ_IMAGE] if pieces else [FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_PATH, FPDF_PAGEOBJ_SHADING]
                )
                has_pictures = any(page.get_objects(filter=drawn))
            pages.append(pieces)
    return Content(pages, pdf.get_metadata_dict(), has_pictures)


def _pieces(page: PdfPage, number: int, *, limit: int) -> Iterator[Piece]:
    """Yield the pieces of a page in the order of drawing.

    Text turned by quarters is turned upright, and put below all other where it is not the most. What cannot be seen
    because it lies outside the page is left out, and so is what stands aslant: a watermark.
    """
    with closing(page.get_textpage()) as textpage:
        if textpage.count_chars() > limit:
            raise DocumentError(f"has more than {_MAX_CHARS:,} characters of text; split it")
        chars = list(_chars(textpage, page.get_cropbox()))
        turns = Counter(char.turn for char in chars if char.text != " ")
        for place, (turn, _) in enumerate(turns.most_common()):
            for run in _runs([char for char in chars if char.turn == turn]):
                text = "".join(char.text for char in run).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
                words = " ".join(normalise(text).split())
                seen = [char for char in run if char.text != " "]
                if words:
                    base, size = _base_and_size(textpage, seen[len(seen) // 2])
                    left, right = min(char.left for char in seen), max(char.right for char in seen)
                    yield Piece(words, number, left, right, base + place * _BELOW, size)


def _chars(textpage: PdfTextPage, crop: tuple[float, float, float, float]) -> Iterator[_Char]:
    """Yield the characters that can be seen, turned upright; a space has the place of the character before it."""
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    place = byref(box)
    last = None
    for at in range(textpage.count_chars()):
        text = chr(raw.FPDFText_GetUnicode(textpage, at)).translate(_CLEAN)
        if text == " ":
            if last:
                yield last._replace(text=" ")
            continue
        angle = raw.FPDFText_GetCharAngle(textpage, at) / (pi / 2)
        if not text or abs(angle - round(angle)) > _ASLANT or not raw.FPDFText_GetLooseCharBox(textpage, at, place):
            continue
        x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
        if crop[0] <= x <= crop[2] and crop[1] <= y <= crop[3]:
            turn = round(angle) % 4
            last = _Char(text, at, turn, *_upright(box, turn))
            yield last


def _upright(box: FS_RECTF, turn: int) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a box whose text runs to the right, down, to the left or up."""
    left, bottom, right, top = box.left, box.bottom, box.right, box.top
    return (
        (left, -top, right, -bottom),
        (-top, -right, -bottom, -left),
        (-right, bottom, -left, top),
        (bottom, left, top, right),
    )[turn]


def _runs(chars: Sequence[_Char]) -> Iterator[list[_Char]]:
    """Cut characters where the line ends, or where a gap is too wide for one between words."""
    run: list[_Char] = []
    for char in chars:
        if run and char.text != " ":
            last = run[-1]
            height = min(char.bottom - char.top, last.bottom - last.top)
            gap = max(char.left - last.right, last.left - char.right)
            overlap = min(char.bottom, last.bottom) - max(char.top, last.top)
            if overlap < height / 2 or gap > _GAP * height:
                yield run
                run = []
        if run or char.text != " ":
            run.append(char)
    if run:
        yield run


def _base_and_size(textpage: PdfTextPage, char: _Char) -> tuple[float, float]:
    """Return the height on which a character stands, and the size in which it is set: its font's, as it is scaled."""
    from pypdfium2 import raw

    x, y, matrix = c_double(), c_double(), raw.FS_MATRIX()
    size: float = raw.FPDFText_GetFontSize(textpage, char.at)
    if raw.FPDFText_GetMatrix(textpage, char.at, byref(matrix)):
        size *= hypot(matrix.c, matrix.d)
    if not raw.FPDFText_GetCharOrigin(textpage, char.at, byref(x), byref(y)):
        return char.bottom, size or char.bottom - char.top
    return (-y.value, -x.value, y.value, x.value)[char.turn], size or char.bottom - char.top


def _check(content: Content, pages: Sequence[Sequence[Piece]]) -> None:
    """Refuse a PDF that gives no text.

    Raises:
        DocumentError: and what to do about it.
    """
    text = "".join(piece.text for page in pages for piece in page)
    if not text:
        raise DocumentError("is a scan without text; run OCR on it first" if content.has_pictures else "is empty")
    if 2 * len(_UNREADABLE.findall(text)) > len(text):
        raise DocumentError("has fonts that do not say which characters they show; run OCR on it first")


def _title(content: Content) -> str | None:
    """Return the title of the metadata; one without a letter is a number that software gave."""
    title = real_title(content.metadata.get("Title"))
    return title if title and any(map(str.isalpha, title)) else None


def _ends(found: Text, first_page: Sequence[Piece]) -> str:
    """Write the ends of a text as plain text has them: the headline, the first lines each for itself, the last ones."""
    lines = (" ".join(piece.text for piece in row) for row in rows(first_page)[:_TOP_ROWS])
    headline = found.headline or ""
    top = "\n".join(line for line in lines if line not in headline)
    return f"{headline}\n\n{top}\n\n{found.text[-_END_CHARS:]}"


def _day_on_top(page: Sequence[Piece]) -> date | None:
    """Return the day that is a line near the top of a page, or a part of one between bars."""
    parts = (part for row in rows(page)[:_TOP_ROWS] for piece in row for part in _BETWEEN.split(piece.text))
    return next(filter(None, map(read_date, parts)), None)
