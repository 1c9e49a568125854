"""What the terminal draws: tables and progress bars."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column, Table
from rich.text import Text

from ui.render import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

# What is not a terminal has no width; a table is then as wide as its longest line.
_WIDE = 10_000


def print_table(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Print rows under their columns to stdout; the first is never cut, and a value that is missing is a dash."""
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=not table.columns)
    for row in rows:
        table.add_row(*(Text(one_line(str(value or "–"))) for value in row.values()))
    console.print(table)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar on stderr, if that is a terminal.

    Yields what wants to be told of each document: how many are done, how many there are, and the one at hand.
    """
    console = Console(stderr=True)
    name = TextColumn("{task.fields[name]}", markup=False, table_column=Column(no_wrap=True, ratio=1))
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), name)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None, name="")

        def show(done: int, total: int, source: str) -> None:
            bar.update(task, completed=done, total=total, name=one_line(source))

        yield show
