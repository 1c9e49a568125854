"""PDFs that lie about their pages, turn in circles, hide, run programs, or are pictures."""

from __future__ import annotations

import io
import zlib

from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.ingest.test_formats import FIRST, WANTED
from tests.ingest.test_pdf import pdf

CATALOG, PAGES, PAGE, FONT = (
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
)
WORDS = f"BT /F 12 Tf 50 700 Td ({FIRST}) Tj 0 -20 Td ({WANTED}) Tj ET".encode()


def stream(content, extra=""):
    """Write a stream object, stored as it is."""
    return f"<< /Length {len(content)} {extra} >>\nstream\n".encode() + content + b"\nendstream"


def packed(content):
    """Write a stream object, deflated."""
    return stream(zlib.compress(content, 9), "/Filter /FlateDecode")


def raw(changes=None, *, trailer="", prev=None):
    """Write a PDF of one page by hand, with some of its objects (by number) replaced or added."""
    objects = {1: CATALOG, 2: PAGES, 3: PAGE, 4: stream(WORDS), 5: FONT} | (changes or {})
    out, places = io.BytesIO(b"%PDF-1.7\n"), {}
    out.seek(0, io.SEEK_END)
    for number, body in objects.items():
        places[number] = out.tell()
        out.write(f"{number} 0 obj\n".encode() + (body if isinstance(body, bytes) else body.encode()) + b"\nendobj\n")
    start = out.tell()
    size = max(objects) + 1
    rows = "".join(f"{places[n]:010} 00000 n \n" if n in places else "0000000000 65535 f \n" for n in range(size))
    before = f"/Prev {start if prev is None else prev}" if prev != "none" else ""
    out.write(f"xref\n0 {size}\n{rows}trailer\n<< /Size {size} /Root 1 0 R {before} {trailer} >>\n".encode())
    out.write(f"startxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def one(changes=None, **options):
    """Write a PDF as `raw` does, whose table of objects is sound."""
    return raw(changes, **({"prev": "none"} | options))


def scan():
    """Draw a page that is a picture."""
    out, picture = io.BytesIO(), io.BytesIO()
    Image.new("L", (300, 400), 200).save(picture, "PNG")
    canvas = Canvas(out, pagesize=(600, 800), invariant=1)
    canvas.drawImage(ImageReader(picture), 0, 0, 600, 800)
    canvas.save()
    return out.getvalue()


def many_pages(number):
    """Write a PDF with so many pages, all of them one object."""
    return one({2: f"<< /Type /Pages /Count {number} /Kids [{'3 0 R ' * number}] >>"})


def pdfs():
    """Return the files by name, each with whether it is to be read; None where either will do."""
    sound = pdf([(50, 700, FIRST)], [(50, 700, WANTED)])
    secret, opened = StandardEncryption("secret"), StandardEncryption("", ownerPassword="x")
    form = "/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /XObject << /X 6 0 R >> >>"
    uses_form = PAGE.replace("/Font <<", "/XObject << /X 6 0 R >> /Font <<")
    run = "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\); this.exportDataObject\\({cName: 'x'}\\)) >>"
    attached = "/Names << /EmbeddedFiles << /Names [(x.exe) << /Type /Filespec /F (x.exe) /EF << /F 6 0 R >> >>] >> >>"
    files = {
        "hand-made": (one(), True),
        "kids-loop": (one({2: "<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>"}), None),
        "parents-loop": (one({2: "<< /Type /Pages /Kids [2 0 R] /Count 9 /Parent 2 0 R >>"}), None),
        "count-huge": (one({2: PAGES.replace("/Count 1", "/Count 2147483647")}), None),
        "count-negative": (one({2: PAGES.replace("/Count 1", "/Count -1")}), None),
        "pages-many": (many_pages(3_000), None),
        "pages-too-many": (many_pages(10_001), False),
        "xref-loop": (raw(), None),
        "xref-prev-itself": (raw(prev=9), None),
        "xref-wrong": (one().replace(b"startxref\n", b"startxref\n9"), None),
        "xref-missing": (sound[: sound.rindex(b"xref")], None),
        "no-end": (sound.replace(b"%%EOF", b""), True),
        "junk-before": (b"junk\n" * 100 + sound, None),
        "junk-behind": (sound + b"\0" * 5_000, None),
        "no-catalog": (one({1: "<< /Type /Nothing >>"}), None),
        "catalog-itself": (one({1: "1 0 R"}), None),
        "contents-itself": (one({4: "4 0 R"}), None),
        "no-pages": (one({2: "<< /Type /Pages /Kids [] /Count 0 >>"}), False),
        "box-empty": (one({3: PAGE.replace("[0 0 600 800]", "[0 0 0 0]")}), None),
        "box-huge": (one({3: PAGE.replace("[0 0 600 800]", "[0 0 1e30 1e30]")}), None),
        "box-words": (one({3: PAGE.replace("[0 0 600 800]", "(wide)")}), None),
        "form-loop": (one({3: uses_form, 4: stream(WORDS + b" /X Do"), 6: stream(b"/X Do " * 50, form)}), None),
        "bomb": (one({4: packed(b" " * 300_000_000)}), None),
        "bomb-of-bombs": (
            one({4: stream(zlib.compress(zlib.compress(b" " * 200_000_000)), "/Filter [/FlateDecode /FlateDecode]")}),
            None,
        ),
        "states": (one({4: packed(b"q " * 2_000_000 + WORDS)}), None),
        "letters": (one({4: packed(b"BT /F 1 Tf 50 700 Td (" + b"robots " * 200_000 + b") Tj ET")}), None),
        "places": (one({4: packed(b"BT /F 1 Tf " + b"9 1 Td (robot) Tj " * 30_000 + b"ET")}), None),
        "numbers": (one({4: stream(b"BT /F 1e99 Tf 1e99 -1e99 Td (robots) Tj /F nan Tf (work) Tj ET")}), None),
        "size-none": (one({4: stream(WORDS.replace(b"/F 12 Tf", b"/F 0 Tf"))}), None),
        "size-negative": (one({4: stream(WORDS.replace(b"/F 12 Tf", b"/F -12 Tf"))}), None),
        "size-flat": (one({4: stream(b"1 0 0 0 0 0 cm " + WORDS)}), None),
        "aslant": (one({4: stream(WORDS.replace(b"50 700 Td", b".7 .7 -.7 .7 99 99 Tm"))}), None),
        "arrays": (one({4: stream(b"[" * 100_000 + WORDS)}), None),
        "dictionaries": (one({6: "<< /A " * 20_000 + ">> " * 20_000}), None),
        "javascript": (one({1: CATALOG.replace(">>", f"{run} >>")}), True),
        "embedded": (one({1: CATALOG.replace(">>", f"{attached} >>"), 6: stream(b"MZ\x90" * 99)}), True),
        "launch": (one({1: CATALOG.replace(">>", "/OpenAction << /S /Launch /F (calc.exe) >> >>")}), True),
        "remote": (
            one({4: "<< /Length 0 /F (http://a.example/x) /FFilter /FlateDecode >>\nstream\n\nendstream"}),
            False,
        ),
        "password": (pdf([(50, 700, FIRST)], encrypt=secret), False),
        "no-password": (pdf([(50, 700, FIRST)], encrypt=opened), True),
        "unknown-encryption": (one(trailer="/Encrypt << /Filter /Standard /V 99 /R 99 >>"), False),
        "scan": (scan(), False),
        "blank": (pdf([]), False),
        "header-only": (b"%PDF-1.7\n", False),
        "metadata": (pdf([(50, 700, FIRST)], title="\x00\u202e" + "T" * 9_999, author="=1+1"), True),
    }
    return {f"pdf/{name}.pdf": file for name, file in files.items()}
