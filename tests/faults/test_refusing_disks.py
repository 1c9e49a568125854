"""A disk that is full, and a folder that must not be written to: an error in words, and nothing is lost."""

import os
import subprocess

import pytest

from tests.faults import acts
from tests.faults.children import run
from tests.faults.corpus import Corpus

_DISK_BYTES = 12_000_000


@pytest.fixture
def disk(tmp_path):
    """A disk of a few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", place]
    if os.name != "posix" or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk, free_bytes):
    """Leave so much space."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    stat = os.statvfs(disk)
    filler.write_bytes(bytes(max(0, stat.f_bavail * stat.f_frsize - free_bytes)))
    return filler


@pytest.mark.slow
def test_a_full_disk_is_named_loses_nothing_and_the_command_goes_on_when_there_is_space(disk):
    corpus = Corpus(disk, 60)
    run(acts.ingest_all, corpus.folder, corpus.root)
    refused = 0
    for name, move in (("update", corpus.update), ("ingest", corpus.add), ("remove", corpus.remove)):
        for free_bytes in (0, 30_000, 100_000, 250_000, 600_000):
            before, (act, values) = corpus.texts(), move(15)
            filler = fill(disk, free_bytes)
            error = run(acts.error_of, act, *values)
            if error:
                refused += 1
                assert error[0] in {"StorageFailed", "IndexDamaged"}, error
                assert str(corpus.root) in error[1], error
            seen = run(acts.look, corpus.root)
            assert seen.items() <= before.items() | corpus.texts().items(), name
            assert before.keys() & corpus.texts().keys() <= seen.keys(), name
            filler.unlink()
            run(act, *values)
            assert run(acts.examine, corpus.root) == (corpus.texts(), [])
    assert refused > 5


@pytest.mark.slow
def test_a_rebuild_on_a_full_disk_leaves_the_old_mirrors(disk):
    corpus = Corpus(disk, 60)
    run(acts.ingest_all, corpus.folder, corpus.root)
    for free_bytes in (0, 100_000, 400_000):
        filler = fill(disk, free_bytes)
        kind, message = run(acts.error_of, acts.rebuild_all, corpus.root)
        assert (kind, "could not be" in message) == ("StorageFailed", True)
        assert run(acts.look, corpus.root) == corpus.texts()
        filler.unlink()
    run(acts.rebuild_all, corpus.root)
    assert run(acts.examine, corpus.root) == (corpus.texts(), [])


def test_an_index_that_must_not_be_written_to_is_named_and_the_command_goes_on_when_it_may(home):
    corpus = Corpus(home, 12)
    home.chmod(0o755)
    run(acts.ingest_all, corpus.folder, corpus.root)
    before = corpus.texts()
    act, values = corpus.update(6)
    places = [corpus.root, *corpus.root.rglob("*")]
    modes = {place: place.stat().st_mode for place in places}
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    kind, message = run(acts.as_nobody, acts.error_of, act, *values)
    assert kind == "StorageFailed"
    assert str(corpus.root) in message
    assert "cannot be written" in message
    for place, mode in modes.items():
        place.chmod(mode)
    assert run(acts.look, corpus.root) == before
    run(act, *values)
    assert run(acts.examine, corpus.root) == (corpus.texts(), [])


def test_a_folder_in_which_no_index_can_be_made_is_named(home):
    home.chmod(0o555)
    folder = home / "reports"
    kind, message = run(acts.as_nobody, acts.error_of, acts.ingest_all, folder, home / "index")
    assert (kind, str(home / "index") in message) == ("StorageFailed", True)
