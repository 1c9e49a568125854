"""The chat tab: conversations on the left, the questions and answers, and on the right the evidence.

The page is three pieces of HTML. `page.js` listens to all that is clicked and typed in them; what changes the
transcript goes through Gradio's events (`ask` streams, `halt` and `show` cancel it), everything else (a document, a
list, a copy) through a call of one of the `_Calls`, which redraws nothing. Which conversation a browser is in, it says
itself with each of these: the server keeps no state of a session, so no one can get into the chat of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping  # noqa: TC003 (Gradio reads annotations)
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.record import Conversation, Exchange, dump, settings_of
from rag.types import Answer, Filters
from ui.jobs import in_words
from ui.record_page import record_html, record_markdown
from ui.render import answer_text
from ui.store import KINDS, UnknownConversation
from ui.tabs import pieces
from ui.tabs.asking import Plan, growing, history, keep, plan
from ui.tabs.opening import Place, kept_exchange, opened, timeline

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ui.store import Kept
    from ui.workspace import Workspace

# So many questions are worked on at once; further ones wait their turn. More would only slow each other down.
AT_ONCE = 8

_JS = Path(__file__).parent.parent / "page.js"
_FORMS: dict[str, tuple[Callable[[Conversation], str], str, str]] = {
    "markdown": (record_markdown, "md", "text/markdown"),
    "html": (record_html, "html", "text/html"),
    "json": (dump, "json", "application/json"),
}


class _Drawn:
    """The transcript of a workspace in one language: generators and functions from what the browser sent to HTML."""

    def __init__(self, workspace: Workspace, language: str) -> None:
        self.workspace = workspace
        self.language = language

    def transcript(self, conversation: str, *, without: str = "") -> str:
        """Return a conversation, or the first page where there is none, or none any more."""
        try:
            kept = self.workspace.store.exchanges(conversation) if conversation else []
        except UnknownConversation:
            kept = []
        if not kept:
            return pieces.welcome(self.workspace.bot, language=self.language)
        shown = [one for one in kept if one.id != without]
        return pieces.transcript(conversation, shown, language=self.language)

    def ask(self, wanted: Mapping[str, object], scope: Filters) -> Iterator[tuple[str | None, str | None]]:
        """Ask; yields the transcript and what grows under it, None where that is to stay."""
        bot, store, language = self.workspace.bot, self.workspace.store, self.language
        question = str(wanted.get("question") or "")
        try:
            asked = plan(store, wanted, scope=scope)
            question = asked.question
            if not question:
                return
            before: str | None = self._before(asked)  # stays as it is while the answer grows
            for shown in growing(bot, asked, turns=history(store, asked), language=language):
                if isinstance(shown, Answer):
                    exchange = Exchange(shown, bot.titles(shown.hits))
                    conversation = keep(store, asked, exchange=exchange)
                    yield self.transcript(conversation), ""
                elif shown is None:
                    yield None, None
                else:
                    yield before, pieces.on_its_way(question, shown, language=language)
                    before = None
        except Exception as error:  # noqa: BLE001 (a page that says nothing would wait for ever)
            conversation = str(wanted.get("conversation") or "")
            yield self.transcript(conversation), pieces.trouble(question, in_words(error), language=language)

    def _before(self, asked: Plan) -> str:
        """Return the conversation up to a question that is on its way; of a new one, there is nothing yet."""
        if not asked.conversation:
            return pieces.transcript("", [], language=self.language)
        return self.transcript(asked.conversation, without=asked.replaces)


class _Calls:
    """What the browser calls without an event; what is sent comes from outside and may be anything."""

    def __init__(self, workspace: Workspace, language: str) -> None:
        self.workspace = workspace
        self.language = language

    def all(self) -> list[Callable[[dict[str, object]], Any]]:
        """Return the calls under the names that page.js uses, each with what fails on purpose said in words."""
        calls = (self.listed, self.document, self.axis, self.copied, self.saved, self.remark, self.rename, self.delete)
        return [_said(call) for call in calls]

    def listed(self, sent: Mapping[str, object]) -> str:
        search = _text(sent, "search")
        found = self.workspace.store.conversations(search)
        return pieces.listing(
            found, current=_text(sent, "conversation"), searching=bool(search), language=self.language
        )

    def document(self, sent: Mapping[str, object]) -> str:
        return opened(self.workspace, Place.of(sent), language=self.language)

    def axis(self, sent: Mapping[str, object]) -> str:
        return timeline(self.workspace, self._kept(sent).exchange, language=self.language)

    def copied(self, sent: Mapping[str, object]) -> str:
        exchange = self._kept(sent).exchange
        return answer_text(exchange.answer, exchange.titles)

    def saved(self, sent: Mapping[str, object]) -> dict[str, str]:
        write, suffix, kind = _FORMS[form if (form := _text(sent, "form")) in _FORMS else "markdown"]
        settings = settings_of(self.workspace.config)
        if _text(sent, "key"):
            kept = self._kept(sent)
            record = Conversation((kept.exchange,), settings, kept.made.replace(microsecond=0))
        else:
            record = self.workspace.store.record(_text(sent, "conversation"), settings)
        return {"name": f"footnote.{suffix}", "type": kind, "text": write(record)}

    def remark(self, sent: Mapping[str, object]) -> str:
        kind = next((kind for kind in KINDS if kind == _text(sent, "kind")), None)
        if kind is None:
            raise UnknownConversation("there is no such kind of remark.")
        self.workspace.store.add_feedback(_text(sent, "key"), kind, note=_text(sent, "note"))
        return ""

    def rename(self, sent: Mapping[str, object]) -> str:
        self.workspace.store.rename(_text(sent, "conversation"), _text(sent, "title"))
        return ""

    def delete(self, sent: Mapping[str, object]) -> str:
        self.workspace.store.delete(_text(sent, "conversation"))
        return ""

    def _kept(self, sent: Mapping[str, object]) -> Kept:
        kept = kept_exchange(self.workspace, _text(sent, "conversation"), key=_text(sent, "key"))
        if kept is None:
            raise UnknownConversation("this answer has been deleted or replaced; load the page anew.")
        return kept


def chat_tab(workspace: Workspace, *, scope: gr.State, language: str) -> None:
    """Lay out the chat and connect it.

    Args:
        workspace: what is asked, and what is kept.
        scope: what the library tab asks within, `Filters`.
        language: of the page, "en" or "zh".
    """
    drawn = _Drawn(workspace, language)
    with gr.Row(elem_id="fn-main"):
        with _column("fn-left"):
            frame = pieces.list_frame(language, is_lasting=workspace.store.is_lasting)
            gr.HTML(frame, apply_default_css=False)
        with _column("fn-middle"):
            gr.HTML(pieces.top(language), apply_default_css=False)
            with _column("fn-scroll"):
                transcript = gr.HTML(elem_id="fn-transcript", apply_default_css=False)
                grown = gr.HTML(elem_id="fn-growing", apply_default_css=False)
            within = gr.HTML(elem_id="fn-scope", apply_default_css=False)
            gr.HTML(pieces.composer(language), elem_id="fn-bottom", apply_default_css=False)
        with _column("fn-right"):
            bridge = gr.HTML(
                pieces.panel(language),
                elem_id="fn-bridge",
                apply_default_css=False,
                js_on_load=_JS.read_text("utf-8"),
                server_functions=_Calls(workspace, language).all(),
            )
    _connect(bridge, drawn, shown=(transcript, grown), scope=scope, within=within)


def _connect(
    bridge: gr.HTML, drawn: _Drawn, *, shown: tuple[gr.HTML, gr.HTML], scope: gr.State, within: gr.HTML
) -> None:
    def ask(filters: Filters | None, sent: gr.EventData) -> Iterator[tuple[Any, Any]]:
        for pair in drawn.ask(_data(sent), filters or Filters()):
            transcript, grown = (gr.skip() if html is None else html for html in pair)
            yield transcript, grown

    def halt(sent: gr.EventData) -> tuple[str, str]:
        return drawn.transcript(_text(_data(sent), "conversation")), pieces.stopped(drawn.language)

    def show(sent: gr.EventData) -> tuple[str, str]:
        return drawn.transcript(_text(_data(sent), "conversation")), ""

    def say(filters: Filters | None) -> str:
        return pieces.scope_line(filters or Filters(), language=drawn.language)

    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    asking = bridge.ask(
        ask, inputs=scope, outputs=list(shown), concurrency_limit=AT_ONCE, concurrency_id="ask", **quiet
    )
    free = {**quiet, "concurrency_limit": None}
    # Of two clicks in a row none is passed over; page.js knows which was the last.
    every = {**free, "trigger_mode": "multiple"}
    bridge.halt(halt, outputs=list(shown), cancels=[asking], **every)
    bridge.show(show, outputs=list(shown), cancels=[asking], **every)
    bridge.everywhere(Filters, outputs=scope, **free)
    scope.change(say, inputs=scope, outputs=within, **free)


def _column(name: str) -> AbstractContextManager[gr.Column]:
    column: AbstractContextManager[gr.Column] = gr.Column(elem_id=name, min_width=0)
    return column


def _data(sent: gr.EventData) -> Mapping[str, object]:
    data = sent._data  # noqa: SLF001 (Gradio's way to hand over all of it)
    return data if isinstance(data, dict) else {}


def _text(sent: Mapping[str, object], name: str) -> str:
    value = sent.get(name)
    return value if isinstance(value, str) else ""


def _said(call: Callable[[Mapping[str, object]], Any]) -> Callable[[dict[str, object]], Any]:
    """Turn what fails on purpose into words for the browser: `{"error": …}`."""

    def called(sent: dict[str, object]) -> Any:  # noqa: ANN401 (JSON)
        try:
            return call(sent if isinstance(sent, dict) else {})
        except Exception as error:  # noqa: BLE001 (the browser must be told)
            return {"error": str(in_words(error))}

    called.__name__ = call.__name__
    return called
