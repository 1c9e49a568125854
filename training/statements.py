"""A question and its answer, made one statement by rules.

Only questions whose shape leaves no doubt about the statement are turned; of the rest nothing is said. What is a
verb is counted in the texts that they are about (`Lexicon`), so that no tagger is needed. This module knows nothing of
evidence or labels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from training.verbs import AUXILIARIES, BE, NAMING

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.verbs import Lexicon

PREPOSITIONS = frozenset(
    """about after against around as at before between by during for from in into like near of off on onto out over
    since through to toward towards under until up upon via with within without""".split()
)
# Where a question goes on with these, the place of the answer before them is sure.
ADJUNCTS = frozenset("after at before by during for from in on when while with".split())
DETERMINERS = frozenset("a an the his her its their this that these those".split())
TIMES = frozenset("year years month day date decade century time season era period age".split())
MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
YEAR = re.compile(r"(?:1\d|20)\d\d")
DAY = re.compile(rf"{MONTH} \d{{1,2}}(?:, \d{{4}})?|\d{{1,2}} {MONTH}(?: \d{{4}})?")
DATE = re.compile(rf"{MONTH}|(?:late |early |mid-)?(?:the )?(?:late |early |mid-)?(?:{MONTH},? )?(?:1\d|20)\d\d(?:s)?")
DIGITS = re.compile(r"\$?\d[\d,]*(?:\.\d+)?(?: (?:million|billion|thousand))?%?")
NUMBER_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
MIN_WORDS = 3  # of a question, after its first words
MAX_ANSWER_WORDS = 7


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with a slot: `template` and its denial `negated` hold one "{}" where the answer stands.

    `kind` is the form of the answer: "year", "day", "date", "number", "name" or "other". `negated` is empty where no
    safe denial is known.
    """

    template: str
    answer: str
    kind: str
    negated: str = ""

    def text(self, answer: str = "", *, deny: bool = False) -> str:
        """Fill the slot with the answer, or with another one of the same kind."""
        return finished((self.negated if deny else self.template).replace("{}", answer or self.answer))


def finished(text: str) -> str:
    """Give a sentence its capital and its full stop."""
    text = " ".join(text.split())
    return text[:1].upper() + text[1:].rstrip(".") + "."


def kind_of(answer: str) -> str:
    """Name the form of an answer; answers of one kind can stand in for each other."""
    for kind, form in (("year", YEAR), ("day", DAY), ("date", DATE), ("number", DIGITS)):
        if form.fullmatch(answer):
            return kind
    if answer.lower() in NUMBER_WORDS:
        return "number"
    words = [word for word in answer.split() if word.lower() not in {"of", "the", "and", "de"}]
    return "name" if words and all(word[0].isupper() for word in words) else "other"


def statement(question: str, answer: str, *, lexicon: Lexicon) -> Statement | None:
    """Turn a question and its answer into a statement, or return None where no rule is sure of its grammar.

    "Who founded Rome?" and "Romulus" make "Romulus founded Rome.".
    """
    question, answer = question.strip(" ?.").replace("’", "'"), answer.strip(" .,;:")
    verbal = lexicon.is_past((answer.split() or [""])[0])  # "What caused it?" "took much energy"
    plain = not verbal and not re.search(r"[()\[\]\"“”;{}?]", question + answer) and answer.count("'") <= 1
    if not plain or "," in question or not 0 < len(answer.split()) <= MAX_ANSWER_WORDS:
        return None
    if re.match(r"(?:was|is|were|are|has|had|that|because|by|it|they|he|she|as|did|not|can)\b", answer, re.IGNORECASE):
        return None
    words = question.split()
    rest = " ".join(words[1:]).lower()
    if re.search(r"\b(?:what|which|who's|how)\b", rest) and words[0].lower() not in {"in", "on", "during"}:
        return None
    for rule in RULES:
        if found := rule(words, answer, lexicon):
            template, negated = found
            return Statement(template, answer, kind_of(answer), negated)
    return None


Found = tuple[str, str] | None


def _dangling(words: list[str], lexicon: Lexicon) -> bool:
    """Tell whether words end as a question does and a noun does not."""
    return not words or words[-1] in PREPOSITIONS | {"do", "be", "have", "called", "long", "old"} or (
        lexicon.is_participle(words[-1]) or (words[-1].islower() and lexicon.is_verb(words[-1]))
    )  # fmt: skip


