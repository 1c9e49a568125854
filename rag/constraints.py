"""What a question says about its sources: the outlet, the author, the day, the first or the latest word on a matter.

Rules over the question alone: nothing here knows an index or a model. A rule that is unsure hints and never requires,
since what is required hides every other document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from rag.days import Days, find_days
from rag.text import STOP_WORDS, Span
from rag.types import Filters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

_I = re.IGNORECASE
Order = Literal["latest", "first"]
# One outlet in its languages: any of its names stands for all that the library has.
_FAMILIES = [
    line.strip().split("|")
    for line in """新华社|新华网|Xinhua|Xinhua News Agency; 人民日报|人民网|People's Daily; 中国日报|China Daily;
    中央电视台|CCTV; 中国国际电视台|CGTN; 中新社|中新网|中国新闻社|中国新闻网|China News Service; 环球时报|Global Times;
    光明日报|Guangming Daily; 财新网|Caixin; 南华早报|South China Morning Post; 联合早报|Lianhe Zaobao; 路透社|Reuters;
    法新社|AFP|Agence France-Presse; 美联社|AP|Associated Press; 彭博社|Bloomberg; 英国广播公司|BBC|BBC News;
    金融时报|Financial Times; 纽约时报|The New York Times; 华尔街日报|The Wall Street Journal; 英国卫报|The Guardian;
    华盛顿邮报|The Washington Post; 经济学人|The Economist; 澎湃新闻|The Paper; 朝日新闻|The Asahi Shimbun""".split(";")
]
_LEGAL = re.compile(r"(?:,?\s+(?:Inc|Ltd|LLC|Corp|PLC|Co)\.?|\.(?:com|org|net|cn|io|co\.uk|com\.au))$", _I)
_SECTION = re.compile(r"\s+[|–—-]\s+|:\s+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PERSONS = re.compile(r"\s*(?:[,;&、，]|\band\b)\s*")
_WORDLIKE_CHARS = 3  # "AP" is many things
_OPENERS = STOP_WORDS | {"after", "before", "between", "since", "while", "per", "via", "did"}
_NEAR_CHARS = 200  # farther words belong to something else
_SOURCE = 2
_MARK = "\x1f"  # stands for every character of an outlet's name once it is found
_NAMED = rf"[\"'“‘《]?{_MARK}+[\"'”’》]?"
_NOUN = (
    r"(?:articles?|reports?|reporting|stor(?:y|ies)|pieces?|coverage|(?:blog\s?)?posts?|news|dispatch(?:es)?|"
    r"interviews?|reviews?|editorials?|columns?|op-?eds?|statements?|accounts?|headlines?|analys[ei]s)\b"
)
_ARTICLE = r"(?:articles?|stories|reports|dispatch(?:es)?|editorials?|op-?eds?|reporting|(?:blog\s?)?posts)\b"
_DOES = "report|publish|cover|describ|mention|discuss|suggest|indicat|highlight|detail|portray|depict"
_DONE = (
    rf"(?:(?:{_DOES}|not|stat|cit|carri|post|claim|outlin|featur|present|identifi|explain|review)ed|written|quoted)\b"
)
_QUOTES = r"[\"'“”‘’《》「」]"
_SMALL = r"(?!(?:in|of|on|the|that|and|or|to|by|from|for|with|is|was|are|were|a|an|did|do|does|what|who)\b)[\w-]+"
_FROM = re.compile(  # before the name of a source
    rf"(?i)(?:\b(?:according\s+to|per|via)|\b{_NOUN}(?:\s+\w+){{0,2}}\s+(?:by|in|from|at)|\b{_DONE}(?:\s+\w+)?\s+(?:by|in)|"
    rf"\bsources?\s*(?::|such\s+as|like|including))(?:\s+(?:the|both|an?|either))?\s*{_QUOTES}?$"
    rf"|(?:据|根据|按照|援引|引述|来自|刊于|载于)\s*{_QUOTES}?$"
)
_SAYS = re.compile(  # after it
    rf"(?i){_QUOTES}?(?:['’]s?)?{_QUOTES}?(?:(?:\s+{_SMALL}){{0,3}}?\s+{_NOUN}|"
    rf"(?:\s+(?:also|first|later|has|have|\w+ly))*\s+(?:(?:{_DOES})(?:e|e?[sd])?|writes?|wrote)\b)"
    r"|[》」”]?[^，。？！；,?!;]{0,14}?(?:报道|消息|社论|评论|文章|发表|刊登|刊载|刊发|刊文|发文|撰文)|[》」”]?(?:\w{0,4}\d日)?[电称讯](?![视影])"
)
_AND = re.compile(
    rf"{_QUOTES}?\s*(?:,|，|、|&|和|与|及|,?\s*\b(?:and|or|as\s+well\s+as)\b)\s*(?:(?:the|both)\s+)?{_QUOTES}?"
)
_AUTHOR_BEFORE = re.compile(
    rf"(?i)(?:\baccording\s+to|\b(?:{_NOUN}|speech|essay|opinion|remarks)(?:\s+[^\s,]+){{0,6}}?\s+by|^by|"
    rf"\b(?:{_DONE}|authored)\s+by)(?:\s+(?:journalist|reporter|columnist|author))?\s*{_QUOTES}?$|(?:据|根据|作者|记者|由)\s*$"
)
_AUTHOR_AFTER = re.compile(
    rf"(?i)['’]s?\s+(?:{_SMALL}\s+){{0,2}}{_NOUN}|\s+(?:writes?|wrote|reports?|reported|articles?)\b"
    r"|(?:在[^，。？]{0,12})?(?:的(?:文章|报道|评论|讲话)|写道|撰文|撰写|报道|写的|发表)"
)
_WORKS = r"book|novel|album|song|film|movie|game|poem|study|paper|research|single|edition|series|data|figure|memoir"
_WORK = re.compile(rf"(?i)\b(?:{_WORKS})s?(?:\W+\w+){{0,8}}\W*$")
_BY = rf"\s+(?:by|in|on|from)\s+(?:the\s+)?{_NAMED}"
_DATED_BEFORE = re.compile(
    rf"(?i)(?:(?P<published>\b(?:published|posted|dated|printed|appear(?:ed|ing))(?:{_BY})?)|\b{_ARTICLE}(?:{_BY}|\s+from)?|"
    rf"\b{_NOUN}{_BY}|{_NAMED}(?:['’]s?)?(?:\s+{_SMALL}){{0,2}}\s+{_NOUN}|{_NAMED}\s+(?:also\s+)?(?:reported|wrote))"
    r"[\s,]*$|(?:发表|刊登|发布|刊发)$"
)
_DATED_AFTER = re.compile(
    rf"(?i)(?:['’]s?)?\s+(?:the\s+)?(?:(?:{_NAMED}\s+)?{_ARTICLE}|{_NAMED}\s+{_NOUN})"
    r"|[，,]?[^，。？！,?\s]{0,8}?(?:发表|刊登|刊发|刊载|报道|播发)(?!了?(?:重要)?(?:讲话|演讲|致辞|声明|谈话))"
    rf"|(?:发布)?的{_MARK}*的?(?:文章|报道|新闻|消息|社论|评论|稿)|电(?=[，,：:])"
)
_ANOTHER = re.compile(
    r"(?i)\b(?:(?:later|earlier)(?!\s+than)|again|subsequent(?:ly)?|another|both)\b|另一|再次|两[篇家]"
)
_NOWADAYS = {"today", "今天", "今日"}
_SAID = (
    r"(?:articles?|reports?|statements?|stor(?:y|ies)|coverage|mentions?|accounts?|posts?|news|interviews?|speech)\b"
)
_TOLD = r"(?:reported|announced|published|said|stated|mentioned|wrote|covered|disclosed|revealed|told|described)\b"
_ORDERS: dict[Order, re.Pattern[str]] = {
    "latest": re.compile(
        rf"(?i)(?<!at the )\blatest\b|\b(?:most\s+recent|newest)\b|\blast\s+{_SAID}"
        r"|最新(?!世)|最近一[次篇则份条]|最近的(?:报道|文章|声明|消息|讲话)|最后一[篇则份条]"
    ),
    "first": re.compile(
        rf"(?i)(?<!the )(?<!a )\bfirst\s+{_TOLD}|\b{_TOLD}\s+first\b|\b(?:the|its|his|her|their)\s+first\s+{_SAID}"
        rf"|\bearliest\s+(?:(?:known|reported|recorded|news)\s+)?{_SAID}|首篇|第一[篇则份条]"
        r"|(?:最早|首次|最先)(?:的|一[篇则份条]|是?(?:在|由|被|何时|什么时候))?[^，。？！]{0,6}?"
        r"(?:报道|文章|声明|消息|提到|提出|提及|披露|宣布|公布|发布|发表|公开)"
    ),
}


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a question says its sources must be (`required`) and what it may mean of them (`hinted`).

    A publisher or a range of days stands in one of the two, never in both. Publishers and `authors` are alternatives,
    spelled as the library spells them. `phrases` are the words of the question that all this rests on, in its order.
    """

    required: Filters = field(default_factory=Filters)
    hinted: Filters = field(default_factory=Filters)
    authors: tuple[str, ...] = ()
    order: Order | None = None
    phrases: tuple[str, ...] = ()


