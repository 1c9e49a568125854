"""An answer record as a page for people: Markdown or HTML, in the language of its questions.

Both templates get plain text and escape whatever is put into them, so nothing of a document, a question or a chat model
can become markup, and an address becomes a link only where it leads to the web. The HTML page fetches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from rag.text import format_date, is_chinese
from ui.messages import message
from ui.render import also_text, escape_markdown, one_line, shown_share, web_address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rag.record import Conversation, Exchange
    from rag.types import Answer, Citation, Filters, Sentence

    Facts = list[tuple[str, str]]

_WORDS = {
    "record": ("Answer record", "问答记录"),
    "made": ("Made", "生成时间"),
    "made by": ("Made by", "生成环境"),
    "settings": ("Settings", "设置"),
    "rewritten": ("Searched for", "检索用的问题"),
    "status": ("Status", "状态"),
    "confidence": ("Confidence", "可信度"),
    "short": ("In short", "简答"),
    "publishers": ("Only from", "限定来源"),
    "languages": ("Only in the languages", "限定语言"),
    "since": ("Only of this day or later", "起始日期"),
    "until": ("Only of this day or earlier", "截止日期"),
    "documents": ("Only among so many chosen documents", "选定文档数"),
    "relaxed": ("Filters", "筛选条件"),
    "given up": (
        "those in the question were given up, since nothing in them answered",
        "问题中的条件没有找到答案，已放宽",
    ),
    "trouble": ("No written answer", "没有书面回答"),
    "supported": ("supported", "得到支持"),
    "not_a_claim": ("no claim", "不是陈述"),
    "answer": ("Answer", "回答"),
    "conflicts": ("Conflicts", "矛盾"),
    "removed": ("Removed sentences", "已删除的句子"),
    "document": ("document {}", "文档{}"),
}
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence with the numbers of what it cites, and its verdict in words."""

    text: str
    numbers: tuple[int, ...]
    verdict: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """One question as the templates show it."""

    question: str
    language: str
    facts: Facts
    refusal: str
    sentences: list[_Said]
    conflicts: list[str]
    removed: list[_Said]
    sources: list[tuple[int, Citation, str]]


def record_markdown(conversation: Conversation) -> str:
    """Write a record as Markdown; white space inside quotations is folded."""
    environment = _environment(_for_markdown)
    environment.filters["address"] = lambda url: Markup(web_address(url))  # noqa: S704 (what could end a link is encoded)
    return _render(environment, "record.md.jinja", conversation)


def record_html(conversation: Conversation) -> str:
    """Write a record as one HTML file that needs no other and no host."""
    environment = _environment(_for_html)
    environment.filters["address"] = web_address
    return _render(environment, "record.html.jinja", conversation)


def _environment(finalize: Callable[[object], object]) -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _render(environment: Environment, template: str, conversation: Conversation) -> str:
    questions = [exchange.answer.question for exchange in conversation.exchanges]
    asked = questions[0] if questions else ""
    numbers = {citation: number for number, citation in enumerate(conversation.citations(), start=1)}
    made = conversation.made
    makers = dict.fromkeys(exchange.answer.fingerprint for exchange in conversation.exchanges)
    about = [(say("made", asked), f"{made:%Y-%m-%d %H:%M:%S %Z}".strip())] if made else []
    return environment.get_template(template).render(
        say=say,
        asked=asked,
        language=_language(asked),
        about=[*about, *((say("made by", asked), maker) for maker in makers if maker)],
        exchanges=[_shown(exchange, numbers) for exchange in conversation.exchanges],
        settings=sorted((name, str(value)) for name, value in conversation.settings.items()),
    )


def say(name: str, question: str) -> str:
    """Return one of the fixed texts of a record, in the language of the question; some have `{}` to fill."""
    return _WORDS[name][is_chinese(question)] if name in _WORDS else message(name, question)


def _language(question: str) -> str:
    return "zh" if is_chinese(question) else "en"


