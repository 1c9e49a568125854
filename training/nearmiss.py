"""Ways to make a question unanswerable by its passage by changing a word of it, each a function from a case to edits.

What they have in common, with those of `training/twists.py`: the question stays on its topic and in its passage's
words, and one decisive thing no longer fits. A rule says nothing where it cannot tell that the passage is silent about
the new question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from training.antonyms import OPPOSITES
from training.pools import WORD, Mention, content, has, numbers, related, sentences, stem

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from training.pools import Pools

NEGATED = re.compile(
    r"\b(?:not|never|no|none|without|except|only|nor|neither|unable|fail\w*|refus\w*)\b|n['’]t\b", re.I
)
ENOUGH = 0.6  # a sentence that holds this share of a question's words may well answer it
DRAWN = 12  # so many names of an article are looked at for each swap
_DAYS = 31
_AUXILIARY = r"did|does|do|was|were|is|are|has|had|can|could|would|will"
_ORDER = ("after", "before", "since", "until", "by", "between", "from", "to", "than", "over", "under", "through")
_VERB = re.compile(
    r"(?:who|which \w+|what \w+) (?!are|is|was|were|do|did|does|had|has|would|could|can|will|in|of|the|and)\w+ed ", re.I
)
_SHIFTED = {
    "second": "fifth", "third": "sixth", "fourth": "seventh", "fifth": "second", "sixth": "third", "two": "five",
    "three": "six", "four": "seven", "five": "eight", "six": "four", "seven": "three", "eight": "five", "nine": "six",
    "ten": "fifteen", "twelve": "twenty", "twenty": "thirty", "fifteen": "twelve", "thirty": "fifty", "eleven": "nine",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edit:
    """A question that its passage does not answer, and which rule made it (`kind`)."""

    question: str
    passage: str
    kind: str


@dataclass(frozen=True)
class Case:
    """A question a person asked, with the passage that answers it."""

    question: str
    passage: str
    answer: str
    article: str
    pools: Pools

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """The sentence that answers, as start and end; none where the answer runs over several."""
        spans = [(a, b) for a, b in sentences(self.passage) if self.answer in self.passage[a:b]]
        words = content(self.question)
        return sorted(spans, key=lambda span: -len(words & content(self.passage[slice(*span)])))[:1]

    @cached_property
    def sentence(self) -> str:
        """The text of the sentence that answers, empty where the answer runs over several."""
        return self.passage[slice(*self.spans[0])] if self.spans else ""

    def lookalike(self, words: frozenset[str], having: str) -> bool:
        """Tell whether a sentence that holds `having` also holds most of a question's words, and may answer it."""
        texts = (self.passage[a:b] for a, b in sentences(self.passage))
        return any(has(text, having) and len(words & content(text)) >= ENOUGH * len(words) for text in texts)

    def to(self, question: str, kind: str) -> Edit:
        """Return an edit of the question alone."""
        return Edit(question, self.passage, kind)


def put(text: str, mention: Mention, *, form: str) -> str:
    """Replace one mention, and mend "a" or "an" before it."""
    before = text[: mention.start]
    if article := re.search(r"\b([Aa])n? $", before):
        before = before[: article.start()] + article[1] + ("n " if form[0] in "aeiouAEIOU" else " ")
    return before + form + text[mention.end :]


def names(case: Case, dice: random.Random) -> Iterator[Edit]:
    """Put another name of the same type: one of the passage, and one of the article that the passage lacks."""
    for mention in case.pools.names(case.question):
        if mention.type == "event" or not has(case.passage, mention.form):
            continue
        rest = content(case.question) - content(mention.form)
        near = sorted({m.form for m in case.pools.names(case.passage) if m.type == mention.type})
        here = [form for form in near if _other(case, mention, form) and not _together(case, mention.form, form)]
        here = [form for form in here if not case.lookalike(rest, form)]
        away = strangers(case, mention, dice=dice)
        for forms, kind in ((here, "name-near"), (away, "name-far")):
            if forms:
                yield case.to(put(case.question, mention, form=dice.choice(forms)), kind)


def _other(case: Case, mention: Mention, form: str) -> bool:
    alike = len(form.split()) == len(mention.form.split()) or mention.type in {"person", "place", "organisation"}
    shape = mention.form.endswith("s") == form.endswith("s") and mention.form.isupper() == form.isupper()
    if not alike or not (shape or mention.type == "person") or has(case.question, form):
        return False
    return not related(form, mention.form) and not related(form, case.answer)


def _together(case: Case, one: str, other: str) -> bool:
    between = r"(?:,? and |,? or |, | ?/ ?|, also known as |\(| \()(?:the )?"
    a, b = re.escape(one), re.escape(other)
    return re.search(f"{a}{between}{b}|{b}{between}{a}", case.passage) is not None


def changed_numbers(case: Case, dice: random.Random) -> Iterator[Edit]:
    """Put another year, count or month: one of the passage, or one near it that the passage lacks."""
    for mention in numbers(case.question):
        previous = WORD.findall(case.question[: mention.start])[-1:]
        if not has(case.passage, mention.form) or (previous and previous[0].lower() in _ORDER):
            continue
        rest = content(case.question) - content(mention.form)
        here = [m.form for m in numbers(case.passage) if m.type == mention.type]
        here = [form for form in here if value(form) != value(mention.form) and form not in case.answer]
        if mention.type == "number":  # a number of another size, or a day of the month, would not fit
            here = []
        here = [form for form in here if not case.lookalike(rest, form) and not has(case.question, form)]
        away = strangers(case, mention, dice=dice)
        forms = here if here and dice.random() < 1 / 2 else away
        if forms:
            kind = "date" if mention.type in {"year", "decade", "century", "month", "weekday"} else "number"
            yield case.to(put(case.question, mention, form=dice.choice(forms)), kind)


