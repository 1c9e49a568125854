"""Ways to make a question unanswerable by its whole: a condition more, roles exchanged, another passage's question.

Two of them leave the question as a person wrote it and change the passage instead.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from training.antonyms import PARTICIPLES
from training.nearmiss import DRAWN, ENOUGH, Case, Edit, stranger
from training.pools import STOP, content, has, numbers, related, sentences

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

_PAST = re.compile(r"\b(?:did|was|were|had)\b|\b\w{3,}ed\b", re.I)
_TIMED = re.compile(
    r"\b(?:when|while|during|years?|date|day|month|century|decade|era|period|time|old|age|long)\b|\d", re.I
)
_SOMEWHERE = re.compile(r"\b(?:where|place|city|country|state|town)\b|\b(?:in|at|from|near) (?:the )?[A-Z]", re.I)
_WHERE = re.compile(r"\b(?:in|at|from|to|near|on|across) (?:the )?[A-Z]")
_REASON = re.compile(r"\b(?:because|due|since|as|for|after|so|to|caus\w+|reason\w*|result\w*|led|thus)\b", re.I)
_PRONOUN = re.compile(r"(?:It|He|She|They|This|These|Those|That|His|Her|Their|Its|However|But|Also|Another|Such)\b")
_MUTUAL = re.compile(
    r"\b(?:and|or|between|vs\.?|versus|same|marr\w+|met|meet|merge\w*|differ\w*|like|in|located|of|called|share\w*|with|at|for|on|account|introduced|when|speak)\b",
    re.I,
)
_MODERN = 1500
_NAME_BLANKS = 2  # "Johann Voldemar Jannsen"; longer ones are often two things in one
_LONG = 16  # words: a longer question has conditions enough
_HEAD = re.compile(r"(when|where|why|in what year|in which year|what year) (did|was|were|does|is|are)\b(?=.{18})", re.I)
_NAMED = r"((?:the )?[A-Z][\w' .-]+?) ?\?*$"


def conditions(case: Case, dice: random.Random) -> Iterator[Edit]:
    """Add a place, a year or a source that stands elsewhere in the article and not in the passage."""
    stump = case.question.rstrip(" ?.")
    if len(stump.split()) > _LONG or re.search(r"\b(?:by|of|to|in|for|from|as|with|called|named|at)$", stump):
        return
    people = [
        form
        for form in _lacking(case, "person", dice)
        if 0 < form.count(" ") <= _NAME_BLANKS and form.split()[0] in case.pools.given
    ]
    added = [*_years(case, stump, dice), *_places(case, stump, dice)]
    if people and not re.match(r"who|according", stump, re.I):
        added.append(f"according to {dice.choice(people)}")
    if re.search(r"\bhow many (?:people|students|workers|members|players|soldiers)\b", stump, re.I):
        added += [] if "women" in case.passage else ["among women"]
    if added:
        yield case.to(f"{stump} {dice.choice(added)}?", "condition")


def _lacking(case: Case, kind: str, dice: random.Random) -> list[str]:
    pairs = case.pools.of_article(case.article).get(kind, [])
    pairs = dice.sample(pairs, min(DRAWN, len(pairs)))
    asked = content(case.question)
    return [form for form, _ in pairs if not has(case.passage, form) and not content(form) & asked]


def _years(case: Case, stump: str, dice: random.Random) -> list[str]:
    if not _PAST.search(stump) or _TIMED.search(stump) or re.search(r"\d{3}", case.answer):
        return []
    return [f"in {year}" for year in _lacking(case, "year", dice)[:2] if int(year) > _MODERN]


def _places(case: Case, stump: str, dice: random.Random) -> list[str]:
    if _SOMEWHERE.search(stump):
        return []
    away = [
        form for form in _lacking(case, "place", dice) if form in case.pools.sure and not related(form, case.answer)
    ]
    here = [m.form for m in case.pools.names(case.sentence) if m.type == "place" and m.form in case.pools.sure]
    here = [form for form in here if not related(form, case.answer) and not content(form) & content(stump)]
    return [f"in {'the ' * form.startswith('United')}{form}" for form in away[:2]] + [
        f"outside of {form}" for form in here[:1]
    ]


def roles(case: Case, dice: random.Random) -> Iterator[Edit]:  # noqa: ARG001 (one shape for all rules)
    """Exchange who did it and whom it was done to."""
    text = case.question
    kinds = {"person", "place", "organisation", "other", "people"}
    found = [m for m in case.pools.names(text) if m.type in kinds]
    for one, two in pairwise(found):
        between = text[one.end : two.start]
        # "the" would go to the wrong name: "the Russia declared war".
        bare = not text[: one.start].lower().endswith("the ") and not between.endswith("the ")
        plain = bare and between.strip().replace(" ", "").isalpha() and len(between.split()) <= 5  # noqa: PLR2004 (one clause)
        if plain and one.type == two.type and not _MUTUAL.search(between) and not related(one.form, two.form):
            yield case.to(f"{text[: one.start]}{two.form}{between}{one.form}{text[two.end :]}", "role")
    if match := re.match(rf"Who (\w+) {_NAMED}", text):
        if match[1] in PARTICIPLES:
            yield case.to(f"Who was {PARTICIPLES[match[1]]} by {match[2]}?", "role")
    elif match := re.match(rf"(?:Who|Whom) was (\w+) by {_NAMED}", text):
        past = {participle: verb for verb, participle in PARTICIPLES.items()}.get(match[1])
        if past:
            yield case.to(f"Who {past} {match[2]}?", "role")


def headings(case: Case, dice: random.Random) -> Iterator[Edit]:
    """Ask of the same event what the passage leaves out: why instead of when, when instead of where."""
    match = _HEAD.match(case.question)
    if not match or not case.sentence:
        return
    kept, text, head = case.question[match.start(2) :], case.sentence, match[1].lower()
    fits = []
    if head != "where" and not _WHERE.search(case.passage) and not re.search(r"\b(?:in|at|to|from)\b", kept):
        fits.append("Where")
    if head != "why" and not _REASON.search(text):
        fits.append("Why")
    timed = re.search(r"\b(?:during|after|before|when|time|era)\b", text + kept) or numbers(text)
    if head in {"where", "why"} and match[2].lower() in {"did", "was", "were"} and not timed:
        fits += ["When", "In what year"]
    if fits:
        yield case.to(f"{dice.choice(fits)} {kept}", "cross")


def others(case: Case, dice: random.Random) -> Iterator[Edit]:
    """Ask what another passage of the article answers, of the same form and near this passage's words."""
    head, here = case.question.split()[:2], content(case.passage)
    article = case.pools.articles.get(case.article)
    pairs = article.questions if article else []
    for question, passage in dice.sample(pairs, min(40, len(pairs))):
        words = content(question)
        near = len(words & here) / max(1, len(words))
        if passage != case.passage and question.split()[:2] == head and 0.3 < near < ENOUGH and len(words) > 3:  # noqa: PLR2004
            yield case.to(question, "cross")
            return


