"""What grows with an index: the steps hold what they should, and the figures say what was measured."""

import hashlib
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from eval import scale
from eval.growth_plot import growth_svg
from eval.scale import grow, sizes, so_far, table, write_lines
from eval.scale_step import Remembering
from ingest import read_folder
from rag.library import Library
from rag.types import Document
from tests.fakes import FakeEmbedder

ARTICLES = [
    Document.of(
        " ".join(f"Item {n} of list {at} melts at {800 + n} degrees." for n in range(40)),
        title=f"List {at}",
        source=f"https://a.example/{at}",
        publisher="Coast Post",
        published=date(2022, 8, 1 + at),
        language="en",
        url=f"https://a.example/{at}",
    )
    for at in range(12)
]


def step(passages, new, seconds=10.0):
    times = {f"{name}_ms": {"p50": 1.0, "p95": 2.0} for name in ("search", "read")}
    parts = {"library_mb": 30.0, "vectors_mb": 9.0, "lexical_mb": 1.0}
    memory = {"ingest_memory_mb": 300.0, "ask_memory_mb": 400.0}
    rates = {"seconds": seconds, "embed_seconds": 8.0, "embed_per_s": 50.0}
    return {"passages": passages, "new_passages": new, **times, **parts, **memory, **rates}


def test_what_is_written_is_read_as_the_same_documents(tmp_path):
    write_lines(ARTICLES, tmp_path / "lines" / "1.jsonl")
    read = read_folder(tmp_path / "lines")
    assert [(d.text, d.header()) for d in read] == [(d.text, d.header()) for d in ARTICLES]


def test_time_so_far_is_embedding_at_its_rate_and_the_rest_as_measured():
    one, two = so_far([step(1000, 1000), step(3000, 2000, seconds=13.0)])
    assert (one["embedding_s"], one["rest_s"]) == (20.0, 2.0)
    assert (two["embedding_s"], two["rest_s"]) == (60.0, 7.0)


def test_a_row_says_what_was_measured():
    lines = table([step(1000, 1000)]).splitlines()
    assert lines[0].count("|") == lines[1].count("|") == lines[2].count("|")
    assert lines[2] == "| 1,000 | 50 | 500 | 40 | 1 / 2 | 1 / 2 | 300 | 400 |"


def test_sizes_are_of_all_files_of_a_part(tmp_path):
    (tmp_path / "vectors" / "0001").mkdir(parents=True)
    (tmp_path / "vectors" / "0001" / "a").write_bytes(b"x" * 2_000_000)
    (tmp_path / "library.db").write_bytes(b"x" * 1_000_000)
    (tmp_path / "library.db-wal").write_bytes(b"x" * 1_000_000)
    assert sizes(tmp_path) == {"library_mb": 2.0, "vectors_mb": 2.0, "lexical_mb": 0.0}


def test_vectors_are_taken_where_the_other_library_has_them(tmp_path):
    fake = FakeEmbedder()
    texts = ["one word", "two words", "three more words"]
    library = Library(tmp_path / "library.db", writing=True)
    known = fake.embed([texts[1]])
    library.keep_vectors([(hashlib.sha256(f"{fake.fingerprint}\0{texts[1]}".encode()).hexdigest(), known[0])])
    fake.embedded.clear()
    remembering = Remembering(fake, library)
    found = remembering.embed(texts)
    assert fake.embedded == [texts[0], texts[2]]
    assert np.allclose(found, FakeEmbedder().embed(texts))
    assert (remembering.n_taken, remembering.sample) == (1, texts)
    library.close()


def test_the_picture_stands_by_itself():
    drawn = ET.fromstring(growth_svg(so_far([step(1000, 1000), step(20000, 19000)])))  # noqa: S314 (our own)
    words = " ".join(drawn.itertext())
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert all(said in words for said in ("search without the reader, ms", "on disk, MB", "20k", "embedding"))


@pytest.mark.slow
def test_an_index_grows_by_steps_and_is_asked_after_each(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "STEPS", (20, 60))
    steps = grow(ARTICLES, ["What melts at 801 degrees?"] * 3, folder=tmp_path, to=100)
    assert [one["passages"] for one in steps] == sorted(one["passages"] for one in steps)
    assert steps[1]["passages"] == steps[0]["passages"] + steps[1]["new_passages"]
    assert steps[1]["taken"] == 0
    assert min(steps[1]["search_ms"].values()) > 0
    assert steps[1]["vectors_mb"] > 0
    again = tmp_path / "again"
    again.mkdir()
    library = Path(tmp_path / "index" / "library.db")
    taken = grow(ARTICLES, ["What melts at 801 degrees?"], folder=again, to=30, embeddings=library)
    assert taken[0]["taken"] == taken[0]["passages"] == steps[0]["passages"]
