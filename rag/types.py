"""The vocabulary: every value that travels from one stage to the next.

All of them are frozen. Offsets are characters of `Document.text`, ends are exclusive, scores are higher for better.
This module knows nothing of storage, models or files.
"""

# long: the whole vocabulary on one page
from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from rag.text import as_day, detect_language, format_date, language_code, normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag.text import Span

Support = Literal["supported", "partial", "unsupported", "contradicted", "not_a_claim"]
Status = Literal["answered", "refused"]
Reason = Literal["no_evidence", "insufficient", "false_premise", "filtered_out"]
Role = Literal["user", "assistant"]

_ID_CHARS = 16


@dataclass(frozen=True, slots=True)
class Document:
    """One text and what is known of where it comes from.

    `source` is where it was found, the first by name of several places. `text` is NFC with one kind of line ends and
    never changes after reading. `pages` holds the offset at which each
    page begins, empty where the source has no pages. `language` is an ISO 639-1 code.
    """

    id: str
    source: str
    title: str
    publisher: str | None
    author: str | None
    published: date | None
    language: str
    url: str | None
    text: str
    pages: tuple[int, ...] = ()

    # wide: everything that may be known of a document, all of it optional
    @classmethod
    def of(
        cls,
        text: str,
        *,
        title: str,
        source: str | None = None,
        publisher: str | None = None,
        author: str | None = None,
        published: date | None = None,
        language: str | None = None,
        url: str | None = None,
        pages: tuple[int, ...] = (),
    ) -> Document:
        """Make a document of a text: normalise it, tell its language if that is not given, derive its id.

        Without a source, the document is its own. `pages` are offsets into the normalised text. The id covers all that
        a citation shows, so that a corrected date makes a new document and an update stays one step; it does not cover
        the source, so that a document stays the same where its file is moved or copied.
        """
        text = normalise(text)
        language = language_code(language) if language else detect_language(text)
        published = as_day(published)
        seen = (title, publisher, author, str(published), language, url, text, *pages)
        key = hashlib.sha256(repr(seen).encode()).hexdigest()[:_ID_CHARS]
        return cls(key, source or f"text:{key}", title, publisher, author, published, language, url, text, pages)

    def header(self, heading: str = "") -> str:
        """Say in one line what a passage belongs to: it is indexed with the passage but is no part of its text.

        "Xi highlights … · Xinhua · 6 March 2024 · Reform"
        """
        day = format_date(self.published, self.language) if self.published else ""
        return " · ".join(part for part in (self.title, self.publisher, day, heading) if part)

    def page_of(self, offset: int) -> int | None:
        """Return the page (from 1) on which a character stands, or None where the document has no pages."""
        if not self.pages:
            return None
        return sum(start <= offset for start in self.pages)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one document, the unit of search: `document.text[start:end] == text`.

    `heading` is the path of headings above it ("Demands › Enterprises"). The id depends on nothing but the place.
    """

    doc_id: str
    start: int
    end: int
    text: str
    heading: str = ""
    id: str = field(init=False)

    def __post_init__(self) -> None:
        """Derive the id: `doc_id:start-end`."""
        object.__setattr__(self, "id", f"{self.doc_id}:{self.start}-{self.end}")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must be: each field that is set must match; several values of one field are alternatives.

    Documents go by their ids. Publishers are compared without case, languages by their first part (`zh-CN` is `zh`).
    Both dates are inclusive; a document without a date fails a date filter.
    """

    publishers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    published_from: date | None = None
    published_to: date | None = None
    documents: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Bring languages and days to the form that documents have."""
        for name in ("publishers", "languages", "documents"):
            if isinstance(getattr(self, name), str):
                raise TypeError(f"{name} is {getattr(self, name)!r}; it must be a tuple, as ({getattr(self, name)!r},)")
        object.__setattr__(self, "languages", tuple(map(language_code, self.languages)))
        for name in ("published_from", "published_to"):
            object.__setattr__(self, name, as_day(getattr(self, name)))

    def __bool__(self) -> bool:
        """Tell whether anything is filtered at all."""
        return self != Filters()

    def admit(self, doc_id: str, *, publisher: str | None, language: str, published: date | None) -> bool:
        """Tell whether a document of which this is known meets them all."""
        return all(
            (
                not self.documents or doc_id in self.documents,
                not self.publishers or (publisher or "").casefold() in map(str.casefold, self.publishers),
                not self.languages or language in self.languages,
                not self.published_from or (published is not None and published >= self.published_from),
                not self.published_to or (published is not None and published <= self.published_to),
            )
        )


@dataclass(frozen=True, slots=True)
class Trace:
    """What one stage of search said of a hit: its rank (from 1) and score there, its share in the fused score."""

    stage: str
    rank: int
    score: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A ranked passage. Higher scores are better; `trace` says what each stage contributed."""

    passage: Passage
    score: float
    trace: tuple[Trace, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What reading one passage found: the stretch `start:end` of the document that speaks to the question.

    `answer` is the span of a short answer inside it, where the reader gives one. `score` is the probability that the
    stretch answers the question; `scores` are the features it was made from.
    """

    passage: Passage
    start: int
    end: int
    score: float
    answer: tuple[int, int] | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact characters that a sentence rests on: `document.text[start:end] == quote`."""

    doc_id: str
    start: int
    end: int
    quote: str
    title: str
    publisher: str | None
    published: date | None
    url: str | None
    page: int | None

    @classmethod
    def of(cls, document: Document, span: Span) -> Citation:
        """Cite a span of a document."""
        return cls(
            doc_id=document.id,
            start=span.start,
            end=span.end,
            quote=document.text[span.start : span.end],
            title=document.title,
            publisher=document.publisher,
            published=document.published,
            url=document.url,
            page=document.page_of(span.start),
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation, and what it cited, which is at hand again when the next question is asked."""

    role: Role
    text: str
    cited: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether quotes bear a sentence: the verdict, the probability that they do, and what stands in none of them.

    `missing` are the numbers, dates, names and quotations of the sentence that the quotes lack, in its own words.
    """

    support: Support
    probability: float
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One statement of an answer, what it rests on, and how well that bears it; `missing` as in `Verdict`.

    `also` are the words of its citations where they stand in other documents of the same story.
    """

    text: str
    citations: tuple[Citation, ...]
    support: Support
    missing: tuple[str, ...] = ()
    also: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question came to.

    `answered` has at least one sentence, each supported or openly marked; `refused` has a reason and no sentence.
    `short` is the answer in a few words, as they stand in a document, where the reader gives one. `confidence` is the
    probability that the best quotation answers the question (for a refusal: of the best that was found). `conflicts`
    are pairs of citations that contradict each other. `filters` are those in force, from the caller and from the
    question's own words; `relaxed` says that the latter were given up, since nothing in them answered. `fingerprint`
    names the index, the models and the settings that made the answer.

    `rewritten` is the question as it was understood, where a conversation or another language made it differ from the
    one that was asked. `removed` are sentences that a chat model wrote and that nothing bears, each with its verdict;
    `trouble` says why there is no written answer though one was wanted.
    """

    question: str
    status: Status
    reason: Reason | None
    short: Citation | None
    sentences: tuple[Sentence, ...]
    confidence: float
    hits: tuple[Hit, ...]
    conflicts: tuple[tuple[Citation, Citation], ...]
    fingerprint: str
    seconds: float
    filters: Filters = field(default_factory=Filters)
    relaxed: bool = False
    rewritten: str = ""
    removed: tuple[Sentence, ...] = ()
    trouble: str = ""

    def __post_init__(self) -> None:
        """Hold the invariant of the two statuses."""
        if self.status == "answered" and (self.reason is not None or not self.sentences):
            raise ValueError(f"an answered question needs sentences and no reason, got {self.reason=}")
        if self.status == "refused" and (self.reason is None or self.sentences):
            raise ValueError(f"a refusal needs a reason and no sentence, got {self.reason=}, {self.sentences=}")


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Event: the passages that the search found for a query."""

    query: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """Event: what reading those passages found, best first, and the quotations that answer, none for a refusal."""

    evidence: tuple[Evidence, ...]
    quotes: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Delta:
    """Event: the next piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """Event: the finished, verified answer; always the last."""

    answer: Answer


Event = Retrieved | Read | Delta | Done


def to_json(value: object) -> Any:  # noqa: ANN401 (what json.dumps takes)
    """Turn any value of this vocabulary into what `json.dumps` takes, under the same field names.

    >>> to_json(Turn("user", "Who?"))
    {'role': 'user', 'text': 'Who?', 'cited': []}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
