"""A run of gold questions in a thread of its own: checked, followed, stopped and gone on with, and what it came to."""

import json
import time

import pytest

import rag
from eval.measures import MEASURES
from eval.store import RunFolder
from ingest import ingest_documents
from rag.errors import DataMissing, GoldError
from tests.ui.test_cli import BRIDGE, HARBOUR, run
from ui import trial as trials
from ui.outcome import _CHINESE, outcome, outcome_html
from ui.trial import Bench, Plan, Trial, at_root, gold_files, look_at, runs_in

LINES = [
    {
        "id": "who-1", "question": "Who found a crack in the bridge of Marn?", "answers": ["Ole Berg"], "split": "dev",
        "evidence": [{"doc": "bridge.md", "quote": "Ole Berg, an engineer, found a crack in its eastern pier."}],
    },
    {"id": "wrong", "question": "Who cut the ribbon <script>alert(1)</script> of Lund?", "answers": ["${7*7}"]},
    {"id": "no-1", "question": "What do whales eat in winter?", "answerable": False, "split": "test"},
]  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    root = tmp_path_factory.mktemp("trial") / "index"
    ingest_documents([HARBOUR, BRIDGE], root, config=rag.Config())
    return root


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def gold(tmp_path):
    return written(tmp_path, *LINES)


@pytest.fixture
def config(index):
    return at_root(rag.Config(), index)


@pytest.fixture(scope="module")
def measured(index, tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured")
    trial = Trial(Plan(written(folder, *LINES)), config=at_root(rag.Config(), index), runs=folder / "runs").start()
    assert trial.wait(120)
    return trial


def written(folder, *lines):
    file = folder / "mine.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return file


def test_a_sound_file_is_counted_by_its_splits(gold):
    checked = look_at(gold, [BRIDGE, HARBOUR])
    assert (checked.questions, checked.splits, checked.problems) == (3, {"dev": 1, "": 1, "test": 1}, ())


def test_each_wrong_line_is_named_by_file_and_number_and_not_by_where_it_lies(tmp_path):
    file = written(tmp_path, LINES[0], '{"question": "Who?", "answer": ["x"]}', "no json")
    first, second = look_at(file, [BRIDGE]).problems
    assert first == "mine.jsonl:2: unknown field 'answer'; did you mean 'answers'?"
    assert second.startswith("mine.jsonl:3: is no JSON")


def test_questions_about_documents_that_are_not_there_are_counted(gold):
    checked = look_at(gold, [HARBOUR])
    assert (checked.strange, checked.questions) == (1, 3)
    assert "bridge.md" in checked.problems[0]


def test_the_questions_that_ship_are_strange_to_another_index():
    (corpus,) = [file for name, file in gold_files().items() if name == "corpus.jsonl"]
    assert look_at(corpus).problems == ()
    assert look_at(corpus, [HARBOUR]).strange > 0


def test_what_is_no_gold_file_is_refused(tmp_path, monkeypatch):
    with pytest.raises(GoldError, match=r"^gone\.jsonl cannot be read"):
        look_at(tmp_path / "gone.jsonl")
    monkeypatch.setattr(trials, "MOST_BYTES", 10)
    with pytest.raises(GoldError, match="larger than"):
        look_at(written(tmp_path, *LINES))


def test_a_run_ends_with_its_folder_and_stands_among_the_runs(measured):
    assert measured.standing.phase == "done"
    folder = measured.result()
    assert folder.facts()["questions"] == 3
    assert list(runs_in(folder.path.parent)) == [folder.path.name]
    assert runs_in(folder.path / "nowhere") == {}


def test_the_terminal_finds_the_same_run(gold, config, index):
    trial = Trial(Plan(gold, "dev"), config=config).start()
    assert trial.wait(120)
    assert f"run: {trial.result().path}\n" in run("eval", "--gold", gold, "--index", index, "--split", "dev")


def test_a_stopped_run_says_how_far_it_came_and_goes_on_from_there(gold, config):
    trial = Trial(Plan(gold, limit=2), config=config)
    trial.stop()
    assert trial.start().wait(120)
    assert (trial.standing.phase, trial.standing.done, trial.standing.total) == ("stopped", 0, 2)
    with pytest.raises(RuntimeError, match="stopped"):
        trial.result()
    again = Trial(Plan(gold, limit=2), config=config).start()
    assert again.wait(120)
    assert again.result().facts()["questions"] == 2


def test_the_time_left_is_reckoned_from_what_was_asked_in_this_run(gold, config, monkeypatch):
    trial, clock = Trial(Plan(gold), config=config), iter([100.0, 104.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    trial._hear(5, 10, "asking a")
    assert trial.standing.left is None
    trial._hear(7, 10, "asking b")
    assert trial.standing.left == 6.0


def test_a_run_that_fails_says_why_where_its_result_is_asked_for(tmp_path, config):
    trial = Trial(Plan(tmp_path / "gone.jsonl"), config=config).start()
    assert trial.wait(120)
    assert trial.standing.phase == "failed"
    assert trial.standing.is_over
    with pytest.raises(GoldError, match="cannot be read"):
        trial.result()


def test_a_bench_runs_one_trial_at_a_time(gold, config):
    bench = Bench()
    first = bench.begin(Plan(gold, limit=1), config=config)
    assert first.standing.is_over or bench.begin(Plan(gold), config=config) is first
    assert first.wait(120)
    second = bench.begin(Plan(gold, limit=1), config=config)
    assert second is not first
    assert second.wait(120)


def test_what_went_wrong_comes_first_with_what_was_expected_and_said(measured):
    found = outcome(measured.result())
    wrong = found.questions[0]
    assert (wrong.question, wrong.mark.right, wrong.answers) == (LINES[1]["question"], False, ("${7*7}",))
    rest = {asked.question: asked for asked in found.questions[1:]}
    assert rest[LINES[0]["question"]].said == "Ole Berg"
    assert rest[LINES[0]["question"]].rank == 1
    assert rest[LINES[2]["question"]].mark.word == "refused rightly"
    assert [title for title, _, _ in found.pictures] == ["Risk and coverage", "Calibration", "Ranks", "Time"]


def test_the_page_of_an_outcome_holds_scores_plots_and_a_link_for_each_failing_question(measured):
    page = outcome_html(outcome(measured.result()), language="en")
    assert (
        '<a class="fn-ask" href="?ask=Who%20cut%20the%20ribbon%20%3Cscript%3Ealert%281%29%3C%2Fscript%3E%20of' in page
    )
    assert "What went wrong (1)" in page
    assert "95% interval" in page
    assert page.count("<svg") > 4
    assert "<script" not in page
    assert "${" not in page


def test_the_chinese_page_names_every_measure_in_chinese(measured):
    page = outcome_html(outcome(measured.result()), language="zh")
    assert "出错的问题（1）" in page
    assert "正确拒答" in page
    assert "Whether confidence" not in page
    assert {name for group, names in MEASURES.items() for name in (group, *names)} <= set(_CHINESE)


def test_a_run_that_is_not_finished_has_no_outcome(tmp_path):
    with pytest.raises(DataMissing):
        outcome(RunFolder(tmp_path))
