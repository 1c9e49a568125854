"""Text as this project sees it: its normal form, its sentences, its words, its language.

Everything here is a pure function of a string. Offsets are characters, ends exclusive.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

# Changes whenever `terms` gives other output for the same input: the lexical index stores it.
TOKENISER = "terms-1"
# Changes whenever `ingest.split` cuts the same document otherwise: the library stores it.
SPLITTER = "sentences-2"

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_CJK_RUN = re.compile(f"[{_CJK}]+")
_TOKEN = re.compile(rf"[{_CJK}]+|\d+(?:[.,]\d+)*|[^\W\d_{_CJK}]+(?:['’][^\W\d_{_CJK}]+)?|\d+")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# UAX #15, "Stream-Safe Text Format": the marks on one letter are sorted, in time that grows with the square of their
# number; no writing needs as many, and this joiner, which is not seen, begins the count anew.
_MAX_MARKS, _JOINER = 30, "\u034f"
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’」』）)\]]*\s*$")
# Below this many letters the language guesser is a coin toss, and English is the better guess.
_MIN_LETTERS_TO_GUESS = 60
_MONTHS = "January February March April May June July August September October November December".split()

# Function words of questions and statements. They carry no evidence, and BM25 over them costs time on large indexes.
STOP_WORDS = frozenset(
    """a about according all also am an and any are as at be been being both but by can could did do does doing for from
    had has have having he her here hers him his how i if in into is it its itself just me more most my no nor not of
    on only or other our out over own same she should so some such than that the their them then there these they this
    those to too under up us very was we were what when where which while who whom whose why will with would you your
    tell say says said name names named mention mentions mentioned s t
    的 了 在 是 和 与 及 或 也 都 就 而 对 中 为 被 把 向 从 到 于 以 其 之 这 那 哪 哪些 哪个 哪里 什么 谁 何时 如何
    怎么 怎样 多少 几 吗 呢 吧 有 个 些 说 了解 是否 为什么 什么样 哪位 哪一 请 问""".split()
)


class Span(NamedTuple):
    """A stretch of a text, `text[start:end]`."""

    start: int
    end: int


def normalise(text: str) -> str:
    r"""Bring a text to the form that is stored: NFC, `\n` line ends, no byte-order mark, no NUL, no lone surrogate.

    >>> normalise("caf\u0065\u0301\r\n")
    'café\n'
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return unicodedata.normalize("NFC", _stream_safe(_LONE_SURROGATE.sub("\ufffd", text)))


def _stream_safe(text: str) -> str:
    """Put a joiner between marks where more than 30 stand on one letter."""
    if text.isascii():
        return text
    marks = {char: unicodedata.normalize("NFD", char) for char in set(text) if unicodedata.combining(char)}
    if not marks:
        return text
    one = f"[{''.join(marks.values())}]"
    apart = text.translate({ord(char): parts for char, parts in marks.items() if parts != char})
    return re.sub(f"{one}{{{_MAX_MARKS}}}(?={one})", rf"\g<0>{_JOINER}", apart)


def is_chinese(text: str) -> bool:
    """Tell whether a third or more of the letters are Han characters: a line of news may name things in Latin."""
    letters = sum(c.isalpha() for c in text)
    return letters > 0 and sum(len(run) for run in _CJK_RUN.findall(text)) * 3 >= letters


def detect_language(text: str) -> str:
    """Guess the language of a text, as an ISO 639-1 code; of too short a text, English."""
    sample = text[:4000]
    if is_chinese(sample):
        return "zh"
    if sum(c.isalpha() for c in sample) < _MIN_LETTERS_TO_GUESS:
        return "en"
    import py3langid

    language: str = py3langid.classify(sample)[0]
    return language


def language_code(code: str) -> str:
    """Return the ISO 639 code that a language tag begins with.

    >>> language_code("zh-CN")
    'zh'
    """
    return re.split(r"[-_]", code.strip().lower(), maxsplit=1)[0]


def as_day(value: object) -> date | None:
    """Return a day as a plain date, cutting off a time of day.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    raise TypeError(f"{value!r} is no day; give a datetime.date")


def format_date(day: date, language: str = "en") -> str:
    """Write a day as people of that language do: `6 March 2024`, `2024年3月6日`."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def trim(text: str, span: Span) -> Span:
    """Shrink a span until it neither begins nor ends with white space."""
    part = text[span.start : span.end]
    start = span.start + len(part) - len(part.lstrip())
    return Span(start, max(start, span.end - len(part) + len(part.rstrip())))


def paragraphs(text: str) -> list[Span]:
    r"""Cut a text at blank lines, and at single line ends where the line above is finished.

    A hard-wrapped letter is one paragraph; an article with a paragraph a line is as many as it has lines.

    >>> paragraphs("One\ntwo.\nThree.\n\nFour")
    [Span(start=0, end=8), Span(start=9, end=15), Span(start=17, end=21)]
    """
    spans = []
    start = 0
    for line in re.finditer(r"[^\n]*(?:\n|$)", text):
        blank = not line.group().strip()
        if blank or _SENTENCE_END.search(line.group()[-12:]):
            spans.append(trim(text, Span(start, line.start() if blank else line.end())))
            start = line.end()
    return [span for span in spans if span.start < span.end]


def sentences(text: str, within: Span | None = None, *, language: str = "en") -> list[Span]:
    """Cut a text, or a span of it, into sentences: spans in coordinates of `text`, without surrounding white space.

    >>> sentences("Mr. Li came on Jan. 30. He left.")
    [Span(start=0, end=23), Span(start=24, end=32)]
    """
    import sentencex

    first, last = within or (0, len(text))
    starts = [(first + paragraph.start, first + paragraph.end) for paragraph in paragraphs(text[first:last])]
    spans = [
        trim(text, Span(start + found["start_index"], start + found["end_index"]))
        for start, end in starts
        for found in sentencex.get_sentence_boundaries(language, text[start:end])
    ]
    return [span for span in spans if span.start < span.end]


def words(text: str) -> Iterator[str]:
    """Yield the words of a text, case-folded and full-width forms made plain; Chinese is segmented as for search.

    >>> list(words("Xi’s 1,000 robots"))
    ['xi', '1000', 'robots']
    """
    import rjieba

    for token in _TOKEN.findall(unicodedata.normalize("NFKC", text)):
        if _CJK_RUN.fullmatch(token):
            yield from rjieba.cut_for_search(token, True)
        elif token[0].isdigit():
            yield token.replace(",", "")
        else:
            yield token.casefold().removesuffix("'s").removesuffix("’s")


def terms(text: str) -> list[str]:
    """Return the words of a text as the lexical index sees them: English ones stemmed, in order, repeats kept.

    >>> terms("industries of the future")
    ['industri', 'of', 'the', 'futur']
    """
    return [_stem(word) for word in words(text)]


def content_terms(text: str) -> list[str]:
    """Return the terms of a text without function words; all of its terms where nothing else is left.

    >>> content_terms("What are the industries of the future?")
    ['industri', 'futur']
    """
    kept = [_stem(word) for word in words(text) if word not in STOP_WORDS]
    return kept or terms(text)


@lru_cache(maxsize=1)
def _stemmer():  # type: ignore[no-untyped-def]  # noqa: ANN202 (the library has no types)
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    stem: str = _stemmer().stemWord(word)
    return stem
