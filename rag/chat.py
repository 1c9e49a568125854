"""The seam to chat models: messages in, pieces of text out. `rag/llm.py` opens what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a chat model."""

    role: Literal["system", "user", "assistant"]
    text: str


class ChatModel(Protocol):
    """Whatever writes. Safe to call from several threads."""

    fingerprint: str

    def stream(self, messages: Sequence[Message]) -> Generator[str, None, None]:
        """Yield the reply to messages, what is fixed first, piece by piece; closing the generator stops the model.

        Raises:
            WriterFailed: the model cannot be reached, refused, or took too long.
        """
        ...
