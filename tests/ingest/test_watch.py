"""Following folders: a real watcher on real files. Each test ends by itself, in failure if need be."""

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ingest import IngestReport, watch
from ingest.watch import Notice, follow
from rag.config import Config
from rag.errors import ConfigError
from rag.library import Library
from rag.writer import writing
from tests.fakes import FakeEmbedder

CONFIG = Config()
REAL = watch.ingest
# A round begins half a second after the last change; a loaded machine may take its time.
PATIENCE_S = 60
ROOT = Path(__file__).resolve().parents[2]


class Followed:
    """A thread that follows places, and what it has told so far."""

    def __init__(self, *places, root):
        self.root = root
        self.told = queue.Queue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(places,), daemon=True)
        self._thread.start()

    def _run(self, places):
        try:
            for told in follow(places, self.root, config=CONFIG, embedder=FakeEmbedder(), stop=self._stop):
                self.told.put(told)
        except Exception as error:  # noqa: BLE001 (for the thread of the test to see)
            self.told.put(error)

    def begin(self):
        """Wait for the first round to be over, and return its report."""
        report, outlook = self.next(), self.next()
        assert outlook.text.startswith("Following "), outlook
        return report

    def next(self):
        return self.told.get(timeout=PATIENCE_S)

    def is_quiet(self, for_s=1.5):
        """Tell whether nothing is told for a while."""
        time.sleep(for_s)
        return self.told.empty()

    def until(self, wanted):
        """Gather reports until what they say together is what is wanted of each field."""
        seen = {name: [] for name in wanted}
        deadline = time.monotonic() + PATIENCE_S
        while {name: sorted(values) for name, values in seen.items()} != wanted:
            assert time.monotonic() < deadline, f"{seen}, not {wanted}"
            report = self.next()
            assert isinstance(report, IngestReport), report
            for name in wanted:
                seen[name] += getattr(report, name)

    def close(self):
        self._stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    write(folder / "bridge.md", "The bridge of Marn is closed.")
    return tmp_path


@pytest.fixture
def watcher(home):
    """Make one that has done its first round."""
    made = []

    def start(*places, first=("reports/bridge.md",)):
        made.append(Followed(*(places or [home / "reports"]), root=home / "index"))
        assert made[-1].begin().added == first
        return made[-1]

    yield start
    for one in made:
        one.close()


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def sources(home):
    library = Library(home / "index" / "library.db")
    try:
        return sorted(library.sources())
    finally:
        library.close()


def test_a_new_a_changed_a_renamed_and_a_deleted_file_reach_the_index(home, watcher):
    followed = watcher()
    write(home / "reports" / "tower.txt", "The tower of Kell leans.")
    assert followed.next() == IngestReport(added=("reports/tower.txt",))
    write(home / "reports" / "tower.txt", "The tower of Kell fell.")
    assert followed.next() == IngestReport(updated=("reports/tower.txt",))
    (home / "reports" / "tower.txt").rename(home / "reports" / "ruin.txt")
    assert followed.next() == IngestReport(renamed=(("reports/tower.txt", "reports/ruin.txt"),))
    (home / "reports" / "ruin.txt").unlink()
    assert followed.next() == IngestReport(removed=("reports/ruin.txt",))
    assert sources(home) == ["reports/bridge.md"]


def test_two_hundred_files_at_once_all_arrive(home, watcher):
    followed = watcher()
    for number in range(200):
        write(home / "reports" / f"part{number % 10}" / f"{number:03}.txt", f"Pier {number} stands.")
    followed.until({"added": sorted(f"reports/part{n % 10}/{n:03}.txt" for n in range(200)), "failed": []})
    shutil.rmtree(home / "reports" / "part3")
    followed.until({"removed": sorted(f"reports/part3/{n:03}.txt" for n in range(3, 200, 10))})
    assert len(sources(home)) == 181


def test_what_is_no_document_begins_no_round(home, watcher, monkeypatch):
    write(home / "reports" / ".footnoteignore", "drafts/\n")
    write(home / "reports" / "drafts" / "a.md", "The draft.")
    rounds = []
    monkeypatch.setattr(watch, "ingest", lambda *given, **named: rounds.append(1) or REAL(*given, **named))
    followed = watcher(home, first=("reports/bridge.md", "reports/drafts/a.md"))  # only the top's patterns hold
    followed.close()
    followed = Followed(home / "reports", root=home / "index")
    assert followed.begin().removed == ("reports/drafts/a.md",)
    n_rounds = len(rounds)
    write(home / "reports" / ".hidden.md", "Hidden.")
    write(home / "reports" / "drafts" / "b.md", "Another draft.")
    write(home / "reports" / "picture.png", "no document")
    assert followed.is_quiet()
    assert len(rounds) == n_rounds
    write(home / "reports" / ".footnoteignore", "# nothing\n")
    followed.until({"added": ["reports/drafts/a.md", "reports/drafts/b.md"]})
    followed.close()


