"""One page that says what a run came to: the scores, the pictures, and every question with what was answered.

    run folder ─ read ─► dicts ─ arrange ─► views ─ template ─► one HTML file that needs nothing else

The page is made from the files of the run alone, so a run can be reported again at any time. The words of documents,
questions and answers are hostile until they are escaped, which the template does with all of them.
"""

from __future__ import annotations

import hashlib
import math
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from eval import plots
from eval.measures import MEASURES
from eval.scorers.judge import meets
from eval.store import RunFolder
from eval.types import GoldEvidence
from rag.errors import DataMissing
from rag.types import Passage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Json = dict[str, Any]

SHOWS_MORE = "footnote eval report RUN --questions"
SMALL_SLICE = 20
_HITS = 10
_EXCERPT_CHARS = 160
_HERE = Path(__file__).parent
# What tells most about a slice, where the run has it.
_TELLING = ("accuracy", "F1", "refusal F1", "citation recall", "nDCG@10", "R@5")
# No HTML text may hold control characters and halves of characters; signs that turn the direction of writing can make
# a text look like another one.
_UNSEEN = re.compile(
    r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of a question, in words; `right` is None where nothing tells."""

    word: str
    right: bool | None
    refused: bool = False


class Stored:
    """The files of a run, as they were written; reading them fails with `DataMissing`."""

    def __init__(self, folder: RunFolder) -> None:
        """Read them, unless it is no run, or one that is not finished, or its files do not belong together."""
        self.made, scores = folder.facts(), folder.scores()
        lines = {line["example"]["id"]: line for line in folder.lines()}
        self.scores: list[Json] = scores["scores"]
        self.slices: list[Json] = scores["slices"]
        self.columns: dict[str, list[Any]] = {name: column["values"] for name, column in scores["columns"].items()}
        if lines.keys() != set(scores["ids"]):
            raise DataMissing(f"{folder.path} has other records than scores; run the same command again.")
        self.records = [lines[key] for key in scores["ids"]]

    def value(self, name: str, at: int) -> Any:  # noqa: ANN401 (a number, several, or None)
        """Return what a question came to in a measure, None where it was not measured."""
        return self.columns[name][at] if name in self.columns else None

    def values(self, name: str) -> list[Any]:
        """Return what was measured, in the order of the questions."""
        return [value for value in self.columns.get(name, ()) if value is not None]

    def mark(self, at: int) -> Mark:
        """Tell what became of a question."""
        record = self.records[at]
        return mark_of(record, accuracy=self.value("accuracy", at), reciprocal=self.value("RR@10", at))

    def titles(self) -> dict[str, str]:
        """Return the titles of documents by id, of those that are named anywhere."""
        named = (place for record in self.records for place in (*record["example"]["evidence"], *_cited(record)))
        return {place["doc_id"]: place["title"] for place in named if place["title"]}


def report(run_folder: Path, *, questions: int = 500) -> str:
    """Return the page of a run as HTML that needs no other file and no host.

    At most `questions` questions are listed, those with a wrong answer first.

    Raises:
        DataMissing: The folder holds no run, or one that is not finished.
    """
    run = Stored(RunFolder(run_folder))
    script = (_HERE / "report.js").read_text("utf-8")
    order = sorted(range(len(run.records)), key=lambda at: _urgency(run, at))
    page = _environment().get_template("report.html.jinja")
    return page.render(
        run=run.made,
        groups=groups_of(run.scores),
        meanings={name: meaning for names in MEASURES.values() for name, meaning in names.items()},
        pictures=pictures_of(run),
        slices=_slices(run.slices),
        questions=[_question(run, at) for at in order[:questions]],
        titles=run.titles(),
        asked=len(order),
        shows_more=f"{SHOWS_MORE} {len(order)}",
        small_slice=SMALL_SLICE,
        style=Markup((_HERE / "report.css").read_text("utf-8")),  # noqa: S704 (our own)
        script=Markup(script),  # noqa: S704 (our own)
        script_hash=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def write_report(run_folder: Path, target: Path | None = None, *, questions: int = 500) -> Path:
    """Write the page of a run, to `report.html` in its folder unless another file is named, and return where it is.

    Raises:
        DataMissing: The folder holds no run, or one that is not finished.
    """
    target = target or run_folder / "report.html"
    target.write_text(report(run_folder, questions=questions), "utf-8", newline="\n")
    return target


def mark_of(record: Json, *, accuracy: float | None = None, reciprocal: float | None = None) -> Mark:
    """Tell what became of a question, from its record and, where they were measured, its accuracy and RR@10."""
    answer, answerable = record["answer"], record["example"]["answerable"]
    if answer is None:
        if reciprocal is None:
            return Mark("not judged", right=None)
        return Mark(f"found at {round(1 / reciprocal)}", right=True) if reciprocal else Mark("not found", right=False)
    if answer["status"] == "refused":
        return Mark(f"refused {'wrongly' if answerable else 'rightly'}", right=not answerable, refused=True)
    if not answerable:
        return Mark("answered wrongly though unanswerable", right=False)
    if accuracy is None:
        return Mark("answered", right=None)
    return Mark("right", right=True) if accuracy else Mark("wrong", right=False)


def _urgency(run: Stored, at: int) -> tuple[int, float]:
    """Sort wrong before unknown before right; what was only searched for, by its reciprocal rank."""
    searched = run.records[at]["answer"] is None
    return (False, None, True).index(run.mark(at).right), run.value("RR@10", at) or 0 if searched else 0


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_harmless
    )
    environment.filters.update(number=_number, figure=_figure, moment=_moment, excerpt=_excerpt)
    return environment


def _harmless(value: object) -> object:
    if isinstance(value, Markup):
        return value
    return "" if value is None else _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", str(value))


def _number(value: object) -> str:
    """Show what one question came to: 1 or 0.333, several side by side, nothing as a dash."""
    if isinstance(value, (list, tuple)):
        return " · ".join(map(_number, value))
    return f"{value:.0f}" if value in {0, 1} else _figure(value)


def _figure(value: object) -> str:
    """Show a figure of many questions, always with three digits, so that they stand under each other."""
    return f"{value:.3f}" if _is_number(value) else "–"


def _moment(iso: str | None) -> str:
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M %Z}".strip() if iso else ""


def groups_of(scores: Sequence[Json]) -> dict[str, list[tuple[Json, Markup]]]:
    """Put each score into its group, with a picture of its interval; those of a group are drawn to one scale."""
    known_in = {name: group for group, names in MEASURES.items() for name in names}
    groups: dict[str, list[Json]] = {group: [] for group in (*MEASURES, "Other")}
    for score in scores:
        groups[known_in.get(score["name"], "Other")].append(score)
    drawn = {}
    for group, found in groups.items():
        places = [[score[end] for end in ("low", "value", "high")] for score in found]
        ends = [end for three in places for end in three if _is_number(end)]
        scale = min([0, *ends]), max([0 if group == "Time" else 1, *ends])  # seconds have no natural end
        known = (all(map(_is_number, three)) for three in places)
        whiskers = [plots.whisker(three, scale=scale) if k else "" for three, k in zip(places, known, strict=True)]
        drawn[group] = list(zip(found, map(Markup, whiskers), strict=True))
    return {group: rows for group, rows in drawn.items() if rows}


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and math.isfinite(value)


def pictures_of(run: Stored) -> list[tuple[str, str, Markup]]:
    """Draw the plots of a run, each with its title and what it says."""
    pairs, reciprocal = run.values("AURC"), run.values("RR@10")
    seconds = [record["seconds"] for record in run.records]
    drawn = (
        (
            "Risk and coverage",
            "How often it errs when it answers only what it is surest of.",
            plots.risk,
            pairs,
        ),
        ("Calibration", "Whether confidence means what it says: on the line it does.", plots.calibration, pairs),
        ("Ranks", "Where the first document that holds the answer stands.", plots.ranks, reciprocal),
        ("Time", "How long a question takes.", plots.latency, seconds),
    )
    return [(title, about, Markup(draw(data))) for title, about, draw, data in drawn if data]  # noqa: S704 (numbers)


def _slices(slices: Sequence[Json]) -> list[Json]:
    """Arrange the slices into a table for each thing that they are cut by, the largest first."""
    tables = []
    for by in dict.fromkeys(part["by"] for part in slices):
        parts = sorted((part for part in slices if part["by"] == by), key=lambda part: -part["n"])
        found = [{score["name"]: score for score in part["scores"]} for part in parts]
        columns = [name for name in _TELLING if any(_is_number(scores.get(name, {}).get("value")) for scores in found)]
        if columns:
            tables.append({"by": by, "columns": columns, "rows": list(zip(parts, found, strict=True))})
    return tables


def _question(run: Stored, at: int) -> Json:
    """Gather what the page shows of one question."""
    record, mark = run.records[at], run.mark(at)
    places = record["example"]["evidence"]
    kinds = [{True: "right", False: "wrong", None: "unjudged"}[mark.right], *["refused"] * mark.refused]
    cited = {_place(citation): citation for citation in _cited(record)}
    numbers = {place: number for number, place in enumerate(cited, start=1)}
    sentences = (record["answer"] or {}).get("sentences", ())
    hits = record["hits"] if record["answer"] is None else record["answer"]["hits"]
    return {
        "number": at + 1,
        "mark": mark,
        "kinds": kinds,
        "example": record["example"],
        "answer": record["answer"],
        "seconds": record["seconds"],
        "sentences": [(said, [numbers[_place(citation)] for citation in said["citations"]]) for said in sentences],
        "citations": [(numbers[place], one, _gold(one, places)) for place, one in cited.items()],
        "hits": [(hit, _gold(hit["passage"], places)) for hit in hits[:_HITS]],
        "measures": [(name, values[at]) for name, values in run.columns.items() if values[at] is not None],
    }


def _excerpt(text: str) -> str:
    text = " ".join(text.split())
    return text[:_EXCERPT_CHARS] + "…" * (len(text) > _EXCERPT_CHARS)


def _cited(record: Json) -> Iterable[Json]:
    return (citation for said in (record["answer"] or {}).get("sentences", ()) for citation in said["citations"])


def _place(citation: Json) -> tuple[str, int, int]:
    return citation["doc_id"], citation["start"], citation["end"]


def _gold(found: Json, places: Sequence[Json]) -> str:
    """Tell whether a passage or a citation meets gold evidence, or stands at least in a document that holds some."""
    place = Passage(found["doc_id"], found["start"], found["end"], "")
    if any(meets(place, GoldEvidence(**gold)) for gold in places):
        return "gold"
    return "gold document" if any(gold["doc_id"] == place.doc_id for gold in places) else ""
