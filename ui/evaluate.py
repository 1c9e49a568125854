"""`footnote eval TASK… | compare A B | report RUN`: measure, compare two measurements, show one to people."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
import typer.core

from ui.options import AsJson, Index, Settings, config_of, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eval.compare import Change
    from eval.store import RunFolder
    from eval.types import Task

_RUN = "run"


class _RunByDefault(typer.core.TyperGroup):
    """A group whose first word may be left out: `footnote eval corpus` is `footnote eval run corpus`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 (typer's own click)
        if args and args[0] not in {*self.commands, "--help"}:
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_RunByDefault,
    help="Measure answers against gold questions.\n\nThe word `run` may be left out: footnote eval corpus.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run, as `footnote eval` names it.")]


# wide: the flags of a command
@app.command(_RUN)
def measure(
    tasks: Annotated[
        list[str] | None, typer.Argument(metavar="TASK…", help="What to measure; --list shows all.")
    ] = None,
    *,
    show_list: Annotated[bool, typer.Option("--list", help="List the tasks and end.")] = False,
    check: Annotated[Path | None, typer.Option(metavar="FILE", help="Only check a file of gold questions.")] = None,
    gold: Annotated[Path | None, typer.Option(metavar="FILE", help="Ask the gold questions of this file.")] = None,
    split: Annotated[Literal["dev", "test", "train"] | None, typer.Option(help="Ask only this part.")] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Ask so many, drawn with a fixed seed.")] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(metavar="SCORE=VALUE", help="End with exit code 1 if a score is worse (repeatable)."),
    ] = None,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="The folder of the public data.")] = None,
    runs: Annotated[Path, typer.Option(metavar="DIR", help="Where runs are kept.")] = Path("runs"),
    as_json: AsJson = False,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Ask gold questions and score the answers."""
    from eval.compare import parse_thresholds, worse_than
    from eval.run import limited
    from eval.tasks import load, own
    from rag.errors import ConfigError

    if show_list:
        _print_tasks(data, as_json=as_json)
        return
    if check:
        _check(check, index, settings)
        return
    if not tasks and not gold:
        raise ConfigError("nothing to measure; name a task (`footnote eval --list`) or a file (--gold FILE).")
    if index and not gold:
        raise ConfigError("a task has an index of its own; --index goes with --gold.")
    plans = [load(name, data, split=split) for name in tasks or ()]
    if gold:
        plans.append(own(gold, config_of(index, settings), split=split))
    thresholds = parse_thresholds(fail_under or (), plans)
    folders = [_measured(limited(task, limit), settings, runs=runs) for task in plans]
    if as_json:
        print_json([_summary(folder) for folder in folders])
    else:
        for folder in folders:
            _print_scores(folder)
    failures = [line for folder in folders for line in worse_than(folder.scores()["scores"], thresholds)]
    for line in failures:
        typer.echo(f"footnote: {line}", err=True)
    raise typer.Exit(code=1 if failures else 0)


@app.command()
def compare(
    one: RunArgument,
    other: Annotated[Path, typer.Argument(metavar="OTHER", help="The run to compare it with.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Compare two runs question by question: what changed, whether by more than chance, and which answers flipped."""
    from eval.compare import compare as compare_runs
    from eval.store import RunFolder
    from ui.render import one_line
    from ui.terminal import print_table

    found = compare_runs(RunFolder(one), RunFolder(other))
    if as_json:
        print_json(found)
        return
    columns = ("score", "one", "other", "difference", "95 %", "questions")
    print_table(columns, [dict(zip(columns, _change_cells(change), strict=True)) for change in found.changes])
    typer.echo(f"{found.questions} questions in both. * marks a difference beyond chance (its interval excludes 0).")
    for what, ids in (("right before, wrong now", found.lost), ("wrong before, right now", found.won)):
        typer.echo(f"{what}: {len(ids)}{': ' if ids else ''}{one_line(', '.join(ids))}")


@app.command()
def report(
    run: RunArgument,
    *,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the page goes (RUN/report.html).")] = None,
    questions: Annotated[int, typer.Option(metavar="N", min=0, help="List so many questions, wrong ones first.")] = 500,
) -> None:
    """Write a run as one HTML page: scores, plots, slices and every question, wrong ones first."""
    from eval.report import write_report

    typer.echo(str(write_report(run, output, questions=questions)))


def _measured(task: Task, settings: Sequence[str] | None, *, runs: Path) -> RunFolder:
    from eval.run import run
    from ui.terminal import progress_bar

    config = config_of(task.index, settings, base=task.settings)
    with progress_bar(task.name) as progress:
        return run(task, config=config, runs=runs, progress=progress)


def _print_tasks(data: Path | None, *, as_json: bool) -> None:
    from eval.tasks import listing
    from ui.terminal import print_table

    rows = listing(data)
    print_json(rows) if as_json else print_table(rows[0], rows)


def _check(file: Path, index: Path | None, settings: Sequence[str] | None) -> None:
    """Check a gold file, its evidence too where there is an index; a line for each problem, then exit code 1."""
    import rag
    from eval.gold import check
    from rag.errors import IndexMissing

    config = config_of(index, settings)
    try:
        with rag.open(config=config) as bot:
            documents = bot.documents()
    except IndexMissing:
        if index:
            raise
        documents = None
    gold = check(file, documents)
    for problem in gold.problems:
        typer.echo(problem, err=True)
    unanswerable = sum(not example.answerable for example in gold.examples)
    held = (
        f"evidence found in {config.index}" if documents is not None else "evidence not looked for: there is no index"
    )
    typer.echo(f"sound questions: {len(gold.examples)} ({unanswerable} unanswerable); {held}")
    raise typer.Exit(code=1 if gold.problems else 0)


def _summary(folder: RunFolder) -> dict[str, Any]:
    scores = folder.scores()
    return {"run": str(folder.path), **folder.facts(), "scores": scores["scores"], "slices": scores["slices"]}


def _print_scores(folder: RunFolder) -> None:
    from ui.terminal import print_table

    facts = folder.facts()
    typer.echo(f"{facts['task']}: {facts['questions']} questions")
    columns = ("score", "value", "95 %", "questions")
    rows = [
        (score["name"], *_figures(score["value"], score["low"], score["high"]), score["n"])
        for score in folder.scores()["scores"]
    ]
    print_table(columns, [dict(zip(columns, row, strict=True)) for row in rows])
    typer.echo(f"run: {folder.path}\nas a page: footnote eval report {shlex.quote(str(folder.path))}")


def _figures(value: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    return ("–", "–") if value is None else (f"{value:.3f}", f"{low:.3f} to {high:.3f}")


def _change_cells(change: Change) -> tuple[str, ...]:
    found = change.difference
    one, other = (f"{figure:.3f}" for figure in (found.one, found.other))
    interval = f"{found.low:+.3f} to {found.high:+.3f}"
    return (change.name, one, other, f"{found.value:+.3f}{' *' * change.significant}", interval, str(found.n))
