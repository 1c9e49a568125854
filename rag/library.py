"""`library.db`: the documents of an index, their places, passages and embeddings, and the log. The only truth.

A place is a source at which a document was found; it may stand at several. A document is `pending` while it may be
missing in the mirrors, `visible` for as long as it has a place, and `removing` while it may still lie in the mirrors.
Only the transaction that moves documents between states changes what readers see, and moves the generation number.
This module knows nothing of the mirrors, of models, or of files other than its own.
"""

# long: every statement of SQL stands here, but those of rag/grouping.py
from __future__ import annotations

import json
import os
import sqlite3
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np

from rag import grouping, migrate
from rag.errors import IndexDamaged, StorageFailed, UnknownDocument
from rag.stories import sketch
from rag.types import Document, Passage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SCHEMA = "library-3"
# The same for SQLite, which keeps it in the file's header; libraries before the third have 0 there.
_VERSION = 3

# The text of a document stands last, so that whoever goes through all documents need not read past it.
_TABLES = f"""
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ('pending', 'visible', 'removing')),
    title TEXT NOT NULL, publisher TEXT, author TEXT, published TEXT, language TEXT NOT NULL, url TEXT,
    pages TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS hidden ON documents (state) WHERE state != 'visible';
CREATE TABLE IF NOT EXISTS places (
    source TEXT PRIMARY KEY, doc_id TEXT NOT NULL REFERENCES documents (id), file_hash TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS places_of ON places (doc_id, source);
CREATE TABLE IF NOT EXISTS passages (
    id TEXT PRIMARY KEY, doc_id TEXT NOT NULL REFERENCES documents (id), start INTEGER NOT NULL, end INTEGER NOT NULL,
    heading TEXT NOT NULL, embedding_key TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS passages_of ON passages (doc_id);
CREATE INDEX IF NOT EXISTS passages_with ON passages (embedding_key);
CREATE TABLE IF NOT EXISTS embeddings (key TEXT PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS followed (folder TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (at TEXT NOT NULL, action TEXT NOT NULL, source TEXT NOT NULL, detail TEXT NOT NULL);
{grouping.TABLES}
PRAGMA user_version = {_VERSION};
"""
_SOURCE = "(SELECT min(source) FROM places WHERE doc_id = d.id)"
_DOCUMENT = f"d.id, {_SOURCE}, d.title, d.publisher, d.author, d.published, d.language, d.url, d.text, d.pages"
# SQLite's substr counts characters, as Python does.
_PASSAGE = "p.doc_id, p.start, p.end, substr(d.text, p.start + 1, p.end - p.start), p.heading"
# SQLite's own limit of host parameters in a statement is 32,766; small batches also keep readers waiting less.
_BATCH = 500
# How long a statement waits for another process's transaction; ours take milliseconds.
_PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """A document on its way into the library: its passages, and for each the key of its embedding, in order.

    `file_hash` is that of the file at `document.source`, its first place.
    """

    document: Document
    file_hash: str
    passages: tuple[Passage, ...]
    embedding_keys: tuple[str, ...]


