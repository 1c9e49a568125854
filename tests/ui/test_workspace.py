"""The workspace of the page, and settings that are saved from it."""

import gc

import pytest

import rag
from ingest import ingest_documents
from rag.errors import ConfigError, StorageFailed
from rag.types import Document
from ui.tabs.saving import save
from ui.tabs.settings import _WORDS as SETTINGS
from ui.tabs.settings import _changes, _saved, _shown
from ui.wording import Words
from ui.workspace import Workspace

BRIDGE = Document.of("The old bridge of Marn has been closed since January.", title="Bridge", source="bridge.md")
FIELDS = {"writer": "none", "model": "", "limit": 12, "passages": 4, "level": 0.25}


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = tmp_path / ".footnote"
    ingest_documents([BRIDGE], root, config=rag.Config())
    workspace = Workspace.of(rag.open(root, rag.Config()))
    yield workspace
    workspace.close()


def test_conversations_are_kept_in_the_folder_of_the_index(workspace):
    assert (workspace.root / "conversations.db").is_file()


def test_what_is_saved_is_what_runs_and_what_runs_after_a_restart(workspace, tmp_path):
    saved = save(workspace, {"search.limit": 12, "answer.max_wrong": 0.25})
    assert saved.path == tmp_path / "footnote.toml"
    assert not saved.overridden
    assert workspace.config.search.limit == 12
    restarted = rag.Config.load()
    assert (restarted.search.limit, restarted.answer.max_wrong) == (12, 0.25)
    assert restarted.index == str(workspace.root)


def test_comments_and_other_settings_of_the_file_stay(workspace, tmp_path):
    path = tmp_path / "footnote.toml"
    path.write_text("# ours\n[search]\nlimit = 3  # few\ncandidates = 40\n")
    save(workspace, {"search.limit": 5})
    assert path.read_text() == "# ours\n[search]\nlimit = 5  # few\ncandidates = 40\n"


def test_the_file_in_force_is_the_one_that_is_changed(workspace, tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "footnote.toml").write_text("")
    workspace.start = tmp_path / "deep" / "er"
    assert save(workspace, {"search.limit": 5}).path == tmp_path / "footnote.toml"


def test_an_index_that_is_no_default_does_not_move_the_default(workspace, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    workspace.start = elsewhere
    workspace.bot.index.layout.root.rename(tmp_path / "mine")
    workspace.bot = rag.open(tmp_path / "mine", rag.Config())
    assert save(workspace, {"search.limit": 5}).path == elsewhere / "footnote.toml"
    assert rag.Config.load(start=elsewhere).search.limit == 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"writer.model": "gpt"}, "provider:name"),
        ({"answer.max_wrong": 2.0}, "between 0 and 1"),
        ({"search.limit": 0}, "1 or more"),
        ({"split.passage_tokens": 99}, "rebuild"),
    ],
)
def test_what_cannot_be_used_is_an_error_and_changes_nothing(workspace, tmp_path, changes, said):
    bot = workspace.bot
    with pytest.raises(rag.FootnoteError, match=said):
        save(workspace, changes)
    assert workspace.bot is bot
    assert not (tmp_path / "footnote.toml").exists()
    assert bot.documents()


def test_a_variable_that_would_win_over_the_file_is_named(workspace, monkeypatch):
    monkeypatch.setenv("FOOTNOTE_SEARCH_LIMIT", "7")
    with pytest.raises(ConfigError, match="FOOTNOTE_SEARCH_LIMIT"):
        save(workspace, {"search.limit": 5})


def test_a_value_from_the_command_line_is_named_since_it_will_win_again(workspace):
    workspace.bot = rag.open(workspace.root, rag.Config.load({"search.limit": 3}))
    assert save(workspace, {"search.limit": 5}).overridden == ("search.limit",)


def test_a_file_that_cannot_be_written_changes_nothing(workspace, tmp_path):
    bot = workspace.bot
    (tmp_path / "footnote.toml.d").mkdir()
    workspace.start = tmp_path / "footnote.toml.d" / "gone"
    workspace.bot.index.layout.root.rename(tmp_path / "mine")
    workspace.bot = bot = rag.open(tmp_path / "mine", rag.Config())
    with pytest.raises(StorageFailed, match="Nothing has changed"):
        save(workspace, {"search.limit": 5})
    assert workspace.bot is bot


def test_an_assistant_that_is_replaced_answers_to_the_end_and_is_then_closed(workspace):
    events = workspace.bot.stream("Since when has the bridge of Marn been closed?")
    next(events)
    library = workspace.bot.index.library
    save(workspace, {"search.limit": 5})
    gc.collect()
    assert list(events)[-1].answer.status == "answered"
    del events
    gc.collect()
    with pytest.raises(rag.FootnoteError):
        library.sources()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_settings_are_saved_from_the_fields_of_the_page_and_shown_in_them(workspace, language):
    said = _saved(workspace, FIELDS, Words(SETTINGS, language))
    assert "footnote.toml" in said
    assert _shown(workspace.config) == FIELDS


def test_a_wrong_field_is_told_in_words_and_changes_nothing(workspace, tmp_path):
    words = Words(SETTINGS, "en")
    for wrong in ({"limit": None}, {"limit": 51}, {"writer": "provider"}, {"writer": "provider", "model": "<b>:x"}):
        said = _saved(workspace, {**FIELDS, **wrong}, words)
        assert "Nothing was changed" in said
        assert "<b>" not in said
    assert not (tmp_path / "footnote.toml").exists()
    assert workspace.config.search.limit == rag.Config().search.limit


def test_a_provider_is_saved_by_its_name():
    changes = _changes({**FIELDS, "writer": "provider", "model": " ollama:qwen3 "}, Words(SETTINGS, "en"))
    assert changes["writer.model"] == "ollama:qwen3"
