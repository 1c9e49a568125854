"""Train the reader.

    python -m training.train --data DIR --out FOLDER [--examples 90000] [--start READER.pt] [--seed 0] [--device cuda]

Makes the examples from the train splits in DIR (kept in FOLDER, made once), trains on them for one pass with the
learning rate rising over the first twentieth and then falling to nothing, and writes `log.jsonl` and a checkpoint every
few minutes. A run that was broken off goes on from its last checkpoint, with the same batches as if it had not been.
On two cores 90,000 examples take about 80 minutes; on one GPU minutes.
"""

from __future__ import annotations

import json
import pickle
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, softplus

from eval.data import arguments
from rag.cross_encoder import ANSWERABLE, RELEVANT, SUPPORT
from rag.models import minilm_folder
from rag.packing import Packer
from training.batches import UNKNOWN, batches, targets, tensors
from training.examples import examples
from training.model import ReaderModel

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from training.batches import Target

RATE, WARM, CLIP = 2e-4, 0.05, 1.0
TOKENS_A_BATCH = 3600
SAVE_EVERY_S = 300
LOG_EVERY = 50


def losses(spans: torch.Tensor, judgements: torch.Tensor, *, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return what is to be made small: one number a task, 0 where a batch has nothing of it.

    Relevance and answerability are learnt twice: each row by itself, and each group's right rows against its wrong
    ones, which is what ranking and telling near misses come down to.
    """
    spans = spans.masked_fill(batch["allowed"].unsqueeze(-1) == 0, -1e4)
    found = {
        "span": sum(cross_entropy(spans[..., n], batch[edge], ignore_index=UNKNOWN) for n, edge in enumerate(_EDGES))
        / 2
        if (batch["start"] != UNKNOWN).any()
        else spans.sum() * 0,
        "support": cross_entropy(judgements[:, SUPPORT], batch["support"], ignore_index=UNKNOWN)
        if (batch["support"] != UNKNOWN).any()
        else judgements.sum() * 0,
    }
    for name, column in (("relevant", RELEVANT), ("answerable", ANSWERABLE)):
        found |= _binary(name, judgements[:, column], batch)
    return found


def _binary(name: str, logits: torch.Tensor, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    known = batch[name] != UNKNOWN
    right, wrong = batch[name] == 1, batch[name] == 0
    pairs = right[:, None] & wrong[None, :] & (batch["group"][:, None] == batch["group"][None, :])
    alone = binary_cross_entropy_with_logits(logits[known], batch[name][known].float()) if known.any() else 0.0
    ranked = softplus(logits[None, :] - logits[:, None])[pairs].mean() if pairs.any() else 0.0
    return {name: alone + logits.sum() * 0, f"{name} ranked": ranked + logits.sum() * 0}


_EDGES = ("start", "end")
WEIGHTS = {
    "span": 1.0, "support": 0.4, "relevant": 0.3, "relevant ranked": 0.3, "answerable": 0.5, "answerable ranked": 0.3,
}  # fmt: skip


def main() -> None:
    """Make or read the examples, then train to the end."""
    options = _options().parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    packer = Packer(Tokenizer.from_file(str(minilm_folder() / "tokenizer.json")))
    train(_batches(options, packer)[: options.steps], options)


def train(made: list[list[list[Target]]], options: Namespace) -> None:
    """Train for one pass over the batches, from the last checkpoint where there is one."""
    model = ReaderModel(minilm_folder()).to(options.device)
    if options.start:
        model.load_state_dict(torch.load(options.start, weights_only=True, map_location=options.device))
    learnt = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=RATE, weight_decay=0.01, fused=True)
    warm = max(1, int(WARM * len(made)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, (len(made) - step) / max(1, len(made) - warm))
    )
    state: dict[str, Any] = {"model": model, "optimizer": optimizer, "schedule": schedule}
    first = _resume(options.out / "checkpoint.pt", state)
    saved, sums, seen = time.monotonic(), dict.fromkeys(WEIGHTS, 0.0), 0
    began = time.monotonic()
    for step in range(first, len(made)):
        batch = {name: tensor.to(options.device) for name, tensor in tensors(made[step], tokens=TOKENS_A_BATCH).items()}
        with torch.autocast(options.device, torch.bfloat16):
            spans, judgements = model(batch["ids"], batch["mask"], batch["types"])
        parts = losses(spans.float(), judgements.float(), batch=batch)
        sum(WEIGHTS[name] * part for name, part in parts.items()).backward()  # type: ignore[union-attr]
        torch.nn.utils.clip_grad_norm_(learnt, CLIP)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        seen += sum(map(len, made[step]))
        for name, part in parts.items():
            sums[name] += float(part.detach()) / LOG_EVERY
        if (step + 1) % LOG_EVERY == 0:
            rate = seen / (time.monotonic() - began)
            _log(options.out, {"step": step + 1, "of": len(made), "a_second": rate, **sums})
            sums = dict.fromkeys(WEIGHTS, 0.0)
        if time.monotonic() - saved > SAVE_EVERY_S or step + 1 == len(made):
            _save(options.out / "checkpoint.pt", state, step + 1)
            saved = time.monotonic()
    torch.save(model.state_dict(), options.out / "reader.pt")


def _options() -> ArgumentParser:
    parser = arguments(__doc__ or "")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--examples", type=int, default=90_000, help="about how many (%(default)s)")
    parser.add_argument("--steps", type=int, help="train on so many batches and leave out the rest")
    parser.add_argument("--start", type=Path, help="weights to begin with: reader.pt of an earlier run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser


def _batches(options: Namespace, packer: Packer) -> list[list[list[Target]]]:
    """Return the batches of a run, made once and kept beside it: a pickle of our own making, read by nobody else."""
    kept = options.out / f"batches-{options.examples}-{options.seed}.pickle"
    if not kept.is_file():
        made = examples(options.data, n=options.examples, seed=options.seed)
        cut = batches(targets(made, packer), tokens=TOKENS_A_BATCH, dice=random.Random(options.seed))
        beside = kept.with_suffix(".new")
        beside.write_bytes(pickle.dumps(cut))
        beside.replace(kept)
    return pickle.loads(kept.read_bytes())  # noqa: S301


def _resume(path: Path, state: dict[str, Any]) -> int:
    if not path.is_file():
        return 0
    saved = torch.load(path, weights_only=True, map_location="cpu")
    for name, part in state.items():
        part.load_state_dict(saved[name])
    return int(saved["step"])


def _save(path: Path, state: dict[str, Any], step: int) -> None:
    beside = path.with_suffix(".new")
    torch.save({name: part.state_dict() for name, part in state.items()} | {"step": step}, beside)
    beside.replace(path)


def _log(folder: Path, row: Mapping[str, float]) -> None:
    line = json.dumps({name: round(value, 4) for name, value in row.items()})
    print(line, flush=True)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


if __name__ == "__main__":
    main()
