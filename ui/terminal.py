"""What the terminal draws: tables and progress bars."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from ui.render import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# What is not a terminal has no width; a table is then as wide as its longest line.
_WIDE = 10_000
# Documents become visible in steps of some seconds; a rate over less than several of them would jump.
_PERIOD_S = 60


def print_table(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Print rows under their columns to stdout; the first is never cut, and a value that is missing is a dash."""
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=not table.columns)
    for row in rows:
        table.add_row(*(Text(one_line(str(value or "–"))) for value in row.values()))
    console.print(table)


class Show(Protocol):
    """What wants to be told of each document."""

    def __call__(self, done: int, total: int, source: str, n_passages: int = 0, /) -> None:
        """Show how many are done of how many, the one at hand, and how many passages have been indexed so far."""


@contextmanager
def progress_bar(what: str) -> Iterator[Show]:
    """Show a bar on stderr, if that is a terminal, with the time left and the passages a second where there are any."""
    console = Console(stderr=True)
    name = TextColumn("{task.fields[name]}", markup=False, table_column=Column(no_wrap=True, ratio=1))
    left = TimeRemainingColumn(compact=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), left, TextColumn("{task.fields[rate]}"), name)
    with Progress(*columns, console=console, disable=not console.is_terminal, speed_estimate_period=_PERIOD_S) as bar:
        task = bar.add_task(what, total=None, name="", rate="")
        passages = bar.add_task("", total=None, visible=False, name="", rate="")

        def show(done: int, total: int, source: str, n_passages: int = 0) -> None:
            bar.update(passages, completed=n_passages)
            speed = bar.tasks[passages].speed
            rate = f"{speed:.0f} passages/s" if speed else ""
            bar.update(task, completed=done, total=total, name=one_line(source), rate=rate)

        yield show
