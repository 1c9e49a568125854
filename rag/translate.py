"""A question put into the language of the documents, and what was written from them into the asker's.

The reader judges a sentence and its source in one language. So an answer across languages is written in the language
of its sources, checked there, and only then translated, with the checked words beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rag.errors import WriterFailed
from rag.guard import facts, missing, shown
from rag.prompting import render
from rag.rewrite import line_of
from rag.text import is_chinese

if TYPE_CHECKING:
    from collections.abc import Collection

    from rag.chat import ChatModel
    from rag.types import Sentence

_CHINESE, _ENGLISH = "zh", "en"
_NAMES = {_CHINESE: "Chinese", _ENGLISH: "English"}
# What stands alike in every language, and so can be held against the source of a translation.
_VALUES = {"number", "date", "percentage", "money"}


def language_of(text: str) -> str:
    """Return which of the two languages of questions a text is in: `zh` or `en`."""
    return _CHINESE if is_chinese(text) else _ENGLISH


def for_the_documents(question: str, model: ChatModel | None, *, languages: Collection[str]) -> str:
    """Translate a question into the other language, if documents are in it and there is a model; else return "".

    A translation in the wrong language, or without a number or day of the question, is none.
    """
    other = _ENGLISH if language_of(question) == _CHINESE else _CHINESE
    if model is None or other not in languages:
        return ""
    line = _translated(question, model, language=other)
    return line if line and not _lost(question, line) else ""


def for_the_asker(sentence: Sentence, model: ChatModel, *, language: str) -> Sentence:
    """Put a checked sentence into another language, its own words after it in brackets.

    It stays as it is where the translation fails or states a number or day that its citations do not.
    """
    if language_of(sentence.text) == language or not sentence.citations:
        return sentence
    line = _translated(sentence.text, model, language=language)
    if not line or _lost(line, *shown(sentence.citations)):
        return sentence
    both = f"{line}（{sentence.text}）" if language == _CHINESE else f"{line} ({sentence.text})"
    return replace(sentence, text=both)


def _translated(text: str, model: ChatModel, *, language: str) -> str:
    try:
        line = line_of(model, render("translate", question=text, language=_NAMES[language]))
    except WriterFailed:
        return ""
    return line if language_of(line) == language else ""


def _lost(text: str, *others: str) -> bool:
    """Tell whether a text states a value that stands in none of the others."""
    gone = missing(text, others)
    return any(fact.kind in _VALUES and fact.text in gone for fact in facts(text))
