"""Gold questions: a JSONL file a person writes, checked line by line, its quotes found in the documents.

    {"id": "who-1", "question": "Who chaired it?", "answers": ["Ada Holm"],
     "evidence": [{"doc": "minutes.md", "quote": "Ada Holm was in the chair."}]}
    {"id": "no-1", "question": "Who kept the minutes?", "answerable": false}

One object a line (here broken for reading). Only `question` must be there, and for an answerable question `answers` or
`evidence`. `doc` is a source as `footnote list` shows it, the end of one (`minutes.md` for `board/2024/minutes.md`), or
an address. Evidence is a quote, or `start` and `end` in characters, or a whole document. The rest: `answerable` (true),
`type`, `language` (guessed), `history` (turns with `role` and `text`), `as_of` (a day), `split` (`dev` or `test`).
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date  # noqa: TC003 (pydantic reads the annotations of _Line)
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.scorers.answers import normalise_answer
from eval.types import Example, GoldEvidence
from rag.errors import DataMissing, GoldError
from rag.text import Span, detect_language, normalise, sentences
from rag.types import Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rag.types import Document

_SHOWN = 5
_SHOWN_CHARS = 160
_NAME_CHARS = 8
_WORD = re.compile(r"\w")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Turn(_Strict):
    role: Literal["user", "assistant"]
    text: str


class _Evidence(_Strict):
    doc: str = Field(min_length=1)
    start: int | None = Field(None, ge=0)
    end: int | None = None
    quote: str | None = Field(None, min_length=1)


class _Line(_Strict):
    id: str | None = Field(None, min_length=1)
    question: str = Field(pattern=r"\S")
    answers: list[str] = []
    evidence: list[_Evidence] = []
    answerable: bool = True
    type: str = ""
    language: str | None = None
    history: list[_Turn] = []
    as_of: date | None = None
    split: Literal["", "dev", "test"] = ""


@dataclass(frozen=True, slots=True)
class Gold:
    """What a file of gold questions came to: the questions that are sound, and what is wrong, line by line."""

    examples: tuple[Example, ...]
    problems: tuple[str, ...]


def load(path: Path, documents: Sequence[Document]) -> tuple[Example, ...]:
    """Read gold questions and find their evidence in the documents.

    Raises:
        GoldError: the file cannot be read, or a line is wrong: each with file, line number and what is wrong.
    """
    gold = check(path, documents)
    if gold.problems:
        more = len(gold.problems) - _SHOWN
        rest = f"; and {more} more: `footnote eval --check {path}` shows all" if more > 0 else ""
        raise GoldError("; ".join(gold.problems[:_SHOWN]) + rest)
    return gold.examples


def check(path: Path, documents: Sequence[Document] | None = None) -> Gold:
    """Read gold questions and collect what is wrong with them; without documents, evidence is not looked for.

    Raises:
        GoldError: the file cannot be read at all.
    """
    library = None if documents is None else _Sources(documents)
    examples: list[Example] = []
    problems: list[str] = []
    for number, text in _lines(path):
        try:
            examples.append(_example(_Line.model_validate_json(text), library))
        except ValidationError as error:
            problems += [f"{path}:{number}: {_explain(found)}" for found in error.errors()]
        except GoldError as error:
            problems.append(f"{path}:{number}: {error}")
    twice = [key for key, count in Counter(example.id for example in examples).items() if count > 1]
    problems += [f"{path}: the id {key!r} stands on more than one line; give each its own" for key in twice]
    if not examples and not problems:
        problems.append(f"{path} holds no question; write one JSON object a line")
    return Gold(tuple(examples), tuple(problems))


def of_split(examples: Iterable[Example], split: str | None) -> tuple[Example, ...]:
    """Return the questions that are marked with a split; all of them where none is named.

    Raises:
        DataMissing: there is no such question.
    """
    examples = tuple(examples)
    chosen = tuple(example for example in examples if split in {None, example.split})
    if not chosen:
        marked = ", ".join(sorted({example.split for example in examples} - {""})) or "none"
        raise DataMissing(f"no question is marked with the split {split!r}; the splits that are marked: {marked}.")
    return chosen


class _Sources:
    """Finds documents by what a gold line calls them."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._named: dict[str, list[Document]] = {}
        for document in documents:
            parts = document.source.split("/")
            ends = ["/".join(parts[n:]) for n in range(len(parts))]
            for name in dict.fromkeys([*ends, document.url or "", document.id]):
                self._named.setdefault(name, []).append(document)

    def find(self, name: str) -> Document:
        found = self._named.get(name.removeprefix("./"), [])
        exact = [document for document in found if name in {document.source, document.url, document.id}]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if found:
            meant = ", ".join(document.source for document in found[:_SHOWN])
            raise GoldError(f"doc {name!r} may be any of {meant}; write more of the path")
        near = difflib.get_close_matches(name, self._named, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "`footnote list` shows those that are there"
        raise GoldError(f"doc {name!r} is not in the index; {hint}")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise GoldError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise GoldError(f"{path} is not UTF-8: byte {error.object[error.start]:#04x} at {error.start}") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def _example(line: _Line, library: _Sources | None) -> Example:
    if not line.answerable and (line.answers or line.evidence):
        raise GoldError("answerable is false, but there are answers or evidence; leave them out")
    if line.answerable and not (line.answers or line.evidence):
        raise GoldError('has neither answers nor evidence; add them, or write "answerable": false')
    found = [gold for part in line.evidence for gold in _find(part, library)]
    question, answers = normalise(line.question), tuple(map(normalise, line.answers))
    if not question.strip():
        raise GoldError("question is empty")
    empty = next((answer for answer in answers if not normalise_answer(answer)), None)
    if empty is not None:
        raise GoldError(f"the answer {empty!r} has no word in it, so nothing could equal it")
    return Example(
        id=line.id or _name(question, line.history),
        question=question,
        answers=answers,
        evidence=tuple(dict.fromkeys(found)),
        answerable=line.answerable,
        type=line.type,
        language=line.language or detect_language(question),
        history=tuple(Turn(turn.role, turn.text) for turn in line.history),
        as_of=line.as_of,
        split=line.split,
    )


def _name(question: str, history: Sequence[_Turn]) -> str:
    """Name a question by what is asked, so that it keeps its name when lines move."""
    asked = "\n".join([*(turn.text for turn in history), question])
    return f"q-{hashlib.sha256(asked.encode()).hexdigest()[:_NAME_CHARS]}"


def _find(part: _Evidence, library: _Sources | None) -> list[GoldEvidence]:
    """Return the places that a line means; a quote that stands more than once means each of them."""
    if (part.start is None) is not (part.end is None):
        raise GoldError(f"evidence in {part.doc!r} has only one of start and end; give both, or a quote")
    if part.start is not None and part.end is not None and part.end <= part.start:
        raise GoldError(f"evidence in {part.doc!r} ends at {part.end}, before it starts at {part.start}")
    if library is None:
        return []
    document = library.find(part.doc)
    spans = _spans(part, document)
    if not spans:
        return [GoldEvidence(document.id, document.title)]
    return [
        GoldEvidence(document.id, document.title, span.start, span.end, document.text[span.start : span.end])
        for span in spans
    ]


def _spans(part: _Evidence, document: Document) -> list[Span]:
    quote = normalise(part.quote) if part.quote else None
    if part.start is not None and part.end is not None:
        if part.end > len(document.text):
            raise GoldError(f"evidence ends at {part.end}, but {part.doc!r} has {len(document.text)} characters")
        stands = document.text[part.start : part.end]
        if quote not in {None, stands}:
            raise GoldError(
                f"at {part.start}–{part.end} of {part.doc!r} stands {_short(stands)}, not {_short(quote or '')}"
            )
        return [Span(part.start, part.end)]
    if quote is None:
        return []
    if not _WORD.search(quote):
        raise GoldError(f"the quote {quote!r} has no word in it")
    spans = [Span(*found.span()) for found in re.finditer(re.escape(quote), document.text)]
    if not spans:
        texts = [document.text[span.start : span.end] for span in sentences(document.text, language=document.language)]
        near = difflib.get_close_matches(quote, texts, n=1)
        hint = f"; the nearest is {_short(near[0])}" if near else ""
        raise GoldError(f"the quote {_short(quote)} does not stand in {part.doc!r}{hint}")
    return spans


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…")


def _explain(found: Any) -> str:  # noqa: ANN401 (pydantic's own form of an error)
    """Say what is wrong with a field: `answers.0 is 5: input should be a valid string`."""
    where = ".".join(map(str, found["loc"]))
    match found["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(where.rpartition(".")[2], _known(where), n=1, cutoff=0)
            return f"unknown field {where!r}; did you mean {near[0]!r}?"
        case "json_invalid":
            return f"is no JSON: {found['ctx']['error']}"
        case "model_type" if not where:
            return f'is {json.dumps(found["input"])[:40]}; it must be an object, as {{"question": …}}'
        case "missing":
            return f"has no {where!r}"
        case "string_pattern_mismatch" | "string_too_short":
            return f"{where} is empty"
        case _:
            return f"{where} is {json.dumps(found['input'], ensure_ascii=False, default=str)[:60]}: {found['msg']}"


def _known(where: str) -> list[str]:
    parts: dict[str, type[_Strict]] = {"evidence": _Evidence, "history": _Turn}
    return list(parts.get(where.partition(".")[0], _Line).model_fields)
