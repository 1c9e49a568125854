"""Vectors on a Chroma server: several processes and indexes share it, and an index moves there and back."""

import gc
import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import chromadb
import pytest

from ingest import ingest_documents, rebuild, remove
from rag.app import Assistant, answer
from rag.config import Config, Reading, VectorStore
from rag.doctor import examine
from rag.errors import IndexDamaged, IndexMismatch, StorageFailed
from rag.snapshot import restore, snapshot
from rag.types import Document, Filters
from rag.vectors import Served, Vectors, drop
from rag.writer import writing
from tests.chroma_server import chroma_server, free_port
from tests.fakes import FakeEmbedder, RefusingEmbedder

FOLDER = replace(Config(), reader=Reading("none"), search=replace(Config().search, mode="dense"))
HARBOUR = Document.of(
    "The harbour of Lund opened in May. Its mayor, Ada Holm, cut the ribbon.",
    title="Harbour", source="harbour.txt", publisher="Coast Post", published=date(2021, 5, 2),
)  # fmt: skip
BRIDGE = Document.of(
    "The bridge of Marn is closed. Engineer Ole Berg found a crack in it.",
    title="Bridge", source="bridge.txt", publisher="Inland News", published=date(2023, 1, 9),
)  # fmt: skip


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with chroma_server(tmp_path_factory.mktemp("server") / "kept") as url:
        yield url


@pytest.fixture
def config(url):
    return replace(FOLDER, vectors=VectorStore(url))


@pytest.fixture
def root(tmp_path, config):
    ingest_documents([HARBOUR, BRIDGE], tmp_path / "index", config=config, embedder=FakeEmbedder())
    return tmp_path / "index"


def found(root, query, config, **filters):
    with Assistant(root, config, embedder=FakeEmbedder()) as bot:
        titles = {document.id: document.title for document in bot.documents()}
        return [titles[hit.passage.doc_id] for hit in bot.search(query, filters=Filters(**filters))]


def collections(url):
    host, _, port = url.removeprefix("http://").partition(":")
    client = chromadb.HttpClient(host, int(port))
    try:
        return {collection.name for collection in client.list_collections()}
    finally:
        client.close()


def own_collection(root, config):
    with Assistant(root, config, embedder=FakeEmbedder()) as bot:
        return json.loads(bot.index.library.meta("served"))["collection"]


def healthy(root, config):
    return [check for check in examine(root, config) if not check.ok] == []


def test_passages_on_a_server_are_found_and_no_folder_is_made_for_them(root, config):
    assert found(root, "Who found the crack?", config)[0] == "Bridge"
    assert found(root, "bridge crack", config, publishers=("coast post",)) == ["Harbour"]
    assert not (root / "vectors").exists()
    assert healthy(root, config)


def test_two_indexes_share_a_server_and_see_nothing_of_each_other(root, config, tmp_path):
    tower = Document.of("The tower of Kell leans by two metres.", title="Tower", source="tower.txt")
    ingest_documents([tower], tmp_path / "other", config=config, embedder=FakeEmbedder())
    assert found(tmp_path / "other", "harbour bridge tower", config) == ["Tower"]
    assert set(found(root, "harbour bridge tower", config)) == {"Harbour", "Bridge"}


def test_an_index_moves_to_the_server_and_back_without_embedding(tmp_path, config, url):
    root = tmp_path / "index"
    ingest_documents([HARBOUR, BRIDGE], root, config=FOLDER, embedder=FakeEmbedder())
    before = collections(url)
    rebuild(root, config=config, embedder=RefusingEmbedder())
    assert len(collections(url) - before) == 1
    assert list((root / "vectors").iterdir()) == []
    assert found(root, "Who found the crack?", config)[0] == "Bridge"
    assert healthy(root, config)
    rebuild(root, config=FOLDER, embedder=RefusingEmbedder())
    assert collections(url) == before
    assert found(root, "Who found the crack?", FOLDER)[0] == "Bridge"
    assert healthy(root, FOLDER)


