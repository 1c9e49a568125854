"""Ask documents, and get answers in which every sentence cites the exact characters it rests on.

import rag
rag.answer("Which fields does Li Yuju name?")          # from the default index
rag.open("my-index").ask("Who attended?")              # from one of your own
rag.answer("Who attended?", documents=[rag.Document.of(text, title="Minutes")])
"""

from rag.app import Assistant, answer, open  # noqa: A004
from rag.config import Config
from rag.errors import FootnoteError
from rag.types import (
    Answer,
    Citation,
    Delta,
    Document,
    Done,
    Evidence,
    Filters,
    Hit,
    Passage,
    Read,
    Retrieved,
    Sentence,
    Trace,
    Turn,
    Verdict,
    to_json,
)

__all__ = [
    "Answer",
    "Assistant",
    "Citation",
    "Config",
    "Delta",
    "Document",
    "Done",
    "Evidence",
    "Filters",
    "FootnoteError",
    "Hit",
    "Passage",
    "Read",
    "Retrieved",
    "Sentence",
    "Trace",
    "Turn",
    "Verdict",
    "answer",
    "open",
    "to_json",
]
