"""The chat page: what it shows for each event, and that it is served to this machine and fetches nothing."""

import re
import socket
import urllib.request
from datetime import date

import gradio as gr
import pytest
from gradio_client import Client

import rag
from ingest import ingest_documents
from rag.errors import ConfigError, IndexDamaged
from rag.types import Document, Turn
from ui.web import _EXAMPLES, build, messages, start, turns

BRIDGE = Document.of(
    "The old bridge of Marn has been closed since January. Ole Berg, an engineer, found a crack in its eastern pier. "
    "Repairs will take eight months.",
    title="Bridge of Marn <closed>", source="bridge.md", publisher="Inland *News*", published=date(2023, 1, 9),
)  # fmt: skip
WHO = "Who found a crack in the bridge of Marn?"


@pytest.fixture(scope="module")
def bot(tmp_path_factory):
    root = tmp_path_factory.mktemp("web") / "index"
    ingest_documents([BRIDGE], root, config=rag.Config())
    with rag.open(root, rag.Config()) as bot:
        yield bot


@pytest.fixture(scope="module")
def page(bot):
    page = start(bot, port=free_port())
    yield page
    page.close(verbose=False)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_an_answer_grows_from_the_search_to_the_sources(bot):
    searching, reading, *growing, final = messages(bot, WHO)
    assert searching == "Searching …"
    assert reading == "Reading … (1 found)"
    assert "Ole Berg" in growing[0]
    assert "Sources" not in growing[-1]
    assert final.startswith("Ole Berg\n\n" + growing[-1].splitlines()[0])
    assert "- **[1]** Bridge of Marn &#60;closed&#62; · Inland &#42;News&#42; · 9 January 2023" in final


def test_no_text_of_a_document_is_formatting_while_the_answer_grows(bot):
    assert not any("*News*" in shown for shown in messages(bot, WHO))


def test_a_question_that_the_documents_do_not_answer_is_refused(bot):
    assert "Nothing in the documents" in list(messages(bot, "What is the boiling point of tungsten?"))[-1]


def test_the_conversation_so_far_goes_with_the_question():
    class Listening:
        def stream(self, question, *, history):
            self.heard = (question, history)
            return iter(())

    bot, history = Listening(), [Turn("user", WHO), Turn("assistant", "Ole Berg.")]
    list(messages(bot, "And when?", history=history))
    assert bot.heard == ("And when?", history)


@pytest.mark.parametrize("blank", ["", "  \n"])
def test_an_empty_question_is_answered_with_a_request_for_one(bot, blank):
    assert list(messages(bot, blank)) == ["Please type a question."]


def test_a_failure_is_said_in_the_chat():
    class Broken:
        def stream(self, *_, **__):
            raise IndexDamaged("run `footnote rebuild`")

    assert list(messages(Broken(), WHO))[-1] == "run &#96;footnote rebuild&#96;"


def test_a_follow_up_on_the_page_knows_what_was_cited(bot):
    said = {}
    *_, shown = messages(bot, WHO, said=said)
    (turn,) = turns([{"role": "assistant", "content": shown + "\n"}], said)
    assert "Ole Berg" in turn.cited[0].quote
    assert "Confidence" not in turn.text


def test_the_history_of_the_page_becomes_turns():
    history = [
        {"role": "user", "content": [{"type": "text", "text": "Who?"}, {"type": "file", "file": {"path": "x"}}]},
        {"role": "assistant", "content": "Ole Berg."},
        {"role": "system", "content": "x"},
    ]
    assert turns(history, {}) == [Turn("user", "Who?\n"), Turn("assistant", "Ole Berg.")]


def test_examples_are_offered_only_where_their_documents_are_indexed(bot):
    assert not build(bot).examples
    assert all((rag.app.CORPUS / name).is_file() for name in _EXAMPLES.values())


def test_the_page_is_a_chat_that_shows_markdown_and_nothing_more(bot):
    chatbot = build(bot).chatbot
    assert isinstance(chatbot, gr.Chatbot)
    assert chatbot.sanitize_html
    assert not chatbot.allow_tags
    assert chatbot.latex_delimiters == []


def test_the_page_answers_on_this_machine(page):
    client = Client(page.local_url, verbose=False, analytics_enabled=False)
    assert "Ole Berg" in client.predict(WHO, api_name="/ask")
    assert "Ole Berg" in client.predict("Which engineer found a crack in the pier of the bridge?", api_name="/ask")


def test_the_page_fetches_nothing_from_elsewhere(page):
    html = urllib.request.urlopen(page.local_url).read().decode()  # noqa: S310 (our own page)
    fetched = re.findall(r"<(?:link|script|img|iframe)\b[^>]*?(?:href|src)=[\"']?(https?:)?//([^\"'/ >]+)", html)
    assert {host for _, host in fetched} <= {page.local_url.split("/")[2]}
    assert "Content-Security-Policy" in html
    assert "fonts.googleapis" not in html


def test_a_port_in_use_is_an_error_that_names_another(bot):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} is in use.* --port {port + 1}"):
            start(bot, port=port)