def test_an_index_that_lies_elsewhere_than_the_settings_say_names_the_command(root, config, tmp_path):
    ingest_documents([HARBOUR], tmp_path / "local", config=FOLDER, embedder=FakeEmbedder())
    for place, asked in ((root, FOLDER), (tmp_path / "local", config)):
        with pytest.raises(IndexMismatch, match="footnote rebuild"):
            Assistant(place, asked)
        with pytest.raises(IndexMismatch, match=r"vectors\.url"):
            remove(["harbour.txt"], place, config=asked)
        (ill,) = [check for check in examine(place, asked) if not check.ok]
        assert ill.remedy == f"footnote rebuild --index {place}"


def test_a_reader_goes_on_through_a_rebuild_and_the_old_collection_is_deleted(root, config, url):
    old = own_collection(root, config)
    with Assistant(root, config, embedder=FakeEmbedder()) as bot:
        before = [hit.passage.id for hit in bot.search("bridge crack")]
        rebuild(root, config=config, embedder=RefusingEmbedder())
        assert [hit.passage.id for hit in bot.search("bridge crack")] == before
    assert old not in collections(url)
    assert own_collection(root, config) in collections(url)


def test_a_rebuild_that_ends_early_leaves_no_collection_behind(root, config, url):
    before = collections(url)
    with writing(root, config, purpose="test", any_fingerprint=True) as writer:
        writer.create("0002")  # … and here the power fails
    assert len(collections(url) - before) == 1
    assert found(root, "Who found the crack?", config)[0] == "Bridge"
    with writing(root, config, purpose="test"):
        pass
    assert collections(url) == before
    assert healthy(root, config)


def test_a_collection_that_is_lost_is_made_anew_by_the_next_writer_and_not_replaced_by_an_empty_one(root, config, url):
    host, _, port = url.removeprefix("http://").partition(":")
    client = chromadb.HttpClient(host, int(port))
    client.delete_collection(own_collection(root, config))
    client.close()
    with pytest.raises(IndexDamaged, match="footnote rebuild"):
        found(root, "bridge", config)
    assert not healthy(root, config)
    new = Document.of("A new text.", title="New", source="new.txt")
    ingest_documents([new], root, config=config, embedder=FakeEmbedder())
    assert healthy(root, config)
    assert found(root, "Who found the crack?", config)[0] == "Bridge"


def test_a_copy_of_an_index_has_a_collection_of_its_own_once_it_is_rebuilt(root, config, tmp_path):
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", root, copy], check=True)
    rebuild(copy, config=config, embedder=RefusingEmbedder())
    with pytest.raises(IndexDamaged, match="footnote rebuild"):
        found(root, "bridge", config)
    rebuild(root, config=config, embedder=RefusingEmbedder())
    remove(["bridge.txt"], copy, config=config)
    assert found(copy, "bridge crack", config) == ["Harbour"]
    assert found(root, "Who found the crack?", config)[0] == "Bridge"