class _Mention(NamedTuple):
    """A name in the question, whom it means, and the phrase that says so."""

    start: int
    end: int
    names: tuple[str, ...]
    weight: int  # 2 for a source, 1 for what may be one, 0 for a word that is one only in a list with others
    phrase: Span


# wide: all that is known of the library without searching it
def parse(
    question: str,
    *,
    publishers: Collection[str],
    authors: Collection[str],
    today: date,
    oldest: date | None = None,
    newest: date | None = None,
) -> Constraints:
    """Read what a question says of its sources.

    `publishers` and `authors` are those of the library's documents; nothing else is found. A hint of days that lie
    outside of `oldest` to `newest`, the days of its documents, or in the future, speaks of an event and is dropped.

    >>> from datetime import date
    >>> parse("What did Xinhua report?", publishers=["新华社"], authors=[], today=date(2024, 6, 1)).required.publishers
    ('新华社',)
    """
    outlets = _outlets(question, publishers)
    masked = question
    for outlet in outlets:
        masked = masked[: outlet.start] + _MARK * (outlet.end - outlet.start) + masked[outlet.end :]
    persons = [found for author in sorted(authors) for found in _persons(masked, author)]
    n_sources = sum(outlet.weight == _SOURCE for outlet in outlets)
    sure, unsure = _dates(masked, today, max(n_sources, 2 if _ANOTHER.search(masked) else 1))
    unsure = [days for days in unsure if days.overlaps(oldest, min(newest or today, today))]
    orders = [(name, found) for name, pattern in _ORDERS.items() if (found := pattern.search(masked))]
    orders = orders if len(orders) == 1 else []  # the first and the latest: a comparison
    spans = [found.phrase for found in (*outlets, *persons)] + [Span(*found.span()) for _, found in orders]
    spans += [Span(days.start, days.end) for days in (*sure, *unsure)]
    required = dict.fromkeys(name for outlet in outlets if outlet.weight == _SOURCE for name in outlet.names)
    hinted = dict.fromkeys(name for outlet in outlets for name in outlet.names if name not in required)
    return Constraints(
        required=replace(_range(sure, apart=n_sources > 1), publishers=tuple(required)),
        hinted=replace(_range([] if sure else unsure, apart=n_sources > 1), publishers=tuple(hinted)),
        authors=tuple(dict.fromkeys(name for person in persons for name in person.names)),
        order=orders[0][0] if orders else None,
        phrases=_phrases(question, spans),
    )


