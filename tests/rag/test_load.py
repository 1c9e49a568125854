"""Fifty threads ask while another process writes: nothing fails, nothing is torn, nobody waits for the writer.

`LOAD_SECONDS=300 pytest -m slow tests/rag/test_load.py` goes on for five minutes each, and without it for 20 seconds.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace

import pytest

from ingest import ingest_documents
from rag import app
from rag.app import Assistant
from rag.config import Config, Reading, Split, VectorStore
from rag.doctor import examine
from rag.types import Document
from rag.writer import writing
from tests.chroma_server import chroma_server
from tests.fakes import FakeEmbedder
from tests.mills import STANDING, mill

SECONDS = float(os.environ.get("LOAD_SECONDS", "20"))
N_THREADS = 50
CONFIG = replace(Config(), reader=Reading("none"), split=Split(passage_tokens=40))
BRIDGE = Document.of("The bridge of Marn is closed. Ole Berg found a crack in it.", title="Bridge", source="bridge.txt")


class Log:
    """What the writer did, as it told: which editions were there, and when at the earliest and at the latest."""

    def __init__(self, lines):
        self.editions = {}  # document id → (number of the mill, edition)
        self.since, self.until = {}, defaultdict(lambda: float("inf"))
        there = {}
        for line in lines:
            step = json.loads(line)
            for number, edition, doc_id in step["added"]:
                self.editions[doc_id] = (number, edition)
                self.since[doc_id] = step["began"]
                if number in there:
                    self.until[there[number]] = step["ended"]
                there[number] = doc_id
            for number in step["removed"]:
                self.until[there.pop(number)] = step["ended"]

    def was_there(self, doc_id, began, ended):
        return self.since[doc_id] <= ended and began <= self.until[doc_id]


def asker(bot, seed, until):
    """Ask until the time is up; returns (began, ended, number of the mill, answer), and what failed."""
    dice, asked, failed = random.Random(seed), [], []  # noqa: S311 (no secret)
    while time.monotonic() < until:
        number = dice.randrange(2 * STANDING)
        began = time.monotonic()
        try:
            answer = bot.ask(f"Who rebuilt the mill of {mill(number, 0).title}?")
        except Exception as error:  # noqa: BLE001 (counted)
            failed.append(repr(error))
        else:
            asked.append((began, time.monotonic(), number, answer))
    return asked, failed


def faults_of(asked, log):
    """Say what is torn: words of no edition, or of one that was not there; a mill that never changed and is missed."""
    documents = {doc_id: mill(*at) for doc_id, at in log.editions.items()}
    for began, ended, number, answer in asked:
        citations = [citation for sentence in answer.sentences for citation in sentence.citations]
        passages = [hit.passage for hit in answer.hits]
        for doc_id, start, end, text in (
            *((c.doc_id, c.start, c.end, c.quote) for c in citations),
            *((p.doc_id, p.start, p.end, p.text) for p in passages),
        ):
            if doc_id not in documents:
                yield f"nobody wrote {text!r}"
            elif documents[doc_id].text[start:end] != text:
                yield f"{text!r} does not stand at {start}-{end} of {log.editions[doc_id]}"
            elif not log.was_there(doc_id, began, ended):
                yield f"{log.editions[doc_id]} was not there"
        if number < STANDING and not any(p.doc_id == mill(number, 0).id for p in passages):
            yield f"mill {number}, which never changed, was not found"


@pytest.mark.slow
@pytest.mark.parametrize("kept", ["folder", "server"])
def test_fifty_threads_ask_while_another_process_adds_changes_and_removes(kept, tmp_path, capsys):
    with chroma_server(tmp_path / "kept") if kept == "server" else nullcontext("") as url:
        config, root = replace(CONFIG, vectors=VectorStore(url)), tmp_path / "index"
        ingest_documents([BRIDGE], root, config=config, embedder=FakeEmbedder())
        command = [sys.executable, "-m", "tests.mills", root, url]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
            first = writer.stdout.readline()  # all mills are there
            reading = ThreadPoolExecutor(1).submit(lambda: list(writer.stdout))
            with Assistant(root, config, embedder=FakeEmbedder()) as bot, ThreadPoolExecutor(N_THREADS) as threads:
                until = time.monotonic() + SECONDS
                done = list(threads.map(lambda seed: asker(bot, seed, until), range(N_THREADS)))
            writer.stdin.close()
            lines = [first, *reading.result()]
            assert writer.wait(60) == 0
        ill = [check for check in examine(root, config) if not check.ok]
    asked = [one for answers, _ in done for one in answers]
    failed = [error for _, errors in done for error in errors]
    log = Log(lines)
    log.editions[BRIDGE.id], log.since[BRIDGE.id] = (-1, 0), 0.0
    faults = list(faults_of(asked, log))
    took = [ended - began for began, ended, *_ in asked]
    answered = sum(answer.status == "answered" for *_, answer in asked)
    p95 = statistics.quantiles(took, n=20)[-1]
    with capsys.disabled():
        print(  # noqa: T201 (the measurement)
            f"\n{kept}: {len(asked)} questions in {SECONDS:.0f} s, {answered} answered, {len(lines)} steps of the "
            f"writer; p50 {statistics.median(took):.2f} s, p95 {p95:.2f} s; {len(failed)} errors, {len(faults)} faults"
        )
    assert failed == []
    assert faults == []
    assert ill == []
    assert len(lines) > SECONDS / 10
    assert answered > len(asked) / 4


def test_what_is_torn_is_seen(tmp_path):
    ingest_documents([mill(STANDING, 3)], tmp_path / "index", config=CONFIG, embedder=FakeEmbedder())
    step = {"began": 10.0, "ended": 11.0, "added": [(STANDING, 3, mill(STANDING, 3).id)], "removed": []}
    gone = {"began": 20.0, "ended": 21.0, "added": [], "removed": [STANDING]}
    log = Log([json.dumps(step), json.dumps(gone)])
    with Assistant(tmp_path / "index", CONFIG, embedder=FakeEmbedder()) as bot:
        answer = bot.ask(f"Who rebuilt the mill of {mill(STANDING, 0).title}?")
    assert answer.sentences
    assert list(faults_of([(12.0, 13.0, STANDING, answer)], log)) == []
    assert all("was not there" in fault for fault in faults_of([(22.0, 23.0, STANDING, answer)], log))
    assert all("was not there" in fault for fault in faults_of([(1.0, 9.0, STANDING, answer)], log))
    assert list(faults_of([(12.0, 13.0, 0, answer)], log)) == ["mill 0, which never changed, was not found"]
    moved = replace(answer, sentences=(), status="refused", reason="no_evidence", hits=answer.hits[:1])
    passage = replace(moved.hits[0].passage, start=moved.hits[0].passage.start + 1)
    torn = replace(moved, hits=(replace(moved.hits[0], passage=passage),))
    assert "does not stand at" in next(faults_of([(12.0, 13.0, STANDING, torn)], log))
    assert "nobody wrote" in next(faults_of([(12.0, 13.0, STANDING, answer)], Log([])))


def test_a_writer_that_lingers_in_its_transaction_blocks_nobody(tmp_path):
    ingest_documents([BRIDGE], tmp_path / "index", config=CONFIG, embedder=FakeEmbedder())
    inside, over = threading.Event(), threading.Event()

    def linger():
        with writing(tmp_path / "index", CONFIG, purpose="test") as writer:
            writer._stores()
            with writer.library._transaction() as db:
                db.execute("DELETE FROM documents WHERE title = 'nothing'")
                inside.set()
                assert over.wait(60)

    with ThreadPoolExecutor(1) as thread:
        lingering = thread.submit(linger)
        assert inside.wait(60)
        with Assistant(tmp_path / "index", CONFIG, embedder=FakeEmbedder()) as bot:
            assert bot.ask("Who found the crack?").status == "answered"
            assert not lingering.done()
        over.set()
        lingering.result()


def test_a_model_that_many_ask_for_at_once_is_loaded_once():
    loaded, together = [], threading.Barrier(N_THREADS)

    def load(name):
        time.sleep(0.05)  # long enough for all others to come by
        loaded.append(name)
        return object()

    once = app._once(load)

    def ask(number):
        together.wait(60)
        return once(f"model {number % 2}")

    with ThreadPoolExecutor(N_THREADS) as threads:
        models = list(threads.map(ask, range(N_THREADS)))
    assert sorted(loaded) == ["model 0", "model 1"]
    assert len(set(models)) == 2


def test_assistants_share_the_models_of_their_process(tmp_path):
    ingest_documents([BRIDGE], tmp_path / "index", config=CONFIG, embedder=FakeEmbedder())
    assistants = [Assistant(tmp_path / "index", CONFIG) for _ in range(3)]
    try:
        with ThreadPoolExecutor(3) as threads:
            models = list(threads.map(lambda bot: (bot.embedder, bot._resources().reader), assistants))
        assert len(set(models)) == 1
    finally:
        for bot in assistants:
            bot.close()
