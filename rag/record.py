"""The answer record: a conversation as it was answered, kept as JSON.

    questions ─ converse ─► Conversation ─ dump ─► JSON ─ load ─► Conversation

A record needs nothing but itself to be read: no index, no model. Whatever is in one may have been written by anybody.
`rag/recheck.py` holds it against the documents of a later day.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping  # noqa: TC003 (pydantic reads the annotations when a record is loaded)
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from rag.config import flatten
from rag.errors import RecordError
from rag.text import is_chinese
from rag.types import Answer, Citation, Turn, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.app import Assistant
    from rag.config import Config

FORMAT = "footnote-record-1"
# What the assistant said where it gave no answer: a chat model takes no empty message.
REFUSED = ("The documents do not answer this.", "文档没有回答这个问题。")
_SEEN_CHARS = 60
# A record has no more than ten levels; what has hundreds would exhaust whoever walks through it.
_MOST_LEVELS = 50
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what it came to; `titles` are those of the documents of its hits, by id."""

    answer: Answer
    titles: Mapping[str, str] = field(default_factory=dict)

    def citations(self) -> tuple[Citation, ...]:
        """Return all that is quoted, each once: by sentences, kept or removed, by conflicts, by the short answer.

        The short answer counts only where no other quotation holds it. Last comes where else the words of sentences
        stand.
        """
        answer = self.answer
        cited = [citation for said in (*answer.sentences, *answer.removed) for citation in said.citations]
        cited += [citation for pair in answer.conflicts for citation in pair]
        short = answer.short
        if short is not None and not any(_holds(citation, short) for citation in cited):
            cited.append(short)
        cited += [citation for sentence in answer.sentences for citation in sentence.also]
        return tuple(dict.fromkeys(cited))


@dataclass(frozen=True, slots=True)
class Conversation:
    """Questions and answers in their order, the settings that made them by dotted key, and when they were made.

    `made` is None where nobody noted it.
    """

    exchanges: tuple[Exchange, ...]
    settings: Mapping[str, object] = field(default_factory=dict)
    made: datetime | None = None

    def citations(self) -> tuple[Citation, ...]:
        """Return all that is quoted, each once and in order: the first is number 1 wherever the record is shown."""
        return tuple(dict.fromkeys(citation for exchange in self.exchanges for citation in exchange.citations()))


def converse(bot: Assistant, questions: Sequence[str]) -> Conversation:
    """Ask questions one after another, each in the light of those before it, and keep what came of them."""
    exchanges: list[Exchange] = []
    history: list[Turn] = []
    for question in questions:
        answer = bot.ask(question, history=history)
        exchanges.append(Exchange(answer, bot.titles(answer.hits)))
        said = " ".join(sentence.text for sentence in answer.sentences) or REFUSED[is_chinese(question)]
        cited = (citation for sentence in answer.sentences for citation in sentence.citations)
        history += [Turn("user", question), Turn("assistant", said, tuple(dict.fromkeys(cited)))]
    return Conversation(tuple(exchanges), settings_of(bot.config), datetime.now(UTC).replace(microsecond=0))


def settings_of(config: Config) -> dict[str, object]:
    """Return the settings that make answers, by dotted key, without what is private.

    A record is made to be passed on: the place of the index stays out of it, as does a name or password in an address.
    """
    kept = {key: value for key, value in flatten(config) if key != "index"}
    return {**kept, "writer.base_url": _public(config.writer.base_url)}


def _public(address: str) -> str:
    """Return scheme, host, port and path of an address; where they cannot be told from a password, nothing."""
    scheme = _SCHEME.match(address)
    private, _, rest = address[scheme.end() if scheme else 0 :].rpartition("@")
    place = re.split("[?#]", rest, maxsplit=1)[0]
    try:
        urlsplit(f"//{place}").port  # noqa: B018 (looking at it checks it)
    except ValueError:
        return ""
    return "" if re.search("[?#]", private) else f"{scheme[0] if scheme else ''}{place}"


def dump(conversation: Conversation) -> str:
    """Write a conversation as JSON, from which `load` makes an equal one."""
    value = {"format": FORMAT, **to_json(conversation)}
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)


def load(text: str, *, name: str = "this text") -> Conversation:
    """Read what `dump` wrote, or the single answer that `footnote ask --json` prints.

    Args:
        text: JSON.
        name: what messages call it.

    Raises:
        RecordError: it is neither.
    """
    remedy = "`footnote export QUESTION… --as json` writes a record."
    try:
        value = json.loads(text, parse_constant=_refuse_number)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{name} is no answer record: it is no JSON ({error}). {remedy}") from error
    if isinstance(value, dict) and {"question", "status"} <= value.keys():
        value = {"format": FORMAT, "exchanges": [{"answer": value}]}
    if not isinstance(value, dict) or "format" not in value:
        raise RecordError(f"{name} is no answer record: it begins {text.strip()[:_SEEN_CHARS]!r}. {remedy}")
    if value["format"] != FORMAT:
        seen = f"{value['format']!r:.{_SEEN_CHARS}}"
        raise RecordError(
            f"{name} has the format {seen}, and this Footnote reads {FORMAT!r}: use the one that made it."
        )
    try:
        _refuse_unusable(value)
        return _form().validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        flaw = _Unusable(first["loc"], first["input"], why=first["msg"])
        raise RecordError(f"{name} is damaged: {flaw}. {remedy}") from error
    except _Unusable as flaw:
        raise RecordError(f"{name} is damaged: {flaw}. {remedy}") from flaw


@cache
def _form() -> TypeAdapter[Conversation]:
    return TypeAdapter(Conversation)


class _Unusable(Exception):
    """A value of a record that cannot be used: its place, what was seen, and why."""

    def __init__(self, place: Sequence[str | int], seen: object, *, why: str) -> None:
        super().__init__(f"{'.'.join(map(str, place))} is {f'{seen!r:.{_SEEN_CHARS}}'}: {why}")


def _refuse_unusable(value: object) -> None:
    """Refuse what JSON can write but nothing can show or write again, wherever it stands."""
    left: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while left:
        place, item = left.pop()
        if len(place) > _MOST_LEVELS:
            raise _Unusable(place[:3], item, why=f"it stands deeper than {_MOST_LEVELS} levels")
        if isinstance(item, dict):
            left += [((*place, key), part) for key, part in item.items()]
            left += [(place, key) for key in item]  # looked at before the values, whose places they name
        elif isinstance(item, list):
            left += [((*place, number), part) for number, part in enumerate(item)]
        elif isinstance(item, float) and not math.isfinite(item):
            raise _Unusable(place, item, why="it must be a finite number")
        elif isinstance(item, str) and _LONE_SURROGATE.search(item):
            raise _Unusable(place, item, why="it holds half a character")


def _refuse_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _holds(citation: Citation, other: Citation) -> bool:
    return citation.doc_id == other.doc_id and citation.start <= other.start and other.end <= citation.end
