"""Libraries that an older version made, brought to the present schema; the mirrors are then made anew from them."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

from rag import grouping
from rag.stories import sketch
from rag.types import Document

if TYPE_CHECKING:
    import sqlite3

    Row = tuple[str, str, str, str | None, str | None, str | None, str, str | None, str, str, str]


def from_second(db: sqlite3.Connection, *, tables: str) -> None:
    """Bring `library-2` to `library-3`, inside the caller's transaction; `tables` is the script that makes the latter.

    There each document had one source, which its id covered. Embeddings are kept under the keys that they have.
    """
    for name in ("documents", "passages"):
        db.execute(f"ALTER TABLE {name} RENAME TO old_{name}")
    for name in ("visible_source", "passages_of", "passages_with"):
        db.execute(f"DROP INDEX {name}")
    for statement in tables.split(";"):
        db.execute(statement)
    fields = "id, source, title, publisher, author, published, language, url, text, pages, file_hash"
    old = db.execute(f"SELECT {fields} FROM old_documents WHERE state = 'visible' ORDER BY source")  # noqa: S608
    for row in old:
        _take_over(row, db)
    for name in ("passages", "documents"):
        db.execute(f"DROP TABLE old_{name}")


def _take_over(row: Row, db: sqlite3.Connection) -> None:
    former, source, title, publisher, author, published, language, url, text, pages, file_hash = row
    document = Document.of(
        text,
        title=title,
        publisher=publisher,
        author=author,
        published=date.fromisoformat(published) if published else None,
        language=language,
        url=url,
        pages=tuple(json.loads(pages)),
    )
    written = db.execute(
        "INSERT OR IGNORE INTO documents VALUES (?, 'visible', ?, ?, ?, ?, ?, ?, ?, ?)",
        (document.id, title, publisher, author, published, language, url, pages, text),
    )
    if written.rowcount:
        grouping.add(db, document.id, published=document.published, sketched=sketch(text))
        grouping.group(db, document.id)
    db.execute("INSERT INTO places VALUES (?, ?, ?)", (source, document.id, file_hash))
    db.execute(
        "INSERT OR IGNORE INTO passages SELECT ?1 || ':' || start || '-' || end, ?1, start, end, heading, "
        "embedding_key FROM old_passages WHERE doc_id = ?2",
        (document.id, former),
    )
    db.execute("UPDATE log SET detail = ? WHERE detail = ?", (document.id, former))
