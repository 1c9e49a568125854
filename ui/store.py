"""`conversations.db`: what was asked and answered on the chat page, and what people thought of it.

    conversation ─< exchange ─< feedback

An exchange is kept as an answer record (`rag/record.py`). Feedback belongs to its exchange: it goes when the
conversation is deleted, and stays when the question is only asked again. Nothing of the page is known here.
"""

# long: every statement of SQL about conversations stands here
from __future__ import annotations

import json
import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Literal, Self, get_args

from pydantic import TypeAdapter, ValidationError

from rag import record as records
from rag.errors import FootnoteError, RecordError
from rag.record import Conversation, Exchange, dump, load
from rag.text import is_chinese, normalise
from rag.types import Filters, Turn, to_json
from ui.store_file import StoreFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Kind = Literal["up", "down", "wrong_quote", "wrong_answer", "should_have_refused", "should_have_answered"]

NAME = "conversations.db"
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_NOTE_CHARS = 10_000
MOST_TITLE_CHARS = 200

_KEPT = "e.id, e.record, e.asked, e.made, e.filters"
_LET_GO = """
DELETE FROM exchanges WHERE conversation = ? AND position = ? AND NOT replaced
    AND number NOT IN (SELECT exchange FROM feedback)"""
_SHOWN_TITLE_CHARS = 60
# Of a question, more than any title shows.
_TITLE_SOURCE_CHARS = 400
_ID_BYTES = 12


class UnknownConversation(FootnoteError):
    """A conversation or an exchange was named that is not, or no longer, kept."""


class TooLong(FootnoteError):
    """A note or a title has more characters than are kept."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation in the list; `title` is the first question, shortened, where nobody gave it a name."""

    id: str
    title: str
    updated: datetime
    n_exchanges: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A question as it was asked, what it came to, when (UTC), and the filters that the person had chosen."""

    id: str
    exchange: Exchange
    asked: str
    made: datetime
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody thought of an exchange, and when they said so (UTC)."""

    kind: Kind
    note: str
    made: datetime
    conversation_id: str
    kept: Kept


