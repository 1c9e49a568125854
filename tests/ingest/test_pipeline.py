"""Keeping an index in step with files: what is new, changed, gone or unreadable, and what a crash leaves."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest import IngestReport, ingest, ingest_documents
from rag.app import Assistant
from rag.config import Config
from rag.doctor import examine
from rag.errors import DocumentError
from rag.types import Document
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
        "latin.txt": "café".encode("latin-1"),
        "image.png": b"PNG",
    }
    for name, data in bad.items():
        (folder / name).write_bytes(data)
    report = bring_in(folder)
    assert report.added == ("reports/bridge.txt", "reports/harbour.md")
    reasons = {Path(source).name: reason for source, reason in report.failed}
    assert set(reasons) == set(bad)
    assert "empty" in reasons["empty.txt"]
    assert "NUL" in reasons["binary.txt"]
    assert "0xe9 at offset 3" in reasons["latin.txt"]
    assert ".png" in reasons["image.png"]


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


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such file names")
def test_a_file_name_that_is_no_text_is_reported(folder):
    Path(os.fsdecode(os.fsencode(folder) + b"/b\xff.txt")).write_text("Some text.", encoding="utf-8")
    (name, reason) = bring_in(folder).failed[0]
    assert name.endswith(".txt")
    assert "not UTF-8" in reason


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


def test_progress_is_told_of_each_file(folder):
    told = []
    ingest(
        [folder],
        folder.parent / "index",
        config=CONFIG,
        embedder=FakeEmbedder(),
        progress=lambda *now: told.append(now),
    )
    assert told == [(0, 2, "reports/bridge.txt"), (1, 2, "reports/harbour.md"), (2, 2, "")]


def test_a_killed_ingest_leaves_each_document_wholly_in_or_wholly_out(tmp_path):
    reports = tmp_path / "reports"
    reports.mkdir()
    for number in range(400):
        lines = " ".join(f"Sentence {i} of report {number} names item {number * i}." for i in range(12))
        (reports / f"{number:03}.txt").write_text(lines, encoding="utf-8")
    root = tmp_path / "index"
    code = (
        "import sys; from ingest import ingest; from tests.fakes import FakeEmbedder\n"
        "ingest([sys.argv[1]], sys.argv[2], embedder=FakeEmbedder())"
    )
    dice = random.Random(0)  # noqa: S311 (no secret)
    interrupted = 0
    for _ in range(6):
        for number in range(0, 400, 7):  # so that there is always something to replace
            path = reports / f"{number:03}.txt"
            path.write_text(path.read_text(encoding="utf-8") + f" Added {dice.random()}.", encoding="utf-8")
        process = subprocess.Popen([sys.executable, "-c", code, reports, root])
        time.sleep(dice.uniform(1.0, 2.5))
        interrupted += process.poll() is None
        process.kill()
        process.wait()
        if (root / "library.db").exists():
            with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
                bot.search("sentence 3 of report 12")
                whole = {document.id: document.text for document in bot.documents()}
                for passage, _ in bot.index.library.passages_of(list(whole)):
                    assert whole[passage.doc_id][passage.start : passage.end] == passage.text
    assert interrupted
    ingest([reports], root, config=CONFIG, embedder=FakeEmbedder())
    assert [check for check in examine(root, CONFIG) if not check.ok] == []
    assert len(sources(root)) == 400
