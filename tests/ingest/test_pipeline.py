"""Keeping an index in step with files: what is new, changed, gone or unreadable, and what a crash leaves."""

import hashlib
import os
import sys
import time
from pathlib import Path

import pytest

from ingest import IngestReport, ingest, ingest_documents, read_folder, remove
from ingest.intake import Draft, steps
from ingest.sources import Found, Source
from rag.app import Assistant
from rag.config import Config
from rag.errors import ConfigError, DocumentError, UnknownDocument
from rag.library import Library
from rag.types import Document, Passage
from tests.fakes import FakeEmbedder, RefusingEmbedder

CONFIG = Config()


@pytest.fixture
def folder(tmp_path):
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "harbour.md").write_text(
        "---\ntitle: Harbour\npublisher: Coast Post\npublished: 2021-05-02\n---\n\n## Opening\n\nThe harbour opened.\n",
        encoding="utf-8",
    )
    (reports / "bridge.txt").write_text("The bridge of Marn is closed.", encoding="utf-8")
    return reports


def bring_in(folder, embedder=None):
    return ingest([folder], folder.parent / "index", config=CONFIG, embedder=embedder or FakeEmbedder())


def sources(root):
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        return [document.source for document in bot.documents()]


def test_new_changed_and_gone_files_are_told_apart(folder):
    assert bring_in(folder) == IngestReport(added=("reports/bridge.txt", "reports/harbour.md"))
    (folder / "bridge.txt").write_text("The bridge of Marn is open.", encoding="utf-8")
    (folder / "harbour.md").unlink()
    (folder / "tower.txt").write_text("The tower of Kell leans.", encoding="utf-8")
    report = bring_in(folder)
    assert report == IngestReport(
        added=("reports/tower.txt",), updated=("reports/bridge.txt",), removed=("reports/harbour.md",)
    )
    assert sources(folder.parent / "index") == ["reports/bridge.txt", "reports/tower.txt"]


def test_what_has_not_changed_is_not_embedded_again(folder):
    bring_in(folder)
    assert bring_in(folder, RefusingEmbedder()).unchanged == ("reports/bridge.txt", "reports/harbour.md")


def test_a_file_that_is_written_anew_with_the_same_document_is_unchanged(folder):
    bring_in(folder)
    (folder / "bridge.txt").write_text("The bridge of Marn is closed.\n\n", encoding="utf-8")
    for _ in range(2):
        assert "reports/bridge.txt" in bring_in(folder, RefusingEmbedder()).unchanged


def test_a_corrected_date_reaches_the_citation_and_embeds_only_what_its_header_touches(folder):
    bring_in(folder)
    text = (folder / "harbour.md").read_text(encoding="utf-8")
    (folder / "harbour.md").write_text(text.replace("2021-05-02", "2021-05-03"), encoding="utf-8")
    embedder = FakeEmbedder()
    assert bring_in(folder, embedder).updated == ("reports/harbour.md",)
    assert embedder.embedded == ["Harbour · Coast Post · 3 May 2021 · Opening\nThe harbour opened."]
    with Assistant(folder.parent / "index", CONFIG, embedder=FakeEmbedder()) as bot:
        assert str(bot.documents()[1].published) == "2021-05-03"


def test_a_bad_file_is_a_line_in_the_report_and_stops_nothing(folder):
    bad = {
        "empty.txt": b" \n",
        "binary.txt": b"\x00\x01\x02",
        "broken.txt": "привет".encode() * 3 + b"\xe9",
        "outline.md": b"# Only\n\nHeadings\n---\n",
    }
    for name, data in bad.items():
        (folder / name).write_bytes(data)
    report = bring_in(folder)
    assert report.added == ("reports/bridge.txt", "reports/harbour.md")
    reasons = {Path(source).name: reason for source, reason in report.failed}
    assert set(reasons) == set(bad)
    assert "empty" in reasons["empty.txt"]
    assert "NUL" in reasons["binary.txt"]
    assert "0xe9 at offset 36" in reasons["broken.txt"]
    assert reasons["outline.md"] == "holds nothing but headings"


def test_a_file_of_a_kind_without_a_reader_is_skipped_in_a_folder_and_fails_when_it_is_named(folder):
    (folder / "image.png").write_bytes(b"PNG")
    report = bring_in(folder)
    assert (report.skipped, report.failed) == (("reports/image.png",), ())
    report = ingest([folder / "image.png"], folder.parent / "index", config=CONFIG)
    ((source, reason),) = report.failed
    assert (source, report.skipped) == ("reports/image.png", ())
    assert "unknown suffix .png" in reason


