"""`footnote ingest | remove`: what goes into an index and out of it, and how it is kept in step with files."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ui.options import AsJson, Index, Settings, config_of, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.config import Config

Watch = Annotated[bool, typer.Option("--watch", help="Then follow the files and folders, until Ctrl-C.")]


# wide: the flags of a command
def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files, folders and https addresses.")],
    *,
    watch: Watch = False,
    as_json: AsJson = False,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Bring the index in step with files and folders."""
    from ingest import ingest as bring_in
    from ui.render import report_text
    from ui.terminal import progress_bar

    config = config_of(index, settings)
    if watch:
        _follow(paths, config, as_json=as_json)
        return
    with progress_bar("Ingesting") as progress:
        report = bring_in(paths, config=config, progress=progress)
    print_json(report) if as_json else typer.echo(report_text(report))
    raise typer.Exit(code=1 if report.failed else 0)


def remove(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Sources or ids, as `footnote list` shows them.")],
    *,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Remove documents; their files stay where they are."""
    from ingest import remove as take_out
    from ui.render import one_line

    for source in take_out(names, config=config_of(index, settings)):
        typer.echo(f"removed {one_line(source)}")


def _follow(paths: Sequence[str], config: Config, *, as_json: bool) -> None:
    """Print the report of each round: the first as `ingest` does, then a line for each document; or a line of JSON."""
    from ingest.watch import Notice, follow
    from rag.types import to_json
    from ui.render import changes_text, one_line, report_text
    from ui.terminal import progress_bar

    write = report_text
    for told in follow(paths, config=config, progress=partial(progress_bar, "Ingesting")):
        if isinstance(told, Notice):
            typer.echo(one_line(told.text), err=True)
            continue
        typer.echo(json.dumps(to_json(told), ensure_ascii=False) if as_json else write(told))
        if write is report_text:
            typer.echo("Following what changes. Ctrl-C ends it.", err=True)
        write = changes_text
