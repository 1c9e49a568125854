"""Groups of examples into batches of tensors: rows of one length together, a group never torn apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from rag.packing import Packer, Pair, Row

UNKNOWN = -1
# So many batches are made of one draw: enough to sort by length, too few to make the order a matter of length.
_BATCHES_A_DRAW = 48
# Batches have few shapes: on a CPU each new one has its kernels compiled, which takes longer than the step itself.
_WIDTHS = 32


@dataclass(frozen=True, slots=True)
class Example:
    """One pair and what is true of it; what is not known of it is `UNKNOWN` and not learnt.

    `answer` is the span of the answer in the passage, (0, 0) where there is none, None where that is unknown.
    `relevant` and `answerable` are 0 or 1, `support` is an index into `rag.cross_encoder.LABELS`.
    """

    pair: Pair
    answer: tuple[int, int] | None = None
    relevant: int = UNKNOWN
    answerable: int = UNKNOWN
    support: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class Target:
    """An example as the model sees it: a row, and the positions of the answer's first and last token.

    Of the row's tokens, those from `shown` on are header and passage, and from `first` to `last` the passage's own.
    """

    ids: NDArray[np.uint16]
    shown: int
    first: int
    last: int
    start: int
    end: int
    relevant: int
    answerable: int
    support: int


def targets(groups: Iterable[Sequence[Example]], packer: Packer) -> list[list[Target]]:
    """Pack groups of examples: of several windows the one with the answer, else the first.

    An example whose answer fits no window is dropped, and so is a group that has lost its first example.
    """
    packed = []
    for group in groups:
        windows = packer.pack([example.pair for example in group])
        found = [_target(example, rows) for example, rows in zip(group, windows, strict=True)]
        if found[0] is not None:
            packed.append([target for target in found if target is not None])
    return packed


def _target(example: Example, rows: list[Row]) -> Target | None:
    labels = (example.relevant, example.answerable, example.support)
    if example.answer is None:
        return _of(rows[0], (UNKNOWN, UNKNOWN), labels)
    start, end = example.answer
    if start == end:
        return _of(rows[0], (0, 0), labels)
    for row in rows:
        inside = [n for n, (first, last) in enumerate(row.spans) if first < end and start < last]
        if inside and row.spans[inside[0]][0] <= start and row.spans[inside[-1]][1] >= end:
            return _of(row, (row.first + inside[0], row.first + inside[-1]), labels)
    return None


def _of(row: Row, places: tuple[int, int], labels: tuple[int, int, int]) -> Target:
    ids = np.array(row.ids, np.uint16)
    return Target(ids, row.types.index(1), row.first, row.first + len(row.spans), *places, *labels)


def batches(groups: Sequence[list[Target]], *, tokens: int, dice: random.Random) -> list[list[list[Target]]]:
    """Cut groups into batches of at most so many tokens, padding counted, in an order that the dice give."""
    order = list(groups)
    dice.shuffle(order)
    mean = sum(len(target.ids) for group in order for target in group) / max(1, len(order))
    draw = max(1, int(_BATCHES_A_DRAW * tokens / max(1.0, mean)))
    made: list[list[list[Target]]] = []
    for at in range(0, len(order), draw):
        some = sorted(order[at : at + draw], key=_longest)
        cut: list[list[list[Target]]] = [[]]
        for group in some:
            n = len(group) + sum(map(len, cut[-1]))
            if cut[-1] and n * _longest(group) > tokens:
                cut.append([])
            cut[-1].append(group)
        dice.shuffle(cut)
        made += cut
    return made


def _longest(group: Sequence[Target]) -> int:
    """Return the width of a batch that holds this group."""
    return -(-max(len(target.ids) for target in group) // _WIDTHS) * _WIDTHS


def tensors(batch: Sequence[Sequence[Target]], *, tokens: int) -> dict[str, torch.Tensor]:
    """Pad a batch: ids, mask, types of shape (rows, width); the labels and the number of the group, one a row.

    There are always `tokens // width` rows, of which the last may be empty, with nothing to learn. `allowed` marks
    where an answer may begin or end: position 0 and the passage.
    """
    rows = [(number, target) for number, group in enumerate(batch) for target in group]
    width = max(map(_longest, batch))
    height = max(len(rows), tokens // width)
    out = {name: torch.zeros(height, width, dtype=torch.long) for name in ("ids", "mask", "types", "allowed")}
    out["mask"][:, 0] = 1
    for n, (_, target) in enumerate(rows):
        length = len(target.ids)
        out["ids"][n, :length] = torch.from_numpy(target.ids.astype(np.int64))
        out["types"][n, target.shown : length] = 1
        out["mask"][n, :length] = 1
        out["allowed"][n, 0] = 1
        out["allowed"][n, target.first : target.last] = 1
    for name in ("start", "end", "relevant", "answerable", "support"):
        out[name] = torch.full((height,), UNKNOWN)
        out[name][: len(rows)] = torch.tensor([getattr(target, name) for _, target in rows])
    out["group"] = torch.full((height,), UNKNOWN)
    out["group"][: len(rows)] = torch.tensor([number for number, _ in rows])
    return out
