"""What was asked and answered is kept: whole, in order, by several at once, until it is deleted for good."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from rag.errors import RecordError, StorageFailed
from rag.record import Exchange, dump, load
from rag.types import Answer, Citation, Filters, Sentence, Turn
from tests.rag.test_record import answers, words
from ui.store import KINDS, MOST_NOTE_CHARS, MOST_TITLE_CHARS, NAME, Kept, Store, TooLong, UnknownConversation

RIBBON = Citation("d1", 0, 28, "Ada Holm opened the harbour.", "A harbour for Lund", "Coast Post", None, None, None)
HERON = "the-blue-heron-lands-at-noon"


def answered(*said, question="Who opened it?", **more):
    sentences = tuple(Sentence(text, (RIBBON,), "supported") for text in said or (RIBBON.quote,))
    return Exchange(Answer(question, "answered", None, None, sentences, 0.8, (), (), "made-by", 0.1, **more))


def refused(question="Who paid?"):
    return Exchange(Answer(question, "refused", "no_evidence", None, (), 0.1, (), (), "made-by", 0.1))


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / NAME) as opened:
        yield opened


def begun(store, *questions, title=""):
    """Return a conversation in which these questions were answered."""
    key = store.create(title)
    for question in questions:
        store.append(key, answered(question=question), asked=question)
    return key


def last(store, key):
    """Return the id of the last exchange, "" where there is none."""
    return next((kept.id for kept in reversed(store.exchanges(key))), "")


def asked(store, key):
    return [kept.asked for kept in store.exchanges(key)]


def listed(store, search=""):
    return [one.title for one in store.conversations(search)]


filters = st.builds(
    Filters, st.lists(words, max_size=2).map(tuple), st.just(()), st.none() | st.dates(), st.none() | st.dates()
)
times = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]))


@trials(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.builds(Exchange, answers, st.dictionaries(words, words, max_size=2)), st.text(), times, filters),
        max_size=3,
    )
)
def test_whatever_is_kept_comes_back_equal_and_in_its_order(store, given_exchanges):
    key = store.create()
    wanted = []
    for exchange, question, made, chosen in given_exchanges:
        exchange_id = store.append(key, exchange, asked=question, made=made, filters=chosen)
        wanted.append(Kept(exchange_id, exchange, question, made, chosen))
    assert store.exchanges(key) == wanted
    record = store.record(key, {"search.limit": 10})
    assert record.exchanges == tuple(kept.exchange for kept in wanted)
    assert load(dump(record)) == record


def test_reopening_loses_nothing(tmp_path):
    with Store(tmp_path / NAME) as store:
        key = begun(store, "Who opened it?", "And when?", title="Lund")
        exchange_id = store.append(key, refused(), asked="Who paid?", filters=Filters(published_to=date(2021, 1, 1)))
        store.add_feedback(exchange_id, "should_have_answered", note="page 3")
        before = (store.conversations(), store.exchanges(key), store.feedback(), store.history(key))
    with Store(tmp_path / NAME) as store:
        assert (store.conversations(), store.exchanges(key), store.feedback(), store.history(key)) == before


def test_what_was_written_survives_a_process_that_is_killed(tmp_path):
    code = """
import os, signal, sys
from pathlib import Path
from tests.ui.test_store import begun
from ui.store import Store
begun(Store(Path(sys.argv[1])), "Who opened it?")
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code, tmp_path / NAME], check=False)
    with Store(tmp_path / NAME) as store:
        assert listed(store) == ["Who opened it?"]


def test_a_conversation_is_called_by_its_first_question_until_somebody_names_it(store):
    key = begun(store, "Who opened the harbour of Lund on a windy Sunday in May, and what did the mayor say?", "Why?")
    assert listed(store) == ["Who opened the harbour of Lund on a windy Sunday in May, …"]
    store.rename(key, "  The \n harbour ")
    assert listed(store) == ["The harbour"]
    store.rename(key, " ")
    assert listed(store)[0].startswith("Who opened")
    chinese = begun(store, "港" * 100)
    assert listed(store)[0] == f"{'港' * 60} …"
    store.replace_last(chinese, refused(), replaced=last(store, chinese), asked="谁？")
    assert listed(store)[0] == "谁？"


