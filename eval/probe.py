"""Does an answer rest on what it cites? Take the cited sentences out of the documents, and ask again.

    python -m eval.probe --task corpus --split dev [--limit N] [--set KEY=VALUE …]

An answer that rests on its citations cannot stay the same without them, unless the documents say it once more. So each
question that is answered with citations is asked a second time, of documents in which every sentence that a citation
touches is missing, and comes to one of four ends:

    refused      there is no answer any more
    changed      another one is given
    elsewhere    the same is said again, from a document of which nothing was taken: that may be right
    kept         the same is said again, from what is left of the same documents: it stands there twice, or is unfounded

Two answers are the same if a sentence of one has most of its words in common with one of the other, if their short
answers are equal, or if both hold the same gold answer. That is strict: a name that comes up again in another statement
counts as the same answer. The ids of what stayed are printed, to be read.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import ingest
import rag
from eval import scorers
from eval.data import arguments
from eval.run import limited
from eval.scorers.answers import contains, normalise_answer
from eval.statistics import score
from eval.tasks import TASKS, load
from eval.types import Column
from rag.config import Config, from_text
from rag.errors import ConfigError, FootnoteError
from rag.models import load_embedder
from rag.text import content_terms, sentences
from rag.types import Document, Filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from eval.types import Example, Score, Task
    from rag.models import Embedder
    from rag.types import Answer, Citation, Sentence

End = Literal["refused", "changed", "elsewhere", "kept"]
# Two sentences with this share of their words in common say the same: as in `rag.compose`, a quotation is not repeated.
_SAME = 0.7


@dataclass(frozen=True, slots=True)
class Probed:
    """What became of one answered question when what it had cited was gone."""

    example: Example
    before: Answer
    after: Answer
    end: End


def probe(bot: rag.Assistant, examples: Iterable[Example], *, embedder: Embedder | None = None) -> Iterator[Probed]:
    """Ask each question, take out of the index what its answer cites, ask again, and put it back.

    Args:
        bot: an index of texts, which nobody else changes meanwhile.
        examples: the questions; those that are refused, or answered without a citation, are passed over.
        embedder: an encoder that is loaded already.
    """
    root, config = bot.index.layout.root, bot.config
    known = {document.id: document for document in bot.documents()}

    def put(instead: Mapping[str, Document | None]) -> None:
        there = [document for document in instead.values() if document]
        ingest.ingest_documents(there, root, config=config, embedder=embedder)
        if len(there) < len(instead):
            ingest.remove([known[old].source for old, new in instead.items() if new is None], root, config=config)

    for example in examples:
        before = _ask(bot, example)
        cited = [citation for sentence in before.sentences for citation in sentence.citations]
        if not cited:
            continue
        gone = {doc_id: without(known[doc_id], cited) for doc_id in {citation.doc_id for citation in cited}}
        put(gone)
        try:
            after = _ask(bot, example, instead=gone)
        finally:
            put({doc_id: known[doc_id] for doc_id in gone})
        left = {document.id for document in gone.values() if document}
        yield Probed(example, before, after, end_of(before, after, left=left, gold=example.answers))


def without(document: Document, citations: Iterable[Citation]) -> Document | None:
    """Return a document without the sentences that citations of it touch; None where nothing is left to read.

    It is another document, with another id, in the place of the first: it has the same source.
    """
    places = [citation for citation in citations if citation.doc_id == document.id]
    spans = sentences(document.text, language=document.language)
    touched = [span for span in spans if any(span.start < place.end and place.start < span.end for place in places)]
    ends = [0, *(edge for span in touched for edge in span), len(document.text)]
    text = "".join(document.text[start:end] for start, end in zip(ends[::2], ends[1::2], strict=True))
    if not any(char.isalnum() for char in text):
        return None
    return Document.of(
        text,
        title=document.title,
        source=document.source,
        publisher=document.publisher,
        author=document.author,
        published=document.published,
        language=document.language,
        url=document.url,
    )


def end_of(before: Answer, after: Answer, *, left: set[str], gold: Sequence[str] = ()) -> End:
    """Tell how an answer ended that was asked for again.

    Args:
        before: the answer with everything there.
        after: the answer without what that one cited.
        left: the ids of the documents from which something was taken, as they are now.
        gold: answers that are known to be right, if any.
    """
    if after.status == "refused":
        return "refused"
    claims = [sentence for sentence in after.sentences if sentence.citations]
    again = [sentence for sentence in claims if any(_alike(sentence, other) for other in before.sentences)]
    again += [claim for claim in claims for right in gold if contains(_said(claim), right) and _holds(before, right)]
    if before.short and after.short and normalise_answer(before.short.quote) == normalise_answer(after.short.quote):
        again += claims[:1]
    if not again:
        return "changed"
    places = {citation.doc_id for sentence in again for citation in sentence.citations}
    return "kept" if places <= left else "elsewhere"


def figures(probed: Sequence[Probed]) -> list[Score]:
    """Bring what became of the answers to shares with 95 % intervals, higher is better.

    * `changed or refused`: share of the answers that did not stay.
    * `with elsewhere`: the same, where what another document says, too, may stay.
    """
    ends = [one.end for one in probed]
    strict = Column("changed or refused", tuple(float(end in {"changed", "refused"}) for end in ends))
    return [score(strict), score(Column("with elsewhere", tuple(float(end != "kept") for end in ends)))]


def _ask(bot: rag.Assistant, example: Example, *, instead: Mapping[str, Document | None] | None = None) -> Answer:
    """Ask a question; where it may read some documents only, those that now stand in their places."""
    ids = {doc_id: document.id for doc_id, document in (instead or {}).items() if document}
    filters = Filters(documents=tuple(ids.get(doc_id, doc_id) for doc_id in example.within))
    return bot.ask(example.question, history=example.history, filters=filters, as_of=example.as_of)


def _alike(one: Sentence, other: Sentence) -> bool:
    words, others = set(content_terms(_said(one))), set(content_terms(_said(other)))
    return len(words & others) >= _SAME * len(words | others)


def _said(sentence: Sentence) -> str:
    """Return what a sentence says: what is written, or of a quotation the quote alone, without who published it."""
    written = scorers.is_written(sentence) or not sentence.citations
    return sentence.text if written else sentence.citations[0].quote


def _holds(answer: Answer, right: str) -> bool:
    return any(contains(_said(sentence), right) for sentence in answer.sentences)


def _report(task: Task, probed: Sequence[Probed]) -> str:
    counts = {end: [one.example.id for one in probed if one.end == end] for end in get_args(End)}
    lines = [f"{task.name}: {len(task.examples)} questions, {len(probed)} answered with citations"]
    lines += [f"{end}: {len(ids)}" for end, ids in counts.items()]
    for found in figures(probed):
        if found.value is not None:
            lines.append(f"{found.name}: {found.value:.3f} ({found.low:.3f}–{found.high:.3f})")
    lines += [f"{end}: {', '.join(counts[end])}" for end in ("elsewhere", "kept") if counts[end]]
    return "\n".join(lines)


def _overrides(settings: Iterable[str]) -> dict[str, object]:
    pairs = [setting.partition("=") for setting in settings]
    bare = next((key for key, equals, _ in pairs if not equals), None)
    if bare is not None:
        raise ConfigError(f"--set {bare!r} has no value; write it as --set writer.model=local.")
    return {key: from_text(text) for key, _, text in pairs}


def _options() -> argparse.Namespace:
    parser = arguments(__doc__ or "")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--task", choices=sorted(TASKS), default="corpus", help="whose questions (%(default)s)")
    parser.add_argument("--split", choices=("dev", "test", "train"), help="only this part")
    parser.add_argument("--limit", type=int, metavar="N", help="so many questions, drawn with a fixed seed")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting")
    return parser.parse_args()


def main() -> None:
    """Probe the answers of a task, and print the shares and the ids of what stayed."""
    options = _options()
    try:
        task = limited(load(options.task, options.data, split=options.split), options.limit)
        config = Config.load({**task.settings, **_overrides(options.set)})
        embedder = load_embedder(config.embedding.model)
        with tempfile.TemporaryDirectory(prefix="footnote-probe-") as folder:
            index = Path(folder) / "index"
            config = config.for_own_use(str(index))
            ingest.ingest_documents(task.documents, index, config=config, embedder=embedder)
            with rag.open(index, config) as bot:
                found = list(probe(bot, task.examples, embedder=embedder))
    except FootnoteError as error:
        raise SystemExit(str(error)) from None
    print(_report(task, found))


if __name__ == "__main__":
    main()
