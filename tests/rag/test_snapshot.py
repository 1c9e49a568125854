"""Snapshots of an index, also while it is asked and written; and indexes that other versions made."""

import json
import sqlite3
import threading
from contextlib import closing
from datetime import date

import pytest

from ingest import ingest_documents, rebuild, remove
from rag.app import Assistant
from rag.config import Config
from rag.doctor import examine
from rag.errors import ConfigError, IndexBusy, IndexDamaged, IndexMismatch, IndexMissing, StorageFailed
from rag.library import Library
from rag.snapshot import restore, snapshot
from rag.types import Document
from rag.writer import writing
from tests.fakes import FakeEmbedder, RefusingEmbedder

CONFIG = Config()
HARBOUR = Document.of("The harbour of Lund opened in May.", title="Harbour", source="a.txt", published=date(2021, 5, 2))
BRIDGE = Document.of("The bridge of Marn is closed.", title="Bridge", source="b.txt", publisher="Coast Post")
TOWER = Document.of("The tower of Kell leans.", title="Tower", source="c.txt")


@pytest.fixture
def root(tmp_path):
    put(tmp_path / "index", HARBOUR, BRIDGE)
    return tmp_path / "index"


def put(root, *documents):
    return ingest_documents(documents, root, config=CONFIG, embedder=FakeEmbedder())


def documents(root):
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        assert set(bot.index.differences().values()) == {(0, 0)}
        return bot.documents()


def found(root, words):
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        return [hit.passage.doc_id for hit in bot.search(words)]


def healthy(root):
    return all(check.ok for check in examine(root, CONFIG) if check.name in {"index", "library", "mirrors"})


def test_what_was_removed_and_added_since_a_snapshot_is_undone_by_restoring_it(root, tmp_path):
    snapshot(root, tmp_path / "copy")
    remove([BRIDGE.id], root, config=CONFIG)
    put(root, TOWER)
    restore(tmp_path / "copy", root, config=CONFIG)
    assert documents(root) == [HARBOUR, BRIDGE]
    assert found(root, "bridge of Marn")[0] == BRIDGE.id
    assert healthy(root)
    assert not list(root.glob("incoming*"))


def test_a_snapshot_makes_an_index_where_there_is_none(root, tmp_path):
    snapshot(root, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "elsewhere" / "index", config=CONFIG)
    assert documents(tmp_path / "elsewhere" / "index") == [HARBOUR, BRIDGE]
    assert put(tmp_path / "elsewhere" / "index", BRIDGE).unchanged == ("b.txt",)


def test_a_reader_goes_on_while_the_index_is_copied_and_restored(root, tmp_path):
    wrong, stop = [], threading.Event()

    def ask():
        with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
            while not stop.is_set():
                if bot.search("bridge of Marn")[0].passage.doc_id != BRIDGE.id:
                    wrong.append("another document")

    def asking():
        try:
            ask()
        except Exception as error:  # noqa: BLE001
            wrong.append(error)

    reader = threading.Thread(target=asking)
    reader.start()
    try:
        for number in range(5):
            snapshot(root, tmp_path / f"copy-{number}")
            put(root, TOWER)
            restore(tmp_path / f"copy-{number}", root, config=CONFIG)
    finally:
        stop.set()
        reader.join()
    assert not wrong


def test_a_snapshot_of_an_index_that_is_being_written_has_whole_documents_only(root, tmp_path):
    with writing(root, CONFIG, purpose="test") as writer:
        (entry,) = [entry for entry in writer.library.entries() if entry.document == BRIDGE]
        half = Document.of("Half a text.", title="Half", source="half.txt")
        writer.library.add_pending([type(entry)(half, "", (), ())])
        snapshot(root, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "other", config=CONFIG)
    assert documents(tmp_path / "other") == [HARBOUR, BRIDGE]
    assert healthy(tmp_path / "other")


def test_a_file_that_is_there_is_never_written_over(root, tmp_path):
    (tmp_path / "copy").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="is there already"):
        snapshot(root, tmp_path / "copy")
    assert (tmp_path / "copy").read_text(encoding="utf-8") == "mine"
    with pytest.raises(IndexMissing):
        snapshot(tmp_path / "none", tmp_path / "other")


