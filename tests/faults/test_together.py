"""Who writes and who reads at the same time: one writer, named to the next one, and readers that never fail."""

import pytest

from tests.faults import acts
from tests.faults.children import run, started
from tests.faults.corpus import Corpus
from tests.faults.test_kills import MOVES


def test_a_second_writer_is_told_of_the_first_and_goes_on_when_that_one_was_killed(home):
    corpus = Corpus(home, 12)
    run(acts.ingest_all, corpus.folder, corpus.root)
    act, values = corpus.update(6)
    with started(acts.hold_lock, corpus.root) as first:
        first.tells("held")
        kind, message = run(acts.error_of, act, *values)
        assert kind == "IndexBusy"
        assert "`the first writer`" in message
        assert f"process {first.pid}" in message
        first.kill()
    run(act, *values)
    assert run(acts.examine, corpus.root) == (corpus.texts(), [])


def ask_during(corpus, commands, *, n_readers):
    """Let readers ask without pause while commands run; return how many states each saw, and how often it asked."""
    ended = corpus.folder.parent / "ended"
    readers = [started(acts.ask_until, corpus.root, ended) for _ in range(n_readers)]
    children = [reader.__enter__() for reader in readers]
    try:
        for name, count in commands:
            act, values = MOVES[name](corpus, count)
            run(act, *values)
        ended.touch()
        return [child.result() for child in children]
    finally:
        for reader in readers:
            reader.__exit__(None, None, None)


def test_a_reader_asks_through_every_command_without_an_error(home):
    corpus = Corpus(home, 40)
    run(acts.ingest_all, corpus.folder, corpus.root)
    commands = [("ingest", 10), ("update", 10), ("remove", 10), ("rebuild", 0)]
    ((states, asked),) = ask_during(corpus, commands, n_readers=1)
    assert states > 2
    assert asked >= states
    assert run(acts.examine, corpus.root) == (corpus.texts(), [])


@pytest.mark.slow
def test_readers_ask_through_all_commands_again_and_again_without_an_error(home):
    corpus = Corpus(home, 200)
    run(acts.ingest_all, corpus.folder, corpus.root)
    told = ask_during(corpus, [(name, 30) for name in MOVES] * 4, n_readers=3)
    assert all(states > 10 for states, _ in told), told
    assert run(acts.examine, corpus.root) == (corpus.texts(), [])
