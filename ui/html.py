"""Questions and answers as HTML for the chat page: who said it, where it stands, and how well that bears it.

Pure functions from the vocabulary to a text. All escaping is done by `ui/markup.py`; what a browser makes of the
classes and of the `data-` attributes is a matter of `ui/style.css` and `ui/page.js`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from rag.text import format_date
from ui.document_html import document_html
from ui.html_words import WORDS
from ui.markup import fill
from ui.messages import MESSAGES
from ui.render import LIKELIHOOD, one_line, shown_share
from ui.wording import LANGUAGES, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rag.types import Answer, Citation, Hit, Sentence

    Place = tuple[str, int, int]

__all__ = ["answer_html", "document_html", "growing_html", "question_html"]

_NEAREST = 3
_EXCERPT_CHARS = 200
# The columns of "why these passages", in the order in which the stages work.
_STAGES = ("lexical", "dense", "reader")
_ACTIONS = ("copy", "regenerate", "edit", "timeline", "export")
_REPORTS = {
    "answered": ("wrong_quote", "wrong_answer", "should_have_refused"),
    "refused": ("should_have_answered",),
}
_WORDS = {**MESSAGES, **WORDS}


class _Marker(NamedTuple):
    """A numbered marker of a citation; `card` is the id of what shows when it is pointed at."""

    n: int
    citation: Citation
    card: str


class _Chip(NamedTuple):
    """A filter that was in force; an empty `value` stands for all of its kind."""

    drop: str
    value: str
    label: str


class _Row(NamedTuple):
    """A passage that was found: its title, the beginning of its text, its best rank in each stage, if it is cited."""

    hit: Hit
    title: str
    excerpt: str
    ranks: list[int | None]
    cited: bool


class _Confidence(NamedTuple):
    """A probability in words, as a share of 1, and what it is the probability of: the prefix of its words."""

    word: str
    share: float
    name: str


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence: what leads to its quotation, the rest of it, its verdict, what stands in no citation, its markers.

    `also` is where else its words stand.
    """

    lead: str
    text: str
    support: str
    missing: str
    markers: list[_Marker]
    also: tuple[Citation, ...]


class _Numbers:
    """The places that are cited, each with one number wherever it shows."""

    def __init__(self, cited: Iterable[Citation], key: str) -> None:
        self._numbers = {place: n for n, place in enumerate(dict.fromkeys(map(_place, cited)), start=1)}
        self._key = key
        self._cards = count(1)

    def markers(self, citations: Iterable[Citation]) -> list[_Marker]:
        """Return a marker for each place, every one with a card of its own."""
        cited = {_place(citation): citation for citation in citations}
        return [
            _Marker(self._numbers[place], citation, f"fn-card-{self._key}-{next(self._cards)}")
            for place, citation in cited.items()
        ]


def question_html(question: str, *, language: str) -> str:
    """Show what was asked; `language` ("en", "zh") is that of the page."""
    return fill("question.html.jinja", {"question": question, "words": Words(_WORDS, language)})


def answer_html(answer: Answer, titles: Mapping[str, str], *, key: str, language: str) -> str:
    """Show a finished answer, a refusal or small talk as one `<article class="fn-answer">`.

    Args:
        answer: what a question came to.
        titles: the titles of the documents of its hits, by id.
        key: the id of the exchange, of letters, digits, `-` and `_`: the page's events name it.
        language: of the labels, "en" or "zh"; sentences stay in theirs.
    """
    words = Words(_WORDS, language)
    sources = _sources(answer)
    removed = [citation for sentence in answer.removed for citation in sentence.citations]
    numbers = _Numbers([*sources, *removed], key)
    is_talk = answer.reason is None and not sources
    rows = [_row(hit, answer, titles) for hit in answer.hits]
    values = {
        "words": words,
        "page_language": language,
        "key": key,
        "answer": answer,
        "is_talk": is_talk,
        "n_documents": len({citation.doc_id for citation in sources}),
        "confidence": _confidence(answer, language) if not is_talk and (answer.hits or answer.sentences) else None,
        "chips": [] if answer.relaxed else list(_chips(answer, words, language)),
        "relaxed": _relaxed(answer, words, language) if answer.relaxed else "",
        "short": numbers.markers(_short_source(answer, sources)),
        "sentences": [_said(sentence, numbers, words) for sentence in answer.sentences],
        "conflicts": [numbers.markers(pair) for pair in answer.conflicts],
        "removed": [_said(sentence, numbers, words) for sentence in answer.removed],
        "sources": _by_document(numbers.markers(sources)),
        "nearest": rows[:_NEAREST] if answer.reason else [],
        "rows": rows,
        "stages": _STAGES,
        "actions": ("copy", "edit") if is_talk else _ACTIONS if answer.reason is None else _ACTIONS[1:],
        "reports": () if is_talk else _REPORTS[answer.status],
    }
    return fill("answer.html.jinja", values)


