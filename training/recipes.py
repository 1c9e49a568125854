"""What is done to a statement and its evidence, so that a pair of sentence and quote has a certain label.

A statement is held against the sentence it comes from, against others, or is spoilt first. What spoils a sentence also
occurs where it does not decide the label. What is said to be missing from a quote is checked not to occur in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.statements import MONTH, NUMBER_WORDS, Statement, finished

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    Pair = tuple[str, str] | None
    Recipe = Callable[["Case", random.Random], Pair]

NAME = re.compile(r"[A-Z][\w'-]+(?: (?:of |the )?[A-Z][\w'-]+)+")
AT_YEAR = re.compile(r"\b[Ii]n ((?:1[5-9]|20)\d\d)\b(?! and| to|[-–])")
# "and" opens a clause only with a subject after it; else it ends a list.
CLAUSE = re.compile(
    r"^(.{40,}?[^,\d]), ((?:which|where|who|although|but|and (?:the|he|she|it|they)|while) [^,;]{20,})\.$"
)
CONTRACTIONS = {f" {verb} not ": f" {verb}n't " for verb in ("is", "are", "was", "were", "did")}
FEW = 0.3


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph: its sentences, statements with the place of their sentence, and (kind, answer) pairs."""

    texts: tuple[str, ...]
    stated: tuple[tuple[Statement, int], ...]
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One statement, its passage, the place of its sentence there, and another passage of the same article."""

    said: Statement
    home: int
    passage: Passage
    beside: Passage


def made(passage: Passage, beside: Passage, *, dice: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield (sentence, quote, label): of each statement one that is supported and one or two that are not."""
    for said, home in passage.stated:
        case = Case(said, home, passage, beside)
        for label in ("supported", *dice.sample(("partial", "partial", "unsupported", "contradicted"), 2)):
            recipes = list(RECIPES[label])
            dice.shuffle(recipes)
            if pair := next(filter(None, (recipe(case, dice) for recipe in recipes)), None):
                yield reworded(pair[0], dice), pair[1], label
    yield from quoted(passage, dice=dice)


def reworded(text: str, dice: random.Random) -> str:
    """Change now and then how a number, a day or a denial is written; the sense stays.

    "on March 3, 1999" becomes "on 3 March 1999", "three" becomes "3", "is not" becomes "isn't".
    """
    if dice.random() > FEW:
        return text
    text = re.sub(rf"\b({MONTH}) (\d{{1,2}}), (\d{{4}})", r"\2 \1 \3", text)
    for number in range(2, len(NUMBER_WORDS)):
        text = re.sub(rf"(?<= ){NUMBER_WORDS[number]}(?= [a-z]+s\b)", str(number), text)
    for long, short in CONTRACTIONS.items():
        text = text.replace(long, short)
    return text.replace("%", " percent")


def holds(text: str, words: str) -> bool:
    """Tell whether a text holds some words, case aside."""
    return words.lower() in text.lower()


