"""What a question says of its sources, put to use: filters to search with, and the order of what is found."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from rag.constraints import forms_of
from rag.types import Filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Literal

    from rag.constraints import Constraints
    from rag.types import Document, Evidence

# No document has this id, outlet or language: what two filters exclude together.
_NOTHING = ("\0",)
_MANY = 5_000


@dataclass(frozen=True, slots=True)
class Origins:
    """What a library's documents are: outlets, authors with their documents, the days, the languages, and how many."""

    publishers: tuple[str, ...] = ()
    authors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    oldest: date | None = None
    newest: date | None = None
    languages: frozenset[str] = frozenset()
    n_documents: int = 0

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str | None, str | None, str | None, str]]) -> Origins:
        """Collect them from rows of document id, publisher, author, day and language."""
        publishers, authors, days, languages, n_documents = set(), defaultdict(list), [], set(), 0
        for doc_id, publisher, author, day, language in rows:
            n_documents += 1
            languages.add(language)
            publishers.add(publisher)
            authors[author].append(doc_id)
            days += [date.fromisoformat(day)] if day else []
        return cls(
            publishers=tuple(sorted(filter(None, publishers))),
            authors={author: tuple(held) for author, held in authors.items() if author},
            oldest=min(days, default=None),
            newest=max(days, default=None),
            languages=frozenset(languages),
            n_documents=n_documents,
        )


def required(given: Filters, sources: Constraints, *, known: Origins) -> Filters:
    """Return the filters that hold: the caller's, and what the question says that its sources must be.

    An outlet that a question only hints at is required beside one that it requires: they are named alike. Days are not
    required of documents that have none, nor is an author of very many: the stores take no filter of that length.
    """
    outlets = tuple(name for outlet in named_outlets(sources) for name in outlet if sources.required.publishers)
    written = tuple(doc_id for author in sources.authors for doc_id in known.authors.get(author, ()))
    asked = replace(sources.required, publishers=outlets, documents=written if len(written) <= _MANY else ())
    return both(given, asked if known.oldest else replace(asked, published_from=None, published_to=None))


def named_outlets(sources: Constraints) -> tuple[tuple[str, ...], ...]:
    """Return the outlets that a question names, as a source or perhaps as one, each with all its spellings.

    A library with documents of Xinhua and of 新华社 has one outlet under two names.
    """
    outlets: list[tuple[str, ...]] = []
    for name in dict.fromkeys((*sources.required.publishers, *sources.hinted.publishers)):
        same = [outlet for outlet in outlets if forms_of(name).keys() & forms_of(outlet[0]).keys()]
        if same:
            outlets[outlets.index(same[0])] += (name,)
        else:
            outlets.append((name,))
    return tuple(outlets)


def narrowed(holds: Filters, sources: Constraints) -> tuple[Filters, ...]:
    """Return the filters to search with, one after the other: each is searched for itself and the lists are fused.

    `holds` (see `required`) holds in all of them. Several outlets are searched one by one, so that each brings what it
    has: "What do both Xinhua and Reuters say of …?" What the question only hints at is one more search beside the one
    without it, so that it is preferred and hides nothing.
    """
    outlets = named_outlets(sources)
    if len(outlets) > 1:
        each = [both(holds, Filters(publishers=outlet)) for outlet in outlets]
        days = replace(sources.hinted, publishers=())
        each += [both(one, days) for one in each] if days else []
        return tuple(each) if sources.required.publishers else (holds, *each)
    hinted = both(holds, sources.hinted)
    return (holds, hinted) if hinted != holds else (holds,)


def both(one: Filters, other: Filters) -> Filters:
    """Return the filters that let through what both do.

    >>> both(Filters(publishers=("Xinhua", "CGTN")), Filters(publishers=("CGTN",), languages=("en",))).publishers
    ('CGTN',)
    """
    begins = [day for day in (one.published_from, other.published_from) if day]
    ends = [day for day in (one.published_to, other.published_to) if day]
    return Filters(
        publishers=_common(one.publishers, other.publishers),
        languages=_common(one.languages, other.languages),
        published_from=max(begins, default=None),
        published_to=min(ends, default=None),
        documents=_common(one.documents, other.documents),
    )


def in_order(
    evidence: Sequence[Evidence],
    documents: Mapping[str, Document],
    *,
    order: Literal["latest", "first"] | None,
    threshold: float,
) -> tuple[Evidence, ...]:
    """Bring evidence that is good enough into the order of days that the question asks for; the rest stays behind it.

    What has no day comes after what has one.
    """
    if order is None:
        return tuple(evidence)
    good = [found for found in evidence if found.score >= threshold]
    days = {found.passage.doc_id: documents[found.passage.doc_id].published for found in good}
    dated = [found for found in good if days[found.passage.doc_id]]
    dated.sort(key=lambda found: days[found.passage.doc_id], reverse=order == "latest")  # type: ignore[arg-type, return-value]
    undated = [found for found in good if not days[found.passage.doc_id]]
    return (*dated, *undated, *(found for found in evidence if found.score < threshold))


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return what both lists name, without regard to case; an empty list names all."""
    if not one or not other:
        return one or other
    names = {name.casefold() for name in other}
    return tuple(name for name in one if name.casefold() in names) or _NOTHING