def test_the_conversation_that_was_used_last_comes_first_and_an_empty_one_is_not_listed(store):
    first, second = begun(store, "one"), begun(store, "two")
    store.create()
    store.create("planned")
    assert listed(store) == ["planned", "two", "one"]
    store.append(first, refused(), asked="more", made=datetime.now(UTC) + timedelta(seconds=1))
    assert [(one.id, one.n_exchanges) for one in store.conversations()[:3:2]] == [(first, 2), (second, 1)]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", {"Budget 100%", "Who opened it?", "新港口何时开放？"}),
        ("  ", {"Budget 100%", "Who opened it?", "新港口何时开放？"}),
        ("%", {"Budget 100%"}),
        ("100％", {"Budget 100%"}),
        ("_", set()),
        ("*", set()),
        ("'; DROP TABLE exchanges; --", set()),
        ("港口", {"新港口何时开放？"}),
        ("霍尔姆", {"新港口何时开放？"}),
        ("OPENED ada", {"Who opened it?"}),
        ("straße", {"Budget 100%"}),
        ("STRASSE", {"Budget 100%"}),
        ("opened 港口", set()),
        ("\ud800", set()),
        ("x" * 100_000, set()),
    ],
)
def test_a_search_finds_each_word_in_titles_questions_and_answers_and_takes_it_literally(store, search, found):
    begun(store, "Who opened it?")
    key = store.create("Budget 100%")
    store.append(key, answered("Die Straße kostet 40 Millionen."), asked="How much?")
    chinese = store.create()
    store.append(chinese, answered("市长霍尔姆为港口剪彩。"), asked="新港口何时开放？")
    assert set(listed(store, search)) == found


def test_the_next_question_gets_the_conversation_as_the_record_makes_it(store):
    key = store.create()
    store.append(key, answered("Ada Holm.", "The mayor."), asked="Who opened it?")
    second = store.append(key, refused(), asked="谁付的钱？")
    opened = [Turn("user", "Who opened it?"), Turn("assistant", "Ada Holm. The mayor.", (RIBBON,))]
    refusal = [Turn("user", "谁付的钱？"), Turn("assistant", "文档没有回答这个问题。")]
    assert store.history(key) == opened + refusal
    assert store.history(key, before=second) == opened
    with pytest.raises(UnknownConversation):
        store.history(begun(store, "another"), before=second)


def test_asking_again_replaces_the_last_exchange_only(store):
    key = begun(store, "one", "two")
    old = store.exchanges(key)[-1].id
    new = store.replace_last(key, refused(), replaced=last(store, key), asked="two, really")
    assert asked(store, key) == ["one", "two, really"]
    assert new == store.exchanges(key)[-1].id != old
    with pytest.raises(UnknownConversation):
        store.add_feedback(old, "up")
    store.append(key, refused(), asked="three")
    assert asked(store, key) == ["one", "two, really", "three"]
    empty = store.create()
    store.replace_last(empty, refused(), replaced=last(store, empty), asked="first")
    assert asked(store, empty) == ["first"]


def test_what_somebody_else_asked_meanwhile_is_not_replaced(store):
    key = begun(store, "one", "two")
    two = last(store, key)
    store.append(key, refused(), asked="from another window")
    store.replace_last(key, refused(), replaced=two, asked="two again")
    assert asked(store, key) == ["one", "two", "from another window", "two again"]


def test_feedback_outlives_asking_again_and_goes_with_its_conversation(store):
    key = begun(store, "one", HERON)
    bad = store.exchanges(key)[-1]
    for kind in KINDS:
        store.add_feedback(bad.id, kind, note=f" {kind} ")
    store.replace_last(key, refused(), replaced=last(store, key), asked="better")
    assert [(one.kind, one.note, one.kept) for one in store.feedback()] == [(kind, kind, bad) for kind in KINDS]
    assert asked(store, key) == ["one", "better"]
    assert [one.n_exchanges for one in store.conversations()] == [2]
    assert not store.conversations(HERON)
    assert [turn.text for turn in store.history(key, before=bad.id) if turn.role == "user"] == ["one"]
    store.replace_last(key, refused(), replaced=last(store, key), asked="best")
    assert len(store.feedback()) == len(KINDS)
    store.delete(key)
    assert not store.feedback()


