"""Passages and questions in, the messages for a chat model out.

The prompts are Markdown in `rag/prompts/`, for people to read and edit:

    # system                 a line that is only a role begins a message: system, user or assistant
    You answer …
    # user
    {{passages}}             a variable; each prompt has exactly those of VARIABLES

What varies stands after what is fixed, so that a model's cache of the beginning serves every question. This module
calls no model.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from rag.chat import Message
from rag.errors import ConfigError
from rag.text import format_date, normalise

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rag.types import Document

FOLDER = Path(__file__).with_name("prompts")
# What the code gives each prompt; the files are held to it.
VARIABLES: dict[str, frozenset[str]] = {
    "answer": frozenset({"passages", "language", "question"}),
    "rewrite": frozenset({"conversation", "question"}),
    "translate": frozenset({"language", "question"}),
}
# The whole answer of a model that finds none, without its full stop. `answer.md` holds the same words.
NOT_ANSWERED = ("The passages do not answer the question", "这些段落没有回答这个问题")
# How a sentence begins that says what is missing.
NOT_SAID = ("The passages do not say", "这些段落没有说")

_ROLE = re.compile(r"^# (system|user|assistant)[ \t]*$", re.MULTILINE)
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_CODE_CHARS = 8
_TITLE_CHARS = 200

# Format characters (zero-width, bidirectional, tags) and private use; then what looks like nothing at all, and
# variation selectors, which can carry hidden text. Controls become spaces, since some of them part words.
_UNSEEN_KINDS = {"Cf", "Co", "Cs"}
_CONTROL = re.compile(r"[^\S\n\t ]|[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# How chat templates mark turns: <|im_start|>, <｜User｜>, <start_of_turn>, </s>, [INST], [TOOL_CALLS], <<SYS>>.
_TAG = re.compile(r"<(/?[^\W\d]\w{0,40}/?)>")
_INSTRUCTION = re.compile(r"\[(/?(?:INST|SYS|[A-Z]{2,20}(?:_[A-Z]{2,20}){1,3}))\]")
_BAR_OPENS, _BAR_CLOSES = re.compile(r"<[|｜]"), re.compile(r"[|｜]>")
_NUMBER_IN_BRACKETS = re.compile(r"[\[【［]([\d,，、 ;–-]{1,40})[\]】］]")


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt: the role and the text of each message, variables still in it."""

    name: str
    parts: tuple[Message, ...]

    @classmethod
    def parse(cls, text: str, *, name: str, variables: Collection[str]) -> Template:
        """Read a prompt.

        Raises:
            ConfigError: its variables are not those that the code gives, or it has text outside a message.
        """
        before, *rest = _ROLE.split(normalise(text))
        if before.strip() or not rest:
            raise ConfigError(f"prompt {name} must begin with a line '# system' or '# user', not {before[:40]!r}.")
        found = set(_VARIABLE.findall(text))
        if found != set(variables):
            raise ConfigError(f"prompt {name} has the variables {_names(found)}; the code gives {_names(variables)}.")
        roles = cast("list[Literal['system', 'user', 'assistant']]", rest[::2])
        return cls(name, tuple(Message(role, part.strip()) for role, part in zip(roles, rest[1::2], strict=True)))

    def fill(self, values: Mapping[str, str]) -> list[Message]:
        """Put values into the places; what is put in is not searched for further places."""
        return [Message(part.role, _VARIABLE.sub(lambda place: values[place[1]], part.text)) for part in self.parts]


@cache
def load(name: str) -> Template:
    """Read one of the prompts that come with Footnote.

    Raises:
        ConfigError: there is no such prompt, or it does not fit the code.
    """
    if name not in VARIABLES:
        raise ConfigError(f"there is no prompt {name!r}; there are {_names(VARIABLES)}.")
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    return Template.parse(text, name=f"rag/prompts/{name}.md", variables=VARIABLES[name])


@cache
def digest() -> str:
    """Return eight characters that change with any of the prompts."""
    return hashlib.sha256("\0".join(repr(load(name)) for name in VARIABLES).encode()).hexdigest()[:8]


def render(
    name: str,
    *,
    question: str,
    language: str | None = None,
    passages: str | None = None,
    conversation: str | None = None,
) -> list[Message]:
    """Make the messages of a prompt; every value goes through `clean`.

    Args:
        name: `answer`, `rewrite` or `translate`.
        question: what is asked.
        language: the name of a language in English ("Chinese"), for `answer` and `translate`.
        passages: what `numbered` returns, for `answer`.
        conversation: what was said so far, a line a turn, for `rewrite`.

    Raises:
        ConfigError: the file does not fit the code.
        ValueError: the values are not those of the prompt.
    """
    given = {"question": question, "language": language, "passages": passages, "conversation": conversation}
    values = {key: clean(value) for key, value in given.items() if value is not None}
    template = load(name)
    if values.keys() != VARIABLES[name]:
        raise ValueError(f"prompt {name} takes {_names(VARIABLES[name])}; given were {_names(values)}")
    return template.fill(values)


def numbered(passages: Sequence[tuple[Document, str]]) -> str:
    """Write passages for a model to read, numbered from 1, each with title, publisher and date.

    The lines that begin and end a passage carry a code made from all of the texts, which stands in none of them, so no
    text can end its passage or begin another; the same passages always have the same code. Numbers in brackets inside
    a text become `(1)`: they are not ours. This copy is for the model only; what is cited is the document.
    """
    written = [_written(document, text) for document, text in passages]
    code = _code_for(written)
    return "\n\n".join(
        f"=== {code} passage [{number}] ===\n{text}\n=== {code} end of passage [{number}] ==="
        for number, text in enumerate(written, start=1)
    )


def clean(text: str) -> str:
    r"""Return a copy for a model's eyes: no unseen characters, and no signs by which chat templates mark turns.

    >>> clean("Hi\u200b <|im_end|> [INST] x < 3")
    'Hi (im_end) (INST) x < 3'
    """
    text = _CONTROL.sub(" ", normalise(text))
    text = "".join(char for char in text if unicodedata.category(char) not in _UNSEEN_KINDS)
    text = _TAG.sub(r"(\1)", _UNSEEN.sub("", text))
    return _INSTRUCTION.sub(r"(\1)", _BAR_CLOSES.sub(")", _BAR_OPENS.sub("(", text)))


def _written(document: Document, text: str) -> str:
    day = format_date(document.published, document.language) if document.published else ""
    fields = {"Title": document.title, "Publisher": document.publisher or "", "Date": day}
    lines = [f"{name}: {_one_line(value)[:_TITLE_CHARS]}" for name, value in fields.items() if value]
    return _NUMBER_IN_BRACKETS.sub(r"(\1)", "\n".join([*lines, "", clean(text).strip()]))


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _code_for(texts: Sequence[str]) -> str:
    """Return the beginning of a hash of texts that stands in none of them."""
    whole = "\n\n".join(texts)
    code = hashlib.sha256(whole.encode()).hexdigest()
    while code[:_CODE_CHARS] in whole:
        code = hashlib.sha256(code.encode()).hexdigest()
    return code[:_CODE_CHARS]


def _names(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"
