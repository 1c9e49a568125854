"""Footnote inside a LangChain pipeline: as a retriever, as a runnable that answers, with any chat model.

chain = FootnoteRetriever(bot=rag.open("my-index"), limit=5) | format_documents | prompt | model
answers = as_runnable(rag.open("my-index")).batch(["Who?", "When?"])
bot = rag.open("my-index", writer=as_writer(ChatOllama(model="qwen3")))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun  # noqa: TC002 (read by LangChain)
from langchain_core.documents import Document as LangChainDocument
from langchain_core.messages import convert_to_messages
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import ConfigDict

from rag.app import Assistant  # noqa: TC001 (pydantic reads the annotation)
from rag.config import Writing
from rag.llm import LangChainModel
from rag.types import Answer, Document, Filters, Hit, Turn

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from rag.chat import ChatModel


class FootnoteRetriever(BaseRetriever):
    """Gives LangChain documents whose metadata hold what is needed to cite them.

    `page_content` is the passage; `metadata` has `doc_id`, `start`, `end` (characters of the document), `heading`,
    `score`, and the document's `source`, `title`, `publisher`, `published` (ISO) and `url`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    bot: Assistant
    limit: int = 10
    filters: Filters = Filters()

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 (LangChain passes it by name)
    ) -> list[LangChainDocument]:
        hits = self.bot.search(query, limit=self.limit, filters=self.filters)
        documents = self.bot.index.library.some_documents({hit.passage.doc_id for hit in hits})
        return [_document(hit, documents[hit.passage.doc_id]) for hit in hits if hit.passage.doc_id in documents]


def as_runnable(bot: Assistant) -> Runnable[str | dict[str, Any], Answer]:
    """Return a runnable that answers: a question, or `{"question": …, "history": …, "filters": …, "as_of": …}`.

    `history` takes Turns, or messages in any form that LangChain knows. Its `stream` yields the one Answer.
    """

    def ask(given: str | dict[str, Any]) -> Answer:
        if isinstance(given, str):
            return bot.ask(given)
        if "question" not in given:
            raise ValueError(f"as_runnable was given {sorted(given)}; it needs a 'question'.")
        history = [_turn(message) for message in given.get("history") or ()]
        return bot.ask(given["question"], history=history, filters=given.get("filters"), as_of=given.get("as_of"))

    return RunnableLambda(ask, name="footnote")


def as_writer(model: BaseChatModel, *, timeout_s: float = 120.0) -> ChatModel:
    """Let any chat model of LangChain write the answers; given up after so many seconds without a word."""
    name = getattr(model, "model_name", None) or getattr(model, "model", None)
    settings = Writing(model=f"{type(model).__name__}:{name}" if name else type(model).__name__, timeout_s=timeout_s)
    return LangChainModel(settings, lambda _: model)


def _turn(message: Any) -> Turn:  # noqa: ANN401 (a Turn or any LangChain message)
    if isinstance(message, Turn):
        return message
    (message,) = convert_to_messages([message])
    return Turn("user" if message.type == "human" else "assistant", str(message.text))


def _document(hit: Hit, document: Document) -> LangChainDocument:
    passage = hit.passage
    published = document.published.isoformat() if document.published else None
    return LangChainDocument(
        id=passage.id,
        page_content=passage.text,
        metadata={
            "doc_id": document.id, "start": passage.start, "end": passage.end, "heading": passage.heading,
            "score": hit.score, "source": document.source, "title": document.title, "publisher": document.publisher,
            "published": published, "url": document.url,
        },
    )  # fmt: skip