class Library:
    """One open `library.db`. Safe to use from several threads; writing is for the holder of the lock only."""

    def __init__(self, path: Path, *, writing: bool = False) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._frozen: tuple[int, ...] | None = None
        with self._explained():
            if not writing:
                self._open_to_read()
            else:
                self._db = _connect(path, "mode=rwc")
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                if not self._has("meta"):
                    self._db.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")

    def _open_to_read(self) -> None:
        """Open the file as it is, also in a folder in which nothing can be made.

        A reader of a WAL database makes two files beside it. Where it cannot, for want of permission or of space,
        `immutable` lets SQLite do without them, and without locks: that is sound while nobody writes, so `_rows` looks
        before and after whether somebody did.
        """
        self._frozen = None
        self._db = _connect(self._path, "mode=ro")
        try:
            self._db.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            self._db.close()
            is_full = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
            if os.access(self._path.parent, os.W_OK) and not is_full:
                raise
            self._frozen = _state(self._path)
            if self._frozen[-1]:
                raise StorageFailed(
                    f"{self._path} was not closed by its last writer, and nothing can be written here to mend that. "
                    "Open it once where it can be, with footnote rebuild, or copy the whole folder to such a place."
                ) from error
            self._db = _connect(self._path, "mode=ro&immutable=1")

    def _is_thawed(self) -> bool:
        """Open a file anew that was taken to be at rest, and tell whether that was needed."""
        if self._frozen is None or self._frozen == _state(self._path):
            return False
        self._db.close()
        self._open_to_read()
        return True

    def close(self) -> None:
        """Close the file; the library cannot be used afterwards."""
        with self._lock:
            self._db.close()

    def update_schema(self) -> None:
        """Bring a library that an older version made to the present schema, in one step; others stay as they are."""
        if self._rows("PRAGMA user_version") == [(0,)]:
            with self._transaction() as db:
                migrate.from_second(db, tables=_TABLES)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say of an error of SQLite what it means for the index."""
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise IndexDamaged(
                    f"{self._path} is not a library, or no longer one ({error}). "
                    "Put back a copy of it, or delete library.db, vectors and lexical beside it and ingest again."
                ) from error
            raise StorageFailed(
                f"{self._path} could not be read or written: {error}. What was there is kept."
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        with self._lock, self._explained():
            while True:
                self._is_thawed()
                try:
                    rows = self._db.execute(sql, values).fetchall()
                except sqlite3.Error:
                    if not self._is_thawed():
                        raise
                else:
                    if not self._is_thawed():
                        return rows

    def _rows_in(self, sql: str, keys: Sequence[str]) -> Iterator[tuple]:  # type: ignore[type-arg]
        """Run a statement with `IN ({})` for any number of keys."""
        for first in range(0, len(keys), _BATCH):
            part = keys[first : first + _BATCH]
            yield from self._rows(sql.format(",".join("?" * len(part))), part)

    def _has(self, table: str) -> bool:
        return bool(self._rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)))

    def meta(self, key: str, default: str = "") -> str:
        """Return a stored value, or the default."""
        if not self._has("meta"):
            return default  # its first writer has not come that far
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else default

    @property
    def generation(self) -> int:
        """The number that moves with every change of what readers see."""
        return int(self.meta("generation", "0"))

    def documents(self, doc_ids: Sequence[str] | None = None) -> Iterator[Document]:
        """Yield visible documents: all, by source, or those of the ids."""
        ids = doc_ids
        if ids is None:
            rows = self._rows("SELECT doc_id FROM places GROUP BY doc_id ORDER BY min(source)")
            ids = [row[0] for row in rows]
        for part in (ids[first : first + _BATCH] for first in range(0, len(ids), _BATCH)):
            found = self.some_documents(part)
            yield from (found[doc_id] for doc_id in part if doc_id in found)

    def hidden(self) -> list[str]:
        """Return the ids of documents that no reader sees: half in or half out."""
        return [key for (key,) in self._rows("SELECT id FROM documents WHERE state != 'visible'")]

    def document(self, doc_id: str) -> Document:
        """Return a visible document.

        Raises:
            UnknownDocument: no visible document has this id.
        """
        found = self.some_documents([doc_id])
        if doc_id in found:
            return found[doc_id]
        raise UnknownDocument(f"there is no document {doc_id!r}; `footnote list` shows those that are there.")

    def some_documents(self, ids: Iterable[str]) -> dict[str, Document]:
        """Return those of the documents that are visible, by id."""
        sql = f"SELECT {_DOCUMENT} FROM documents d WHERE d.state = 'visible' AND d.id IN ({{}})"  # noqa: S608
        return {row[0]: _document(row) for row in self._rows_in(sql, sorted(ids))}

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Return those of the passages that belong to visible documents, by id."""
        sql = f"SELECT {_PASSAGE} FROM passages p JOIN documents d ON d.id = p.doc_id WHERE d.state = 'visible' AND p.id IN ({{}})"  # noqa: S608, E501
        found = (Passage(*row) for row in self._rows_in(sql, ids))
        return {passage.id: passage for passage in found}

    def titles(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the titles of those of the documents that are visible, by id."""
        sql = "SELECT d.id, d.title FROM documents d WHERE d.state = 'visible' AND d.id IN ({})"
        return dict(self._rows_in(sql, sorted(ids)))

    def ids_of(self, sources: Sequence[str]) -> dict[str, str]:
        """Return the ids of the documents at those of the places that have one, by source."""
        return dict(self._rows_in("SELECT source, doc_id FROM places WHERE source IN ({})", sources))

    def sources(self) -> dict[str, tuple[str, str]]:
        """Return the id of the document and the file hash of each place, by source."""
        rows = self._rows("SELECT source, doc_id, file_hash FROM places")
        return {source: (doc_id, file_hash) for source, doc_id, file_hash in rows}

    def places(self, doc_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the sources at which visible documents stand, in order, by id."""
        sql = "SELECT doc_id, source FROM places WHERE doc_id IN ({}) ORDER BY source"
        found: dict[str, tuple[str, ...]] = {}
        for doc_id, source in self._rows_in(sql, sorted(doc_ids)):
            found[doc_id] = (*found.get(doc_id, ()), source)
        return found

    def stories(self, doc_ids: Iterable[str]) -> dict[str, str]:
        """Return the stories that documents tell, by id: two of the same name tell one."""
        sql = "SELECT doc_id, story FROM sketches WHERE story IS NOT NULL AND doc_id IN ({})"
        return dict(self._rows_in(sql, sorted(doc_ids)))

    def tellers(self, story: str, limit: int) -> list[str]:
        """Return the ids of visible documents that tell a story, by day and then publisher, at most so many."""
        sql = """SELECT d.id FROM sketches s JOIN documents d ON d.id = s.doc_id WHERE s.story = ?
                 AND d.state = 'visible' ORDER BY d.published IS NULL, d.published, d.publisher, d.id LIMIT ?"""
        return [doc_id for (doc_id,) in self._rows(sql, (story, limit))]

    def origins(self) -> list[tuple[str, str | None, str | None, str | None, str]]:
        """Return id, publisher, author, day (as ISO) and language of each visible document."""
        return self._rows("SELECT id, publisher, author, published, language FROM documents WHERE state = 'visible'")

    def listing(self) -> list[tuple[str, str, str, str | None, str | None, str | None, int, str | None]]:
        """Return id, sources, title, publisher, day (as ISO), language, number of passages and when it was added.

        The sources are a JSON list, in order. One row for each visible document, in no order; no text is read.
        """
        return self._rows("""
            SELECT d.id, s.sources, d.title, d.publisher, d.published, d.language, coalesce(p.n, 0), l.at
            FROM documents d
            JOIN (SELECT doc_id, json_group_array(source) AS sources FROM (SELECT * FROM places ORDER BY source)
                  GROUP BY doc_id) s ON s.doc_id = d.id
            LEFT JOIN (SELECT doc_id, count(*) AS n FROM passages GROUP BY doc_id) p ON p.doc_id = d.id
            LEFT JOIN (SELECT detail, max(at) AS at FROM log WHERE action = 'add' GROUP BY detail) l ON l.detail = d.id
            WHERE d.state = 'visible'""")

    def counts(self) -> dict[str, int]:
        """Return how many documents and passages are visible, and how many embeddings are kept."""
        sql = """SELECT (SELECT count(*) FROM documents WHERE state = 'visible'),
                 (SELECT count(*) FROM passages p JOIN documents d ON d.id = p.doc_id WHERE d.state = 'visible'),
                 (SELECT count(*) FROM embeddings)"""
        return dict(zip(("documents", "passages", "embeddings"), self._rows(sql)[0], strict=True))

    def passage_ids(self, *, hidden: bool = False) -> set[str]:
        """Return the ids of all passages of visible documents, or of hidden ones."""
        sql = "SELECT p.id FROM passages p JOIN documents d ON d.id = p.doc_id WHERE (d.state != 'visible') = ?"
        return {key for (key,) in self._rows(sql, (hidden,))}

    def passages_of(self, doc_ids: Sequence[str]) -> Iterator[tuple[Passage, str]]:
        """Yield every passage of these documents, of whatever state, with its embedding key, in order of place."""
        sql = f"SELECT {_PASSAGE}, p.embedding_key FROM passages p JOIN documents d ON d.id = p.doc_id WHERE p.doc_id IN ({{}}) ORDER BY p.doc_id, p.start"  # noqa: S608, E501
        for *row, key in self._rows_in(sql, doc_ids):
            yield Passage(*row), key

    def entries(self, doc_ids: Sequence[str] | None = None) -> Iterator[Entry]:
        """Yield visible documents, all of them or those of the ids, with their passages as they stand here."""
        for document in self.documents(doc_ids):
            passages = list(self.passages_of([document.id]))
            yield Entry(document, "", tuple(passage for passage, _ in passages), tuple(key for _, key in passages))

    def vectors(self, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the embeddings that are kept under these keys."""
        sql = "SELECT key, vector FROM embeddings WHERE key IN ({})"
        return {key: np.frombuffer(blob, np.float32) for key, blob in self._rows_in(sql, keys)}

    def problems(self) -> list[str]:
        """Return what SQLite's own check and the references of the tables find wrong; empty when all is well."""
        found = [row[0] for row in self._rows("PRAGMA integrity_check") if row[0] != "ok"]
        seen = "SELECT id FROM documents WHERE state = 'visible'"
        grouped = "SELECT doc_id FROM sketches WHERE story IS NOT NULL"
        for what, sql in (
            ("passages without a document", "passages WHERE doc_id NOT IN (SELECT id FROM documents)"),
            ("passages without an embedding", "passages WHERE embedding_key NOT IN (SELECT key FROM embeddings)"),
            ("documents without a place", f"({seen}) WHERE id NOT IN (SELECT doc_id FROM places)"),  # noqa: S608
            ("places without a document", f"places WHERE doc_id NOT IN ({seen})"),
            ("documents without a story", f"({seen}) WHERE id NOT IN ({grouped})"),
            ("stories without a document", "sketches WHERE doc_id NOT IN (SELECT id FROM documents)"),
        ):
            ((count,),) = self._rows(f"SELECT count(*) FROM {sql}")  # noqa: S608
            found += [f"{count} {what}"] if count else []
        return found

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Store values, and move the generation number."""
        with self._transaction() as db:
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())
            _next_generation(db)

    def note(self, key: str, value: str) -> None:
        """Store a value that changes nothing for readers."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def copy_to(self, target: Path) -> None:
        """Write all of it, as it stands at one moment, into a new file; who reads and who writes go on meanwhile."""
        with self._explained(), closing(sqlite3.connect(target)) as copy:
            self._db.backup(copy)
            ((found,),) = copy.execute("PRAGMA quick_check(1)").fetchall()
            if found != "ok":
                raise IndexDamaged(
                    f"{self._path} is damaged ({found}), so no copy of it is kept. Bring back an earlier snapshot in a "
                    "new folder: footnote restore FILE --index FOLDER"
                )
            copy.execute("PRAGMA journal_mode = DELETE")  # so that the copy is one file

    def adopt(self, other: Path, *, meta: Mapping[str, str]) -> None:
        """Put all that another library holds in the place of what stands here, in one step.

        Of the stored values only those of `meta` change, and the generation moves.
        """
        with self._lock, self._explained():
            self._db.execute("ATTACH ? AS other", (str(other),))
            try:
                with self._transaction() as db:
                    tables = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name != 'meta'"
                    for (name,) in db.execute(tables).fetchall():
                        db.execute(f"DELETE FROM main.{name}")  # noqa: S608
                        db.execute(f"INSERT INTO main.{name} SELECT * FROM other.{name}")  # noqa: S608
                    db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
                    _next_generation(db)
            finally:
                self._db.execute("DETACH other")

    def keep_vectors(self, vectors: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
        """Keep embeddings, each a float32 vector, under their keys."""
        rows = [(key, vector.astype(np.float32).tobytes()) for key, vector in vectors]
        with self._transaction() as db:
            db.executemany("INSERT OR IGNORE INTO embeddings VALUES (?, ?)", rows)

    def add_pending(self, entries: Sequence[Entry]) -> None:
        """Write documents and passages that readers do not see yet."""
        sketches = [sketch(entry.document.text) for entry in entries]
        with self._transaction() as db:
            for entry, sketched in zip(entries, sketches, strict=True):
                d = entry.document
                published = d.published.isoformat() if d.published else None
                db.execute(
                    "INSERT INTO documents VALUES (?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?)",
                    (d.id, d.title, d.publisher, d.author, published, d.language, d.url, json.dumps(d.pages), d.text),
                )
                db.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", _passage_rows(entry))
                grouping.add(db, d.id, published=d.published, sketched=sketched)

    def publish(self, places: Iterable[tuple[str, str, str]] = (), *, gone: Iterable[str] = ()) -> list[str]:
        """Put documents at places (source, id, file hash) and clear others, in the one step that readers can see.

        A pending document becomes visible with its first place, and one that loses its last is hidden. Returns the ids
        of those that were hidden.
        """
        at = datetime.now(UTC).isoformat(timespec="seconds")
        log = "INSERT INTO log SELECT ?, ?, source, doc_id FROM places WHERE source = ?"
        left: set[tuple[str]] = set()
        with self._transaction() as db:

            def clear(source: str) -> None:
                left.update(db.execute("DELETE FROM places WHERE source = ? RETURNING doc_id", (source,)).fetchall())

            for source in gone:
                db.execute(log, (at, "remove", source))
                clear(source)
            for source, doc_id, file_hash in places:
                clear(source)
                show = "UPDATE documents SET state = 'visible' WHERE id = ? AND state = 'pending'"
                if db.execute(show, (doc_id,)).rowcount:
                    grouping.group(db, doc_id)
                db.execute("INSERT INTO places VALUES (?, ?, ?)", (source, doc_id, file_hash))
                db.execute(log, (at, "add", source))
            hide = (
                "UPDATE documents SET state = 'removing' WHERE id = ? AND state = 'visible' "
                "AND NOT EXISTS (SELECT 1 FROM places WHERE doc_id = documents.id) RETURNING id"
            )
            hidden = [row for key in sorted(left) for row in db.execute(hide, key).fetchall()]
            _next_generation(db)
        return [doc_id for (doc_id,) in hidden]

    def replace_passages(self, batches: Iterable[Sequence[Entry]], *, meta: Mapping[str, str]) -> None:
        """Put other passages, those of the entries, in the place of all that stand here.

        The entries may be made while they are taken: their passages are gathered in a file of SQLite's own, which goes
        with this process. Then stored values change in one step with the passages, embeddings that no passage needs go,
        and the generation moves.
        """
        with self._lock, self._explained():
            self._db.execute("DROP TABLE IF EXISTS temp.coming")
            self._db.execute("CREATE TEMP TABLE coming AS SELECT * FROM passages LIMIT 0")
        for entries in batches:
            with self._lock, self._explained():
                for entry in entries:
                    self._db.executemany("INSERT INTO temp.coming VALUES (?, ?, ?, ?, ?, ?)", _passage_rows(entry))
        with self._transaction() as db:
            db.execute("DELETE FROM passages")
            db.execute("INSERT INTO passages SELECT * FROM temp.coming")
            db.execute("DROP TABLE temp.coming")
            db.execute("DELETE FROM embeddings WHERE key NOT IN (SELECT embedding_key FROM passages)")
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
            _next_generation(db)

    def forget(self, doc_ids: Sequence[str]) -> None:
        """Delete hidden documents with their passages, and the embeddings that no passage needs any more."""
        with self._transaction() as db:
            for doc_id in doc_ids:
                keys = db.execute("SELECT embedding_key FROM passages WHERE doc_id = ?", (doc_id,)).fetchall()
                db.execute("DELETE FROM passages WHERE doc_id = ?", (doc_id,))
                if db.execute("DELETE FROM documents WHERE id = ? AND state != 'visible'", (doc_id,)).rowcount:
                    grouping.drop(db, doc_id)
                db.executemany(
                    "DELETE FROM embeddings WHERE key = ?1 AND NOT EXISTS "
                    "(SELECT 1 FROM passages WHERE embedding_key = ?1)",
                    keys,
                )

    def touch(self, file_hashes: Iterable[tuple[str, str]]) -> None:
        """Note the new hash of files (source, hash) whose bytes changed but whose document did not."""
        with self._transaction() as db:
            db.executemany("UPDATE places SET file_hash = ?2 WHERE source = ?1", file_hashes)

    def followed(self) -> tuple[str, ...]:
        """Return the folders that were ingested and are looked through again by `sync`, by name."""
        return tuple(folder for (folder,) in self._rows("SELECT folder FROM followed ORDER BY folder"))

    def follow(self, folders: Iterable[str] = (), *, no_more: Iterable[str] = ()) -> None:
        """Note folders as ones to be looked through again, and others as such no longer. Readers see nothing of it."""
        with self._transaction() as db:
            db.executemany("INSERT OR IGNORE INTO followed VALUES (?)", [(folder,) for folder in folders])
            db.executemany("DELETE FROM followed WHERE folder = ?", [(folder,) for folder in no_more])


def _connect(path: Path, how: str) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?{how}"
    return sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None, timeout=_PATIENCE_S)


def _state(path: Path) -> tuple[int, ...]:
    """Return what changes with every write to a database; the last number is not 0 while it has a writer."""
    file, log = path.stat(), path.with_name(f"{path.name}-wal")
    return (file.st_ino, file.st_mtime_ns, file.st_size, log.stat().st_size if log.exists() else 0)


def _next_generation(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO meta VALUES ('generation', '1') ON CONFLICT DO UPDATE SET value = value + 1")


def _passage_rows(entry: Entry) -> list[tuple[str, str, int, int, str, str]]:
    pairs = zip(entry.passages, entry.embedding_keys, strict=True)
    return [(p.id, p.doc_id, p.start, p.end, p.heading, key) for p, key in pairs]


def _document(row: tuple) -> Document:  # type: ignore[type-arg]
    doc_id, source, title, publisher, author, published, language, url, text, pages = row
    day = date.fromisoformat(published) if published else None
    return Document(doc_id, source, title, publisher, author, day, language, url, text, tuple(json.loads(pages)))