class Store:
    """One open `conversations.db`, made where there is none; without a path, nothing outlasts `close`.

    Safe to use from several threads and processes. What a method has written is on disk when it returns. What is
    deleted is overwritten with zeros; a copy that the disk itself or a backup keeps is out of reach.
    """

    def __init__(self, path: Path | None) -> None:
        """Open the file.

        Raises:
            RecordError: it is damaged, is no store of conversations, or is one of a later Footnote. It stays as it is.
            StorageFailed: it cannot be opened or made.
        """
        self._file = StoreFile(path)
        self.is_lasting = path is not None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        self._file.close()

    def conversations(self, search: str = "") -> list[Listed]:
        """Return conversations, the latest first.

        Args:
            search: words; each must stand in the title, a question or an answer. Case does not count, nor whether a
                character is full-width. One without a name and a question is never returned: it holds nothing.
        """
        rows = self._file.rows(
            "SELECT c.number, c.id, c.title, c.updated, count(e.number), "
            "(SELECT substr(asked, 1, ?) FROM exchanges WHERE conversation = c.number AND NOT replaced "
            "ORDER BY position LIMIT 1) FROM conversations c LEFT JOIN exchanges e "
            "ON e.conversation = c.number AND NOT e.replaced GROUP BY c.number ORDER BY c.updated DESC, c.number DESC",
            (_TITLE_SOURCE_CHARS,),
        )
        found = {row[0] for row in rows if row[2] or row[4]}
        for word in dict.fromkeys(_folded(search).split()):
            if found:
                found &= self._with_word(word)
        return [
            Listed(key, title or _shortened(first or ""), datetime.fromisoformat(updated), count)
            for number, key, title, updated, count, first in rows
            if number in found
        ]

    def create(self, title: str = "") -> str:
        """Begin a conversation and return its id, which is safe in an address. Raises `TooLong`."""
        title, now, key = _title(title), _stamp(None), _new_id()
        with self._file.transaction() as db:
            row = (key, title, _folded(title), now, now)
            db.execute("INSERT INTO conversations (id, title, folded, created, updated) VALUES (?, ?, ?, ?, ?)", row)
        return key

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation a name; an empty one brings the first question back.

        Raises:
            UnknownConversation: there is none of this id.
            TooLong: the name has more than `MOST_TITLE_CHARS` characters.
        """
        title = _title(title)
        with self._file.transaction(removes=True) as db:
            number = self._number(conversation_id)
            db.execute(
                "UPDATE conversations SET title = ?, folded = ? WHERE number = ?", (title, _folded(title), number)
            )

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation for good, with all that was said of it. One that is gone already is no error."""
        with self._file.transaction(removes=True) as db:
            db.execute("DELETE FROM conversations WHERE id = ?", (_whole(conversation_id),))

    def exchanges(self, conversation_id: str) -> list[Kept]:
        """Return what was asked and answered, in its order.

        Raises:
            UnknownConversation: there is none of this id.
            RecordError: an exchange is damaged.
        """
        number = self._number(conversation_id)
        sql = f"SELECT {_KEPT} FROM exchanges e WHERE conversation = ? AND NOT replaced ORDER BY position"  # noqa: S608
        return [self._kept(row) for row in self._file.rows(sql, (number,))]

    def append(
        self,
        conversation_id: str,
        exchange: Exchange,
        *,
        asked: str,
        made: datetime | None = None,
        filters: Filters | None = None,
    ) -> str:
        """Add an exchange at the end of a conversation and return its id.

        Args:
            conversation_id: which.
            exchange: what it came to. What is half a character in it is kept as a replacement character.
            asked: the question as the person wrote it.
            made: when, with its time zone; now if None.
            filters: those the person had chosen, as far as they are not in the question.

        Raises:
            UnknownConversation: there is none of this id.
        """
        return self._add(conversation_id, Kept(_new_id(), exchange, asked, _time(made), filters or Filters()))

    # wide: what an exchange consists of
    def replace_last(
        self,
        conversation_id: str,
        exchange: Exchange,
        *,
        replaced: str,
        asked: str,
        made: datetime | None = None,
        filters: Filters | None = None,
    ) -> str:
        """Put an exchange in the place of the last one and return its id; other arguments and errors as in `append`.

        That is deleted, unless something was said of it: then it stays for `feedback`, unseen elsewhere. Where the last
        one is not `replaced` (somebody asked meanwhile), nothing is deleted and the exchange goes to the end.
        """
        kept = Kept(_new_id(), exchange, asked, _time(made), filters or Filters())
        return self._add(conversation_id, kept, replaced=replaced)

    def history(self, conversation_id: str, *, before: str | None = None) -> list[Turn]:
        """Return a conversation as the next question needs it, oldest first; `before` an exchange, or all of it.

        Raises:
            UnknownConversation: there is no conversation, or in it no exchange, of this id.
        """
        number = self._number(conversation_id)
        sql = "SELECT position FROM exchanges WHERE conversation = ? AND id = ?"
        places = self._file.rows(sql, (number, _whole(before))) if before is not None else []
        if before is not None and not places:
            raise UnknownConversation(
                f"there is no exchange {before!r} in this conversation; it may have been deleted."
            )
        kept = self.exchanges(conversation_id)
        return [turn for one in (kept[: places[0][0]] if places else kept) for turn in _turns(one)]

    def record(self, conversation_id: str, settings: Mapping[str, object]) -> Conversation:
        """Return a conversation as an answer record; `settings` as `rag.record.settings_of` gives them.

        Raises:
            UnknownConversation: there is none of this id.
        """
        kept = self.exchanges(conversation_id)
        made = kept[-1].made.replace(microsecond=0) if kept else None
        return Conversation(tuple(one.exchange for one in kept), dict(settings), made)

    def add_feedback(self, exchange_id: str, kind: Kind, *, note: str = "") -> None:
        """Keep what somebody thinks of an exchange, beside what was said of it before.

        Raises:
            UnknownConversation: there is no such exchange.
            TooLong: the note has more than `MOST_NOTE_CHARS` characters. Nothing is kept.
            ValueError: there is no such kind.
        """
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of feedback; the kinds are {', '.join(KINDS)}.")
        note = _bounded(normalise(note).strip(), "note", MOST_NOTE_CHARS)
        with self._file.transaction() as db:
            rows = self._file.rows("SELECT number FROM exchanges WHERE id = ?", (_whole(exchange_id),))
            if not rows:
                raise UnknownConversation(f"there is no exchange {exchange_id!r}; it may have been deleted.")
            row = (rows[0][0], kind, note, _stamp(None))
            db.execute("INSERT INTO feedback (exchange, kind, note, made) VALUES (?, ?, ?, ?)", row)

    def feedback(self) -> list[Feedback]:
        """Return all that was said, oldest first. Raises `RecordError` where an exchange is damaged."""
        rows = self._file.rows(
            f"SELECT f.kind, f.note, f.made, c.id, {_KEPT} FROM feedback f JOIN exchanges e ON e.number = f.exchange "  # noqa: S608
            "JOIN conversations c ON c.number = e.conversation ORDER BY f.number"
        )
        return [
            Feedback(kind, note, datetime.fromisoformat(made), conversation, self._kept(kept))
            for kind, note, made, conversation, *kept in rows
        ]

    def _number(self, conversation_id: str) -> int:
        rows = self._file.rows("SELECT number FROM conversations WHERE id = ?", (_whole(conversation_id),))
        if not rows:
            raise UnknownConversation(f"there is no conversation {conversation_id!r}; it may have been deleted.")
        return int(rows[0][0])

    def _with_word(self, word: str) -> set[int]:
        sql = (
            "SELECT number FROM conversations WHERE instr(folded, ?1) "
            "UNION SELECT conversation FROM exchanges WHERE NOT replaced AND instr(folded, ?1)"
        )
        return {number for (number,) in self._file.rows(sql, (word,))}

    def _add(self, conversation_id: str, kept: Kept, *, replaced: str = "") -> str:
        made = _stamp(kept.made)
        record = _whole(dump(Conversation((kept.exchange,))))
        filters = _whole(json.dumps(to_json(kept.filters), ensure_ascii=False))
        row = (kept.id, _whole(kept.asked), filters, record, _folded(_said(kept)), made)
        with self._file.transaction(removes=bool(replaced)) as db:
            number = self._number(conversation_id)
            last = (
                "SELECT position, id FROM exchanges WHERE conversation = ? AND NOT replaced "
                "ORDER BY position DESC LIMIT 1"
            )
            found, last_id = next(iter(self._file.rows(last, (number,))), (-1, ""))
            replaces = bool(replaced) and last_id == replaced
            position = found + (not replaces)
            if replaces:
                db.execute(_LET_GO, (number, position))
                db.execute(
                    "UPDATE exchanges SET replaced = 1 WHERE conversation = ? AND position = ?", (number, position)
                )
            db.execute(
                "INSERT INTO exchanges (id, asked, filters, record, folded, made, conversation, position) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, number, position),
            )
            db.execute("UPDATE conversations SET updated = max(updated, ?) WHERE number = ?", (made, number))
        return kept.id

    def _kept(self, row: Sequence[str]) -> Kept:
        key, record, asked, made, filters = row
        try:
            exchange = load(record, name=f"exchange {key}").exchanges[0]
            return Kept(key, exchange, asked, datetime.fromisoformat(made), _filters_form().validate_json(filters))
        except (RecordError, ValidationError, ValueError, IndexError) as error:
            raise RecordError(self._file.damaged(error)) from error


