"""`footnote eval`: a person writes gold lines, types one command, and gets figures, a comparison and a page."""

import json

import pytest

import rag
from ingest import ingest_documents
from rag.errors import ConfigError, DataMissing, GoldError, IndexMissing
from tests.ui.test_cli import BRIDGE, HARBOUR, run, run_json, run_main

LINES = [
    {
        "id": "who-1", "question": "Who found a crack in the bridge of Marn?", "answers": ["Ole Berg"],
        "evidence": [{"doc": "bridge.md", "quote": "Ole Berg, an engineer, found a crack in its eastern pier."}],
    },
    {"id": "who-2", "question": "Who cut the ribbon of the new harbour of Lund?", "answers": ["Ada Holm"]},
    {"id": "cost", "question": "What did the harbour of Lund cost?", "answers": ["40 million crowns"]},
    {"id": "no-1", "question": "What do whales eat in winter?", "answerable": False},
    {"id": "no-2", "question": "Who won the chess tournament of Oslo?", "answerable": False},
]  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    root = tmp_path_factory.mktemp("evaluate") / "index"
    ingest_documents([HARBOUR, BRIDGE], root, config=rag.Config())
    return root


@pytest.fixture(autouse=True)
def gold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return written(tmp_path, *LINES)


def written(folder, *lines):
    file = folder / "gold.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return file


def test_five_gold_lines_become_scores_and_a_page(gold, index, tmp_path):
    said = run("eval", "--gold", gold, "--index", index)
    assert said.startswith("gold: 5 questions\n")
    assert "accuracy" in said
    assert "refusal F1" in said
    *_, page = said.split()
    folder = tmp_path / page
    assert run("eval", "report", folder).strip() == str(folder / "report.html")
    assert "Who found a crack" in (folder / "report.html").read_text("utf-8")


def test_the_first_word_may_be_left_out_or_said(gold, index):
    assert (
        run_json("eval", "run", "--gold", gold, "--index", index)[0]["scores"]
        == run_json("eval", "--gold", gold, "--index", index)[0]["scores"]
    )


def test_json_holds_what_made_the_run_and_every_score(gold, index):
    (found,) = run_json("eval", "--gold", gold, "--index", index, "--limit", "3", "--set", "answer.sentences=1")
    assert (found["task"], found["questions"]) == ("gold", 3)
    assert found["changed_settings"] == {"answer.sentences": 1}
    scores = {score["name"]: score for score in found["scores"]}
    assert scores["verbatim"]["value"] == 1
    assert scores["accuracy"]["low"] <= scores["accuracy"]["value"] <= scores["accuracy"]["high"]


def test_a_score_below_its_bar_ends_with_1_and_says_which(gold, index, monkeypatch, capsys):
    arguments = ("eval", "--gold", gold, "--index", index)
    assert run_main(monkeypatch, *arguments, "--fail-under", "verbatim=1", "--fail-under", "seconds p95=60") == 0
    assert run_main(monkeypatch, *arguments, "--fail-under", "accuracy=1.5") == 1
    assert ", below 1.5" in capsys.readouterr().err


def test_two_runs_are_compared(gold, index):
    strict = ("--set", "answer.max_wrong=0")
    one, other = (run_json("eval", "--gold", gold, "--index", index, *more)[0]["run"] for more in ((), strict))
    said = run("eval", "compare", one, other)
    assert "right before, wrong now: " in said
    assert "5 questions in both" in said
    found = run_json("eval", "compare", one, other)
    assert set(found["lost"]) <= {"who-1", "who-2", "cost"}
    assert found["lost"]
    differences = [change["difference"] for change in found["changes"]]
    assert all(found["low"] <= found["value"] <= found["high"] for found in differences)


def test_checking_only_checks(gold, index, tmp_path):
    assert "sound questions: 5 (2 unanswerable); evidence found in" in run("eval", "--check", gold, "--index", index)
    assert "evidence not looked for" in run("eval", "--check", gold)
    assert not (tmp_path / "runs").exists()


def test_checking_names_each_wrong_line(index, tmp_path, monkeypatch, capsys):
    wrong = {"question": "Who?", "answers": ["x"], "evidence": [{"doc": "bridge.md", "quote": "Ole Berg, a painter"}]}
    file = written(tmp_path, LINES[0], wrong, {"question": ""})
    assert run_main(monkeypatch, "eval", "--check", file, "--index", index) == 1
    out, err = capsys.readouterr()
    assert [line.split(": ")[0].rpartition("/")[2] for line in err.splitlines()] == ["gold.jsonl:2", "gold.jsonl:3"]
    assert out.startswith("sound questions: 1 ")
    with pytest.raises(GoldError, match=r"gold\.jsonl:2: the quote 'Ole Berg, a painter' does not stand"):
        run("eval", "--gold", file, "--index", index)


def test_checking_against_an_index_that_is_not_there_says_so(gold):
    with pytest.raises(IndexMissing):
        run("eval", "--check", gold, "--index", "nowhere")


def test_the_tasks_are_listed_with_where_their_data_are():
    rows = {row["task"]: row for row in run_json("eval", "--list", "--data", "nowhere")}
    assert rows["corpus"]["data"] == "ships with Footnote"
    assert "FOOTNOTE_BENCH_DATA" in rows["scifact"]["data"]
    assert "scifact " in run("eval", "--list")


def test_a_task_without_data_says_what_to_set():
    with pytest.raises(DataMissing, match="FOOTNOTE_BENCH_DATA"):
        run("eval", "scifact", "--data", "nowhere")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing to measure"),
        (("corpsu",), "did you mean 'corpus'"),
        (("corpus", "--index", "somewhere"), "--index goes with --gold"),
        (("corpus", "--fail-under", "F1"), "cannot be read"),
    ],
)
def test_what_cannot_be_measured_says_why(arguments, said):
    with pytest.raises(ConfigError, match=said):
        run("eval", "run", *arguments)


def test_the_corpus_is_measured_from_nothing(tmp_path):
    (found,) = run_json("eval", "corpus", "--limit", "6", "--split", "dev")
    assert (found["task"], found["split"], found["questions"]) == ("corpus", "dev", 6)
    assert next(score["value"] for score in found["scores"] if score["name"] == "verbatim") == 1
    assert (tmp_path / found["run"] / "records.jsonl").is_file()
