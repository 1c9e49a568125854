"""Where documents disagree: two sentences that give different values for the same thing.

No model is asked: a pair must say the same in the same words, and whatever else may explain the difference (another
year, place or party, a unit, a rounding, a forecast) lets it pass. A conflict that is missed is only not pointed out;
one that is none makes two true sources look false. Names are not compared: two winners may both have won.
"""

# long: the words and rules by which two sentences are no conflict belong on one page
from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from rag.fact import BLOT, HAN, PLAIN, blotted
from rag.guard import facts
from rag.names import words_of
from rag.quotes import kind_asked
from rag.text import STOP_WORDS, Span, content_terms, terms, words
from rag.text import sentences as sentences_in
from rag.types import Citation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from rag.fact import Fact, Meaning
    from rag.types import Document, Evidence, Sentence

_MOST = 3  # pairs that are returned
_EVIDENCE_READ = 20
# Shares of words, values aside. Set by reading what is flagged in news (RealTimeQA's articles of 2022 and 2023).
_SAME_WORDS = 0.6  # of the shorter sentence's, that the longer has
_SAME_CLAUSE = 0.6  # of the shorter clause's around the value
_SAME_FOR_DAYS = 0.6  # of all words of both clauses, where a day is told: "the new wing opened" is another thing
_ASKED_WORDS = 0.5  # of the question's, that each sentence has, its title included
_ASKED_WORDS_TOLD = 0.75  # … where the question asks how many, and the words may be fewer
_LEAST_WORDS = 3  # that the sentences share
_NEWS_DAYS = 3  # between publications that may tell of the same without naming its day

_WEEKDAY = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|(?:周|星期)[一二三四五六日]", re.I)
# Such a sentence says something else on another day.
_NOW = re.compile(
    r"\b(?:today|tonight|yesterday|tomorrow|now|so far|currently|recent|recently|latest|this|last|past|next|previous"
    r"|previously|ago|yet|since|remains?|already|still|more(?! than)|left|to come|another|again|further|earlier|later"
    r"|ha(?:s|ve) \w+(?:ed|en|wn))"
    r"\b|今[天日年]|昨[天日]|明[天年]|去年|上[月周]|本[月周]|目前|现在|迄今|最近|近日|最新|新增|累计|截至",
    re.I,
)
_THEN = re.compile(
    r"\b(?:yesterday|tomorrow|last|past|next|previous|previously|ago|earlier|later)\b|昨[天日]|明[天年]|去年|[上下][月周]",
    re.I,
)
# Words that make another thing of the same sentence. Those between two semicolons mean the same.
_SETS_APART = """kill die dead death fatal fatality victim slain perish 死亡 遇难 丧生 死者 身亡 死; missing 失踪 失联;
        injure wound hurt injury injuries hospitalize 受伤 伤者 负伤 伤; arrest detain 逮捕 拘留; charge indict 起诉;
        convict guilty 定罪; men man male boy boys 男 男性 男子; women woman female girl girls 女 女性 女子;
        child children kid teen young youth student 儿童 孩子 学生; civilian 平民; soldier troop military 士兵;
        import 进口; export 出口; revenue sales turnover 收入 营收; profit earnings 利润 净利润; net core 净 核心;
        loss deficit 亏损 赤字; ahead behind margin 领先 落后; average mean median 平均 人均; per each every 每;
        additional extra other 其他 另外 另有;
        minimum lowest 最低; maximum highest peak 最高; private; day daily 每天 每日 天; week weekly 周 每周;
        month monthly 月; quarter quarterly 季度; half 半年; year annual annually yearly 年度 每年;
        hour minute second 小时 分钟; north northern 北部; south southern 南部; east eastern 东部; west western 西部;
        global worldwide 全球 世界; domestic 国内; foreign overseas abroad 海外 国外; republican;
        democrat democratic; vote 票 投票; seat 席位; begin start began 开始 开工; end finish close complete 结束 竣工;
        rise rose grow grew increase up gain climb 增长 上升 上涨 增加; not never no n't without 不 未 没有;
        fall fell drop decline decrease down 下降 下跌 减少;
        expect forecast predict project estimate plan target aim could may might would will shall schedule propose hope
        预计 预期 预测 计划 目标 拟 估计 有望 可能 将"""
