"""Plain text: what its first lines, its dateline and its last lines say of title, outlet, author, day and address.

A text that says nothing of the kind passes through untouched.
"""

from __future__ import annotations

import re
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

from ingest.dates import date_in_url, make_date, nearest_date, read_date
from rag.text import is_chinese, sentences
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

# Labels that stand before a value: "Source: Xinhua", "来源：新华社". An editor is nobody's author: known, and dropped.
_LABELS = {
    "title": "title|headline|标题",
    "publisher": "source|publisher|来源|稿源|文章来源|信息来源",
    "author": "author|reporter|作者|记者",
    "editor": "editors?|责任编辑|编辑|责编",
    "published": "published|publish time|posted|date|发布时间|发布日期|发表时间|时间|日期",
    "updated": "updated|last updated|update|更新时间",
    "url": "url|report link|original link|原文链接",
}
# Values that need no label, beside a day.
_BARE = {
    "author": r"(?:By|BY)\s+(?P<value>[A-Z][\w.'’-]*(?:(?:,|\s+and|\s+&)?\s+[A-Z][\w.'’-]*){1,7})",
    "url": r"(?P<value>https?://\S+)",
}
_PATTERNS = [(name, re.compile(rf"(?i:{labels})\s*[:：]\s*(?P<value>\S.*)")) for name, labels in _LABELS.items()]
_PATTERNS += [(name, re.compile(pattern)) for name, pattern in _BARE.items()]
_PATTERNS += [("published", re.compile("(?P<value>.*)"))]
# Which values of a field are believed; of the others, all.
_ACCEPTED: dict[str, Callable[[str], object]] = {
    "published": read_date,
    "updated": read_date,
    "url": re.compile(r"https?://\S+").fullmatch,
}
# Where one line holds several: "2024-03-06 20:46　来源：新华网", "Source: Xinhua | 2024-03-06 | Editor: Li".
_BETWEEN = re.compile(
    r"\s*[|｜]\s*|(?<![:：\s])(?:\s{2,}|\s(?=(?:19|20)\d\d[-/.年])"
    rf"|(?<!last)\s(?=(?:{'|'.join(_LABELS.values())})\s*[:：]))",
    re.IGNORECASE,
)
_PLACE_AND_DAY = (
    r"[A-Z]{2}[\w'’., -]{0,50}?,\s+(?P<month>[A-Z][a-z]{2,8})\.?\s+(?P<day>\d{1,2})(?:,\s+(?P<year>\d{4}))?"
)
# The last name is the place: "BEIJING, March 6 (Xinhua) --", "新华社北京3月6日电".
_DATELINES = (
    re.compile(r"\s{0,9}" + _PLACE_AND_DAY + r"\s+[(/](?P<publisher>[^()/\n]{2,40})[)/]\s*(?:--|[—–-])\s*"),
    re.compile(
        r"\s{0,9}[(（]?(?P<publisher>[\u4e00-\u9fff]{1,6}?[社网报])[\u4e00-\u9fff]{0,10}?"
        r"(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})日[电讯]\s*(?:[)）]\s*)?"
    ),
)
# How a press release signs at its end; a chart's "Source:" does not count.
_SIGNED = ("SOURCE", "来源", "Report Link", "Original Link", "URL", "原文链接")
_LINE = re.compile(r"\S[^\n]*")
_UNFINISHED_OR_SENTENCE = re.compile(r"[-.。…,，;；:：、–—][\"'”’」』）)\]]*$")
_QUESTION = re.compile(r"[?!？！][\"'”’」』）)\]]*$")
_OUTLET_AFTER_HEADLINE = re.compile(r"(?:\s*[-–—_|｜].{1,40})?")

_MAX_LINE_CHARS = 150
_HEAD_LINES = 20
_CLOSING_LINES = 10
_CLOSING_CHARS = 2_000
_TITLE_CHARS = 80
_FIRST_SENTENCE_CHARS = 1_000


def parse_plain(text: str, *, source: str) -> Document:
    """Make a document of a plain text.

    The lines at the top that are understood become fields and leave the text; a dateline and what stands at the end
    are understood too and stay. Without a headline, the title is the beginning of the first sentence.
    """
    fields, end = _head(text)
    body = strip_blank_lines(text[end:])
    fields = _closing(body) | fields
    dateline = _dateline(body)
    url = fields.get("url")
    return Document.of(
        body,
        title=fields.get("title") or first_sentence(body[dateline.end() if dateline else 0 :] or body),
        source=source,
        publisher=fields.get("publisher") or (dateline["publisher"] if dateline else None),
        author=fields.get("author"),
        published=read_date(fields.get("published", ""))
        or read_date(fields.get("updated", ""))
        or _day_of(dateline, date_in_url(url or "")),
        url=url,
    )


