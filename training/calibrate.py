"""Fit what turns the reader's judgements into ranks and probabilities, on questions that it was not trained on.

    python -m training.calibrate --data DIR --work FOLDER

Three libraries are searched as answering does: SQuAD's held-out articles, RealTimeQA's articles of the last months of
2023, and SciFact's abstracts with the train claims. Of SQuAD's questions half are asked as they stand, a quarter are
edited so that their paragraph no longer answers, and a quarter are asked with their article taken away.

Of SciFact's claims the reader has seen some, with single sentences, as pairs of sentence and quote. With half of
FITZ-GOV beside them the probability told right answers from others less well: AUROC .88 for .91 on SQuAD's, .82 for .87
on the news.

* The ranking is a linear model of the judgements and of what the search knew, fitted so that the right passage of a
  question's candidates comes first (a softmax over them); each library counts alike.
* The probability is a logistic model of the same features, fitted on the likeliest passages of each question: right is
  one in which the sentence around the best answer holds a gold answer, and which is the gold one where that is known.
* The curve of risk is measured by cross-fitting: each fifth of the questions by what the others fitted.

FOLDER keeps the indexes. The result is `calibration.json` beside the model.
"""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import rag
from eval.data import arguments, realtimeqa, scifact, squad
from eval.scorers.answers import contains
from ingest import ingest_documents
from rag.calibration import FEATURES, Calibration, Linear
from rag.config import Config, Reading
from rag.cross_encoder import CALIBRATION, open_cross_encoder
from rag.models import load_embedder
from rag.quotes import sentences_of
from rag.read import READER, Tools, TrainedReader, sentence_around
from training.edits import Editor
from training.examples import NEWS_BEFORE, NEWS_YEAR, SQUAD
from training.fit_quotes import fit
from training.held_out import is_held_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from eval.types import Example
    from rag.types import Document

N_QUESTIONS = 500  # of each library, at most
_LIKELIEST = 3  # passages of a question that fit the probability
_FOLDS = 5
_NEWS_SINCE = date(2023, 9, 1)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of one question: features (passages, features), which are gold, and which are answered rightly."""

    features: np.ndarray
    gold: np.ndarray
    right: np.ndarray


def candidates(
    bot: rag.Assistant, reader: TrainedReader, *, examples: Iterable[tuple[Example, str]]
) -> Iterator[Candidates]:
    """Search and judge for each question; beside it stands the start of the sources that it must not see."""
    tools = Tools(load_embedder(bot.config.embedding.model).embed, bot.index.term_weights)
    for example, hidden in examples:
        hits = bot.search(example.question, limit=bot.config.search.limit)
        documents = bot.index.library.some_documents({hit.passage.doc_id for hit in hits})
        hits = [hit for hit in hits if not hidden or not documents[hit.passage.doc_id].source.startswith(hidden)]
        if not hits:
            continue
        golden = {place.doc_id for place in example.evidence} if example.answerable else set()
        rows, gold, right = [], [], []
        for hit, judgement, features in reader.describe(example.question, hits, documents=documents, tools=tools):
            rows.append([features[name] for name in FEATURES])
            gold.append(hit.passage.doc_id in golden)
            document = documents[hit.passage.doc_id]
            sentences = sentences_of(hit.passage, document)
            place = sentence_around(judgement.spans[0], sentences, offset=hit.passage.start)
            quote = document.text[place.start : place.end]
            right.append(_is_right(example, quote, is_gold=gold[-1]))
        yield Candidates(np.array(rows), np.array(gold), np.array(right))


def _is_right(example: Example, quote: str, *, is_gold: bool) -> bool:
    anywhere = all(place.start is None for place in example.evidence)
    told = any(contains(quote, answer) for answer in example.answers)
    return example.answerable and told and (is_gold or anywhere)


def squad_questions(data: Path, dice: random.Random) -> tuple[list[Document], list[tuple[Example, str]]]:
    """Return the held-out paragraphs and questions: half as they are, the others edited or without their article."""
    documents, questions = squad(data / SQUAD)
    kept = {document.id: document for document in documents if is_held_out(document.title)}
    with gzip.open(data / SQUAD, "rt", encoding="utf-8") as file:
        editor = Editor(json.load(file)["data"])
    asked: list[tuple[Example, str]] = []
    found = [question for question in questions if question.evidence[0].doc_id in kept]
    for number, question in enumerate(dice.sample(found, min(N_QUESTIONS, len(found)))):
        document = kept[question.evidence[0].doc_id]
        without = replace(question, answerable=False)
        if number % 2 == 0:
            asked.append((question, ""))
        elif number % 4 == 1:
            edits = editor.unanswerable(
                question.question, passage=document.text, answer=question.answers[0],
                article=document.title.replace(" ", "_"), dice=dice,
            )  # fmt: skip
            edits = [edit for edit in edits if edit.passage == document.text]
            asked += [(replace(without, question=dice.choice(edits).question), "")] if edits else []
        else:
            asked.append((without, document.source.split("#")[0] + "#"))
    return list(kept.values()), asked


def news_questions(data: Path) -> tuple[list[Document], list[tuple[Example, str]]]:
    """Return the articles of the last months of 2023 and the questions of those months."""
    articles, questions = realtimeqa(data / "realtimeqa", NEWS_YEAR)
    late = [question for question in questions if question.id >= NEWS_BEFORE]
    gold = {place.doc_id for question in late for place in question.evidence}
    kept = [a for a in articles if a.id in gold or (a.published and a.published >= _NEWS_SINCE)]
    return kept, [(question, "") for question in late]


def fit_rank(groups: Sequence[Sequence[Candidates]], *, steps: int = 2000, rate: float = 0.05) -> np.ndarray:
    """Fit weights so that a softmax over a question's candidates gives the gold ones most (Adam, a light penalty)."""
    width = groups[0][0].features.shape[1]
    w, mean, square = np.zeros(width), np.zeros(width), np.zeros(width)
    able = [[one for one in group if one.gold.any() and not one.gold.all()] for group in groups]
    for step in range(1, steps + 1):
        gradient = 2e-4 * w
        for group in able:
            for one in group:
                scores = one.features @ w
                p = np.exp(scores - scores.max())
                p /= p.sum()
                q = p * one.gold / (p * one.gold).sum()
                gradient = gradient + one.features.T @ (p - q) / len(group) / len(able)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        w = w - rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return w


