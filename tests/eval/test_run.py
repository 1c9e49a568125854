"""A run asks each question once, whatever happens to it on the way, and is told by what it depends on."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

import rag
from eval import scorers, solvers
from eval.compare import compare, parse_thresholds, worse_than
from eval.run import limited, run
from eval.store import RunFolder
from eval.types import Example, GoldEvidence, Task
from ingest import ingest_documents
from rag.errors import ConfigError, DataMissing, IndexBusy
from rag.types import Document, Turn

ROOT = Path(__file__).parent.parent.parent
HARBOUR = Document.of("The harbour was opened on 3 May 2021. Ada Holm cut the ribbon.", title="Harbour", source="h.txt")
BRIDGE = Document.of("The bridge of Marn is closed. An engineer found a crack.", title="Bridge", source="b.txt")
RIBBON = GoldEvidence(HARBOUR.id, "Harbour", 38, 63, HARBOUR.text[38:63])
CRACK = GoldEvidence(BRIDGE.id, "Bridge", 30, 57, BRIDGE.text[30:57])
EXAMPLES = (
    Example("1", "Who cut the ribbon of the harbour?", ("Ada Holm",), (RIBBON,), type="who"),
    Example("2", "Who found a crack in the bridge of Marn?", ("An engineer",), (CRACK,), type="who"),
    Example("3", "And when?", ("3 May 2021",), type="when", history=(Turn("user", "When was the harbour opened?"),)),
    Example("4", "What does a whale eat?", answerable=False, type="none"),
    Example("5", "Who cut the ribbon?", ("Ada Holm",), (RIBBON,), type="who", within=(HARBOUR.id,)),
)


def a_task(solver=solvers.ask, **changes):
    task = Task("sea", EXAMPLES, (HARBOUR, BRIDGE), solver, scorers.ALL, about="questions about the sea")
    return replace(task, **changes)


class Counting:
    """Asks, and remembers whom; dies when it has asked so many."""

    __name__ = "ask"

    def __init__(self, dies_after=99):
        self.asked = []
        self.dies_after = dies_after

    def __call__(self, bot, example):
        if len(self.asked) == self.dies_after:
            raise KeyboardInterrupt
        self.asked.append(example.id)
        return solvers.ask(bot, example)


def figures(folder):
    return {score["name"]: score["value"] for score in folder.scores()["scores"] if "seconds" not in score["name"]}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return run(a_task(), config=rag.Config(), runs=tmp_path_factory.mktemp("runs"))


def test_a_run_holds_every_answer_and_what_made_it(finished):
    facts = finished.facts()
    assert (facts["task"], facts["about"], facts["questions"]) == ("sea", "questions about the sea", 5)
    assert facts["fingerprint"].startswith("all-MiniLM-L6-v2")
    assert facts["settings"]["search.limit"] == 10
    assert facts["finished"] >= facts["started"]
    records = finished.records()
    assert [record.example for record in records] == list(EXAMPLES)
    assert all(record.answer.hits == record.hits for record in records)


def test_a_question_about_given_documents_is_answered_from_them(finished):
    assert {hit.passage.doc_id for hit in finished.records()[4].hits} == {HARBOUR.id}


def test_the_scores_are_those_of_the_answers(finished):
    found = figures(finished)
    assert found["verbatim"] == 1
    assert found["RR@10"] == 1
    assert found["refusal recall"] == 1
    assert found["accuracy"] >= 0.8
    slices = {(part["by"], part["value"]): part["n"] for part in finished.scores()["slices"]}
    assert slices == {("type", "who"): 3}


def test_the_same_run_twice_gives_the_same_scores(finished, tmp_path):
    again = run(a_task(), config=rag.Config(), runs=tmp_path)
    assert again.path.name == finished.path.name
    assert figures(again) == figures(finished)


def test_a_run_that_was_killed_goes_on_and_asks_nothing_twice(tmp_path):
    first = Counting(dies_after=3)
    with pytest.raises(KeyboardInterrupt):
        run(a_task(first), config=rag.Config(), runs=tmp_path)
    second = Counting()
    folder = run(a_task(second), config=rag.Config(), runs=tmp_path)
    assert (first.asked, second.asked) == (["1", "2", "3"], ["4", "5"])
    assert folder.facts()["finished"]
    third = Counting()
    assert figures(run(a_task(third), config=rag.Config(), runs=tmp_path)) == figures(folder)
    assert third.asked == []


def test_a_line_that_was_cut_off_is_asked_again(tmp_path):
    folder = run(a_task(), config=rag.Config(), runs=tmp_path)
    folder.records_file.write_bytes(folder.records_file.read_bytes()[:-100])
    folder.scores_file.unlink()
    again = Counting()
    run(a_task(again), config=rag.Config(), runs=tmp_path)
    assert again.asked == ["5"]
    assert [record.example.id for record in folder.records()] == ["1", "2", "3", "4", "5"]


def test_a_run_that_was_killed_hard_leaves_whole_lines(tmp_path):
    program = """
