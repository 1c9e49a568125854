"""A query in, ranked passages out: by words, by meaning, and both together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from rag.fuse import Leg, fuse
from rag.ground import binding
from rag.guard import missing
from rag.text import is_chinese, sentences, terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.config import Search
    from rag.types import Filters, Hit, Passage

    EmbedQuery = Callable[[str], NDArray[np.float32]]

# Outlets put a sentence of their own before an agency's text; a passage has eight or ten.
_LEAD = 0.2


class Searchable(Protocol):
    """The seam: what can be searched in both ways."""

    def search_dense(self, vector: NDArray[np.float32], limit: int, *, filters: Filters) -> list[tuple[Passage, float]]:
        """Return the nearest passages with their cosine similarity, best first."""
        ...

    def search_lexical(self, query: str, limit: int, *, filters: Filters) -> list[tuple[Passage, float]]:
        """Return the passages that share content words with the query, with their BM25 score, best first."""
        ...

    def stories(self, doc_ids: Iterable[str]) -> Mapping[str, str]:
        """Return the stories that documents tell, by id: two of the same name tell one."""
        ...


def retrieve(
    query: str, index: Searchable, *, embed_query: EmbedQuery, settings: Search, filters: Sequence[Filters]
) -> list[Hit]:
    """Return the best passages for a query, at most `settings.limit`, best first.

    Each hit says in its trace at which rank each leg found it. Filters hold in both legs; of several, each is searched
    for itself, and all lists are fused: what more of them let through comes first, and none is left out. What several
    documents of one story say is there once (`told_once`), unless the filters ask for several publishers by name.
    """
    legs = []
    weight = settings.dense_weight_chinese if is_chinese(query) else settings.dense_weight
    vector = embed_query(query) if settings.mode != "lexical" else None
    for one in filters:
        if settings.mode != "dense":
            legs.append(Leg("lexical", index.search_lexical(query, settings.candidates, filters=one)))
        if vector is not None:
            legs.append(Leg("dense", index.search_dense(vector, settings.candidates, filters=one), weight))
    hits = fuse(legs)
    if len({one.publishers for one in filters if one.publishers}) <= 1:
        hits = told_once(hits, index.stories({hit.passage.doc_id for hit in hits}))
    return spread(hits, settings.passages_per_document)[: settings.limit]


def told_once(hits: Sequence[Hit], stories: Mapping[str, str]) -> list[Hit]:
    """Leave out what better hits of the same story say word for word, and put behind all others what is nearly that.

    Sentences are the same if their words are, each in its place, whatever their case, inflection and punctuation. A
    passage with more of its own than a short lead, or with a number, a name or a "not" that the better ones lack, stays
    in its place, since that may be what is asked for.
    """
    tellers = Counter(stories.get(doc_id) for doc_id in {hit.passage.doc_id for hit in hits})
    told: dict[str, _Told] = {}
    kept: list[Hit] = []
    behind: list[Hit] = []
    for hit in hits:
        story = stories.get(hit.passage.doc_id)
        if story is None or tellers[story] == 1:
            kept.append(hit)
            continue
        news = told.setdefault(story, _Told()).hear(hit.passage.text)
        if news:
            (behind if news == "little" else kept).append(hit)
    return [*kept, *behind]


@dataclass(slots=True)
class _Told:
    """What the passages of a story have said: their sentences, each as its terms, and their texts."""

    sentences: set[tuple[str, ...]] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)

    def hear(self, text: str) -> Literal["", "little", "much"]:
        """Take in another passage, and say how much of it is new."""
        spans = sentences(text, language="zh" if is_chinese(text) else "en")
        said = {tuple(terms(text[span.start : span.end])): text[span.start : span.end] for span in spans}
        new = {words: sentence for words, sentence in said.items() if words not in self.sentences}
        if not new:
            return ""
        is_little = (
            sum(map(len, new)) <= _LEAD * sum(map(len, said))
            and not any(map(binding, new))
            and not missing(" ".join(new.values()), self.texts)
        )
        self.sentences |= said.keys()
        self.texts.append(text)
        return "little" if is_little else "much"


def spread(hits: Sequence[Hit], per_document: int) -> list[Hit]:
    """Keep at most so many passages of each document, so that one long document does not fill the list."""
    taken: Counter[str] = Counter()
    kept = []
    for hit in hits:
        taken[hit.passage.doc_id] += 1
        if taken[hit.passage.doc_id] <= per_document:
            kept.append(hit)
    return kept
