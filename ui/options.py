"""What several commands of the terminal share: their flags, the settings in force, and printing JSON.

What is heavy is imported when it is needed, so that `--help` costs next to nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.config import Config

Index = Annotated[Path | None, typer.Option("--index", metavar="DIR", help="The folder of the index.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a setting, as in search.limit=20 (repeatable)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


Host = Annotated[str, typer.Option(metavar="ADDRESS", help="To whom: by default to this machine only.")]
Auth = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME:PASSWORD",
        envvar="FOOTNOTE_AUTH",
        help="Who may see the page (repeatable); needed where other machines reach it.",
    ),
]


def names_and_passwords(auth: list[str] | None) -> list[tuple[str, str]]:
    """Part what `--auth` gave, and end the command in words where it is not a pair."""
    pairs = [text.partition(":") for text in auth or ()]
    if not all(colon for _, colon, _ in pairs):
        raise typer.BadParameter("--auth wants a name and a password with a colon between them.")
    return [(name, password) for name, _, password in pairs]


def config_of(index: Path | None, settings: Sequence[str] | None, *, base: Mapping[str, Any] | None = None) -> Config:
    """Collect the settings in force; the value of a flag is read as that of an environment variable.

    `base` are settings by dotted key that flags override.
    """
    from rag.config import Config, from_text
    from rag.errors import ConfigError

    overrides = {**(base or {}), **({"index": str(index)} if index else {})}
    for setting in settings or ():
        key, equals, text = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set {setting!r} has no value; write it as --set search.limit=20.")
        overrides[key] = from_text(text)
    return Config.load(overrides)


def print_json(value: object) -> None:
    """Print a value of the vocabulary to stdout."""
    from rag.types import to_json

    typer.echo(json.dumps(to_json(value), ensure_ascii=False, indent=2))
