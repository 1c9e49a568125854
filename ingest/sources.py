"""Which files the paths of a user mean, and under which name the library knows each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pathspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

IGNORE_FILE = ".footnoteignore"


@dataclass(frozen=True, slots=True)
class Source:
    """A file and its name in the library."""

    path: Path
    name: str


def source_name(path: Path, root: Path) -> str:
    """Name a file: relative to the folder that holds the index where it lies below that, else absolute.

    So a project keeps its index when it is moved, and the name never depends on the working directory.
    """
    path, home = path.resolve(), root.resolve().parent
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.as_posix()


def find(paths: Iterable[Path], root: Path) -> Iterator[Source]:
    """Yield the files that are meant, each once: a file as it is named, a folder with all below it.

    Of a folder, hidden files are passed over, and what its `.footnoteignore` names in the manner of `.gitignore`.
    """
    seen = set()
    for path in paths:
        for file in _below(path) if path.is_dir() else [path]:
            name = source_name(file, root)
            if name not in seen:
                seen.add(name)
                yield Source(file, name)


def is_below(name: str, folder: Path, *, root: Path) -> bool:
    """Tell whether a name of the library stands for a file in this folder, which may be gone."""
    return (root.resolve().parent / name).is_relative_to(folder.resolve())


def _below(folder: Path) -> Iterator[Path]:
    ignore_file = folder / IGNORE_FILE
    lines = ignore_file.read_text(encoding="utf-8").splitlines() if ignore_file.is_file() else []
    ignored = pathspec.GitIgnoreSpec.from_lines(lines)
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if path.is_file() and not hidden and not ignored.match_file(relative):
            yield path