def _subject(words: list[str], _answer: str, lexicon: Lexicon) -> Found:
    """For "Who founded X", "What institution reported X": the answer is the subject."""
    if words[0].lower() not in {"who", "what", "which"}:
        return None
    most = 2 if words[0].lower() == "who" else 5
    for at in range(1, min(most, len(words) - 1)):
        word, rest = words[at], words[at + 1 :]
        if at > 1 and (words[1] in TIMES or words[1] in DETERMINERS | {"other", "else"}):
            return None
        if word in AUXILIARIES:
            return _with_auxiliary(word, rest, at=at, lexicon=lexicon) if words[0] != "What" or at > 1 else None
        if (
            word != "happened"
            and lexicon.is_past(word)
            and rest[-1] not in PREPOSITIONS
            and (at > 1 or rest[0] not in {"of"})
        ):
            return "{} " + " ".join(words[at:]), ""
        verbal = lexicon.is_verb(word) or lexicon.is_verb(word.removesuffix("s"))
        if verbal or not word.islower() or word in PREPOSITIONS | {"do", "did", "does"} or "'" in word:
            return None
    return None


def _with_auxiliary(word: str, rest: list[str], *, at: int, lexicon: Lexicon) -> Found:
    """For "Who was the leader of X", "Which city was founded by X": the answer goes before the auxiliary."""
    first = rest[0]
    if word in BE:
        owned = "'s" in " ".join(rest[:3]) and first[0].isupper()
        open_ = first in DETERMINERS or owned or (lexicon.is_participle(first) and at > 1) or first in {"responsible"}
        if not open_ or NAMING.search(" ".join(rest)):
            return None
    elif (
        not first.islower()
        or first in DETERMINERS | {"he", "she", "it", "they", "people"}
        or len(rest) < MIN_WORDS
        or not (lexicon.is_participle(first) or lexicon.is_verb(first) or first in {"been", "be"})
    ):
        return None
    moved = first not in {"been", "be"} and not lexicon.is_participle(first)
    if _dangling(rest, lexicon) and (moved or rest[-1] in PREPOSITIONS):
        return None
    tail = " ".join(rest)
    return f"{{}} {word} {tail}", f"{{}} {word} not {tail}"


def _is_the(words: list[str], _answer: str, lexicon: Lexicon) -> Found:
    """For "What was the N of X": X's N was the answer; and "What is X called"."""
    if words[0] != "What" or words[1] not in BE or len(words) < MIN_WORDS + 1:
        return None
    be, rest = words[1], words[2:]
    if rest[-1] in {"called", "named", "nicknamed"}:
        also = rest[-2] in {"also", "originally", "sometimes", "now", "first", "formerly", "commonly"}
        cut = -2 if also else -1
        head, verb = " ".join(rest[:cut]), " ".join(rest[cut:])
        good = rest[0] in DETERMINERS or rest[0][0].isupper()
        return (f"{head} {be} {verb} {{}}", f"{head} {be} not {verb} {{}}") if good else None
    owned = any(word.endswith("'s") for word in rest[:3])
    tail = " ".join(rest)
    if not (rest[0] in DETERMINERS - {"this", "that"} or owned) or _dangling(rest, lexicon) or NAMING.search(tail):
        return None
    return f"{tail} {be} {{}}", f"{tail} {be} not {{}}"


def _parted(words: list[str], lexicon: Lexicon, *, passive: bool) -> tuple[str, str, list[str]] | None:
    """Part "the torch visit in May" into the subject, the verb and what follows."""
    test: Callable[[str], bool] = lexicon.is_participle if passive else lexicon.is_verb
    for at in range(1, len(words)):
        before = words[at - 1]
        if test(words[at]) and before not in DETERMINERS | PREPOSITIONS | {"and", "not"} and not before.endswith("'s"):
            return " ".join(words[:at]), words[at], words[at + 1 :]
    return None


def _stranded(tail: list[str]) -> bool:
    """Tell whether two prepositions meet, of which the first has lost its noun: "stay with in Normandy"."""
    return any({one, other} <= PREPOSITIONS for one, other in pairwise(tail))


def _finite(auxiliary: str, verb: str, lexicon: Lexicon) -> str:
    """Return the verb as it stands once "did", "does" or "do" is gone."""
    return {"did": lexicon.past(verb), "does": lexicon.present(verb), "do": verb}[auxiliary]


