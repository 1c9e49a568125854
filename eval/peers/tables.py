"""The figures of all pipelines as tables: beside each other, and Footnote's in relation to each peer's."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from eval.statistics import paired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from eval.statistics import Difference

MEASURES = ("R@1", "R@5", "nDCG@10")


@dataclass(slots=True)
class Result:
    """What was measured of one pipeline.

    `figures` go by the keys of `ROWS`; what was not measured is not there. `values` holds, for each of `MEASURES`, one
    value for each question's id.
    """

    figures: dict[str, float] = field(default_factory=dict)
    values: dict[str, dict[str, float]] = field(default_factory=dict)


class Row(NamedTuple):
    """A line of the tables: its key in JSON, what it says, its decimals, and whether a ratio of it means anything."""

    key: str
    label: str
    decimals: int
    compared: bool = True


ROWS = (
    Row("passages", "passages", 0, compared=False),
    Row("documents_per_s", "documents indexed a second ↑", 1),
    Row("passages_per_s", "passages indexed a second ↑", 1),
    Row("memory_mb", "peak memory while indexing, MB ↓", 0),
    Row("warm_ms", "search, warm, median ms ↓", 1),
    Row("cold_s", "new process to printed result, median s ↓", 2),
    *(Row(name, f"{name} ↑", 3) for name in MEASURES),
    Row("others_percent", "CPU that other programs had meanwhile, %", 0, compared=False),
)
Results = dict[str, Result]  # by the name of the pipeline, Footnote first


def ratios(results: Results) -> dict[str, dict[str, float]]:
    """Return, for each peer, Footnote's figures divided by its own, where both are there and its own is not zero."""
    ours, *peers = results
    return {peer: _ratios(results[ours].figures, results[peer].figures) for peer in peers}


def differences(results: Results) -> dict[str, dict[str, Difference]]:
    """Return, for each peer and measure, Footnote's figure minus the peer's with its interval (paired bootstrap)."""
    ours, *peers = results
    return {
        peer: {name: paired(values, results[ours].values[name]) for name, values in results[peer].values.items()}
        for peer in peers
    }


def figures_table(results: Results) -> str:
    """Return the figures as a Markdown table, a column for each pipeline."""

    def cell(name: str, row: Row) -> str:
        figure = results[name].figures.get(row.key, math.nan)
        return "–" if math.isnan(figure) else f"{figure:,.{row.decimals}f}"

    return _table(list(results), ROWS, cell=cell)


def ratios_table(results: Results) -> str:
    """Return `ratios` as a Markdown table, a column for each peer; ≈ where the interval of the difference holds 0."""
    ours = next(iter(results))
    divided, apart = ratios(results), differences(results)

    def cell(peer: str, row: Row) -> str:
        if row.key not in divided[peer]:
            return "–"
        same = row.key in apart[peer] and not apart[peer][row.key].significant
        return f"{'≈ ' if same else ''}{divided[peer][row.key]:.2f}"

    rows = [row for row in ROWS if row.compared]
    return _table(list(divided), rows, cell=cell, head=f"{ours} / ")


def _ratios(ours: dict[str, float], theirs: dict[str, float]) -> dict[str, float]:
    keys = [row.key for row in ROWS if row.compared and row.key in ours and theirs.get(row.key)]
    return {key: ours[key] / theirs[key] for key in keys}


def _table(names: list[str], rows: Iterable[Row], *, cell: Callable[[str, Row], str], head: str = "") -> str:
    lines = [f"| | {' | '.join(head + name for name in names)} |", "|---" * (1 + len(names)) + "|"]
    lines += [f"| {row.label} | {' | '.join(cell(name, row) for name in names)} |" for row in rows]
    return "\n".join(lines)
