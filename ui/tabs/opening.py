"""What the right-hand panel shows: a document with the words that were cited, wherever they stand now; a timeline.

This module knows nothing of Gradio. Whatever the browser sends is held against the library: only what an index holds
can be opened.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from markupsafe import Markup

from rag.errors import UnknownDocument
from rag.recheck import recheck
from rag.record import Conversation, Exchange
from rag.types import Citation, Sentence
from ui.html import document_html
from ui.timeline import dots_of, timeline_html
from ui.wording import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ui.store import Kept
    from ui.workspace import Workspace

_WORDS = {
    "moved": (
        "The documents were indexed anew since this was answered. The same words stand here now.",
        "回答之后文档已重新索引。同样的文字现在在这里。",
    ),
    "changed": (
        "This document has changed since this was answered and no longer holds these words. Nearest to them is what is "
        "marked.",
        "回答之后该文档已更改，不再包含这些文字。标出的是最接近的内容。",
    ),
    "gone": (
        "The document that was cited is no longer in the index, and no other holds these words.",
        "所引用的文档已不在索引中，其他文档也没有这些文字。",
    ),
    "quoted": ("It was quoted with:", "当时引用的文字："),
    "nowhere": ("There is nothing to open here.", "这里没有可打开的内容。"),
}
_NOTE = Markup('<p class="fn-note" role="status">{}</p>')
_GONE = Markup('<p class="fn-note" role="status">{}</p><p>{}</p><blockquote>{}</blockquote>')


@dataclass(frozen=True, slots=True)
class Place:
    """Characters of a document, and the exchange that cites them, empty while its answer is still growing."""

    doc_id: str
    start: int
    end: int
    conversation: str = ""
    key: str = ""

    @classmethod
    def of(cls, sent: Mapping[str, object]) -> Place:
        """Read what the browser sent: `doc`, `start`, `end`, `conversation`, `key`; what is no number counts as 0."""
        start, end = (int(text) if (text := str(sent.get(name))).isdecimal() else 0 for name in ("start", "end"))
        conversation, key = (str(sent.get(name) or "") for name in ("conversation", "key"))
        return cls(str(sent.get("doc") or ""), start, end, conversation, key)


def opened(workspace: Workspace, place: Place, *, language: str) -> str:
    """Return the panel for a place, with its exact characters marked.

    Where its document is not in the index any more, its words are looked for in what is there now, and a line says so.

    Raises:
        FootnoteError: the index or the conversations cannot be read.
    """
    bot = workspace.bot  # held to the end: one that is replaced closes when nobody holds it
    try:
        document = bot.document(place.doc_id)
    except UnknownDocument:
        return _lost(workspace, place, language=language)
    length = len(document.text)
    start = min(place.start, length)
    end = max(start, min(place.end, length))
    return document_html(document, start=start, end=end, quote=document.text[start:end], language=language)


def kept_exchange(workspace: Workspace, conversation: str, *, key: str) -> Kept | None:
    """Return an exchange of a conversation, None where it has none of this id.

    Raises:
        UnknownConversation: the conversation is gone.
    """
    found = (one for one in workspace.store.exchanges(conversation) if one.id == key)
    return next(found, None)


def timeline(workspace: Workspace, exchange: Exchange, *, language: str) -> str:
    """Return the statements of an answer, and all else that was found for its question, on a time axis."""
    ids = {hit.passage.doc_id for hit in exchange.answer.hits}
    bot = workspace.bot
    documents = bot.index.library.some_documents(ids)
    return timeline_html(dots_of(exchange.answer, documents), language=language)


def _lost(workspace: Workspace, place: Place, *, language: str) -> str:
    words = Words(_WORDS, language)
    kept = kept_exchange(workspace, place.conversation, key=place.key) if place.key else None
    citation = _citation(kept.exchange, place) if kept else None
    if kept is None or citation is None:
        return _NOTE.format(words["nowhere"])
    only = replace(
        kept.exchange.answer,
        status="answered",
        reason=None,
        short=None,
        sentences=(Sentence(citation.quote, (citation,), "supported"),),
        conflicts=(),
        removed=(),
    )
    bot = workspace.bot
    check = recheck(Conversation((Exchange(only),)), bot.index.library)[0]
    now = check.now
    if now is None:
        return _GONE.format(words["gone"], words["quoted"], citation.quote)
    note = _NOTE.format(words["moved" if check.holds else "changed"])
    document = bot.document(now.doc_id)
    return note + Markup(  # noqa: S704 (made by a template that escapes)
        document_html(document, start=now.start, end=now.end, quote=now.quote, language=language)
    )


def _citation(exchange: Exchange, place: Place) -> Citation | None:
    """Return what stood at a place when it was cited: a citation of the answer, or a passage that was found."""
    at = (place.doc_id, place.start, place.end)
    cited = next((one for one in exchange.citations() if (one.doc_id, one.start, one.end) == at), None)
    if cited is not None:
        return cited
    found = (hit.passage for hit in exchange.answer.hits)
    passage = next((one for one in found if (one.doc_id, one.start, one.end) == at), None)
    if passage is None:
        return None
    title = exchange.titles.get(passage.doc_id, "")
    return Citation(*at, passage.text, title, publisher=None, published=None, url=None, page=None)
