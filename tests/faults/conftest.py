"""Where an index of these tests lies."""

import shutil
import tempfile
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of its own is made in it)
_ENOUGH_BYTES = 50_000_000


@pytest.fixture
def home(tmp_path):
    """A folder, in memory where there is such a place: for a kill it is as good as a disk, and a sync costs nothing."""
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ENOUGH_BYTES:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=_MEMORY, prefix="footnote-") as folder:
        yield Path(folder)
