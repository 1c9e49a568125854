"""Files from the page: which are taken, under which name they are kept, and what a job on the index says."""

import json
import os
import threading
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rag
from ingest import ingest, ingest_documents
from rag.types import Document
from rag.writer import writing
from tests.fakes import FakeEmbedder
from ui import shelf as shelves
from ui import uploads
from ui.catalogue import job_html
from ui.jobs import Follower, Job, Step, Stopped
from ui.shelf import Shelf
from ui.uploads import is_address, keep, place_of, safe_name, upload_folder

BRIDGE = "The old bridge of Marn has been closed since January. Ole Berg found a crack in its eastern pier."
MILL = "The mill of Marn grinds again. Its wheel was renewed in May by two carpenters from the valley."


@dataclass
class Home:
    bot: rag.Assistant

    @property
    def config(self):
        return self.bot.config

    @property
    def root(self):
        return self.bot.index.layout.root


@pytest.fixture
def home(tmp_path):
    root = tmp_path / "project" / ".footnote"
    first = Document.of(MILL, title="The mill", language="en")
    ingest_documents([first], root, config=rag.Config(), embedder=FakeEmbedder())
    with rag.open(root, rag.Config()) as bot:
        yield Home(bot)


@pytest.fixture
def shelf(home):
    return Shelf(home, language="en", embedder=FakeEmbedder())


def upload(tmp_path, name, text=BRIDGE):
    """Write a file where Gradio would have put it."""
    folder = tmp_path / "temporary"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def last(jobs):
    """Return how a job ended, as (name, state, words) of each step."""
    *_, job = jobs
    assert job.over
    return [(step.name, step.state, step.words) for step in job.steps]


def sources(home):
    return set(home.bot.index.library.sources())


def kept(home):
    folder = upload_folder(home.root)
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@settings(deadline=None)  # another process may take the machine meanwhile
@given(st.text(max_size=300))
def test_a_safe_name_is_one_visible_file_of_one_folder_on_any_system(given_name):
    name = safe_name(given_name)
    assert Path(name).name == name
    assert name not in {"", ".", ".."}
    assert not set(name) & set('/\\<>:"|?*')
    assert name[0] != "."
    assert len(name.encode()) <= 160
    assert unicodedata.is_normalized("NFC", name)
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in name)
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "path", ["../../x.md", "/etc/x.md", "..\\..\\x.md", "C:\\x.md", "a/../../x.md", "....//x.md", "\x00../x.md"]
)
def test_tricks_with_paths_in_a_name_come_to_nothing(path, tmp_path):
    place, _ = keep(b"x", tmp_path / "uploads", name=safe_name(path))
    assert place == tmp_path / "uploads" / "x.md"


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("新质生产力.pdf", "新质生产力.pdf"),
        (".hidden.md", "hidden.md"),
        ("e\u0301te\u0301.txt", "été.txt"),
        ("invoice\u202efdp.md", "invoicefdp.md"),
        ("NUL.txt", "_NUL.txt"),
        ("con .txt", "_con.txt"),
        ("a" * 400 + ".pdf", "a" * 146 + ".pdf"),
        ("x." + "s" * 400, "x." + "s" * 148),
    ],
)
def test_names_keep_their_letters_and_their_suffix(given_name, name):
    assert safe_name(given_name) == name


def test_other_content_under_the_same_name_gets_a_number(tmp_path):
    assert keep(b"one", tmp_path, name="a.md") == (tmp_path / "a.md", True)
    assert keep(b"two", tmp_path, name="a.md") == (tmp_path / "a (2).md", True)
    assert keep(b"three", tmp_path, name="a.md") == (tmp_path / "a (3).md", True)
    assert keep(b"two", tmp_path, name="a.md") == (tmp_path / "a (2).md", False)
    assert (tmp_path / "a.md").read_bytes() == b"one"


def test_a_link_in_the_folder_of_uploads_is_not_written_through(tmp_path):
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "a.md").symlink_to(tmp_path / "elsewhere.md")
    assert keep(b"x", tmp_path / "uploads", name="a.md")[0].name == "a (2).md"
    assert not (tmp_path / "elsewhere.md").exists()


