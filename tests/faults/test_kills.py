"""`kill -9` at any moment: what is there stays whole, readers go on, and the same command ends what was begun."""

import signal
import time

import pytest

from tests.faults import acts
from tests.faults.children import run, started
from tests.faults.corpus import Corpus

_CLEARED_BY_THE_NEXT_WRITER = ("half in or half out", "too many", "while the graph of vectors was being saved")


MOVES = {
    "update": lambda corpus, n: corpus.update(n),
    "remove": lambda corpus, n: corpus.remove(n),
    "ingest": lambda corpus, n: corpus.add(n),
    "replace": lambda corpus, n: corpus.replace(n // 2),
    "rename": lambda corpus, n: corpus.rename(n // 2),
    "rebuild": lambda corpus, _: corpus.rebuild(),
}
# The steps of each kind of command, in the order in which it comes to them.
REACHED = {
    "update": ("keep_vectors", "add_pending", "mark", "note", "dense write", "lexical write", "publish", "forget"),
    "remove": ("publish", "mark", "note", "dense removal", "lexical write", "forget", "settle"),
    "ingest": ("keep_vectors", "add_pending", "mark", "note", "dense write", "lexical write", "publish", "settle"),
    "replace": ("dense write", "publish", "dense removal", "forget", "settle"),
    "rename": ("publish",),
    "rebuild": ("mark", "make mirrors", "note", "dense write", "lexical write", "settle", "replace_passages"),
}


def hold(corpus, before, command):
    """Hold an index against what it held before a command that was killed; then end the command."""
    act, values = command
    after = corpus.texts()
    seen, ills = run(acts.examine, corpus.root)
    assert seen.items() <= before.items() | after.items(), "a document is not as it ever was"
    assert before.keys() & after.keys() <= seen.keys(), "a document is lost"
    assert all(any(word in ill for word in _CLEARED_BY_THE_NEXT_WRITER) for ill in ills), ills
    if corpus.dice.random() < 0.25:
        run(acts.open_for_writing, corpus.root)
        assert run(acts.examine, corpus.root) == (seen, [])
    run(act, *values)
    assert run(acts.examine, corpus.root) == (after, [])


def equals_a_clean_build(corpus, home):
    run(acts.ingest_all, corpus.folder, home / "clean")
    made, clean = run(acts.contents, corpus.root), run(acts.contents, home / "clean")
    return [key for key, value in clean.items() if value != made[key]] == []


def kill_at_random(corpus, *, wanted, count):
    """Kill commands at random moments until each has been hit as often as is wanted; return how often each was."""
    killed = dict.fromkeys(wanted, 0)
    lasts = {}
    while any(killed[name] < wanted[name] for name in wanted):
        name = corpus.dice.choice([name for name in wanted if killed[name] < wanted[name]])
        before, (act, values) = corpus.texts(), MOVES[name](corpus, count)
        with started(act, *values) as child:
            if name in lasts:
                time.sleep(corpus.dice.uniform(0, lasts[name]))
                killed[name] += child.kill()
            else:  # how long it takes
                child.result()
                lasts[name] = time.monotonic() - child.begun
        hold(corpus, before, (act, values))
    return killed


def kill_at(corpus, name, how, *, count):
    """Kill a command as `how` says; return whether it came so far."""
    if len(corpus.versions) < 2 * count:
        act, values = corpus.add(4 * count)
        run(act, *values)
    before, (act, values) = corpus.texts(), MOVES[name](corpus, count)
    with started(how[0], *how[1:], act, values) as child:
        hit = child.wait() == -signal.SIGKILL
    hold(corpus, before, (act, values))
    return hit


@pytest.mark.slow
def test_after_two_hundred_kills_at_random_moments_nothing_differs_from_a_clean_build(home):
    corpus = Corpus(home, 500)
    run(acts.ingest_all, corpus.folder, corpus.root)
    wanted = {"update": 60, "remove": 40, "ingest": 40, "replace": 30, "rename": 15, "rebuild": 15}
    killed = kill_at_random(corpus, wanted=wanted, count=20)
    assert sum(killed.values()) == 200
    assert equals_a_clean_build(corpus, home)


@pytest.mark.slow
def test_a_kill_before_or_after_any_step_of_any_command_loses_nothing(home):
    corpus = Corpus(home, 60)
    run(acts.ingest_all, corpus.folder, corpus.root)
    for name, steps in REACHED.items():
        for step in steps:
            for side in ("before", "after"):
                assert kill_at(corpus, name, (acts.killed_at, step, (side, 1)), count=12), (name, step, side)
    assert equals_a_clean_build(corpus, home)


@pytest.mark.slow
def test_a_kill_while_the_graph_of_vectors_is_saved_loses_nothing(home):
    corpus = Corpus(home, 60)
    run(acts.ingest_all, corpus.folder, corpus.root)
    hits = [
        kill_at(corpus, "update", (acts.killed_in_a_dense_write, 1 + turn % 2, turn * 0.002), count=14)
        for turn in range(30)
    ]
    assert sum(hits) > 15
    assert equals_a_clean_build(corpus, home)


@pytest.mark.slow
def test_a_first_ingest_that_is_killed_again_and_again_goes_on_where_it_stopped(home):
    corpus = Corpus(home, 500)
    counts = []
    for turn in range(12):
        with started(acts.ingest_all, corpus.folder, corpus.root) as child:
            time.sleep(0.2 + turn * 0.05)
            child.kill()
        counts.append(len(run(acts.held, corpus.root)))
    assert counts == sorted(counts)
    run(acts.ingest_all, corpus.folder, corpus.root)
    assert run(acts.examine, corpus.root) == (corpus.texts(), [])
    assert equals_a_clean_build(corpus, home)


@pytest.mark.parametrize(
    ("name", "step"),
    [("ingest", "dense write"), ("update", "publish"), ("remove", "lexical write"), ("rebuild", "replace_passages")],
)
def test_a_command_that_is_killed_between_two_steps_is_ended_by_the_next_one(home, name, step):
    corpus = Corpus(home, 12)
    run(acts.ingest_all, corpus.folder, corpus.root)
    assert kill_at(corpus, name, (acts.killed_at, step, ("after", 1)), count=6)
    assert equals_a_clean_build(corpus, home)


def test_a_restore_that_is_killed_between_two_steps_is_ended_by_the_next_one(home):
    corpus = Corpus(home, 12)
    run(acts.ingest_all, corpus.folder, corpus.root)
    old = corpus.texts()
    act, values = corpus.add(6)
    with started(acts.killed_at, "add_pending", ("after", 1), act, values) as child:
        child.wait()
    run(acts.take_snapshot, corpus.root, home / "old")  # in which documents are half in
    run(act, *values)
    run(acts.take_snapshot, corpus.root, home / "new")
    new = corpus.texts()
    for side, seen in (("before", new), ("after", old)):
        with started(acts.killed_at, "adopt", (side, 1), acts.restore_from, (home / "old", corpus.root)) as child:
            assert child.wait() == -signal.SIGKILL
        assert run(acts.look, corpus.root) == seen
        run(acts.restore_from, home / "new", corpus.root)
        assert run(acts.examine, corpus.root) == (new, [])
    with started(acts.killed_at, "adopt", ("before", 1), acts.restore_from, (home / "old", corpus.root)) as child:
        child.wait()
    run(acts.open_for_writing, corpus.root)
    assert not list(corpus.root.glob("incoming*"))
