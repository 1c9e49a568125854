"""The evaluation tab: what its events answer, without a browser."""

import asyncio
import warnings
from types import SimpleNamespace

import gradio as gr
import pytest

import rag
from ingest import ingest_documents
from tests.ui.test_cli import BRIDGE, HARBOUR
from tests.ui.test_trial import LINES, written
from ui.outcome import _WORDS as OUTCOME_WORDS
from ui.tabs.evaluation import _Desk, evaluation_tab
from ui.tabs.evaluation_words import WORDS
from ui.trial import Standing


class Home(SimpleNamespace):
    __hash__ = object.__hash__


@pytest.fixture(scope="module")
def bot(tmp_path_factory):
    root = tmp_path_factory.mktemp("tab") / ".footnote"
    ingest_documents([BRIDGE, HARBOUR], root, config=rag.Config())
    with rag.open(root, rag.Config()) as bot:
        yield bot


@pytest.fixture
def home(bot, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Home(bot=bot, root=bot.index.layout.root, config=bot.config)


@pytest.fixture
def desk(home):
    return _Desk(home, "en")


@pytest.fixture
def own(tmp_path):
    return {"mine.jsonl (your own)": str(written(tmp_path, *LINES))}


def all_of(shown):
    async def collect():
        return [each async for each in shown]

    return asyncio.run(collect())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_tab_can_be_built_and_none_of_its_events_is_an_endpoint(home, language):
    with warnings.catch_warnings(), gr.Blocks(analytics_enabled=False) as page, gr.Tab("Evaluation"):
        warnings.simplefilter("error", UserWarning)  # as where Gradio finds that a function gets too little
        evaluation_tab(home, language=language)
    assert {function.api_visibility for function in page.fns.values()} == {"private"}
    assert "corpus.jsonl" in str(page.get_config_file())


def test_a_file_of_ones_own_is_taken_in_checked_and_chosen(desk, own):
    (file,) = own.values()
    kept, gold, split, number, status = desk.uploaded(file, {})
    assert kept == own
    assert gold["value"] == "mine.jsonl (your own)"
    assert [label for label, _ in split["choices"]] == ["all (3)", "dev (1)", "test (1)"]
    assert (number["maximum"], number["value"]) == (3, 3)
    assert "3 sound questions." in status
    assert desk.parted("mine.jsonl (your own)", own, "dev")["maximum"] == 1


def test_what_is_wrong_with_a_file_is_shown_line_by_line_and_never_as_markup(desk, tmp_path):
    file = written(tmp_path, LINES[0], '{"<img src=x onerror=alert(1)>": 1}')
    *_, status = desk.uploaded(str(file), {})
    assert "mine.jsonl:2" in status
    assert "<img" not in status


def test_the_questions_that_ship_say_in_words_that_this_index_does_not_hold_their_documents(desk):
    *_, status = desk.chosen("corpus.jsonl", {})
    assert "questions cite documents or words that this index does not hold" in status
    assert "ship with Footnote" in status
    *_, last = all_of(desk.run("corpus.jsonl", {}, "all", 5))
    assert "this index does not hold" in last[0]


def test_a_run_is_followed_to_its_outcome_and_shown_again_to_who_comes_later(desk, own, tmp_path):
    *_, (status, result, report, run, stop, earlier) = all_of(desk.run("mine.jsonl (your own)", own, "all", 2))
    assert "Done." in status
    assert "?ask=Who%20cut" in result
    assert (run["interactive"], stop["interactive"]) == (True, False)
    assert earlier["value"] in earlier["choices"]
    assert report["value"].endswith("report.html")
    assert (tmp_path / "runs" / earlier["value"] / "scores.json").is_file()
    other = _Desk(desk.workspace, "zh")
    ((said, *_, again),) = all_of(other.follow())
    assert "完成" in said
    assert again["value"] == earlier["value"]


def test_a_run_is_shown_by_a_name_from_the_list_only(desk):
    said, report = desk.show("../../secrets")
    assert "no longer there" in said
    assert report["visible"] is False


def test_stopping_what_does_not_run_changes_nothing(desk):
    assert desk.stop() == gr.skip()
    ((*rest, earlier),) = all_of(desk.follow())
    assert all(each == gr.skip() for each in rest)
    assert earlier["choices"] == []


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing("asking", 3, 10), "3 of 10 questions"),
        (Standing("asking", 3, 10, 41.6), "3 of 10 questions · about 42 seconds left"),
        (Standing("asking", 3, 10, 200), "3 of 10 questions · about 3 minutes left"),
        (Standing("stopped", 3, 10), "Stopped after 3 of 10 questions."),
        (Standing("scoring", 10, 10), "Scoring"),
    ],
)
def test_how_far_a_run_is_is_said_in_words(desk, standing, said):
    assert desk._progress(standing).startswith(said)


@pytest.mark.parametrize("table", [WORDS, OUTCOME_WORDS])
def test_both_languages_leave_the_same_gaps(table):
    assert all(english.count("{}") == chinese.count("{}") for english, chinese in table.values())
