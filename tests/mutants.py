"""Files that were sound, changed at random, and what a reader makes of them. Runs in a sandbox for `tests.fuzz`."""

from __future__ import annotations

import io
import json
import pickle
import time
import traceback
import zipfile
from collections import Counter, deque
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from random import Random

from lxml import etree

from ingest.bundles import members
from ingest.jsonlines import read_lines
from ingest.readers import ARCHIVES, JSON_LINES, read_bytes
from ingest.sandbox import LIMIT_S
from ingest.split import split
from rag.errors import DocumentError
from rag.text import normalise
from rag.types import Document

BATCH = 10
_MAX_CHANGES = 8
_MAX_ELEMENTS = 2_000
_MAX_MEMBER_BYTES = 200_000
_ANYWHERE = [
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r",
    b"\n\n",
    b"-1",
    b"0",
    b"99999999999",
    b"1e999",
    b"\xed\xa0\x80",
    b"A" * 3_000,
]
_ANYWHERE += ["\u202e\u0300\u2028磨坊".encode(), b"%n", b" " * 500, b"(" * 400, b"<" * 400]
_XML = b"""<a> </a> <a/> <!-- --> <![CDATA[ ]]> <?x ?> &amp; &#0; &#55296; &x; xmlns:w="x" xmlns="" id="rId1"
r:id="rId9" w:val="9" """
# What means something in a format, and may stand in the wrong place.
WORDS = {
    ".pdf": b"""
        obj endobj stream endstream xref trailer startxref /Kids /Count /Parent /Prev /Length /Filter /FlateDecode
        /ObjStm /XRef /Encrypt << >> [ ] ( ) BT ET Tj TJ Td Tm Tf q Q cm Do /ToUnicode /MediaBox /Rotate /Type0
        /Identity-H 1 0 R 2 0 R
    """,
    ".rtf": b"""
        { } \\u \\uc9 \\bin9 \\'zz \\'ff {\\fonttbl {\\f0\\fcharset128 \\f9 \\ansicpg932 \\cell \\row \\intbl \\par
        \\line {\\info {\\title \\outlinelevel9 {\\field{\\fldinst \\trowd \\pard \\plain \\~ \\_ \\* {\\* \\object
        \\pict \\mac \\upr \\ud
    """,
    ".html": b"""
        <div> </div> <table> <tr> <td colspan=9> <p> <b> <a href= <script> <style> <title> <h1> <li> <pre> <math> <svg>
        <!-- --> <meta property=og:title content= <time datetime= <article> <base href= <template> <br> <img src= &nbsp;
        &#x110000;
    """,
    ".md": b"""
        --- title: published: language: [ ] { } !! & * # > - ``` ~~~ === *** 1. | \\ <a> &x; !!binary !!python/object:
        *x &x <<: ?
    """,
    ".rst": b"""
        .. :: |a| `x`_ `x <y>`__ [1]_ [#]_ ==== ---- + | * :a: .. image:: .. table:: .. list-table:: .. csv-table:: ..
        include:: x .. raw:: html .. math:: .. code:: .. replace:: .. unicode:: .. contents:: .. class:: .. role:: ..
        sectnum:: .. |a| +---+ :: __ >>>
    """,
    ".csv": b"""
        , ; | " " sep=; = 1,5 2023-05-04 %
    """,
    ".txt": b"""
        Source: By 2024-03-06 Title: BEIJING, March 6 (Xinhua) -- URL: http:// | Published: 99/99/9999
    """,
    ".eml": b"""
        From: Subject: Date: Content-Type: multipart/mixed; boundary= text/html; charset= ; name*=utf-8''x =?utf-8?b?x?=
        Content-Transfer-Encoding: base64 quoted-printable uuencode --b --b-- message/rfc822 Content-Disposition:
        attachment; filename*0= format=flowed
    """,
    ".docx": _XML
    + b"""
        <w:p> </w:p> <w:tbl> <w:tr> <w:tc> <w:vMerge/> <w:gridSpan w:val='0'/> <w:footnoteReference w:id='9'/> <w:numPr>
        <w:sdt> <w:hyperlink>
    """,
    ".odt": _XML
    + b"""
        <text:p> </text:p> <text:list> <table:table> <table:table-cell> <text:note> <draw:text-box>
        text:outline-level='x'
    """,
    ".xlsx": _XML
    + b"""
        <c t='s'> <c t='b'> <c t='d'> <c t='e'> <v> </v> <f> <row r='0'> r='A0' r='ZZZZ9' s='999' t='inlineStr' <is>
        <mergeCell
    """,
    ".pptx": _XML
    + b"""
        <a:t> <a:p> <p:sp> <p:graphicFrame> <a:tbl> <a:tr> <a:tc gridSpan='9'> <p:ph type='x'/> <a:off x='a'/> <p:grpSp>
    """,
    ".epub": _XML
    + b"""
        <p> </p> <itemref idref='x'/> href='..' media-type='text/html' full-path='' <dc:date> <table> <br/> &nbsp;
    """,
    ".msg": b"""
        __properties_version1.0 __substg1.0_1000001F __attach_version1.0_#00000000 __recip __nameid
    """,
    ".jsonl": b"""
        { } [ ] " : , null true 1e999 NaN Infinity \\ud800 "text": "title": "id": "published": "url": "language":
        {"text":
    """,
    ".zip": b"""
        PK\3\4 PK\1\2 PK\5\6 PK\6\6 PK\6\7 ../ a/ \\ .zip .docx
    """,
}
WORDS |= {".tsv": WORDS[".csv"]}
_OF_ZIP = {".docx", ".odt", ".xlsx", ".pptx", ".epub", ".zip"}


