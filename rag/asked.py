"""A question before it is looked for: made to stand alone, with what it says of its sources, and where to look.

Also what answering needs, since understanding is the first to need it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from rag.constraints import Constraints, parse
from rag.narrow import narrowed, required
from rag.prompting import digest
from rag.rewrite import stand_alone
from rag.text import as_day
from rag.translate import for_the_documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rag.chat import ChatModel
    from rag.config import Config
    from rag.indexes import Index
    from rag.models import Embedder
    from rag.read import Reader
    from rag.types import Citation, Filters, Turn

# How much further the second search looks.
_WIDER = 2


@dataclass(frozen=True, slots=True)
class Resources:
    """What answering needs: an open index, an encoder, a reader, the settings, and a chat model if one is to write."""

    index: Index
    embedder: Embedder
    reader: Reader
    config: Config
    writer: ChatModel | None = None

    @property
    def fingerprint(self) -> str:
        """Name the index, the models and the settings that make an answer."""
        writing = [self.writer.fingerprint, f"prompts-{digest()}"] if self.writer else []
        models = (self.reader.fingerprint, *writing)
        return f"{self.index.fingerprint} {' '.join(models)} settings-{self.config.digest()}"

    def threshold(self, question: str) -> float:
        """Return the probability below which this question is refused."""
        return self.reader.threshold(question, self.config.answer.max_wrong)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question understood: one that stands alone, where to look, and what was cited before it.

    A follow-up is searched for together with the question before it (`query`) and read by itself. `given` are the
    caller's filters, `filters` those with what the question requires of its sources.
    """

    question: str
    query: str
    given: Filters
    filters: Filters
    sources: Constraints
    cited: tuple[Citation, ...] = ()

    def places(self) -> tuple[Filters, ...]:
        """Return the filters to search with, one after the other."""
        return narrowed(self.filters, self.sources)

    def relaxed(self) -> Asked:
        """Return the question without what it says of its sources: neither its filters nor its words."""
        question = self.question
        for phrase in self.sources.phrases:
            question = question.replace(phrase, " ", 1)
        question = question.strip(" ,，") or self.question
        return Asked(question, question, self.given, self.given, Constraints(), self.cited)


# wide: all that a caller can say of a question
def understand(
    question: str,
    resources: Resources,
    *,
    history: Sequence[Turn],
    filters: Filters,
    as_of: date | None,
    own_filters: bool = True,
) -> Asked:
    """Make a question stand alone, and read from it what it says of its sources; arguments as in `rag.ask.stream`."""
    question, typed = stand_alone(question, history, model=resources.writer), question
    previous = next((turn.text for turn in reversed(history) if turn.role == "user"), "")
    query = question if question == typed else f"{question} {previous}"
    as_of = as_day(as_of)
    if as_of is not None:
        filters = replace(filters, published_to=min(filters.published_to or as_of, as_of))
    cited = tuple(citation for turn in reversed(history) for citation in turn.cited)
    known = resources.index.origins()
    sources = parse(
        question,
        publishers=known.publishers,
        authors=known.authors,
        today=as_of or date.today(),  # noqa: DTZ011 (the day where the user is)
        oldest=known.oldest,
        newest=known.newest,
    )
    holds = required(filters, sources, known=known)
    asked = Asked(question, query, filters, holds, sources, cited)
    return asked if own_filters else asked.relaxed()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One search: with which question, how wide, and whether what it says of its sources was given up."""

    asked: Asked
    scale: int = 1
    relaxed: bool = False


def attempts(asked: Asked, resources: Resources) -> Iterator[Attempt]:
    """Yield what to try until something answers; the last, in the other language of the documents, asks the model."""
    yield Attempt(asked)
    yield Attempt(asked, scale=_WIDER)
    if asked.filters != asked.given:
        yield Attempt(asked.relaxed(), relaxed=True)
    languages = resources.index.origins().languages
    translated = for_the_documents(asked.question, resources.writer, languages=languages)
    if translated:
        yield Attempt(replace(asked, question=translated, query=translated))
