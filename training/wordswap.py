"""Words of a question that may stand where another question of the article has its own.

There is no tagger here: a word's form (its ending) and the kinds of words before and after it stand for its part of
speech, which keeps most questions grammatical.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from training.antonyms import OPPOSITES, SYNONYMS
from training.nearmiss import put
from training.pools import STOP, WORD, Mention, content, stem

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from training.nearmiss import Case, Edit
    from training.pools import Pools

_CLASSES = {
    **dict.fromkeys("the a an its his her their this that these those".split(), "the"),
    **dict.fromkeys("of in on at by for from to with about into over under during as between".split(), "of"),
    **dict.fromkeys("is are was were be been being do does did has have had can could will would".split(), "is"),
    **dict.fromkeys("what which how many".split(), "what"),
}
_ENDING = re.compile(r"(?:ing|ed|ly|tion|sion|ment|ity|ness|ies|ians?|ers?|ors?|ists?|al|ic|ous|ive|able|s)$")
_LETTERS = 4
_VAGUE = frozenset(
    """type types kind kinds name names term terms word words thing things part parts number amount person people place
    group groups form example following different main major first large largest used made become became said given
    considered called named known located described result results reason reasons year years time date""".split()
)
_TOO_RARE, _TOO_COMMON = 20, 12_000  # how often a word stands in lower case in the whole collection


class Slot(NamedTuple):
    """A content word in its place: the shape is its ending with the kinds of its two neighbours."""

    start: int
    end: int
    word: str
    shape: tuple[str, str, str]


@lru_cache(maxsize=120_000)
def slots(question: str) -> tuple[Slot, ...]:
    """Return the lower-case content words of a question that could be replaced."""
    found = list(WORD.finditer(question))
    result = []
    for at, match in enumerate(found[1:], 1):
        word = match.group()
        if len(word) < _LETTERS or not (word.isalpha() and word.islower()) or word in STOP or word in _VAGUE:
            continue
        previous = found[at - 1].group().lower()
        # "home to" and "the home" want different words: a small word before is kept as it is.
        before = previous if previous in STOP else _kind(found[at - 1].group())
        after = _kind(found[at + 1].group()) if at + 1 < len(found) else "end"
        ending = _ENDING.search(word)
        result.append(Slot(match.start(), match.end(), word, (before, ending.group() if ending else "", after)))
    return tuple(result)


def _kind(word: str) -> str:
    return _CLASSES.get(word.lower(), "name" if word[0].isupper() or word[0].isdigit() else "word")


class Words:
    """The words of each article's questions, by shape; an article is read when it is first asked for."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        self._tables: dict[str, dict[tuple[str, str, str], list[str]]] = {}

    def of(self, title: str) -> dict[tuple[str, str, str], list[str]]:
        """Return an article's words for each shape, in the order of its questions."""
        if title not in self._tables:
            table: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
            article = self._pools.articles.get(title)
            for question, _ in article.questions if article else ():
                for slot in slots(question):
                    if _TOO_RARE < self._pools.common[slot.word] < _TOO_COMMON:
                        table[slot.shape][slot.word] = None
            self._tables[title] = {shape: list(words) for shape, words in table.items()}
        return self._tables[title]

    def swaps(self, case: Case, dice: random.Random) -> Iterator[Edit]:
        """Put another word for one that the question shares with the sentence of the answer."""
        said, here = content(case.sentence), content(case.passage) | content(case.question)
        table = self.of(case.article)
        fits = [slot for slot in slots(case.question) if stem(slot.word) in said]
        dice.shuffle(fits)
        for slot in fits:
            new = [word for word in table.get(slot.shape, ()) if stem(word) not in here]
            new = [
                word
                for word in new
                if word not in SYNONYMS.get(slot.word, ()) and word not in OPPOSITES.get(slot.word, ())
            ]
            if new:
                mention = Mention(slot.start, slot.end, slot.word, "word")
                yield case.to(put(case.question, mention, form=dice.choice(new)), "word")
                return