def changed(dice, files, *, suffix):
    """Return one of the files, changed."""
    data = dice.choice(files)
    if suffix in _OF_ZIP and dice.random() < 0.8:
        return _changed_inside(dice, data, suffix=suffix)
    return _changed_bytes(dice, data, others=files, words=_words(suffix))


def _words(suffix):
    return _ANYWHERE + WORDS[suffix].split()


def _changed_inside(dice, data, *, suffix):
    """Change some members of an archive and pack them again; what is no archive, as bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            small = [info for info in archive.infolist() if info.file_size < _MAX_MEMBER_BYTES]
            inside = {info.filename: archive.read(info) for info in small}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError):
        inside = {}
    if not inside:
        return _changed_bytes(dice, data, others=[data], words=_words(suffix))
    for name in dice.sample(list(inside), min(len(inside), dice.choice((1, 1, 1, 2, 4)))):
        if dice.random() < 0.05:
            del inside[name]
        else:
            inside[name] = _changed_member(dice, name, members=inside, words=_words(suffix))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in inside.items():
            archive.writestr(name, content)
    return out.getvalue()


def _changed_member(dice, name, *, members, words):
    """Change a member: XML as a rule so that it stays XML, since what is none is refused at once."""
    if name.endswith(("xml", "rels", "opf")) and dice.random() < 0.8:
        with suppress(etree.XMLSyntaxError, ValueError):  # it is none, or a word is no text of XML
            return _changed_tree(dice, members[name], words=words)
    return _changed_bytes(dice, members[name], others=list(members.values()), words=words)


def _changed_tree(dice, data, *, words):
    """Move, double, drop and rename elements; change attributes and texts."""
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, huge_tree=True))
    for _ in range(dice.randint(1, _MAX_CHANGES)):
        elements = [node for node in root.iter() if isinstance(node.tag, str)]
        node, other = dice.choice(elements), dice.choice(elements)
        word = dice.choice(words).decode(errors="replace")
        match dice.randrange(7):
            case 0 if node is not root:
                node.getparent().remove(node)
            case 1 if len(elements) < _MAX_ELEMENTS:
                node.extend([deepcopy(other) for _ in range(1 if len(other) else dice.choice((1, 20)))])
            case 2:
                node.tag = other.tag
            case 3 if node.attrib:
                del node.attrib[dice.choice(list(node.attrib))]
            case 4 if node.attrib:
                node.set(dice.choice(list(node.attrib)), word)
            case 5 if node.attrib and other.attrib:
                node.set(*dice.choice(list(other.attrib.items())))
            case _:
                node.text = word
    return etree.tostring(root)


def _changed_bytes(dice, data, *, others, words):
    """Change bytes in one to eight places."""
    out = bytearray(data)
    for _ in range(dice.randint(1, _MAX_CHANGES)):
        at = dice.randrange(len(out) + 1)
        to = min(len(out), at + dice.choice((1, 2, 4, 16, 64, 512)))
        match dice.randrange(8):
            case 0 if at < len(out):
                out[at] ^= 1 << dice.randrange(8)
            case 1:
                out[at:to] = dice.randbytes(to - at)
            case 2:
                del out[at:to]
            case 3:
                out[at:at] = out[at:to] * dice.choice((1, 2, 50))
            case 4:
                other = dice.choice(others)
                begin = dice.randrange(len(other) + 1)
                out[at:to] = other[begin : begin + dice.choice((4, 64, 2_000))]
            case 5 if dice.random() < 0.2:
                del out[at:]
            case _:
                out[at : dice.choice((at, to))] = dice.choice(words)
    return bytes(out)


def documents(data, *, suffix, place):
    """Yield what is read of a file, as `ingest` reads it; of one that holds several documents, each of them."""
    if suffix in JSON_LINES:
        lines = (line.data for line in read_lines([data]) if not line.failure)
        yield from (read_bytes(line, place, source=f"lines{suffix}") for line in lines)
    elif suffix in ARCHIVES:
        for member in members(place):
            if not member.refused:
                deque(member.pieces(), maxlen=0)
    else:
        yield read_bytes(data, place, source=f"file{suffix}")


def try_files(dice, files, *, suffix, place, reader=documents):
    """Read `BATCH` changed files; return how many were read and refused, and what else came of which.

    Each is written to `place` before it is read, so that what lies there after a crash is what crashed.
    """
    became, findings = Counter(), []
    for _ in range(BATCH):
        data = changed(dice, files, suffix=suffix)
        place.write_bytes(data)
        begun = time.monotonic()
        try:
            for document in reader(data, suffix=suffix, place=place):
                check(document)
            became["read"] += 1
        except DocumentError:
            became["refused"] += 1
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 (what is looked for)
            findings.append((traceback.format_exc(limit=-6), data.hex()))
        seconds = time.monotonic() - begun
        if seconds > LIMIT_S:
            findings.append((f"took {seconds:.0f} s", data.hex()))
    return became, findings


def check(document):
    """Hold what is true of every document that a reader makes."""
    assert document.text == normalise(document.text)
    assert document.text.strip()
    assert document.title
    assert list(document.pages) == sorted(document.pages)
    assert all(0 <= start <= len(document.text) for start in document.pages)
    split(document, passage_tokens=200)


def batch(data, path, *, source):
    """Stand for a reader: try a batch, and return the outcome as the text of a document."""
    seed, files = pickle.loads(data)  # noqa: S301 (from our own parent)
    became, findings = try_files(Random(seed), files, suffix=path.suffix, place=Path(source))  # noqa: S311 (dice)
    return Document.of(json.dumps([became, findings]), title="outcome", language="en")
