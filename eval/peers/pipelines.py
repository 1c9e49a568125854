"""The seam between the bench and what it measures, and the list of what it measures."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import TYPE_CHECKING, ClassVar, Protocol

from eval.peers.footnote import Footnote
from eval.peers.langchain_tutorial import LangChainTutorial
from eval.peers.llamaindex import LlamaIndex
from rag.models import minilm_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rag.types import Document

# Given a question and how many passages are wanted: the source of each passage found, best first.
Search = Callable[[str, int], list[str]]
INSTALL = "make bench (or: pip install 'footnote[bench]')"


class Pipeline(Protocol):
    """A way from documents to passages found for a question, with the encoder all-MiniLM-L6-v2."""

    name: ClassVar[str]
    # The distributions that it needs beside Footnote's own.
    needs: ClassVar[tuple[str, ...]]

    def index(self, documents: Sequence[Document], folder: Path) -> int:
        """Index documents into a folder that is empty or not there; return the number of passages."""
        ...

    def open(self, folder: Path) -> Search:
        """Open what `index` left there."""
        ...

    def cold(self, folder: Path, question: str) -> list[str]:
        """Return the command line that asks one question in a new process and prints what came of it."""
        ...


class Needing(Protocol):
    """What needs distributions beside Footnote's own."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of the distributions."""


def all_pipelines() -> tuple[Pipeline, ...]:
    """Return Footnote and then its peers. Nothing of theirs is imported yet."""
    model = minilm_folder()
    return Footnote(), LangChainTutorial(model), LlamaIndex(model)


def versions(pipelines: Iterable[Needing]) -> dict[str, str]:
    """Return the installed version of each distribution that pipelines need, by its name.

    Raises:
        SystemExit: one is not installed; the message names it and the command that brings it.
    """
    found: dict[str, str] = {}
    for one in pipelines:
        for distribution in one.needs:
            try:
                found[distribution] = metadata.version(distribution)
            except metadata.PackageNotFoundError:
                raise SystemExit(f"{one.name} needs {distribution}, which is not installed. Run {INSTALL}.") from None
    return found
