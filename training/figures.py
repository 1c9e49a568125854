"""What a reader is worth on SQuAD 2.0's public dev questions with their paragraph given.

    python -m training.figures --data DIR (--checkpoint FILE | --reader FOLDER) [--questions 1000]

It judges; it does not refuse: span F1 of the answerable questions without a threshold, and how well each of its signals
tells answerable questions from others (AUROC).
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
from training.model import ReaderModel

if TYPE_CHECKING:
    from rag.cross_encoder import Floats, Judgement
    from rag.packing import Row

DEV = "squad/dev-v2.0-public.json.gz"


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
    return {"span F1": float(np.mean(f1))} | {
        name: auroc(np.stack([np.array(values), real], axis=1)) for name, values in signals.items()
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
