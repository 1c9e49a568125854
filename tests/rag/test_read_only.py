"""An index that nobody changes: by the setting `read_only`, and in a folder in which nothing can be written."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from ingest import ingest_documents, rebuild, remove
from rag.app import Assistant
from rag.config import Config, Reading
from rag.errors import ConfigError, StorageFailed
from rag.mirrors import copy_whole
from rag.types import Document
from tests.fakes import FakeEmbedder

CONFIG = replace(Config(), reader=Reading("none"))
READ_ONLY = replace(CONFIG, read_only=True)
BRIDGE = Document.of(
    "The bridge of Marn is closed. Engineer Ole Berg found a crack in it.", title="Bridge", source="bridge.txt"
)
TOWER = Document.of("The tower of Kell leans by two metres.", title="Tower", source="tower.txt")
# Executes another program that obeys the modes of files, also if root runs it, and writes no large file.
CONFINE = """
import ctypes, os, resource, sys
DROP, OVERRIDE_MODES, SEARCH_ANY_FOLDER = 24, 1, 2  # prctl(2): what the next program is not to have
for capability in (OVERRIDE_MODES, SEARCH_ANY_FOLDER) if os.getuid() == 0 else ():
    if ctypes.CDLL(None).prctl(DROP, capability, 0, 0, 0):
        sys.exit("not allowed")
most_bytes = int(sys.argv[1])
if most_bytes:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[2:]])
"""
ASK = """
import json, sys, os
from dataclasses import replace
from pathlib import Path
from ingest import ingest_documents, remove
from rag.app import Assistant
from rag.config import Config, Reading
from rag.doctor import examine
from rag.errors import FootnoteError
from tests.fakes import FakeEmbedder
root, config = Path(sys.argv[1]), replace(Config(), reader=Reading("none"))
try:
    with Assistant(root, config, embedder=FakeEmbedder()) as bot:
        for question in sys.stdin:
            hits = bot.search(question.strip())
            stages = sorted({trace.stage for hit in hits for trace in hit.trace})
            print(json.dumps([[hit.passage.text for hit in hits], stages]), flush=True)
    ill = [check.name for check in examine(root, config) if not check.ok and check.name not in {"model", "disk"}]
    try:
        remove(["bridge.txt"], root, config=config)
    except FootnoteError as error:
        print(json.dumps([ill, str(error)]))
except FootnoteError as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture
def root(tmp_path):
    ingest_documents([BRIDGE], tmp_path / "index", config=CONFIG, embedder=FakeEmbedder())
    return tmp_path / "index"


@pytest.fixture
def sealed(root):
    """Return an index in which nobody but root can write."""
    seal(root)
    yield root
    for path in (root, *root.rglob("*")):
        path.chmod(0o700)


def seal(root):
    for path in (*root.rglob("*"), root):
        path.chmod(0o555 if path.is_dir() else 0o444)


@cache
def can_confine():
    command = [sys.executable, "-c", CONFINE, "0", "pass"]
    return sys.platform == "linux" and subprocess.run(command, check=False, capture_output=True).returncode == 0


def asking(root, temporary, *, most_bytes=0):
    """Start a process that may not write in the index, and that answers each line with what it finds."""
    if not can_confine():
        pytest.skip("a process cannot be kept from writing here")
    command = [sys.executable, "-c", CONFINE, str(most_bytes), ASK, root]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    return subprocess.Popen(command, env=environment, **pipes)


def ask(process, question):
    process.stdin.write(f"{question}\n")
    return json.loads(process.stdout.readline())


def told_at_the_end(process):
    process.stdin.close()
    told = process.stdout.read().splitlines()
    process.stdout.close()
    assert process.wait(60) == 0
    return json.loads(told[-1])


def test_read_only_refuses_every_change_and_says_how_to_allow_it(root):
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    for change in (
        lambda: ingest_documents([TOWER], root, config=READ_ONLY, embedder=FakeEmbedder()),
        lambda: remove(["bridge.txt"], root, config=READ_ONLY),
        lambda: rebuild(root, config=READ_ONLY, embedder=FakeEmbedder()),
        lambda: ingest_documents([TOWER], root.with_name("new"), config=READ_ONLY, embedder=FakeEmbedder()),
    ):
        with pytest.raises(ConfigError, match=r"read_only.*FOOTNOTE_READ_ONLY.*--set"):
            change()
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
    assert not root.with_name("new").exists()


def test_a_read_only_index_is_asked_as_any_other_while_somebody_else_changes_it(root):
    with Assistant(root, READ_ONLY, embedder=FakeEmbedder()) as bot:
        assert [hit.passage.text for hit in bot.search("tower of Kell")] == [BRIDGE.text]
        ingest_documents([TOWER], root, config=CONFIG, embedder=FakeEmbedder())
        assert bot.search("tower of Kell")[0].passage.text == TOWER.text