def test_an_index_in_the_folder_does_not_wake_its_own_watcher(home, monkeypatch):
    rounds = []
    monkeypatch.setattr(watch, "ingest", lambda *given, **named: rounds.append(1) or REAL(*given, **named))
    followed = Followed(home, root=home / "index")
    assert followed.begin().added == ("reports/bridge.md",)
    assert followed.is_quiet()
    assert rounds == [1]
    followed.close()


def test_a_file_that_is_being_written_is_read_when_it_is_whole(home, watcher):
    followed = watcher()
    with (home / "reports" / "long.txt").open("w", encoding="utf-8") as file:
        for number in range(12):
            file.write(f"Pier {number} stands.\n")
            file.flush()
            time.sleep(0.2)
    assert followed.next() == IngestReport(added=("reports/long.txt",))
    assert followed.is_quiet()


def test_a_file_that_failed_is_told_once_and_read_again_when_it_changes(home, watcher):
    followed = watcher()
    write(home / "reports" / "half.pdf", "%PDF-1.7 half")
    ((name, _),) = followed.next().failed
    assert name == "reports/half.pdf"
    write(home / "reports" / "tower.txt", "The tower of Kell leans.")
    assert followed.next() == IngestReport(added=("reports/tower.txt",))
    write(home / "reports" / "half.pdf", "%PDF-1.7 half, still")
    ((name, _),) = followed.next().failed
    assert name == "reports/half.pdf"


def test_a_file_named_alone_is_followed_through_an_editor_that_puts_another_in_its_place(home, watcher):
    followed = watcher(home / "reports" / "bridge.md")
    write(home / "reports" / "other.md", "Nobody follows this.")
    write(home / "reports" / "bridge.md.new", "The bridge of Marn is open.")
    (home / "reports" / "bridge.md.new").replace(home / "reports" / "bridge.md")
    assert followed.next() == IngestReport(updated=("reports/bridge.md",))
    (home / "reports" / "bridge.md").unlink()
    assert followed.next().removed == ("reports/bridge.md",)
    write(home / "reports" / "bridge.md", "The bridge of Marn is closed again.")
    assert followed.next() == IngestReport(added=("reports/bridge.md",))


def test_changes_wait_while_another_process_writes(home, watcher):
    followed = watcher()
    with writing(home / "index", CONFIG, purpose="a long job"):
        write(home / "reports" / "tower.txt", "The tower of Kell leans.")
        notice = followed.next()
        assert isinstance(notice, Notice)
        assert "`a long job`" in notice.text
        assert followed.is_quiet(4)  # it is said once, however often it is tried
    assert followed.next() == IngestReport(added=("reports/tower.txt",))


def test_a_folder_that_is_away_keeps_its_documents_and_is_followed_when_it_is_back(home, watcher):
    followed = watcher()
    (home / "reports").rename(home / "elsewhere")
    assert followed.next() == Notice("reports is away; its documents stay, and it is followed again when it is back.")
    assert followed.is_quiet()
    write(home / "elsewhere" / "tower.txt", "The tower of Kell leans.")
    assert sources(home) == ["reports/bridge.md"]
    (home / "elsewhere").rename(home / "reports")
    assert followed.next() == Notice("reports is back.")
    assert followed.next() == IngestReport(added=("reports/tower.txt",))
    write(home / "reports" / "bridge.md", "The bridge of Marn is open.")
    assert followed.next() == IngestReport(updated=("reports/bridge.md",))


def test_a_folder_whose_disk_is_out_keeps_its_documents(home, watcher):
    followed = watcher()
    (home / "reports").rename(home / "disk")
    (home / "reports").mkdir()
    ((name, reason),) = followed.next().failed
    assert (name, reason.split(",")[0]) == ("reports", "is empty")
    assert sources(home) == ["reports/bridge.md"]
    write(home / "disk" / "tower.txt", "The tower of Kell leans.")
    (home / "reports").rmdir()
    (home / "disk").rename(home / "reports")
    assert followed.next() == IngestReport(added=("reports/tower.txt",))


def test_a_file_that_goes_with_its_whole_folder_is_away(home, watcher):
    followed = watcher(home / "reports" / "bridge.md")
    (home / "reports").rename(home / "disk")
    assert followed.next().text.startswith("reports/bridge.md is away; ")
    (home / "disk").rename(home / "reports")
    assert followed.next() == Notice("reports/bridge.md is back.")
    assert sources(home) == ["reports/bridge.md"]