def _adjunct(words: list[str], answer: str, lexicon: Lexicon) -> Found:  # noqa: PLR0911  (each doubt ends it)
    """For "When did X begin", "In what year was X founded", "Where is X located": the answer goes last."""
    place = words[0] == "Where"
    head = re.match(
        r"(?:When|Where|(?:In|On|During) (?:what|which) \w+|(?:What|Which) (?:year|date|day)) ", " ".join(words)
    )
    if not head:
        return None
    kind, rest = kind_of(answer), words[len(head[0].split()) :]
    if answer.split(maxsplit=1)[0].lower() in PREPOSITIONS:
        slot = "{}"
    elif place and kind == "name":
        slot = "in {}"
    elif kind in {"year", "day", "date"} and not place:
        slot = "on {}" if kind == "day" else "in the {}" if re.match(r"\d+s$", answer) else "in {}"
    else:
        return None
    if not rest or len(rest) < MIN_WORDS or (words[-1] in PREPOSITIONS):
        return None
    auxiliary, rest = rest[0], rest[1:]
    if auxiliary not in BE | {"did", "does", "do"}:
        return None
    parts = _parted(rest, lexicon, passive=auxiliary in BE)
    if not parts:
        return None
    subject, verb, tail = parts
    if _stranded(tail) or (place and tail[:1] == ["to"]):
        return None
    after = " ".join([*tail, slot])
    if auxiliary in BE:
        return f"{subject} {auxiliary} {verb} {after}", f"{subject} {auxiliary} not {verb} {after}"
    finite = _finite(auxiliary, verb, lexicon)
    return (f"{subject} {finite} {after}", f"{subject} {auxiliary} not {verb} {after}") if finite else None


def _count(words: list[str], answer: str, lexicon: Lexicon) -> Found:  # noqa: PLR0911  (each doubt ends it)
    """For "How many N are there in X", "How many N did X visit", "How many N were killed", "What percentage of N"."""
    share = re.fullmatch(r"(?:What|which) percent(?:age)? of", " ".join(words[:3]))
    if not share and [word.lower() for word in words[:2]] != ["how", "many"]:
        return None
    if share:
        return (
            ("{} of " + " ".join(words[3:]), "")
            if answer.endswith("%") and not {"did", "does", "do", "there"} & set(words)
            else None
        )
    if kind_of(answer) not in {"number", "year"}:
        return None
    for at in range(3, min(7, len(words) - 1)):
        word, rest, noun = words[at], words[at + 1 :], " ".join(words[2:at])
        if word in BE and rest[0] == "there":
            tail = " ".join(rest[1:])
            return f"there {word} {{}} {noun} {tail}", f"there {word} not {{}} {noun} {tail}"
        if word in {"did", "does", "do"}:
            return _object(noun, word, rest, lexicon)
        alone = rest[0].islower() and rest[0] not in DETERMINERS | {"it", "he", "they", "she", "there"}
        if word in BE | {"have", "had"} or lexicon.is_past(word):
            good = alone and (word not in AUXILIARIES or lexicon.is_participle(rest[0]) or rest[0] in PREPOSITIONS)
            bare = word not in AUXILIARIES and rest[-1] not in PREPOSITIONS
            return ("{} " + " ".join(words[2:]), "") if (good or bare) and words[-1] not in PREPOSITIONS else None
    return None


def _object(noun: str, auxiliary: str, rest: list[str], lexicon: Lexicon) -> Found:
    """Put "{} noun" where the object of the verb belongs."""
    parts = _parted(rest, lexicon, passive=False)
    if not parts:
        return None
    subject, verb, tail = parts
    finite, slot, after = _finite(auxiliary, verb, lexicon), f"{{}} {noun}".strip(), " ".join(tail)
    if (
        not finite
        or _stranded(tail)
        or (tail and tail[0] not in ADJUNCTS and tail[-1] not in PREPOSITIONS)
        or verb == "do"
    ):
        return None
    ordered = f"{after} {slot}" if tail and tail[-1] in PREPOSITIONS else f"{slot} {after}"
    return f"{subject} {finite} {ordered}", f"{subject} {auxiliary} not {verb} {ordered}"


def _whom(words: list[str], answer: str, lexicon: Lexicon) -> Found:
    """For "Who did X marry", "What language did X speak": the answer is the object, a noun."""
    for at in range(1, min(4, len(words) - MIN_WORDS + 1)):
        if words[at] in {"did", "does", "do"} and words[0] in {"Who", "What", "Which"} and words[1] not in TIMES:
            nominal = kind_of(answer) != "other" or answer.split(maxsplit=1)[0].lower() in DETERMINERS or at > 1
            return _object("", words[at], words[at + 1 :], lexicon) if nominal else None
    return None


RULES: tuple[Callable[[list[str], str, Lexicon], Found], ...] = (_count, _adjunct, _is_the, _subject, _whom)
