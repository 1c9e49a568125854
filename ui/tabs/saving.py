"""Settings from the page into `footnote.toml`, so that what is saved is what runs, here and after a restart.

The file is the one that `rag.config` reads: where one is in force already, that one; else a new one beside the index,
if the search from the working directory comes by there; else one in the working directory. A file inside the index
would be read by the page alone, and `footnote ask` would answer by other settings.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import tomlkit
from tomlkit.exceptions import TOMLKitError

from rag.config import ENVIRONMENT, FILE, Config, find_file, flatten
from rag.errors import ConfigError, StorageFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ui.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Saved:
    """Where settings were saved, and those of them that the command line set when this was started."""

    path: Path
    overridden: tuple[str, ...]


def save(workspace: Workspace, changes: Mapping[str, object]) -> Saved:
    """Save settings and answer by them from now on; whatever is raised, nothing has changed.

    Args:
        workspace: whose.
        changes: values by dotted key; all others, and the comments of the file, stay as they are.

    Raises:
        ConfigError: a value cannot be used, a variable of the environment would win over it, or the file is broken.
        StorageFailed: the file cannot be written.
        FootnoteError: the assistant cannot be opened with these settings.
    """
    start = workspace.start
    running = dict(flatten(workspace.config))
    stored = dict(flatten(Config.load(start=start)))
    config = Config.load({**running, **changes}, start=start)
    for key in changes:
        variable = ENVIRONMENT + key.upper().replace(".", "_")
        if variable in os.environ:
            raise ConfigError(f"{variable} is set in the environment and wins over what is saved: unset it first.")
    path = _place(workspace)
    values = dict(flatten(config))
    text = _with(path, {key: values[key] for key in changes})
    workspace.reopen(config, before=lambda: _write(path, text))
    return Saved(path, tuple(key for key in changes if running[key] != stored[key]))


def _place(workspace: Workspace) -> Path:
    found = find_file(workspace.start)
    if found is not None:
        return found
    start, root = workspace.start.resolve(), workspace.root.resolve()
    # The folder of the file becomes that of the default index, which must stay the same one.
    is_default = root.name == Config().index and start.is_relative_to(root.parent)
    return (root.parent if is_default else start) / FILE


def _with(path: Path, changes: Mapping[str, object]) -> str:
    """Return the text of the file with other values in it."""
    try:
        document = tomlkit.parse(path.read_text("utf-8") if path.is_file() else "")
        for key, value in changes.items():
            table, _, name = key.rpartition(".")
            document.setdefault(table, tomlkit.table())[name] = value
        return tomlkit.dumps(document)
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise ConfigError(f"{path} cannot be read: {error}. Correct the file or move it away.") from error


def _write(path: Path, text: str) -> None:
    """Write beside the file and put it in its place when it is whole."""
    path = path.resolve()
    try:
        with TemporaryDirectory(dir=path.parent, prefix=".footnote-") as folder:
            beside = Path(folder) / FILE
            beside.write_text(text, "utf-8", newline="\n")
            beside.replace(path)
    except OSError as error:
        raise StorageFailed(f"{path} cannot be written: {error}. Nothing has changed.") from error
