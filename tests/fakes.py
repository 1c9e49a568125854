"""Stand-ins that are real, short classes behind the seams of the project."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from rag.text import content_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


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
