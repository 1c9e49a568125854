"""`footnote snapshot | restore`: an index in one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ui.options import Index, Settings, config_of

File = Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="The file of the snapshot.")]


def snapshot(file: File, *, index: Index = None, settings: Settings = None) -> None:
    """Copy the index into one file, also while it is in use; conversations are not in it."""
    from rag.snapshot import snapshot as copy

    config = config_of(index, settings)
    copy(Path(config.index), file)
    typer.echo(f"wrote {file} ({file.stat().st_size / 1e6:.1f} MB)")


def restore(file: File, *, index: Index = None, settings: Settings = None) -> None:
    """Make the index what it was in a snapshot, also while it is in use; nothing is embedded again."""
    from rag.snapshot import restore as bring_back

    config = config_of(index, settings)
    bring_back(file, Path(config.index), config=config)
    typer.echo(f"restored {config.index} from {file}")