# What stands before or after a figure that is meant as a bound, or roughly.
_OVER = re.compile(r"(?:more than|over|at least|above|exceed(?:s|ed|ing)?|超过?|逾|至少|高于|不少于|不低于)\s*\Z", re.I)
_UNDER = re.compile(
    r"(?:less than|fewer than|under|below|at most|up to|as (?:many|much|high) as|no more than|不到|不足|低于|少于|最多"
    r"|至多|不超过)\s*\Z",
    re.I,
)
_ABOUT = re.compile(
    r"(?:about|around|roughly|some|nearly|almost|approximately|close to|estimated|约为?|近|将近|接近)\s*\Z", re.I
)
_OVER_AFTER = re.compile(r"\+|\s*(?:or more|and (?:more|over|above))\b|[多余]|[名人个家元]?以上")
_ABOUT_AFTER = re.compile(r"\s*or so\b|[名人个家元]?(?:左右|上下)")
_BREAK = re.compile(r"[,;:()，；：（）、。—]| - |\b(?:and|but|while|whereas|compared|versus|than)\b")
_COUNTER = re.compile(r"[多余]?[名个位家件项种场次只台艘架辆本篇座条]?")
_OF = re.compile(r"\s*of (?:the |all |its |their |his |her )?(?=[^\W\d_])")
_LEVEL = re.compile(r"(?:\bto|[增升涨降跌减][长加低少]?[至到])\s*\Z")  # "rose to 5%" is not "rose 5%"
_NAMED = re.compile(r"(?:\b[A-Z][\w']*|\b[Nn]o\.|#)[ -]?\Z")  # "Apollo 11", "No. 5"
_IN_YEAR = re.compile(
    r"(?:\b(?:in|since|by|of|from|to|until|till|before|after|during|between|and|year)|[-(])\s*\Z", re.I
)
_CENTURIES = range(1900, 2100)  # four digits of these are a year, whatever follows
_TELLS = re.compile(r"(?:'s)?\s+(?:[a-z]+\s+)?(?:says?|said|report(?:s|ed)|told|estimate[sd]?|puts?)\b|表示|称|说|报道")
_TOLD_BY = re.compile(r"(?:\b(?:according to|said|told)(?: the| [A-Z][\w.]*)*|据)\s*\Z")


