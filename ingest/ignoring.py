"""`.footnoteignore`: what of a folder is passed over, in the manner of `.gitignore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from rag.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

IGNORE_FILE = ".footnoteignore"


def patterns_of(file: Path) -> GitIgnoreSpec:
    """Read the patterns of a `.footnoteignore`; none where there is no such file.

    Raises:
        ConfigError: it is not UTF-8, or holds what is no pattern.
        OSError: it cannot be read.
    """
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        data = b""
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{file}, line {number}, is not UTF-8: byte {data[error.start]:#04x}; save it as UTF-8"
        ) from error
    for number, line in enumerate(lines, start=1):
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError as error:
            raise ConfigError(f"{file}, line {number}: {line!r} is no pattern; write it as in a .gitignore") from error
    return GitIgnoreSpec.from_lines(lines)