def test_a_file_that_cannot_be_read_any_more_keeps_its_place(folder):
    bring_in(folder)
    (folder / "bridge.txt").write_bytes(b"\x00")
    assert [source for source, _ in bring_in(folder).failed] == ["reports/bridge.txt"]
    assert "reports/bridge.txt" in sources(folder.parent / "index")


def test_a_file_that_does_not_exist_is_reported_and_a_known_one_is_dropped(folder):
    root = folder.parent / "index"
    missing = ingest([folder / "nothing.txt", folder / "bridge.txt"], root, config=CONFIG, embedder=FakeEmbedder())
    assert [source for source, _ in missing.failed] == ["reports/nothing.txt"]
    (folder / "bridge.txt").unlink()
    assert ingest([folder / "bridge.txt"], root, config=CONFIG).removed == ("reports/bridge.txt",)


def test_a_folder_that_is_not_there_is_reported_and_nothing_of_it_is_dropped(folder):
    root = folder.parent / "index"
    bring_in(folder)
    folder.rename(folder.parent / "elsewhere")
    for place in (folder, f"{folder}/", folder / "sub"):
        report = ingest([place], root, config=CONFIG)
        assert (report.removed, [reason for _, reason in report.failed]) == ((), ["does not exist"])
    assert len(sources(root)) == 2


@pytest.mark.skipif(sys.platform == "win32" or not os.geteuid(), reason="root may open any folder")
def test_a_folder_that_may_not_be_opened_is_reported_and_nothing_of_it_is_dropped(folder):
    locked = folder / "locked"
    locked.mkdir()
    (locked / "a.txt").write_text("A text.", encoding="utf-8")
    bring_in(folder)
    (folder / "bridge.txt").unlink()
    locked.chmod(0)
    report = bring_in(folder)
    locked.chmod(0o700)
    assert report.failed == (("reports/locked", "cannot be read: Permission denied"),)
    assert report.removed == ("reports/bridge.txt",)


@pytest.mark.skipif(sys.platform == "win32", reason="needs os.mkdir with dir_fd")
def test_a_folder_that_the_system_does_not_open_is_reported_and_stops_nothing(folder):
    at = os.open(folder, os.O_RDONLY)
    for _ in range(20):  # 4,000 characters and more: no system opens such a path
        os.mkdir("d" * 250, dir_fd=at)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    report = bring_in(folder)
    ((source, reason),) = report.failed
    assert source.startswith("reports/ddd")
    assert reason == "cannot be read: File name too long"
    assert len(report.added) == 2


def test_only_what_was_looked_for_and_not_found_is_gone(tmp_path):
    found = Found(tmp_path / "index", folders={"docs": None}, unseen={"docs/locked": None}, missing={"docs/usb": None})
    found.fail("docs/bad.md", "is empty")
    gone = {
        name: found.is_gone(name)
        for name in ("docs/a.md", "docs/locked/b.md", "docs/usb/c.md", "docs/usb", "docs/bad.md")
    }
    assert gone == {
        "docs/a.md": True, "docs/locked/b.md": False, "docs/usb/c.md": False, "docs/usb": True, "docs/bad.md": False,
    }  # fmt: skip
    assert not found.is_gone("docs2/a.md")
    assert Found(tmp_path / "index", folders={tmp_path.parent.as_posix(): None}).is_gone("docs/a.md")
    assert Found(tmp_path / "index", folders={".": None}).is_gone("docs/a.md")
    assert not Found(tmp_path / "index", folders={".": None}).is_gone("/elsewhere/a.md")


def test_a_document_that_was_never_a_file_is_not_dropped_with_a_folder(folder):
    root = folder.parent / "index"
    ingest_documents([Document.of("A text.", title="T")], root, config=CONFIG, embedder=FakeEmbedder())
    report = ingest([folder.parent], root, config=CONFIG, embedder=FakeEmbedder())
    assert (len(report.added), report.removed) == (2, ())


def test_an_index_does_not_ingest_itself(folder):
    root = folder.parent / "index"
    bring_in(folder)
    (root / "note.txt").write_text("A note.", encoding="utf-8")
    report = ingest([folder.parent], root, config=CONFIG)
    assert (len(report.unchanged), report.added, report.skipped) == (2, (), ())
    assert ingest([root], root, config=CONFIG).failed == (("index", "belongs to the index, which is not ingested"),)


