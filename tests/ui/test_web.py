"""The page: what is shown while a question is asked, what can be opened, and that it is served to this machine only."""

import re
import socket
import threading
import urllib.request
from dataclasses import replace
from datetime import date

import gradio as gr
import pytest

import rag
from ingest import ingest_documents, remove
from rag.errors import ConfigError, IndexDamaged
from rag.record import Exchange
from rag.types import Answer, Delta, Document, Done, Filters
from tests.fakes import ScriptedChatModel
from ui.store import UnknownConversation
from ui.tabs import pieces
from ui.tabs.asking import Plan, growing, history, keep, listen, plan, without
from ui.tabs.chat import _Calls, _Drawn
from ui.tabs.opening import Place, opened, timeline
from ui.web import build, start
from ui.workspace import Workspace

TEXT = (
    "The old bridge of Marn has been closed since January. Ole Berg, an engineer, found a crack in its eastern pier. "
    "Repairs will take eight months."
)
BRIDGE = Document.of(TEXT, title="Bridge of Marn <closed>", source="bridge.md", publisher="Inland <News>")
WHO = "Who found a crack in the bridge of Marn?"


@pytest.fixture(scope="module")
def bot(tmp_path_factory):
    root = tmp_path_factory.mktemp("web") / "index"
    ingest_documents([BRIDGE], root, config=rag.Config())
    with rag.open(root, rag.Config()) as bot:
        yield bot


@pytest.fixture
def workspace(bot):
    workspace = Workspace.of(bot)
    yield workspace
    for one in workspace.store.conversations():
        workspace.store.delete(one.id)
    workspace.store.close()


@pytest.fixture(scope="module")
def page(bot):
    page = start(bot, port=0)
    yield page
    page.close()


def ask(workspace, scope=Filters(), **wanted):  # noqa: B008 (frozen)
    return list(_Drawn(workspace, "en").ask(wanted, scope))


def conversation_in(html):
    return re.search(r'data-conversation="([^"]*)"', html)[1]


def test_an_answer_grows_under_the_conversation_and_ends_up_in_it(workspace):
    *on_the_way, (transcript, grown) = ask(workspace, question=WHO)
    pictures = [shown for _, shown in on_the_way if shown]
    assert "Searching" in pictures[0]
    assert any("Ole Berg" in shown for shown in pictures)
    assert all("data-busy" in shown for shown in pictures)
    assert grown == ""
    assert 'data-status="answered"' in transcript
    (kept,) = workspace.store.exchanges(conversation_in(transcript))
    assert (kept.asked, kept.exchange.answer.status) == (WHO, "answered")


def test_a_follow_up_goes_with_what_was_said_and_stands_below_it(workspace):
    (first, _) = ask(workspace, question=WHO)[-1]
    (second, _) = ask(workspace, question="And how long will repairs take?", conversation=conversation_in(first))[-1]
    assert second.count('<section class="fn-exchange"') == 2
    conversation = conversation_in(second)
    assert conversation == conversation_in(first)
    asked = plan(workspace.store, {"question": "?", "conversation": conversation}, scope=Filters())
    assert [turn.text for turn in history(workspace.store, asked)][::2] == [WHO, "And how long will repairs take?"]


def test_a_question_that_is_asked_again_takes_the_place_of_the_last(workspace):
    conversation = conversation_in(ask(workspace, question=WHO)[-1][0])
    (kept,) = workspace.store.exchanges(conversation)
    shown = ask(workspace, conversation=conversation, again=kept.id)
    assert "fn-answer" not in shown[0][0]
    assert shown[-1][0].count('<section class="fn-exchange"') == 1
    (again,) = workspace.store.exchanges(conversation)
    assert (again.asked, again.id != kept.id) == (WHO, True)


def test_an_edited_question_is_asked_without_the_one_it_replaces(workspace):
    conversation = conversation_in(ask(workspace, question=WHO)[-1][0])
    (kept,) = workspace.store.exchanges(conversation)
    wanted = {"conversation": conversation, "again": kept.id, "question": "How long will repairs take?"}
    asked = plan(workspace.store, wanted, scope=Filters())
    assert (asked.replaces, asked.own_filters, history(workspace.store, asked)) == (kept.id, True, [])
    ask(workspace, **wanted)
    assert [one.asked for one in workspace.store.exchanges(conversation)] == ["How long will repairs take?"]


