"""A power cut: the library is on the disk, and what was written to the mirrors may be lost in part."""

import os
import shutil

import pytest

from rag.indexes import Layout
from tests.faults import acts
from tests.faults.children import run, started
from tests.faults.corpus import Corpus


@pytest.fixture
def corpus(home):
    corpus = Corpus(home, 40)
    run(acts.ingest_all, corpus.folder, corpus.root)
    return corpus


def mirror(corpus, kind):
    return getattr(Layout(corpus.root), kind)(run(acts.mirror_number, corpus.root))


def replace_and_end_badly(corpus):
    """Replace documents, and end before what was written is sure to be on the disk."""
    act, values = corpus.replace(20)
    with started(acts.killed_at, "settle", ("before", 1), act, values) as child:
        child.wait()
    assert run(acts.meta, corpus.root, "mirrors_touched")


@pytest.mark.parametrize("kinds", [("vectors",), ("lexical",), ("vectors", "lexical")])
def test_mirrors_that_went_back_to_an_older_state_are_mended_by_the_next_writer(corpus, home, kinds):
    for kind in kinds:
        shutil.copytree(mirror(corpus, kind), home / kind)
    replace_and_end_badly(corpus)
    for kind in kinds:
        shutil.rmtree(mirror(corpus, kind))
        shutil.copytree(home / kind, mirror(corpus, kind))
    run(acts.ask, corpus.root)  # sees less, but nothing wrong
    run(acts.open_for_writing, corpus.root)
    assert run(acts.examine, corpus.root) == (corpus.texts(), [])
    assert not run(acts.meta, corpus.root, "mirrors_touched")


def test_passages_that_the_mirrors_lost_are_put_in_again_and_strange_ones_taken_out(corpus):
    replace_and_end_badly(corpus)
    run(acts.disturb, corpus.root)
    assert any("lacks 7 passages and has 1 too many" in ill for ill in run(acts.ills, corpus.root))
    number = run(acts.mirror_number, corpus.root)
    run(acts.open_for_writing, corpus.root)
    assert run(acts.examine, corpus.root) == (corpus.texts(), [])
    assert run(acts.mirror_number, corpus.root) == number  # mended in place


_PARTS = ("chroma.sqlite3", "header.bin", "data_level0.bin", "link_lists.bin", "index_metadata.pickle")


@pytest.mark.parametrize(
    ("kind", "pattern"), [*(("vectors", name) for name in _PARTS), ("lexical", "meta.json"), ("lexical", "*.store")]
)
@pytest.mark.slow
def test_a_mirror_whose_file_is_cut_off_is_made_anew_by_the_next_writer(corpus, kind, pattern):
    for part in (0.0, 0.5):
        replace_and_end_badly(corpus)
        for path in mirror(corpus, kind).rglob(pattern):
            os.truncate(path, int(path.stat().st_size * part))
        seen = run(acts.asked, corpus.root)
        assert seen == "answered" or "footnote rebuild" in seen
        run(acts.open_for_writing, corpus.root)
        assert run(acts.examine, corpus.root) == (corpus.texts(), [])


def test_a_graph_that_was_saved_in_half_is_not_loaded_and_the_search_goes_on(corpus):
    before = run(acts.dense_search, corpus.root)
    replace_and_end_badly(corpus)
    whole = run(acts.dense_search, corpus.root)
    assert whole != before
    for path in mirror(corpus, "vectors").rglob("link_lists.bin"):
        path.write_bytes(os.urandom(path.stat().st_size + 64))
    assert run(acts.dense_search, corpus.root) == whole
    run(acts.open_for_writing, corpus.root)
    assert run(acts.examine, corpus.root) == (corpus.texts(), [])
    assert run(acts.dense_search, corpus.root) == whole


def test_the_mark_goes_only_when_everything_is_on_the_disk(corpus):
    act, values = corpus.add(5)
    told = run(acts.synced, act, *values)
    assert told[0] == "mark"
    assert told[-1] == "unmark"
    assert {"index", "vectors", "lexical", "0001"} <= set(told[-6:])


def test_a_command_that_changes_nothing_touches_no_mirror(corpus):
    assert run(acts.synced, acts.ingest_all, corpus.folder, corpus.root) == []
