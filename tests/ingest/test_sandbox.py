"""The sandbox: what a file does to its reader ends in a reason, and touches neither the next file nor the parent."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ingest import ingest, read_folder
from ingest.readers import read_bytes
from ingest.sandbox import Sandbox
from rag.config import Config
from rag.errors import DocumentError
from rag.types import Document
from tests.fakes import FakeEmbedder

# Real processes and real limits take their seconds.
pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PAGE = f"<html><head><title>Marn</title></head><body><article><p>{'The bridge is closed. ' * 20}</p></article></body>"
posix = pytest.mark.skipif(os.name != "posix", reason="sends signals")


def document(text, source="a"):
    return Document.of(text, title="T", source=source, language="en")


def loop():
    while True:
        pass


def recurse():
    recurse()


def break_down(data, path, *, source):  # noqa: ARG001 (as every reader)
    """Run in the child: do to it what the data say, or give a document with the number of its process."""
    what, _, where = data.decode().partition(" ")
    if where:
        Path(where).write_text(str(os.getpid()), encoding="utf-8")
    deeds = {
        "loop": loop,
        "bomb": lambda: bytearray(4 << 30),
        "exit": lambda: os._exit(0),
        "quit": sys.exit,
        "segfault": lambda: ctypes.string_at(0),
        "linger": lambda: (threading.Thread(target=loop).start(), sys.exit()),
        "close": lambda: os.closerange(3, 256),
        "recurse": recurse,
        "lookup": lambda: {}["size"],
        "encrypted": lambda: (_ for _ in ()).throw(DocumentError("is encrypted")),
        "noise": lambda: (sys.stdout.write("noise"), os.write(1, b"noise"), sys.stdin.read()),
        "modules": lambda: document(" ".join(sys.modules)),
        "long": lambda: document("word " * 1_000_000),
    }
    done = deeds.get(what, lambda: None)()
    return done if isinstance(done, Document) else document(str(os.getpid()), source)


def read(box, what):
    return box.read(what.encode(), Path("a.pdf"), source="a.pdf")


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


CRASH = "made its reader crash"


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("loop", "took longer than 1 s to read"),
        pytest.param(
            "bomb",
            "needed more than 1 GB of memory to read",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="limits no memory"),
        ),
        ("exit", CRASH),
        ("quit", CRASH),
        ("segfault", CRASH),
        ("linger", CRASH),
        ("close", CRASH),
        ("recurse", "is nested too deeply to read"),
        ("lookup", "made its reader fail: KeyError: 'size'"),
        ("encrypted", "is encrypted"),
    ],
)
def test_what_breaks_a_reader_is_a_reason_and_the_next_file_is_read(what, reason):
    with Sandbox(reader=break_down, limit_s=1) as box:
        for _ in range(2):
            with pytest.raises(DocumentError) as raised:
                read(box, what)
            assert str(raised.value) == reason
            assert int(read(box, "next").text) != os.getpid()


def test_one_process_reads_many_files_and_is_gone_afterwards():
    with Sandbox(reader=break_down) as box:
        first = int(read(box, "one").text)
        assert {int(read(box, "another").text) for _ in range(5)} == {first}
        with pytest.raises(DocumentError):
            read(box, "exit")
        second = int(read(box, "next").text)
        assert first != second
        assert not is_running(first)
        assert is_running(second)
    assert not is_running(second)


def test_a_process_that_dies_between_two_files_costs_neither():
    with Sandbox(reader=break_down) as box:
        pid = int(read(box, "one").text)
        os.kill(pid, signal.SIGTERM)
        time.sleep(0.3)
        assert int(read(box, "another").text) != pid


def test_what_a_library_leaks_is_not_carried_on_for_ever():
    with Sandbox(reader=break_down) as box:
        pids = [read(box, "one").text for _ in range(402)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [200, 200, 2]


def test_what_a_reader_prints_disturbs_nothing(capfd):
    with Sandbox(reader=break_down) as box:
        assert read(box, "noise").text == read(box, "next").text
    assert capfd.readouterr() == ("", "")


def test_a_reader_that_cannot_be_imported_is_told(monkeypatch):
    def local(data, path, *, source):
        raise NotImplementedError

    # pickled by its name, as functions are, and found in this process only
    local.__qualname__ = "local"
    monkeypatch.setattr(sys.modules[__name__], "local", local, raising=False)
    with Sandbox(reader=local) as box, pytest.raises(DocumentError, match="process of its reader does not start"):
        read(box, "one")


def test_the_process_loads_neither_models_nor_engines():
    with Sandbox(reader=break_down) as box:
        loaded = set(read(box, "modules").text.split())
    assert loaded.isdisjoint({"torch", "chromadb", "gradio", "onnxruntime", "sentence_transformers", "langchain_core"})


def test_a_document_is_the_same_as_without_the_sandbox():
    with Sandbox(reader=break_down) as box:
        assert read(box, "long") == document("word " * 1_000_000)
    with Sandbox(read_bytes) as box:
        for name, data in (("a.html", PAGE.encode()), ("b.txt", "\ufeffDie Brücke ist gesperrt.".encode())):
            assert box.read(data, Path(name), source=name) == read_bytes(data, Path(name), source=name)


def test_a_bad_page_is_a_line_in_the_report_and_stops_nothing(tmp_path):
    (tmp_path / "a.html").write_text("<div>" * 200_000, encoding="utf-8")
    (tmp_path / "b.htm").write_text(PAGE, encoding="utf-8")
    report = ingest([tmp_path], tmp_path / "index", config=Config(), embedder=FakeEmbedder())
    assert [Path(name).name for name in report.added] == ["b.htm"]
    assert [Path(name).name for name, _ in report.failed] == ["a.html"]
    with pytest.raises(DocumentError, match=r"^a\.html: "):
        read_folder(tmp_path)


SCRIPT = """
import sys
from ingest import read_folder
print(*(document.title for document in read_folder(sys.argv[1])), "trafilatura" in sys.modules)
"""


@pytest.mark.parametrize("how", ["file", "-c", "-"])
def test_a_script_without_a_main_guard_reads_pages_in_another_process(tmp_path, how):
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "a.html").write_text(PAGE, encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    if how == "file":  # with the others, the working directory is on the path of the parent too
        (pages / "trafilatura.py").write_text("raise SystemExit", encoding="utf-8")
        (pages / ".footnoteignore").write_text("*.py", encoding="utf-8")
    arguments = {"file": [str(script)], "-c": ["-c", SCRIPT], "-": ["-"]}[how]
    run = subprocess.run(
        [sys.executable, *arguments, str(pages)],
        input=SCRIPT,
        cwd=pages,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.stderr, run.returncode) == ("Marn False\n", "", 0)


PARENT = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts jobs in the background without it
from ingest.sandbox import Sandbox
from tests.ingest.test_sandbox import break_down
with Sandbox(reader=break_down, limit_s=float(sys.argv[2])) as box:
    box.read(sys.argv[1].encode(), Path("a"), source="a")
    time.sleep(60)
"""


def parent_and_child(what, place, limit_s):
    pid_file = place / "pid"
    command = [sys.executable, "-c", PARENT, f"{what} {pid_file}", str(limit_s)]
    parent = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert wait_for(lambda: pid_file.exists() and pid_file.read_text("utf-8"))
    return parent, int(pid_file.read_text("utf-8"))


@posix
@pytest.mark.parametrize("what", ["loop", "idle"])
def test_ctrl_c_ends_both_processes_at_once(tmp_path, what):
    parent, child = parent_and_child(what, tmp_path, 60)
    assert is_running(child)
    os.killpg(parent.pid, signal.SIGINT)  # as a terminal does: to both
    _, errors = parent.communicate(timeout=20)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert not is_running(child)


@posix
@pytest.mark.parametrize("what", ["loop", "idle"])
def test_killing_the_parent_ends_the_child(tmp_path, what):
    parent, child = parent_and_child(what, tmp_path, 1 if what == "loop" else 60)
    parent.kill()
    parent.communicate()
    assert wait_for(lambda: not is_running(child))