def test_what_is_deleted_stands_in_no_file_any_more(tmp_path):
    def held():
        return [path.name for path in tmp_path.iterdir() if HERON.encode() in path.read_bytes()]

    with Store(tmp_path / NAME) as store, Store(tmp_path / NAME) as other:
        kept, gone = begun(store, "one"), begun(store, *[f"{HERON} {number}" for number in range(50)])
        store.add_feedback(store.exchanges(gone)[0].id, "down", note=HERON)
        store.replace_last(kept, answered(HERON), replaced=last(store, kept), asked="one")
        assert len(other.conversations(HERON)) == 2
        assert held()
        store.replace_last(kept, refused(), replaced=last(store, kept), asked="one")
        store.rename(kept, HERON)
        store.rename(kept, "")
        store.delete(gone)
        assert not held()
        store.delete(gone)
        assert [one.id for one in other.conversations()] == [kept]
    assert not held()


@pytest.mark.parametrize("name", ["gone", "", "\ud800", "a\0b", "../x", "' OR 1 --"])
def test_what_is_not_kept_is_named(store, name):
    for call in (
        lambda: store.exchanges(name),
        lambda: store.history(name),
        lambda: store.record(name, {}),
        lambda: store.rename(name, "x"),
        lambda: store.append(name, refused(), asked="x"),
        lambda: store.replace_last(name, refused(), replaced="none", asked="x"),
        lambda: store.add_feedback(name, "up"),
    ):
        with pytest.raises(UnknownConversation, match="it may have been deleted"):
            call()
    store.delete(name)


def test_hostile_text_is_kept_as_text_and_too_much_of_it_is_refused(store):
    half = "\ud800x\udc00"
    key = store.create(f"a\0{half}")
    whole = Exchange(answered(half).answer, {half: half})
    exchange_id = store.append(key, whole, asked=f"\0{half} \ud83d\ude00", filters=Filters(publishers=(half,)))
    (kept,) = store.exchanges(key)
    assert (kept.asked, kept.filters.publishers) == ("\0\ufffdx\ufffd 😀", ("\ufffdx\ufffd",))
    assert kept.exchange.answer.sentences[0].text == "\ufffdx\ufffd"
    assert listed(store, half) == ["a\ufffdx\ufffd"]
    store.add_feedback(exchange_id, "up", note=f"a\0{half}")
    with pytest.raises(TooLong, match=r"1,000,000 characters, and at most 10,000"):
        store.add_feedback(exchange_id, "down", note="x" * 1_000_000)
    store.add_feedback(exchange_id, "down", note="x" * MOST_NOTE_CHARS)
    assert [len(one.note) for one in store.feedback()] == [4, MOST_NOTE_CHARS]
    for name in (store.create, lambda title: store.rename(key, title)):
        with pytest.raises(TooLong, match="the title has 201 characters"):
            name("x" * (MOST_TITLE_CHARS + 1))
    with pytest.raises(ValueError, match="'great' is no kind of feedback"):
        store.add_feedback(exchange_id, "great")
    with pytest.raises(ValueError, match="no time zone"):
        store.append(key, refused(), asked="x", made=datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_question_of_a_megabyte_is_kept_whole(store):
    key = begun(store, "why " * 250_000)
    assert len(asked(store, key)[0]) == 1_000_000
    assert len(listed(store)[0]) < 70


def test_threads_take_turns_and_lose_nothing(store):
    keys = [store.create() for _ in range(3)]

    def ask(number):
        key = keys[number % 3]
        store.append(key, answered(f"{number}"), asked=f"{number}")
        return number in {int(kept.asked) for kept in store.exchanges(key)} and bool(store.conversations(f"{number}"))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(60)))
    for n, key in enumerate(keys):
        assert sorted(map(int, asked(store, key))) == list(range(n, 60, 3))


