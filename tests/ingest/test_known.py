"""What an index was made from: which folders are followed, what `sync` brings in, what stays, and how one lets go."""

import os
import shutil
import zipfile
from contextlib import closing
from types import SimpleNamespace

import pytest

from ingest import IngestReport, Place, ingest, ingest_documents, places, remove, sync
from ingest.fetch import Fetched
from ingest.known import is_away, returning
from rag.config import Config
from rag.errors import IndexMissing, UnknownDocument
from rag.library import Library
from rag.snapshot import restore, snapshot
from rag.types import Document
from tests.fakes import FakeEmbedder

CONFIG = Config()


@pytest.fixture
def home(tmp_path):
    project = tmp_path / "project"
    write(project / "reports" / "bridge.md", "The bridge of Marn is closed.")
    write(project / "reports" / "old" / "mill.md", "The mill of Dor turns.")
    write(project / "notes" / "tower.txt", "The tower of Kell leans.")
    write(project / "notes" / "nobody asked.txt", "This is not ingested.")
    bring_in(project, "reports", "notes/tower.txt")
    return project


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def bring_in(home, *names):
    return ingest([home / name for name in names], home / "index", config=CONFIG, embedder=FakeEmbedder())


def synced(home, root="index"):
    return sync(home / root, config=CONFIG, embedder=FakeEmbedder())


def known(home):
    return {place.name: (place.kind, place.n_sources) for place in places(home / "index", config=CONFIG)}


def sources(home):
    with closing(Library(home / "index" / "library.db")) as library:
        return sorted(library.sources())


def take_out(home, *names):
    return remove([str(name) for name in names], home / "index", config=CONFIG)


def test_an_index_knows_the_folders_and_the_files_that_it_was_made_from(home):
    text = Document.of("Given in memory.", title="Memory")
    ingest_documents([text], home / "index", config=CONFIG, embedder=FakeEmbedder())
    assert places(home / "index", config=CONFIG) == [
        Place("reports", "folder", str(home / "reports"), 2, is_away=False),
        Place("notes/tower.txt", "file", str(home / "notes" / "tower.txt"), 1, is_away=False),
    ]


def test_sync_takes_what_is_new_or_changed_and_drops_what_is_gone(home):
    write(home / "reports" / "new.md", "The harbour opened.")
    write(home / "notes" / "tower.txt", "The tower of Kell fell.")
    (home / "reports" / "bridge.md").unlink()
    assert synced(home) == IngestReport(
        added=("reports/new.md",), updated=("notes/tower.txt",), unchanged=("reports/old/mill.md",),
        removed=("reports/bridge.md",),
    )  # fmt: skip
    (home / "notes" / "tower.txt").unlink()
    assert synced(home).removed == ("notes/tower.txt",)
    assert known(home) == {"reports": ("folder", 2)}


def test_sync_leaves_what_was_given_in_memory(home):
    text = Document.of("Given in memory.", title="Memory")
    ingest_documents([text], home / "index", config=CONFIG, embedder=FakeEmbedder())
    report = synced(home)
    assert not report.removed
    assert not report.failed
    assert text.source in sources(home)


def test_a_project_that_has_moved_is_in_step_with_where_it_is_now(home):
    moved = home.rename(home.parent / "moved")
    write(moved / "reports" / "new.md", "The harbour opened.")
    assert synced(moved).added == ("reports/new.md",)
    assert known(moved)["reports"] == ("folder", 3)


@pytest.mark.parametrize("leave_empty", [False, True])
def test_of_a_disk_that_is_out_nothing_is_dropped(home, leave_empty):
    for name in ("reports", "notes"):
        shutil.rmtree(home / name)
        if leave_empty:
            (home / name).mkdir()
    report = synced(home)
    assert not report.removed
    assert [name for name, _ in report.failed] == ["reports", "notes/tower.txt"]
    assert [place.is_away for place in places(home / "index", config=CONFIG)] == [False, True]
    assert sources(home) == ["notes/tower.txt", "reports/bridge.md", "reports/old/mill.md"]


def test_an_empty_folder_of_which_nothing_is_known_is_no_failure(tmp_path):
    (tmp_path / "empty").mkdir()
    assert bring_in(tmp_path, "empty") == IngestReport()
    write(tmp_path / "empty" / "a.md", "Words.")
    assert synced(tmp_path).added == ("empty/a.md",)


def test_addresses_are_fetched_again_and_each_is_removed_by_itself(home):
    pages = {f"https://a.example/{name}": b"The mill turns." + name.encode() for name in ("", "b", "b/c")}
    server = SimpleNamespace(fetch=lambda address: Fetched(pages[address], address, ".txt"))
    ways = {"config": CONFIG, "embedder": FakeEmbedder(), "fetcher": server}
    assert ingest(pages, home / "index", **ways).added == tuple(pages)
    pages["https://a.example/b"] = b"The mill stands still."
    assert sync(home / "index", **ways).updated == ("https://a.example/b",)
    assert known(home)["https://a.example/b"] == ("address", 1)
    assert take_out(home, "https://a.example/b") == ["https://a.example/b"]
    with pytest.raises(UnknownDocument):
        take_out(home, "https://a.example/x")
    assert [name for name in sources(home) if name.startswith("https:")] == [
        "https://a.example/", "https://a.example/b/c",
    ]  # fmt: skip