@pytest.mark.parametrize("text", ["true", "True"])
def test_the_environment_can_ask_for_read_only(tmp_path, text):
    assert Config.load(start=tmp_path, environment={"FOOTNOTE_READ_ONLY": text}).read_only
    with pytest.raises(ConfigError, match="true or false"):
        Config.load(start=tmp_path, environment={"FOOTNOTE_READ_ONLY": "often"})


def test_settings_of_place_and_permission_change_no_fingerprint_of_answers():
    assert READ_ONLY.digest() == CONFIG.digest()


def test_an_index_in_a_folder_that_cannot_be_written_answers_and_leaves_nothing(sealed, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    names = sorted(path.relative_to(sealed) for path in sealed.rglob("*"))
    process = asking(sealed, temporary)
    assert ask(process, "Who found the crack?") == [[BRIDGE.text], ["dense", "lexical"]]
    ill, refused = told_at_the_end(process)
    assert ill == []
    assert "cannot be written here" in refused
    assert sorted(path.relative_to(sealed) for path in sealed.rglob("*")) == names
    assert list(temporary.glob("footnote-*")) == []


def test_who_may_not_write_sees_what_the_owner_adds(sealed, tmp_path):
    """As root the owner passes over modes; another owner gives himself leave to write for as long as he does."""
    process = asking(sealed, tmp_path)
    assert ask(process, "leaning tower of Kell")[0] == [BRIDGE.text]
    if os.getuid():
        pytest.skip("to write as somebody else, one must be root")
    ingest_documents([TOWER], sealed, config=CONFIG, embedder=FakeEmbedder())
    assert ask(process, "leaning tower of Kell")[0][0] == TOWER.text
    remove(["tower.txt"], sealed, config=CONFIG)
    assert ask(process, "leaning tower of Kell")[0] == [BRIDGE.text]
    told_at_the_end(process)


def test_a_library_that_was_not_closed_is_not_misread_where_it_cannot_be_mended(root, tmp_path):
    log = root / "library.db-wal"
    log.write_bytes(b"what a writer that was killed had written")
    seal(root)
    process = asking(root, tmp_path)
    said = told_at_the_end(process)
    root.chmod(0o700)
    assert "was not closed by its last writer" in said


def test_a_copy_that_has_no_room_is_explained(sealed, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = asking(sealed, temporary, most_bytes=10_000)
    process.stdin.write("crack\n")
    said = told_at_the_end(process)
    assert "cannot be written, and the copy" in said
    assert "TMPDIR" in said
    assert list(temporary.glob("footnote-*")) == []


def test_the_owner_of_a_sealed_folder_is_told_why_nothing_is_changed(root):
    if os.getuid() == 0:
        pytest.skip("root may write anywhere; the process of `asking` shows it")
    root.chmod(0o555)
    with pytest.raises(StorageFailed, match="cannot be written here"):
        remove(["bridge.txt"], root, config=CONFIG)
    root.chmod(0o700)


def test_files_that_cannot_be_written_in_a_folder_that_can_are_no_hindrance(root, tmp_path):
    for path in root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o444)
    process = asking(root, tmp_path)
    assert ask(process, "Who found the crack?") == [[BRIDGE.text], ["dense", "lexical"]]
    process.stdin.close()
    process.stdout.close()
    process.wait(60)


def test_a_sealed_index_whose_last_writer_was_killed_while_it_saved_is_asked_more_than_once(root, tmp_path):
    (mirror,) = (root / "vectors").iterdir()
    (mirror / "whole").write_text("how the files of the graph looked before", encoding="utf-8")
    seal(root)
    process = asking(root, tmp_path)
    for _ in range(2):
        assert ask(process, "Who found the crack?") == [[BRIDGE.text], ["dense", "lexical"]]
    told_at_the_end(process)
    root.chmod(0o700)


def test_a_file_that_goes_while_a_mirror_is_copied_is_no_reason_to_stop(tmp_path, monkeypatch):
    (tmp_path / "mirror").mkdir()
    for name in ("a", "b"):
        (tmp_path / "mirror" / name).write_text(name, encoding="utf-8")
    whole, calls = shutil.copyfile, []

    def losing(source, target, **how):
        calls.append(source)
        if len(calls) == 2:
            Path(source).unlink()
        return whole(source, target, **how)

    monkeypatch.setattr(shutil, "copyfile", losing)
    copy_whole(tmp_path / "mirror", tmp_path / "copy")
    assert len(list((tmp_path / "copy").iterdir())) == 1
    (tmp_path / "mirror").rename(tmp_path / "gone")
    with pytest.raises(OSError, match="mirror"):
        copy_whole(tmp_path / "mirror", tmp_path / "copy")