@dataclass(frozen=True, slots=True)
class _Value:
    """What a sentence says of a `thing`: a figure from `low` to `high` as it is meant, or a day.

    `thing` is the unit and what is counted. `clause` are the words around the value; `level` is set for "to 5%".
    """

    thing: tuple[str, ...]
    low: Decimal
    high: Decimal
    clause: frozenset[str]
    level: bool = False
    days: frozenset[Meaning] = frozenset()


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence, its words without values, and what it states."""

    document: Document
    span: Span
    shown: bool
    text: str
    words: frozenset[str]
    figures: tuple[_Value, ...]
    days: tuple[_Value, ...]
    names: tuple[str, ...]


# wide: what is shown, what else was found, and where it stands
def conflicts(
    sentences: Sequence[Sentence], evidence: Sequence[Evidence], documents: Mapping[str, Document], *, question: str
) -> tuple[tuple[Citation, Citation], ...]:
    """Return pairs of sentences of different documents that give different values for the same thing.

    At most three, the surest first; of each pair one stands in what is shown. The earlier published comes first, a
    document without a day last. Values are numbers, percentages and sums or, where the question asks when, days.

    Args:
        sentences: what is shown.
        evidence: what reading found, best first.
        documents: the documents of both, by id.
        question: what was asked.
    """
    said = _read_all(sentences, evidence, documents)
    found: list[tuple[float, int, _Said, _Said, object]] = []
    for n, one in enumerate(said):
        for other in said[n + 1 :]:
            if (one.shown or other.shown) and one.document.id != other.document.id:
                differ = _differing(one, other, question)
                alike = _alikeness(one, other, question) if differ else 0.0
                values = frozenset((value.low, value.high, value.days) for pair in differ for value in pair)
                found += [(-alike, len(found), one, other, values)] if alike else []
    pairs: dict[object, tuple[Citation, Citation]] = {}
    for _, _, one, other, key in sorted(found, key=lambda item: item[:2]):
        first, last = sorted((one, other), key=lambda side: side.document.published or date.max)
        pair = (Citation.of(first.document, first.span), Citation.of(last.document, last.span))
        pairs.setdefault(key, pair)
    return tuple(pairs.values())[:_MOST]


def _read_all(
    sentences: Sequence[Sentence], evidence: Sequence[Evidence], documents: Mapping[str, Document]
) -> list[_Said]:
    """Cut what is shown and what was found into sentences, and read each once."""
    shown = [(citation.doc_id, citation.start, citation.end) for said in sentences for citation in said.citations]
    found = [(one.passage.doc_id, one.start, one.end) for one in evidence[:_EVIDENCE_READ]]
    read: dict[tuple[str, Span], _Said] = {}
    for n, (doc_id, start, end) in enumerate([*shown, *found]):
        document = documents[doc_id]
        for span in sentences_in(document.text, Span(start, end), language=document.language):
            if (doc_id, span) not in read:
                read[doc_id, span] = _read(document, span, shown=n < len(shown))
    return list(read.values())


def _read(document: Document, span: Span, *, shown: bool) -> _Said:
    text = document.text[span.start : span.end].translate(PLAIN)
    stated = facts(text)
    days = [fact for fact in stated if fact.kind == "date" or _is_year(fact, text)]
    numbers = [fact for fact in stated if fact.kind in {"number", "percentage", "money"} and fact not in days]
    coded = {fact.start: code for fact in numbers if (code := _code(fact, text))}
    figures = [n for n in numbers if n.certain and n.start not in coded and not _in_row(n, text)]
    bare = blotted(text, [*numbers, *days])
    names = [fact.text for fact in stated if fact.kind == "name" and _is_told_of(fact, bare, document)]
    meant: dict[int, set[Meaning]] = {}
    for fact in days:  # a range is a fact for each of its days
        meant.setdefault(fact.start, set()).update(meaning for meaning in fact.meanings if meaning[0] == "date")
    zero = Decimal(0)
    return _Said(
        document,
        span,
        shown,
        text,
        frozenset(content_terms(bare.replace(BLOT, " "))),
        tuple(_figure(fact, text, bare) for fact in figures),
        tuple(_Value(("day",), zero, zero, _clause(bare, at, at), days=frozenset(day)) for at, day in meant.items()),
        (*names, *coded.values()),
    )


def _is_year(fact: Fact, text: str) -> bool:
    """Tell whether four digits are a year: "in 1850", "2024", and not the "1700" of "1700 delegates"."""
    years = [meaning[1] for meaning in fact.meanings if meaning[0] == "date"]
    if fact.kind != "number" or not years:
        return False
    end = fact.start + len(fact.text)
    counted = re.match(r"[多余]?[名个位家件项种场次只台艘架辆本篇座条人]", text[end:])
    return not counted and (years[0] in _CENTURIES or bool(_IN_YEAR.search(text[: fact.start])))


def _code(number: Fact, text: str) -> str:
    """Return what a number that counts nothing names: "14th", "Apollo 11", "3.11.2"; of any other, nothing."""
    end = number.start + len(number.text)
    if number.kind == "number" and {meaning[0] for meaning in number.meanings} - {"number", "date"}:
        return text[number.start - text[: number.start].endswith("第") : end]
    before = _NAMED.search(text, 0, number.start) if number.kind == "number" else None
    named = before is not None and before.start() and before[0].casefold().strip(" -") not in STOP_WORDS
    return text[before.start() : end] if before and named else ""


def _in_row(number: Fact, text: str) -> bool:
    """Tell whether a number is a part of a score, a time or a range: "3-2", "10:30"."""
    end = number.start + len(number.text)
    return bool(re.search(r"\d(?:,| ?[:/.-] ?)\Z", text[: number.start]) or re.match(r" ?[:/.-] ?\d", text[end:]))


def _figure(number: Fact, text: str, bare: str) -> _Value:
    """Return a figure with what it counts, and how far it reaches: a bound endlessly, a rounding half a step."""
    end = number.start + len(number.text)
    units = {meaning[0] for meaning in number.meanings if meaning[0] != "date"}
    value = min(Decimal(str(meaning[1])) for meaning in number.meanings if meaning[0] in units)
    zeros = int(value.normalize().as_tuple().exponent)
    exponent = 0 if zeros == 1 else zeros  # "20" is exact, "20%" is rounded to 1, "2,000" to 1000
    step = Decimal(0) if number.kind == "number" and not exponent else Decimal(10) ** exponent / 2
    low, high = value - min(step, value / 10), value + min(step, value / 10)
    before, after = text[: number.start], text[end:]
    if _UNDER.search(before):
        low = Decimal(0)
    elif _OVER.search(before) or _OVER_AFTER.match(after):
        high = Decimal("Infinity")
    elif zeros and (_ABOUT.search(before) or _ABOUT_AFTER.match(after)):
        low, high = value * Decimal("0.9"), value * Decimal("1.1")
    thing = (number.kind, *sorted(map(str, units)), _counted(number, after))
    return _Value(thing, low, high, _clause(bare, number.start, end), bool(_LEVEL.search(before)))


def _counted(number: Fact, after: str) -> str:
    """Return the term of what is counted: the word after a number, or that after "of" of a percentage or sum."""
    begin = (_COUNTER if number.kind == "number" else _OF).match(after)
    following = re.match(r"[\s-]*([^\W\d_][^.,;:，。；：()]{0,30})", after[begin.end() :]) if begin else None
    word = next(words(following[1]), "") if following else ""
    return terms(word)[0] if word and word not in STOP_WORDS else ""


def _clause(bare: str, start: int, end: int) -> frozenset[str]:
    """Return the words of the clause in which a value stands."""
    first = max((match.end() for match in _BREAK.finditer(bare, 0, start)), default=0)
    last = _BREAK.search(bare, end)
    return frozenset(terms(bare[first : last.start() if last else len(bare)].replace(BLOT, " ")))


def _is_told_of(name: Fact, bare: str, document: Document) -> bool:
    """Tell whether a name belongs to what is told, and not to who tells it or to a day of the week."""
    own = words_of(name.text).strip()
    tells = _TELLS.match(bare, name.start + len(name.text)) or _TOLD_BY.search(bare[: name.start])
    source = tells or (own and own in words_of(document.publisher or ""))
    return not (source or _WEEKDAY.fullmatch(name.text))


def _alikeness(one: _Said, other: _Said, question: str) -> float:
    """Return the share of all their words that two sentences have in common; 0 if they may speak of other things."""
    shared = len(one.words & other.words)
    asked = set(content_terms(question))
    held = [len(asked & {*terms(said.text), *terms(said.document.title)}) for said in (one, other)]
    share = min(held) / (len(asked) or 1)
    same = shared >= _SAME_WORDS * min(len(one.words), len(other.words)) and share >= _ASKED_WORDS
    told = kind_asked(question) == "number" and share >= _ASKED_WORDS_TOLD
    if shared < _LEAST_WORDS or not (same or told) or _of_other_names(one, other, question):
        return 0.0
    return shared / len(one.words | other.words)


def _of_other_names(one: _Said, other: _Said, question: str) -> bool:
    """Tell whether a sentence is of somebody or some place that the other may not be of.

    A name that the other sentence lacks may stand in its title, or be all that the question names.
    """
    lacking = [(side, beside, _unnamed(side.names, beside.text)) for side, beside in ((one, other), (other, one))]
    if all(names for *_, names in lacking):
        return True
    asked = [fact.text for fact in facts(question) if fact.kind == "name"]
    return any(
        _unnamed(names, beside.document.title) and (_unnamed(names, question) or _unnamed(asked, side.text))
        for side, beside, names in lacking
    )


def _unnamed(names: Iterable[str], text: str) -> list[str]:
    """Return the names that a text lacks; "Xi Jinping" is not lacking where it has "Xi"."""
    text = text.translate(PLAIN)
    held = set(words_of(text).split())
    shorter = [set(words_of(fact.text).split()) for fact in facts(text) if fact.kind == "name"]

    def stands(name: str) -> bool:
        own = set() if re.search(r"\d", name) else set(words_of(name).split())
        if own and (own <= held or any(part and part <= own for part in shorter)):
            return True
        return re.search(rf"(?<![^\W{HAN}]){re.escape(name)}(?![^\W{HAN}])", text) is not None

    return [name for name in names if not stands(name)]


def _differing(one: _Said, other: _Said, question: str) -> list[tuple[_Value, _Value]]:
    """Return the values that differ: figures of the same thing or, if one asks when, the only day of each sentence."""
    if kind_asked(question) == "when":
        if len(one.days) != 1 or len(other.days) != 1 or _agree(one.days[0], other.days[0]):
            return []
        if _days_apart(one, other) > _NEWS_DAYS and all(map(_tells_own_year, (one, other))):
            return []  # it comes every year
        a, b = one.days[0], other.days[0]
        all_words = (a.clause | b.clause) - STOP_WORDS
        same = len((a.clause & b.clause) - STOP_WORDS) >= _SAME_FOR_DAYS * len(all_words)
        return [(a, b)] if same and _same_clause(a, b) else []
    asked = set(content_terms(question)) if kind_asked(question) == "number" else set()
    differ = [
        (a, b)
        for a, b in product(_alone(one.figures), _alone(other.figures))
        if a.thing == b.thing and a.low != b.low and (a.high <= b.low or b.high <= a.low) and _same_clause(a, b, asked)
    ]
    # What else is counted differently may tell why: another vaccine, another age.
    told = {(v.thing, v.low) for pair in differ for v in pair}
    first, last = ({(v.thing, v.low) for v in side.figures} - told for side in (one, other))
    return [] if (first - last and last - first) or not differ or _of_other_days(one, other) else differ


def _tells_own_year(said: _Said) -> bool:
    published = said.document.published
    return published is not None and all(day[1] in {0, published.year} for day in said.days[0].days)


def _alone(figures: Sequence[_Value]) -> list[_Value]:
    """Leave out figures of which a sentence gives several of the same thing: before and after, a list."""
    return [one for one in figures if sum(one.thing == other.thing for other in figures) == 1]


@cache
def _sets_apart() -> dict[str, int]:
    """Return the meaning, as a number, of each term that makes another thing of a sentence."""
    groups = enumerate(_SETS_APART.split(";"))
    return {term: meaning for meaning, group in groups for word in group.split() for term in terms(word)}


def _same_clause(a: _Value, b: _Value, asked: Collection[str] = ()) -> bool:
    """Tell whether two values stand among the same words, or count what is asked for, and no word sets them apart."""
    apart = _sets_apart()
    meant, other = ({apart[term] for term in value.clause & apart.keys()} for value in (a, b))
    first, last = a.clause - STOP_WORDS, b.clause - STOP_WORDS
    enough = len(first & last) >= max(1, _SAME_CLAUSE * min(len(first), len(last)))
    return meant == other and a.level == b.level and (enough or a.thing[-1] in asked)


def _of_other_days(one: _Said, other: _Said) -> bool:
    """Tell whether the sentences may speak of different days or years."""
    moving = _days_apart(one, other) > 0 and any(_NOW.search(side.text) for side in (one, other))
    months = all(any(day[2] for value in side.days for day in value.days) for side in (one, other))
    if _times(one) != _times(other) or (moving and not months):
        return True
    first, last = one.document.published, other.document.published
    if one.days and other.days:
        ours, theirs = ([_with_year(value, side.document.published) for value in side.days] for side in (one, other))
        sides = ((ours, theirs), (theirs, ours))
        return not any(all(any(_agree(a, b) for b in more) for a in fewer) for fewer, more in sides)
    if one.days or other.days:
        published = last if one.days else first
        return published is None or not all(_is_near(value, published) for value in one.days or other.days)
    told = [{match.group().casefold() for match in _WEEKDAY.finditer(side.text)} for side in (one, other)]
    return _days_apart(one, other) > _NEWS_DAYS or (all(told) and not told[0] & told[1])


def _days_apart(one: _Said, other: _Said) -> int:
    """Return the days between publications; where one is unknown, the most at which they may tell of the same."""
    first, last = one.document.published, other.document.published
    return _NEWS_DAYS if first is None or last is None else abs((first - last).days)


def _times(said: _Said) -> set[str]:
    return {match.group().casefold() for match in _THEN.finditer(said.text)}


def _with_year(value: _Value, published: date | None) -> _Value:
    """Add the year to days without one: that of publication or, for a month still to come, the one before as well."""
    own = published.year if published else 0
    late = published.month if published else 12
    years = {day: [day[1]] if day[1] else [own, own - 1] if int(str(day[2])) > late else [own] for day in value.days}
    return replace(value, days=frozenset((day[0], year, *day[2:]) for day in value.days for year in years[day]))


def _agree(one: _Value, other: _Value) -> bool:
    """Tell whether two days may be one: what both say of year, month and day is equal; of ranges, both ends."""
    pairs = [
        (a, b)
        for a, b in product(one.days, other.days)
        if all(x in {0, y} or y == 0 for x, y in zip(a, b, strict=True))
    ]
    return {a for a, _ in pairs} == one.days or {b for _, b in pairs} == other.days


def _is_near(value: _Value, published: date) -> bool:
    """Tell whether a document of that day may speak of this day without naming it."""
    for _, *said in value.days:
        year, month, day = (int(str(part)) or own for part, own in zip(said, published.timetuple(), strict=False))
        with suppress(ValueError):  # there is no such day
            if abs((date(year, month, day) - published).days) <= _NEWS_DAYS:
                return True
    return False
