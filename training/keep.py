"""Edits that leave a question answerable, so that no trace of editing tells a model what to refuse.

Each mirrors a way of `nearmiss.py` or `twists.py`: a name changed in question and passage alike, an opposite put in
both, a year added that the passage gives, a sentence taken out that is not the answer's. Offsets are characters of
the new passage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.antonyms import OPPOSITES, SYNONYMS
from training.nearmiss import put, stranger
from training.pools import STOP, WORD, Mention, content, has, numbers, sentences

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from training.nearmiss import Case

_SHORT = {"did not": "didn't", "does not": "doesn't", "is not": "isn't", "was not": "wasn't", "are not": "aren't",
          "What is": "What's", "Who is": "Who's", "Where is": "Where's", "were not": "weren't"}  # fmt: skip
_MODIFIERS = re.compile(
    r" (?:famously|originally|actually|officially|specifically|generally|eventually|typically|also)\b"
)
_NEEDS_PRONOUN = re.compile(r"(?:It|He|She|They|This|These|Those|That|His|Her|Their|Its|However|But|Also|Another)\b")


@dataclass(frozen=True, slots=True)
class Kept:
    """A question that its passage still answers: `passage[answer_start:][: len(answer)] == answer`."""

    question: str
    passage: str
    answer_start: int
    answer: str
    kind: str


# wide: an edit needs the case, the place of its answer and the two forms
def replaced(case: Case, answer_start: int, *, old: str, new: str, kind: str) -> Kept | None:
    """Replace a form wherever it stands in question, passage and answer, and find the answer's new place."""
    form = re.compile(rf"(?<!\w){re.escape(old)}(?!\w)")
    answer_end = answer_start + len(case.answer)
    for match in form.finditer(case.passage):
        if match.start() < answer_end < match.end() or match.start() < answer_start < match.end():
            return None
    before, answer, after = (
        form.sub(lambda _: new, part) for part in (case.passage[:answer_start], case.answer, case.passage[answer_end:])
    )
    return Kept(form.sub(lambda _: new, case.question), before + answer + after, len(before), answer, kind)


def renames(case: Case, answer_start: int, *, dice: random.Random) -> Iterator[Kept]:
    """Rename a person, place or number of the question in question and passage alike."""
    found = [
        m
        for m in case.pools.mentions(case.question)
        if has(case.passage, m.form) and m.type not in {"event", "ordinal", "count"}
    ]
    for mention in dice.sample(found, min(2, len(found))):
        new = stranger(case, mention, dice=dice)
        if not new or has(case.answer, mention.form):
            continue
        kept = replaced(case, answer_start, old=mention.form, new=new, kind="rename")
        # A part of the name that stands alone ("Knowles") would now name nobody.
        parts = [part for part in mention.form.split() if part.lower() not in STOP]
        if kept and not any(has(kept.passage, part) or has(kept.question, part) for part in parts):
            yield kept


def bystanders(case: Case, answer_start: int, *, dice: random.Random) -> Iterator[Kept]:
    """Change a name or number of the passage that has nothing to do with question or answer."""
    found = [
        m for m in case.pools.mentions(case.passage) if not has(case.question, m.form) and m.form not in case.sentence
    ]
    found = [
        m
        for m in found
        if not content(m.form) & (content(case.question) | content(case.answer)) and m.type != "ordinal"
    ]
    for mention in dice.sample(found, min(1, len(found))):
        new = stranger(case, mention, dice=dice)
        kept = replaced(case, answer_start, old=mention.form, new=new, kind="bystander") if new else None
        if kept:
            yield kept