def test_processes_open_a_new_file_at_once_and_lose_nothing(tmp_path):
    code = """
import sys
from pathlib import Path
from tests.ui.test_store import begun, refused
from ui.store import Store
with Store(Path(sys.argv[1])) as store:
    for n in range(10):
        begun(store, f"{sys.argv[2]}-{n}")
    store.append(sys.argv[3], refused(), asked=sys.argv[2])
"""
    with Store(tmp_path / NAME) as store:
        key = store.create()
    runs = [subprocess.Popen([sys.executable, "-c", code, tmp_path / NAME, f"p{n}", key]) for n in range(3)]
    assert [run.wait() for run in runs] == [0, 0, 0]
    with Store(tmp_path / NAME) as store:
        assert sorted(asked(store, key)) == ["p0", "p1", "p2"]
        assert len(store.conversations()) == 31


def test_many_lay_out_one_new_file(tmp_path):
    def begin(number):
        with Store(tmp_path / NAME) as store:
            begun(store, f"{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(16)))
    with Store(tmp_path / NAME) as store:
        assert sorted(map(int, listed(store))) == list(range(16))


def test_the_file_is_private(store, tmp_path):
    begun(store, "one")
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


def refuses(path, error, match):
    """Hold that a file is refused, and stays as it is."""
    before = path.read_bytes()
    with pytest.raises(error, match=match):
        Store(path)
    assert path.read_bytes() == before


def test_a_file_that_is_damaged_is_said_to_be_and_never_replaced(tmp_path):
    path = tmp_path / NAME
    with Store(path) as store:
        for n in range(40):
            begun(store, f"question {n}")
    sound = path.read_bytes()
    for damaged in (
        b"no database at all, but a text that is long enough to be one" * 20,
        b"\xff" * 100 + sound[100:],
        sound[: len(sound) // 2],
        sound[:8192] + b"\xff" * 8192 + sound[16384:],
    ):
        path.write_bytes(damaged)
        refuses(path, RecordError, r"conversations\.db is damaged.*Put back a copy of it, or move it away")
    path.write_bytes(sound)
    with Store(path) as store:
        assert len(store.conversations()) == 40


def test_an_exchange_that_cannot_be_read_is_an_error_with_words(store, tmp_path):
    key = begun(store, "one")
    with sqlite3.connect(tmp_path / NAME) as db:
        db.execute("UPDATE exchanges SET record = replace(record, 'answered', 'anwsered')")
    with pytest.raises(RecordError, match=r"is damaged.*Put back a copy"):
        store.exchanges(key)


def test_a_file_of_a_later_footnote_or_another_program_is_left_alone(tmp_path):
    Store(tmp_path / NAME).close()
    with sqlite3.connect(tmp_path / NAME) as db:
        db.execute("PRAGMA user_version = 7")
    db.close()
    refuses(tmp_path / NAME, RecordError, "has the form 7, and this Footnote reads 1: use the one that wrote it")
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE exchanges (x)")
    db.close()
    refuses(tmp_path / "other.db", RecordError, "belongs to another program")


def test_a_place_where_nothing_can_be_kept_is_named(tmp_path):
    for path in (tmp_path / "no" / NAME, tmp_path):
        with pytest.raises(StorageFailed, match=str(path)):
            Store(path)
    assert not list(tmp_path.iterdir())
    closed = Store(tmp_path / NAME)
    closed.close()
    with pytest.raises(StorageFailed, match="closed database"):
        closed.conversations()


def test_ids_are_safe_in_addresses_and_never_repeat(store):
    ids = sorted(store.create() for _ in range(200))
    assert all(one != other for one, other in pairwise(ids))
    assert all(len(key) >= 16 and key.replace("-", "").replace("_", "").isalnum() and key.isascii() for key in ids)


def test_the_store_needs_nothing_heavy():
    code = "import sys, ui.store; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"gradio", "torch", "chromadb", "trafilatura", "onnxruntime"} & set(run.stdout.split())