def growing_html(quotes: Sequence[Sentence], text: str, *, note: str, language: str) -> str:
    """Show an answer that is not finished: what is being done, the quotations so far, then what is written so far.

    What is added stands below what is there, so that nothing moves. Text that only repeats the quotations is left out,
    as the quote writer's is.
    """
    words = Words(_WORDS, language)
    numbers = _Numbers((citation for quote in quotes for citation in quote.citations), "now")
    told = " ".join(" ".join(quote.text.split()) for quote in quotes)
    written = " ".join(text.split())
    values = {
        "words": words,
        "page_language": language,
        "note": note,
        "quotes": [_said(quote, numbers, words) for quote in quotes],
        "text": [] if told.startswith(written) else [line for line in text.splitlines() if line.strip()],
    }
    return fill("growing.html.jinja", values)


def _sources(answer: Answer) -> list[Citation]:
    """Return what the answer rests on, each place once; the short answer only where no other quotation holds it."""
    cited = [citation for sentence in answer.sentences for citation in sentence.citations]
    cited += [citation for pair in answer.conflicts for citation in pair]
    if answer.short and not any(_holds(citation, answer.short) for citation in cited):
        cited.append(answer.short)
    return list({_place(citation): citation for citation in cited}.values())


def _by_document(markers: Iterable[_Marker]) -> list[list[_Marker]]:
    documents: dict[str, list[_Marker]] = {}
    for marker in markers:
        documents.setdefault(marker.citation.doc_id, []).append(marker)
    return list(documents.values())


def _short_source(answer: Answer, sources: Sequence[Citation]) -> list[Citation]:
    return [citation for citation in sources if answer.short and _holds(citation, answer.short)][:1]


def _said(sentence: Sentence, numbers: _Numbers, words: Words) -> _Said:
    missing = words["missing"].format(", ".join(sentence.missing)) if sentence.missing else ""
    markers = numbers.markers(sentence.citations)
    return _Said(*_parts(sentence), missing=missing, markers=markers, also=sentence.also)


def _parts(sentence: Sentence) -> tuple[str, str, str]:
    """Return what leads to the quotation, the rest, and the verdict: `quote` where a sentence is nothing else.

    Only the form that `rag/compose.py` gives a quotation counts: any other lead may deny what it quotes.
    """
    if sentence.support != "supported" or len(sentence.citations) != 1:
        return "", sentence.text, sentence.support
    [citation] = sentence.citations
    quote = " ".join(citation.quote.split())
    if " ".join(sentence.text.split()) == quote:
        return "", sentence.text, "quote"
    for language, comma, colon in (("en", ", ", ": "), ("zh", "，", "：")):
        day = format_date(citation.published, language) if citation.published else ""
        lead = comma.join(filter(None, (citation.publisher or citation.title, day))) + colon
        if sentence.text == f"{lead}“{quote}”":
            return lead, f"“{quote}”", "quote"
    return "", sentence.text, "supported"


def _confidence(answer: Answer, language: str) -> _Confidence:
    share = shown_share(answer.confidence)
    likelihood = next(likelihood for least, likelihood in LIKELIHOOD if share >= least)
    return _Confidence(likelihood[LANGUAGES.index(language)], share, "nearness" if answer.reason else "confidence")


def _chips(answer: Answer, words: Words, language: str) -> Iterator[_Chip]:
    """Yield the filters in force, from the caller and from the question's own words."""
    filters = answer.filters
    for drop, names in (("publisher", filters.publishers), ("language", filters.languages)):
        for name in names:
            if name.isprintable():
                known = words[name] if drop == "language" and name in LANGUAGES else name
                yield _Chip(drop, name, words[drop].format(known))
            else:  # the mark of two filters that let nothing through together
                yield _Chip(drop, "", words["none at all"])
    for drop, label, day in (("from", "first day", filters.published_from), ("to", "last day", filters.published_to)):
        if day:
            yield _Chip(drop, day.isoformat(), words[label].format(format_date(day, language)))
    if n_documents := len(filters.documents):
        label = words["several documents" if n_documents > 1 else "one document"]
        yield _Chip("documents", "", label.format(n_documents))


def _relaxed(answer: Answer, words: Words, language: str) -> str:
    """Say that filters were given up, and which."""
    filters = answer.filters
    names = (" / " if language == "zh" else " or ").join(filter(str.isprintable, filters.publishers))
    parts = [words["from"].format(names)] if names else []
    parts += [words["among"].format(len(filters.documents))] if filters.documents else []
    days = (("since", filters.published_from), ("until", filters.published_to))
    parts += [words[name].format(format_date(day, language)) for name, day in days if day]
    return words["relaxed"].format(("，" if language == "zh" else ", ").join(parts)) if parts else ""


def _row(hit: Hit, answer: Answer, titles: Mapping[str, str]) -> _Row:
    passage = hit.passage
    text = one_line(passage.text)
    cited = [citation for sentence in answer.sentences for citation in sentence.citations]
    return _Row(
        hit=hit,
        title=titles.get(passage.doc_id, passage.doc_id),
        excerpt=text if len(text) <= _EXCERPT_CHARS else f"{text[:_EXCERPT_CHARS].rstrip()} …",
        ranks=[min((t.rank for t in hit.trace if t.stage == stage), default=None) for stage in _STAGES],
        cited=any(c.doc_id == passage.doc_id and c.start < passage.end and passage.start < c.end for c in cited),
    )


def _place(citation: Citation) -> Place:
    return (citation.doc_id, citation.start, citation.end)


def _holds(outer: Citation, inner: Citation) -> bool:
    return outer.doc_id == inner.doc_id and outer.start <= inner.start and inner.end <= outer.end
