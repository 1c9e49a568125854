"""Write a trained reader as the int8 file that ships.

python -m training.export --run FOLDER [--to rag/models/reader]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import torch

from rag.cross_encoder import MODEL, TOKENIZER
from rag.export import OPSET, quantise
from rag.models import minilm_folder
from rag.read import READER
from training.model import ReaderModel


def export(weights: Path, folder: Path) -> None:
    """Trace the model whose weights lie in a file, quantise it, and put it and its tokenizer into a folder."""
    state = torch.load(weights, weights_only=True)
    model = ReaderModel(minilm_folder()).eval()
    model.load_state_dict(state.get("model", state))
    folder.mkdir(parents=True, exist_ok=True)
    sample = torch.ones(2, 8, dtype=torch.long)
    axes = {0: "rows", 1: "tokens"}
    names = ["input_ids", "attention_mask", "token_type_ids"]
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch) / "float32.onnx"
        torch.onnx.export(
            model,
            (sample, sample, sample),
            str(full),
            input_names=names,
            output_names=["spans", "judgements"],
            dynamic_axes=dict.fromkeys([*names, "spans"], axes) | {"judgements": {0: "rows"}},
            opset_version=OPSET,
            dynamo=False,
        )
        quantise(full, folder / MODEL)
    shutil.copyfile(minilm_folder() / "tokenizer.json", folder / TOKENIZER)


def main() -> None:
    """Export the weights of a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of the run, with reader.pt or a checkpoint")
    parser.add_argument("--to", type=Path, default=READER)
    options = parser.parse_args()
    weights = options.run / "reader.pt"
    export(weights if weights.is_file() else options.run / "checkpoint.pt", options.to)
    print(f"{options.to / MODEL}: {(options.to / MODEL).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