def cut(case: Case, dice: random.Random) -> Iterator[Edit]:  # noqa: ARG001 (one shape for all rules)
    """Take the answer's sentence out of the passage, where no other sentence comes near the question."""
    spans = sentences(case.passage)
    if len(spans) < 4 or not case.spans or case.passage.count(case.answer) != 1:  # noqa: PLR2004 (enough is left)
        return
    at = spans.index(case.spans[0])
    words = content(case.question)
    if at + 1 < len(spans) and _PRONOUN.match(case.passage[spans[at + 1][0] :]):
        return
    rest = [case.passage[a:b] for a, b in spans if (a, b) != spans[at]]
    if all(len(words & content(text)) < ENOUGH * len(words) for text in rest):
        yield Edit(case.question, " ".join(rest), "cut")


def renamed(case: Case, dice: random.Random) -> Iterator[Edit]:
    """Put another name or number for the question's own wherever it stands in the passage."""
    found = [
        m
        for m in case.pools.mentions(case.question)
        if has(case.sentence, m.form) and m.type not in ("ordinal", "event")
    ]
    for mention in dice.sample(found, min(1, len(found))):
        new = stranger(case, mention, dice=dice)
        parts = [word for word in mention.form.split() if word.lower() not in STOP]
        if not new or has(case.answer, mention.form):
            continue
        passage = re.sub(rf"(?<!\w){re.escape(mention.form)}(?!\w)", new.replace("\\", ""), case.passage)
        if not any(has(passage, part) for part in parts):  # "Knowles" alone would still name her
            yield Edit(case.question, passage, "swap-in-passage")