def value(form: str) -> str:
    """Return what a number says, so that "1,000" and "1000" are one."""
    return form.replace(",", "").lower()


def shifted(mention: Mention, dice: random.Random) -> str:
    """Return a number a little away from another, "" where there is none."""
    if mention.type == "year":
        return str(int(mention.form) - dice.choice((2, 3, 5, 7, 11)))
    if mention.type == "number" and "." not in mention.form:
        number = int(mention.form.replace(",", ""))
        moved = number + max(1, number // dice.choice((3, 5, 8)))
        moved = moved if number > _DAYS else number % 28 + 1  # it may be a day
        return f"{moved:,}" if "," in mention.form else str(moved)
    return _SHIFTED.get(mention.form, "")


def strangers(case: Case, mention: Mention, *, dice: random.Random) -> list[str]:
    """Return names or numbers of a mention's type that stand in neither passage nor question, the article's first."""
    if mention.type == "other":
        return []
    known = [form for form, _ in case.pools.of_article(case.article).get(mention.type, ())]
    pool = dice.sample(known, min(DRAWN, len(known)))
    if mention.type in {"person", "place", "organisation"} and len(known) < DRAWN:
        drawn = case.pools.by_type[mention.type]
        pool += dice.sample(drawn, min(5, len(drawn)))
    if made := shifted(mention, dice):
        pool = [made] if mention.type == "number" else [*pool, made]
    if mention.type == "place":  # a single vote often names a building or a firm
        pool = [form for form in pool if form in case.pools.sure]
    fits = [form for form in pool if not has(case.passage, form) and not has(case.passage, form.split()[-1])]
    return [form for form in fits if value(form) != value(mention.form) and _other(case, mention, form)]


def stranger(case: Case, mention: Mention, *, dice: random.Random) -> str:
    """Return one of `strangers`, "" if there is none."""
    pool = strangers(case, mention, dice=dice)
    return dice.choice(pool) if pool else ""


def opposites(case: Case, dice: random.Random) -> Iterator[Edit]:
    """Put a word's opposite where the passage does not speak of it beside the answer."""
    if re.search(r"\bor\b", case.question) or NEGATED.search(case.question):
        return
    said = content(case.sentence)
    found = list(WORD.finditer(case.question))
    for before, match in pairwise(found):
        word = match.group()
        if before.group().lower() in {"how", "at", "as", "named", "look", "so", "world", "too", "than"}:
            continue
        if word not in OPPOSITES or re.match(
            r" (?:than|name|names|as|of|place|to do)\b|-", case.question[match.end() :]
        ):
            continue
        new = [form for form in OPPOSITES[word] if stem(form) not in said and not has(case.question, form)]
        rest = content(case.question) - {stem(word)}
        new = [form for form in new if not case.lookalike(rest, form)]
        if new:
            yield case.to(put(case.question, Mention(*match.span(), word, "word"), form=dice.choice(new)), "antonym")


def negations(case: Case, dice: random.Random) -> Iterator[Edit]:
    """Put a "not" in or take it out, or ask for anyone but the one whom the passage names."""
    question = case.question
    bare = re.sub(r"\b(did|does|do|was|were|is|are|has|had|could|would)(?:n['’]t| not)\b", r"\1", question, flags=re.I)
    bare = re.sub(r"\bcan(?:['’]t|not)\b", "can", re.sub(r"\b(?:never|not) (?!only\b)(?=\w)", "", bare))
    if bare != question:
        yield case.to(bare, "negation")
    elif not NEGATED.search(case.sentence):
        yield from _negated(case, dice)
    short = len(case.answer.split()) <= 3 and case.answer[:1].isupper()  # noqa: PLR2004 (a name)
    if short and question.startswith("Who ") and case.passage.count(case.answer) == 1:
        shown = re.sub(r"^The\b", "the", case.answer.rstrip(",."))
        answer = re.escape(case.answer)
        listed = rf"(?:,| and| or|&) (?:the )?{answer}|{answer},? (?:and|or|as|&)"
        if not re.search(listed, case.passage):
            yield case.to(f"Who {dice.choice(('besides', 'other than'))} {shown}{question[3:]}", "besides")


def _negated(case: Case, dice: random.Random) -> Iterator[Edit]:
    question = case.question
    if _VERB.match(question):
        yield case.to(re.sub(r" (\w+ed) ", r" never \1 ", question, count=1), "negation")
        return
    match = re.match(rf"(?:what|who|which|where)(?: \w+){{0,3}}? ({_AUXILIARY})\b", question, re.I)
    if not match or re.search(
        r"\b(?:called|named|known|name|term|else|other|when|year|date|day|month)\b", question, re.I
    ):
        return
    tail, helper = question[match.end(1) :], match[1].lower()
    if re.match(r" (?:the|a|an) (?:\w+ )*(?:of|in|for|to)\b", tail) and helper in {"is", "was", "are", "were"}:
        return
    if question[:4].lower() == "who " and helper not in {"did", "does", "do", "can", "will"} and dice.random() < 1 / 2:
        yield case.to(f"{question[: match.end(1)]} not{tail}", "negation")
    else:
        short = {"can": "can't", "will": "won't"}.get(helper, helper + "n't")
        yield case.to(question[: match.start(1)] + short + tail, "negation")
