"""Stand-ins that are real, short classes behind the seams of the project."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from rag.calibration import Calibration, Linear
from rag.cross_encoder import Judgement
from rag.read import NullReader
from rag.text import content_terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from rag.chat import Message
    from rag.packing import Pair
    from rag.types import Verdict

SILENT = Judgement(spans=(), relevant=-5.0, answerable=-5.0, support=(0.0, 0.0, 0.0, 0.0))
# Passages go by how relevant they are, and answer as surely as the model finds them answerable.
CALIBRATION = Calibration(
    rank=Linear(bias=0.0, weights={"relevant": 1.0}),
    answers=Linear(bias=0.0, weights={"answerable": 1.0}),
    risk=((0.2, 0.5), (0.5, 0.2), (0.8, 0.05)),
)


class FakeEmbedder:
    """Hashes words into a few dimensions: texts that share words are near each other. Counts what it embeds."""

    fingerprint = "fake-1"
    dimension = 64

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str], *, as_query: bool = False) -> NDArray[np.float32]:
        if not as_query:
            self.embedded += texts
        vectors = np.full((len(texts), self.dimension), 1e-6, np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for term in content_terms(text):
                vector[zlib.crc32(term.encode()) % self.dimension] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class RefusingEmbedder(FakeEmbedder):
    """Fails when it is asked to embed a passage: for showing that nothing is embedded."""

    def embed(self, texts: Sequence[str], *, as_query: bool = False) -> NDArray[np.float32]:
        assert as_query, f"asked to embed {texts}"
        return super().embed(texts, as_query=True)


class FakeCrossEncoder:
    """Says of a passage what it was told to say, of any other nothing. Remembers the pairs it was asked."""

    def __init__(self, told: Mapping[str, Judgement] | None = None) -> None:
        self.told = told or {}
        self.asked: list[Pair] = []

    def __call__(self, pairs: Sequence[Pair]) -> list[Judgement]:
        self.asked += pairs
        return [self.told.get(pair.passage, SILENT) for pair in pairs]


class FakeReader(NullReader):
    """Gives the same verdict on every sentence. Remembers what it was asked."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.asked: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []

    def support(self, sentence: str, quotes: Sequence[str], *, context: Sequence[str] = ()) -> Verdict:
        self.asked.append((sentence, tuple(quotes), tuple(context)))
        return self.verdict


class ScriptedChatModel:
    """Writes what it was told to, a few characters at a time. Remembers what it was sent, and whether it was stopped.

    An exception in the script is raised in its place.
    """

    fingerprint = "scripted"

    def __init__(self, *replies: str | Exception) -> None:
        self.replies = list(replies)
        self.sent: list[list[Message]] = []
        self.stopped = 0

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        self.sent.append(list(messages))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        try:
            for start in range(0, len(reply), 7):
                yield reply[start : start + 7]
        except GeneratorExit:
            self.stopped += 1
            raise