def test_a_tilde_is_the_home_folder_and_else_a_character(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    monkeypatch.chdir(folder)
    (folder / "~nobody.txt").write_text("A text.", encoding="utf-8")
    report = ingest(["~/reports/bridge.txt", "~nobody.txt"], "../index", config=CONFIG, embedder=FakeEmbedder())
    assert report.added == ("reports/bridge.txt", "reports/~nobody.txt")


def test_a_link_is_known_by_its_own_name_and_one_to_nothing_is_reported(folder):
    (folder / "old").mkdir()
    (folder / "old" / "v1.txt").write_text("Version one.", encoding="utf-8")
    (folder / "latest.txt").symlink_to("old/v1.txt")
    (folder / "lost.txt").symlink_to("old/v9.txt")
    (folder / "loop").symlink_to(folder)
    report = bring_in(folder)
    assert {"reports/latest.txt", "reports/old/v1.txt"} <= set(report.added)
    assert report.failed == (("reports/lost.txt", "is a link to nothing"),)
    assert ingest([folder / "lost.txt"], folder.parent / "index", config=CONFIG).failed == report.failed


def test_a_project_that_is_reached_through_a_link_keeps_its_names(folder):
    bring_in(folder)
    other = folder.parent.with_name("other-way")
    other.symlink_to(folder.parent)
    for place, root in ((other, folder.parent), (folder.parent, other), (other, other)):
        report = ingest([place / "reports"], root / "index", config=CONFIG, embedder=RefusingEmbedder())
        assert (len(report.unchanged), report.added, report.removed) == (2, (), ())


def test_a_linked_folder_that_is_named_drops_nothing_beside_it(folder):
    linked = folder.parent / "linked"
    linked.symlink_to(folder)
    bring_in(folder)
    report = ingest([linked], folder.parent / "index", config=CONFIG, embedder=FakeEmbedder())
    assert (report.added, report.removed) == (("linked/bridge.txt", "linked/harbour.md"), ())


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"drafts/\n\xff\n", "line 2, is not UTF-8: byte 0xff"), (b"a\n!\n", "line 2: '!' is no pattern")],
)
def test_an_ignore_file_that_cannot_be_understood_is_an_error_that_names_it(folder, content, reason):
    (folder / ".footnoteignore").write_bytes(content)
    with pytest.raises(ConfigError, match=r"\.footnoteignore") as raised:
        bring_in(folder)
    assert reason in str(raised.value)
    assert not (folder.parent / "index").exists()


def test_an_ignore_file_that_cannot_be_opened_leaves_its_folder_unseen(folder):
    bring_in(folder)
    (folder / ".footnoteignore").mkdir()
    assert bring_in(folder) == IngestReport(failed=(("reports", "cannot be read: Is a directory"),))


def test_a_file_is_read_again_where_it_was_read_by_other_readers(folder):
    root = folder.parent / "index"
    bring_in(folder)
    wrong = Document.of("The bridge of Marn is closed.", title="Wrong", source="reports/bridge.txt")
    ingest_documents([wrong], root, config=CONFIG, embedder=FakeEmbedder())
    library = Library(root / "library.db", writing=True)
    library.touch([(wrong.source, hashlib.sha256((folder / "bridge.txt").read_bytes()).hexdigest())])
    library.close()
    assert bring_in(folder).updated == ("reports/bridge.txt",)


def test_a_document_is_removed_by_source_by_id_or_by_path(folder, monkeypatch):
    bring_in(folder)
    monkeypatch.chdir(folder)
    root = Path("../index")
    with pytest.raises(UnknownDocument, match="nothing"):
        remove(["bridge.txt", "nothing.txt"], root, config=CONFIG)
    assert remove(["bridge.txt", "./bridge.txt"], root, config=CONFIG) == ["reports/bridge.txt"]
    assert remove([str(folder / "harbour.md")], root, config=CONFIG) == ["reports/harbour.md"]


def test_a_step_ends_once_it_holds_enough_passages():
    document = Document.of("A text.", title="T")
    passages = tuple(Passage(document.id, at, at + 1, "x") for at in range(100))
    drafts = [Draft(document, "", passages)] * 7
    assert [len(step) for step in steps(drafts)] == [3, 3, 1]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such file names")
