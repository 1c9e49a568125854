"""How a question is put to Footnote: asked, or only searched for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from eval.types import Record
from rag.types import Done, Filters, Retrieved

if TYPE_CHECKING:
    from eval.types import Example
    from rag import Assistant

# As deep as the measures look.
_LIMIT = 10


def ask(bot: Assistant, example: Example) -> Record:
    """Ask the question, with its history and its day; the record holds the whole answer.

    Its hits are those of the first search: a refusal comes after a second, wider one, and what is found should not
    hang on what is refused.
    """
    filters = Filters(documents=example.within)
    events = bot.stream(example.question, history=example.history, filters=filters, as_of=example.as_of)
    hits = next(event.hits for event in events if isinstance(event, Retrieved))
    answer = next(event.answer for event in events if isinstance(event, Done))
    return Record(example, answer, hits, answer.seconds)


def search(bot: Assistant, example: Example) -> Record:
    """Search with the question as it stands and read nothing; the record holds the ten best passages."""
    started = time.perf_counter()
    hits = bot.search(example.question, limit=_LIMIT, filters=Filters(documents=example.within))
    return Record(example, None, tuple(hits), time.perf_counter() - started)
