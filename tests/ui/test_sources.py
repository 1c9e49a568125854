"""The terminal's commands that fill an index and keep it in step: what they print, and how they end."""

import json

import pytest
from typer.testing import CliRunner

from ingest import IngestReport, ingest
from ingest.watch import Notice
from rag.config import Config
from ui import cli
from ui.render import changes_text, report_text

MOVED = IngestReport(
    added=("a.md",),
    updated=("b.md",),
    unchanged=("c.md",),
    renamed=(("d.md", "e\x1b[2J.md"),),
    removed=("f.md",),
    failed=(("g.pdf", "is\nbroken"),),
)


def test_a_report_names_what_moved_and_counts_it_only_if_something_did():
    assert report_text(MOVED).splitlines() == [
        "1 added, 1 updated, 1 unchanged, 1 renamed, 1 removed, 1 failed, 0 skipped",
        "renamed: d.md → e\ufffd[2J.md",
        "failed: g.pdf: is broken",
    ]
    assert report_text(IngestReport()) == "0 added, 0 updated, 0 unchanged, 0 removed, 0 failed, 0 skipped"


def test_a_round_has_a_line_for_each_document_that_changed():
    assert changes_text(MOVED).splitlines() == [
        "added: a.md",
        "updated: b.md",
        "removed: f.md",
        "renamed: d.md → e\ufffd[2J.md",
        "failed: g.pdf: is broken",
    ]


def run(*arguments, code=0):
    result = CliRunner().invoke(cli.app, list(map(str, arguments)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (("docs/a.md", "The bridge of Marn is closed."), ("docs/old/b.md", "The mill turns.")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "c.md").write_text("The tower of Kell leans.", encoding="utf-8")
    ingest(["docs", "c.md"], config=Config())
    return tmp_path


def test_sync_prints_what_ingest_prints_and_ends_as_it_does(project):
    (project / "c.md").unlink()
    (project / "docs" / "a.md").rename(project / "docs" / "new.md")
    assert run("sync").stdout.splitlines() == [
        "0 added, 0 updated, 1 unchanged, 1 renamed, 1 removed, 0 failed, 0 skipped",
        "renamed: docs/a.md → docs/new.md",
    ]
    (project / "docs").rename(project / "away")
    report = json.loads(run("sync", "--json", code=1).stdout)
    assert report["failed"] == [["docs", "does not exist"]]
    assert report["renamed"] == []


def test_sync_shows_what_the_index_was_made_from(project):
    lines = run("sync", "--list").stdout.splitlines()
    assert [line.split() for line in lines] == [
        ["place", "kind", "sources"],
        ["docs", "folder", "2", "followed"],
        ["c.md", "file", "1", "read", "again", "by", "sync"],
    ]
    first, _ = json.loads(run("sync", "--list", "--json").stdout)
    assert first == {
        "name": "docs", "kind": "folder", "path": str(project / "docs"), "n_sources": 2, "is_away": False,
    }  # fmt: skip
    (project / "docs").rename(project / "away")
    assert run("sync", "--list").stdout.splitlines()[1].split() == ["docs", "folder", "2", "not", "there"]


@pytest.mark.usefixtures("project")
def test_what_will_come_back_is_said_with_the_remedy():
    told = run("remove", "docs/old/b.md", "c.md")
    assert told.stdout.splitlines() == ["removed docs/old/b.md", "removed c.md"]
    assert told.stderr == (
        "docs/old/b.md will be back: the next sync reads all of docs. To keep a file out, name it in "
        "docs/.footnoteignore, as in /old/b.md; to follow the folder no longer: footnote remove docs\n"
    )
    assert run("remove", "docs").stdout == "removed docs/a.md\n"
    assert run("sync").stdout == "0 added, 0 updated, 0 unchanged, 0 removed, 0 failed, 0 skipped\n"


def test_a_watcher_prints_a_report_then_a_line_for_each_change_and_notices_on_stderr(project, monkeypatch):
    def followed(paths, **_):
        assert [*paths] == [str(project / "docs"), str(project / "c.md")]
        yield IngestReport(unchanged=("docs/a.md",))
        yield Notice("docs is away.")
        yield MOVED

    monkeypatch.setattr("ingest.watch.follow", followed)
    told = run("sync", "--watch")
    assert told.stdout.splitlines() == [report_text(IngestReport(unchanged=("a",))), *changes_text(MOVED).splitlines()]
    assert told.stderr == "docs is away.\n"
    lines = run("sync", "--watch", "--json").stdout.splitlines()
    assert [json.loads(line)["renamed"] for line in lines] == [[], [["d.md", "e\x1b[2J.md"]]]
