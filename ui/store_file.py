"""The SQLite file of the conversations: opened and checked, written whole or not at all, its errors in words.

This module knows the tables, and nothing of what stands in them.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rag.errors import RecordError, StorageFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SCHEMA = 1

# Tells this file from any other that SQLite can read: the letters FnCv.
_APPLICATION = 0x466E4376
_TABLES = """
CREATE TABLE conversations (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, folded TEXT NOT NULL,
    created TEXT NOT NULL, updated TEXT NOT NULL);
CREATE TABLE exchanges (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    conversation INTEGER NOT NULL REFERENCES conversations (number) ON DELETE CASCADE,
    position INTEGER NOT NULL, replaced INTEGER NOT NULL DEFAULT 0, asked TEXT NOT NULL, filters TEXT NOT NULL,
    record TEXT NOT NULL, folded TEXT NOT NULL, made TEXT NOT NULL);
CREATE UNIQUE INDEX place ON exchanges (conversation, position) WHERE NOT replaced;
CREATE TABLE feedback (
    number INTEGER PRIMARY KEY, exchange INTEGER NOT NULL REFERENCES exchanges (number) ON DELETE CASCADE,
    kind TEXT NOT NULL, note TEXT NOT NULL, made TEXT NOT NULL);
CREATE INDEX said_of ON feedback (exchange);
"""
# How long a statement waits for another process's transaction; ours take milliseconds.
_PATIENCE_S = 60


class StoreFile:
    """One open file, made where there is none; without a path, it is kept in memory until it is closed.

    Safe to use from several threads and processes. What is deleted is overwritten with zeros; a copy that the disk
    itself or a backup keeps is out of reach.
    """

    def __init__(self, path: Path | None) -> None:
        """Open the file.

        Raises:
            RecordError: it is damaged, is no store of conversations, or is one of a later Footnote. It stays as it is.
            StorageFailed: it cannot be opened or made.
        """
        self._path: Path | str = path or ":memory:"
        self._lock = threading.RLock()
        self._is_unwiped = False
        try:
            if path is not None:
                path.touch(mode=0o600)  # conversations are private; SQLite gives its side files the same mode
        except OSError as error:
            raise StorageFailed(f"{path} could not be opened or made: {error.strerror or error}.") from error
        with self._explained():
            self._db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None, timeout=_PATIENCE_S)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file; it cannot be used afterwards."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self, *, removes: bool = False) -> Iterator[sqlite3.Connection]:
        """Write all or nothing; what is removed goes from the log that SQLite keeps beside the file, too."""
        with self._lock, self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            if removes or self._is_unwiped:
                # A reader in another process may be in the way; then the next write tries again.
                self._is_unwiped = bool(self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        """Run a statement and return all that it finds."""
        with self._lock, self._explained():
            return self._db.execute(sql, values).fetchall()

    def _prepare(self) -> None:
        """Check that the file is sound and ours; lay it out if it is new."""
        with self._explained():
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute("PRAGMA synchronous = FULL")
            with self.transaction() as db:  # of several processes, one lays it out
                if self._is_new():
                    for statement in _TABLES.split(";\n"):
                        db.execute(statement)
                    db.execute(f"PRAGMA application_id = {_APPLICATION}")
                    db.execute(f"PRAGMA user_version = {SCHEMA}")
            flaws = self.rows("PRAGMA quick_check(1)")
            if flaws != [("ok",)]:
                raise RecordError(self.damaged(flaws[0][0]))
            self._db.execute("PRAGMA journal_mode = WAL")

    def _is_new(self) -> bool:
        """Tell whether nothing is in the file; refuse what is not ours."""
        pragmas = ("application_id", "user_version")
        made_by, version = (self.rows(f"PRAGMA {name}")[0][0] for name in pragmas)
        if made_by == _APPLICATION and version != SCHEMA:
            raise RecordError(
                f"{self._path} has the form {version}, and this Footnote reads {SCHEMA}: use the one that wrote it, or "
                "move the file away to begin without conversations."
            )
        if made_by != _APPLICATION and (made_by or version or self.rows("SELECT 1 FROM sqlite_master LIMIT 1")):
            raise RecordError(f"{self._path} belongs to another program. Move it away; it is not touched.")
        return bool(made_by != _APPLICATION)

    def damaged(self, what: object) -> str:
        """Say that something in the file cannot be read, and what to do."""
        told = " ".join(str(what).split())
        return (
            f"{self._path} is damaged, or holds no conversations ({told}). Put back a copy of it, or move it away to "
            "begin without conversations; the documents of the index are not concerned."
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say of an error of SQLite what it means for the conversations."""
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise RecordError(self.damaged(error)) from error
            raise StorageFailed(
                f"{self._path} could not be read or written: {error}. What was there is kept."
            ) from error
