"""The terminal: each command on a small index, what it prints where, and how it ends."""

import json
import os
import subprocess
import sys
from dataclasses import fields
from datetime import date

import pytest
from typer.testing import CliRunner

import rag
from ingest import ingest_documents
from rag.errors import ConfigError, IndexMissing, UnknownDocument
from rag.types import Answer, Document, Hit
from ui import cli

HARBOUR = Document.of(
    "The new harbour of Lund opened on 2 May 2021. Ada Holm, the mayor of Lund, cut the ribbon. "
    "The harbour cost 40 million crowns and has room for 300 boats.",
    title="A harbour for Lund", source="harbour.md", publisher="Coast Post", published=date(2021, 5, 3),
)  # fmt: skip
BRIDGE = Document.of(
    "The old bridge of Marn has been closed since January. Ole Berg, an engineer, found a crack in its eastern pier. "
    "Repairs will take eight months.",
    title="Bridge of Marn closed", source="bridge.md", publisher="Inland News", published=date(2023, 1, 9),
)  # fmt: skip
WHO = "Who found a crack in the bridge of Marn?"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    root = tmp_path_factory.mktemp("cli") / "index"
    ingest_documents([HARBOUR, BRIDGE], root, config=rag.Config())
    return root


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*arguments, code=0):
    result = CliRunner().invoke(cli.app, list(map(str, arguments)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def run_json(*arguments, code=0):
    return json.loads(run(*arguments, "--json", code=code))


def run_main(monkeypatch, *arguments):
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(sys, "argv", ["footnote", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def test_an_answer_is_printed_with_its_source(index):
    short, said, source = run("ask", WHO, "--index", index).split("\n\n", 2)
    assert short == "Ole Berg"
    assert "Ole Berg" in said
    assert said.endswith("[1]")
    assert source.startswith("[1] Bridge of Marn closed · Inland News · 9 January 2023 · source characters 54–111")


def test_an_answer_as_json_has_the_fields_of_an_answer(index):
    answer = run_json("ask", WHO, "--index", index)
    assert list(answer) == [field.name for field in fields(Answer)]
    citation = answer["sentences"][0]["citations"][0]
    assert BRIDGE.text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_refusal_is_no_failure(index):
    assert "Nothing in the documents" in run("ask", "What is the boiling point of tungsten?", "--index", index)


def test_filters_shut_documents_out_of_an_answer(index):
    for flags in (
        ["--publisher", "coast post"],
        ["--language", "ZH"],
        ["--until", "2022-12-31"],
        ["--as-of", "2022-12-31"],
    ):
        answer = run_json("ask", WHO, *flags, "--index", index)
        assert (answer["status"], answer["reason"]) == ("refused", "filtered_out"), flags
    flags = ["--publisher", "Inland News", "--publisher", "x", "--since", "2023-01-09", "--language", "en"]
    assert run_json("ask", WHO, *flags, "--index", index)["status"] == "answered"


def test_a_question_may_begin_with_a_dash(index):
    assert json.loads(run("ask", "--index", index, "--json", "--", f"-{WHO}"))["question"] == f"-{WHO}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", "  "], "it is empty"),
        (["ask", WHO, "--since", "2024-13-01"], "2024-13-01"),
        (["search", "x", "--limit", "0"], "--limit"),
        (["chat", "--port", "70000"], "--port"),
        (["ingest"], "PATH"),
        (["nothing"], "nothing"),
    ],
)
def test_a_call_that_makes_no_sense_is_told_so(arguments, message):
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not result.stdout


@pytest.mark.parametrize("command", [["ask", WHO], ["search", "x"], ["list"], ["chat"]])
def test_a_missing_index_is_an_error_that_names_the_command_to_make_it(command, tmp_path):
    with pytest.raises(IndexMissing, match="footnote ingest PATH… --index nowhere"):
        run(*command, "--index", "nowhere")
    assert not list(tmp_path.iterdir())


def test_search_shows_the_rank_in_each_leg(index):
    text = run("search", "harbour boats", "--index", index, "--limit", "1")
    assert text.startswith("1. A harbour for Lund · ")
    assert "lexical #1 · dense #1" in text
    (hit,) = run_json("search", "harbour boats", "--index", index, "--limit", "1")
    assert list(hit) == [field.name for field in fields(Hit)]
    assert run("search", "harbour", "--publisher", "nobody", "--index", index) == "Nothing was found.\n"


def test_settings_are_given_as_flags(index):
    (hit,) = run_json("search", "harbour", "--index", index, "--set", "search.mode=lexical", "--set", "search.limit=3")
    assert [trace["stage"] for trace in hit["trace"]] == ["lexical", "reader"]
    assert run_json("ask", WHO, "--index", index, "--set", "answer.max_wrong=0")["status"] == "refused"


