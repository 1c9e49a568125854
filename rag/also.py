"""Where else the words of an answer stand: in other documents of the same story, word for word."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from rag.text import Span, is_chinese, sentences
from rag.types import Citation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rag.library import Library
    from rag.types import Document, Filters, Sentence

# So many are named beside a sentence: more say nothing new. So many documents of a story are looked through for them.
_NAMED, _LOOKED_AT = 3, 30


def also_in(said: Iterable[Sentence], library: Library, *, filters: Filters) -> list[Sentence]:
    """Add to sentences where else the words that they cite stand, by day and then publisher, at most three places.

    Only other outlets and days are named: a second address of the same page says nothing. What the filters shut out
    stays out.
    """
    said = list(said)
    cited = {citation.doc_id for sentence in said for citation in sentence.citations}
    stories = library.stories(cited)
    tellers = {story: library.tellers(story, _LOOKED_AT) for story in set(stories.values())}
    others = {doc_id for found in tellers.values() if len(found) > 1 for doc_id in found}
    documents = {key: one for key, one in library.some_documents(others).items() if _is_admitted(one, filters)}
    told = {key: [documents[one] for one in tellers[story] if one in documents] for key, story in stories.items()}
    return [replace(sentence, also=_elsewhere(sentence.citations, told)) for sentence in said]


def stands_in(quote: str, document: Document) -> Span | None:
    """Return where a quotation stands in a document as whole sentences, whatever its white space, or None."""
    places = [Span(*one.span()) for one in re.finditer(r"\s+".join(map(re.escape, quote.split())), document.text)]
    whole = sentences(document.text, language="zh" if is_chinese(quote) else "en") if places else []
    starts, ends = {span.start for span in whole}, {span.end for span in whole}
    return next((place for place in places if place.start in starts and place.end in ends), None)


def _elsewhere(citations: Sequence[Citation], told: Mapping[str, Sequence[Document]]) -> tuple[Citation, ...]:
    known = {_told_by(citation) for citation in citations}
    found: dict[tuple[str, str], Citation] = {}
    for citation in citations:
        for document in told.get(citation.doc_id, ()):
            by = _told_by(document)
            span = stands_in(citation.quote, document) if by not in known and by not in found else None
            if span:
                found[by] = Citation.of(document, span)
    by_day = sorted(found.values(), key=lambda one: (one.published or date.max, one.publisher or ""))
    return tuple(by_day[:_NAMED])


def _told_by(one: Citation | Document) -> tuple[str, str]:
    return ((one.publisher or one.title).casefold(), str(one.published))


def _is_admitted(document: Document, filters: Filters) -> bool:
    d = document
    return filters.admit(d.id, publisher=d.publisher, language=d.language, published=d.published)
