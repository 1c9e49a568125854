"""A question on its way: what is asked with it, and what the page shows until the answer is there.

    Plan ─ bot.stream ─ listen ─► events ─ growing ─► HTML, again and again, and at last the Answer

This module knows nothing of Gradio.
"""

from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from rag.types import Answer, Delta, Done, Filters, Read, Retrieved
from ui.html import growing_html
from ui.store import UnknownConversation
from ui.wording import Words

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from rag import Assistant
    from rag.record import Exchange
    from rag.types import Event, Sentence, Turn
    from ui.store import Kept, Store

_WORDS = {
    "searching": ("Searching …", "正在检索……"),
    "reading": ("Reading {} passages …", "正在阅读{}段……"),
    "checking": ("Checking …", "正在核对……"),
    "writing": ("Writing …", "正在书写……"),
}
# So long may a stop wait until it is heard, and so long apart are two pictures of a growing answer, in seconds.
_HEARTBEAT_S = 0.2
_FRAME_S = 0.05


class _End:
    """Says that nothing more comes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A question as it will be asked.

    `replaces` is the id of the exchange in whose place the answer goes, empty where it is added at the end; `before`
    that of the one up to which the conversation is history, empty for all of it.
    """

    question: str
    conversation: str = ""
    filters: Filters = field(default_factory=Filters)
    own_filters: bool = True
    replaces: str = ""
    before: str = ""


def plan(store: Store, wanted: Mapping[str, object], *, scope: Filters) -> Plan:
    """Make of what the browser sent what is to be asked.

    Args:
        store: the conversations.
        wanted: `conversation`; and `question` for a new one; or `again`, the id of an exchange that is asked once more,
            with `question` in other words, with `drop` and `value` without one of its filters.
        scope: what the library tab asks within; an exchange that is asked again keeps its own.

    Raises:
        UnknownConversation: the exchange is gone.
    """
    question, conversation, again = (_text(wanted, name) for name in ("question", "conversation", "again"))
    kept = _exchanges(store, conversation)
    if not again:
        return Plan(question, conversation if kept else "", scope)
    found = next((one for one in kept if one.id == again), None)
    if found is None:
        raise UnknownConversation("the question that was to be asked again has been deleted; ask it anew.")
    in_force = found.exchange.answer.filters
    base = Plan(
        question=question or found.asked,
        conversation=conversation,
        filters=found.filters,
        # What the question's words named was taken away before, or there was nothing.
        own_filters=bool(question) or in_force != found.filters,
        replaces=again if found is kept[-1] else "",
        before=again,
    )
    drop = _text(wanted, "drop")
    if not drop:
        return base
    return replace(base, filters=without(in_force, drop, value=_text(wanted, "value")), own_filters=False)


def without(filters: Filters, kind: str, *, value: str) -> Filters:
    """Take one condition out of filters: `kind` as the chips name it, `value` the one of several that goes."""
    match kind:
        case "publisher":
            return replace(filters, publishers=tuple(name for name in filters.publishers if name != value))
        case "language":
            return replace(filters, languages=tuple(code for code in filters.languages if code != value))
        case "documents":
            return replace(filters, documents=())
        case "from":
            return replace(filters, published_from=None)
        case "to":
            return replace(filters, published_to=None)
        case _:
            return filters


def history(store: Store, asked: Plan) -> list[Turn]:
    """Return the conversation that goes with a question."""
    if not asked.conversation:
        return []
    return store.history(asked.conversation, before=asked.before or None)


def keep(store: Store, asked: Plan, *, exchange: Exchange) -> str:
    """Keep what a question came to, and return the id of its conversation, which is new where there was none."""
    conversation = asked.conversation or store.create()
    question, filters = asked.question, asked.filters
    if asked.replaces:
        store.replace_last(conversation, exchange, replaced=asked.replaces, asked=question, filters=filters)
    else:
        store.append(conversation, exchange, asked=question, filters=filters)
    return conversation


# wide: what bot.stream takes, and the language of the labels
def growing(bot: Assistant, asked: Plan, *, turns: list[Turn], language: str) -> Iterator[str | Answer | None]:
    """Ask; yields what to show meanwhile, each time anew, None where there is nothing new, and at last the answer.

    Closing it stops the model.

    Raises:
        FootnoteError: it could not be asked.
    """
    words = Words(_WORDS, language)
    quotes: tuple[Sentence, ...] = ()
    written, note, shown = "", words["searching"], 0.0
    yield growing_html(quotes, written, note=note, language=language)
    events = bot.stream(asked.question, history=turns, filters=asked.filters or None, own_filters=asked.own_filters)
    with closing(listen(events)) as heard:
        for event in heard:
            match event:
                case None:
                    yield None
                    continue
                case Done(answer=answer):
                    yield answer
                    return
                case Retrieved(hits=hits):
                    note = words["reading"].format(len(hits))
                case Read(quotes=found):
                    quotes, note = found, words["checking"]
                case Delta(text=text):
                    written, note = written + text, words["writing"]
            if not isinstance(event, Delta) or time.monotonic() - shown > _FRAME_S:
                shown = time.monotonic()
                yield growing_html(quotes, written, note=note, language=language)


def listen(events: Iterator[Event]) -> Generator[Event | None, None, None]:
    """Yield events as they come, and None whenever none has come for a moment, so that nobody waits for a stop.

    The events are read in a thread of their own. Closing this closes them where they stand: at once, or when the model
    says its next word.
    """
    said: SimpleQueue[Event | _End | Exception] = SimpleQueue()
    stop = threading.Event()

    def read() -> None:
        try:
            for event in events:
                if stop.is_set():
                    break
                said.put(event)
            said.put(_End())
        except Exception as error:  # noqa: BLE001 (raised again where the events are awaited)
            said.put(error)
        finally:
            close = getattr(events, "close", None)
            if close is not None:
                close()

    threading.Thread(target=read, name="question", daemon=True).start()
    try:
        while True:
            try:
                event = said.get(timeout=_HEARTBEAT_S)
            except Empty:
                yield None
                continue
            if isinstance(event, _End):
                return
            if isinstance(event, Exception):
                raise event
            yield event
    finally:
        stop.set()


def _exchanges(store: Store, conversation: str) -> list[Kept]:
    """Return what a conversation holds; of one that is gone, nothing: the question begins another."""
    if not conversation:
        return []
    try:
        return store.exchanges(conversation)
    except UnknownConversation:
        return []


def _text(wanted: Mapping[str, object], name: str) -> str:
    value = wanted.get(name)
    return value.strip() if isinstance(value, str) else ""
