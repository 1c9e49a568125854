"""Two ways from a folder of text files to an index, and the process in which one of them takes folder after folder.

    python -m eval.peers.folders NAME INDEX

loads its libraries and the encoder, prints a line, and then for each folder that it is sent in a line on stdin prints
what that came to as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any, ClassVar, Protocol

import rag
from eval.peers.measure import peak_memory_mb
from eval.peers.process import others_cpu
from ingest import ingest
from rag.config import DEFAULT_EMBEDDING
from rag.models import load_embedder, minilm_folder


class Loader(Protocol):
    """A way from a folder of UTF-8 texts to an index on disk, with the encoder all-MiniLM-L6-v2."""

    name: ClassVar[str]
    # The distributions that it needs beside Footnote's own.
    needs: ClassVar[tuple[str, ...]]

    def add(self, folder: Path) -> int:
        """Bring the texts of a folder into the index; return how many passages came of them."""
        ...


class Footnote:
    """`footnote ingest FOLDER` with the default settings."""

    name: ClassVar[str] = "Footnote"
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, index: Path) -> None:
        """Load the encoder."""
        self._index = index
        self._embedder = load_embedder(DEFAULT_EMBEDDING)

    def add(self, folder: Path) -> int:
        """Ingest a folder.

        Raises:
            SystemExit: a file was not taken, so that the figures would be of other texts.
        """
        before = self._n_passages()
        report = ingest([folder], self._index, config=rag.Config(), embedder=self._embedder)
        if report.failed:
            raise SystemExit(f"{len(report.failed)} files were not indexed, the first {report.failed[0]}")
        return self._n_passages() - before

    def _n_passages(self) -> int:
        if not self._index.exists():
            return 0
        with rag.open(self._index, rag.Config()) as bot:
            return bot.index.library.counts()["passages"]


class LangChain:
    """DirectoryLoader, TextLoader, RecursiveCharacterTextSplitter(1000, 200), HuggingFaceEmbeddings and Chroma."""

    name: ClassVar[str] = "LangChain"
    needs: ClassVar[tuple[str, ...]] = (
        "langchain-chroma",
        "langchain-community",
        "langchain-huggingface",
        "langchain-text-splitters",
    )

    def __init__(self, index: Path) -> None:
        """Load the libraries and the encoder, with the batches of 32 that it comes with."""
        from langchain_chroma import Chroma
        from langchain_community.document_loaders import DirectoryLoader, TextLoader
        from langchain_huggingface import HuggingFaceEmbeddings
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        self._index = index
        self._directory: Any = DirectoryLoader
        self._text = TextLoader
        self._splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
        self._store = Chroma
        self._encoder = HuggingFaceEmbeddings(model_name=str(minilm_folder()))

    def add(self, folder: Path) -> int:
        """Load, split, embed and store a folder."""
        reading = {"glob": "**/*.txt", "loader_cls": self._text, "loader_kwargs": {"encoding": "utf-8"}}
        passages = self._splitter.split_documents(self._directory(str(folder), **reading).load())
        self._store.from_documents(passages, self._encoder, persist_directory=str(self._index))
        return len(passages)


LOADERS = {one.name: one for one in (Footnote, LangChain)}


def measured(loader: Loader, folder: Path) -> dict[str, float]:
    """Bring a folder in; return its `passages`, the `seconds` it took, the CPU seconds that `others` had meanwhile.

    `memory_mb` is the most that this process has held so far, or one of its children if that is more.
    """
    others, started = others_cpu(), time.perf_counter()
    passages = loader.add(folder)
    seconds = time.perf_counter() - started
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    memory = max(peak_memory_mb(), children)
    return {"passages": passages, "seconds": seconds, "memory_mb": memory, "others": max(others_cpu() - others, 0.0)}


def main(name: str, index: Path) -> None:
    """Take the folders that are named on stdin."""
    loader: Loader = LOADERS[name](index)
    print(json.dumps({"ready": name}), flush=True)
    for line in sys.stdin:
        print(json.dumps(measured(loader, Path(line.rstrip("\n")))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