def kept_with(workspace, filters, *, chosen=None):
    (answer,) = [event.answer for event in workspace.bot.stream(WHO) if isinstance(event, Done)]
    exchange = Exchange(replace(answer, filters=filters))
    conversation = keep(workspace.store, Plan(WHO, filters=chosen or Filters()), exchange=exchange)
    return conversation, workspace.store.exchanges(conversation)[0].id


def test_a_filter_that_is_dropped_is_not_found_again_in_the_question(workspace):
    conversation, key = kept_with(workspace, Filters(publishers=("Inland", "Coast"), languages=("en",)))
    wanted = {"conversation": conversation, "again": key, "drop": "publisher", "value": "Coast"}
    asked = plan(workspace.store, wanted, scope=Filters(languages=("zh",)))
    assert asked.filters == Filters(publishers=("Inland",), languages=("en",))
    assert not asked.own_filters
    assert (asked.question, asked.replaces) == (WHO, key)


def test_regenerating_finds_the_filters_of_the_question_anew_but_not_those_that_were_dropped(workspace):
    for in_force, chosen, own in (
        (Filters(publishers=("Inland",)), Filters(), True),
        (Filters(languages=("en",)), Filters(languages=("en",)), False),
    ):
        conversation, key = kept_with(workspace, in_force, chosen=chosen)
        asked = plan(workspace.store, {"conversation": conversation, "again": key}, scope=Filters())
        assert (asked.filters, asked.own_filters) == (chosen, own)


@pytest.mark.parametrize("kind", ["publisher", "language", "documents", "from", "to"])
def test_each_kind_of_filter_can_be_dropped(kind):
    filters = Filters(("P",), ("en",), date(2024, 1, 1), date(2024, 2, 1), ("d",))
    value = {"publisher": "P", "language": "en"}.get(kind, "")
    left = without(filters, kind, value=value)
    assert left != filters
    assert sum(bool(getattr(left, name)) for name in Filters.__slots__) == 4
    assert without(filters, "nothing", value="") == filters


def test_a_question_goes_by_what_the_library_says_to_ask_within(workspace):
    scope = Filters(publishers=("Nobody",))
    (transcript, _) = ask(workspace, scope, question=WHO)[-1]
    assert 'data-status="refused"' in transcript
    assert workspace.store.exchanges(conversation_in(transcript))[0].filters == scope


def test_a_question_in_a_conversation_that_was_deleted_begins_another(workspace):
    (transcript, _) = ask(workspace, question=WHO, conversation="gone")[-1]
    assert conversation_in(transcript) not in {"", "gone"}


def test_an_answer_that_was_deleted_cannot_be_asked_again(workspace):
    with pytest.raises(UnknownConversation):
        plan(workspace.store, {"conversation": "", "again": "gone"}, scope=Filters())
    assert "fn-trouble" in ask(workspace, again="gone")[-1][1]


@pytest.mark.parametrize("blank", ["", "  \n", None, 3, ["x"]])
def test_nothing_is_asked_by_an_empty_question(workspace, blank):
    assert [pair for pair in ask(workspace, question=blank) if pair[0] or pair[1]] == []


def test_a_failure_is_said_in_the_transcript_and_its_words_are_no_markup(workspace):
    class Broken:
        def stream(self, *_, **__):
            raise IndexDamaged("run <b>rebuild</b>")

    broken = Workspace(Broken(), workspace.store)
    drawn = _Drawn(broken, "en")
    drawn.transcript = lambda *_, **__: ""
    (*_, (_, grown)) = drawn.ask({"question": "<i>?"}, Filters())
    assert "run &lt;b&gt;rebuild&lt;/b&gt;" in grown
    assert "<i>" not in grown


