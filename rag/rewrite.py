"""A follow-up becomes a question that stands alone: by a chat model where there is one, otherwise by rules.

    What was the turnover in 2023?   And in 2024?        →  What was the turnover in 2024?
    What is envelope encryption?     How does it work?   →  How does envelope encryption work?
    Who found the crack?             Why?                →  Why? (found crack)

The rules read each turn with the one before it as it stands alone by then, so that a subject lasts through many turns.
What does not visibly lean on the conversation is left as it is: a new subject must not be answered with the old one.
Nothing here knows an index; `rag.leaning` knows the words that point back.
"""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from rag.errors import WriterFailed
from rag.fact import HAN
from rag.guard import facts, missing
from rag.leaning import PREPOSITION, fragment_of, is_courtesy, is_person, leans, pronoun_in, subject_of, topic_words
from rag.prompting import render
from rag.text import STOP_WORDS, content_terms, is_chinese, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rag.chat import ChatModel, Message
    from rag.fact import Fact
    from rag.leaning import Pronoun
    from rag.types import Turn

# What a question can lean on lies near: so many turns of either side are looked at.
_TURNS = 12
# The model sees so many turns, and of each no more than its beginning.
_SHOWN_TURNS = 6
_SHOWN_CHARS = 400
# Whoever writes this much has said what it is about.
_LONG_CHARS = 400
_LONGER_BY = 3
_LABEL = re.compile(
    r"^(?:[-*>#\s]*)(?:(?:(?:stand-?alone|rewritten)\s+)?question|rewrite|rewritten|问题|改写(?:后的问题)?)\s*[:：]\s*",
    re.I,
)
_REFUSES = re.compile(
    r"(?i)\b(?:sorry|as an ai|i (?:cannot|can't|can’t|am unable|don't|don’t)|not (?:enough|provided)|"
    r"no (?:context|rewrit))|抱歉|对不起|无法|不能改写|作为一个"
)


def stand_alone(question: str, history: Sequence[Turn], *, model: ChatModel | None = None) -> str:
    """Return the question with what it leaves to the conversation said in it, or unchanged where it lacks nothing.

    The model is asked only where there is a history. Where it fails, or what it wrote is no such question (a name or
    number that nobody said, another language, a refusal), the rules decide.

    Args:
        question: the last thing that the user said.
        history: the conversation before it, oldest first.
        model: who rewrites; None for the rules.

    >>> from rag.types import Turn
    >>> stand_alone("And in 2024?", [Turn("user", "What was the turnover in 2023?"), Turn("assistant", "Ten.")])
    'What was the turnover in 2024?'
    """
    asked = [turn.text for turn in history if turn.role == "user" and turn.text.strip()]
    if not asked or len(question) > _LONG_CHARS or not question.strip() or is_courtesy(question):
        return question
    if model is not None:
        try:
            line = line_of(model, render("rewrite", conversation=_shown(history), question=question))
        except WriterFailed:
            line = ""
        if line and _is_sound(line, question, history=history):
            return question if _bare(line) == _bare(question) else line
    return _by_rules(question, history)


