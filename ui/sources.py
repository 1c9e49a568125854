"""`footnote ingest | sync | remove`: what goes into an index and out of it, and how it is kept in step with files."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ui.options import AsJson, Index, Settings, config_of, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest import IngestReport, Place
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
    from ui.terminal import progress_bar

    config = config_of(index, settings)
    if watch:
        _follow(paths, config, as_json=as_json)
        return
    with progress_bar("Ingesting") as progress:
        report = bring_in(paths, config=config, progress=progress)
    _print_report(report, as_json=as_json)


# wide: the flags of a command
def sync(
    *,
    listing: Annotated[bool, typer.Option("--list", help="Only show what the index was made from.")] = False,
    watch: Watch = False,
    as_json: AsJson = False,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Bring the index in step with all that it was made from."""
    from ingest import places
    from ingest import sync as bring_in
    from ingest.known import there
    from ui.terminal import print_table, progress_bar

    config = config_of(index, settings)
    if listing or watch:
        known = places(config=config)
        if watch:
            _follow(there(known), config, as_json=as_json)
        elif as_json:
            print_json(known)
        else:
            rows = [{"place": p.name, "kind": p.kind, "sources": str(p.n_sources), "": _standing(p)} for p in known]
            print_table(("place", "kind", "sources", ""), rows)
        return
    with progress_bar("Syncing") as progress:
        report = bring_in(config=config, progress=progress)
    _print_report(report, as_json=as_json)


def remove(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME…", help="Sources or ids, as `footnote list` shows them, or folders."),
    ],
    *,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Remove documents; their files stay where they are."""
    from ingest import remove as take_out
    from ingest.known import returning
    from ui.render import one_line

    config = config_of(index, settings)
    removed = take_out(names, config=config)
    for source in removed:
        typer.echo(f"removed {one_line(source)}")
    for folder, sources in returning(removed, config.index).items():
        typer.echo(_returning(folder, sources), err=True)


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
        write = changes_text


def _print_report(report: IngestReport, *, as_json: bool) -> NoReturn:
    from ui.render import report_text

    print_json(report) if as_json else typer.echo(report_text(report))
    raise typer.Exit(code=1 if report.failed else 0)


def _standing(place: Place) -> str:
    if place.kind == "address":
        return "fetched again by sync"
    if not os.path.exists(place.path):  # noqa: PTH110 (Path's own raises where the way to it may not be gone)
        return "not there"
    return "followed" if place.kind == "folder" else "read again by sync"


def _returning(folder: str, sources: Sequence[str]) -> str:
    """Say that what was removed will be back, and how it is kept out."""
    from ui.render import one_line

    others = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
    pattern = sources[0] if folder == "." else sources[0].removeprefix(f"{folder}/")
    return one_line(
        f"{sources[0]}{others} will be back: the next sync reads all of {folder}. To keep a file out, name it in "
        f"{folder}/.footnoteignore, as in /{pattern}; to follow the folder no longer: footnote remove {folder}"
    )