def test_a_stop_reaches_the_model(bot):
    class Slow(ScriptedChatModel):
        done = threading.Event()

        def stream(self, messages):
            try:
                yield from super().stream(messages)
            finally:
                self.done.set()

    writer = Slow("Ole Berg found a crack in its eastern pier [1]. " * 200)
    with rag.open(bot.index.layout.root, rag.Config(), writer=writer) as writing:
        shown = growing(writing, Plan(WHO), turns=[], language="en")
        assert any("fn-written" in picture for picture in shown if isinstance(picture, str))
        shown.close()
        assert Slow.done.wait(10)
    assert writer.stopped == 1


def test_nobody_waits_long_for_a_stop_while_nothing_comes():
    asked, closed = threading.Event(), threading.Event()

    def events():
        try:
            asked.wait(30)
            yield Delta("late")
        finally:
            closed.set()

    heard = listen(events())
    assert next(heard) is None
    heard.close()
    asked.set()
    assert closed.wait(10)


def test_events_come_in_their_order_and_an_error_comes_through():
    def events():
        yield Delta("one")
        yield Delta("two")
        raise IndexDamaged("three")

    heard = listen(events())
    assert [next(event for event in heard if event) for _ in range(2)] == [Delta("one"), Delta("two")]
    with pytest.raises(IndexDamaged, match="three"):
        list(heard)


def test_a_citation_opens_its_document_with_its_words_marked(workspace):
    place = Place.of({"doc": BRIDGE.id, "start": "54", "end": "62"})
    assert re.search(r'<mark[^>]*id="fn-mark"[^>]*>Ole Berg</mark>', opened(workspace, place, language="en"))


@pytest.mark.parametrize("sent", [{}, {"doc": "x"}, {"doc": BRIDGE.id, "start": "-1", "end": "x"}, {"doc": ["/etc"]}])
def test_what_the_index_does_not_hold_cannot_be_opened(workspace, sent):
    html = opened(workspace, Place.of(sent), language="en")
    assert "fn-note" in html or "Bridge of Marn" in html


def test_a_citation_still_opens_after_the_document_was_indexed_anew(tmp_path):
    root = tmp_path / "index"
    ingest_documents([BRIDGE], root, config=rag.Config())
    workspace = Workspace.of(rag.open(root, rag.Config()))
    transcript = ask(workspace, question=WHO)[-1][0]
    conversation = conversation_in(transcript)
    (kept,) = workspace.store.exchanges(conversation)
    cited = kept.exchange.answer.sentences[0].citations[0]
    place = Place(cited.doc_id, cited.start, cited.end, conversation, kept.id)
    changed = Document.of(f"First of all. {TEXT}", title=BRIDGE.title, source=BRIDGE.source, publisher=BRIDGE.publisher)
    ingest_documents([changed], root, config=rag.Config())
    html = opened(workspace, place, language="en")
    assert "indexed anew" in html
    assert 'id="fn-mark"' in html
    remove([changed.source], config=rag.Config.load({"index": str(root)}))
    gone = opened(workspace, place, language="en")
    assert "no longer in the index" in gone
    assert "crack" in gone
    workspace.close()


def test_the_statements_of_an_answer_are_put_in_time(workspace):
    conversation = conversation_in(ask(workspace, question=WHO)[-1][0])
    (kept,) = workspace.store.exchanges(conversation)
    assert f'data-doc="{BRIDGE.id}"' in timeline(workspace, kept.exchange, language="en")


def calls(workspace):
    return {call.__name__: call for call in _Calls(workspace, "en").all()}


def test_conversations_are_listed_found_renamed_and_deleted(workspace):
    call = calls(workspace)
    conversation = conversation_in(ask(workspace, question=WHO)[-1][0])
    assert WHO in call["listed"]({"conversation": conversation})
    assert 'aria-current="true"' in call["listed"]({"conversation": conversation})
    call["rename"]({"conversation": conversation, "title": "<b>Bridges"})
    assert "&lt;b&gt;Bridges" in call["listed"]({"search": "berg"})
    assert "Nothing found" in call["listed"]({"search": "tungsten"})
    call["delete"]({"conversation": conversation})
    assert workspace.store.conversations() == []
    assert "fn-welcome" in _Drawn(workspace, "en").transcript(conversation)


