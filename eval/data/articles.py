"""Dated news and questions about it: RealTimeQA and MultiHop-RAG."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from eval.data.files import place, read_lines, unused, whole
from eval.types import Example
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from eval.data.files import Loaded


def realtimeqa(folder: Path, year: int) -> Loaded:
    """Read RealTimeQA's articles and open questions of a year; `type` is who asked.

    Evidence are the articles, as a whole, in which an answer's string stands. A question without one cannot be
    answered from this library: it is not answerable and has no answers. A question that comes twice is asked once.

    Raises:
        DataMissing: a file is not there.
    """
    articles = dict(_articles(folder, year))
    asked: dict[tuple[str, str], Example] = {}
    ids: set[str] = set()
    for row in read_lines(folder / f"questions_{year}.jsonl.gz"):
        key = (row["question_id"], row["question"])
        if key in asked:
            continue
        found = dict.fromkeys(articles[doc_id] for doc_id in row["answer_doc_ids"] if doc_id in articles)
        asked[key] = Example(
            unused(row["question_id"], ids),
            row["question"],
            answers=tuple(dict.fromkeys(row["answers"])) if found else (),
            evidence=tuple(map(whole, found)),
            answerable=bool(found),
            type=row["question_source"],
        )
    return list(articles.values()), list(asked.values())


def multihoprag(folder: Path) -> Loaded:
    """Read MultiHop-RAG: a document for each fact, an example for each question; `type` is the kind of question.

    Evidence are the facts that a question needs, from first character to last. A null query cannot be answered.

    Raises:
        DataMissing: a file is not there.
    """
    facts = {
        row["fact_id"]: Document.of(
            row["fact"],
            title=row["title"],
            source=row["fact_id"],
            publisher=row["source"],
            author=row["author"],
            published=datetime.fromisoformat(row["published_at"]),
            language="en",
            url=row["url"],
        )
        for row in read_lines(folder / "facts_pool.jsonl.gz")
    }
    examples = []
    for row in read_lines(folder / "queries.jsonl.gz"):
        needed = [facts[key] for key in dict.fromkeys(row["evidence_fact_ids"])]
        answerable = row["question_type"] != "null_query"
        examples.append(
            Example(
                row["id"],
                row["query"],
                answers=(row["answer"],) if answerable else (),
                evidence=tuple(place(fact, fact.text) or whole(fact) for fact in needed),
                answerable=answerable,
                type=row["question_type"],
            )
        )
    return list(facts.values()), examples


def _articles(folder: Path, year: int) -> Iterator[tuple[str, Document]]:
    """Yield the articles that have a text, each with the id by which questions name it."""
    urls: set[str] = set()
    for row in read_lines(folder / f"corpus_{year}.jsonl.gz"):
        if row["text"].strip():
            yield row.get("doc_id", row["url"]), _article(row, unused(row["url"], urls))


def _article(row: Any, source: str) -> Document:  # noqa: ANN401 (a foreign format)
    return Document.of(
        row["text"],
        title=row["title"] or row["url"],
        source=source,
        publisher=row["source"],
        published=date.fromisoformat(row["publish_date"].replace("/", "-")),
        language="en",
        url=row["url"],
    )
