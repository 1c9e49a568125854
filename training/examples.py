"""What the reader learns from: train splits made into groups of examples, each group around one question.

* SQuAD 1.1 train: the question with its paragraph; with a paragraph that BM25 takes for the right one and that lacks
  the answer; edited so that its paragraph no longer answers (`training/edits.py`); edited so that it still does.
* RealTimeQA's questions of 2023 up to August, each with the passages of articles that hold the answer
  and with such that BM25 prefers and that do not.
* Claims with and without support (`training/claims.py`).

Nothing of a dev split is read. Headers (title, publisher, day) are as in retrieval, and now and then left out.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from eval.data import realtimeqa, squad
from ingest.split import split
from rag.cross_encoder import LABELS
from rag.lexical import Lexical
from rag.packing import Pair
from rag.types import Document, Filters, Passage
from training.batches import Example
from training.claims import claims
from training.edits import Edit, Editor, Kept
from training.held_out import is_held_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from eval.types import Example as Question
    from training.claims import Claim


T = TypeVar("T", Edit, Kept)

SQUAD = "squad/train-v1.1.json.gz"
# RealTimeQA's later questions are kept to look at.
NEWS_YEAR, NEWS_BEFORE = 2023, "20230901"
# How likely an edit of a kind is drawn beside others that fit, 1 if not said: less those that read worse or fit
# everywhere, more those whose like the reader got wrong (another thing of the same passage, another role).
_DRAWN = {
    "word": 0.5, "condition": 0.4, "case": 0.15, "adjunct": 0.6,
    "name-near": 1.5, "number": 1.5, "cross": 2.0, "swap-in-passage": 2.0, "role": 3.0,
}  # fmt: skip
# Shares of the questions that get one of each kind beside the right passage, and of passages without a header.
_NEAR, _EDITED, _KEPT, _BARE = 0.4, 0.65, 0.15, 0.2
# Of the headers that are there, so many are a title alone; the others look like news.
_TITLE_ONLY = 0.5
_GROUP_MEAN = 1 + _NEAR + _EDITED + _KEPT
_SHARE_CLAIMS = 0.1
_DEEP = 12  # how far down BM25's list a lookalike is looked for
_LOOKALIKES, _RIGHT = 2, 2  # … of a news question, and how many of its right passages
_PASSAGE_TOKENS = 200


@dataclass(frozen=True, slots=True)
class _Headers:
    """Outlets and days to put before paragraphs that have none, so that passages look like news as often as not."""

    seen: Sequence[Document]

    def of(self, title: str, dice: random.Random) -> str:
        if dice.random() < _BARE:
            return ""
        if dice.random() < _TITLE_ONLY:
            return title
        drawn = dice.choice(self.seen)
        return Document.of("x", title=title, publisher=drawn.publisher, published=drawn.published).header()


class _Lookalikes:
    """A lexical index of passages: which ones BM25 takes for the answer to a question."""

    def __init__(self, passages: Sequence[tuple[Document, Passage]]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._index = Lexical(Path(self._folder.name) / "lexical", writing=True, create=True)
        self._index.change(add=passages)
        self._passages = {passage.id: (document, passage) for document, passage in passages}

    def search(self, question: str, documents: Sequence[str] = ()) -> list[tuple[Document, Passage]]:
        found = self._index.search(question, _DEEP, filters=Filters(documents=tuple(documents)))
        return [self._passages[key] for key, _ in found]


def examples(data: Path, *, n: int, seed: int) -> list[list[Example]]:
    """Return about `n` examples in groups, the first of each group the one that answers.

    Raises:
        DataMissing: a file is not there.
    """
    dice = random.Random(seed)
    articles, questions = realtimeqa(data / "realtimeqa", NEWS_YEAR)
    news = list(_news(articles, questions))
    checked = [_claim(one) for one in claims(data, dice=dice)]
    dice.shuffle(checked)
    checked = checked[: int(_SHARE_CLAIMS * n)]
    left = n - len(checked) - sum(map(len, news))
    asked = list(_squad(data, _Headers(articles), n=int(left / _GROUP_MEAN), dice=dice))
    return [*news, *checked, *asked]


def _squad(data: Path, headers: _Headers, *, n: int, dice: random.Random) -> Iterator[list[Example]]:
    documents, questions = squad(data / SQUAD)
    documents = [document for document in documents if not is_held_out(document.title)]
    texts = {document.id: document for document in documents}
    lookalikes = _Lookalikes([(d, Passage(d.id, 0, len(d.text), d.text)) for d in documents])
    with gzip.open(data / SQUAD, "rt", encoding="utf-8") as file:
        editor = Editor(json.load(file)["data"])
    found = [q for q in questions if q.evidence[0].doc_id in texts and q.evidence[0].end is not None]
    for question in dice.sample(found, min(n, len(found))):
        gold = question.evidence[0]
        document = texts[gold.doc_id]
        header = headers.of(document.title, dice)
        right = Example(Pair(question.question, document.text, header), (gold.start or 0, gold.end or 0), 1, 1)
        group = [right]
        if dice.random() < _NEAR:
            group += _near(question, lookalikes, headers=headers, dice=dice)
        group += _edited(right, editor, title=document.title.replace(" ", "_"), dice=dice)
        yield group


def _near(question: Question, lookalikes: _Lookalikes, *, headers: _Headers, dice: random.Random) -> list[Example]:
    """Return one passage that shares the question's words and lacks its answer, the likelier the higher it ranks."""
    found = [(d, p) for d, p in lookalikes.search(question.question) if not _holds(p.text, question.answers)]
    if not found:
        return []
    document, passage = found[min(int(dice.expovariate(0.5)), len(found) - 1)]
    return [Example(Pair(question.question, passage.text, headers.of(document.title, dice)), (0, 0), 0, 0)]


