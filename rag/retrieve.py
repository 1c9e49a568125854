"""A query in, ranked passages out: by words, by meaning, and both together."""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from rag.fuse import Leg, fuse
from rag.ground import binding
from rag.guard import facts, missing
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
# What is no word and still tells: a currency, a share, below zero.
_SIGNS = re.compile(r"[%‰°$€£¥₹]|[-−–](?=\d)")


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


# wide: what is asked, of what, how it is embedded, how much is wanted, from where, and whether copies are
def retrieve(
    query: str,
    index: Searchable,
    *,
    embed_query: EmbedQuery,
    settings: Search,
    filters: Sequence[Filters],
    copies: bool = False,
) -> list[Hit]:
    """Return the best passages for a query, at most `settings.limit`, best first.

    Each hit says in its trace at which rank each leg found it. Filters hold in both legs; of several, each is searched
    for itself, and all lists are fused: what more of them let through comes first, and none is left out. What several
    documents of one story say is there once (`told_once`), unless each of several publishers is searched for itself, or
    `copies` are wanted: who asks which came first needs all of them.
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
    if not copies and len({one.publishers for one in filters if one.publishers}) <= 1:
        stories = index.stories({hit.passage.doc_id for hit in hits})
        hits = told_once(hits, stories, per_document=settings.passages_per_document)
    return spread(hits, settings.passages_per_document)[: settings.limit]


def told_once(hits: Sequence[Hit], stories: Mapping[str, str], *, per_document: int = sys.maxsize) -> list[Hit]:
    """Leave out what better hits of the same story say word for word, and put behind all others what is nearly that.

    Sentences are the same if their words are, each in its place, whatever their case, inflection and punctuation. A
    passage with more of its own than a short lead, or with a number, a day, a "not" or a name that the better ones
    lack, stays in its place, since that may be what is asked for. What `spread` will not keep has said nothing.
    """
    tellers = Counter(stories.get(doc_id) for doc_id in {hit.passage.doc_id for hit in hits})
    told: dict[str, _Told] = {}
    taken: Counter[str] = Counter()
    kept: list[Hit] = []
    behind: list[Hit] = []
    for hit in hits:
        story = stories.get(hit.passage.doc_id)
        if story is None or tellers[story] == 1:
            kept.append(hit)
            continue
        if taken[hit.passage.doc_id] == per_document:
            continue
        news = told.setdefault(story, _Told()).hear(hit.passage.text)
        taken[hit.passage.doc_id] += news == "much"
        if news:
            (behind if news == "little" else kept).append(hit)
    return [*kept, *behind]


@dataclass(slots=True)
class _Told:
    """What the passages of a story have said: their sentences, each as its terms and signs, and their texts.

    What was put behind the others (`aside`) may not be read: it counts only for others that would go there.
    """

    sentences: set[tuple[str, ...]] = field(default_factory=set)
    aside: set[tuple[str, ...]] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)

    def hear(self, text: str) -> Literal["", "little", "much"]:
        """Take in another passage, and say how much of it is new."""
        spans = sentences(text, language="zh" if is_chinese(text) else "en")
        each = [text[span.start : span.end] for span in spans]
        said = {(*terms(sentence), *_SIGNS.findall(sentence)): sentence for sentence in each}
        new = {words: sentence for words, sentence in said.items() if words not in self.sentences}
        if not new:
            return ""
        if sum(map(len, new)) <= _LEAD * sum(map(len, said)) and not self._may_matter(new):
            known = new.keys() <= self.aside
            self.aside |= new.keys()
            return "" if known else "little"
        self.sentences |= said.keys()
        self.texts.append(text)
        return "much"

    def _may_matter(self, new: Mapping[tuple[str, ...], str]) -> bool:
        """Tell whether sentences deny, count or date, name who was not named, or turn round what was said."""
        counts = any(fact.kind not in {"name", "quote"} for sentence in new.values() for fact in facts(sentence))
        turned = any(binding(words) or self._is_turned(set(words)) for words in new)
        return counts or turned or bool(missing(" ".join(new.values()), self.texts))

    def _is_turned(self, words: set[str]) -> bool:
        """Tell whether a sentence is one that was told without its "not", or its words in another order."""
        alike = (one for one in self.sentences if 2 * len(words.intersection(one)) >= len(words))
        return any(binding(one) or words == set(one) for one in alike)


def spread(hits: Sequence[Hit], per_document: int) -> list[Hit]:
    """Keep at most so many passages of each document, so that one long document does not fill the list."""
    taken: Counter[str] = Counter()
    kept = []
    for hit in hits:
        taken[hit.passage.doc_id] += 1
        if taken[hit.passage.doc_id] <= per_document:
            kept.append(hit)
    return kept