@pytest.mark.parametrize(
    ("index", "folder"),
    [(".footnote", "footnote-uploads"), ("my-index", "my-index.uploads"), ("...", "footnote-uploads")],
)
def test_each_index_has_a_visible_folder_of_uploads_beside_it(index, folder, tmp_path):
    assert upload_folder(tmp_path / index) == tmp_path / folder


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/etc/passwd",
        "../x.md",
        "file:///etc/passwd",
        "https:/etc/passwd",
        "https://",
        "ftp://a.org/x",
        "https://[::1",
    ],
)
def test_what_is_no_address_is_not_taken_for_one(text):
    assert not is_address(text)


def test_a_source_names_a_file_below_the_folder_that_holds_the_index(tmp_path):
    root = tmp_path / ".footnote"
    assert place_of("notes/a.md", root) == str(tmp_path / "notes/a.md")
    assert place_of("/srv/a.md", root) == os.path.abspath("/srv/a.md")  # noqa: PTH100
    assert place_of("https://a.org/b", root) == "https://a.org/b"


def test_an_uploaded_file_is_answered_from_and_outlasts_the_upload(home, shelf, tmp_path):
    path = upload(tmp_path, "bridge.md")
    states = [[step.state for step in job.steps] for job in shelf.add_files([path])]
    assert states[0] == ["waiting"]
    assert states[-1] == ["added"]
    path.unlink()
    assert "footnote-uploads/bridge.md" in sources(home)
    assert kept(home) == ["bridge.md"]
    assert last(shelf.reread())[-1][:2] == ("bridge", "unchanged")


def test_ingesting_the_project_keeps_what_was_uploaded(home, shelf, tmp_path):
    last(shelf.add_files([upload(tmp_path, "bridge.md")]))
    report = ingest([home.root.parent], home.root, config=home.config, embedder=FakeEmbedder())
    assert report.unchanged == ("footnote-uploads/bridge.md",)
    assert not report.removed


def test_the_same_content_once_more_is_said_to_be_there_already(home, shelf, tmp_path):
    last(shelf.add_files([upload(tmp_path, "bridge.md")]))
    again = last(shelf.add_files([upload(tmp_path, "copy of it.md")]))
    assert again == [("copy of it.md", "unchanged", "is there already, as footnote-uploads/bridge.md")]
    assert kept(home) == ["bridge.md"]


def test_another_file_of_the_same_name_is_added_beside_the_first(home, shelf, tmp_path):
    last(shelf.add_files([upload(tmp_path, "note.md")]))
    other = last(shelf.add_files([upload(tmp_path, "note.md", "The tower of Marn was built in 1412 of red brick.")]))
    assert other == [("note.md", "added", "another file has this name; kept beside it as note (2).md")]
    assert {"footnote-uploads/note.md", "footnote-uploads/note (2).md"} <= sources(home)


def test_a_file_that_cannot_be_read_is_said_and_its_copy_is_not_kept(home, shelf, tmp_path):
    broken, fine = upload(tmp_path, "broken.pdf", "no PDF"), upload(tmp_path, "bridge.md")
    ends = last(shelf.add_files([broken, fine]))
    assert [(name, state) for name, state, _ in ends] == [("broken.pdf", "failed"), ("bridge.md", "added")]
    assert ends[0][2]
    assert kept(home) == ["bridge.md"]