import os, sys, pathlib, rag
from tests.eval import test_run as t
class Killed(t.Counting):
    def __call__(self, bot, example):
        if len(self.asked) == 2:
            os.kill(os.getpid(), 9)
        return super().__call__(bot, example)
t.run(t.a_task(Killed()), config=rag.Config(), runs=pathlib.Path(sys.argv[1]))
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == -signal.SIGKILL
    rest = Counting()
    run(a_task(rest), config=rag.Config(), runs=tmp_path)
    assert rest.asked == ["3", "4", "5"]


@pytest.mark.parametrize(
    "change",
    [{"examples": EXAMPLES[:4]}, {"documents": (HARBOUR, BRIDGE, Document.of("More.", title="More", source="m.txt"))}],
)
def test_other_questions_or_documents_are_another_run(finished, tmp_path, change):
    assert run(a_task(**change), config=rag.Config(), runs=tmp_path).path.name != finished.path.name


def test_other_settings_are_another_run_of_which_the_report_can_tell(finished, tmp_path):
    config = rag.Config.load({"answer.sentences": 1}, start=tmp_path, environment={})
    other = run(a_task(), config=config, runs=tmp_path)
    assert other.path.name != finished.path.name
    assert other.facts()["changed_settings"] == {"answer.sentences": 1}


def test_two_processes_do_not_share_a_run(finished):
    with FileLock(finished.lock), pytest.raises(IndexBusy, match="another process is at the run"):
        run(a_task(), config=rag.Config(), runs=finished.path.parent)


def test_a_search_is_scored_without_an_answer(tmp_path):
    folder = run(a_task(solvers.search), config=rag.Config(), runs=tmp_path)
    found = figures(folder)
    assert (found["RR@10"], found["EM"]) == (1, None)
    assert folder.records()[0].answer is None
    assert folder.records()[0].hits


def test_a_limit_draws_the_same_questions_each_time_in_their_order():
    drawn = limited(a_task(), 3).examples
    assert drawn == limited(a_task(), 3).examples
    assert [example.id for example in drawn] == sorted(example.id for example in drawn)
    assert limited(a_task(), 9).examples == limited(a_task(), None).examples == EXAMPLES


def test_a_folder_that_is_no_run_or_not_finished_says_so(tmp_path):
    with pytest.raises(DataMissing, match="is no run"):
        RunFolder(tmp_path).scores()
    RunFolder(tmp_path).write_facts({})
    with pytest.raises(DataMissing, match="is not finished; the same command again"):
        RunFolder(tmp_path).scores()


def refusing(bot, example):
    """Ask as if the strictest threshold were set, where the question is about a harbour."""
    record = solvers.ask(bot, example)
    if "harbour" not in example.question:
        return record
    answer = replace(record.answer, status="refused", reason="insufficient", sentences=())
    return replace(record, answer=answer)


def test_a_comparison_tells_what_flipped_and_by_how_much(finished, tmp_path):
    other = run(a_task(refusing), config=rag.Config(), runs=tmp_path)
    found = compare(finished, other)
    assert (found.lost, found.won, found.questions) == (("1",), (), 5)
    (accuracy,) = [change for change in found.changes if change.name == "accuracy"]
    difference = accuracy.difference
    assert difference.value == pytest.approx(difference.other - difference.one) == pytest.approx(-0.2)
    assert difference.low <= difference.value <= difference.high
    precision = next(change.difference for change in found.changes if change.name == "refusal precision")
    assert precision.other < precision.one