@pytest.mark.parametrize(("form", "begins"), [("markdown", "#"), ("html", "<!"), ("json", "{"), ("../x", "#")])
def test_a_conversation_and_one_answer_of_it_can_be_taken_away(workspace, form, begins):
    conversation = conversation_in(ask(workspace, question=WHO)[-1][0])
    (kept,) = workspace.store.exchanges(conversation)
    for key in ("", kept.id):
        file = calls(workspace)["saved"]({"conversation": conversation, "form": form, "key": key})
        assert file["text"].lstrip().startswith(begins)
        assert "Ole Berg" in file["text"]
        assert "/" not in file["name"]


def test_an_answer_is_copied_as_text_and_a_remark_is_kept(workspace):
    conversation = conversation_in(ask(workspace, question=WHO)[-1][0])
    (kept,) = workspace.store.exchanges(conversation)
    call = calls(workspace)
    assert "Ole Berg" in call["copied"]({"conversation": conversation, "key": kept.id})
    assert call["remark"]({"key": kept.id, "kind": "wrong_quote", "note": "the second"}) == ""
    assert [(one.kind, one.note) for one in workspace.store.feedback()] == [("wrong_quote", "the second")]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("axis", {}),
        ("copied", {"conversation": "x", "key": "y"}),
        ("saved", {"conversation": "x"}),
        ("remark", {"key": "x", "kind": "up"}),
        ("remark", {"kind": "worse"}),
        ("rename", {"conversation": "x", "title": "y"}),
        ("copied", None),
        ("document", "x"),
    ],
)
def test_whatever_a_browser_sends_is_answered_in_words(workspace, name, sent):
    answer = calls(workspace)[name](sent)
    assert isinstance(answer, str) or answer["error"]


def test_examples_are_offered_only_where_their_documents_are_indexed(bot):
    assert "fn-example" not in pieces.welcome(bot, language="en")
    assert all((rag.app.CORPUS / name).is_file() for name in pieces.EXAMPLES.values())


def test_what_is_asked_within_is_said_above_the_question():
    filters = Filters(publishers=("<b>",), documents=("x", "y"), published_from=date(2024, 3, 6))
    assert "2 documents, &lt;b&gt;, from 6 March 2024" in pieces.scope_line(filters, language="en")
    assert pieces.scope_line(Filters(), language="en") == ""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_built_in_both_languages_and_its_events_are_no_endpoints(workspace, language):
    page = build(workspace, language, programs=language == "en")
    assert isinstance(page, gr.Blocks)
    named = {event.api_name for event in page.fns.values() if event.api_visibility == "public"}
    assert named == ({"ask", "search", "open_document", "ingest"} if language == "en" else set())


@pytest.mark.parametrize("path", ["", "zh/", "zh"])
def test_the_page_fetches_nothing_from_elsewhere(page, path):
    answer = urllib.request.urlopen(page.local_url + path)  # noqa: S310 (our own page)
    html = answer.read().decode()
    fetched = re.findall(r"<(?:link|script|img|iframe)\b[^>]*?(?:href|src)=[\"']?(https?:)?//([^\"'/ >]+)", html)
    assert {host for _, host in fetched} <= {page.local_url.split("/")[2]}
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "fonts.googleapis" not in html


def test_a_port_in_use_is_an_error_that_names_another(bot):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} is in use.* --port {port + 1}"):
            start(bot, port=port)


def test_other_machines_are_let_in_only_with_a_password(bot):
    with pytest.raises(ConfigError, match="--auth"):
        start(bot, port=0, host="0.0.0.0")  # noqa: S104 (refused)


def test_a_page_that_was_closed_leaves_its_port_and_can_be_started_again(bot):
    first = start(bot, port=0)
    first.close()
    port = int(first.local_url.rstrip("/").rpartition(":")[2])
    second = start(bot, port=port)
    second.close()
    assert isinstance(bot.ask(WHO), Answer)