def test_kinds_that_are_not_read_and_files_that_are_too_large_are_not_copied(home, shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(shelves, "MAX_BYTES", 10)
    ends = last(shelf.add_files([upload(tmp_path, "a.exe"), upload(tmp_path, "a.md")]))
    assert [state for _, state, _ in ends] == ["failed", "failed"]
    assert "of a kind that is not read" in ends[0][2]
    assert "at most" in ends[1][2]
    assert kept(home) == []


def test_too_many_files_at_once_are_refused_as_a_whole(shelf):
    (job,) = shelf.add_files([f"{n}.md" for n in range(uploads.MAX_FILES + 1)])
    assert job.over
    assert "51 are too many; at most 50" in job.trouble


def test_the_limits_are_told(shelf):
    assert "50 files" in shelf.limits()
    assert "100 MB" in shelf.limits()
    assert ".pdf" in shelf.limits()
    assert " .doc " not in shelf.limits()


def test_what_is_pasted_and_is_no_address_is_never_read_as_a_path(home, shelf, tmp_path):
    secret = upload(tmp_path, "secret.md")
    (end,) = last(shelf.add_addresses(str(secret)))
    assert end[1] == "failed"
    assert "is no web address" in end[2]
    assert len(sources(home)) == 1


def test_an_address_that_cannot_be_fetched_is_said(shelf):
    (end,) = last(shelf.add_addresses("https://127.0.0.1:1/page"))
    assert end[1] == "failed"
    assert end[2]


def test_nothing_pasted_asks_for_an_address(shelf):
    (job,) = shelf.add_addresses("  ")
    assert job.trouble == "Paste the address of a page first."


def archive(tmp_path):
    path = tmp_path / "temporary" / "both.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("bridge.md", BRIDGE)
        file.writestr("in/lines.jsonl", json.dumps({"id": 1, "title": "Tower", "text": "The tower of Kell leans."}))
    return path


def test_an_uploaded_archive_is_kept_for_as_long_as_something_of_it_is_in_the_library(home, shelf, tmp_path):
    ends = last(shelf.add_files([archive(tmp_path)]))
    names = ("footnote-uploads/both.zip/bridge.md", "footnote-uploads/both.zip/in/lines.jsonl/1")
    assert ends == [(name, "added", "") for name in names]
    assert kept(home) == ["both.zip"]
    bridge, tower = (home.bot.index.library.sources()[name][0] for name in names)
    assert sorted(state for _, state, _ in last(shelf.reread([tower]))) == ["unchanged", "unchanged"]
    assert shelf.is_copy(names[1])
    shelf.remove([bridge])
    assert kept(home) == ["both.zip"]
    shelf.remove([tower])
    assert kept(home) == []


def test_removing_a_document_deletes_every_uploaded_archive_that_held_no_other(home, shelf, tmp_path):
    for name in ("one.zip", "two.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as file:
            file.writestr("bridge.md", BRIDGE)
            file.comment = name.encode()
    last(shelf.add_files([tmp_path / "one.zip", tmp_path / "two.zip"]))
    assert kept(home) == ["one.zip", "two.zip"]
    shelf.remove({doc_id for doc_id, _ in home.bot.index.library.sources().values()})
    assert kept(home) == []


def test_a_member_of_an_archive_that_has_another_name_is_renamed(home, shelf, tmp_path):
    last(shelf.add_files([archive(tmp_path)]))
    doc_id = home.bot.index.library.sources()["footnote-uploads/both.zip/bridge.md"][0]
    with zipfile.ZipFile(home.root.parent / "footnote-uploads" / "both.zip", "w") as file:
        file.writestr("crossing.md", BRIDGE)
    *_, job = shelf.reread([doc_id])
    former, now = (f"footnote-uploads/both.zip/{name}.md" for name in ("bridge", "crossing"))
    assert Step(now, "renamed", former) in job.steps
    assert f"{now} <b>renamed, from</b>: {former}" in job_html(job, "en")


def test_a_document_whose_archive_is_gone_stays(home, shelf, tmp_path):
    last(shelf.add_files([archive(tmp_path)]))
    (home.root.parent / "footnote-uploads" / "both.zip").unlink()
    doc_id = home.bot.index.library.sources()["footnote-uploads/both.zip/bridge.md"][0]
    ((_, state, words),) = last(shelf.reread([doc_id]))
    assert state == "failed"
    assert "footnote-uploads/both.zip/bridge.md is gone" in words
    assert len(sources(home)) == 3


def test_while_another_process_writes_nothing_changes_and_it_is_said(home, shelf, tmp_path):
    with writing(home.root, home.config, purpose="footnote ingest"):
        *_, job = shelf.add_files([upload(tmp_path, "bridge.md")])
        gone = shelf.remove([doc_id for doc_id, _ in home.bot.index.library.sources().values()])
        *_, rebuilt = shelf.rebuild()
    for ended in (job, gone, rebuilt):
        assert ended.trouble.startswith("Try again in a moment: ")
        assert "being written to by `footnote ingest`" in ended.trouble
    assert len(sources(home)) == 1
    assert kept(home) == []


def test_a_changed_file_is_read_again(home, shelf):
    note = home.root.parent / "note.md"
    note.write_text(BRIDGE)
    ingest([note], home.root, config=home.config, embedder=FakeEmbedder())
    note.write_text("The bridge of Marn is open again since Friday, the mayor said.")
    doc_id = home.bot.index.library.ids_of(["note.md"])["note.md"]
    assert last(shelf.reread([doc_id])) == [("note", "updated", "")]


def test_reading_again_keeps_a_document_whose_file_is_gone(home, shelf):
    note = home.root.parent / "note.md"
    note.write_text(BRIDGE)
    ingest([note], home.root, config=home.config, embedder=FakeEmbedder())
    note.unlink()
    ends = {name: (state, words) for name, state, words in last(shelf.reread())}
    assert ends["note"] == ("failed", "its file note.md is gone; the document stays as it was read")
    assert ends["The mill"] == ("unchanged", "was not read from a file, and stays as it is")
    assert "note.md" in sources(home)


def test_removing_deletes_the_copy_of_an_upload_and_no_other_file(home, shelf, tmp_path):
    note = home.root.parent / "note.md"
    note.write_text("The tower of Marn was built in 1412 of red brick.")
    ingest([note], home.root, config=home.config, embedder=FakeEmbedder())
    last(shelf.add_files([upload(tmp_path, "bridge.md")]))
    job = shelf.remove([doc_id for doc_id, _ in home.bot.index.library.sources().values()])
    assert {step.state for step in job.steps} == {"removed"}
    assert not sources(home)
    assert kept(home) == []
    assert note.exists()


def test_no_file_is_deleted_for_a_source_that_leads_out_of_the_folder_of_uploads(home, shelf):
    precious = home.root.parent / "precious.md"
    precious.write_text("x")
    upload_folder(home.root).mkdir()
    trick = Document.of(BRIDGE, title="x", source="footnote-uploads/../precious.md", language="en")
    ingest_documents([trick], home.root, config=home.config, embedder=FakeEmbedder())
    assert shelf.remove([trick.id]).steps[0].state == "removed"
    assert precious.exists()


def test_removing_what_is_gone_already_changes_nothing(shelf):
    assert shelf.remove(["unknown"]) == Job(over=True)


def test_the_index_can_be_rebuilt(shelf, home):
    before = home.bot.index.library.generation
    assert last(shelf.rebuild()) == [("The index has been rebuilt", "done", "")]
    assert home.bot.index.library.generation > before


def test_a_job_that_is_stopped_says_so_and_keeps_what_was_done(home, shelf, tmp_path, monkeypatch):
    def stopping(*_, progress, **__):
        shelf.stop()
        progress(0, 1, "x", 0)

    monkeypatch.setattr(shelves, "ingest", stopping)
    *_, job = shelf.add_files([upload(tmp_path, "bridge.md")])
    assert job.trouble.startswith("Stopped.")
    assert kept(home) == []


def test_a_job_that_nobody_follows_goes_on_to_its_end():
    going, ended = threading.Event(), threading.Event()

    def work(progress):
        progress(0, 1, "x", 0)
        going.wait()
        progress(1, 1, "", 0)
        ended.set()

    jobs = Follower().follow(work, lambda *_: Job())
    next(jobs)
    jobs.close()
    going.set()
    assert ended.wait(5)


def test_whoever_follows_gets_the_result_and_the_error_of_the_work():
    def failing(_):
        raise Stopped

    def result(jobs):
        try:
            while True:
                next(jobs)
        except StopIteration as stop:
            return stop.value

    assert result(Follower().follow(lambda _: 7, lambda *_: Job())) == 7
    with pytest.raises(Stopped):
        result(Follower().follow(failing, lambda *_: Job()))


def test_what_is_said_of_a_job_is_said_in_the_language_of_the_page(home, tmp_path):
    (end,) = last(Shelf(home, language="zh", embedder=FakeEmbedder()).add_files([upload(tmp_path, "a.exe")]))
    assert end[2].startswith("此类型无法读取")