def test_documents_given_for_one_question_leave_nothing_on_the_server(config, url, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    before = collections(url)
    asked = replace(config, read_only=True, search=replace(config.search, mode="hybrid"))
    given = answer("Who found a crack in the bridge of Marn?", documents=[BRIDGE], config=asked)
    assert given.status == "answered"
    assert collections(url) == before


def test_a_server_that_is_away_is_named_with_what_to_do(tmp_path):
    port = free_port()
    config = replace(FOLDER, vectors=VectorStore(f"http://127.0.0.1:{port}"))
    with chroma_server(tmp_path / "kept", port=port):
        ingest_documents([HARBOUR, BRIDGE], tmp_path / "index", config=config, embedder=FakeEmbedder())
        bot = Assistant(tmp_path / "index", config, embedder=FakeEmbedder())
        bot.search("bridge")
    named = rf"http://127.0.0.1:{port}.*chroma run.*vectors.url.*footnote rebuild"
    with bot, pytest.raises(StorageFailed, match=named):
        bot.search("bridge")  # in the middle of its work
    with pytest.raises(StorageFailed, match=named):
        found(tmp_path / "index", "bridge", config)
    (ill,) = [check for check in examine(tmp_path / "index", config) if not check.ok]
    assert (ill.name, ill.remedy) == ("mirrors", "mend what the message names")
    new = Document.of("A new text.", title="New", source="new.txt")
    with pytest.raises(StorageFailed, match=named):
        ingest_documents([new], tmp_path / "index", config=config, embedder=FakeEmbedder())
    rebuild(tmp_path / "index", config=FOLDER, embedder=RefusingEmbedder())
    assert "Bridge" in found(tmp_path / "index", "Who found the crack?", FOLDER)


def test_credentials_come_from_the_environment_and_go_with_every_request(monkeypatch):
    seen = []

    class Locked(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers.get("Authorization")))
            self.send_error(401)

        def log_message(self, *_):
            pass

    monkeypatch.setenv("CHROMA_CLIENT_AUTH_PROVIDER", "chromadb.auth.token_authn.TokenAuthClientProvider")
    monkeypatch.setenv("CHROMA_CLIENT_AUTH_CREDENTIALS", "an-open-secret")
    with ThreadingHTTPServer(("127.0.0.1", 0), Locked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(StorageFailed, match="cannot be used") as refused:
            Vectors(Served(f"http://127.0.0.1:{server.server_port}", "any"))
        server.shutdown()
    assert "an-open-secret" not in str(refused.value)
    assert [credentials for path, credentials in seen if "heartbeat" not in path] == ["Bearer an-open-secret"]


def test_what_lies_about_in_a_folder_does_not_set_up_the_client(root, config, tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("CHROMA_SERVER_HOST=http://elsewhere.example\nPERSIST_DIRECTORY=/elsewhere\n")
    monkeypatch.chdir(tmp_path)
    assert found(root, "Who found the crack?", config)[0] == "Bridge"


@pytest.mark.slow
def test_a_server_that_is_silent_is_not_waited_for_without_end():
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(StorageFailed, match="chroma run"):
        Vectors(Served(f"http://127.0.0.1:{silent.getsockname()[1]}", "any"))


ASK = """
import json, sys
from pathlib import Path
from rag.app import Assistant
from rag.config import Config
from tests.fakes import FakeEmbedder
config = Config.load({"search.mode": "dense", "reader.model": "none"})
with Assistant(Path(sys.argv[1]), config, embedder=FakeEmbedder()) as bot:
    for line in sys.stdin:
        place = line.strip()
        texts = [hit.passage.text for hit in bot.search(f"leaning tower of {place}")]
        print(json.dumps(any(place in text for text in texts)), flush=True)
"""


def test_several_processes_ask_one_index_while_another_fills_it(root, config, url):
    environment = {**os.environ, "FOOTNOTE_VECTORS_URL": url}
    command = [sys.executable, "-c", ASK, root]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    askers = [subprocess.Popen(command, env=environment, **pipes) for _ in range(3)]
    try:
        for place in ("Kell", "Odby", "Vang", "Sund"):
            for asker in askers:  # before it is there …
                asker.stdin.write(f"{place}\n")
            assert [json.loads(asker.stdout.readline()) for asker in askers] == [False] * 3
            tower = Document.of(f"The tower of {place} leans by two metres.", title=place, source=f"{place}.txt")
            ingest_documents([tower], root, config=config, embedder=FakeEmbedder())
            for asker in askers:  # … and after
                asker.stdin.write(f"{place}\n")
            assert [json.loads(asker.stdout.readline()) for asker in askers] == [True] * 3
    finally:
        for asker in askers:
            asker.stdin.close()
            assert asker.wait(60) == 0
            asker.stdout.close()
    assert healthy(root, config)


def test_a_snapshot_is_restored_onto_the_server(root, config, url, tmp_path):
    snapshot(root, tmp_path / "kept.footnote")
    remove(["bridge.txt"], root, config=config)
    before = collections(url)
    restore(tmp_path / "kept.footnote", root, config=config)
    assert len(collections(url)) == len(before)
    assert found(root, "Who found the crack?", config)[0] == "Bridge"
    restore(tmp_path / "kept.footnote", tmp_path / "local", config=FOLDER)
    assert found(tmp_path / "local", "Who found the crack?", FOLDER)[0] == "Bridge"
    assert healthy(root, config)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files cannot be counted here")
def test_a_connection_that_is_closed_leaves_no_file_open(url):
    place = Served(url, "closing")
    Vectors(place, create=True).close()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        Vectors(place).close()
    drop(place)
    gc.collect()  # what a client keeps in a circle goes with it
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2
