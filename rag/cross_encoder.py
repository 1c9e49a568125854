"""The trained reader: a question and a passage in, judgements out.

A small cross-encoder of our own (`training/` made it, `rag/models/reader/README.md` describes it) reads question and
passage together and says whether the passage is about what is asked, whether it answers it, where exactly, and whether
a sentence is borne by a quote. It runs on onnxruntime in int8, without torch, and knows English only.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import ModelMissing
from rag.models import n_cores
from rag.packing import Packer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rag.packing import Pair, Row
    from rag.types import Support

    Floats = NDArray[np.float32]
    Run = Callable[[Row], tuple[Floats, Floats]]

# The order of the model's judgements.
RELEVANT, ANSWERABLE, SUPPORT = 0, 1, slice(2, 6)
LABELS: tuple[Support, ...] = ("supported", "partial", "unsupported", "contradicted")
MODEL, TOKENIZER, CALIBRATION = "reader.onnx", "tokenizer.json", "calibration.json"

_MAX_ANSWER_TOKENS = 30
_N_EDGES = 12  # of the likeliest first and last tokens each, every pair is looked at
_N_SPANS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of the passage, in its characters, and by how much it is preferred to "no answer" (a logit)."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the reader says of a pair; all numbers are logits, higher for yes.

    `spans` are the likeliest answers, best first, empty for an empty passage. `support` has one number a label, in the
    order of `LABELS`.
    """

    spans: tuple[Found, ...]
    relevant: float
    answerable: float
    support: tuple[float, ...]

    @property
    def best(self) -> float:
        """By how much the best answer is preferred to none."""
        return self.spans[0].score if self.spans else -20.0


class CrossEncoder:
    """Packs pairs, runs the model over each row on all cores, and reads what comes out.

    Rows are read one at a time, the longest first: int8 scales are taken over a whole batch, so that in a batch a
    judgement would depend on its neighbours, and on a CPU a batch is no faster.
    """

    def __init__(self, packer: Packer, run: Run, *, n_workers: int) -> None:
        self._packer = packer
        self._run = run
        self._workers = ThreadPoolExecutor(n_workers, thread_name_prefix="read")

    def __call__(self, pairs: Sequence[Pair]) -> list[Judgement]:
        """CrossEncoder each pair; windows of a long passage become one judgement."""
        if not pairs:
            return []
        packed = self._packer.pack(pairs)
        places = [(n, row) for n, rows in enumerate(packed) for row in rows]
        places.sort(key=lambda place: -len(place[1].ids))
        judged: list[list[Judgement]] = [[] for _ in pairs]
        for (n, row), (spans, scores) in zip(
            places, self._workers.map(lambda place: self._run(place[1]), places), strict=True
        ):
            judged[n].append(_judgement(row, spans, scores=scores))
        return [_merge(windows) for windows in judged]


def open_cross_encoder(folder: Path) -> CrossEncoder:
    """Load the reader that lies in a folder.

    Raises:
        ModelMissing: a file is not there or cannot be read.
    """
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(folder / MODEL, options, providers=["CPUExecutionProvider"])
        packer = Packer(Tokenizer.from_file(str(folder / TOKENIZER)))
    except Exception as error:  # both libraries raise their own classes, which have no common public base
        raise ModelMissing(
            f"the reader in {folder} cannot be read ({error}). Install Footnote anew, or set reader.model to 'none'."
        ) from error

    def run(row: Row) -> tuple[Floats, Floats]:
        ids = np.array([row.ids], np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.array([row.types])}
        spans, scores = session.run(None, given)
        return spans[0], scores[0]

    return CrossEncoder(packer, run, n_workers=n_cores())


def _judgement(row: Row, spans: Floats, *, scores: Floats) -> Judgement:
    return Judgement(
        spans=_likeliest(row, spans),
        relevant=float(scores[RELEVANT]),
        answerable=float(scores[ANSWERABLE]),
        support=tuple(map(float, scores[SUPPORT])),
    )


def _likeliest(row: Row, spans: Floats) -> tuple[Found, ...]:
    """Return the likeliest answers of a row: first token no later than the last, and not too long."""
    none = float(spans[0].sum())
    begins, ends = (spans[row.first : row.first + len(row.spans), edge] for edge in (0, 1))
    found = [
        Found(row.spans[first][0], row.spans[last][1], float(begins[first] + ends[last]) - none)
        for first in np.argsort(-begins)[:_N_EDGES]
        for last in np.argsort(-ends)[:_N_EDGES]
        if first <= last < first + _MAX_ANSWER_TOKENS
    ]
    if not found and row.spans:  # the likeliest ends all stand before the likeliest beginnings
        only = int(np.argmax(begins + ends))
        found = [Found(*row.spans[only], float(begins[only] + ends[only]) - none)]
    return tuple(sorted(found, key=lambda span: (-span.score, span.start, span.end))[:_N_SPANS])


def _merge(windows: Sequence[Judgement]) -> Judgement:
    """Make one judgement of those of a passage's windows: what the best of them says."""
    if len(windows) == 1:
        return windows[0]
    found = sorted((span for window in windows for span in window.spans), key=_by_score)
    spans = {(span.start, span.end): span for span in found}  # of one found twice, the better
    best = max(windows, key=lambda window: window.support[0])
    return Judgement(
        spans=tuple(sorted(spans.values(), key=lambda span: (-span.score, span.start, span.end))[:_N_SPANS]),
        relevant=max(window.relevant for window in windows),
        answerable=max(window.answerable for window in windows),
        support=best.support,
    )


def _by_score(span: Found) -> float:
    return span.score
