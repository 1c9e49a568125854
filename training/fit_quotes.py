"""Fit the weights with which `rag/quotes.py` tells which sentence answers a question.

    python -m training.fit_quotes --data DIR [--language en|zh] [--questions 1500]

Questions of a train split (SQuAD 1.1, CMRC 2018) are asked of an index of that split's paragraphs. A third of them are
asked as if their article were not there, so that the model learns how little a lookalike is worth. A sentence is right
if it stands in the gold paragraph and holds a gold answer. Four fifths of the questions fit the weights, the rest show
how well the best sentence's probability tells right from wrong; nothing of a dev split is read.
"""

from __future__ import annotations

import json
import random
import tempfile
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

import rag
from eval.data import arguments, squad
from ingest import ingest_documents
from rag.models import load_embedder
from rag.quotes import Weights, describe

if TYPE_CHECKING:
    from eval.types import Example
    from rag.types import Document

FILES = {"en": "squad/train-v1.1.json.gz", "zh": "cmrc2018/train.json.gz"}
N_PARAGRAPHS = 5000
HITS = 10
# What is fitted beside the bias; too few of the questions ask what something is to fit `defines`.
NAMES = [f.name for f in fields(Weights) if f.name not in {"bias", "defines"}]


def rows_of(example: Example, bot: rag.Assistant, *, answerable: bool, embed: object) -> list[tuple[list[float], int]]:
    """Return the features of each sentence that a search brings, and whether it is right."""
    hits = bot.search(example.question, limit=60)
    documents = bot.index.library.some_documents({hit.passage.doc_id for hit in hits})
    gold = example.evidence[0].doc_id
    if not answerable:
        article = article_of(bot.document(gold))
        hits = [hit for hit in hits if article_of(documents[hit.passage.doc_id]) != article]
    found = describe(
        example.question, hits[:HITS], documents=documents, embed=embed, term_weights=bot.index.term_weights,
    )  # fmt: skip
    rows = []
    for hit, span, features in found:
        document = documents[hit.passage.doc_id]
        text = document.text[span.start : span.end]
        right = document.id == gold and any(answer in text for answer in example.answers)
        rows.append(([1.0, *(features[name] for name in NAMES)], int(right)))
    return rows


def article_of(document: Document) -> str:
    """Return the name of the article that a paragraph belongs to."""
    return document.source.split("#")[0]


def fit(x: np.ndarray, y: np.ndarray, *, ridge: float = 1.0) -> np.ndarray:
    """Fit a logistic model by Newton's method, with a ridge penalty on all weights but the bias."""
    penalty = ridge * np.eye(x.shape[1])
    penalty[0, 0] = 0
    w = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-(x @ w)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + penalty
        w -= np.linalg.solve(hessian, x.T @ (p - y) + penalty @ w)
    return w


def main() -> None:
    """Collect, fit, and print the weights and what they are worth."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--language", choices=tuple(FILES), default="en")
    parser.add_argument("--questions", type=int, default=1500)
    options = parser.parse_args()
    documents, examples = squad(options.data / FILES[options.language], options.language)
    dice = random.Random(0)
    titles = sorted({article_of(document) for document in documents})
    dice.shuffle(titles)
    kept = set(titles[: N_PARAGRAPHS if options.language == "zh" else N_PARAGRAPHS // 40])
    chosen = {document.id: document for document in documents if article_of(document) in kept}
    examples = [example for example in examples if example.answerable and example.evidence[0].doc_id in chosen]
    examples = dice.sample(examples, min(options.questions, len(examples)))
    embedder = load_embedder(rag.Config().embedding.model)
    with tempfile.TemporaryDirectory() as folder:
        ingest_documents(list(chosen.values()), folder, config=rag.Config(), embedder=embedder)
        with rag.open(folder, rag.Config()) as bot:
            asked = [
                rows_of(example, bot, answerable=number % 3 != 0, embed=embedder.embed)
                for number, example in enumerate(examples)
            ]
    report([rows for rows in asked if rows], options.language)


def report(asked: list[list[tuple[list[float], int]]], language: str) -> None:
    """Fit on four fifths and print weights, top-1 accuracy and what each threshold would answer."""
    cut = len(asked) * 4 // 5
    x = np.array([features for rows in asked[:cut] for features, _ in rows])
    y = np.array([right for rows in asked[:cut] for _, right in rows])
    w = fit(x, y)
    print(json.dumps({"language": language, **dict(zip(["bias", *NAMES], w.round(2).tolist(), strict=True))}))
    best = []
    for rows in asked[cut:]:
        p = 1 / (1 + np.exp(-(np.array([features for features, _ in rows]) @ w)))
        best.append((float(p.max()), rows[int(p.argmax())][1], any(right for _, right in rows)))
    findable = [right for _, right, there in best if there]
    print(f"best sentence right where one is there: {np.mean(findable):.3f} of {len(findable)}")
    print("threshold  answered  right of answered  findable ones answered right  unanswerable refused")
    for threshold in np.arange(0.05, 0.95, 0.05):
        taken = [(right, there) for p, right, there in best if p >= threshold]
        right = sum(r for r, _ in taken)
        refused = np.mean([p < threshold for p, _, there in best if not there])
        share = right / max(1, len(taken))
        print(f"{threshold:.2f}  {len(taken) / len(best):.2f}  {share:.2f}  {right / len(findable):.2f}  {refused:.2f}")


if __name__ == "__main__":
    main()
