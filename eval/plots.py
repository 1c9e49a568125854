"""The pictures of a report: SVG to stand inside a page, in the page's own colours and type.

Everything is drawn in stand-in colours, which are then replaced by the page's CSS variables: a picture follows the
page from light to dark. The same numbers give the same characters. This module knows nothing of runs.
"""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.scorers.refusal import BINS, bins, risk_coverage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Pairs = Sequence[tuple[float, float]]

_INK, _FAINT, _ACCENT = "#010203", "#010204", "#010205"
_THEME = {_INK: "currentColor", _FAINT: "var(--faint)", _ACCENT: "var(--accent)"}
_INCHES = (5, 3.3)
_RANKS = 10
# Where the slowest question takes this many times the median, equal bins would put all others into one of them.
_LONG_TAIL = 10
# The ids of groups are the same in every picture of a page, and nothing points at them; those of shapes are hashes.
_GROUP_ID = re.compile(r' id="[A-Za-z.\d]+_\d+"')
# What HTML knows by itself, what names a host, and the fonts of the machine that draws.
_NEEDLESS = re.compile(
    r"<style.*?</style>|<metadata>.*?</metadata>|\sxmlns(:\w+)?=\"[^\"]*\"|(?<=;) font-family: [^;\"]*;", re.DOTALL
)
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 11,
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.axisbelow": True,
    "grid.color": _FAINT,
    "grid.linewidth": 0.8,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def risk(pairs: Pairs) -> str:
    """Draw the risk–coverage curve, whose area is AURC; lower is better.

    It is the share of wrong answers among the most confident ones, over the share of answers that these are. `pairs`
    are (confidence, right as 0 or 1), one an answered question.
    """
    coverage, wrong = risk_coverage(*np.array(pairs, dtype=float).T)

    def paint(axes: Axes) -> None:
        axes.step([0, *coverage], [wrong[0], *wrong], where="pre", color=_ACCENT, linewidth=2)
        axes.plot(1, wrong[-1], "o", color=_ACCENT, clip_on=False)
        axes.annotate(f"{wrong[-1]:.0%}", (1, wrong[-1]), (4, 6), textcoords="offset points", annotation_clip=False)
        axes.set(xlim=(0, 1), xlabel="answered questions kept, most confident first", ylabel="wrong among them")
        axes.set_ylim(0, max(0.1, 1.1 * float(wrong.max())))
        axes.grid(axis="y")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda share, _: f"{share:.0%}")

    half = wrong[np.searchsorted(coverage, 0.5)]
    label = f"Of {len(pairs)} answered questions {wrong[-1]:.0%} are wrong; of the most confident half {half:.0%}."
    return _draw(paint, name="risk", label=label)


def calibration(pairs: Pairs) -> str:
    """Draw the share of right answers in ten bins of confidence: on the diagonal, confidence means what it says.

    `pairs` are as in `risk`. The count of each bin stands above it; a dot marks its mean confidence.
    """
    confidence, right = np.array(pairs, dtype=float).T
    places = bins(confidence)
    counts = np.bincount(places, minlength=BINS)
    filled = np.flatnonzero(counts)
    shares, means = (np.bincount(places, of, BINS)[filled] / counts[filled] for of in (right, confidence))

    def paint(axes: Axes) -> None:
        axes.bar((filled + 0.5) / BINS, shares, width=0.09, color=_ACCENT, alpha=0.3)
        axes.plot([0, 1], [0, 1], color=_INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.plot(means, shares, "o", color=_ACCENT, clip_on=False)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="right")
        axes.set_xticks(np.arange(0, 1.01, 0.2))
        axes.grid(axis="y")
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        above = axes.secondary_xaxis("top")
        above.set_xticks((filled + 0.5) / BINS, [str(count) for count in counts[filled]])
        above.tick_params(length=0)
        above.spines["top"].set_visible(False)

    said = (f"{at / BINS:.1f}: {share:.0%} of {counts[at]}" for at, share in zip(filled, shares, strict=True))
    return _draw(paint, name="calibration", label=f"Right answers by confidence, from {', '.join(said)}.")


