"""What a reader is worth on SQuAD 2.0's public dev questions with their paragraph given.

    python -m training.figures --data DIR (--checkpoint FILE | --reader FOLDER) [--questions 1000]

It judges; it does not refuse: span F1 of the answerable questions without a threshold, and how well each of its signals
tells answerable questions from others (AUROC). Where question and answer make a statement, as a chat model would write
it, the same is asked of the sentence that the answer stands in: whether it bears that statement.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from tokenizers import Tokenizer

from eval.data import arguments, squad
from eval.scorers.answers import token_f1
from eval.scorers.support import auroc
from rag.cross_encoder import CrossEncoder, open_cross_encoder
from rag.models import minilm_folder
from rag.packing import Packer, Pair
from rag.read import sentence_around
from rag.text import sentences
from training.model import ReaderModel
from training.statements import statement
from training.verbs import Lexicon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eval.types import Example
    from rag.cross_encoder import Floats, Judgement
    from rag.packing import Row

DEV = "squad/dev-v2.0-public.json.gz"
_RIGHT_F1 = 0.8


def torch_encoder(checkpoint: Path) -> CrossEncoder:
    """Return a judge that runs a checkpoint, or the weights at the end, in bfloat16."""
    state = torch.load(checkpoint, weights_only=True)
    model = ReaderModel(minilm_folder()).eval()
    model.load_state_dict(state.get("model", state))

    def run(row: Row) -> tuple[Floats, Floats]:
        ids, types = torch.tensor([row.ids]), torch.tensor([row.types])
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            spans, judgements = model(ids, torch.ones_like(ids), types)
        return spans[0].float().numpy(), judgements[0].float().numpy()

    return CrossEncoder(Packer(Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))), run, n_workers=2)


def figures(judge: CrossEncoder, data: Path, *, n: int) -> dict[str, float]:
    """Return the figures by name, over `n` questions drawn with a fixed seed."""
    documents, questions = squad(data / DEV)
    texts = {document.id: document for document in documents}
    by_paragraph = dict(zip([q.id for q in questions], _paragraph_of(data), strict=True))
    drawn = random.Random(0).sample(questions, min(n, len(questions)))
    pairs = [Pair(q.question, texts[by_paragraph[q.id]].text, texts[by_paragraph[q.id]].header()) for q in drawn]
    judged = judge(pairs)
    f1 = [token_f1(_answer(p, j), q.answers) for p, j, q in zip(pairs, judged, drawn, strict=True) if q.answerable]
    real = np.array([float(q.answerable) for q in drawn])
    signals = {
        "AUROC of spans": [j.best for j in judged],
        "AUROC of answerable": [j.answerable for j in judged],
        "AUROC of both": [j.best / 4 + j.answerable for j in judged],
        "AUROC of relevant": [j.relevant for j in judged],
    }
    found = {name: auroc(np.stack([np.array(values), real], axis=1)) for name, values in signals.items()}
    return {"span F1": float(np.mean(f1))} | found | _of_statements(judge, drawn, pairs=pairs, judged=judged)


def _of_statements(
    judge: CrossEncoder, drawn: Sequence[Example], *, pairs: Sequence[Pair], judged: Sequence[Judgement]
) -> dict[str, float]:
    """Return how well support tells statements with a right answer from those to which the paragraph has none."""
    lexicon = Lexicon([pair.passage for pair in pairs])
    made = []
    for question, pair, judgement in zip(drawn, pairs, judged, strict=True):
        answer = _answer(pair, judgement)
        said = statement(question.question, answer, lexicon=lexicon)
        if said and not (question.answerable and token_f1(answer, question.answers) < _RIGHT_F1):
            place = sentence_around(judgement.spans[0], sentences(pair.passage), offset=0)
            made.append((Pair(said.text(), pair.passage[place.start : place.end]), float(question.answerable)))
    support = np.array([judgement.support for judgement in judge([pair for pair, _ in made])])
    odds = support[:, 0] - np.logaddexp.reduce(support[:, 1:], axis=1)
    right = np.array([label for _, label in made])
    passed = support.argmax(axis=1) == 0
    return {
        "statements": len(made),
        "AUROC of support": auroc(np.stack([odds, right], axis=1)),
        "supported, right": float(passed[right == 1].mean()),
        "supported, wrong": float(passed[right == 0].mean()),
    }


def _answer(pair: Pair, judgement: Judgement) -> str:
    best = judgement.spans[0]
    return pair.passage[best.start : best.end]


def _paragraph_of(data: Path) -> list[str]:
    """Return the paragraph's document id of each question, in the order of the file."""
    _, given = squad(data / DEV, given=True)
    return [question.within[0] for question in given]


def main() -> None:
    """Print the figures as JSON."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--reader", type=Path)
    parser.add_argument("--questions", type=int, default=1000)
    options = parser.parse_args()
    judge = torch_encoder(options.checkpoint) if options.checkpoint else open_cross_encoder(options.reader)
    print(json.dumps({k: round(v, 4) for k, v in figures(judge, options.data, n=options.questions).items()}))


if __name__ == "__main__":
    main()