@lru_cache(maxsize=4096)
def forms_of(name: str) -> dict[str, bool]:
    """Return the names of an outlet, and of each whether it can hardly mean anything else: TechCrunch, not Fortune."""
    heads = {name, _SECTION.split(name)[0]}
    heads |= {_LEGAL.sub("", head) for head in heads}
    heads |= {head.removesuffix(" News") for head in heads if head.removesuffix(" News").isupper()}
    forms = {head: bool(re.search(r"[a-z][A-Z]|[A-Z]{2}[a-z]|\d|[^\x00-\u2fff]{3}", head)) for head in heads}
    known = {re.sub(r"^the ", "", head.casefold()) for head in heads}
    for family in _FAMILIES:
        if known & {re.sub(r"^the ", "", member.casefold()) for member in family}:
            forms |= {member: not member.isupper() and not member.startswith("The ") for member in family}
    return forms


@lru_cache(maxsize=4096)
def _pattern(form: str) -> re.Pattern[str]:
    """Compile a form: any spacing inside, with or without "The"; capitals as written where there are no others."""
    words = re.sub(r"^the\s+", "", form, flags=_I).split()
    body = r"[\s-]?".join(re.escape(part) for word in words for part in _CAMEL.split(word))
    body = re.sub(r"['’]", "['’]", body).replace(r"\&", "(?:&|and)")
    if not form.isascii():
        return re.compile(body)
    body = body if form.isupper() else f"(?i:{body})"
    return re.compile(rf"(?<![\w-])(?:[Tt]he\s+)?{body}(?:\.com)?(?:\s+[Mm]agazine)?(?![A-Za-z0-9]|-[A-Za-z])")


