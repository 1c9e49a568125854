"""What a LangChain tutorial builds: RecursiveCharacterTextSplitter(1000, 200), HuggingFaceEmbeddings, Chroma.

    python -m eval.peers.langchain_tutorial INDEX MODEL QUESTION

asks one question and prints the passages found, as the tutorial's retriever gives them (four).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rag.types import Document


@dataclass(frozen=True)
class LangChainTutorial:
    """The tutorial with the encoder in folder `model`. A document's title is the first line of its text."""

    model: Path
    name: ClassVar[str] = "LangChain tutorial"
    needs: ClassVar[tuple[str, ...]] = ("langchain-chroma", "langchain-huggingface", "langchain-text-splitters")

    def index(self, documents: Sequence[Document], folder: Path) -> int:
        """Index documents into a folder; return the number of passages."""
        from langchain_chroma import Chroma
        from langchain_core.documents import Document as Page
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        pages = [Page(page_content=f"{d.title}\n\n{d.text}", metadata={"source": d.source}) for d in documents]
        passages = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(pages)
        Chroma.from_documents(passages, self._encoder(), persist_directory=str(folder))
        return len(passages)

    def open(self, folder: Path) -> Callable[[str, int], list[str]]:
        """Open an index."""
        store = self._store(folder)

        def search(question: str, limit: int) -> list[str]:
            return [str(passage.metadata["source"]) for passage in store.similarity_search(question, k=limit)]

        return search

    def cold(self, folder: Path, question: str) -> list[str]:
        """Return the command that runs this file."""
        return [sys.executable, "-m", "eval.peers.langchain_tutorial", str(folder), str(self.model), question]

    def ask(self, folder: Path, question: str) -> list[str]:
        """Return the passages that the retriever gives as it stands."""
        return [str(passage.page_content) for passage in self._store(folder).as_retriever().invoke(question)]

    def _store(self, folder: Path) -> Any:  # noqa: ANN401 (its library is there only for benchmarks)
        from langchain_chroma import Chroma

        return Chroma(persist_directory=str(folder), embedding_function=self._encoder())

    def _encoder(self) -> Any:  # noqa: ANN401 (as above)
        from langchain_huggingface import HuggingFaceEmbeddings

        return HuggingFaceEmbeddings(model_name=str(self.model))


if __name__ == "__main__":
    print("\n\n".join(LangChainTutorial(Path(sys.argv[2])).ask(Path(sys.argv[1]), sys.argv[3])))
