"""The lexical mirror: BM25 over the words of passages, in tantivy.

The words come from `rag.text.terms`, so that a question and a passage are cut alike and Chinese text is found; tantivy
only splits at the spaces between them. The header (title, publisher, day, heading) is a field of its own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import tantivy

from rag.text import content_terms, terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rag.types import Document, Filters, Passage

_FIELDS = ("text", "header")
# A word of the title or the outlet says less of a passage than a word of its own. On the train splits of SQuAD, SciFact
# and CMRC 0.4 was as good as or better than 0, 0.2, 0.7 and 1.
_HEADER_WEIGHT = 0.4
_MORE_PASSAGES = 100
_HEAP_BYTES = 64_000_000


class Lexical:
    """An open tantivy index of passages. `writing` takes tantivy's own lock for as long as it is open."""

    def __init__(self, folder: Path, *, writing: bool = False, create: bool = False) -> None:
        self._schema = _schema()
        if create:
            folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(self._schema, path=str(folder))
        else:
            self._index = tantivy.Index.open(str(folder))
        self._index.register_tokenizer("spaces", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
        self._writer = self._index.writer(_HEAP_BYTES, 1) if writing else None
        self._index.reload()

    def close(self) -> None:
        """Let go of the writer's lock."""
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    def change(self, *, add: Iterable[tuple[Document, Passage]] = (), remove: Iterable[str] = ()) -> None:
        """Remove passages by id and add others, in one commit; one that is there already is replaced."""
        if self._writer is None:
            raise ValueError("this lexical index was opened for reading")
        for passage_id in remove:
            self._writer.delete_documents_by_term("id", passage_id)
        for document, passage in add:
            self._writer.delete_documents_by_term("id", passage.id)
            self._writer.add_document(_row(document, passage))
        self._writer.commit()
        self._index.reload()

    def search(self, query: str, limit: int, *, filters: Filters) -> list[tuple[str, float]]:
        """Return the ids of passages that share content words with the query, with their BM25 score, best first."""
        searcher = self._index.searcher()
        found = searcher.search(self._query(content_terms(query), filters), limit, count=False)
        return [(searcher.doc(address)["id"][0], float(score)) for score, address in found.hits]

    def weights(self, words: Iterable[str]) -> dict[str, float]:
        """Return how rare each term is, as BM25's inverse document frequency: ln(1 + (N - n + .5) / (n + .5)).

        N counts the passages and n those whose text or header hold the term; a term in no passage weighs most. N is
        raised by a hundred, so that in a library of a few passages a word that all of them hold still weighs something.
        """
        searcher = self._index.searcher()
        total = searcher.num_docs + _MORE_PASSAGES
        counts = {word: max(searcher.doc_freq(name, word) for name in _FIELDS) for word in set(words)}
        return {word: math.log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in counts.items()}

    def ids(self) -> Iterator[str]:
        """Yield the ids of all passages."""
        searcher = self._index.searcher()
        found = searcher.search(tantivy.Query.all_query(), max(searcher.num_docs, 1), count=False)
        for _, address in found.hits:
            yield searcher.doc(address)["id"][0]

    def _query(self, words: Sequence[str], filters: Filters) -> tantivy.Query:
        def term(field: str, word: str) -> tantivy.Query:
            return tantivy.Query.term_query(self._schema, field, word, "freq")

        should = [(tantivy.Occur.Should, term("text", word)) for word in dict.fromkeys(words)]
        should += [
            (tantivy.Occur.Should, tantivy.Query.boost_query(term("header", word), _HEADER_WEIGHT))
            for word in dict.fromkeys(words)
        ]
        query = tantivy.Query.boolean_query(should)
        must = [(tantivy.Occur.Must, tantivy.Query.const_score_query(part, 0.0)) for part in self._conditions(filters)]
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, query), *must]) if must else query

    def _conditions(self, filters: Filters) -> list[tantivy.Query]:
        names = [name.casefold() for name in filters.publishers]
        either = [("document", list(filters.documents)), ("publisher", names), ("language", list(filters.languages))]
        conditions = [tantivy.Query.term_set_query(self._schema, field, values) for field, values in either if values]
        if filters.published_from or filters.published_to:
            first = filters.published_from.toordinal() if filters.published_from else None
            last = filters.published_to.toordinal() if filters.published_to else None
            integer = tantivy.FieldType.Integer
            conditions.append(tantivy.Query.range_query(self._schema, "published", integer, first, last))
        return conditions


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in _FIELDS:
        builder.add_text_field(name, tokenizer_name="spaces", index_option="freq")
    for name in ("document", "publisher", "language"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("published", indexed=True, fast=True)
    return builder.build()


def _row(document: Document, passage: Passage) -> tantivy.Document:
    row = tantivy.Document()
    row.add_text("id", passage.id)
    row.add_text("text", " ".join(terms(passage.text)))
    row.add_text("header", " ".join(terms(document.header(passage.heading))))
    row.add_text("document", document.id)
    row.add_text("publisher", (document.publisher or "").casefold())
    row.add_text("language", document.language)
    if document.published:
        row.add_integer("published", document.published.toordinal())
    return row
