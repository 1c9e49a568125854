"""Reading ahead: in order, several at once, within bounds, and with nothing left running at the end."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ingest import pool
from ingest.pool import Pool, Task
from ingest.sources import Source
from rag.errors import DocumentError
from tests.ingest.test_sandbox import is_running, wait_for

ROOT = Path(__file__).resolve().parents[2]


def obey(data, path, *, source):  # noqa: ARG001 (as every reader)
    """Run in the child or here: do what the data say, and give the number of the process."""
    what, _, rest = data.decode().partition(" ")
    if what == "sleep":
        time.sleep(float(rest))
    if what == "note":
        Path(rest).write_text(str(os.getpid()), encoding="utf-8")
        time.sleep(60)
    if what == "refuse":
        raise DocumentError("is encrypted")
    if what == "fail":
        return {}["size"]
    return (source, os.getpid())


def task(name, data=b"x", *, wanted=True):
    return Task(name, Source(Path(name), name), data, wanted)


def test_small_texts_are_read_here_and_come_out_in_order():
    with Pool(obey) as readers:
        tasks = [task(f"{number}.md", b"sleep .01" if number % 2 else b"") for number in range(9)]
        found = list(readers.read(tasks))
    assert found == [(f"{number}.md", (f"{number}.md", os.getpid())) for number in range(9)]


def test_what_needs_no_reading_keeps_its_place():
    with Pool(obey) as readers:
        turns = []
        found = list(readers.read([task("a.md"), task("b.pdf", wanted=False), task("c.md")], turn=turns.append))
    assert turns == [tag for tag, _ in found] == ["a.md", "b.pdf", "c.md"]
    assert found[1][1] is None


def test_a_text_that_breaks_its_reader_is_a_reason_and_the_next_is_read():
    with Pool(obey) as readers:
        refused, failed, read = (
            made for _, made in readers.read([task("a.md", b"refuse"), task("b.md", b"fail"), task("c.md")])
        )
    assert isinstance(refused, DocumentError)
    assert str(refused) == "is encrypted"
    assert str(failed) == "made its reader fail: KeyError: 'size'"
    assert read == ("c.md", os.getpid())


@pytest.mark.parametrize(("ahead", "ahead_bytes", "size"), [(5, 1 << 20, 1), (1000, 500, 100)])
def test_no_more_is_taken_in_than_there_is_room_for(monkeypatch, ahead, ahead_bytes, size):
    monkeypatch.setattr(pool, "_AHEAD", ahead)
    monkeypatch.setattr(pool, "_AHEAD_BYTES", ahead_bytes)
    taken = []

    def tasks():
        for number in range(30):
            taken.append(number)
            yield task(f"{number}.md", b"x" * size)

    with Pool(obey) as readers:
        for done, _ in enumerate(readers.read(tasks())):
            assert len(taken) <= done + 6
    assert len(taken) == 30


def test_one_file_may_be_larger_than_the_room(monkeypatch):
    monkeypatch.setattr(pool, "_AHEAD_BYTES", 10)
    with Pool(obey) as readers:
        assert len(list(readers.read([task("a.md", b"x" * 99), task("b.md", b"x" * 99)]))) == 2


def test_what_is_abandoned_is_not_read():
    done = []

    def slow(data, path, *, source):  # noqa: ARG001 (as every reader)
        done.append(source)
        time.sleep(0.2)
        return source

    with Pool(slow) as readers:
        reading = readers.read(task(f"{number}.md") for number in range(20))
        next(reading)
        reading.close()
    assert len(done) < 4


@pytest.mark.slow
def test_risky_and_large_files_are_read_in_other_processes(monkeypatch):
    monkeypatch.setattr(pool, "_SMALL_BYTES", 10)
    with Pool(obey, n_sandboxes=1) as readers:
        tasks = [task("a.pdf"), task("b.md"), task("c.md", b"x" * 11)]
        page, text, large = (made[1] for _, made in readers.read(tasks))
        assert text == os.getpid()
        assert page == large != text
        assert is_running(page)
    assert not is_running(page)


@pytest.mark.slow
def test_several_files_are_read_at_once_and_a_slow_one_delays_only_its_turn():
    with Pool(obey, n_sandboxes=3) as readers:
        list(readers.read([task(f"{number}.pdf", b"sleep .5") for number in range(3)]))  # the processes have started
        started = time.monotonic()
        tasks = [task("slow.pdf", b"sleep 2"), *(task(f"{number}.pdf", b"sleep .2") for number in range(10))]
        found = list(readers.read(tasks))
        assert time.monotonic() - started < 3  # one after the other they would take 4
    assert [tag for tag, _ in found] == ["slow.pdf", *(f"{number}.pdf" for number in range(10))]


@pytest.mark.slow
def test_a_file_that_hangs_costs_only_itself():
    with Pool(obey, n_sandboxes=2, limit_s=1) as readers:
        tasks = [task("a.pdf"), task("b.pdf", b"sleep 60"), *(task(f"{number}.pdf") for number in range(20))]
        found = dict(readers.read(tasks))
    assert str(found.pop("b.pdf")) == "took longer than 1 s to read"
    assert all(made[0] == name for name, made in found.items())


@pytest.mark.slow
def test_leaving_ends_processes_that_are_reading(tmp_path):
    notes = [tmp_path / str(number) for number in range(2)]

    def leave():
        with Pool(obey, n_sandboxes=2) as readers:
            reading = readers.read(
                [task("a.md"), *(task(f"{note.name}.pdf", f"note {note}".encode()) for note in notes)]
            )
            next(reading)
            assert wait_for(lambda: all(note.exists() and note.read_text("utf-8") for note in notes))
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        leave()
    assert time.monotonic() - started < 20
    assert not any(is_running(int(note.read_text("utf-8"))) for note in notes)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pool-")]


PARENT = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts jobs in the background without it
from ingest.pool import Pool
from tests.ingest.test_pool import obey, task
with Pool(obey, n_sandboxes=2) as readers:
    list(readers.read([task(f"{name}.pdf", f"note {name}".encode()) for name in sys.argv[1:]]))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_ctrl_c_ends_all_processes_at_once(tmp_path):
    notes = [tmp_path / str(number) for number in range(2)]
    command = [sys.executable, "-c", PARENT, *map(str, notes)]
    parent = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert wait_for(lambda: all(note.exists() and note.read_text("utf-8") for note in notes))
    os.killpg(parent.pid, signal.SIGINT)  # as a terminal does: to all
    _, errors = parent.communicate(timeout=20)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert not any(is_running(int(note.read_text("utf-8"))) for note in notes)
