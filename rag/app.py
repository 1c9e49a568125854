"""The front door: `open` an index, or `answer` one question.

This module puts the pieces together and is the only one of the core that reaches for `ingest`, and only when an index
has to be made.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import tempfile
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from rag import ask as asking
from rag.asked import Resources
from rag.config import Config
from rag.indexes import Index, Layout
from rag.llm import load_chat_model
from rag.models import Embedder, load_embedder
from rag.read import load_reader
from rag.types import Answer, Done, Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
    from datetime import date

    from rag.chat import ChatModel
    from rag.types import Document, Event, Hit, Turn, Verdict

A = TypeVar("A", bound="Hashable")
M = TypeVar("M")
# What makes an index, by the module that does: imported when it is needed.
_MAKERS = {"ingest": "ingest", "ingest_documents": "ingest"}
CORPUS = Path(__file__).parent.parent / "corpus"


def _once(load: Callable[[A], M]) -> Callable[[A], M]:
    """Load each model once a process, however many assistants and threads ask for it at once."""
    kept, lock = lru_cache(maxsize=4)(load), threading.Lock()

    def loaded(asked: A) -> M:
        with lock:  # a cache alone lets two threads load what neither finds in it
            return kept(asked)

    return loaded


_embedder = _once(load_embedder)
_reader = _once(load_reader)
_writer = _once(load_chat_model)


class Assistant:
    """An index that can be asked. Safe to use from several threads; close it, or use it in a `with` block."""

    def __init__(
        self, index: Path, config: Config, *, embedder: Embedder | None = None, writer: ChatModel | None = None
    ) -> None:
        self.config = config
        self.index = Index(index, config)
        self._embedder = embedder
        self._writer = writer

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of the files of the index."""
        self.index.close()

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        as_of: date | None = None,
    ) -> Answer:
        """Answer a question, or refuse it with a reason.

        Args:
            question: what is asked.
            history: the conversation so far, oldest first.
            filters: what the documents must be.
            as_of: answer from what was published by that day.
        """
        events = self.stream(question, history=history, filters=filters, as_of=as_of)
        return next(event.answer for event in events if isinstance(event, Done))

    # wide: all that a caller can say of a question
    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        as_of: date | None = None,
        own_filters: bool = True,
    ) -> Iterator[Event]:
        """Answer a question, telling of each stage as it is done; the last event is `Done`.

        Arguments as in `ask`; without `own_filters`, what the question says of its sources ("according to Xinhua")
        narrows nothing.
        """
        if not question.strip():
            raise ValueError("the question is empty; ask something.")
        yield from asking.stream(
            question,
            self._resources(),
            history=history,
            filters=filters or Filters(),
            as_of=as_of,
            own_filters=own_filters,
        )

    def search(
        self, query: str, *, limit: int = 10, filters: Filters | None = None, history: Sequence[Turn] = ()
    ) -> list[Hit]:
        """Return the best passages for a query, as the reader ranks them, with what each stage contributed.

        What the query says of its sources ("according to Xinhua", "since May") and leaves to the conversation before it
        is understood as in `ask`.
        """
        return asking.search(query, self._resources(), filters=filters or Filters(), limit=limit, history=history)

    def support(self, sentence: str, quotes: Sequence[str]) -> Verdict:
        """Judge whether quotes, taken together, bear a sentence, and name what stands in none of them."""
        return self._resources().reader.support(sentence, quotes)

    def document(self, doc_id: str) -> Document:
        """Return a document of the index, to show a citation in its place.

        Raises:
            UnknownDocument: the index does not hold it.
        """
        return self.index.library.document(doc_id)

    def titles(self, hits: Iterable[Hit]) -> dict[str, str]:
        """Return the titles of the documents that hits belong to, by document id."""
        return self.index.library.titles({hit.passage.doc_id for hit in hits})

    def documents(self) -> list[Document]:
        """Return all documents of the index, by source."""
        return list(self.index.library.documents())

    @property
    def writer(self) -> ChatModel | None:
        """Return the chat model that writes, None where answers consist of quotations."""
        return self._writer or _writer(self.config.writer)

    @property
    def fingerprint(self) -> str:
        """Name the index and the settings that make its answers."""
        return self._resources().fingerprint

    @property
    def embedder(self) -> Embedder:
        """Return the encoder of the index, loaded once a process."""
        return self._embedder or _embedder(self.config.embedding.model)

    def _resources(self) -> Resources:
        return Resources(self.index, self.embedder, _reader(self.config.reader.model), self.config, self.writer)


def open(  # noqa: A001
    index: str | Path | None = None, config: Config | None = None, *, writer: ChatModel | None = None
) -> Assistant:
    """Open an index to ask it; without a name, the one of the settings.

    `writer` takes the place of the chat model that the settings name (`rag.chain.as_writer` makes one).

    Raises:
        IndexMissing: there is none in this folder.
        IndexMismatch: it was made with other settings.
    """
    config = config or Config.load()
    return Assistant(Path(index or config.index), config, writer=writer)


# wide: everything that `Assistant.ask` takes, and what to ask
def answer(
    question: str,
    *,
    documents: Sequence[Document] | None = None,
    config: Config | None = None,
    history: Sequence[Turn] = (),
    filters: Filters | None = None,
    as_of: date | None = None,
) -> Answer:
    """Answer one question: from these documents, or else from the default index.

    The default index is the one of the settings; where it does not exist yet, it is made from the documents that ship
    with Footnote. Documents that are given are indexed for this question only.
    """
    config = config or Config.load()
    if documents is None:
        root = Path(config.index)
        if not Layout(root).library.is_file():
            _make_default(root, config)
        with Assistant(root, config) as bot:
            return bot.ask(question, history=history, filters=filters, as_of=as_of)
    with tempfile.TemporaryDirectory(prefix="footnote-") as folder:
        root = Path(folder) / "index"
        config = config.for_own_use(str(root))
        embedder = _embedder(config.embedding.model)
        _maker("ingest_documents")(documents, root, config=config, embedder=embedder)
        with Assistant(root, config, embedder=embedder) as bot:
            return bot.ask(question, history=history, filters=filters, as_of=as_of)


def _make_default(root: Path, config: Config) -> None:
    """Make the default index beside its place, and move it there whole."""
    beside = root.with_name(f"{root.name}.{os.getpid()}")
    try:
        _maker("ingest")([CORPUS], beside, config=config)
        with contextlib.suppress(OSError):  # another process was first
            beside.rename(root)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _maker(name: str) -> Any:  # noqa: ANN401 (a function of a package that this one does not know)
    return getattr(importlib.import_module(_MAKERS[name]), name)