def test_a_file_name_that_is_no_text_is_reported(folder):
    Path(os.fsdecode(os.fsencode(folder) + b"/b\xff.txt")).write_text("Some text.", encoding="utf-8")
    (name, reason) = bring_in(folder).failed[0]
    assert name.endswith(".txt")
    assert "not UTF-8" in reason


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such file names")
def test_a_folder_whose_name_is_no_text_is_reported_and_stops_nothing(folder):
    odd = Path(os.fsdecode(os.fsencode(folder.parent) + b"/odd\xff"))
    odd.mkdir()
    report = ingest([odd, folder], folder.parent / "index", config=CONFIG, embedder=FakeEmbedder())
    assert [reason for _, reason in report.failed] == ["its name is not UTF-8; rename it"]
    assert len(report.added) == 2


def test_many_files_named_one_by_one_cost_little_beside_a_large_library(tmp_path):
    files = {f"/far/{number}.md": Source(tmp_path, f"/far/{number}.md") for number in range(500)}
    found = Found(tmp_path / "index", files=files)
    began = time.monotonic()
    assert not any(found.is_gone(f"docs/{number}.md") for number in range(500))
    assert time.monotonic() - began < 1


def test_hidden_and_ignored_files_of_a_folder_are_passed_over(folder):
    (folder / ".secret.txt").write_text("Hidden.", encoding="utf-8")
    (folder / ".footnoteignore").write_text("drafts/\nREADME.md\n", encoding="utf-8")
    (folder / "README.md").write_text("About.", encoding="utf-8")
    (folder / "drafts").mkdir()
    (folder / "drafts" / "draft.txt").write_text("Draft.", encoding="utf-8")
    assert bring_in(folder).added == ("reports/bridge.txt", "reports/harbour.md")


def test_a_file_is_taken_once_however_often_it_is_named(folder):
    root = folder.parent / "index"
    paths = [folder, folder / "bridge.txt", folder / ".." / "reports"]
    assert len(ingest(paths, root, config=CONFIG, embedder=FakeEmbedder()).added) == 2


def test_the_working_directory_does_not_matter(folder, monkeypatch):
    bring_in(folder)
    monkeypatch.chdir(folder)
    assert len(ingest(["."], "../index", config=CONFIG, embedder=RefusingEmbedder()).unchanged) == 2


def test_two_documents_of_one_source_are_an_error_and_nothing_is_lost(tmp_path):
    one, two = (Document.of(text, title="T", source="same") for text in ("One text.", "Another text."))
    with pytest.raises(DocumentError, match="'same'"):
        ingest_documents([one, two], tmp_path / "index", config=CONFIG, embedder=FakeEmbedder())
    assert ingest_documents([one, one], tmp_path / "index", config=CONFIG, embedder=FakeEmbedder()).added == ("same",)
    for both in ([one, two], [two, one]):  # the first is in the library by now
        with pytest.raises(DocumentError, match="'same'"):
            ingest_documents(both, tmp_path / "index", config=CONFIG, embedder=FakeEmbedder())


def test_documents_of_one_text_or_one_address_stand_beside_each_other(tmp_path):
    fields = [{"publisher": "A"}, {"publisher": "B"}, {"url": "https://a.example"}]
    documents = [Document.of("One text.", title="T", **each) for each in fields]
    documents.append(Document.of("Another text.", title="T", url="https://a.example"))
    report = ingest_documents(documents, tmp_path / "index", config=CONFIG, embedder=FakeEmbedder())
    assert len(report.added) == 4


def test_a_document_without_a_word_is_reported(tmp_path):
    empty = Document.of(" \n", title="T", source="empty")
    report = ingest_documents([empty], tmp_path / "index", config=CONFIG, embedder=FakeEmbedder())
    assert report == IngestReport(failed=(("empty", "is empty"),))


def test_progress_is_told_of_each_file(folder):
    told = []
    ingest(
        [folder],
        folder.parent / "index",
        config=CONFIG,
        embedder=FakeEmbedder(),
        progress=lambda *now: told.append(now),
    )
    bridge, harbour = "reports/bridge.txt", "reports/harbour.md"
    assert told == [(0, 2, bridge, 0), (1, 2, harbour, 0), (1, 2, harbour, 2), (2, 2, "", 2)]


def test_a_folder_is_read_without_an_index(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "note.md").write_text("# A note\n\nThe harbour opened.", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"x")
    (document,) = read_folder(tmp_path)
    assert (document.source, document.title) == ("below/note.md", "A note")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_with_a_file_that_cannot_be_read_names_it(tmp_path):
    (tmp_path / "empty.md").write_text("", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"^empty\.md: "):
        read_folder(tmp_path)
    with pytest.raises(DocumentError, match="does not exist"):
        read_folder(tmp_path / "nowhere")
