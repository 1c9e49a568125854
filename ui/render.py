"""Answers, hits and reports as text for the terminal and as Markdown for the chat page.

Whatever comes from a document is hostile until it is made harmless here: `one_line` for the terminal, where a control
character could repaint the screen, and `escape_markdown` for the page, where a text could become a picture or a link.

Answers to Chinese questions are framed in Chinese.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from rag.text import format_date, is_chinese
from ui.messages import MESSAGES, message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rag.types import Answer, Citation, Hit, Sentence

    Place = tuple[str, int, int]

# From which probability on which words are used: the likelihood scale of the IPCC (Mastrandrea et al. 2010, table 1).
LIKELIHOOD = (
    (0.90, ("very likely", "很可能")),
    (0.66, ("likely", "可能")),
    (0.33, ("about as likely as not", "可能性约为一半")),
    (0.10, ("unlikely", "不大可能")),
    (0.00, ("very unlikely", "很不可能")),
)
_HIGHEST_SHARE = 0.99
_EXCERPT_CHARS = 240
_EXAMPLES = 5

# Control characters and those that turn the direction of writing: both can make a text look like another one.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# What HTML and Markdown read as formatting wherever it stands; what makes a bare address a link; what opens a block.
_MARKUP = re.compile(r"[<>&\\`*_~|$@\[\]{}]|:(?=//)|(?<=www)\.|^[-+=#:]|^\d+[.)]", re.IGNORECASE)
# An address is shown only where it leads to the web, and nothing in it may end the link.
_WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_ADDRESS_CHARS = ":/?#@!&'()+,;=%~"


class Report(Protocol):
    """What `ingest.IngestReport` looks like from here: the sources by what became of them."""

    @property
    def added(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def updated(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def unchanged(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def renamed(self) -> Sequence[tuple[str, str]]: ...  # noqa: D102
    @property
    def removed(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def skipped(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def failed(self) -> Sequence[tuple[str, str]]: ...  # noqa: D102


def one_line(text: str) -> str:
    r"""Make a text harmless for a terminal and bring it into one line.

    >>> one_line("a\n  b\x1b[2J")
    'a b�[2J'
    """
    return _UNSEEN.sub("\ufffd", " ".join(text.split()))


def escape_markdown(text: str) -> str:
    """Bring a text into one line that Markdown and HTML show just as it stands.

    Characters become entities, since some readers of Markdown undo a backslash and then look again.

    >>> escape_markdown("1. <b> [x]")
    '1&#46; &#60;b&#62; &#91;x&#93;'
    """
    return _MARKUP.sub(lambda found: f"{found[0][:-1]}&#{ord(found[0][-1])};", one_line(text))


@dataclass(frozen=True, slots=True)
class _Style:
    """What differs between the terminal and the page."""

    plain: Callable[[str], str]
    title: Callable[[Citation], str]
    marker: str
    heading: str
    bullet: str
    gap: str


def web_address(url: str | None) -> str:
    """Return an address with everything encoded that could end a link; nothing where it does not lead to the web.

    >>> web_address("https://a.example/<b>"), web_address("javascript:alert(1)")
    ('https://a.example/%3Cb%3E', '')
    """
    return quote(url, safe=_ADDRESS_CHARS) if url and _WEB_ADDRESS.fullmatch(url) else ""


def shown_share(probability: float) -> float:
    """Round a probability to what is shown of it; no answer is certain, so none is shown with 100 %."""
    return min(round(probability, 2), _HIGHEST_SHARE)


def _linked_title(citation: Citation) -> str:
    title, address = escape_markdown(citation.title), web_address(citation.url)
    return f"[{title}](<{address}>)" if address else title


_TEXT = _Style(one_line, lambda citation: one_line(citation.title), "[{}]", heading="", bullet="", gap="\n")
_MARKDOWN = _Style(escape_markdown, _linked_title, "**[{}]**", heading="**{}**\n\n", bullet="- ", gap="\n\n")


def answer_text(answer: Answer, titles: Mapping[str, str]) -> str:
    """Write an answer for the terminal: its sentences with markers, then its sources; or why there is none.

    Args:
        answer: what a question came to.
        titles: the titles of the documents of its hits, by id.
    """
    return _write(answer, titles, _TEXT)


def answer_markdown(answer: Answer, titles: Mapping[str, str]) -> str:
    """Write an answer for the chat page; arguments as in `answer_text`."""
    return _write(answer, titles, _MARKDOWN)


def hits_text(hits: Sequence[Hit], titles: Mapping[str, str]) -> str:
    """Write hits for the terminal, best first: title, heading, score, the rank in each leg, the beginning of the text.

    Args:
        hits: what a search found.
        titles: the titles of their documents, by id.
    """
    return "\n".join(_hit(rank, hit, titles) for rank, hit in enumerate(hits, start=1)) or "Nothing was found."


def report_text(report: Report) -> str:
    """Write an ingest report: the counts in one line, what kinds were skipped, what moved, what failed and why."""
    names = ("added", "updated", "unchanged", "renamed", "removed", "failed", "skipped")
    counts = [f"{len(sources)} {name}" for name in names if (sources := getattr(report, name)) or name != "renamed"]
    kinds = sorted({PurePath(source).suffix or "no suffix" for source in report.skipped})
    examples = ", ".join(map(one_line, report.skipped[:_EXAMPLES]))
    skipped = [f"skipped: no reader for {one_line(', '.join(kinds))}, as in {examples}"] if kinds else []
    return "\n".join([", ".join(counts), *skipped, *_renamed(report), *_failed(report)])


def changes_text(report: Report) -> str:
    """Write what a round of following changed, a line for each document.

    "renamed: notes/a.md → notes/b.md"
    """
    names = ("added", "updated", "removed")
    changed = [f"{name}: {one_line(source)}" for name in names for source in getattr(report, name)]
    return "\n".join([*changed, *_renamed(report), *_failed(report)])


def _renamed(report: Report) -> list[str]:
    return [f"renamed: {one_line(former)} → {one_line(now)}" for former, now in report.renamed]


def _failed(report: Report) -> list[str]:
    return [f"failed: {one_line(source)}: {one_line(reason)}" for source, reason in report.failed]


def _write(answer: Answer, titles: Mapping[str, str], style: _Style) -> str:
    question = answer.question
    if answer.reason is not None:
        return style.gap.join(map(style.plain, filter(None, [*_about(answer), _refusal(answer, titles)])))
    cited = [citation for sentence in answer.sentences for citation in sentence.citations]
    cited += [citation for pair in answer.conflicts for citation in pair]
    sources = {_place(citation): citation for citation in cited}
    if not sources:  # small talk
        return style.gap.join(style.plain(sentence.text) for sentence in answer.sentences)
    markers = {place: style.marker.format(number) for number, place in enumerate(sources, start=1)}
    conflict = message("conflict", question)
    shown = " ".join(" ".join(sentence.text.split()) for sentence in answer.sentences)
    parts = [
        style.plain(answer.short.quote if answer.short else ""),
        *map(style.plain, _about(answer)),
        style.gap.join(_sentence(sentence, markers, style, question) for sentence in answer.sentences),
        style.gap.join(
            conflict.format(markers[_place(one)], markers[_place(other)]) for one, other in answer.conflicts
        ),
        style.heading.format(message("sources", question))
        + "\n".join(
            f"{style.bullet}{markers[place]} {_source(citation, style, question)}{_unquoted(citation, shown, style)}"
            for place, citation in sources.items()
        ),
        _confidence(answer.confidence, question),
    ]
    return "\n\n".join(filter(None, parts))


def _refusal(answer: Answer, titles: Mapping[str, str]) -> str:
    parts = [message(str(answer.reason), answer.question)]
    if answer.reason in {"insufficient", "false_premise"} and answer.hits:
        nearest = answer.hits[0].passage.doc_id
        parts.append(message("nearest", answer.question).format(titles.get(nearest, nearest)))
    return " ".join(parts)


def _about(answer: Answer) -> Iterator[str]:
    """Yield what is to be known of an answer: how the question was understood, where it was searched, what is gone."""
    question = answer.question
    if answer.rewritten:
        yield message("rewritten", question).format(answer.rewritten)
    yield _searched(answer)
    if answer.trouble:
        yield message("trouble", question).format(answer.trouble)
    n_denied = sum(sentence.support == "contradicted" for sentence in answer.removed)
    for name, count in (("unborne", len(answer.removed) - n_denied), ("denied", n_denied)):
        if count:
            sentences = message("several" if count > 1 else "one", question).format(count)
            yield message(name, question).format(sentences)


def _unquoted(citation: Citation, shown: str, style: _Style) -> str:
    """Return the quotation to stand beside its source, unless the answer itself holds it."""
    quote = " ".join(citation.quote.split())
    return "" if quote in shown else f": “{style.plain(quote)}”"


def _searched(answer: Answer) -> str:
    """Say which documents were searched, where not all were: by the question's own words or the caller's wish."""
    chinese, filters = is_chinese(answer.question), answer.filters
    days = [("since", filters.published_from), ("until", filters.published_to)]
    names = [name for name in filters.publishers if name.isprintable()]  # not the mark for "none at all"
    parts = [message("from", answer.question).format((" / " if chinese else " or ").join(names))] if names else []
    parts += [message("among", answer.question).format(len(filters.documents))] if filters.documents else []
    language = "zh" if chinese else "en"
    parts += [message(name, answer.question).format(format_date(day, language)) for name, day in days if day]
    said = message("relaxed" if answer.relaxed else "searched", answer.question)
    return said.format(("，" if chinese else ", ").join(parts)) if parts else ""


def _place(citation: Citation) -> Place:
    return (citation.doc_id, citation.start, citation.end)


def _sentence(sentence: Sentence, markers: Mapping[Place, str], style: _Style, question: str) -> str:
    places = dict.fromkeys(map(_place, sentence.citations))
    doubts = [message(sentence.support, question)] if sentence.support in MESSAGES else []
    gone = ", ".join(map(style.plain, sentence.missing))
    doubts += [message("missing", question).format(gone)] if gone else []
    doubt = f"({': '.join(doubts)})" if doubts else ""
    cited = "".join(markers[place] for place in places)
    also = f"({style.plain(also_text(sentence, question))})" if sentence.also else ""
    return " ".join(filter(None, (style.plain(sentence.text), cited, doubt, also)))


def also_text(sentence: Sentence, question: str) -> str:
    """Say in the language of the question where else the words of a sentence stand: "also in Reuters, 3 May 2024"."""
    chinese = is_chinese(question)
    language, comma, semicolon = ("zh", "，", "；") if chinese else ("en", ", ", "; ")
    days = ((one, format_date(one.published, language) if one.published else "") for one in sentence.also)
    told = (comma.join(filter(None, (one.publisher or one.title, day))) for one, day in days)
    return message("also", question).format(semicolon.join(told))


def _source(citation: Citation, style: _Style, question: str) -> str:
    day = format_date(citation.published, "zh" if is_chinese(question) else "en") if citation.published else ""
    parts = (
        style.title(citation),
        style.plain(citation.publisher or ""),
        day,
        message("page", question).format(citation.page) if citation.page else "",
        message("characters", question).format(citation.start, citation.end),
    )
    return " · ".join(filter(None, parts))


def _confidence(probability: float, question: str) -> str:
    share = shown_share(probability)
    words = next(words for least, words in LIKELIHOOD if share >= least)
    return message("confidence", question).format(words[is_chinese(question)], share)


def _hit(rank: int, hit: Hit, titles: Mapping[str, str]) -> str:
    passage = hit.passage
    title = titles.get(passage.doc_id, passage.doc_id)
    legs = " · ".join(f"{trace.stage} #{trace.rank}" for trace in hit.trace)
    place = f"{passage.start}–{passage.end}"
    head = " · ".join(filter(None, (title, passage.heading, place, f"score {hit.score:.4f}", legs)))
    text = one_line(passage.text)
    excerpt = text if len(text) <= _EXCERPT_CHARS else f"{text[:_EXCERPT_CHARS]} …"
    return f"{rank}. {one_line(head)}\n   {excerpt}"