def test_a_folder_that_is_not_there_yet_is_followed_when_it_comes(home):
    followed = Followed(home / "later", root=home / "index")
    assert followed.begin().failed == (("later", "does not exist"),)
    write(home / "later" / "a.md", "Words.")
    assert followed.next() == IngestReport(added=("later/a.md",))
    write(home / "later" / "b.md", "More words.")
    assert followed.next() == IngestReport(added=("later/b.md",))
    followed.close()


def test_where_there_is_nothing_to_follow_it_ends(home):
    said = list(follow([], home / "index", config=CONFIG, embedder=FakeEmbedder()))
    assert said[0] == IngestReport()
    assert said[1].text.startswith("There is no file or folder to follow")


def test_a_pattern_that_cannot_be_is_a_notice_and_the_round_waits_for_a_better_one(home, watcher):
    followed = watcher()
    (home / "reports" / ".footnoteignore").write_bytes(b"\xff\n")
    notice = followed.next()
    assert ".footnoteignore, line 1, is not UTF-8" in notice.text
    assert followed.is_quiet(3)
    write(home / "reports" / ".footnoteignore", "bridge.md\n")
    assert followed.next() == IngestReport(removed=("reports/bridge.md",))


def test_a_pattern_that_cannot_be_is_an_error_at_the_beginning(home):
    (home / "reports" / ".footnoteignore").write_bytes(b"\xff\n")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        list(follow([home / "reports"], home / "index", config=CONFIG, embedder=FakeEmbedder()))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep no such names")
def test_a_name_that_is_no_text_fails_and_the_rest_is_followed_on(home, watcher):
    followed = watcher()
    Path(os.fsdecode(os.fsencode(home / "reports") + b"/\xff.txt")).write_text("x")
    assert followed.next() == IngestReport(failed=(("reports/\\udcff.txt", "its name is not UTF-8; rename it"),))
    write(home / "reports" / "tower.txt", "The tower of Kell leans.")
    assert followed.next() == IngestReport(added=("reports/tower.txt",))


def test_a_change_of_which_the_system_says_nothing_is_found_at_the_next_look(home, watcher, monkeypatch):
    def silent(*_, stop_event, **__):
        while not stop_event.wait(0.2):
            yield set()

    monkeypatch.setattr(watch, "_LOOK_S", 1.0)
    monkeypatch.setattr(watch, "watch", silent)
    followed = watcher()
    write(home / "reports" / "tower.txt", "The tower of Kell leans.")
    assert followed.next() == IngestReport(added=("reports/tower.txt",))


def test_what_is_fetched_is_fetched_once(home, monkeypatch):
    asked = []

    def recorded(paths, *_, **__):
        asked.append([str(path) for path in paths])
        return IngestReport(added=tuple(str(path) for path in paths))

    monkeypatch.setattr(watch, "ingest", recorded)
    followed = Followed(home / "reports", "https://a.example/", root=home / "index")
    followed.begin()
    write(home / "reports" / "tower.txt", "The tower of Kell leans.")
    followed.next()
    followed.close()
    assert asked == [[str(home / "reports"), "https://a.example/"], [str(home / "reports")]]


COMMAND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
from ui.cli import main
main()
"""


@pytest.mark.parametrize(("is_busy", "code"), [(False, 0), (True, 130)])
def test_ctrl_c_ends_with_0_if_everything_is_in_the_index_and_else_with_130(home, is_busy, code):
    arguments = [sys.executable, "-c", COMMAND, "ingest", "reports", "--watch", "--json", "--index", "index"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    with subprocess.Popen(arguments, cwd=home, env=environment, **pipes) as process:
        alarm = threading.Timer(PATIENCE_S, process.kill)
        alarm.start()
        try:
            assert '"added": ["reports/bridge.md"]' in process.stdout.readline()
            assert process.stderr.readline() == "Following reports. Ctrl-C ends it.\n"
            if is_busy:
                with writing(home / "index", CONFIG, purpose="a long job"):
                    write(home / "reports" / "tower.txt", "The tower of Kell leans.")
                    assert "a long job" in process.stderr.readline()
                    process.send_signal(signal.SIGINT)
                    rest, errors = process.communicate()
            else:
                write(home / "reports" / "tower.txt", "The tower of Kell leans.")
                assert '"added": ["reports/tower.txt"]' in process.stdout.readline()
                time.sleep(1)  # until it waits again
                process.send_signal(signal.SIGINT)
                rest, errors = process.communicate()
        finally:
            alarm.cancel()
    assert process.returncode == code, errors
    assert not rest
    assert "Traceback" not in errors
