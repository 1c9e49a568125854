"""A question and a passage as one row of tokens, the way the reader was trained to see them.

    [CLS] question [SEP] header [SEP] passage [SEP]

A passage too long for one row becomes several windows that overlap. Every token of a passage keeps the characters it
stands for, so that what the model points at is found again exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenizers import Encoding, Tokenizer

MAX_TOKENS = 320
_MAX_QUESTION_TOKENS = 120
_MAX_HEADER_TOKENS = 40
# What two windows of one passage share: no short answer is cut in two.
_OVERLAP_TOKENS = 48
_CLS, _SEP = "[CLS]", "[SEP]"


@dataclass(frozen=True, slots=True)
class Pair:
    """What is read together: a question and a passage with its header, or a sentence and its quotes without one."""

    question: str
    passage: str
    header: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One window of a pair: `ids` and `types` for the model, both of the same length.

    `spans` are the characters of the passage that its tokens stand for; the first of them is at position `first`.
    """

    ids: list[int]
    types: list[int]
    first: int
    spans: list[tuple[int, int]]


class Packer:
    """Packs pairs with the tokenizer of the encoder that the reader was made from."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._tokenizer.encode_special_tokens = True  # "[SEP]" in a text is a text, not a token of ours
        self._cls, self._sep = (int(tokenizer.token_to_id(token) or 0) for token in (_CLS, _SEP))

    def pack(self, pairs: Sequence[Pair]) -> list[list[Row]]:
        """Return the windows of each pair, at least one."""
        questions, headers, passages = (
            self._tokenizer.encode_batch([getattr(pair, name) for pair in pairs], add_special_tokens=False)
            for name in ("question", "header", "passage")
        )
        return [list(self._windows(*parts)) for parts in zip(questions, headers, passages, strict=True)]

    def _windows(self, question: Encoding, header: Encoding, passage: Encoding) -> Iterator[Row]:
        asked = [self._cls, *question.ids[:_MAX_QUESTION_TOKENS], self._sep]
        shown = [*header.ids[:_MAX_HEADER_TOKENS], self._sep]
        first = len(asked) + len(shown)
        room = MAX_TOKENS - first - 1
        step = room - _OVERLAP_TOKENS
        for start in range(0, max(1, len(passage.ids) - _OVERLAP_TOKENS), step):
            window = passage.ids[start : start + room]
            ids = [*asked, *shown, *window, self._sep]
            types = [0] * len(asked) + [1] * (len(ids) - len(asked))
            yield Row(ids, types, first, passage.offsets[start : start + room])