def strip_blank_lines(text: str) -> str:
    r"""Drop blank lines at both ends, and nothing of the first line's indentation.

    >>> strip_blank_lines(" \n  one\n\n")
    '  one'
    """
    first = len(text) - len(text.lstrip())
    return text[text.rfind("\n", 0, first) + 1 :].rstrip()


def first_sentence(text: str, limit: int = _TITLE_CHARS) -> str:
    """Return the first sentence of a text on one line, cut at a word to `limit` characters.

    >>> first_sentence("He came late, and left. So did she.", limit=12)
    'He came…'
    """
    sample = text[:_FIRST_SENTENCE_CHARS]
    spans = sentences(sample, language="zh" if is_chinese(sample) else "en")
    line = " ".join((sample[slice(*spans[0])] if spans else sample).split())
    if len(line) <= limit:
        return line
    words = line[:limit].rpartition(" ")[0]
    cut = words if len(words) > limit // 2 else line[: limit - 1]
    return cut.rstrip(" ,;:，；：、-–—") + "…"


def _head(text: str) -> tuple[dict[str, str], int]:
    """Read the lines above the body: the fields that they give, and where they end (0 where there are none)."""
    found: dict[str, str] = {}
    end = 0
    lines = list(islice(_LINE.finditer(text), _HEAD_LINES))
    for line, following in zip_longest(lines, lines[1:]):
        fields = _fields(line[0])
        if fields and not fields.keys() & found.keys():
            found |= fields
        elif line is lines[0] and following and _is_headline(line, following):
            found["title"] = line[0].strip()
        elif "title" in found and (shorter := _same_headline(found["title"], line[0])):
            found["title"] = shorter
        else:
            return ({}, 0) if fields else (found, end)  # one field twice: a list, and no head of a text
        end = line.end()
    return {}, 0  # nothing would be left of the text


def _is_headline(line: re.Match[str], following: re.Match[str]) -> bool:
    """Tell whether a first line is a headline: short, no sentence, set off by a blank line or by what headlines have.

    A question or an exclamation may be one, but only with a source line or the like right below it.
    """
    words = line[0].strip()
    if len(words) > _MAX_LINE_CHARS or _UNFINISHED_OR_SENTENCE.search(words):
        return False
    set_off = line.string.count("\n", line.end(), following.start()) > 1 and not _QUESTION.search(words)
    return set_off or bool(_fields(following[0]) or _same_headline(words, following[0]) or _dateline(following[0]))


def _same_headline(one: str, other: str) -> str | None:
    """Return the headline that two lines share, one of them perhaps with the outlet after it: "…-Xinhua"."""
    shorter, longer = sorted((one.strip(), other.strip()), key=len)
    same = len(longer) < 2 * len(shorter) and longer.casefold().startswith(shorter.casefold())
    return shorter if same and _OUTLET_AFTER_HEADLINE.fullmatch(longer, len(shorter)) else None


def _fields(line: str) -> dict[str, str]:
    """Read the fields of a line; nothing where any part of it is something else, or one field stands there twice."""
    line = line.strip()
    parts = [part for part in _BETWEEN.split(line) if part] if len(line) <= _MAX_LINE_CHARS else []
    fields = [_field(part) for part in parts]
    known = dict(filter(None, fields))
    return known if len(known) == len(fields) else {}


def _field(part: str) -> tuple[str, str] | None:
    for name, pattern in _PATTERNS:
        found = pattern.fullmatch(part)
        if found and _ACCEPTED.get(name, bool)(found["value"]):
            return name, found["value"]
    return None


def _closing(body: str) -> dict[str, str]:
    """Read what a press release says of itself at its end: who issued it, and where the report stands."""
    lines = [line[0].strip(" \t　()（）") for line in _LINE.finditer(body[-_CLOSING_CHARS:])]
    return dict(filter(None, (_field(line) for line in lines[-_CLOSING_LINES:] if line.startswith(_SIGNED))))


def _dateline(body: str) -> re.Match[str] | None:
    return next(filter(None, (pattern.match(body) for pattern in _DATELINES)), None)


def _day_of(dateline: re.Match[str] | None, known: date | None) -> date | None:
    """Return the day of a dateline, whose year it names or a known day gives; without a dateline the known day."""
    if dateline and dateline["year"]:
        return make_date(year=dateline["year"], month=dateline["month"], day=dateline["day"])
    if dateline and known:
        return nearest_date(dateline["month"], dateline["day"], to=known) or known
    return known
