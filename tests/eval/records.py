"""Builders of what is scored: a document, gold evidence in it, an answer that quotes it, a record of all that."""

import gzip
import json
from datetime import date

from eval.types import Example, GoldEvidence, Record
from rag.text import Span
from rag.types import Answer, Citation, Document, Hit, Passage, Sentence

SEA = Document.of(
    "Ada sailed in May. She met 3,000 whales. They sang for the U.S. Navy.",
    title="The Sea",
    publisher="Harbour Post",
    published=date(2024, 3, 6),
    language="en",
)
LAND = Document.of("Bob walked. He met no whale.", title="The Land", language="en")
DOCUMENTS = {document.id: document for document in (SEA, LAND)}


def gold(document, words=None):
    """Gold evidence: the words, or the whole document without offsets."""
    if words is None:
        return GoldEvidence(document.id, document.title)
    start = document.text.index(words)
    return GoldEvidence(document.id, document.title, start, start + len(words), words)


def cite(document, words):
    start = document.text.index(words)
    return Citation.of(document, Span(start, start + len(words)))


def say(*citations, text=None, support="supported"):
    return Sentence(" ".join(c.quote for c in citations) if text is None else text, citations, support)


def hits(*places):
    """Hits, best first, each a document, or a document and the words of the passage."""
    found = []
    for place in places:
        document, words = place if isinstance(place, tuple) else (place, place.text)
        start = document.text.index(words)
        found.append(Hit(Passage(document.id, start, start + len(words), words), 1 / (1 + len(found))))
    return tuple(found)


def answered(*sentences, short=None, confidence=0.5):
    return Answer("?", "answered", None, short, sentences, confidence, (), (), "f", 0.0)


def refused(confidence=0.5):
    return Answer("?", "refused", "insufficient", None, (), confidence, (), (), "f", 0.0)


def record(answer=None, *, found=(), seconds=0.0, **example):
    example = {"id": "q", "question": "?", **example}
    return Record(Example(**example), answer, found, seconds)


def packed(path, *rows):
    """A file of public data: a JSON value a line, compressed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join(json.dumps(row) for row in rows).encode()))
    return path


def column(columns, name):
    """The one column of that name."""
    (found,) = [column for column in columns if column.name == name]
    return found