def _edited(right: Example, editor: Editor, *, title: str, dice: random.Random) -> Iterator[Example]:
    """Yield the question edited, sometimes so that its passage no longer answers, sometimes so that it still does.

    Whether the passage is relevant to a near miss is left open.
    """
    pair, (start, end) = right.pair, right.answer or (0, 0)
    answer = pair.passage[start:end]
    if dice.random() < _EDITED:
        edits = editor.unanswerable(pair.question, passage=pair.passage, answer=answer, article=title, dice=dice)
        if edits:
            edit = _drawn(edits, dice)
            yield Example(Pair(edit.question, edit.passage, pair.header), (0, 0), answerable=0)
    if dice.random() < _KEPT:
        kept = editor.answerable(
            pair.question, passage=pair.passage, answer_start=start, answer=answer, article=title, dice=dice
        )
        if kept:
            one = _drawn(kept, dice)
            span = (one.answer_start, one.answer_start + len(one.answer))
            yield Example(Pair(one.question, one.passage, pair.header), span, 1, 1)


def _drawn(edits: Sequence[T], dice: random.Random) -> T:
    """Draw a kind first, so that one which can be made in many ways is no likelier for that."""
    kinds = sorted({edit.kind for edit in edits})
    (kind,) = dice.choices(kinds, [_DRAWN.get(kind, 1.0) for kind in kinds])
    return dice.choice([edit for edit in edits if edit.kind == kind])


def _news(articles: Sequence[Document], questions: Sequence[Question]) -> Iterator[list[Example]]:
    """Yield for each earlier question the best passages that hold its answer, each with lookalikes that do not."""
    cut = [(a, passage) for a in articles for passage in split(a, passage_tokens=_PASSAGE_TOKENS)]
    lookalikes = _Lookalikes(cut)
    for question in questions:
        answers = [answer.strip("“”\"' ") for answer in question.answers]
        if not question.answerable or question.id >= NEWS_BEFORE or not all(answers):
            continue
        inside = lookalikes.search(question.question, [gold.doc_id for gold in question.evidence])
        right = [_reading(question, d, passage=p, answers=answers) for d, p in inside if _holds(p.text, answers)]
        others = [(d, p) for d, p in lookalikes.search(question.question) if not _holds(p.text, answers)]
        wrong = [
            Example(Pair(question.question, p.text, d.header(p.heading)), (0, 0), 0, 0) for d, p in others[:_LOOKALIKES]
        ]
        yield from ([one, *wrong] for one in right[:_RIGHT])


def _reading(question: Question, document: Document, *, passage: Passage, answers: Sequence[str]) -> Example:
    found = next(found for answer in answers if (found := _find(answer, passage.text)))
    return Example(Pair(question.question, passage.text, document.header(passage.heading)), found.span(), 1, 1)


def _claim(claim: Claim) -> list[Example]:
    return [Example(Pair(claim.sentence, claim.quote), support=LABELS.index(claim.label))]


def _holds(text: str, answers: Sequence[str]) -> bool:
    return any(_find(answer, text) for answer in answers)


def _find(answer: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text, re.IGNORECASE)
