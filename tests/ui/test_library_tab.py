"""The Library tab: its list, what it says, the filters to ask within, and that it can be built and shown."""

import re
import warnings
from datetime import UTC, date, datetime
from types import SimpleNamespace

import gradio as gr
import pytest

import rag
from ingest import ingest_documents, remove
from rag.library import Library
from rag.types import Document, Filters
from tests.fakes import FakeEmbedder
from ui.catalogue import PAGE, Catalogue, Listed, Page, View, job_html, list_html, range_words
from ui.jobs import Job, Step
from ui.tabs import library
from ui.within import within, within_words

BRIDGE = Document.of(
    "The old bridge of Marn has been closed since January.", title="Bridge <b>of</b> Marn", source="bridge.md",
    publisher="Inland News", published=date(2023, 1, 9), language="en",
)  # fmt: skip
MILL = Document.of("磨坊重新开始工作。", title="磨坊", source="mill.md", publisher="新华社", language="zh")


@pytest.fixture(scope="module")
def bot(tmp_path_factory):
    root = tmp_path_factory.mktemp("library") / ".footnote"
    ingest_documents([BRIDGE, MILL], root, config=rag.Config(), embedder=FakeEmbedder())
    with rag.open(root, rag.Config()) as bot:
        yield bot


@pytest.fixture
def catalogue(bot):
    return Catalogue(lambda: bot)


@pytest.fixture(scope="module", params=["en", "zh"])
def tab(bot, request):
    """Build the tab as the page does, and hold on to what its events call."""
    home = SimpleNamespace(bot=bot, root=bot.index.layout.root, config=bot.config)
    with warnings.catch_warnings(), gr.Blocks() as page, gr.Tab("Library"):
        warnings.simplefilter("error", UserWarning)  # as where Gradio finds that an event gives its function too little
        tab = library._Tab(home, request.param)
    return SimpleNamespace(tab=tab, page=page, language=request.param)


def row(title="A", **fields):
    given = {"id": "d1", "sources": ("a.md",), "publisher": "", "published": None, "language": "en", "n_passages": 1}
    return Listed(title=title, **{**given, "added": None, **fields})


def listed(rows, **what):
    page = Page(rows, 0, 1, len(rows))
    return list_html(page, **{"search": "", "chosen": (), "language": "en", **what})


def test_a_document_is_listed_with_all_its_places_and_found_by_each():
    twice = row(sources=("a.md", "copies/b.md"))
    assert '<span class="fn-place">a.md · copies/b.md</span>' in listed([twice])
    assert "copies/b.md" in twice.searched


def test_the_list_says_of_each_document_what_is_known(catalogue):
    bridge = next(row for row in catalogue.rows() if row.id == BRIDGE.id)
    assert (bridge.title, bridge.publisher, bridge.published) == (BRIDGE.title, "Inland News", date(2023, 1, 9))
    assert (bridge.language, bridge.n_passages, bridge.sources) == ("en", 1, ("bridge.md",))
    assert abs((datetime.now(UTC) - bridge.added).total_seconds()) < 3600


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", 2),
        ("bridge", 1),
        ("INLAND marn", 1),
        ("新华", 1),
        ("2023-01", 1),
        ("中文", 1),
        ("mill.md", 1),
        ("tower", 0),
    ],
)
def test_the_filter_looks_at_title_publisher_day_language_and_file(catalogue, search, found):
    assert catalogue.page(View(search)).n_found == found


@pytest.mark.parametrize(("order", "first"), [("published", BRIDGE.id), ("publisher", BRIDGE.id), ("title", BRIDGE.id)])
def test_the_list_can_be_ordered(catalogue, order, first):
    assert catalogue.page(View(order=order)).rows[0].id == first


def test_the_list_follows_the_index(tmp_path):
    root = tmp_path / ".footnote"
    ingest_documents([BRIDGE], root, config=rag.Config(), embedder=FakeEmbedder())
    with rag.open(root, rag.Config()) as bot:
        catalogue = Catalogue(lambda: bot)
        first = catalogue.rows()
        assert catalogue.rows() is first
        ingest_documents([MILL], root, config=rag.Config(), embedder=FakeEmbedder())
        assert {row.id for row in catalogue.rows()} == {BRIDGE.id, MILL.id}
        remove([BRIDGE.id], root, config=rag.Config())
        assert [row.id for row in catalogue.rows()] == [MILL.id]


