"""The public data sets that benchmarks read, from a folder outside the project; nothing of them is kept here."""

from __future__ import annotations

import argparse
import gzip
import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_FOLDER = "../shared/data"


@dataclass(frozen=True, slots=True)
class Query:
    """A question or claim, the sources of the documents that answer it, and its answers where there are any."""

    id: str
    text: str
    sources: frozenset[str]
    answers: tuple[str, ...] = ()


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with what all benchmarks take: the folder of the data."""
    parser = argparse.ArgumentParser(description=description)
    folder = os.environ.get("FOOTNOTE_BENCH_DATA", DEFAULT_FOLDER)
    parser.add_argument("--data", type=Path, default=Path(folder), help="folder of the public data (%(default)s)")
    return parser


def squad(path: Path, language: str = "en") -> tuple[list[Document], list[Query]]:
    """Read a file of SQuAD's form: a document for each paragraph, a query for each question that has an answer."""
    documents, queries = [], []
    for article in _json(path)["data"]:
        title = article.get("title", "").replace("_", " ")
        for number, paragraph in enumerate(article["paragraphs"]):
            source = f"{title or article.get('id', '')}#{paragraph.get('id', number)}"
            documents.append(Document.of(paragraph["context"], title=title or source, source=source, language=language))
            queries += [
                Query(qa["id"], qa["question"], frozenset([source]), tuple(a["text"] for a in qa["answers"]))
                for qa in paragraph["qas"]
                if not qa.get("is_impossible")
            ]
    return documents, queries


def scifact(folder: Path, split: str) -> tuple[list[Document], list[Query]]:
    """Read SciFact: a document for each abstract, a query for each claim that cites one."""
    documents = [
        Document.of(" ".join(row["abstract"]), title=row["title"], source=str(row["doc_id"]), language="en")
        for row in _lines(folder / "corpus.jsonl.gz")
    ]
    queries = [
        Query(str(row["id"]), row["claim"], frozenset(map(str, row["cited_doc_ids"])))
        for row in _lines(folder / f"claims_{split}.jsonl.gz")
        if row["cited_doc_ids"]
    ]
    return documents, queries


def news(folder: Path, year: int) -> list[Document]:
    """Read the articles of RealTimeQA of a year."""
    return [
        Document.of(
            row["text"],
            title=row["title"] or row["url"],
            source=row["url"],
            url=row["url"],
            publisher=row["source"],
            published=date.fromisoformat(row["publish_date"].replace("/", "-")),
            language="en",
        )
        for row in _lines(folder / f"corpus_{year}.jsonl.gz")
        if row["text"].strip()
    ]


def _open(path: Path) -> str:
    if not path.is_file():
        raise SystemExit(f"{path} is not there. Name the folder of the data: --data DIR, or FOOTNOTE_BENCH_DATA.")
    return gzip.decompress(path.read_bytes()).decode()


def _json(path: Path) -> Any:  # noqa: ANN401 (a foreign format)
    return json.loads(_open(path))


def _lines(path: Path) -> Iterator[Any]:
    return map(json.loads, _open(path).splitlines())
