"""Footnote itself, with its default settings."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar

import rag
from ingest import ingest_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rag.types import Document

# What the installed command `footnote` runs; so said, it needs no installed command.
_COMMAND = (sys.executable, "-c", "from ui.cli import main; main()")


class Footnote:
    """Both legs of the search and their fusion; the cold ask is `footnote ask`, which answers and checks citations."""

    name: ClassVar[str] = "Footnote"
    needs: ClassVar[tuple[str, ...]] = ()

    def index(self, documents: Sequence[Document], folder: Path) -> int:
        """Index documents into a folder; return the number of passages.

        Raises:
            SystemExit: a document could not be indexed, so that the others' figures would be of other documents.
        """
        if failed := ingest_documents(documents, folder, config=rag.Config()).failed:
            raise SystemExit(f"{len(failed)} documents were not indexed, the first {failed[0][0]}: {failed[0][1]}")
        with rag.open(folder, rag.Config()) as bot:
            return bot.index.library.counts()["passages"]

    def open(self, folder: Path) -> Callable[[str, int], list[str]]:
        """Open an index; it stays open until the process ends."""
        bot = rag.open(folder, rag.Config())
        sources = {document.id: document.source for document in bot.documents()}

        def search(question: str, limit: int) -> list[str]:
            return [sources[hit.passage.doc_id] for hit in bot.search(question, limit=limit)]

        return search

    def cold(self, folder: Path, question: str) -> list[str]:
        """Return the command as a user types it."""
        return [*_COMMAND, "ask", "--index", str(folder), "--", question]
