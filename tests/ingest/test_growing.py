"""Many files and long ones: read ahead in order, embedded and written by parts, and none of it changes the index."""

import pytest

from ingest import ingest, intake, pool, rebuild
from ingest.meter import Meter
from rag import writer
from rag.app import Assistant
from rag.config import Config
from rag.doctor import examine
from rag.library import Library
from tests.fakes import FakeEmbedder

CONFIG = Config()


def text(number, n_sentences=3):
    return " ".join(f"Sentence {at} of report {number} names item {number * at}." for at in range(n_sentences))


def folder_of(tmp_path, texts):
    folder = tmp_path / "reports"
    folder.mkdir(exist_ok=True)
    for name, written in texts.items():
        (folder / name).write_text(written, encoding="utf-8")
    return folder


def bring_in(folder, embedder=None, **more):
    return ingest([folder], folder.parent / "index", config=CONFIG, embedder=embedder or FakeEmbedder(), **more)


def texts_of(root):
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        library = bot.index.library
        return {s: library.document(doc_id).text for s, (doc_id, _) in library.sources().items()}


class Counting(FakeEmbedder):
    def __init__(self):
        super().__init__()
        self.sizes = []

    def embed(self, texts, *, as_query=False):
        self.sizes.append(len(texts))
        return super().embed(texts, as_query=as_query)


def test_a_report_is_in_the_order_of_the_files_however_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "_AHEAD", 4)
    folder = folder_of(tmp_path, {f"{number:02}.txt": text(number) for number in range(20)})
    assert bring_in(folder).added == tuple(f"reports/{number:02}.txt" for number in range(20))
    folder_of(tmp_path, {f"{number:02}.txt": f"{text(number)}\n\n" for number in range(0, 20, 3)})
    report = bring_in(folder)  # some with the same bytes, some with others and the same document
    assert report.unchanged == tuple(f"reports/{number:02}.txt" for number in range(20))


def test_a_file_that_takes_over_what_another_has_just_lost_is_read(tmp_path):
    folder = folder_of(tmp_path, {"a.txt": text(1)})
    bring_in(folder)
    folder_of(tmp_path, {"a.txt": text(2), "b.txt": text(1)})
    report = bring_in(folder)
    assert (report.updated, report.added, report.failed) == (("reports/a.txt",), ("reports/b.txt",), ())
    assert texts_of(tmp_path / "index") == {"reports/a.txt": text(2), "reports/b.txt": text(1)}


def test_a_text_that_breaks_its_reader_stops_nothing(tmp_path, monkeypatch):
    def broken(data, path, *, source):
        if b"item 0" in data:
            raise KeyError("size")
        return read(data, path, source=source)

    read = intake.read_bytes
    monkeypatch.setattr(intake, "read_bytes", broken)
    folder = folder_of(tmp_path, {"a.txt": text(1), "b.txt": "The bridge is closed."})
    report = bring_in(folder)
    assert report.added == ("reports/b.txt",)
    assert report.failed == (("reports/a.txt", "made its reader fail: KeyError: 'size'"),)


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(intake, "_SLICE_PASSAGES", 3)
    monkeypatch.setattr(writer, "_PASSAGES", 3)


@pytest.mark.usefixtures("small_parts")
def test_a_long_document_is_embedded_and_written_by_parts_and_seen_at_once(tmp_path):
    folder, embedder, told = folder_of(tmp_path, {"long.txt": text(7, 200)}), Counting(), []
    bring_in(folder, embedder, progress=lambda *now: told.append(now))
    n_passages = len(embedder.embedded)
    assert n_passages > 6
    assert max(embedder.sizes) == 3
    assert [now[3] for now in told[:3]] == [0, 3, 6]
    assert told[-1] == (1, 1, "", n_passages)
    assert [check for check in examine(tmp_path / "index", CONFIG) if not check.ok] == []
    assert texts_of(tmp_path / "index") == {"reports/long.txt": text(7, 200)}


@pytest.mark.usefixtures("small_parts")
def test_a_rebuild_by_parts_finds_what_was_found_before(tmp_path):
    root = tmp_path / "index"
    bring_in(folder_of(tmp_path, {f"{number}.txt": text(number, 40) for number in range(5)}))

    def found(config):
        with Assistant(root, config, embedder=FakeEmbedder()) as bot:
            return {hit.passage.id: hit.score for hit in bot.search("sentence 3 of report 2")}

    before = found(CONFIG)
    rebuild(root, config=CONFIG, embedder=FakeEmbedder())
    assert found(CONFIG) == pytest.approx(before, rel=0.01)  # BM25 counts words by segment, nearly
    smaller = Config.load({"split.passage_tokens": 50})
    rebuild(root, config=smaller, embedder=FakeEmbedder())
    assert [check for check in examine(root, smaller) if not check.ok] == []
    assert len(found(smaller)) >= len(before)


def test_a_rebuild_that_is_broken_off_changes_nothing(tmp_path):
    class Failing(FakeEmbedder):
        def embed(self, texts, *, as_query=False):  # noqa: ARG002 (as every embedder)
            raise KeyboardInterrupt

    root = tmp_path / "index"
    bring_in(folder_of(tmp_path, {"a.txt": text(1)}))
    with pytest.raises(KeyboardInterrupt):
        rebuild(root, config=Config.load({"split.passage_tokens": 9}), embedder=Failing())
    assert [check for check in examine(root, CONFIG) if not check.ok] == []
    assert texts_of(root) == {"reports/a.txt": text(1)}


def test_a_meter_tells_files_as_their_turn_comes_and_passages_as_they_are_embedded():
    told = []
    meter = Meter(lambda *now: told.append(now), 2)
    meter.reach(0, "a.zip/1")
    meter.reach(0, "a.zip/2")
    meter.reach(1, "b")
    meter.embed(5)
    meter.end()
    files = [(0, 2, "a.zip/1", 0), (0, 2, "a.zip/2", 0), (1, 2, "b", 0)]
    assert told == [*files, (1, 2, "b", 5), (2, 2, "", 5)]


@pytest.mark.slow
def test_pages_are_read_in_other_processes_and_keep_their_order(tmp_path):
    page = (
        "<html><head><title>Marn</title></head><body><article><p>The bridge is closed. It is old.</p></article></body>"
    )
    pages = {f"{number}.html": page.replace("old", f"{number} years old") for number in range(4)}
    folder = folder_of(tmp_path, {**pages, "deep.html": "<div>" * 200_000, "note.txt": text(1)})
    report = bring_in(folder)
    assert report.added == (*(f"reports/{number}.html" for number in range(4)), "reports/note.txt")
    assert [name for name, _ in report.failed] == ["reports/deep.html"]


def test_looking_up_by_id_costs_no_more_in_a_large_library(tmp_path):
    def steps_of(n_documents):
        folder = tmp_path / str(n_documents) / "reports"
        folder.mkdir(parents=True)
        for number in range(n_documents):
            (folder / f"{number:04}.txt").write_text(text(number), encoding="utf-8")
        bring_in(folder)
        library = Library(folder.parent / "index" / "library.db")
        (doc_id,) = library.ids_of(["reports/0003.txt"]).values()
        ids = [passage.id for passage, _ in library.passages_of([doc_id])] * 20
        steps = [0]
        library._db.set_progress_handler(lambda: steps.append(1), 1)  # called with each step of SQLite's machine
        assert library.passages(ids)
        assert library.titles([doc_id] * 20)
        assert library.some_documents([doc_id] * 20)
        library._db.set_progress_handler(None, 1)
        library.close()
        return len(steps)

    assert steps_of(300) < 1.5 * steps_of(10)
