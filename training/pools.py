"""What the editor knows of a text: its words, sentences, names and numbers, and those of a whole collection.

A name's type is learned from the questions it answers ("who" → person), else from its form ("… University"). Nothing
here decides what becomes of a question.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import snowballstemmer

if TYPE_CHECKING:
    from collections.abc import Iterable

WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_CAPITAL = r"(?:[A-ZÀ-ÖØ-Þ][\w-]+(?:['’–][A-Z]\w+)?|[A-Z]\.|(?:St|Dr|Mt|Jr)\.)"
_NAME = re.compile(rf"(?<![\w.]){_CAPITAL}(?: (?:(?:of the|the|of|de|la|van|von|ibn|al|bin|da|du) )?{_CAPITAL})*")
_YEAR = r"(?:1[0-9]{3}|20[0-2][0-9])"
_NAME_WORDS, _NAME_LETTERS = 4, 4  # more words, or fewer letters, are seldom one plain name
_WORDLIKE = 20  # a lone capital word seen this often in lower case names nothing
_SMALL = "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty".split()
_ORDINAL = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_NUMBERS = {
    "year": rf"(?<![\w,.]){_YEAR}(?!\w|%|,\d|\.\d|-\d)",
    "decade": r"(?<!\w)1[5-9]\d0s(?!\w)",
    "century": r"(?<!\w)\d{1,2}(?:st|nd|rd|th)(?= century| centuries)",
    "ordinal": rf"(?<!\w)(?:{'|'.join(_ORDINAL[1:])})(?!\w)",
    "count": rf"(?<!\w)(?:{'|'.join(_SMALL)})(?!\w)",
    "number": r"(?<![\w,.-])(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)(?![\w,.-]?\d|\w|-\w)",
    "month": rf"(?<!\w)(?:{'|'.join(MONTHS)})(?!\w)",
    "weekday": rf"(?<!\w)(?:{'|'.join(DAYS)})(?!\w)",
}
_NUMBER = re.compile("|".join(f"(?P<{kind}>{form})" for kind, form in _NUMBERS.items()))
_BREAK = re.compile(r"(?:(?<=[^\W\d_]{2}[.!?])|(?<=[\d)\]\"”%]\.))[\"”)\]]*\s+(?=[\"“(\[]?[A-ZÀ-Þ\d])")
_ABBREVIATED = re.compile(r"\b(?:Mr|Mrs|Dr|St|Jr|Sr|vs|No|Gen|Col|Capt|Lt|Sgt|Rev|Prof|Inc|Ltd|Co|ca|approx|Mt|Ft)\.$")
STOP = frozenset(
    """a an the this that these those of in on at by for from to with about as into over under between during after
    before until since through against and or but nor if than then so is are was were be been being am do does did done
    has have had having can could will would shall should may might must who whom whose what which when where why how
    it its he his him she her they their them we our you your i my me there here not no never also only just many much
    more most some any all each every both few other another such same own very too one ones name names named called
    kind type sort year years what's who's many while although though because despite however besides along according
    using upon within without amongst among following due once several per via two three today currently""".split()
)
_ORGANISED = (
    "University College Company Party Association Institute Corporation Council Army Club Church Museum Inc Group Court"
)
_PLACED = "River Lake Mountains Mountain City Island Islands Sea Ocean County Valley Street Park Peninsula Province Bay"
_SUFFIX = {
    **dict.fromkeys(_ORGANISED.split(), "organisation"),
    **dict.fromkeys(_PLACED.split(), "place"),
    **dict.fromkeys("War Wars Battle Revolution Treaty Act Conference Festival Games Cup".split(), "event"),
}
_DEMONYM = re.compile(
    r"[A-Z]\w+(?:ish|ese|nian|lian|rian|sian|pean|ndian|ican|ocan|gian|nch|eek|rman|uguese|iets?|utch|wiss|rab|ewish)s?$"
)
_KINDS = {  # what a question's beginning says of its answer
    "person": r"who|whom|by whom|to whom|which \w*(?:king|president|actor|singer|leader|author)",
    "place": r"(?:in |at )?(?:where|(?:what|which) (?:city|country|state|town|nation|island))",
    "organisation": r"(?:\w+ )?(?:what|which) (?:company|organi[sz]ation|university|school|college|band|team|party)",
}
_ASKED = [(kind, re.compile(rf"(?:{form})\b", re.I)) for kind, form in _KINDS.items()]
_ALIKE = (
    {"British", "English"},
    {"America", "United States"},
    {"USA", "America"},
    {"England", "Britain"},
    {"UK", "Britain"},
)
_DIRECTIONS = frozenset("North South East West Northern Southern Eastern Western Central".split())
_stemmer = snowballstemmer.stemmer("english")


class Mention(NamedTuple):
    """A name or number in a text: `text[start:end] == form`."""

    start: int
    end: int
    form: str
    type: str


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return the stem of a word, lower case: "Invented" → "invent"."""
    return str(_stemmer.stemWord(word.lower()))


@lru_cache(maxsize=100_000)
def content(text: str) -> frozenset[str]:
    """Return the stems of the words that carry meaning."""
    return frozenset(stem(word) for word in WORD.findall(text) if word.lower() not in STOP)