def _turns(kept: Kept) -> tuple[Turn, Turn]:
    """Return question and answer as `rag.record.converse` hands them to the next question."""
    answer = kept.exchange.answer
    said = " ".join(sentence.text for sentence in answer.sentences) or records.REFUSED[is_chinese(kept.asked)]
    cited = (citation for sentence in answer.sentences for citation in sentence.citations)
    return Turn("user", kept.asked), Turn("assistant", said, tuple(dict.fromkeys(cited)))


def _said(kept: Kept) -> str:
    """Return what a search looks through."""
    answer = kept.exchange.answer
    short = answer.short.quote if answer.short else ""
    return "\n".join((kept.asked, answer.rewritten, short, *(sentence.text for sentence in answer.sentences)))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", normalise(text)).casefold()


def _shortened(question: str) -> str:
    """Make a title of a question: "Who cut the ribbon at the new harbour, and in …"."""
    line = " ".join(question.split())
    if len(line) <= _SHOWN_TITLE_CHARS:
        return line
    cut = line[:_SHOWN_TITLE_CHARS]
    at = cut.rfind(" ")
    return f"{cut[:at] if at > _SHOWN_TITLE_CHARS // 2 else cut} …"


def _title(text: str) -> str:
    return _bounded(" ".join(normalise(text).split()), "title", MOST_TITLE_CHARS)


def _bounded(text: str, what: str, most: int) -> str:
    if len(text) > most:
        raise TooLong(f"the {what} has {len(text):,} characters, and at most {most:,} are kept; shorten it.")
    return text


def _whole(text: str) -> str:
    """Put two halves of a character together, and a replacement character for one alone: no file can hold it."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _new_id() -> str:
    return secrets.token_urlsafe(_ID_BYTES)


def _time(made: datetime | None) -> datetime:
    if made is not None and made.tzinfo is None:
        raise ValueError(f"{made} has no time zone; give datetime.now(UTC).")
    return (made or datetime.now(UTC)).astimezone(UTC)


def _stamp(made: datetime | None) -> str:
    return _time(made).isoformat(timespec="microseconds")


@cache
def _filters_form() -> TypeAdapter[Filters]:
    return TypeAdapter(Filters)
