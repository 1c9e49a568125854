"""The names and quotations that a text states, and the forms in which they are looked for in another."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from rag.fact import HAN, PLAIN, Fact, opens
from rag.text import STOP_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(rf"[^\W\d_{HAN}][^\W_{HAN}]*(?:[.&'-][^\W\d_{HAN}][^\W_{HAN}]*)*")
_PARTICLES = frozenset("von van der den de del della di da du dos la le bin ibn al el ter zu".split())
# They stand before a name in one text and not in another.
_TITLES = frozenset(
    """mr mrs ms dr prof sir lady president premier minister chancellor secretary general senator professor chairman
    chairwoman judge king queen pope prince princess governor mayor ambassador prime vice chief foreign""".split()
)
_PEOPLES = dict(
    pair.split(":")
    for pair in """chinese:china american:america british:britain russian:russia french:france german:germany
    japanese:japan indian:india italian:italy spanish:spain ukrainian:ukraine israeli:israel iranian:iran iraqi:iraq
    korean:korea canadian:canada australian:australia african:africa asian:asia european:europe brazilian:brazil
    mexican:mexico turkish:turkey polish:poland dutch:netherlands swiss:switzerland swedish:sweden""".split()
)
# Words that open sentences, beside `STOP_WORDS`.
_OPENERS = frozenset(
    """although another because before after during despite since while until unless yesterday today tomorrow meanwhile
    moreover nevertheless nonetheless overall perhaps instead however therefore thus hence still yet then later earlier
    next last first second third finally also even every each many much several few two three four five six seven eight
    nine ten people officials experts data research study studies police following among between within without like
    through throughout against across around both either neither never always often once again please yes no not only
    per via let see here may might must shall should would could new old""".split()
)
_ORDINARY = re.compile(
    r"(?:ing|ed|ly|[st]ions?|[^aeiou]ers|ists?|ments?|ness|ies|able|ible|ous|ful|less|n't|[^aiou]ts)$"
)
_YET_NAMES = frozenset("beijing nanjing boeing italy sicily united reading sterling fred".split())
_DISTINCT = frozenset("us it who".split())  # the words, as against US, IT and WHO


@lru_cache(maxsize=10_000)
def _fold(word: str) -> str:
    """Bring a word to the form in which names are compared.

    >>> [_fold(word) for word in ("U.S.", "us", "Erdoğan's", "Chinese", "Asia-Pacific")]
    ['us', '·us', 'erdogan', 'china', 'asia pacific']
    """
    folded = re.sub(r"'s?$", "", word.casefold()).replace(".", "").replace("-", " ")
    if not folded.isascii():
        folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return (
        f"·{folded}" if folded in _DISTINCT and not word.isupper() and "." not in word else _PEOPLES.get(folded, folded)
    )


def _linked(text: str, a: re.Match[str], b: re.Match[str]) -> bool:
    gap = text[a.end() : b.start()]
    return gap.isspace() or gap in {"-", "- "} or (gap == ". " and len(a.group()) == 1)  # "John F. Kennedy"


def words_of(text: str) -> str:
    """Return the words of a text as names are looked for in it, with a bar wherever no name runs on."""
    spelled, before = [" "], None
    for word in _WORD.finditer(text):
        spelled += ["" if before is None or _linked(text, before, word) else "| ", _fold(word.group()), " "]
        before = word
    return "".join(spelled)


def names(text: str) -> Iterator[Fact]:
    """Yield the names of a plain text: runs of capitals, then the Chinese persons and places.

    >>> [fact.text for fact in names("The Chinese Xi Jinping flew to 北京 with Ludwig van Beethoven.")]
    ['Chinese Xi Jinping', 'Ludwig van Beethoven', '北京']
    """
    run: list[re.Match[str]] = []
    for word in _WORD.finditer(text):
        folded = _fold(word.group())
        if run and not _linked(text, run[-1], word):
            yield from _named(text, run)
            run = []
        capital = word.group()[0].isupper() and folded not in _TITLES and folded not in {"i", "a"}
        if capital or (run and folded in _PARTICLES):
            run.append(word)
        else:
            yield from _named(text, run)
            run = []
    yield from _named(text, run)
    yield from _chinese(text)


def _named(text: str, run: list[re.Match[str]]) -> Iterator[Fact]:
    """Yield the name that a run of words makes up, if it is one."""
    if run and opens(text, run[0].start()) and _is_ordinary(text, run[0].group()):
        run = run[1:]
    while run and not run[-1].group()[0].isupper():  # a particle that led to no name
        run = run[:-1]
    while run and not run[0].group()[0].isupper():
        run = run[1:]
    if run:
        said = re.sub(r"'s?$", "", text[run[0].start() : run[-1].end()])
        folded = " ".join(_fold(word.group()) for word in run)
        yield Fact("name", said, run[0].start(), frozenset({("name", folded)}))


def _is_ordinary(text: str, word: str) -> bool:
    low = word.casefold()
    if low in _YET_NAMES or (word.isupper() and len(word) > 1):
        return False
    known = low.split("'")[0] in STOP_WORDS | _OPENERS or bool(_ORDINARY.search(low))
    return known or bool(re.search(rf"\b{re.escape(low)}\b", text))


# What the tagger takes for names, and is none.
_NOT_NAMED = frozenset("青少年 修道院 天文台 维生素 大将军 巴士 加盟 城市 共和国 东北 西北 令人 二人 二世".split())
_PERSON_CHARS = 3  # of two characters, the tagger calls too many words names


def _chinese(text: str) -> Iterator[Fact]:
    """Yield the persons and places that jieba's tagger sees; China may call itself 我国."""
    if not re.search(f"[{HAN}]", text):
        return
    import rjieba

    start = 0
    for word, tag in rjieba.tag(text):
        start = text.find(word, start)
        person = tag.startswith("nr") and len(word) >= _PERSON_CHARS
        if (person or (tag == "ns" and len(word) > 1)) and word not in _NOT_NAMED:
            bare = re.sub("(?<=..)[省市县区]$", "", word)
            also = {("han", "我 国")} if word == "中国" else set()
            yield Fact("name", word, start, frozenset({("han", letters_of(bare).strip()), *also}))
        start += len(word)


_QUOTED = re.compile(
    r"[“„]([^“”„]+)[”“]|\"([^\"\n]{1,400})\"|「([^「」]+)」|『([^『』]+)』|《([^《》]+)》|〈([^〈〉]+)〉|«([^«»]+)»|(?<!\w)‘([^‘\n]+)’(?!\w)"
)
_LETTERS = re.compile(rf"[{HAN}]|[^\W{HAN}]+")
_LEFT_OUT = re.compile(r"…+|\.\.\.+|\[[^\]]*\]")


def letters_of(text: str) -> str:
    """Return what a quotation is compared by: letters and digits, without case or punctuation, spaced."""
    return f" {' '.join(_LETTERS.findall(text.translate(PLAIN).casefold()))} "


def quotes(text: str) -> Iterator[Fact]:
    """Yield what stands between quotation marks, in parts where dots or brackets say that something is left out.

    >>> [fact.meanings for fact in quotes("He said “the sea … is open”.")]
    [frozenset({('quote', 'the sea', 'is open')})]
    """
    for match in _QUOTED.finditer(text):
        said = next(filter(None, match.groups()))
        parts = [letters for part in _LEFT_OUT.split(said) if (letters := letters_of(part).strip())]
        if parts:
            yield Fact("quote", match.group(), match.start(), frozenset({("quote", *parts)}))
