"""A short run of the fuzzer on every format, and what it would have to find. `python -m tests.fuzz` runs longer."""

import os
from pathlib import Path
from random import Random

import pytest

from ingest.readers import SUFFIXES
from ingest.sandbox import Sandbox
from rag.errors import DocumentError
from rag.types import Document
from tests.awkward import VALID
from tests.fuzz import fuzz
from tests.mutants import BATCH, WORDS, batch, try_files

SAME = {".markdown": ".md", ".htm": ".html", ".ndjson": ".jsonl"}
OLD = {".doc", ".xls", ".ppt"}


def test_every_format_is_tried():
    assert {SAME.get(suffix, suffix) for suffix in SUFFIXES} - OLD == set(WORDS) == set(VALID)


def test_no_reader_raises_anything_but_our_error(tmp_path):
    with Sandbox(reader=batch) as box:
        for kind, data in VALID.items():
            became, findings = fuzz(box, [data], kind=kind, seed="1", keep=tmp_path)
            assert findings == []
            assert became["read"] + became["refused"] == BATCH


def of_robots(data, *, suffix, place):  # noqa: ARG001 (as every reader)
    if b"robots" not in data:
        raise DocumentError("is about something else")
    yield Document.of(data.decode("utf-8", "replace"), title="T", pages=(9, 3) if b"\0" in data else ())


def of_nothing(data, *, suffix, place):  # noqa: ARG001
    raise KeyError(suffix)


@pytest.mark.parametrize(("reader", "raised"), [(of_nothing, "KeyError: '.txt'"), (of_robots, "AssertionError")])
def test_an_error_of_a_reader_and_a_wrong_document_are_found(tmp_path, reader, raised):
    dice = Random(1)  # noqa: S311
    files = [b"The town bought robots.\0", b"The town bought a cow."]
    became, findings = try_files(dice, files, suffix=".txt", place=tmp_path / "file.txt", reader=reader)
    assert findings
    assert all(raised in words for words, _ in findings)
    assert sum(became.values()) + len(findings) == BATCH


def crash(data, path, *, source):  # noqa: ARG001
    Path(source).write_bytes(b"the last file")
    os._exit(1)


def test_a_file_that_breaks_the_process_is_kept(tmp_path):
    with Sandbox(reader=crash) as box:
        became, findings = fuzz(box, [b"x"], kind=".txt", seed="1", keep=tmp_path)
    assert (became, findings) == ({"stopped": 1}, [("made its reader crash", b"the last file")])
