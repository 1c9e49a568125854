"""A folder of awkward files is ingested: each is read or refused in words, in bounded time and memory, and the rest is
as if it were not there.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rag
from ingest.sandbox import LIMIT_GB, LIMIT_S
from rag.doctor import examine
from rag.types import Filters
from tests.awkward import BAD, EITHER, GIGABYTE, GOOD, INDEX
from tests.fakes import FakeEmbedder
from tests.ingest.test_formats import QUESTION, WANTED

# Real processes, real limits, and files that use them up.
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="limits no memory, has no pipes")]
ROOT = Path(__file__).resolve().parents[2]
# What stopping a reader and storing what was read before may take.
_SLACK_S = 5
OF_PYTHON = re.compile(
    r"\b[A-Z]\w*(?:Error|Exception|Forbidden)\b|Traceback|<class|object has no|NoneType|0x[0-9a-f]{6}"
)


def ingested(place, *options):
    """Make the folder and ingest it in a process of its own, whose memory is then that of the ingest."""
    command = [sys.executable, "-m", "tests.awkward", str(place / "files"), "--ingest", *options]
    run = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": "."}, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("awkward")


@pytest.fixture(scope="module")
def ran(place):
    return ingested(place)


@pytest.fixture(scope="module")
def index(place, ran):  # noqa: ARG001 (made by it)
    return place / INDEX


@pytest.fixture(scope="module")
def bot(index):
    with rag.Assistant(index, rag.Config(), embedder=FakeEmbedder()) as bot:
        yield bot


def became(ran, name):
    """Say what became of a file; one that holds several documents is as good as the best of them."""
    name = f"files/{name}"
    if any(added == name or added.startswith(f"{name}/") for added in ran["added"]):
        return GOOD
    return BAD if any(failed == name or failed.startswith(f"{name}/") for failed in ran["failed"]) else "lost"


def test_the_folder_is_as_large_as_promised_and_of_every_format(ran):
    assert len(ran["expected"]) >= 120
    suffixes = {Path(name).suffix.lower() for name in ran["expected"]}
    assert suffixes >= {".pdf", ".docx", ".pptx", ".xlsx", ".csv", ".tsv", ".odt", ".rtf", ".epub", ".eml", ".msg"}
    assert suffixes >= {".html", ".md", ".rst", ".txt", ".jsonl", ".zip"}


def test_each_file_is_read_or_refused_as_it_should_be(ran):
    found = {name: became(ran, name) for name in ran["expected"]}
    allowed = {name: {GOOD, BAD} if now == EITHER else {now} for name, now in ran["expected"].items()}
    assert {name: now for name, now in found.items() if now not in allowed[name]} == {}


def test_each_reason_is_a_sentence_for_people(ran):
    for name, reason in ran["failed"].items():
        assert len(reason.split()) > 1, (name, reason)
        assert len(reason) < 300, (name, reason)
        assert reason.isprintable(), (name, reason)
        assert not OF_PYTHON.search(reason), (name, reason)


def test_no_file_takes_more_time_or_memory_than_it_may(ran):
    assert ran["seconds"] < LIMIT_S + _SLACK_S
    assert ran["gigabytes"] < LIMIT_GB


def test_the_index_is_sound(index):
    checks = {check.name: check for check in examine(index, rag.Config())}
    assert checks.keys() >= {"index", "library", "mirrors"}
    assert [check for name, check in checks.items() if not check.ok and name in {"index", "library", "mirrors"}] == []


def test_the_good_files_among_them_are_answered_from(bot):
    known = [document.id for document in bot.documents() if WANTED in document.text]
    places = {
        key: {name for name in names if "/good/" in name} for key, names in bot.index.library.places(known).items()
    }
    assert (
        len({name.removeprefix("files/good/story").split("/")[0] for names in places.values() for name in names}) == 17
    )
    for key in filter(places.get, known):
        answer = bot.ask(QUESTION, filters=Filters(documents=(key,)))
        assert answer.status == "answered", places[key]
        assert any(WANTED in citation.quote for part in answer.sentences for citation in part.citations), places[key]


def test_a_formula_is_shown_and_never_run(bot):
    (text,) = (document.text for document in bot.documents() if document.source == "files/tables/formulas.csv")
    assert """=cmd|" /C calc"!A0""" in text


def test_nothing_outside_of_a_file_is_read(bot):
    assert not [document.source for document in bot.documents() if "root:" in document.text]


def test_a_file_of_a_gigabyte_is_a_line_in_the_report(tmp_path):
    ran = ingested(tmp_path, "--large")
    assert {name: became(ran, name) for name in ran["expected"]} == dict.fromkeys(ran["expected"], BAD)
    assert ran["seconds"] < LIMIT_S + _SLACK_S
    assert ran["gigabytes"] < GIGABYTE / 1e9