def test_a_library_of_thousands_is_shown_a_page_at_a_time():
    rows = [row(f"Document {n:04}", id=f"d{n}") for n in range(5000)]
    library = SimpleNamespace(generation=1, listing=list)
    catalogue = Catalogue(lambda: SimpleNamespace(index=SimpleNamespace(library=library)))
    catalogue.rows()
    catalogue._kept = (catalogue._kept[0], tuple(rows))
    page = catalogue.page(View(order="title", page=1))
    assert (len(page.rows), page.number, page.n_pages, page.n_found) == (PAGE, 1, 100, 5000)
    assert page.rows[0].title == "Document 0050"
    assert range_words(page, "en") == "51–100 of 5000 documents"
    assert catalogue.page(View(order="title", page=999)).number == 99


def test_the_list_is_read_without_the_texts(catalogue, monkeypatch):
    monkeypatch.setattr(Library, "some_documents", lambda *_: pytest.fail("a text was loaded"))
    assert len(catalogue.rows()) == 2


def test_a_title_opens_its_document_and_is_no_markup():
    html = listed([row("<img src=x onerror=alert(1)>", id='d"1')])
    assert "<img" not in html
    assert "&lt;img" in html
    assert 'class="fn-source" data-doc="d&#34;1" data-start="0" data-end="0"' in html


def test_each_control_of_a_row_has_a_name_of_its_own():
    html = listed([row("Bridge"), row("Mill", id="d2")])
    names = re.findall(r'aria-label="([^"]+)"', html)
    assert len(names) == len(set(names)) == 7
    assert "Remove “Mill”" in names


def test_the_boxes_of_chosen_documents_are_ticked():
    assert listed([row(), row("B", id="d2")], chosen={"d2"}).count(" checked>") == 1


def test_a_list_without_documents_says_what_to_do():
    assert "Drop files above" in listed([])
    assert "No document matches “&lt;b&gt;”" in listed([], search="<b>")
    assert range_words(Page([], 0, 1, 0), "en") == "0–0 of 0 documents"


def test_the_list_speaks_chinese():
    html = listed([row("磨坊", published=date(2024, 3, 6))], language="zh")
    assert "2024年3月6日" in html
    assert "移除" in html


def test_each_state_of_a_file_has_a_word_and_a_sign():
    steps = (Step("a.md", "added"), Step("b.md", "reading"), Step("c.pdf", "failed", "is <damaged>"))
    html = job_html(Job(steps, 1, 3), "en")
    assert '<progress max="3" value="1"' in html
    assert "✓" in html
    assert "being read" in html
    assert "is &lt;damaged&gt;" in html


def test_failures_come_first_when_a_job_is_over_and_long_jobs_are_cut():
    steps = tuple(Step(f"{n}.md", "failed" if n == 499 else "unchanged") for n in range(500))
    over, under_way = job_html(Job(steps, 500, 500, over=True), "en"), job_html(Job(steps, 400, 500), "en")
    assert over.index("499.md") < over.index(" 0.md")
    assert "and 440 more" in over
    assert "400.md" in under_way
    assert " 0.md" not in under_way


def test_what_ended_a_job_is_an_alert():
    assert '<p role="alert" class="fn-trouble">busy &amp; locked</p>' in job_html(Job(trouble="busy & locked"), "en")


def test_a_choice_becomes_filters():
    chosen = within(["d1"], ["Xinhua"], languages=["zh"], days=("2024-03-06", " "))
    assert chosen == Filters(("Xinhua",), ("zh",), date(2024, 3, 6), None, ("d1",))
    assert not within([], [], languages=[], days=("", ""))