@pytest.mark.parametrize("content", [b"", b"not a library" * 100])
def test_what_is_no_snapshot_changes_nothing(root, tmp_path, content):
    (tmp_path / "wrong").write_bytes(content)
    with pytest.raises(IndexDamaged, match="no snapshot"):
        restore(tmp_path / "wrong", root, config=CONFIG)
    with pytest.raises(IndexDamaged, match="no snapshot"):
        restore(tmp_path / "wrong", tmp_path / "new", config=CONFIG)
    assert not (tmp_path / "new").exists()
    assert documents(root) == [HARBOUR, BRIDGE]


def test_a_damaged_snapshot_changes_nothing(root, tmp_path):
    snapshot(root, tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy")) as db:
        db.execute("DELETE FROM embeddings")
        db.commit()
    with pytest.raises(IndexDamaged, match="passages without an embedding"):
        restore(tmp_path / "copy", root, config=CONFIG)
    assert documents(root) == [HARBOUR, BRIDGE]
    assert not list(root.glob("incoming*"))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE meta SET value = '[]' WHERE key = 'fingerprint'",
        "UPDATE meta SET value = '{' WHERE key = 'fingerprint'",
        "UPDATE documents SET published = 'yesterday'",
        "UPDATE documents SET pages = 'many'",
    ],
)
def test_a_snapshot_whose_rows_make_no_sense_is_named_and_changes_nothing(root, tmp_path, change):
    snapshot(root, tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy")) as db:
        db.execute(change)
        db.commit()
    with pytest.raises(IndexDamaged, match="copy is"):
        restore(tmp_path / "copy", root, config=CONFIG)
    assert documents(root) == [HARBOUR, BRIDGE]
    assert healthy(root)


@pytest.fixture
def spoilt(root):
    """Return an index, of whose library some pages are no longer what they were."""
    put(root, *(Document.of(f"Mill {n} is in Marn. " * 50, title=f"Mill {n}", source=f"{n}.txt") for n in range(30)))
    with (root / "library.db").open("rb+") as file:
        file.seek(25 * 4096)
        file.write(b"spoilt" * 2000)
    return root


def test_of_a_damaged_library_no_snapshot_is_kept(spoilt, tmp_path):
    with pytest.raises(IndexDamaged):
        snapshot(spoilt, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == [spoilt]


def test_a_snapshot_with_damaged_pages_is_not_restored_and_nobody_is_told_to_delete_the_library(spoilt, tmp_path):
    put(tmp_path / "other", TOWER)
    with pytest.raises(IndexDamaged, match="Restore another snapshot; nothing changed") as error:
        restore(spoilt / "library.db", tmp_path / "other", config=CONFIG)
    assert "delete" not in str(error.value)
    assert documents(tmp_path / "other") == [TOWER]


def test_of_a_snapshot_only_the_tables_of_a_library_are_taken(root, tmp_path):
    snapshot(root, tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy")) as db:
        db.execute('CREATE TABLE "documents WHERE 1" (a)')
    restore(tmp_path / "copy", root, config=CONFIG)
    assert documents(root) == [HARBOUR, BRIDGE]


def test_a_snapshot_that_cannot_be_written_is_named_and_not_the_library(root, tmp_path):
    with pytest.raises(StorageFailed, match=r"none/copy could not be written: No such file"):
        snapshot(root, tmp_path / "none" / "copy")


def test_a_snapshot_is_not_restored_under_other_settings_or_a_writer(root, tmp_path):
    snapshot(root, tmp_path / "copy")
    with pytest.raises(IndexMismatch, match="footnote rebuild"):
        restore(tmp_path / "copy", root, config=Config.load({"split.passage_tokens": 50}))
    with writing(root, CONFIG, purpose="test"), pytest.raises(IndexBusy):
        restore(tmp_path / "copy", root, config=CONFIG)


_SECOND = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, title TEXT NOT NULL, publisher TEXT, author TEXT, published TEXT,
    language TEXT NOT NULL, url TEXT, text TEXT NOT NULL, pages TEXT NOT NULL, file_hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'visible', 'removing')));
