"""The page on an index that may not be changed: it says so, offers no change, and keeps no file."""

import warnings
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest

import rag
from ingest import ingest_documents
from rag.types import Document
from tests.fakes import FakeEmbedder
from ui import api
from ui.catalogue import View
from ui.shelf import Shelf
from ui.tabs import library, pieces
from ui.uploads import upload_folder
from ui.web import start
from ui.workspace import Workspace

BRIDGE = Document.of("The old bridge of Marn has been closed since January.", title="Bridge", source="bridge.md")
CONFIG = rag.Config()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("read-only") / ".footnote"
    ingest_documents([BRIDGE], root, config=CONFIG, embedder=FakeEmbedder())
    return root


@pytest.fixture(params=[True, False], ids=["read-only", "writable"])
def home(root, request):
    config = replace(CONFIG, read_only=request.param)
    with rag.open(root, config) as bot:
        yield SimpleNamespace(bot=bot, root=root, config=config)


def tab_of(home, language):
    with warnings.catch_warnings(), gr.Blocks() as page, gr.Tab("Library"):
        warnings.simplefilter("error", UserWarning)
        return library._Tab(home, language), page


@pytest.mark.parametrize(("language", "said"), [("en", "not added or removed here"), ("zh", "只能提问")])
def test_the_library_tab_offers_changes_only_where_they_can_be_made(home, language, said):
    tab, page = tab_of(home, language)
    notes = [block.value for block in page.blocks.values() if getattr(block, "elem_id", None) == "fn-fixed"]
    shown = [
        part.visible for part in (tab._drop.parent, tab._reread_chosen, tab._remove_chosen, tab._rebuild.parent.parent)
    ]
    listed = tab._list_page(View(), ())[0]
    assert shown == [not home.config.read_only] * 4
    assert ('data-library="remove"' in listed) is not home.config.read_only
    assert BRIDGE.title in listed
    assert [said in note and "read_only" in note for note in notes] == ([True] if home.config.read_only else [])


def test_what_calls_past_the_page_is_refused_in_words(root, tmp_path):
    (tmp_path / "mill.txt").write_text("The mill of Marn grinds again.", encoding="utf-8")
    with rag.open(root, replace(CONFIG, read_only=True)) as bot:
        home = SimpleNamespace(bot=bot, root=root, config=bot.config)
        shelf = Shelf(home, language="en", embedder=FakeEmbedder())
        ends = [
            list(shelf.add_files([tmp_path / "mill.txt"]))[-1],
            list(shelf.add_addresses("https://example.org/a"))[-1],
            shelf.remove([BRIDGE.id]),
            list(shelf.rebuild())[-1],
        ]
        assert all(end.over and "read_only" in end.trouble for end in ends)
        assert not upload_folder(root).exists()
        *_, add = api.functions(home)
        with pytest.raises(ValueError, match="read_only"):
            add(text="The mill of Marn grinds again.", title="Mill")


def test_conversations_on_a_read_only_index_are_not_kept_and_the_page_says_so(home):
    workspace = Workspace.of(home.bot)
    try:
        conversation = workspace.store.create("A name")
        assert [one.id for one in workspace.store.conversations()] == [conversation]
        workspace.store.delete(conversation)
    finally:
        workspace.close()
    file = home.root / "conversations.db"
    assert file.exists() is not home.config.read_only
    file.unlink(missing_ok=True)
    for language, said in (("en", "until Footnote ends"), ("zh", "只保留到")):
        frame = pieces.list_frame(language, is_lasting=workspace.store.is_lasting)
        assert (said in frame) is home.config.read_only


def test_a_page_on_a_read_only_index_is_served_and_writes_nothing(root):
    names = sorted(path.name for path in root.iterdir())
    with rag.open(root, replace(CONFIG, read_only=True)) as bot:
        page = start(bot, port=0)
        try:
            assert "until Footnote ends" in httpx.get(page.local_url).text
        finally:
            page.close()
    assert sorted(path.name for path in root.iterdir()) == names