def test_a_search_flips_where_no_right_document_comes_first_any_more(tmp_path):
    runs = []
    for rank in (1, 2):  # of the first of two gold documents
        runs.append(RunFolder(tmp_path / str(rank)))
        runs[-1].path.mkdir()
        runs[-1].write_facts({"task": "sea"})
        values = {"R@1": 1 / 2 if rank == 1 else 0, "RR@10": 1 / rank}
        columns = {name: {"better": "higher", "values": [value]} for name, value in values.items()}
        runs[-1].write_scores({"ids": ["1"], "columns": columns})
    assert compare(*runs).lost == ("1",)


def test_a_run_compared_with_itself_differs_in_nothing(finished):
    found = compare(finished, finished)
    assert {change.difference.value for change in found.changes} == {0.0}
    assert not any(change.significant for change in found.changes)
    assert found.lost == found.won == ()


def test_runs_of_two_tasks_are_not_compared(finished, tmp_path):
    other = RunFolder(tmp_path)
    other.write_facts({**finished.facts(), "task": "land"})
    other.write_scores(finished.scores())
    with pytest.raises(DataMissing, match="share no question of one task"):
        compare(finished, other)


def test_a_threshold_is_a_floor_or_where_lower_is_better_a_ceiling():
    scores = [
        {"name": "refusal F1", "value": 0.7, "better": "higher"},
        {"name": "AURC", "value": 0.3, "better": "lower"},
        {"name": "EM", "value": None, "better": "higher"},
    ]
    assert parse_thresholds(["refusal F1=0.8", "AURC = .2"], [a_task()]) == {"refusal F1": 0.8, "AURC": 0.2}
    assert list(worse_than(scores, {"refusal F1": 0.7, "AURC": 0.3, "R@1": 1})) == []
    assert list(worse_than(scores, {"refusal F1": 0.8})) == ["refusal F1 is 0.700, below 0.8"]
    assert list(worse_than(scores, {"AURC": 0.2})) == ["AURC is 0.300, above 0.2"]
    assert "does not apply" in next(worse_than(scores, {"EM": 0}))


@pytest.mark.parametrize("given", ["F1", "=1", "F1=good", "F1=nan", ""])
def test_what_is_no_threshold_says_how_to_write_one(given):
    with pytest.raises(ConfigError, match="--fail-under"):
        parse_thresholds([given], [a_task()])


def test_a_threshold_must_name_a_score_of_the_tasks_and_only_once():
    with pytest.raises(ConfigError, match="did you mean 'nDCG@10'"):
        parse_thresholds(["nDGC@10=1"], [a_task()])
    with pytest.raises(ConfigError, match="names 'F1' twice"):
        parse_thresholds(["F1=1", "F1=0"], [a_task()])


def test_the_hits_of_a_refusal_are_those_of_the_first_search(tmp_path):
    many = tuple(Document.of(f"Whales of sea {n}.", title=f"Sea {n}", source=f"{n}.txt") for n in range(40))
    strict = rag.Config.load({"answer.max_wrong": 0.0}, start=tmp_path, environment={})
    folder = run(a_task(examples=EXAMPLES[3:4], documents=many), config=strict, runs=tmp_path)
    (record,) = folder.records()
    assert record.answer.status == "refused"
    assert len(record.hits) == 10 < len(record.answer.hits)


def test_an_index_that_changes_while_it_is_asked_is_no_run(tmp_path):
    def changing(bot, example):
        ingest_documents([replace(BRIDGE, id="new", text="Another.")], bot.index.layout.root, config=rag.Config())
        return solvers.ask(bot, example)

    with pytest.raises(IndexBusy, match="changed while it was asked"):
        run(a_task(changing), config=rag.Config(), runs=tmp_path)


def test_a_damaged_line_is_named(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_facts({})
    folder.records_file.write_bytes(b'{"a": 1}\nnonsense\n')
    with pytest.raises(DataMissing, match=r"records\.jsonl:2 is damaged"):
        folder.lines()
    folder.scores_file.write_text("{")
    with pytest.raises(DataMissing, match=r"scores\.json is damaged"):
        folder.scores()


def test_a_stored_line_is_json_with_the_whole_answer(finished):
    line = json.loads(finished.records_file.read_text("utf-8").splitlines()[0])
    assert line["answer"]["sentences"][0]["citations"][0]["quote"] in HARBOUR.text
    assert line["example"]["evidence"][0]["quote"] == RIBBON.quote