CREATE UNIQUE INDEX visible_source ON documents (source) WHERE state = 'visible';
CREATE TABLE passages (
    id TEXT PRIMARY KEY, doc_id TEXT NOT NULL REFERENCES documents (id), start INTEGER NOT NULL, end INTEGER NOT NULL,
    heading TEXT NOT NULL, embedding_key TEXT NOT NULL);
CREATE INDEX passages_of ON passages (doc_id);
CREATE INDEX passages_with ON passages (embedding_key);
CREATE TABLE embeddings (key TEXT PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE log (at TEXT NOT NULL, action TEXT NOT NULL, source TEXT NOT NULL, detail TEXT NOT NULL);
"""


@pytest.fixture
def second(root):
    """Make the index one of the second schema: ids that covered the source, and a document half in."""
    library = Library(root / "library.db")
    entries, meta = list(library.entries()), {key: library.meta(key) for key in ("mirror", "fingerprint", "generation")}
    vectors = library.vectors([key for entry in entries for key in entry.embedding_keys])
    library.close()
    for name in ("library.db", "library.db-wal", "library.db-shm"):
        (root / name).unlink(missing_ok=True)
    meta["fingerprint"] = json.dumps(json.loads(meta["fingerprint"]) | {"schema": "library-2"})
    with closing(sqlite3.connect(root / "library.db")) as db:
        db.executescript(f"PRAGMA journal_mode = WAL; {_SECOND}")
        db.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        db.executemany("INSERT INTO embeddings VALUES (?, ?)", [(key, v.tobytes()) for key, v in vectors.items()])
        for source, entry, state in (
            ("a.txt", entries[0], "visible"),
            ("b.txt", entries[1], "visible"),
            ("copy of b.txt", entries[1], "visible"),
            ("half.txt", entries[1], "pending"),
        ):
            d = entry.document
            day = d.published.isoformat() if d.published else None
            row = (f"old-{source}", source, d.title, d.publisher, None, day, "en", None, d.text, "[]", "hash", state)
            db.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            db.execute("INSERT INTO log VALUES ('2026-01-01T00:00:00+00:00', 'add', ?, ?)", (source, f"old-{source}"))
            for p, key in zip(entry.passages, entry.embedding_keys, strict=True):
                row = (f"old-{source}:{p.start}-{p.end}", f"old-{source}", p.start, p.end, p.heading, key)
                db.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", row)
        db.commit()
    return root


def test_an_index_of_an_older_version_is_refused_with_the_command_that_mends_it(second):
    for use in (lambda: Assistant(second, CONFIG, embedder=FakeEmbedder()), lambda: put(second, TOWER)):
        with pytest.raises(IndexMismatch, match="footnote rebuild"):
            use()


def test_a_rebuild_brings_an_index_of_an_older_version_to_this_one(second):
    rebuild(second, config=CONFIG, embedder=RefusingEmbedder())
    assert documents(second) == [HARBOUR, BRIDGE]
    assert found(second, "bridge of Marn")[0] == BRIDGE.id
    library = Library(second / "library.db")
    assert library.places([BRIDGE.id]) == {BRIDGE.id: ("b.txt", "copy of b.txt")}
    assert all(row[-1] for row in library.listing())  # when each was added is still known
    library.close()
    assert healthy(second)


def test_a_snapshot_of_an_older_version_is_restored(second, tmp_path):
    snapshot(second, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "new", config=CONFIG)
    assert documents(tmp_path / "new") == [HARBOUR, BRIDGE]


def test_an_index_of_a_newer_version_is_refused_and_stays_as_it_is(root):
    with writing(root, CONFIG, purpose="test") as writer:
        newer = json.loads(writer.library.meta("fingerprint")) | {"schema": "library-4", "reranker": "x"}
        writer.library.set_meta({"fingerprint": json.dumps(newer)})
    before = (root / "library.db").read_bytes()
    for use in (
        lambda: Assistant(root, CONFIG, embedder=FakeEmbedder()),
        lambda: put(root, TOWER),
        lambda: rebuild(root, config=CONFIG, embedder=RefusingEmbedder()),
    ):
        with pytest.raises(IndexMismatch, match="Update Footnote"):
            use()
    assert (root / "library.db").read_bytes() == before