def mirrored(case: Case, answer_start: int, *, dice: random.Random) -> Iterator[Kept]:
    """Put a word's opposite in both question and passage."""
    shared = [w for w in dict.fromkeys(WORD.findall(case.question)[1:]) if w in OPPOSITES and has(case.sentence, w)]
    for word in dice.sample(shared, min(1, len(shared))):
        new = OPPOSITES[word][0]
        vowels = word[0] in "aeiou", new[0] in "aeiou"  # "a" and "an" before it would have to change
        if not has(case.passage, new) and vowels[0] == vowels[1] and not has(case.question, f"how {word}"):
            kept = replaced(case, answer_start, old=word, new=new, kind="antonym-both")
            if kept and kept.answer == case.answer:
                yield kept


def adjuncts(case: Case, answer_start: int, *, dice: random.Random) -> Iterator[Kept]:
    """Add a year or place that the answer's own sentence gives."""
    stump = case.question.rstrip(" ?.")
    if re.search(
        r"\b(?:when|where|year|by|of|to|in|for|from|as|with|called|named|at|date|place)$|\bwhen\b|\bwhere\b|\d",
        stump,
        re.I,
    ):
        return
    added = []
    years = [m.form for m in numbers(case.sentence) if m.type == "year"]
    if len(years) == 1 and f"in {years[0]}" in case.sentence.lower() and not re.search(r"\d", case.answer):
        added.append(f"in {years[0]}")
    places = [m.form for m in case.pools.names(case.sentence) if m.type == "place" and f"in {m.form}" in case.sentence]
    if len(places) == 1 and not has(stump, places[0]) and not has(case.answer, places[0]) and " in " not in stump:
        added.append(f"in {places[0]}")
    if added and (re.search(r"\b(?:did|was|were|had)\b|ed\b", stump) or "in 1" not in added[0]):
        yield Kept(f"{stump} {dice.choice(added)}?", case.passage, answer_start, case.answer, "adjunct")


def wordings(case: Case, answer_start: int, *, dice: random.Random) -> Iterator[Kept]:
    """Say the question otherwise: short forms, "which" for "what", a synonym, lower case, without an adverb."""
    question = case.question
    made = [
        (question.lower(), "case"),
        (question.rstrip(" ?"), "case"),
        (_MODIFIERS.sub("", question, count=1), "drop"),
    ]
    made += [(question.replace(long, short, 1), "contraction") for long, short in _SHORT.items() if long in question]
    made += [(question.replace(short, long, 1), "contraction") for long, short in _SHORT.items() if short in question]
    if re.match(r"What (?:year|city|country|company|university|team|river|state|century|song|album|king)\b", question):
        made.append(("Which" + question[4:], "which"))
    elif re.match(r"Which (?!of|one)\w+", question):
        made.append(("What" + question[5:], "which"))
    for match in WORD.finditer(question):
        if match.start() and match.group() in SYNONYMS:
            mention = Mention(match.start(), match.end(), match.group(), "word")
            made.append((put(question, mention, form=dice.choice(SYNONYMS[match.group()])), "synonym"))
    for text, kind in made:
        if text != question:
            yield Kept(text, case.passage, answer_start, case.answer, kind)


def cuts(case: Case, answer_start: int, *, dice: random.Random) -> Iterator[Kept]:
    """Take out a sentence that shares nothing with the question and is not what the answer's refers to."""
    spans = sentences(case.passage)
    home = next(
        (at for at, (a, b) in enumerate(spans) if a <= answer_start and answer_start + len(case.answer) <= b), None
    )
    if home is None or len(spans) < 4:  # noqa: PLR2004
        return
    fits = [at for at in range(1, len(spans)) if at not in {home, home - 1}]
    fits = [at for at in fits if at + 1 == len(spans) or not _NEEDS_PRONOUN.match(case.passage[spans[at + 1][0] :])]
    for at in dice.sample(fits, min(1, len(fits))):
        parts = [case.passage[a:b] for place, (a, b) in enumerate(spans) if place != at]
        place = home - (at < home)
        start = sum(len(part) + 1 for part in parts[:place]) + answer_start - spans[home][0]
        yield Kept(case.question, " ".join(parts), start, case.answer, "cut-other")
