"""Which documents of a library tell one story: two tables of `library.db`, and what is done to them.

    sketches    of every document: its sketch, its day, and its story once it is visible
    bands       of every visible one: the keys under which others find it

A story has the id of the document that was first to tell it. What becomes visible joins the stories of all that it is
like, which become one; a new version finds the old one there still, and so stays in its story. Where a document goes,
the others keep their story: that they tell the same was true when it was found. This works inside the transactions of
its callers.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from rag.stories import DAYS_APART, SAME_STORY, bands, likeness

if TYPE_CHECKING:
    import sqlite3

TABLES = """
CREATE TABLE IF NOT EXISTS sketches (
    n INTEGER PRIMARY KEY, doc_id TEXT NOT NULL REFERENCES documents (id), day INTEGER NOT NULL, story TEXT,
    sketch BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS sketches_by ON sketches (doc_id, story);
CREATE INDEX IF NOT EXISTS sketches_of ON sketches (story);
CREATE TABLE IF NOT EXISTS bands (
    key INTEGER NOT NULL, day INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (key, day, n)) WITHOUT ROWID;
"""
# Ten thousand copies of one text must not cost a hundred million comparisons: of a band and day so many are kept, and
# so many documents, those with most bands in common, are compared. All copies meet the first ones.
_KEPT = 10
_COMPARED = 50


def add(db: sqlite3.Connection, doc_id: str, *, published: date | None, sketched: bytes) -> None:
    """Keep the sketch of a document that readers do not see yet."""
    day = published.toordinal() if published else 0
    db.execute("INSERT INTO sketches (doc_id, day, sketch) VALUES (?, ?, ?)", (doc_id, day, sketched))


def group(db: sqlite3.Connection, doc_id: str) -> None:
    """Put a document that becomes visible into its story, and let others find it."""
    n, day, sketched = db.execute("SELECT n, day, sketch FROM sketches WHERE doc_id = ?", (doc_id,)).fetchone()
    keys = bands(sketched)
    like = {story for story, other in _near(db, keys, day) if likeness(sketched, other) >= SAME_STORY}
    story = min(like, default=doc_id)
    db.execute("UPDATE sketches SET story = ? WHERE n = ?", (story, n))
    for merged in like - {story}:
        db.execute("UPDATE sketches SET story = ? WHERE story = ?", (story, merged))
    keep = "INSERT INTO bands SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM bands WHERE key = ?1 AND day = ?2) < ?4"
    db.executemany(keep, ((key, day, n, _KEPT) for key in keys))


def drop(db: sqlite3.Connection, doc_id: str) -> None:
    """Take a document out of both tables."""
    for n, day, sketched in db.execute("DELETE FROM sketches WHERE doc_id = ? RETURNING n, day, sketch", (doc_id,)):
        rows = ((key, day, n) for key in bands(sketched))
        db.executemany("DELETE FROM bands WHERE key = ? AND day = ? AND n = ?", rows)


def _near(db: sqlite3.Connection, keys: list[int], day: int) -> list[tuple[str, bytes]]:
    """Return story and sketch of the documents of near days that share a band, those that share most first."""
    days = [(0, 0), (day - DAYS_APART, day + DAYS_APART)] if day else [(0, date.max.toordinal())]
    marks = ",".join("?" * len(keys))
    part = f"SELECT n FROM bands WHERE key IN ({marks}) AND day BETWEEN ? AND ?"  # noqa: S608 (question marks)
    sql = f"""
        SELECT story, sketch FROM ({" UNION ALL ".join([part] * len(days))}) JOIN sketches USING (n)
        GROUP BY n ORDER BY count(*) DESC, n LIMIT {_COMPARED}"""  # noqa: S608
    return db.execute(sql, [value for span in days for value in (*keys, *span)]).fetchall()