def fit_answers(asked: Sequence[Candidates]) -> np.ndarray:
    """Fit bias and weights of the probability: on all passages first, then on each question's likeliest by that."""
    chosen = [(one.features, one.right) for one in asked]
    w = np.zeros(0)
    for _ in range(3):
        x = np.concatenate([features for features, _ in chosen])
        w = fit(np.hstack([np.ones((len(x), 1)), x]), np.concatenate([right for _, right in chosen]).astype(float))
        order = [np.argsort(-(one.features @ w[1:]))[:_LIKELIEST] for one in asked]
        chosen = [(one.features[best], one.right[best]) for one, best in zip(asked, order, strict=True)]
    return w


def risk(asked: Sequence[Candidates]) -> list[tuple[float, float]]:
    """Return for each threshold the share of wrong answers among those that are at least so sure.

    Each fifth of the questions is judged by what the others fitted.
    """
    top = []
    for fold in range(_FOLDS):
        w = fit_answers([one for n, one in enumerate(asked) if n % _FOLDS != fold])
        for one in asked[fold::_FOLDS]:
            p = 1 / (1 + np.exp(-(one.features @ w[1:] + w[0])))
            top.append((p.max(), one.right[p.argmax()]))
    judged = np.array(top)
    curve = []
    for threshold in np.arange(0.0, 0.96, 0.02):
        sure = judged[judged[:, 0] >= threshold]
        if len(sure):
            curve.append((round(float(threshold), 2), round(float(1 - sure[:, 1].mean()), 4)))
            print(f"{threshold:.2f}  answered {len(sure) / len(judged):.3f}  wrong {curve[-1][1]:.3f}")
    return curve


def main() -> None:
    """Collect candidates, fit, write, and print what each step is worth on the questions kept aside."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--work", type=Path, required=True, help="folder for the indexes")
    options = parser.parse_args()
    dice = random.Random(0)
    nothing = Linear(0.0, {})
    reader = TrainedReader(open_cross_encoder(READER), Calibration(nothing, nothing, ()), fingerprint="")
    libraries = {"squad": squad_questions(options.data, dice), "news": news_questions(options.data)}
    documents, claims = scifact(options.data / "scifact", "train")
    libraries["scifact"] = documents, [(claim, "") for claim in claims]
    found = {}
    for name, (texts, asked) in libraries.items():
        drawn = dice.sample(asked, min(N_QUESTIONS, len(asked)))
        found[name] = collect(options.work / name, texts, asked=drawn, reader=reader)
        dice.shuffle(found[name])
    fitting = {name: group[len(group) // _FOLDS :] for name, group in found.items()}
    aside = {name: group[: len(group) // _FOLDS] for name, group in found.items()}
    rank = fit_rank(list(fitting.values()))
    for name, group in aside.items():
        able = [one for one in group if one.gold.any()]
        firsts = {label: np.mean([one.gold[int(np.argmax(one.features @ w))] for one in able]) for label, w in (
            ("fitted", rank), ("as found", np.array([float(f == "first") for f in FEATURES])))}  # fmt: skip
        print(name, {label: round(float(first), 3) for label, first in firsts.items()}, "of", len(able))
    pooled = [*found["squad"], *found["news"]]
    dice.shuffle(pooled)
    answers = fit_answers(pooled)
    stored = {
        "rank": {"bias": 0.0, "weights": dict(zip(FEATURES, rank.round(4).tolist(), strict=True))},
        "answers": {
            "bias": round(float(answers[0]), 4),
            "weights": dict(zip(FEATURES, answers[1:].round(4).tolist(), strict=True)),
        },
        "risk": risk(pooled),
    }
    (READER / CALIBRATION).write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def collect(
    root: Path, documents: Sequence[Document], *, asked: Sequence[tuple[Example, str]], reader: TrainedReader
) -> list[Candidates]:
    """Make the index where there is none yet, and collect the candidates of every question."""
    config = Config(reader=Reading(model="none"))
    ingest_documents(documents, root, config=config, embedder=load_embedder(config.embedding.model))
    with rag.open(root, config) as bot:
        return list(candidates(bot, reader, examples=asked))


if __name__ == "__main__":
    main()