@pytest.mark.parametrize(("setting", "message"), [("limit", "has no value"), ("search.limt=3", "search.limit")])
def test_a_setting_that_cannot_be_is_an_error(index, setting, message):
    with pytest.raises(ConfigError, match=message):
        run("ask", WHO, "--index", index, "--set", setting)


def test_documents_are_listed(index):
    head, *rows = run("list", "--index", index).splitlines()
    assert head.split() == ["id", "published", "publisher", "language", "title", "sources"]
    assert [row.split()[0] for row in rows] == [BRIDGE.id, HARBOUR.id]
    assert run_json("list", "--index", index)[1] == {
        "id": HARBOUR.id, "published": "2021-05-03", "publisher": "Coast Post", "language": "en",
        "title": "A harbour for Lund", "sources": ["harbour.md"],
    }  # fmt: skip


def test_files_go_in_and_out_of_an_index(tmp_path):
    (tmp_path / "docs").mkdir()
    for document in (HARBOUR, BRIDGE):
        (tmp_path / "docs" / document.source).write_text(f"---\ntitle: {document.title}\n---\n{document.text}\n")
    assert run("ingest", "docs") == "2 added, 0 updated, 0 unchanged, 0 removed, 0 failed, 0 skipped\n"
    assert run_json("ingest", "docs")["unchanged"] == ["docs/bridge.md", "docs/harbour.md"]
    assert run("rebuild") == "rebuilt .footnote\n"
    assert "Ole Berg" in run("ask", WHO)
    assert run("remove", "docs/bridge.md") == "removed docs/bridge.md\n"
    assert run_json("ask", WHO)["status"] == "refused"
    with pytest.raises(UnknownDocument, match=r"docs/bridge\.md"):
        run("remove", "docs/bridge.md")


def test_ingest_reports_what_failed_and_ends_with_1(tmp_path):
    (tmp_path / "empty.md").write_text("")
    (tmp_path / "good.md").write_text(HARBOUR.text)
    counts, failure = run("ingest", "empty.md", "good.md", code=1).splitlines()
    assert counts == "1 added, 0 updated, 0 unchanged, 0 removed, 1 failed, 0 skipped"
    assert failure.startswith("failed: empty.md: ")
    assert run_json("ingest", "empty.md", code=1)["failed"][0][0] == "empty.md"


def test_doctor_finds_a_sound_index_sound_and_says_how_to_mend_a_missing_one(index):
    assert all(line.startswith("✓ ") for line in run("doctor", "--index", index).splitlines())
    assert all(check["ok"] for check in run_json("doctor", "--index", index))
    assert "to mend it: footnote ingest PATH… --index nowhere" in run("doctor", "--index", "nowhere", code=1)
    assert not run_json("doctor", "--index", "nowhere", code=1)[-1]["ok"]


def test_models_shows_the_encoder_in_force_without_loading_it():
    assert "model: all-MiniLM-L6-v2" in run("models")
    model, reader, _ = run_json("models", "--set", "embedding.model=my/own")
    assert model == {"job": "embedding", "model": "my/own", "fingerprint": "my/own@torch-float32"}
    assert reader["job"] == "reading"


def test_every_command_explains_itself():
    commands = "ingest sync ask chat search list remove rebuild doctor models eval".split()
    overview = run("--help")
    assert "…" not in overview.replace("PATH…", "")
    for command in commands:
        assert f"\n  {command} " in overview
        assert "Usage: " in run(command, "--help")
    assert run("--version").startswith("footnote ")


def test_a_failure_is_one_line_on_stderr(monkeypatch, capsys):
    assert run_main(monkeypatch, "ask", WHO, "--index", "nowhere") == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("footnote: there is no index in nowhere.")
    assert err.count("\n") == 1


def test_a_place_that_cannot_be_written_to_is_one_line_on_stderr(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert run_main(monkeypatch, "ingest", "file", "--index", "file/index") == 1
    assert capsys.readouterr().err.startswith("footnote: ")


def test_an_interruption_ends_quietly_with_130(monkeypatch, capsys):
    def interrupted(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(rag, "open", interrupted)
    assert run_main(monkeypatch, "ask", WHO) == 130
    assert "".join(capsys.readouterr()).strip() == ""


def test_a_command_runs_offline_unless_the_environment_says_otherwise(monkeypatch):
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert run_main(monkeypatch, "--version") == 0
    assert os.environ["TRANSFORMERS_OFFLINE"] == "1"
    assert os.environ["HF_HUB_OFFLINE"] == "0"


def test_a_terminal_that_cannot_show_chinese_is_no_reason_to_fail(index):
    code = "from ui.cli import main; main()"
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(rag.app.CORPUS.parent)}
    run = subprocess.run(
        [sys.executable, "-c", code, "ask", "谁？", "--index", str(index)],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(rb"\u")
