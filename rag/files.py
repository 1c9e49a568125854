"""What is done to files beyond writing them: put on the disk for good, and cleared away."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_CLEARINGS = 5


def sync(path: Path) -> None:
    """Put a file or a folder on the disk, so that it outlasts a power cut."""
    if os.name == "nt" and path.is_dir():
        return  # which has no such thing
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear_away(folder: Path) -> None:
    """Delete a mirror that nobody will open any more; what cannot be deleted now, the next writer finds again.

    A reader that is just opening it may put files into it meanwhile.
    """
    for _ in range(_CLEARINGS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