def evidence(case: Case, dice: random.Random) -> str:
    """Return the statement's sentence, alone, with neighbours, or with its whole paragraph."""
    texts, at = case.passage.texts, case.home
    wide = dice.choice((0, 0, 0, 1, 1, 2, len(texts)))
    # A sentence that opens with a pronoun says of whom only with the one before it.
    back = max(wide, 1 if re.match(r"(?:He|She|It|They|His|Her|Its|Their|This|These)\b", texts[at]) else 0)
    return " ".join(texts[max(0, at - back) : at + 1 + wide // 2 + wide % 2])


def true(case: Case, dice: random.Random) -> Pair:
    """Hold the statement against its evidence."""
    return case.said.text(), evidence(case, dice)


def both(case: Case, dice: random.Random, *, whole: bool = True) -> Pair:
    """Join two statements of one passage by "and"; the quote holds both, or the first alone."""
    others = [(said, at) for said, at in case.passage.stated if at != case.home and said.answer != case.said.answer]
    if not others:
        return None
    other, at = dice.choice(others)
    first, second = case.said.text(), other.text()
    # A name keeps its capital after "and", and so does what may be one.
    if second.split()[0] in {"The", "A", "An", "In", "His", "It", "They", "There"}:
        second = second[0].lower() + second[1:]
    low, high = sorted((case.home, at))
    texts = case.passage.texts
    quote = " ".join(texts[low : high + 1]) if whole else texts[case.home]
    if not whole and holds(quote, other.answer):
        return None
    return f"{first.rstrip('.')}, and {second}", quote


def half(case: Case, dice: random.Random) -> Pair:
    """Join two statements of which the quote holds one."""
    return both(case, dice, whole=False)


def modifier(case: Case, quote: str, *, dice: random.Random) -> str:
    """Return a phrase from elsewhere in the article that the quote does not hold, or ""."""
    there = " ".join(case.beside.texts)
    years = [] if re.search(r"\d{4}", case.said.text()) else [f"in {year}" for year in AT_YEAR.findall(there)]
    names = [name for name in NAME.findall(there) if not holds(quote, name)]
    named = [f"according to {name}" for name in names if name.split()[0] not in {"The", "In", "Each", "Many", "Some"}]
    named = named[:1] if dice.random() < FEW else []
    pool = [phrase for phrase in dict.fromkeys([*years[:4], *named]) if not holds(quote, phrase.split()[-1])]
    return dice.choice(pool) if pool else ""


def extended(case: Case, dice: random.Random) -> Pair:
    """Add a phrase that the quote does not hold."""
    quote = evidence(case, dice)
    more = modifier(case, quote, dice=dice)
    return (finished(f"{case.said.text().rstrip('.')} {more}"), quote) if more else None


def company(case: Case, dice: random.Random) -> Pair:
    """Give the answer a companion that the quote does not know: "Ann and Bob founded it."."""
    quote, said = evidence(case, dice), case.said
    template = said.template
    verb = re.match(r"\{\} (?:first )?(\w+)", template)
    if said.kind != "name" or (template.startswith("{}") and (not verb or verb[1] in {"is", "was", "has"})):
        return None
    if re.search(r"\b(?:is|was) (?:\w+ )?\{\}", template) or re.search(r"\band\b", said.answer):
        return None
    pool = [text for kind, text in case.beside.answers if kind == "name" and not holds(quote, text)]
    return (said.text(f"{said.answer} and {dice.choice(pool)}"), quote) if pool else None


def elsewhere(case: Case, dice: random.Random) -> Pair:
    """Hold the statement against the sentences of its passage that are likest it and do not hold the answer."""
    texts = case.passage.texts
    words = set(re.findall(r"\w{4,}", case.said.text().lower()))
    others = [text for at, text in enumerate(texts) if at != case.home and not holds(text, case.said.answer)]
    others.sort(key=lambda text: -len(words & set(re.findall(r"\w+", text.lower()))))
    return (case.said.text(), " ".join(others[: dice.choice((1, 1, 2, 3))])) if others else None


def elsewhere_extended(case: Case, dice: random.Random) -> Pair:
    """Do so with a statement that says more, or with two: what is added tells nothing of the label."""
    pair = elsewhere(case, dice)
    more = modifier(case, pair[1], dice=dice) if pair else ""
    return (finished(f"{pair[0].rstrip('.')} {more}"), pair[1]) if pair and more else None


def beside(case: Case, dice: random.Random) -> Pair:
    """Hold the statement against another passage of the article."""
    texts = case.beside.texts
    at = dice.randrange(len(texts))
    quote = " ".join(texts[at : at + dice.choice((1, 2, 3))])
    return None if holds(quote, case.said.answer) else (case.said.text(), quote)


def of_another(case: Case, dice: random.Random) -> Pair:
    """Say the statement of someone else, whom the quote does not know."""
    quote, template = evidence(case, dice), case.said.template
    known = [name for name in NAME.findall(template) if holds(quote, name) and not name.startswith(("The", "In"))]
    pool = [name for name in NAME.findall(" ".join(case.beside.texts)) if not holds(quote, name)]
    if not known or not pool:
        return None
    said = Statement(template.replace(known[0], dice.choice(pool)), case.said.answer, case.said.kind)
    return said.text(), quote


def other_answer(case: Case, dice: random.Random) -> Pair:
    """Put another answer of the same form in the slot: from the quote if it can be, else from near by."""
    said, quote = case.said, evidence(case, dice)
    if said.kind == "other" or any(
        holds(said.template, word) for word in (" one of ", "{} is a ", "{} was a ", "a {}")
    ):
        return None
    # A name from another passage is seldom of the same sort; a number or a date always is.
    known = case.passage.answers + (() if said.kind == "name" else case.beside.answers)
    pool = [text for kind, text in known if kind == said.kind]
    pool = [text for text in pool if not kin(text, said.answer) and not holds(said.template, text)]
    pool = [text for text in pool if not listed(quote, text, other=said.answer)]
    near = [text for text in pool if holds(quote, text)]
    pool = near if near and dice.random() < FEW * 2 else pool
    return (said.text(dice.choice(pool)), quote) if pool else None


def kin(one: str, other: str) -> bool:
    """Tell whether two answers share a word, so that both may be right."""
    return bool({*one.lower().split()} & {*other.lower().split()})


def listed(text: str, one: str, *, other: str) -> bool:
    """Tell whether a text names both in one breath: "Ann, Bob and Cid", "Ann (Bob)"."""
    for first, second in ((one, other), (other, one)):
        if re.search(rf"{re.escape(first)}.{{0,30}}(?:,|and|or|&|\(|/).{{0,30}}{re.escape(second)}", text):
            return True
    return False


def other_number(case: Case, dice: random.Random) -> Pair:
    """Change the number or the year that is the answer; the new one is nowhere in the quote."""
    said, quote = case.said, evidence(case, dice)
    digits = re.search(r"\d[\d,.]*\d|\d", said.answer)
    if not digits or said.kind not in {"year", "day", "date", "number"}:
        return None
    plain = digits[0].replace(",", "")
    if said.kind in {"year", "date"}:
        changed = str(int(re.findall(r"\d{4}", said.answer)[0]) + dice.choice((-30, -10, -3, -2, -1, 1, 2, 4, 12)))
        answer = re.sub(r"\d{4}", changed, said.answer)
    elif said.kind == "day":
        answer = re.sub(r"\b\d{1,2}\b", lambda found: str((int(found[0]) + dice.randint(2, 20)) % 28 + 1), said.answer)
    else:
        value = float(plain) * dice.choice((0.25, 0.5, 0.8, 1.5, 2, 3, 10))
        changed = f"{value:,.1f}" if "." in plain else f"{max(2, round(value)):,}"
        answer = said.answer.replace(digits[0], changed)
    return None if holds(quote, answer) or answer == said.answer else (said.text(answer), quote)


def denied(case: Case, dice: random.Random) -> Pair:
    """Deny the statement; rarely, since most can be denied and few spoilt otherwise: "not" must not tell all."""
    rare = dice.random() < FEW
    return (case.said.text(deny=True), evidence(case, dice)) if rare and case.said.negated else None


def rightly_denied(case: Case, dice: random.Random) -> Pair:
    """Deny a wrong number or date, which the evidence supports."""
    if not case.said.negated or case.said.kind not in {"year", "day", "number"} or dice.random() > FEW:
        return None
    pair = other_number(case, dice)
    return (finished(case.said.negated.replace("{}", wrong_of(case, pair[0]))), pair[1]) if pair else None


def wrong_of(case: Case, text: str) -> str:
    """Return what stands in the slot of a filled template."""
    before, _, after = case.said.template.partition("{}")
    return text[len(" ".join(before.split())) :].strip(" .")[: len(text)].removesuffix(after.strip(" .")).strip()


def denied_elsewhere(case: Case, dice: random.Random) -> Pair:
    """Deny the statement against sentences that tell nothing of it."""
    pair = elsewhere(case, dice)
    return (case.said.text(deny=True), pair[1]) if pair and case.said.negated else None


def quoted(passage: Passage, *, dice: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield sentences of the passage itself: in place, beside it, with a year changed, with a clause too many."""
    for text in passage.texts:
        if (found := CLAUSE.match(text)) and dice.random() < 2 * FEW:
            short = finished(found[1])
            yield dice.choice(((text, short, "partial"), (text, short, "partial"), (short, text, "supported")))
    if dice.random() > FEW or len(passage.texts) < 3:  # noqa: PLR2004  (one before, one after)
        return
    at = dice.randrange(1, len(passage.texts))
    chosen, whole = passage.texts[at], " ".join(passage.texts)
    yield chosen, dice.choice((chosen, whole)), "supported"
    yield chosen, passage.texts[at - 1], "unsupported"
    for text in passage.texts:
        if found := AT_YEAR.search(text):
            year = str(int(found[1]) + dice.choice((-20, -3, -1, 1, 2, 15)))
            if year not in whole:
                yield text.replace(found[1], year), dice.choice((text, whole)), "contradicted"


RECIPES: dict[str, tuple[Recipe, ...]] = {
    "supported": (true, true, true, true, both, both, both, rightly_denied),
    "partial": (half, half, extended, company),
    "unsupported": (elsewhere, elsewhere, elsewhere_extended, denied_elsewhere, beside, of_another),
    "contradicted": (other_answer, other_answer, other_number, denied),
}
