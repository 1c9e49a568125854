"""One document at several places, and files that move: what an index knows of them, in whatever order they come."""

import random
from pathlib import Path

import pytest

from ingest import IngestReport, ingest, ingest_documents, intake, remove
from rag.app import Assistant
from rag.config import Config
from rag.doctor import examine
from rag.errors import DocumentError, UnknownDocument
from rag.library import Library
from rag.types import Document
from tests.fakes import FakeEmbedder, RefusingEmbedder

CONFIG = Config()
TEXTS = [f"The bridge of {place} was closed in {year}." for place, year in (("Marn", 1999), ("Kell", 2004), ("Dor", 7))]


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "reports"
    home.mkdir()
    (home / "bridge.md").write_text(TEXTS[0], encoding="utf-8")
    (home / "tower.md").write_text("# The tower\n\nThe tower of Kell leans.\n", encoding="utf-8")
    return home


def bring_in(folder, embedder=None):
    return ingest([folder], folder.parent / "index", config=CONFIG, embedder=embedder or FakeEmbedder())


def content(root):
    """What an index holds: the text at each place, and whether its stores agree."""
    library = Library(root / "library.db")
    try:
        texts = {document.id: document.text for document in library.documents()}
        found = {source: texts[doc_id] for source, (doc_id, _) in library.sources().items()}
        assert not library.hidden()
        assert not library.problems()
    finally:
        library.close()
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        assert set(bot.index.differences().values()) == {(0, 0)}
    return found


def test_a_copy_of_a_file_is_one_document_at_two_places(folder):
    bring_in(folder)
    (folder / "copy of bridge.md").write_text(TEXTS[0], encoding="utf-8")
    assert bring_in(folder, RefusingEmbedder()).added == ("reports/copy of bridge.md",)
    with Assistant(folder.parent / "index", CONFIG, embedder=FakeEmbedder()) as bot:
        bridge, _ = bot.documents()
        places = bot.index.library.places([bridge.id])
    assert places == {bridge.id: ("reports/bridge.md", "reports/copy of bridge.md")}
    assert bridge.source == "reports/bridge.md"
    assert len(bring_in(folder, RefusingEmbedder()).unchanged) == 3


def test_two_copies_that_come_together_are_one_document(folder):
    (folder / "a.md").write_text(TEXTS[0], encoding="utf-8")
    assert len(bring_in(folder).added) == 3
    with Assistant(folder.parent / "index", CONFIG, embedder=FakeEmbedder()) as bot:
        assert [document.title for document in bot.documents()] == ["a", "The tower"]


def test_a_document_stays_for_as_long_as_it_has_a_place(folder):
    root = folder.parent / "index"
    (folder / "copy.md").write_text(TEXTS[0], encoding="utf-8")
    bring_in(folder)
    (folder / "bridge.md").unlink()
    assert bring_in(folder, RefusingEmbedder()).removed == ("reports/bridge.md",)
    assert content(root)["reports/copy.md"] == TEXTS[0]
    (folder / "copy.md").unlink()
    bring_in(folder)
    assert list(content(root)) == ["reports/tower.md"]


def test_a_file_that_was_moved_is_renamed_and_its_document_stays(folder):
    bring_in(folder)
    with Assistant(folder.parent / "index", CONFIG, embedder=FakeEmbedder()) as bot:
        before = {document.title: document.id for document in bot.documents()}
    (folder / "old").mkdir()
    (folder / "tower.md").rename(folder / "old" / "kell.md")
    assert bring_in(folder, RefusingEmbedder()) == IngestReport(
        unchanged=("reports/bridge.md",), renamed=(("reports/tower.md", "reports/old/kell.md"),)
    )
    with Assistant(folder.parent / "index", CONFIG, embedder=FakeEmbedder()) as bot:
        assert {document.title: document.id for document in bot.documents()} == before


def test_a_title_that_is_the_name_of_the_file_follows_it(folder):
    bring_in(folder)
    (folder / "bridge.md").rename(folder / "marn.md")
    assert bring_in(folder).renamed == (("reports/bridge.md", "reports/marn.md"),)
    with Assistant(folder.parent / "index", CONFIG, embedder=FakeEmbedder()) as bot:
        assert [document.title for document in bot.documents()] == ["marn", "The tower"]


def test_a_file_that_was_renamed_and_cannot_be_read_just_now_keeps_its_document(folder, monkeypatch):
    bring_in(folder)
    (folder / "bridge.md").rename(folder / "marn.md")
    monkeypatch.setattr(intake, "read_bytes", busy)
    assert bring_in(folder).renamed == (("reports/bridge.md", "reports/marn.md"),)


def busy(_data, _path, *, source):
    raise DocumentError(f"took longer than 20 s to read: {source}")


def test_files_that_change_names_with_each_other_keep_their_documents(folder):
    (folder / "b.md").write_text("# B\n\nThe text of B.\n", encoding="utf-8")
    bring_in(folder)
    (folder / "b.md").rename(folder / "x")
    (folder / "tower.md").rename(folder / "b.md")
    (folder / "x").rename(folder / "tower.md")
    assert bring_in(folder, RefusingEmbedder()).updated == ("reports/b.md", "reports/tower.md")
    assert "leans" in content(folder.parent / "index")["reports/b.md"]


def test_one_place_of_a_document_is_removed_by_its_source_and_all_by_its_id(folder):
    root = folder.parent / "index"
    for name in ("a.md", "b.md"):
        (folder / name).write_text(TEXTS[0], encoding="utf-8")
    bring_in(folder)
    assert remove(["reports/a.md"], root, config=CONFIG) == ["reports/a.md"]
    library = Library(root / "library.db")
    doc_id = library.ids_of(["reports/b.md"])["reports/b.md"]
    library.close()
    assert sorted(remove([doc_id], root, config=CONFIG)) == ["reports/b.md", "reports/bridge.md"]
    with pytest.raises(UnknownDocument):
        remove(["reports/a.md"], root, config=CONFIG)


def test_the_same_document_of_two_sources_is_kept_once(tmp_path):
    documents = [Document.of(TEXTS[0], title="T", source=source) for source in ("b", "a")]
    report = ingest_documents(documents, tmp_path / "index", config=CONFIG, embedder=FakeEmbedder())
    assert report.added == ("b", "a")
    with Assistant(tmp_path / "index", CONFIG, embedder=FakeEmbedder()) as bot:
        assert [document.source for document in bot.documents()] == ["a"]


@pytest.mark.parametrize("seed", range(6))
def test_however_files_come_go_and_change_the_index_is_as_one_made_anew(tmp_path, monkeypatch, seed):
    """Three texts under four names: copies, swaps and moves in every order, each document in a step of its own."""
    monkeypatch.setattr(intake, "_STEP_PASSAGES", 1)
    dice = random.Random(seed)  # noqa: S311
    home, root = tmp_path / "home", tmp_path / "index"
    home.mkdir()
    (home / ".keep").touch()  # of a folder that is wholly empty nothing is dropped
    for _ in range(8):
        for name in ("a.md", "b.md", "c.md", "d.md"):
            if dice.random() < 0.3:
                (home / name).unlink(missing_ok=True)
            elif dice.random() < 0.6:
                (home / name).write_text(dice.choice(TEXTS), encoding="utf-8")
        report = ingest([home], root, config=CONFIG, embedder=FakeEmbedder())
        assert not report.failed
        assert content(root) == {f"home/{path.name}": path.read_text(encoding="utf-8") for path in home.glob("*.md")}
    assert all(check.ok for check in examine(Path(root), CONFIG) if check.name in {"library", "mirrors"})
