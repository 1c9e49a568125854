"""Zip archives of documents: what they hold becomes documents, and what they are made to do comes to nothing."""

import io
import json
import os
import random
import stat
import struct
import sys
import tracemalloc
import zipfile
import zlib
from email.message import Message

import pptx
import pytest

from ingest import IngestReport, bundles, contents, ingest, read_folder
from ingest.bundles import members
from ingest.kinds import suffix_of
from ingest.sources import Found, Source
from rag.app import Assistant
from rag.config import Config
from rag.errors import DocumentError
from rag.types import Filters
from tests.fakes import FakeEmbedder, RefusingEmbedder
from tests.ingest.test_books import epub
from tests.ingest.test_office import odt, saved
from tests.ingest.test_pdf import pdf

CONFIG = Config()
TEXT = b"The harbour of Marn opened."


class Named(zipfile.ZipInfo):
    """A member whose name is written as these bytes, without the mark of UTF-8."""

    raw = b""

    def _encodeFilenameFlags(self):  # noqa: N802 (the name is the library's)
        return self.raw, self.flag_bits & ~0x800


def named(raw):
    info = Named("x")
    info.raw = raw
    return info


def zipped(*files, method=zipfile.ZIP_DEFLATED):
    """Make an archive of pairs of a name, or a ZipInfo, and bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data, compress_type=method)
    return stream.getvalue()


def patched(data, offset, value):
    """Write a value of four bytes into the first entry of the table of contents."""
    at = data.index(b"PK\x01\x02") + offset
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


@pytest.fixture
def taken(tmp_path):
    """Ingest bytes as `r.zip`; the report."""

    def take(data, embedder=None):
        (tmp_path / "r.zip").write_bytes(data)
        return ingest([tmp_path / "r.zip"], tmp_path / "index", config=CONFIG, embedder=embedder or FakeEmbedder())

    return take


@pytest.fixture
def why(tmp_path):
    """Say why an archive is refused as a whole."""

    def ask(data):
        (tmp_path / "r.zip").write_bytes(data)
        with pytest.raises(DocumentError) as raised:
            list(members(tmp_path / "r.zip"))
        return str(raised.value)

    return ask


# --- what they hold ------------------------------------------------------------------------------------------------


def test_each_file_of_an_archive_is_a_document_of_its_own_with_its_pages(taken, tmp_path):
    line = json.dumps({"id": 7, "text": "The tower of Kell leans."})
    report = taken(
        zipped(
            ("inner/", b""),
            ("inner/a.pdf", pdf([(50, 700, "Steel is hot.")], [(50, 700, "The mill of Dor turns.")])),
            ("b.md", b"---\ntitle: Harbour\n---\n" + TEXT),
            ("news.jsonl", line.encode()),
            ("picture.png", b"x"),
        )
    )
    assert report.added == ("r.zip/inner/a.pdf", "r.zip/b.md", "r.zip/news.jsonl/7")
    assert (report.skipped, report.failed) == (("r.zip/picture.png",), ())
    with Assistant(tmp_path / "index", CONFIG, embedder=FakeEmbedder()) as bot:
        documents = {document.source: document for document in bot.documents()}
        book = documents["r.zip/inner/a.pdf"]
        hit = bot.search("mill of Dor", filters=Filters(documents=(book.id,)))[0]
    assert book.page_of(book.text.index("mill", hit.passage.start)) == 2
    assert book.title == "a"
    assert documents["r.zip/b.md"].title == "Harbour"
    assert [path.name for path in tmp_path.iterdir() if path.name != "index"] == ["r.zip"]


def test_members_are_told_apart_as_new_changed_unchanged_renamed_and_gone(taken):
    taken(zipped(("a.md", b"# A\n\nOne."), ("b.txt", b"Two."), ("c.txt", b"Three.")))
    assert len(taken(zipped(("a.md", b"# A\n\nOne."), ("b.txt", b"Two."), ("c.txt", b"Three."))).unchanged) == 3
    report = taken(zipped(("d/a.md", b"# A\n\nOne."), ("b.txt", b"Two and a half.")))
    assert report == IngestReport(
        updated=("r.zip/b.txt",), renamed=(("r.zip/a.md", "r.zip/d/a.md"),), removed=("r.zip/c.txt",)
    )


def test_nothing_is_dropped_of_an_archive_that_cannot_be_opened(taken, tmp_path):
    data = zipped(("a.txt", TEXT), ("b.txt", b"Two."))
    taken(data)
    for broken in (b"", b"PK\x03\x04", data[:-30], data[: len(data) // 2]):
        report = taken(broken)
        assert (report.removed, [name for name, _ in report.failed]) == ((), ["r.zip"])
    report = ingest([tmp_path], tmp_path / "index", config=CONFIG)
    assert report.removed == ()
    (tmp_path / "r.zip").unlink()
    report = ingest([tmp_path / "r.zip"], tmp_path / "index", config=CONFIG)
    assert report == IngestReport(removed=("r.zip/a.txt", "r.zip/b.txt"))


def test_an_archive_that_goes_from_its_folder_takes_its_documents_with_it(taken, tmp_path):
    taken(zipped(("a.txt", TEXT)))
    (tmp_path / "r.zip").rename(tmp_path / "s.zip")
    report = ingest([tmp_path], tmp_path / "index", config=CONFIG, embedder=RefusingEmbedder())
    assert report.renamed == (("r.zip/a.txt", "s.zip/a.txt"),)


def test_a_damaged_member_stays_as_it_was_and_the_others_are_read(taken):
    taken(zipped(("a.txt", TEXT), ("b.txt", b"Two."), method=zipfile.ZIP_STORED))
    data = zipped(("a.txt", TEXT), ("b.txt", b"Too."), method=zipfile.ZIP_STORED).replace(b"Marn", b"Mern", 1)
    report = taken(data)
    assert (report.updated, report.removed) == (("r.zip/b.txt",), ())
    assert report.failed == (("r.zip/a.txt", "is damaged: it cannot be unpacked (Bad CRC-32 for file 'a.txt')"),)


def test_lines_in_an_archive_keep_their_places_when_their_file_is_damaged(taken):
    lines = b'{"id": 1, "text": "One."}\n{"id": 2, "text": "Two."}\n'
    taken(zipped(("n.jsonl", lines), method=zipfile.ZIP_STORED))
    report = taken(zipped(("n.jsonl", lines), method=zipfile.ZIP_STORED).replace(b"Two", b"Too", 1))
    assert [name for name, _ in report.failed] == ["r.zip/n.jsonl"]
    assert report.removed == ()
    report = taken(zipped(("n.jsonl", lines[:26])))
    assert report.removed == ("r.zip/n.jsonl/2",)


def test_the_members_of_a_folder_are_read_without_an_index(tmp_path):
    (tmp_path / "r.zip").write_bytes(zipped(("a/b.txt", TEXT)))
    assert [document.source for document in read_folder(tmp_path)] == ["r.zip/a/b.txt"]
    (tmp_path / "r.zip").write_bytes(zipped(("a/b.docx", TEXT)))
    with pytest.raises(DocumentError, match=r"^r\.zip/a/b\.docx: is no DOCX file"):
        read_folder(tmp_path)


def test_progress_names_what_is_at_hand(tmp_path):
    (tmp_path / "r.zip").write_bytes(zipped(("a.txt", TEXT), ("b.txt", b"Two.")))
    told = []
    ingest([tmp_path], tmp_path / "i", config=CONFIG, embedder=FakeEmbedder(), progress=lambda *now: told.append(now))
    assert [now[:3] for now in told] == [
        (0, 1, "r.zip/a.txt"),
        (0, 1, "r.zip/b.txt"),
        (0, 1, "r.zip/b.txt"),  # both are embedded
        (1, 1, ""),
    ]


# --- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../a.txt", "leads out"),
        ("b/../../a.txt", "leads out"),
        ("..\\..\\a.txt", "leads out"),
        ("/etc/a.txt", "leads out"),
        ("\\\\server\\share\\a.txt", "leads out"),
        ("C:\\a.txt", "leads out"),
        ("c:a.txt", "leads out"),
        ("a\nb.txt", "control characters"),
        ("a\x1b[31m.txt", "control characters"),
        ("x" * 1_001 + ".txt", "too long"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_and_the_others_are_read(taken, name, reason):
    report = taken(zipped((name, b"Bad."), ("good.txt", TEXT)))
    assert report.added == ("r.zip/good.txt",)
    ((shown, said),) = report.failed
    assert reason in said
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert len(shown) < 1_100


def test_an_empty_name_names_no_kind_and_folders_are_no_files(taken):
    data = zipped((named(b""), b"Bad."), ("e\\", b""), ("e\\a.txt", TEXT))
    assert taken(data) == IngestReport(added=("r.zip/e/a.txt",), skipped=("r.zip/.",))


def test_a_name_with_nul_is_refused(taken):
    report = taken(zipped(("abc.txt", TEXT)).replace(b"abc.txt", b"ab\0.txt"))
    ((_, reason),) = report.failed
    assert "cannot be" in reason


def test_a_name_is_the_same_however_it_is_written(taken):
    assert taken(zipped(("./a//b.txt", TEXT), ("c\\d.txt", b"Two."))).added == ("r.zip/a/b.txt", "r.zip/c/d.txt")


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-8", "年度报告.txt"), ("gb18030", "年报.txt"), ("gb18030", "朱镕基讲话.txt"), ("cp437", "Übergröße.txt")],
)
def test_names_are_read_in_the_encoding_of_their_system(taken, encoding, name):
    assert taken(zipped((named(name.encode(encoding)), TEXT), ("a.txt", b"A."))).added[0] == f"r.zip/{name}"


def test_a_name_that_stands_twice_is_refused_as_often(taken):
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped(("a.txt", b"One."), ("a.txt", b"Two."), ("b.txt", TEXT))
    report = taken(data)
    assert report.added == ("r.zip/b.txt",)
    assert [name for name, _ in report.failed] == ["r.zip/a.txt"] * 2
    assert "stands in its archive 2 times" in report.failed[0][1]


def test_hidden_files_and_what_systems_add_are_passed_over(taken):
    names = ("__MACOSX/._a.txt", ".git/a.txt", "b/.c.txt", ".footnoteignore", "__MACOSX/a.txt")
    report = taken(zipped(("a.txt", TEXT), *((name, b"*.txt") for name in names)))
    assert report == IngestReport(added=("r.zip/a.txt",))


@pytest.mark.parametrize(
    ("kind", "name"),
    [("application/zip", "r.zip"), ("application/octet-stream", "r.zip"), ("application/octet-stream", "n.jsonl")],
)
def test_a_container_is_not_fetched_since_what_it_holds_has_no_address(kind, name):
    headers = Message()
    headers["Content-Type"] = kind
    with pytest.raises(DocumentError, match=f"^is of the kind {kind}; read are web pages"):
        suffix_of(headers, f"https://a.example/{name}")


def test_a_line_and_a_member_of_one_name_are_told_apart(taken):
    report = taken(zipped(("n.jsonl", b'{"id": "a.txt", "text": "One."}'), ("n.jsonl/a.txt", TEXT)))
    assert report.added == ("r.zip/n.jsonl/a.txt",)
    assert report.failed == (("r.zip/n.jsonl/a.txt", "has the name of another document of its container"),)


# --- what they are made to do --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "reason"),
    [(stat.S_IFLNK, "is a link, which is not followed"), (stat.S_IFIFO, "is no regular file")],
)
def test_links_and_pipes_are_refused(taken, mode, reason):
    info = zipfile.ZipInfo("a.txt")
    info.external_attr = (mode | 0o777) << 16
    report = taken(zipped((info, b"/etc/passwd"), ("b.txt", TEXT)))
    assert report == IngestReport(added=("r.zip/b.txt",), failed=(("r.zip/a.txt", reason),))


def test_an_archive_in_an_archive_is_refused_by_name(taken):
    report = taken(zipped(("in.zip", zipped(("a.txt", TEXT))), ("b.txt", TEXT)))
    assert report.added == ("r.zip/b.txt",)
    assert report.failed == (("r.zip/in.zip", "is an archive in an archive, which is not opened; unpack it"),)


def test_a_bomb_among_the_members_is_refused_and_the_others_are_read(taken):
    report = taken(zipped(("bomb.txt", b" " * 30_000_000), ("b.txt", TEXT)))
    assert report.added == ("r.zip/b.txt",)
    assert report.failed == (("r.zip/bomb.txt", "unpacks to 30.0 MB, which is too much for 0.0 MB"),)


def test_many_small_bombs_are_refused_as_one(why):
    assert why(zipped(*((f"{n}.txt", b" " * 15_000_000) for n in range(4)))).startswith("unpacks to 60 MB")


@pytest.mark.parametrize("size", [0, 10, 5_000_001, 0xFFFFFFFE])
def test_a_member_that_lies_about_its_size_is_refused(taken, size):
    data = zipped(("a.txt", random.Random(0).randbytes(5_000) * 1_000), ("b.txt", TEXT))  # noqa: S311
    data = patched(patched(data, 24, size), 16, zlib.crc32(b""))
    report = taken(data)
    assert report.added == ("r.zip/b.txt",) if report.added else report.failed[0][0] == "r.zip"
    assert all(reason.startswith(("is damaged", "unpacks")) for _, reason in report.failed)
    assert report.failed


def test_members_that_share_bytes_are_refused_with_all_others(why):
    data = zipped(("a.txt", TEXT), ("b.txt", TEXT))
    second = data.rindex(b"PK\x01\x02") + 42
    assert "on top of each other" in why(data[:second] + bytes(4) + data[second + 4 :])
    inside = struct.pack("<I", 40)
    assert "on top of each other" in why(data[:second] + inside + data[second + 4 :])


def test_a_member_that_reaches_into_the_table_of_contents_is_refused(why):
    data = zipped(("a.txt", TEXT), method=zipfile.ZIP_STORED)
    assert "on top of each other" in why(patched(patched(data, 20, 5_000), 24, 5_000))


def test_an_encrypted_archive_says_so(why):
    data = bytearray(zipped(("a.txt", TEXT)))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert why(bytes(data)) == "is encrypted; save it without a password"


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_unusual_method_is_refused_by_name(taken, method):
    ((name, reason),) = taken(zipped(("a.txt", TEXT), method=method)).failed
    assert (name, reason.partition(";")[0]) == ("r.zip/a.txt", "is packed by a method that is not read")


def test_too_many_members_are_refused(why, monkeypatch):
    monkeypatch.setattr(bundles, "_MAX_MEMBERS", 10)
    assert why(zipped(*((f"{n}.txt", b"") for n in range(11)))) == "holds 11 files; at most 10 are unpacked"


def test_a_table_of_contents_of_any_size_is_not_read(why):
    directory = b"PK\x01\x02" + bytes(42)
    data = directory * 500_000
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(data), 0, 0)
    tracemalloc.start()
    assert why(data + end) == "has a table of contents of 23 MB, which is too much"
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (bytes(100), "is empty"),
        (b"PK\x05\x06" + bytes(18), "holds no files"),
        (b"%PDF-1.7", "is no ZIP file: it is a PDF file"),
        (b"Rar!\x1a\x07", "is no ZIP file: it is a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c", "is no ZIP file: it is a 7-Zip archive"),
        (b"PK\x03\x04 broken", "is damaged"),
        (odt("<text:p>x</text:p>"), "is a document in an archive: it is ODT; rename it to end in .odt"),
        (epub(), "is a document in an archive: it is EPUB; rename it to end in .epub"),
        (saved(pptx.Presentation()), "is a document in an archive: it is PPTX; rename it to end in .pptx"),
    ],
)
def test_what_is_no_archive_of_files_is_told_by_name(why, data, reason):
    assert why(data).startswith(reason)


def test_an_archive_with_something_before_it_is_opened(taken):
    assert taken(b"#!/bin/sh\nexit\n" + zipped(("a.txt", TEXT))).added == ("r.zip/a.txt",)


@pytest.mark.skipif(sys.platform == "win32" or not os.geteuid(), reason="root may open any file")
def test_an_archive_that_may_not_be_read_says_so(taken, tmp_path):
    taken(zipped(("a.txt", TEXT)))
    (tmp_path / "r.zip").chmod(0)
    report = ingest([tmp_path / "r.zip"], tmp_path / "index", config=CONFIG)
    assert report == IngestReport(failed=(("r.zip", "cannot be read: Permission denied"),))


def test_any_damage_ends_in_a_reason(tmp_path):
    """Bits that flip and pieces that go: whatever is left is read, or refused in words."""
    dice = random.Random(7)  # noqa: S311
    whole = zipped(("a/b.txt", TEXT * 9), ("n.jsonl", b'{"text": "One."}\n' * 9), (named(b"\xc4\xea.txt"), b"Two."))
    file = tmp_path / "r.zip"
    for _ in range(600):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        file.write_bytes(data[: dice.choice([len(data), len(data), dice.randrange(len(data))])])
        for loaded in contents.contents(Source(file, "r.zip"), Found(tmp_path / "index")):
            assert loaded.source.name.startswith("r.zip")
            assert loaded.failure[:3] in {"", "is ", "has", "hol", "unp", "sta", "lin"}


# --- sizes ---------------------------------------------------------------------------------------------------------


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "big.txt").open("wb") as file:
        file.truncate(1 << 30)
    (tmp_path / "a.txt").write_bytes(TEXT)
    tracemalloc.start()
    report = ingest([tmp_path], tmp_path / "index", config=CONFIG, embedder=FakeEmbedder())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.added == ("a.txt",)
    assert report.failed == (("big.txt", "has 1074 MB; at most 200 MB are read of one file"),)
    assert peak < 50_000_000


def test_a_member_that_is_too_large_is_refused_before_it_is_unpacked(taken, monkeypatch):
    monkeypatch.setattr(contents, "MAX_FILE_BYTES", 10)
    report = taken(zipped(("a.txt", TEXT), ("n.jsonl", b'{"text": "A text of a line."}')))
    assert [name for name, _ in report.failed] == ["r.zip/a.txt"]
    assert report.added == ("r.zip/n.jsonl/#1",)
