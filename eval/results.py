"""README's results: the figures of finished runs, kept in `eval/results/`, and the tables made from them.

    python -m eval.results [RUN…]

Of each run that is named, what made it and its scores are kept: no question, no answer, no text. Then the part of
README.md between the two marks is written anew from all that is kept. Markdown files beside the summaries are taken as
they are: what `python -m eval.peers` printed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.measures import MEASURES
from eval.store import RunFolder
from eval.tasks import TASKS
from rag.errors import DataMissing, FootnoteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

KEPT = Path(__file__).parent / "results"
README = Path(__file__).parent.parent / "README.md"
MARKS = ("<!-- results: python -m eval.results -->", "<!-- end of results -->")
# What made a run, as far as a reader of figures wants to know.
_FACTS = ("task", "split", "questions", "changed_settings", "fingerprint", "commit", "dirty", "cores", "memory_gb")
# What the first five and the ten tell already, and what only one machine can compare.
_LEFT_OUT = {"R@10", "RR@10", *MEASURES["Time"]}

Summary = dict[str, Any]


def keep(run: RunFolder, kept: Path = KEPT) -> Path:
    """Keep the summary of a run, in the place of an earlier one of the same task, part and settings; return the file.

    Raises:
        DataMissing: the folder is no finished run, or one of gold questions that are not Footnote's.
    """
    facts = run.facts()
    if facts["task"] not in TASKS:
        raise DataMissing(f"{run.path} is a run of {facts['task']!r}; only tasks of `footnote eval --list` are kept.")
    summary = {**{name: facts[name] for name in _FACTS}, "scores": run.scores()["scores"]}
    kept.mkdir(exist_ok=True)
    file = kept / f"{_label(summary).replace(', ', '-').replace('/', '_')}.json"
    file.write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return file


def section(kept: Path = KEPT) -> str:
    """Write the results in Markdown: a table for each group of scores, then what other pipelines came to."""
    order = list(TASKS)
    summaries = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(kept.glob("*.json"))]
    summaries.sort(key=lambda summary: order.index(summary["task"]))
    parts = [f"**{title}**\n\n{table}" for title, names in MEASURES.items() if (table := _table(summaries, names))]
    peers = [file.read_text(encoding="utf-8").strip() for file in sorted(kept.glob("*.md"))]
    return "\n\n".join([*parts, _made_by(summaries), *peers])


def write(readme: Path = README, kept: Path = KEPT) -> None:
    """Write the part of a page between the marks anew."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    readme.write_text(f"{before}{MARKS[0]}\n\n{section(kept)}\n\n{MARKS[1]}{after}", encoding="utf-8")


def _table(summaries: Sequence[Summary], names: Iterable[str]) -> str:
    """Return a row for each run that has one of the scores, and a column for each score that a run has."""
    found = [(summary, {score["name"]: score for score in summary["scores"] if score["n"]}) for summary in summaries]
    columns = [name for name in names if name not in _LEFT_OUT and any(name in scores for _, scores in found)]
    rows = [(summary, scores) for summary, scores in found if any(name in scores for name in columns)]
    lines = [["task", "questions", *columns], ["---"] * (len(columns) + 2)]
    lines += [[_label(s), f"{s['questions']:,}", *(_cell(scores.get(name)) for name in columns)] for s, scores in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) if rows else ""


def _label(summary: Summary) -> str:
    changed = (f"{key}={value}" for key, value in summary["changed_settings"].items())
    return ", ".join(filter(None, (summary["task"], summary["split"], *changed)))


def _cell(score: Mapping[str, Any] | None) -> str:
    if score is None:
        return "–"
    return f"{score['value']:.3f} ({score['low']:.3f}–{score['high']:.3f})"


def _made_by(summaries: Sequence[Summary]) -> str:
    """Say of which commits and machines the runs are."""
    made: dict[str, list[str]] = {}
    for summary in summaries:
        commit = f"{summary['commit']}{' with changes' if summary['dirty'] else ''}"
        machine = f"{summary['cores']} cores, {summary['memory_gb']} GB"
        made.setdefault(f"commit {commit}, {machine}", []).append(_label(summary))
    whole = len(made) == 1
    return "\n".join(f"Made by {by}{'' if whole else ': ' + '; '.join(tasks)}." for by, tasks in made.items())


def main() -> None:
    """Keep the runs that are named, and write README's results anew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN", help="the folder of a finished run")
    try:
        for run in parser.parse_args().runs:
            print(keep(RunFolder(run)))
    except FootnoteError as error:
        raise SystemExit(str(error)) from None
    write()


if __name__ == "__main__":
    main()
