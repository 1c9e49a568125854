"""Make the int8 file of the default encoder from its original weights; needed once on a machine, takes seconds."""

from __future__ import annotations

import hashlib
import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

from rag.errors import ModelMissing

# The oldest opset whose operators the int8 quantiser and every supported onnxruntime know.
OPSET = 17


def export_minilm(folder: Path, target: Path, *, sha256: str) -> None:
    """Trace the encoder in `folder`, quantise its weights to int8 a channel, and put the file at `target`.

    The file appears whole or not at all, also when two processes make it at once.

    Raises:
        ModelMissing: the weights are not those of the release that `sha256` names.
    """
    weights = folder / "model.safetensors"
    seen = hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else "no file"
    if seen != sha256:
        raise ModelMissing(f"{weights} should have the sha256 {sha256}, but has {seen}. Install the package anew.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        full, small = Path(scratch) / "float32.onnx", Path(scratch) / "int8.onnx"
        _trace(folder, full)
        quantise(full, small)
        small.replace(target)


def _trace(folder: Path, target: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    model = SentenceTransformer(
        str(folder), device="cpu", local_files_only=True, model_kwargs={"attn_implementation": "eager"}
    )
    transformer: Any = model[0]

    class Encoder(torch.nn.Module):
        """Token ids and mask in, the last hidden state out; segment ids are always zero here."""

        def __init__(self) -> None:
            super().__init__()
            self.bert: Any = transformer.auto_model.eval()

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            segments = torch.zeros_like(input_ids)
            output = self.bert(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=segments)
            hidden: torch.Tensor = output.last_hidden_state
            return hidden

    sample = torch.ones(2, 8, dtype=torch.long)
    axes = {0: "batch", 1: "tokens"}
    # dynamo=False: the tracing exporter gives a graph that the quantiser understands.
    torch.onnx.export(
        Encoder(),
        (sample, sample),
        str(target),
        input_names=["input_ids", "attention_mask"],
        output_names=["hidden"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "hidden": axes},
        opset_version=OPSET,
        dynamo=False,
    )


def quantise(source: Path, target: Path) -> None:
    """Write a model anew with its weights in int8."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    root = logging.getLogger()  # on which the quantiser gives advice
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        # Scales a channel: a scale a tensor takes the mean cosine to float32 from .995 down to .937.
        quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True)
    finally:
        root.setLevel(level)
