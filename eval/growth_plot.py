"""The picture of `eval.scale` for README: four small plots over the number of passages."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

_INK, _FAINT = "#333333", "#d0d0d0"
_COLOURS = ("#0b5cad", "#c2570c", "#3a7d44")
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "scale",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": _FAINT,
    "legend.frameon": False,
}


def growth_svg(steps: Sequence[Mapping[str, Any]]) -> str:
    """Draw steps of `eval.scale` as an SVG that stands by itself, on white: GitHub shows it on dark pages, too."""
    import matplotlib as mpl  # here, since it costs a second and few commands draw
    from matplotlib.figure import Figure

    def of(key: str, factor: float = 1.0) -> list[float]:
        return [step[key] * factor for step in steps]

    def ms(key: str, percentile: str) -> list[float]:
        return [step[key][percentile] for step in steps]

    plots = {
        "search without the reader, ms": {"median": ms("search_ms", "p50"), "95 %": ms("search_ms", "p95")},
        "on disk, MB": {"library": of("library_mb"), "vectors": of("vectors_mb"), "words": of("lexical_mb")},
        "ingest so far, minutes": {"embedding": of("embedding_s", 1 / 60), "all else": of("rest_s", 1 / 60)},
        "peak memory, MB": {"ingesting": of("ingest_memory_mb"), "asking": of("ask_memory_mb")},
    }
    sheet = io.StringIO()
    with mpl.rc_context():
        mpl.rcdefaults()  # what the user has set for other work must not show
        mpl.rcParams.update(_STYLE)
        figure = Figure(figsize=(9, 6), layout="constrained")
        for axes, (title, lines) in zip(figure.subplots(2, 2).flat, plots.items(), strict=True):
            _paint(axes, of("passages"), title=title, lines=lines)
        unsaid = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(sheet, format="svg", facecolor="white", metadata=unsaid)
    return "\n".join(text.rstrip() for text in sheet.getvalue().splitlines()) + "\n"


def _paint(axes: Axes, passages: Sequence[float], *, title: str, lines: Mapping[str, Sequence[float]]) -> None:
    for (label, values), colour in zip(lines.items(), _COLOURS, strict=False):
        axes.plot(passages, values, "o-", color=colour, label=label, markersize=4, linewidth=1.8)
    axes.set(title=title, xscale="log", xlabel="passages", ylim=(0, None))
    axes.set_xticks(list(passages), [f"{round(n / 1000):,}k" for n in passages], minor=False)
    axes.tick_params(axis="x", which="minor", length=0)
    axes.legend(loc="upper left")