def _outlets(question: str, publishers: Collection[str]) -> list[_Mention]:
    """Find the outlets that a question names, in order; the longest name wins, and shared names mean all who share."""
    folded, found = question.casefold(), dict[tuple[int, int], tuple[str, bool, list[str]]]()
    for publisher in sorted(publishers):
        for form, plain in forms_of(publisher).items():
            first = _CAMEL.split(re.sub(r"^the\s+", "", form, flags=_I))[0].split()
            for match in _pattern(form).finditer(question) if first and first[0].casefold() in folded else ():
                known = found.setdefault(match.span(), (form, plain, []))
                known[2].extend([publisher] if publisher not in known[2] else [])
    mentions: list[_Mention] = []
    for (start, end), (form, plain, names) in sorted(found.items(), key=lambda item: (item[0][0], -item[0][1])):
        if not mentions or start >= mentions[-1].end:
            weight, phrase = _judge(question, Span(start, end), form, plain=plain)
            mentions.extend([_Mention(start, end, tuple(names), weight, phrase)] if weight >= 0 else [])
    pairs = range(len(mentions) - 1)
    for at in (*pairs, *reversed(pairs)):  # "reported by A, B and C": what holds for one holds for all
        one, two = mentions[at : at + 2]
        if _SOURCE in (one.weight, two.weight) and _AND.fullmatch(question[one.end : two.start]):
            mentions[at : at + 2] = one._replace(weight=_SOURCE), two._replace(weight=_SOURCE)
    return [mention for mention in mentions if mention.weight]


