"""Archives that unpack to too much, lie about what they hold, or name places outside of themselves."""

from __future__ import annotations

import io
import struct
import zipfile

from tests.ingest.test_books import PACKAGE, PAGE, epub
from tests.ingest.test_formats import FIRST, STORY, WANTED
from tests.ingest.test_office import odt, zipped

OUTSIDE = "/etc/passwd"
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 50}">' for a, b in zip("abcdefg", "bcdefgh", strict=True))
    + "]>"
)
FOREIGN = f'<!DOCTYPE x [<!ENTITY h SYSTEM "file://{OUTSIDE}">]>'


def flagged(data, *, at=6, value=1):
    """Set a field of every header of an archive: the flag "encrypted" (6) or the method (8)."""
    out = bytearray(data)
    for mark, shift in ((b"PK\3\4", 0), (b"PK\1\2", 2)):
        place = out.find(mark)
        while place >= 0:
            struct.pack_into("<H", out, place + at + shift, value)
            place = out.find(mark, place + 4)
    return bytes(out)


def with_sizes(data, size):
    """State another size for what the members of an archive unpack to."""
    out = bytearray(data)
    for mark, shift in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        place = out.find(mark)
        while place >= 0:
            struct.pack_into("<I", out, place + shift, size)
            place = out.find(mark, place + 4)
    return bytes(out)


def overlapping(number=500, size=1 << 20):
    """Write an archive whose directory names one member many times, under other names."""
    data = zipped({"a.txt": b" " * size})
    start = data.index(b"PK\1\2")
    end = data.index(b"PK\5\6")
    entries = b"".join(data[start:end].replace(b"a.txt", b"%05d" % at) for at in range(number))
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, number, number, len(entries), start, 0)
    return data[:start] + entries + tail


def linked():
    """Write an archive with a member that is a symbolic link out of it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        member = zipfile.ZipInfo("link.txt")
        member.create_system, member.external_attr = 3, 0o120777 << 16
        archive.writestr(member, OUTSIDE)
        archive.writestr("story.txt", FIRST)
    return out.getvalue()


def changed(suffix, **parts):
    """Return the story in a format of zip, with some parts changed: by a function of their text, or to bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(STORY[suffix])) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        members = {name: old.read(name) for name in old.namelist()}
        for name, change in parts.items():
            members[name] = change(members[name].decode()) if callable(change) else change
        for name, content in members.items():
            new.writestr(name, content)
    return out.getvalue()


def declared(doctype):
    """Return a function that puts a document type before an XML part."""
    return lambda text: text.replace("?>", f"?>{doctype}", 1) if "?>" in text else doctype + text


def after(mark, words):
    """Return a function that puts words behind a mark in a part."""
    return lambda text: text.replace(mark, mark + words, 1)


