"""What an index promises: wholly in or wholly out, one writer, many readers, rebuilt from the library alone."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date

import pytest

from ingest import ingest_documents, rebuild, remove
from rag.app import Assistant
from rag.config import Config, Embedding, Split
from rag.doctor import examine
from rag.errors import (
    ConfigError,
    IndexBusy,
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    StorageFailed,
    UnknownDocument,
)
from rag.indexes import Index
from rag.library import Entry, Library
from rag.types import Document, Filters
from rag.writer import writing
from tests.fakes import FakeEmbedder, RefusingEmbedder

CONFIG = Config()
HARBOUR = Document.of(
    "The harbour of Lund opened in May. Its mayor, Ada Holm, cut the ribbon.",
    title="Harbour", source="harbour.txt", publisher="Coast Post", published=date(2021, 5, 2),
)  # fmt: skip
BRIDGE = Document.of(
    "The bridge of Marn is closed. Engineer Ole Berg found a crack in it.",
    title="Bridge", source="bridge.txt", publisher="Inland News", published=date(2023, 1, 9),
)  # fmt: skip
CHINESE = Document.of("港口于五月开放。市长剪彩。", title="港口", source="port.txt", publisher="海岸报")


@pytest.fixture
def root(tmp_path):
    ingest_documents([HARBOUR, BRIDGE, CHINESE], tmp_path / "index", config=CONFIG, embedder=FakeEmbedder())
    return tmp_path / "index"


def found(root, query, **filters):
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        titles = {document.id: document.title for document in bot.documents()}
        return [titles[hit.passage.doc_id] for hit in bot.search(query, filters=Filters(**filters))]


def healthy(root):
    return [check for check in examine(root, CONFIG) if not check.ok] == []


def entry_of(document, writer):
    """An entry that reuses a stored embedding: enough to take a document half of the way."""
    key = writer.library._rows("SELECT key FROM embeddings")[0][0]
    (passage, _), *_ = writer.library.passages_of([HARBOUR.id])
    return Entry(document, "", (replace(passage, doc_id=document.id),), (key,))


def test_a_document_is_found_by_its_words(root):
    assert found(root, "Who found the crack?")[0] == "Bridge"


def test_a_chinese_question_finds_chinese_text(root):
    assert found(root, "港口什么时候开放？")[0] == "港口"


def test_filters_hold_in_both_legs(root):
    for mode in ("lexical", "dense"):
        config = replace(CONFIG, search=replace(CONFIG.search, mode=mode))
        with Assistant(root, config, embedder=FakeEmbedder()) as bot:
            for filters, titles in (
                (Filters(publishers=("coast post",)), {"Harbour"}),
                (Filters(publishers=("Coast Post", "Inland News")), {"Harbour", "Bridge"}),
                (Filters(languages=("zh",)), {"港口"}),
                (Filters(published_from=date(2021, 5, 2), published_to=date(2021, 5, 2)), {"Harbour"}),
                (Filters(published_from=date(2021, 5, 3)), {"Bridge"}),
                (Filters(publishers=("nobody",)), set()),
                (Filters(documents=(HARBOUR.id, CHINESE.id)), {"Harbour", "港口"}),
                (Filters(documents=(HARBOUR.id,), published_from=date(2021, 5, 3)), set()),
                (Filters(documents=("no document",)), set()),
            ):
                hits = bot.search("harbour bridge crack opened 港口", filters=filters)
                found = {bot.document(hit.passage.doc_id).title for hit in hits}
                assert found == titles or (mode == "lexical" and found <= titles), (mode, filters)


def test_the_trace_adds_up_to_the_score(root):
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        for hit in bot.search("the crack in the bridge"):
            assert hit.score == pytest.approx(sum(trace.contribution for trace in hit.trace))
            assert {trace.stage for trace in hit.trace} <= {"lexical", "dense", "reader", "unread"}


def test_a_removed_document_is_found_no_more(root):
    assert remove(["bridge.txt"], root, config=CONFIG) == ["bridge.txt"]
    assert "Bridge" not in found(root, "Who found the crack in the bridge?")
    assert healthy(root)


def test_removing_what_is_not_there_removes_nothing(root):
    with pytest.raises(UnknownDocument, match="tunnel"):
        remove(["bridge.txt", "tunnel.txt"], root, config=CONFIG)
    assert "Bridge" in found(root, "Who found the crack in the bridge?")


def test_a_changed_document_takes_the_place_of_the_old_one(root):
    changed = Document.of("The bridge of Marn is open again.", title="Bridge", source="bridge.txt")
    report = ingest_documents([changed, HARBOUR], root, config=CONFIG, embedder=FakeEmbedder())
    assert (report.updated, report.unchanged) == (("bridge.txt",), ("harbour.txt",))
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        texts = [hit.passage.text for hit in bot.search("bridge of Marn crack")]
    assert "The bridge of Marn is open again." in texts
    assert not any("crack" in text for text in texts)
    assert healthy(root)


def test_a_document_that_is_half_in_is_not_seen_and_is_cleared_away(root):
    half = replace(BRIDGE, id="half", source="half.txt")
    with writing(root, CONFIG, purpose="test") as writer:
        writer.library.add_pending([entry_of(half, writer)])
        writer._mirror([entry_of(half, writer)], *writer._stores())  # … and here the power fails
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        assert all(hit.passage.doc_id != "half" for hit in bot.search("harbour of Lund opened in May"))
        assert len(bot.documents()) == 3
    assert not healthy(root)
    with writing(root, CONFIG, purpose="test"):
        pass
    assert healthy(root)


def test_a_document_that_is_half_out_is_not_seen_and_is_cleared_away(root):
    with writing(root, CONFIG, purpose="test") as writer:
        writer.library.publish(gone=[BRIDGE.source])  # … and here the power fails
    assert "Bridge" not in found(root, "Who found the crack in the bridge?")
    with writing(root, CONFIG, purpose="test"):
        pass
    assert healthy(root)
    assert "Bridge" not in found(root, "Who found the crack in the bridge?")


def test_a_second_writer_is_told_who_is_writing(root):
    with (
        writing(root, CONFIG, purpose="the first one"),
        pytest.raises(IndexBusy, match="the first one"),
        writing(root, CONFIG, purpose="the second one"),
    ):
        pass


def test_an_open_reader_sees_what_another_process_adds(root, tmp_path):
    (tmp_path / "tower.txt").write_text("The tower of Kell leans by two metres since Monday.", encoding="utf-8")
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        assert not any("tower" in hit.passage.text for hit in bot.search("leaning tower of Kell"))
        code = (
            "import sys; from ingest import ingest; from tests.fakes import FakeEmbedder\n"
            "ingest([sys.argv[1]], sys.argv[2], embedder=FakeEmbedder())"
        )
        subprocess.run([sys.executable, "-c", code, tmp_path / "tower.txt", root], check=True)
        hits = bot.search("leaning tower of Kell")
    assert {trace.stage for trace in hits[0].trace} == {"lexical", "dense", "reader"}
    assert "tower" in hits[0].passage.text


def test_an_open_reader_goes_on_through_a_rebuild(root):
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        before = [hit.passage.id for hit in bot.search("bridge crack")]
        rebuild(root, config=CONFIG, embedder=RefusingEmbedder())
        assert [hit.passage.id for hit in bot.search("bridge crack")] == before


def test_a_rebuild_mends_lost_mirrors_without_embedding(root):
    shutil.rmtree(root / "vectors")
    shutil.rmtree(root / "lexical")
    with pytest.raises(IndexDamaged, match="footnote rebuild"):
        found(root, "bridge")
    assert not healthy(root)
    rebuild(root, config=CONFIG, embedder=RefusingEmbedder())
    assert healthy(root)
    assert found(root, "Who found the crack?")[0] == "Bridge"


def test_an_index_of_another_make_is_refused_until_it_is_rebuilt(root):
    other = replace(CONFIG, split=Split(passage_tokens=12))
    with pytest.raises(IndexMismatch, match=r"sentences-2/200.*sentences-2/12.*footnote rebuild"):
        Index(root, other)
    with pytest.raises(IndexMismatch), writing(root, other, purpose="test"):
        pass
    rebuild(root, config=other, embedder=FakeEmbedder())
    with Assistant(root, other, embedder=FakeEmbedder()) as bot:
        assert bot.index.library.counts()["passages"] > 3
    assert all(check.ok for check in examine(root, other))


def test_another_encoder_is_another_make(root):
    with pytest.raises(IndexMismatch, match=r"all-MiniLM-L6-v2.*my-model"):
        Index(root, replace(CONFIG, embedding=Embedding(model="my-model")))


def test_an_open_reader_does_not_misread_what_was_rebuilt_with_another_encoder(root, monkeypatch):
    class Other(FakeEmbedder):
        fingerprint = "fake-2"

    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        assert bot.search("bridge of Marn")
        with monkeypatch.context() as other:
            other.setattr("rag.indexes.embedding_fingerprint", lambda _: "fake-2")
            rebuild(root, config=CONFIG, embedder=Other())
        with pytest.raises(IndexMismatch, match="fake-2"):
            bot.search("bridge of Marn")
        rebuild(root, config=CONFIG, embedder=FakeEmbedder())
        assert bot.search("bridge of Marn")[0].passage.doc_id == BRIDGE.id


def test_a_missing_index_names_the_command_that_makes_one(tmp_path):
    with pytest.raises(IndexMissing, match="footnote ingest"):
        Index(tmp_path / "nowhere", CONFIG)


@pytest.mark.parametrize("begun", ["a file", "tables"])
def test_an_index_whose_making_was_interrupted_names_the_command_that_makes_it(tmp_path, begun):
    root = tmp_path / "index"
    root.mkdir()
    if begun == "a file":
        (root / "library.db").touch()
    else:
        Library(root / "library.db", writing=True).close()
    with pytest.raises(IndexMissing, match="footnote ingest"):
        Index(root, CONFIG)
    (ill,) = [check for check in examine(root, CONFIG) if not check.ok]
    assert ill.remedy == f"footnote ingest PATH… --index {root}"
    ingest_documents([HARBOUR], root, config=CONFIG, embedder=FakeEmbedder())
    assert healthy(root)


def test_a_file_that_is_no_library_is_named(tmp_path):
    (tmp_path / "library.db").write_bytes(b"this is no database, however long it may be" * 100)
    with pytest.raises(IndexDamaged, match="is not a library"):
        Index(tmp_path, CONFIG)


def test_embeddings_that_nobody_needs_are_dropped(root):
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        assert bot.index.library.counts() == {"documents": 3, "passages": 3, "embeddings": 3}
    remove([BRIDGE.id], root, config=CONFIG)
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        assert bot.index.library.counts() == {"documents": 2, "passages": 2, "embeddings": 2}


def test_the_log_tells_what_came_and_went(root):
    remove(["bridge.txt"], root, config=CONFIG)
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        log = bot.index.library._rows("SELECT action, source FROM log")
    assert log.count(("add", "bridge.txt")) == log.count(("remove", "bridge.txt")) == 1


def test_the_holder_of_the_lock_is_named_only_while_it_writes(root):
    with writing(root, CONFIG, purpose="footnote ingest"):
        assert json.loads((root / "writer.json").read_text())["purpose"] == "footnote ingest"
    assert not (root / "writer.json").exists()


@pytest.mark.slow
def test_readers_of_one_process_all_see_what_another_process_adds(root, tmp_path):
    code = (
        "import sys; from ingest import ingest; from tests.fakes import FakeEmbedder\n"
        "ingest([sys.argv[1]], sys.argv[2], embedder=FakeEmbedder())"
    )
    dense = replace(CONFIG, search=replace(CONFIG.search, mode="dense"))
    with Assistant(root, dense, embedder=FakeEmbedder()) as one, Assistant(root, dense, embedder=FakeEmbedder()) as two:
        for place in ("Kell", "Odby", "Vang"):
            for bot in (one, two):
                bot.search("tower")
            (tmp_path / f"{place}.txt").write_text(f"The tower of {place} leans by two metres.", encoding="utf-8")
            subprocess.run([sys.executable, "-c", code, tmp_path / f"{place}.txt", root], check=True)
            for bot in (one, two):
                assert any(place in hit.passage.text for hit in bot.search(f"leaning tower of {place}"))


def test_what_is_no_mirror_is_left_alone(root):
    (root / "vectors" / "logo").mkdir()
    (root / "vectors" / "logo" / "a.svg").write_text("precious")
    (root / "lexical" / "note.md").write_text("precious")
    with writing(root, CONFIG, purpose="test"):
        pass
    assert (root / "vectors" / "logo" / "a.svg").exists()
    assert (root / "lexical" / "note.md").exists()


def test_no_index_is_made_among_the_files_of_somebody(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(ConfigError, match=r"thesis.txt.*empty folder"):
        ingest_documents([HARBOUR], tmp_path, config=CONFIG, embedder=FakeEmbedder())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_lost_mirror_is_made_anew_by_the_next_writer_and_not_replaced_by_an_empty_one(root):
    shutil.rmtree(root / "vectors")
    new = Document.of("A new text.", title="New", source="new.txt")
    assert ingest_documents([new], root, config=CONFIG, embedder=FakeEmbedder()).added == ("new.txt",)
    assert healthy(root)
    assert found(root, "Who found the crack?")[0] == "Bridge"


def test_a_rebuild_that_ends_early_leaves_the_old_mirrors_and_nothing_else(root):
    half = replace(BRIDGE, id="half", source="half.txt")
    with writing(root, CONFIG, purpose="test") as writer:
        writer.library.add_pending([entry_of(half, writer)])
        writer._mirror([entry_of(half, writer)], *writer._stores())
    with writing(root, CONFIG, purpose="test", any_fingerprint=True) as writer:
        writer.create("0002")  # … and here the power fails
    assert found(root, "Who found the crack?")[0] == "Bridge"
    with writing(root, CONFIG, purpose="test"):
        pass
    assert healthy(root)
    assert not (root / "vectors" / "0002").exists()


def test_removing_nothing_changes_nothing(root):
    with writing(root, CONFIG, purpose="test") as writer:
        before = writer.library.generation
        writer.place()
        assert writer.library.generation == before


def test_the_doctor_is_not_alarmed_by_a_writer_at_work(root):
    half = replace(BRIDGE, id="half", source="half.txt")
    with writing(root, CONFIG, purpose="footnote ingest") as writer:
        writer.library.add_pending([entry_of(half, writer)])
        writer._mirror([entry_of(half, writer)], *writer._stores())
        checks = examine(root, CONFIG)
    assert all(check.ok for check in checks)
    assert any("footnote ingest" in check.detail for check in checks if check.name == "lock")


@pytest.mark.parametrize("part", ["vectors", "lexical"])
def test_what_the_doctor_prescribes_for_a_mirror_mends_it(root, part):
    for path in (root / part).rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    (ill,) = [check for check in examine(root, CONFIG) if not check.ok]
    assert ill.remedy == f"footnote rebuild --index {root}"
    rebuild(root, config=CONFIG, embedder=RefusingEmbedder())
    assert healthy(root)


def test_the_doctor_names_a_damaged_library_and_does_not_prescribe_a_rebuild(root):
    (root / "library.db").write_bytes(b"damaged" * 1000)
    (ill,) = [check for check in examine(root, CONFIG) if not check.ok]
    assert "no longer one" in ill.detail
    assert "rebuild" not in ill.remedy


def test_the_doctor_does_not_prescribe_to_delete_what_could_only_not_be_read(root, monkeypatch):
    def refuse(*_):
        raise StorageFailed("it cannot be read here")

    monkeypatch.setattr("rag.doctor.Index", refuse)
    (check,) = [check for check in examine(root, CONFIG) if check.name == "index"]
    assert (check.ok, check.remedy) == (False, "mend what the message names")