def _judge(question: str, span: Span, form: str, *, plain: bool) -> tuple[int, Span]:
    """Weigh a name by its capitals and the words around it; below 0 it is no name here. Returns its phrase as well."""
    name, after = question[span.start : span.end], question[span.end :]
    before = question[max(0, span.start - _NEAR_CHARS) : span.start]
    words = [word for word in name.split() if word not in {"the", "The", "of", "and", "for", "magazine", "&", "|", "-"}]
    left, right = _FROM.search(before), _SAYS.match(after)
    phrase = Span(
        span.start - len(before) + left.start() if left else span.start, span.end + (right.end() if right else 0)
    )
    if not plain:
        typed = left and (len(words) > 1 or question[1:].islower())
        if not typed and not all(word[0].isupper() or not word[0].isalpha() for word in words):
            return -1, phrase
        head = re.search(r"(\w[\w’'-]*)\s+$", before)
        joined = head and (head[1][0].isupper() or head[1].isdigit()) and head[1].lower() not in _OPENERS
        if joined or (len(words) == 1 and re.match(r"\s+(?:[A-Z][a-z]|\d)", after) and not right):
            return -1, phrase  # part of a longer name: the Information Age, Fortune 500
        if not left and not right:
            bare = form.lower().startswith("the ") and len(words) == 1 and not name.lower().startswith("the ")
            opening = len(words) == 1 and name == words[0] and not before.strip(" \"'“‘")
            return int(not (bare or opening or len(form) < _WORDLIKE_CHARS)), phrase
    return _SOURCE if left or right else 1, phrase


def _persons(masked: str, author: str) -> list[_Mention]:
    """Find an author where the question makes one of the name: several may be named in one field."""
    names = {author, *(name for name in _PERSONS.split(author) if " " in name or not name.isascii())}
    for name in sorted((name for name in names if name.casefold() in masked.casefold()), key=len, reverse=True):
        pattern = rf"(?<!\w){re.escape(name)}(?!\w)" if name.isascii() else re.escape(name)
        for match in re.finditer(pattern, masked, _I if " " in name else 0):
            left, right = _AUTHOR_BEFORE.search(masked[: match.start()]), _AUTHOR_AFTER.match(masked[match.end() :])
            if left or right:
                phrase = Span(left.start() if left else match.start(), match.end() + (right.end() if right else 0))
                return [_Mention(*match.span(), (author,), _SOURCE, phrase)]
    return []


def _dates(masked: str, today: date, n_sources: int) -> tuple[list[Days], list[Days]]:
    """Find the days that an article must have, and those that may be an event's.

    Of more sources than days, nobody can tell whose day it is: then all of them are hints.
    """
    sure, unsure = list[Days](), list[Days]()
    for days in find_days(masked, today=today):
        before, after = masked[max(0, days.start - _NEAR_CHARS) : days.start], masked[days.end :]
        left = _DATED_BEFORE.search(before)
        if left and left["published"] and _WORK.search(before[: left.start()]):  # a novel published in 1998
            left = None
        dated = left or (days.exact and _DATED_AFTER.match(after))
        if dated or masked[days.start : days.end].lower() not in _NOWADAYS:
            (sure if dated else unsure).append(days)
    return (sure, unsure) if len(sure) >= n_sources else ([], [*sure, *unsure])


def _range(found: Sequence[Days], *, apart: bool) -> Filters:
    """Filter by all days from the first to the last, within open bounds; `apart`: those bound several articles."""
    wide = [days for days in found if apart or (days.first and days.last)]
    first, last = [days.first for days in wide if days.first], [days.last for days in wide if days.last]
    bounds = [] if apart else [days for days in found if not (days.first and days.last)]
    since = [min(first)] if first and len(first) == len(wide) else []
    until = [max(last)] if last and len(last) == len(wide) else []
    since += [days.first for days in bounds if days.first]
    until += [days.last for days in bounds if days.last]
    if since and until and max(since) > min(until):  # "before May or after June"
        return Filters()
    return Filters(published_from=max(since, default=None), published_to=min(until, default=None))


def _phrases(question: str, spans: Iterable[Span]) -> tuple[str, ...]:
    """Cut the phrases from the question, in its order; what overlaps is one."""
    used = {at for span in spans for at in range(*span)}
    cut = "".join(sign if at in used and sign != "\n" else "\n" for at, sign in enumerate(question)).split("\n")
    return tuple(phrase for part in cut if (phrase := part.strip(" ,\"'“”‘’")))