@lru_cache(maxsize=4096)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Return the start and end of each sentence; the ends are exclusive and the blanks between belong to none."""
    found, start = [], 0
    for gap in _BREAK.finditer(text):
        if not _ABBREVIATED.search(text[: gap.start()][-8:]):
            found.append((start, gap.start() + len(gap.group().rstrip())))
            start = gap.end()
    return (*found, (start, len(text.rstrip())))


def has(text: str, form: str) -> bool:
    """Tell whether a form stands in a text as whole words, whatever its case."""
    at = text.lower().find(form.lower())
    while at >= 0:
        end = at + len(form)
        if not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum()):
            return True
        at = text.lower().find(form.lower(), at + 1)
    return False


def normal(question: str) -> str:
    """Return a question's words in lower case, to tell whether two are the same."""
    return " ".join(WORD.findall(question.lower()))


def numbers(text: str) -> list[Mention]:
    """Return the years, counts, months and other numbers of a text in their order."""
    return [Mention(m.start(), m.end(), m.group(), str(m.lastgroup)) for m in _NUMBER.finditer(text)]


def related(one: str, other: str) -> bool:
    """Tell whether two names may mean the same: they share a word, or one is the other's initials."""
    words = [[w for w in WORD.findall(name) if w.lower() not in STOP] for name in (one, other)]
    if {one, other} in _ALIKE or {stem(w)[:5] for w in words[0]} & {stem(w)[:5] for w in words[1]}:
        return True
    initials = ["".join(w[0] for w in part) for part in words]
    return initials[0] == other.replace(".", "") or initials[1] == one.replace(".", "")


@dataclass(frozen=True)
class Article:
    """One article: its passages in order, each with the questions that people asked of it."""

    title: str
    passages: dict[str, list[str]]

    @cached_property
    def questions(self) -> list[tuple[str, str]]:
        """Return each question with its passage."""
        return [(question, passage) for passage, asked in self.passages.items() for question in asked]


class Pools:
    """Names by type, for the whole collection and for each article.

    `articles` is the list `data` of a SQuAD file.
    """

    def __init__(self, articles: Iterable[dict[str, Any]]) -> None:
        votes: dict[str, Counter[str]] = defaultdict(Counter)
        self.articles: dict[str, Article] = {}
        self.common: Counter[str] = Counter()  # how often a word stands in lower case
        for article in articles:
            passages: dict[str, list[str]] = {}
            for paragraph in article["paragraphs"]:
                self.common.update(word for word in WORD.findall(paragraph["context"]) if word[0].islower())
                passages[paragraph["context"]] = [qa["question"].strip() for qa in paragraph["qas"]]
                for qa in paragraph["qas"]:
                    _vote(votes, qa)
            self.articles[article["title"]] = Article(article["title"], passages)
        self.types = {name: count.most_common(1)[0][0] for name, count in votes.items()}
        self.sure = {name for name, count in votes.items() if count.most_common(1)[0][1] > 1}
        self.by_type: dict[str, list[str]] = defaultdict(list)
        for name, kind in self.types.items():
            self.by_type[kind].append(name)
        given = Counter(name.split()[0] for name in self.by_type["person"] if " " in name)
        self.given = {name for name, count in given.items() if count > 1 and name.lower() not in self.common}
        self._of_article: dict[str, dict[str, list[tuple[str, str]]]] = {}

    def type_of(self, name: str) -> str:
        """Return the type of a name, "other" where nothing tells."""
        words = name.split()
        if len(words) == 1 and _DEMONYM.match(name):
            return "people"
        if kind := self.types.get(name):
            return kind
        if kind := _SUFFIX.get(words[-1]) or _SUFFIX.get(words[0]):
            return kind
        return "person" if len(words) > 1 and words[0] in self.given else "other"

    @lru_cache(maxsize=20_000)  # noqa: B019 (pools live as long as the program)
    def names(self, text: str) -> tuple[Mention, ...]:
        """Return the names of a text in their order, without those that only begin a sentence."""
        found = []
        starts = {start for start, _ in sentences(text)}
        for match in _NAME.finditer(text):
            start, form = match.start(), match.group().rstrip(".")
            first, _, rest = form.partition(" ")
            while rest and first.lower() in STOP:
                start, form = start + len(first) + 1, rest
                first, _, rest = form.partition(" ")
            kind = self.type_of(form)
            vague = kind == "other" and not rest and self.common[form.lower()] > _WORDLIKE
            plain = (
                vague
                or form in _DIRECTIONS
                or form.lower() in STOP
                or form in MONTHS
                or form in DAYS
                or len(form) < _NAME_LETTERS - 1
            )
            if plain or (not rest and start in starts and self.common[form.lower()]):
                continue
            found.append(Mention(start, start + len(form), form, kind))
        return tuple(found)

    def mentions(self, text: str) -> list[Mention]:
        """Return names and numbers of a text."""
        return [*self.names(text), *numbers(text)]

    def of_article(self, title: str) -> dict[str, list[tuple[str, str]]]:
        """Return, type by type, the names and numbers of an article's passages, each with its passage."""
        if title not in self._of_article:
            found: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
            for passage in self.articles[title].passages if title in self.articles else ():
                for mention in self.mentions(passage):
                    found[mention.type][mention.form, passage] = None
            self._of_article[title] = {kind: list(pairs) for kind, pairs in found.items()}
        return self._of_article[title]


def _vote(votes: dict[str, Counter[str]], qa: dict[str, Any]) -> None:
    answer = qa["answers"][0]["text"].strip().removesuffix(".")
    if not _NAME.fullmatch(answer) or len(answer.split()) > _NAME_WORDS or len(answer) < _NAME_LETTERS:
        return
    if _SUFFIX.get(answer.split()[-1]) or _DEMONYM.match(answer) or answer.split()[0].lower() in STOP:
        return
    for kind, form in _ASKED:
        if form.match(qa["question"].strip()):
            votes[answer][kind] += 1
