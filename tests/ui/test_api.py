"""What programs may ask: what comes back, what is refused, and in which words."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rag
from ingest import ingest_documents
from rag.types import Document
from tests.texts import BRIDGE, HARBOUR
from tests.ui.served import workspace_of
from ui import api
from ui.guarding import private_uploads

WHO = "Who found a crack in the bridge of Marn?"
# Long enough for several windows; each line says where it stands.
LONG = Document.of("\n\n".join(f"Line {n} of the long report on otters." for n in range(650)), title="Otters")


class Told(Exception):
    """What a page raises for words."""


@pytest.fixture(scope="module")
def bot(tmp_path_factory):
    root = tmp_path_factory.mktemp("api") / "index"
    ingest_documents([HARBOUR, BRIDGE, LONG], root, config=rag.Config())
    with rag.open(root, rag.Config()) as bot:
        yield bot


@pytest.fixture(scope="module")
def call(bot):
    functions = {function.__name__: function for function in api.functions(workspace_of(bot), failure=Told)}
    assert tuple(functions) == api.NAMES
    return lambda name, *values, **named: functions[name](*values, **named)


def test_an_answer_is_json_with_the_titles_of_its_documents(call):
    answer = json.loads(json.dumps(call("ask", WHO)))
    cited = answer["sentences"][0]["citations"][0]
    assert answer["status"] == "answered"
    assert "Ole Berg" in cited["quote"]
    assert BRIDGE.text[cited["start"] : cited["end"]] == cited["quote"]
    assert answer["titles"][BRIDGE.id] == "Bridge of Marn closed"


def test_a_question_can_be_held_to_an_outlet_and_to_days(call):
    assert call("ask", WHO, publisher="Coast Post")["status"] == "refused"
    assert call("ask", WHO, until="2022-12-31")["status"] == "refused"
    assert call("ask", WHO, as_of="2022-12-31")["status"] == "refused"
    narrowed = call("ask", WHO, publisher="Inland News", since="2023-01-09", until="2023-01-09")
    assert narrowed["status"] == "answered"
    assert narrowed["filters"]["publishers"] == ["Inland News"]


def test_a_refusal_is_an_answer_and_no_error(call):
    answer = call("ask", "What is the boiling point of tungsten?")
    assert (answer["status"], answer["sentences"]) == ("refused", [])
    assert answer["reason"]


def test_a_search_gives_passages_by_their_exact_characters(call, bot):
    found = json.loads(json.dumps(call("search", "harbour of Lund", 2)))
    assert len(found) == 2
    first = found[0]
    assert (first["doc_id"], first["title"], first["published"]) == (HARBOUR.id, "A harbour for Lund", "2021-05-03")
    for hit in found:
        assert bot.document(hit["doc_id"]).text[hit["start"] : hit["end"]] == hit["quote"]
    assert first["trace"]


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("ask", {"question": "  "}, "question is empty"),
        ("ask", {"question": "x" * 5000}, "question has 5,000 characters; at most 4,000"),
        ("ask", {"question": {"path": "/etc/passwd"}}, "question is dict"),
        ("ask", {"question": None}, "question is NoneType"),
        ("ask", {"question": "who\ud800"}, "question holds half a character"),
        ("ask", {"question": WHO, "since": "May"}, "since is 'May'; write a day as 2024-03-06"),
        ("ask", {"question": WHO, "publisher": 3}, "publisher is int"),
        ("search", {"query": "x", "limit": 0}, "limit is 0; it must be a whole number from 1 to 50"),
        ("search", {"query": "x", "limit": True}, "limit is True"),
        ("search", {"query": "x", "limit": "ten"}, "limit is 'ten'"),
        ("search", {"query": "x", "limit": 10**9}, "from 1 to 50"),
        ("open_document", {"doc_id": "nowhere"}, "no document 'nowhere'"),
        ("open_document", {"doc_id": "../../etc/passwd"}, "no document"),
        ("open_document", {"doc_id": BRIDGE.id, "start": 9, "end": 3}, "end is 3 and start 9"),
        ("open_document", {"doc_id": BRIDGE.id, "start": -1}, "start is -1"),
        ("open_document", {"doc_id": BRIDGE.id, "end": 10**6}, "end is 1000000"),
        ("open_document", {"doc_id": LONG.id, "end": 20_000}, "a span has 1 to 16,000 characters"),
        ("ingest", {}, "give one of the three"),
        ("ingest", {"text": "a", "address": "https://a.example"}, "give one of the three"),
        ("ingest", {"text": "a"}, "title is empty"),
        ("ingest", {"text": "a", "title": "b", "published": "spring"}, "published is 'spring'"),
        ("ingest", {"text": "x" * 1_000_001, "title": "b"}, "at most 1,000,000"),
        ("ingest", {"text": " \n", "title": "b"}, "text is empty"),
        ("ingest", {"address": "/etc/passwd"}, "begins with https://"),
        ("ingest", {"address": "file:///etc/passwd"}, "begins with https://"),
        ("ingest", {"address": "http://a.example/"}, "begins with https://"),
        ("ingest", {"address": "https://a.example/ /etc/passwd"}, "begins with https://"),
        ("ingest", {"address": "https://127.0.0.1/"}, "127.0.0.1"),
        ("ingest", {"file": "/etc/passwd"}, "none that was uploaded"),
        ("ingest", {"file": {"path": "/etc/passwd"}}, "none that was uploaded"),
        ("ingest", {"file": {"path": 3}}, "none that was uploaded"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(call, name, values, words):
    with pytest.raises(Told) as told:
        call(name, **values)
    assert words in str(told.value)
    assert repr(told.value.args[0]) == str(told.value)  # an MCP client is sent this form


@given(at=st.integers(0, len(LONG.text) - 1), size=st.integers(1, 16_000))
@settings(max_examples=50, deadline=None)
def test_a_document_opens_at_exactly_the_characters_that_were_asked_for(call, at, size):
    end = min(at + size, len(LONG.text))
    shown = call("open_document", LONG.id, at, end)
    assert shown["quote"] == LONG.text[at:end]
    assert shown["text"] == LONG.text[shown["text_start"] : shown["text_end"]]
    assert shown["text_start"] <= at
    assert end <= shown["text_end"]
    assert len(shown["text"]) <= 20_000


def test_a_long_document_can_be_read_on_to_its_end(call):
    text, at, size = "", 0, 1
    while at < size:
        shown = call("open_document", LONG.id, at)
        text, at, size = text + shown["text"], shown["text_end"], shown["n_chars"]
    assert text == LONG.text


def test_a_document_comes_with_its_origin_and_without_its_place_on_the_disk(call):
    shown = call("open_document", BRIDGE.id)
    assert (shown["title"], shown["publisher"], shown["published"]) == (BRIDGE.title, "Inland News", "2023-01-09")
    assert "source" not in shown


def test_whole_numbers_may_come_as_json_writes_them_elsewhere(call):
    assert call("open_document", BRIDGE.id, 4.0, 10.0)["quote"] == BRIDGE.text[4:10]


def test_a_text_can_be_added_and_asked_at_once(call):
    text = "The lighthouse of Fara was painted green by Nils Lind, a fisherman of the island, in the spring of 2022."
    added = call("ingest", text=text, title="A green lighthouse", publisher="Fara Times", published="2022-06-01")
    assert added["state"] == "added"
    shown = call("open_document", added["doc_id"])
    assert (shown["text"], shown["publisher"], shown["published"]) == (text, "Fara Times", "2022-06-01")
    assert "Nils Lind" in call("ask", "Who painted the lighthouse of Fara?")["sentences"][0]["text"]
    again = call("ingest", text=text, title="A green lighthouse", publisher="Fara Times", published="2022-06-01")
    assert (again["state"], again["doc_id"]) == ("unchanged", added["doc_id"])


def test_an_uploaded_file_can_be_added_and_no_other(call, tmp_path):
    text = "The ferry of Oland was sold to Per Ek, its captain, for one crown."
    secret = tmp_path / "secret.txt"
    secret.write_text("The key lies under the mat of the ferry.")
    with private_uploads() as uploads:
        file = uploads / "ferry.txt"
        file.write_text(text)
        (uploads / "link.txt").symlink_to(secret)
        for path in (secret, uploads / "link.txt", uploads / ".." / secret.name, Path("ferry.txt"), "\0"):
            with pytest.raises(Told, match="none that was uploaded"):
                call("ingest", file={"path": str(path)})
        added = call("ingest", file={"path": str(file), "meta": {"_type": "gradio.FileData"}})
    assert added["state"] == "added"
    assert call("open_document", added["doc_id"])["text"] == text


def test_a_document_of_today_is_passed_over_where_an_earlier_day_is_meant(call):
    assert call("ask", WHO, as_of=date(2023, 1, 9).isoformat())["status"] == "answered"


@pytest.mark.parametrize("name", api.NAMES)
def test_each_function_says_what_it_is_for_and_what_each_value_means(bot, name):
    function = next(f for f in api.functions(workspace_of(bot)) if f.__name__ == name)
    described, _, values = function.__doc__.partition("Args:")
    assert len(described.split()) > 10
    for value in (key for key in function.__annotations__ if key != "return"):
        assert f"{value}: " in values


def test_the_functions_need_no_page():
    code = "import sys, ui.api, ui.guarding; print('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