def _shown(history: Sequence[Turn]) -> str:
    """Write a conversation down, a line a turn."""
    lines = (f"{turn.role.capitalize()}: {' '.join(turn.text.split())}" for turn in history[-_SHOWN_TURNS:])
    return "\n".join(line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…" for line in lines)


def line_of(model: ChatModel, messages: Sequence[Message]) -> str:
    """Return the first line that a model writes, without label and quotation marks; the rest is not waited for."""
    reply = ""
    with closing(model.stream(messages)) as pieces:
        for piece in pieces:
            reply += piece
            if "\n" in reply.lstrip() or len(reply) > _LONGER_BY * _LONG_CHARS:
                break
    first = next((line for line in reply.splitlines() if line.strip()), "")
    return _LABEL.sub("", first).strip(' \t"“”「」*`')


def _is_sound(line: str, question: str, *, history: Sequence[Turn]) -> bool:
    """Tell whether what a model wrote can be the question: no more than was said, and no less than was asked."""
    previous = next(turn.text for turn in reversed(history) if turn.role == "user")
    long = len(line) > _LONGER_BY * (len(question) + min(len(previous), _LONG_CHARS))
    refuses = _REFUSES.search(line) and not _REFUSES.search(question)
    if long or refuses or is_chinese(line) != is_chinese(question):
        return False
    said = [question, *(turn.text for turn in history)]
    invented = [fact for fact in missing(line, said) if not _opens(line, fact)]
    lost = [fact for fact in missing(question, [line]) if not _opens(question, fact)]
    asked = {term for word in words(question) if word not in STOP_WORDS for term in content_terms(word)}
    return not invented and not lost and (not asked or bool(asked & set(content_terms(line))))


def _opens(text: str, fact: str) -> bool:
    """Tell whether what looks like a name is the first word, which has a capital whether it is one or not."""
    return text.startswith(fact) and re.fullmatch(r"[A-Z][a-z]+", fact) is not None


def _bare(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


class _Before(NamedTuple):
    """What a turn may lean on: the question before it, as it stands alone, and the answer to that."""

    question: str = ""
    answer: str = ""


def _by_rules(question: str, history: Sequence[Turn]) -> str:
    """Rewrite turn after turn, each by the one before it."""
    before = _Before()
    for turn in history[-_TURNS:]:
        if turn.role == "assistant":
            before = before._replace(answer=turn.text)
        elif (asked := turn.text[:_LONG_CHARS].strip()) and not is_courtesy(asked):
            before = _Before(_rewritten(asked, before))
    return _rewritten(question, before)


def _rewritten(question: str, before: _Before) -> str:
    if not before.question:
        return question
    fragment = fragment_of(question)
    if fragment and fragment != question.strip(" ?!.,") and (substituted := _substituted(fragment, before.question)):
        return substituted
    pronoun = pronoun_in(question)
    if pronoun and (entity := _entity(pronoun, before)):
        return pronoun.replaced_by(entity)
    if not (pronoun or leans(question)):
        return question
    topic = " ".join(topic_words(before.question, besides=question))
    if not topic:
        return question
    return f"{question}（{topic}）" if is_chinese(question) else f"{question} ({topic})"


def _substituted(fragment: str, previous: str) -> str:
    """Put what a fragment names into the question before it, in the place of what is like it there.

    Returns nothing where there is no such place.
    """
    new = [fact for fact in facts(fragment) if _is_day(fact) or fact.kind == "name"]
    if len(new) != 1 or any(word not in STOP_WORDS for word in words(fragment.replace(new[0].text, " "))):
        return _headed(fragment, previous)
    fact = new[0]
    if _is_day(fact):
        old = [found for found in facts(previous) if _is_day(found)]
    else:
        person = is_person(fact.text, fragment)
        old = [found for found in facts(previous) if found.kind == "name" and is_person(found.text, previous) == person]
    if not old:
        return _extended(fragment, previous) if _is_day(fact) or PREPOSITION.match(fragment) else ""
    start, end = old[-1].start, old[-1].start + len(old[-1].text)
    text = _with_year(fact, old[-1])
    ours, theirs = (PREPOSITION.search(part) for part in (fragment[: fact.start], previous[:start]))
    if ours and theirs and theirs.end() == start:
        start, text = theirs.start(), ours.group() + text
    return previous[:start] + text + previous[end:]


def _is_day(fact: Fact) -> bool:
    """Tell whether a fact is, or may be, a day, a month or a year; "2024" alone may be."""
    return any(meaning[0] == "date" for meaning in fact.meanings)


def _with_year(new: Fact, old: Fact) -> str:
    """Return the words of a day or month, with the year of the one that it replaces if it has none itself."""
    ours, theirs = ({meaning[1] for meaning in fact.meanings if meaning[0] == "date"} for fact in (new, old))
    year = theirs.pop() if ours == {0} and len(theirs) == 1 else 0
    if not year:
        return new.text
    return f"{year}年{new.text}" if re.search(f"[{HAN}]", new.text) else f"{new.text} {year}"


_HEAD = re.compile(
    r"(?i)^(?:what|who|which|where|how (?:much|many|high|large)) (?:is|was|are|were) the "
    r"(?P<head>[\w -]+?)(?= (?:of|in|for|at|on|during|from|by)\b)"
)
_HEAD_CHINESE = re.compile(f"(?<=的)(?P<head>[{HAN}]{{1,8}}?)(?=是|有|为|达|多少|怎么|如何)")


def _headed(fragment: str, previous: str) -> str:
    """Ask of one thing what was asked of another: "And the profit?" after "What was the turnover in 2023?"."""
    named = re.fullmatch(r"(?i)(?:the|its|their|his|her) ([\w-]+(?: [\w-]+)?)", fragment)
    match = _HEAD.search(previous) if named else None
    if named and match:
        return previous[: match.start("head")] + named[1] + previous[match.end("head") :]
    match = _HEAD_CHINESE.search(previous) if re.fullmatch(f"[{HAN}]{{1,8}}", fragment) else None
    return previous[: match.start()] + fragment + previous[match.end() :] if match else ""


def _extended(fragment: str, previous: str) -> str:
    """Add to a question what it left open: the day or the place."""
    body = previous.rstrip(" ?？.。")
    if is_chinese(previous):
        return f"{fragment}{body}？"
    return f"{body} {fragment}?"


# "What is it called outside of the USA?" is not about the USA.
_PLACED = re.compile(r"(?i)\b(?:in|at|from|outside|within|during|near|to|on)\s+(?:of\s+)?(?:the\s+)?$")


def _entity(pronoun: Pronoun, before: _Before) -> str:
    """Return whom or what a pronoun means, if that can be told: the subject of the question before it, or a name."""
    subject = subject_of(before.question, kind=pronoun.kind)
    if pronoun_in(before.question):  # which nobody could tell either
        return ""
    found = [fact for fact in facts(before.question) if fact.kind == "name"]
    persons = _only(fact.text for fact in found if is_person(fact.text, before.question))
    others = (fact for fact in found if not is_person(fact.text, before.question))
    if pronoun.kind == "person":
        return persons or _answered(before) or subject or _only(fact.text for fact in others)
    return subject or _only(fact.text for fact in others if not _PLACED.search(before.question[: fact.start]))


def _answered(before: _Before) -> str:
    """Return the one person that the answer names where the question was who somebody is."""
    told = before.answer[:_SHOWN_CHARS] if re.search(r"(?i)^who\b|谁|哪位", before.question) else ""
    # Of a foreign name in Chinese, as 阿达·霍尔姆, only a part is seen.
    whole = (
        fact for fact in facts(told) if fact.kind == "name" and "·" not in told[max(0, fact.start - 1) : fact.start]
    )
    return _only(fact.text for fact in whole if is_person(fact.text, told))


def _only(names: Iterable[str]) -> str:
    """Return the one name there is; of several, none."""
    distinct = dict.fromkeys(names)
    return next(iter(distinct)) if len(distinct) == 1 else ""