def test_an_archive_that_was_ingested_alone_is_one_place(home):
    with zipfile.ZipFile(home / "notes" / "all.zip", "w") as archive:
        archive.writestr("a.md", "The first.")
        archive.writestr("b.md", "The second.")
    bring_in(home, "notes/all.zip")
    assert known(home)["notes/all.zip"] == ("file", 2)
    assert not synced(home).removed
    (home / "notes" / "all.zip").unlink()
    assert synced(home).removed == ("notes/all.zip/a.md", "notes/all.zip/b.md")


def test_removing_a_folder_removes_what_is_below_it_and_ends_its_being_followed(home):
    assert take_out(home, home / "reports") == ["reports/bridge.md", "reports/old/mill.md"]
    assert not returning(["reports/bridge.md"], home / "index")
    assert known(home) == {"notes/tower.txt": ("file", 1)}
    assert synced(home) == IngestReport(unchanged=("notes/tower.txt",))
    with pytest.raises(UnknownDocument, match="reports"):
        take_out(home, home / "reports")


def test_a_followed_folder_without_documents_can_be_let_go(home):
    (home / "empty").mkdir()
    bring_in(home, "empty")
    assert take_out(home, home / "empty") == []
    assert "empty" not in known(home)


def test_removing_all_below_the_index_keeps_what_was_given_in_memory(home):
    text = Document.of("Given in memory.", title="Memory", source="memory.md")
    ingest_documents([text], home / "index", config=CONFIG, embedder=FakeEmbedder())
    assert len(take_out(home, home)) == 3
    assert sources(home) == ["memory.md"]


def test_what_is_removed_out_of_a_followed_folder_is_said_to_return_and_does(home):
    removed = take_out(home, home / "reports" / "old", home / "notes" / "tower.txt")
    assert removed == ["reports/old/mill.md", "notes/tower.txt"]
    assert returning(removed, home / "index") == {"reports": ["reports/old/mill.md"]}
    assert synced(home).added == ("reports/old/mill.md",)
    write(home / "reports" / ".footnoteignore", "/old/\n")
    assert synced(home).removed == ("reports/old/mill.md",)


def test_a_pattern_written_later_drops_what_it_names_at_the_next_sync(home):
    write(home / "reports" / ".footnoteignore", "/bridge.md\n")
    assert synced(home).removed == ("reports/bridge.md",)


def test_a_snapshot_keeps_what_is_followed(home, tmp_path):
    snapshot(home / "index", tmp_path / "copy")
    restore(tmp_path / "copy", home / "other", config=CONFIG)
    write(home / "reports" / "new.md", "The harbour opened.")
    assert synced(home, "other").added == ("reports/new.md",)


@pytest.mark.parametrize("name", [".footnote", "index"])
def test_an_index_that_was_put_elsewhere_without_its_files_drops_nothing(tmp_path, name):
    project, other = tmp_path / "project", tmp_path / "other"
    write(project / "bridge.md", "The bridge of Marn is closed.")
    for given in (project, project / "bridge.md"):
        ingest([given], project / name, config=CONFIG, embedder=FakeEmbedder())
        shutil.copytree(project / name, other / name)
        report = synced(other, name)
        assert not report.removed
        assert len(report.failed) == 1
        shutil.rmtree(other)
        shutil.rmtree(project / name)


def test_a_folder_that_is_named_like_an_archive_keeps_its_documents_while_it_is_away(home):
    write(home / "parts.jsonl" / "a.md", "The harbour opened.")
    write(home / "parts.jsonl" / "part-0.jsonl", '{"text": "The mayor of Kell resigned."}')
    bring_in(home, "parts.jsonl")
    (home / "parts.jsonl").rename(home / "elsewhere")
    report = synced(home)
    assert not report.removed
    assert report.failed == (("parts.jsonl", "does not exist"),)


def test_a_file_that_is_gone_from_a_folder_named_like_an_archive_does_not_stand_for_the_folder(home):
    write(home / "some.zip" / "a.md", "The harbour opened.")
    write(home / "some.zip" / "nobody asked.md", "This is not ingested.")
    bring_in(home, "some.zip/a.md")
    (home / "some.zip" / "a.md").unlink()
    assert synced(home).removed == ("some.zip/a.md",)
    assert "some.zip/nobody asked.md" not in sources(home)


def test_a_file_of_which_the_system_tells_nothing_is_away(tmp_path):
    assert is_away(tmp_path / ("d" * 300) / "a.md", tmp_path / "index")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_whose_folder_may_not_be_entered_stays(home):
    (home / "notes").chmod(0)
    try:
        report = synced(home)
    finally:
        (home / "notes").chmod(0o755)
    assert not report.removed
    assert [name for name, _ in report.failed] == ["notes/tower.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_not_followed(home):
    (home / "locked").mkdir(mode=0)
    bring_in(home, "locked")
    assert "locked" not in known(home)


def test_without_an_index_there_is_nothing_to_bring_in_step(tmp_path):
    for ask in (sync, places):
        with pytest.raises(IndexMissing):
            ask(tmp_path / "index", config=CONFIG)


def test_a_file_beside_an_index_that_is_reached_through_a_link_is_found_again(tmp_path):
    write(tmp_path / "data" / "mill.md", "The mill of Dor turns.")
    write(tmp_path / "project" / "other.md", "Another text.")
    (tmp_path / "data" / "index").mkdir()
    link = tmp_path / "project" / "index"
    link.symlink_to(tmp_path / "data" / "index")
    ingest([tmp_path / "data" / "mill.md"], link, config=CONFIG, embedder=FakeEmbedder())
    assert sync(link, config=CONFIG, embedder=FakeEmbedder()) == IngestReport(unchanged=("mill.md",))