def ranks(reciprocal: Sequence[float]) -> str:
    """Draw how often the first gold document stands at each of the first ten ranks, and how often at none.

    `reciprocal` are reciprocal ranks, one a question: 1 for the first rank, 0 for none of the first ten.
    """
    places = [round(1 / value) if value > 0 else _RANKS + 1 for value in reciprocal]
    counts = np.bincount(np.minimum(places, _RANKS + 1), minlength=_RANKS + 2)[1:]
    at = np.append(np.arange(1.0, _RANKS + 1), _RANKS + 2)  # a gap before those that were not found

    def paint(axes: Axes) -> None:
        bars = axes.bar(at, counts, width=0.8, color=[_ACCENT] * _RANKS + [_INK])
        axes.bar_label(bars, [str(count) if count else "" for count in counts], padding=2)
        axes.set_xticks(at, [*map(str, range(1, _RANKS + 1)), "not in\nthe ten"])
        axes.tick_params(axis="x", length=0)
        axes.set(xlabel="rank of the first gold document", ylabel="questions")
        axes.locator_params(axis="y", integer=True)
        axes.margins(y=0.12)

    label = f"Of {len(reciprocal)} questions {counts[0]} have a gold document first, {counts[-1]} not in the first ten."
    return _draw(paint, name="ranks", label=label)


def latency(seconds: Sequence[float]) -> str:
    """Draw how long the questions took, with the median and the 95th percentile."""
    values = np.array(seconds, dtype=float)
    half, most = np.percentile(values, [50, 95])
    long_tail = values.min() > 0 and values.max() > _LONG_TAIL * half
    edges: NDArray[np.float64] = (
        np.geomspace(values.min(), values.max(), 25) if long_tail else np.linspace(0, values.max() or 1, 25)
    )

    def paint(axes: Axes) -> None:
        counts, _, _ = axes.hist(values, bins=list(edges), color=_ACCENT, alpha=0.7)
        if long_tail:
            axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_ylim(0, 1.3 * float(np.max(counts)))
        for name, value, height in (("p50", half, 0.9), ("p95", most, 0.98)):
            axes.axvline(value, color=_INK, linewidth=1.2, linestyle=(0, (4, 3)))
            left = edges.searchsorted(value) > 0.7 * len(edges)  # there is more room on the left of the line
            at, aside, side = (value, height * axes.get_ylim()[1]), (-4 if left else 4, 0), "right" if left else "left"
            axes.annotate(f"{name} {value:.2g} s", at, aside, textcoords="offset points", ha=side, va="top")
        axes.set(xlabel="seconds a question", ylabel="questions")
        axes.locator_params(axis="y", integer=True)

    label = f"Half of {len(values)} questions took at most {half:.2g} seconds, 95% at most {most:.2g}."
    return _draw(paint, name="latency", label=label)


def whisker(places: Sequence[float], *, scale: tuple[float, float]) -> str:
    """Draw low end, figure and high end on a scale from its first to its last value, as a bar to stand in a line."""
    first, last = scale
    left, at, right = (100 * (place - first) / ((last - first) or 1) for place in places)
    return (
        '<svg class="whisker" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="scale" d="M0 5H100"/><path class="interval" d="M{left:.1f} 5H{right:.1f}"/>'
        f'<path class="figure" d="M{at:.1f} 1V9"/></svg>'
    )


def _draw(paint: Callable[[Axes], None], *, name: str, label: str) -> str:
    """Return the picture as one `<svg>` element; `name` keeps the ids of shapes apart from other pictures'."""
    import matplotlib as mpl  # here, since it costs a second and few commands draw
    from matplotlib.figure import Figure

    sheet = io.StringIO()
    with mpl.rc_context():
        mpl.rcdefaults()  # what the user has set for other work must not show
        mpl.rcParams.update({**_STYLE, "svg.hashsalt": name})
        figure = Figure(figsize=_INCHES, layout="constrained")
        paint(figure.add_subplot())
        unsaid = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(sheet, format="svg", transparent=True, metadata=unsaid)
    return _themed(sheet.getvalue(), label)


def _themed(svg: str, label: str) -> str:
    svg = _GROUP_ID.sub("", _NEEDLESS.sub("", svg[svg.index("<svg") :])).replace("xlink:href", "href")
    for drawn, shown in _THEME.items():
        svg = svg.replace(drawn, shown)
    _, box, rest = re.split(r'(viewBox="[^"]*")[^>]*', svg, maxsplit=1)  # no width and height: the page gives them
    return f'<svg role="img" aria-label="{html.escape(label)}" {box}{rest}'.strip()
