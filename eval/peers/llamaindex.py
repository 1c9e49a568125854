"""What LlamaIndex does by default: VectorStoreIndex with its SentenceSplitter, kept by the default storage context.

    python -m eval.peers.llamaindex INDEX MODEL QUESTION

asks one question and prints the passages found, as the default retriever gives them (two). No language model is set, so
none is called; the tokenizer and the sentence boundaries that it splits by come with `llama-index-core`. Its passages
are of up to 1,024 tokens, of which the encoder reads 256: that, too, is its default.
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
class LlamaIndex:
    """The defaults with the encoder in folder `model`. A document's title is the first line of its text."""

    model: Path
    name: ClassVar[str] = "LlamaIndex"
    needs: ClassVar[tuple[str, ...]] = ("llama-index-core", "llama-index-embeddings-huggingface")

    def index(self, documents: Sequence[Document], folder: Path) -> int:
        """Index documents into a folder; return the number of passages."""
        from llama_index.core import Document as Page
        from llama_index.core import VectorStoreIndex

        # Metadata would be read by the encoder with each passage, and an address is no text: it is the page's id.
        pages = [Page(text=f"{d.title}\n\n{d.text}", doc_id=d.source) for d in documents]
        index = VectorStoreIndex.from_documents(pages, embed_model=self._encoder())
        index.storage_context.persist(persist_dir=str(folder))
        return len(index.docstore.docs)

    def open(self, folder: Path) -> Callable[[str, int], list[str]]:
        """Open an index."""
        index = self._opened(folder)

        def search(question: str, limit: int) -> list[str]:
            return [str(hit.node.ref_doc_id) for hit in index.as_retriever(similarity_top_k=limit).retrieve(question)]

        return search

    def cold(self, folder: Path, question: str) -> list[str]:
        """Return the command that runs this file."""
        return [sys.executable, "-m", "eval.peers.llamaindex", str(folder), str(self.model), question]

    def ask(self, folder: Path, question: str) -> list[str]:
        """Return the passages that the retriever gives as it stands."""
        return [str(hit.node.get_content()) for hit in self._opened(folder).as_retriever().retrieve(question)]

    def _opened(self, folder: Path) -> Any:  # noqa: ANN401 (its library is there only for benchmarks)
        from llama_index.core import StorageContext, load_index_from_storage

        storage = StorageContext.from_defaults(persist_dir=str(folder))
        return load_index_from_storage(storage, embed_model=self._encoder())

    def _encoder(self) -> Any:  # noqa: ANN401 (as above)
        from llama_index.core import Settings
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        no_model: Any = None  # left unset it would be OpenAI's
        Settings.llm = no_model
        return HuggingFaceEmbedding(model_name=str(self.model))


if __name__ == "__main__":
    print("\n\n".join(LlamaIndex(Path(sys.argv[2])).ask(Path(sys.argv[1]), sys.argv[3])))