def bombs():
    """Yield archives that unpack to too much, or say less than they unpack to."""
    main = {".docx": "word/document.xml", ".pptx": "ppt/slides/slide1.xml", ".xlsx": "xl/worksheets/sheet1.xml"}
    for suffix, part in main.items():
        yield f"bomb{suffix}", (changed(suffix, **{"docProps/big.bin": b" " * 300_000_000}), False)
        yield f"bomb-entities{suffix}", (changed(suffix, **{part: declared(LAUGHS)}), False)
        yield f"foreign-entity{suffix}", (changed(suffix, **{part: declared(FOREIGN)}), False)
        yield f"lies-small{suffix}", (with_sizes(STORY[suffix], 10), False)
        yield f"lies-huge{suffix}", (with_sizes(STORY[suffix], 0xFFFFFFFE), False)
        yield f"part-cut{suffix}", (changed(suffix, **{part: lambda text: text[: len(text) // 2]}), False)
        yield f"part-empty{suffix}", (changed(suffix, **{part: b""}), False)
        yield f"part-wrong{suffix}", (changed(suffix, **{part: b"<a/>"}), None)
    for name, content in {"laughs": LAUGHS, "foreign": FOREIGN}.items():
        yield f"{name}.odt", (odt(f"<text:p>{FIRST}</text:p>", **{"content.xml": content + "<a/>"}), False)
        yield f"{name}.epub", (epub(**{"OPS/text/two.xhtml": content + f"<p>{FIRST} &h;</p>"}), None)
        yield f"{name}-package.epub", (epub(**{"OPS/book.opf": content + PACKAGE}), False)
    yield "overlapping.docx", (overlapping(), False)
    yield "overlapping.zip", (overlapping(), None)
    yield "many.odt", (zipped({str(number): "" for number in range(10_001)}), False)
    yield "bomb.zip", (zipped({"a.txt": b" " * 400_000_000}), None)
    yield "bombs-in-bombs.zip", (zipped({"a.zip": zipped({"b.zip": zipped({"c.txt": b" " * 100_000_000})})}), None)


def nested():
    """Yield archives whose XML is nested without end, or repeats without end."""
    deep = "<w:sdt><w:sdtContent>" * 30_000
    yield "deep.docx", (changed(".docx", **{"word/document.xml": after("<w:body>", deep)}), False)
    yield "deep-closed.docx", (changed(".docx", **{"word/document.xml": _nested("w:sdt", "w:sdtContent")}), None)
    span = '<text:span text:style-name="a">'
    yield "deep.odt", (odt(f"<text:p>{span * 5_000}{FIRST}{'</text:span>' * 5_000}</text:p>"), None)
    yield "lists.odt", (odt("<text:list><text:list-item>" * 3_000 + "</text:list-item></text:list>" * 3_000), None)
    cell = f'<table:table-cell table:number-columns-repeated="2147483647"><text:p>{WANTED}</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    yield "repeated.odt", (odt(f"<table:table>{row * 3}</table:table>"), True)
    yield "deep.epub", (epub(**{"OPS/text/two.xhtml": "<div>" * 100_000 + WANTED}), None)
    far = '<c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c>'
    yield (
        "far.xlsx",
        (changed(".xlsx", **{"xl/worksheets/sheet1.xml": after("<sheetData>", f'<row r="1">{far}</row>')}), None),
    )
    strings = after(
        "<sheetData>", '<row><c t="s"><v>999999999</v></c><c t="s"><v>-1</v></c><c t="d"><v>x</v></c></row>'
    )
    yield "strings.xlsx", (changed(".xlsx", **{"xl/worksheets/sheet1.xml": strings}), None)
    spans = '<a:gridCol w="1"/>' * 5_000
    yield "grid.pptx", (changed(".pptx", **{"ppt/slides/slide1.xml": after("<a:tblGrid>", spans)}), None)


def _nested(*tags):
    opening, closing = ("".join(f"<{mark}{tag}>" for tag in order) for mark, order in (("", tags), ("/", tags[::-1])))
    return lambda text: text.replace("<w:body>", "<w:body>" + opening * 400, 1).replace(
        "<w:sectPr", closing * 400 + "<w:sectPr", 1
    )


def paths():
    """Yield archives that name other places, or one place twice."""
    for number, name in enumerate(
        ("../../../../etc/passwd", OUTSIDE, "C:\\Windows\\win.ini", "..\\..\\x.txt", "a/../../b.txt")
    ):
        item = f'<item id="two" href="{name}" media-type="application/xhtml+xml"/>'
        old = '<item id="two" href="text/two.xhtml" media-type="application/xhtml+xml"/>'
        yield (
            f"path-{number}.epub",
            (epub(**{"OPS/book.opf": PACKAGE.replace(old, item), name: PAGE.format("A", FIRST)}), None),
        )
        yield f"path-{number}.zip", (zipped({name: FIRST, "story.txt": f"{number} {WANTED}"}), None)
    rels = "word/_rels/document.xml.rels"
    tag = '<Relationship Id="rId999" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" {}/>'
    yield (
        "template.docx",
        (
            changed(
                ".docx",
                **{
                    rels: after(
                        'relationships">',
                        tag.format("attachedTemplate", 'Target="http://a.example/t.dotm" TargetMode="External"'),
                    )
                },
            ),
            None,
        ),
    )
    yield (
        "outside.docx",
        (
            changed(
                ".docx", **{rels: after('relationships">', tag.format("image", 'Target="../../../../etc/passwd"'))}
            ),
            None,
        ),
    )
    main = "_rels/.rels"
    yield (
        "no-main.docx",
        (changed(".docx", **{main: lambda text: text.replace("word/document.xml", "word/nothing.xml")}), None),
    )
    yield (
        "main-outside.docx",
        (changed(".docx", **{main: lambda text: text.replace("word/document.xml", "../../x.xml")}), None),
    )
    yield "no-types.docx", (changed(".docx", **{"[Content_Types].xml": b"<Types/>"}), False)
    yield "linked.zip", (linked(), None)
    yield "encrypted.docx", (flagged(STORY[".docx"]), False)
    yield "encrypted.epub", (epub(**{"META-INF/encryption.xml": '<e><EncryptionMethod Algorithm="aes"/></e>'}), False)
    yield "encrypted.zip", (flagged(zipped({"a.txt": FIRST})), False)
    yield "method.xlsx", (flagged(STORY[".xlsx"], at=8, value=14), False)
    yield "twice.odt", (odt(f"<text:p>{FIRST}</text:p>") + odt(f"<text:p>{WANTED}</text:p>"), None)
    yield "before.docx", (b"#!/bin/sh\n" + STORY[".docx"], False)
    yield "behind.docx", (STORY[".docx"] + b"\0" * 70_000, None)


def archives():
    """Return the files by name, each with whether it is to be read; None where either will do."""
    return {f"archives/{name}": file for name, file in (*bombs(), *nested(), *paths())}