@pytest.mark.parametrize("days", [("2024-03-07", "2024-03-06"), ("March", ""), ("", "2024-02-30")])
def test_days_that_cannot_be_are_refused(days):
    with pytest.raises(ValueError):  # noqa: PT011 (of the standard library in part)
        within([], [], languages=[], days=days)


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (Filters(), "Asking in all documents."),
        (Filters(documents=("d1", "d2")), "Asking within: A or B"),
        (Filters(documents=tuple("abcdef")), "Asking within: 6 documents"),
        (Filters(languages=("zh",), published_to=date(2024, 3, 6)), "Asking within: 中文, until 6 March 2024"),
    ],
)
def test_what_is_asked_within_is_said(filters, words):
    assert within_words(filters, list("AB") if len(filters.documents) == 2 else [], language="en") == words


def test_the_tab_is_shown_when_the_page_opens_and_when_it_is_selected(tab):
    events = {target[1] for fn in tab.page.fns.values() if fn.fn == tab.tab._view for target in fn.targets}
    assert {"load", "select"} <= events


def test_no_event_of_the_tab_is_open_to_programs(tab):
    assert {fn.api_visibility for fn in tab.page.fns.values()} == {"private"}


def test_the_tab_shows_the_documents(tab):
    table, words, back, on, page, chosen, *_, documents, publishers, languages = tab.tab._view(
        "", "title", 0, ["x"], ["x"]
    )
    assert "Bridge &lt;b&gt;of&lt;/b&gt; Marn" in table
    assert "2" in words
    assert (page, chosen, documents) == (0, (), ())
    assert not back["interactive"]
    assert not on["interactive"]
    assert publishers["choices"] == ["Inland News", "新华社"]
    assert languages["choices"] == [("English", "en"), ("中文", "zh")]


def test_ticks_on_other_pages_are_kept(tab):
    event = gr.EventData(None, {"shown": [BRIDGE.id], "chosen": [BRIDGE.id, "unknown"]})
    chosen, bar, words = tab.tab._choose([MILL.id], event)
    assert chosen == (MILL.id, BRIDGE.id)
    assert bar["visible"]
    assert "2" in words
    assert tab.tab._choose(chosen, gr.EventData(None, {"shown": [BRIDGE.id], "chosen": []}))[0] == (MILL.id,)


def test_removing_asks_first_and_names_the_document(tab):
    doomed, question, group = tab.tab._doom_one(gr.EventData(None, {"doc": BRIDGE.id}))
    assert doomed == (BRIDGE.id,)
    assert "Bridge &lt;b&gt;of&lt;/b&gt; Marn" in question
    assert group["visible"]
    assert len(tab.tab._catalogue.rows()) == 2
    assert not tab.tab._doom(["unknown"])[2]["visible"]


def test_what_is_chosen_is_what_is_asked_within(tab):
    asking = tab.tab._asking
    filters, line, reset = asking._ask([BRIDGE.id], ["Inland News"], None, "2023-01-01", None)
    assert filters == Filters(("Inland News",), (), date(2023, 1, 1), None, (BRIDGE.id,))
    assert "Bridge &lt;b&gt;of&lt;/b&gt; Marn" in line
    assert reset["visible"]


def test_days_that_cannot_be_used_are_said_and_change_nothing(tab):
    filters, line, _ = tab.tab._asking._ask([], [], [], "2024-03-07", "2024-03-06")
    assert filters == gr.skip()
    assert 'role="alert"' in line


def test_a_job_that_breaks_off_says_why(tab):
    def broken():
        yield Job()
        raise rag.errors.StorageFailed("the disk is full")

    *_, (html, stop) = tab.tab._told(broken())
    assert "the disk is full" in html
    assert not stop["visible"]


def test_both_languages_build_every_word(tab):
    assert tab.tab._words._place == ("en", "zh").index(tab.language)
    assert all(len(words) == 2 and all(words) for words in library._WORDS.values())


def test_a_job_tells_how_fast_passages_come_and_how_long_it_will_take():
    steps = (Step("a.md", "reading"),)
    assert "passages a second" not in job_html(Job(steps, 5, 100, n_passages=40, seconds=1.0), "en")
    said = job_html(Job(steps, 5, 100, n_passages=400, seconds=5.0), "en")
    assert "80 passages a second" in said
    assert "about 95 s left" in said
    assert "约剩 10 分钟" in job_html(Job(steps, 50, 100, n_passages=1, seconds=600.0), "zh")
