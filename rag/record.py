"""The answer record: a conversation as it was answered, kept as JSON.

    questions ─ converse ─► Conversation ─ dump ─► JSON ─ load ─► Conversation

A record needs nothing but itself to be read: no index, no model. Whatever is in one may have been written by anybody.
`rag/recheck.py` holds it against the documents of a later day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping  # noqa: TC003 (pydantic reads the annotations when a record is loaded)
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from rag.config import flatten
from rag.errors import RecordError
from rag.types import Answer, Citation, Turn, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.app import Assistant
    from rag.config import Config

FORMAT = "footnote-record-1"
# What the assistant said where it gave no answer: a chat model takes no empty message.
_REFUSED = "The documents do not answer this."
_SEEN_CHARS = 60
# What an address may hold that is nobody else's business: a name and a password, a key in its query.
_PRIVATE = re.compile(r"(?<=//)[^/]*@|[?#].*")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what it came to; `titles` are those of the documents of its hits, by id."""

    answer: Answer
    titles: Mapping[str, str] = field(default_factory=dict)

    def citations(self) -> tuple[Citation, ...]:
        """Return all that is quoted, each once: by sentences, kept or removed, by conflicts, by the short answer.

        The short answer counts only where no other quotation holds it.
        """
        answer = self.answer
        cited = [citation for said in (*answer.sentences, *answer.removed) for citation in said.citations]
        cited += [citation for pair in answer.conflicts for citation in pair]
        short = answer.short
        if short is not None and not any(_holds(citation, short) for citation in cited):
            cited.append(short)
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
        said = " ".join(sentence.text for sentence in answer.sentences) or _REFUSED
        history += [Turn("user", question), Turn("assistant", said)]
    return Conversation(tuple(exchanges), settings_of(bot.config), datetime.now(UTC).replace(microsecond=0))


def settings_of(config: Config) -> dict[str, object]:
    """Return the settings that make answers, by dotted key, without what is private.

    A record is made to be passed on: the place of the index stays out of it, as does a name or password in an address.
    """
    kept = {key: value for key, value in flatten(config) if key != "index"}
    return {**kept, "writer.base_url": _PRIVATE.sub("", config.writer.base_url)}


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
        return TypeAdapter(Conversation).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        seen = f"{first['input']!r:.{_SEEN_CHARS}}"
        raise RecordError(f"{name} is damaged: {place} is {seen}: {first['msg']}. {remedy}") from error


def _refuse_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _holds(citation: Citation, other: Citation) -> bool:
    return citation.doc_id == other.doc_id and citation.start <= other.start and other.end <= citation.end
