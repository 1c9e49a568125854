"""Why a question is refused: how near the best of what was found comes to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.guard import facts, missing
from rag.text import is_chinese

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.guard import Fact
    from rag.types import Document, Evidence

# From one of these on a passage is near the question: about it by the reader's judgement (log-odds), alike in meaning
# (cosine; the default encoder finds all Chinese alike), or holding so much of its words.
_RELEVANT, _LIKENESS, _NEAR = 0.0, 0.4, 0.5
# What a question takes for granted and a passage may give otherwise. Another name is rather another subject, and a bare
# number may be how many things are asked for.
_PREMISES = {"percentage", "money", "date"}
_YEAR = re.compile(r"1\d{3}|20\d{2}")


def is_near(question: str, evidence: Evidence) -> bool:
    """Tell whether evidence that does not answer is at least about what is asked."""
    scores = evidence.scores
    alike = scores["likeness"] >= _LIKENESS and not is_chinese(question)
    return alike or scores["near"] >= _NEAR or scores.get("relevant", _RELEVANT - 1) >= _RELEVANT


def contradicts_premise(question: str, evidence: Sequence[Evidence], *, documents: Mapping[str, Document]) -> bool:
    """Tell whether the nearest passage gives another amount, share or day than the question takes for granted.

    "What did the king do in 1807?" beside "In 1805 the king …": 1807 stands nowhere in the passage or its header, and
    the sentence in which an answer would stand has a year of its own. Some of the evidence must be near.
    """
    best = next(found for found in evidence if is_near(question, found))
    document = documents[best.passage.doc_id]
    gone = set(missing(question, [best.passage.text, document.header(best.passage.heading)]))
    wanted = {_kind(fact) for fact in facts(question) if fact.text in gone} & _PREMISES
    return bool(wanted & {_kind(fact) for fact in facts(document.text[best.start : best.end])})


def _kind(fact: Fact) -> str:
    return "date" if _YEAR.fullmatch(fact.text) else fact.kind