def _for_markdown(value: object) -> Markup:
    """Escape a text for Markdown, of which HTML's escapes are part: the template's own would come on top."""
    return value if isinstance(value, Markup) else Markup(escape_markdown(str(value)))  # noqa: S704 (escaped)


def _for_html(value: object) -> object:
    """Make a text harmless to look at, line by line; the template's escaping makes it harmless to a browser."""
    return value if isinstance(value, Markup) else "\n".join(map(one_line, str(value).splitlines()))


def _shown(exchange: Exchange, numbers: Mapping[Citation, int]) -> _Shown:
    answer = exchange.answer
    conflict = say("conflict", answer.question)
    return _Shown(
        question=answer.question,
        language=_language(answer.question),
        facts=_facts(answer),
        refusal=_refusal(exchange),
        sentences=[_said(sentence, numbers, answer.question) for sentence in answer.sentences],
        conflicts=[conflict.format(*(_marked([citation], numbers) for citation in pair)) for pair in answer.conflicts],
        removed=[_said(sentence, numbers, answer.question) for sentence in answer.removed],
        sources=[(numbers[citation], citation, _about(citation, answer.question)) for citation in exchange.citations()],
    )


def _facts(answer: Answer) -> Facts:
    question = answer.question
    confidence = f"{shown_share(answer.confidence):.0%}"
    facts = [
        ("rewritten", answer.rewritten),
        *_filters(answer.filters, question),
        ("relaxed", say("given up", question) if answer.relaxed else ""),
        ("status", answer.status if answer.reason is None else f"{answer.status} ({answer.reason})"),
        ("confidence", confidence),
        ("trouble", answer.trouble),
        ("short", answer.short.quote if answer.short else ""),
    ]
    return [(say(name, question), text) for name, text in facts if text]


def _filters(filters: Filters, question: str) -> Facts:
    language = _language(question)
    days = (("since", filters.published_from), ("until", filters.published_to))
    return [
        ("publishers", " / ".join(map(_name, filters.publishers))),
        ("languages", " / ".join(map(_name, filters.languages))),
        *((name, format_date(day, language)) for name, day in days if day),
        ("documents", str(len(filters.documents) or "")),
    ]


def _name(name: str) -> str:
    """Return a name to filter by; what cannot be printed is the mark of two filters that exclude each other."""
    return name if name.isprintable() else "–"


def _refusal(exchange: Exchange) -> str:
    answer = exchange.answer
    if answer.reason is None:
        return ""
    parts = [say(answer.reason, answer.question)]
    title = exchange.titles.get(answer.hits[0].passage.doc_id) if answer.hits else None
    if title and answer.reason in {"insufficient", "false_premise"}:
        parts.append(say("nearest", answer.question).format(title))
    return " ".join(parts)


def _said(sentence: Sentence, numbers: Mapping[Citation, int], question: str) -> _Said:
    verdict = say(sentence.support, question)
    missing = say("missing", question).format(", ".join(sentence.missing)) if sentence.missing else ""
    cited = tuple(dict.fromkeys(numbers[citation] for citation in sentence.citations))
    also = f"{also_text(sentence, question)} {_marked(sentence.also, numbers)}" if sentence.also else ""
    return _Said(sentence.text, cited, "; ".join(filter(None, (verdict, missing, also))))


def _marked(citations: Sequence[Citation], numbers: Mapping[Citation, int]) -> str:
    return "".join(f"[{numbers[citation]}]" for citation in citations)


def _about(citation: Citation, question: str) -> str:
    """Say of a quotation where it stands, but for the title."""
    parts = (
        citation.publisher,
        format_date(citation.published, _language(question)) if citation.published else "",
        say("page", question).format(citation.page) if citation.page else "",
        say("characters", question).format(citation.start, citation.end),
        say("document", question).format(citation.doc_id),
    )
    return " · ".join(filter(None, parts))
