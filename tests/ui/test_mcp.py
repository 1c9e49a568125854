"""Programs at the page: a real MCP client and a real `gradio_client`, with and without a login."""

import asyncio
import json

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

import rag
from ingest import ingest_documents
from tests.texts import BRIDGE, HARBOUR
from tests.ui.served import served
from ui import api

WHO = "Who found a crack in the bridge of Marn?"
LOGIN = ("ada", "a long enough password")


@pytest.fixture(scope="module")
def bot(tmp_path_factory):
    root = tmp_path_factory.mktemp("mcp") / "index"
    ingest_documents([HARBOUR, BRIDGE], root, config=rag.Config())
    with rag.open(root, rag.Config()) as bot:
        yield bot


@pytest.fixture(scope="module")
def page(bot):
    with served(bot) as address:
        yield address


@pytest.fixture(scope="module")
def client(page):
    return Client(page, verbose=False, analytics_enabled=False)


def with_tools(page, work, *, login=None):
    """Open an MCP session, do something in it, and return what that gives."""

    async def run():
        async with (
            httpx.AsyncClient(auth=login, timeout=120) as http,
            streamable_http_client(f"{page}/gradio_api/mcp/", http_client=http) as (receive, send, _),
            ClientSession(receive, send) as session,
        ):
            await session.initialize()
            return await work(session)

    return asyncio.run(run())


def call(page, name, **values):
    """Call a tool; returns what it says, and whether that is an error."""
    result = with_tools(page, lambda session: session.call_tool(name, values))
    (content,) = result.content
    return content.text, result.isError


def test_the_tools_are_three_and_say_what_they_are_for(page):
    tools = with_tools(page, lambda session: session.list_tools()).tools
    assert tuple(tool.name for tool in tools) == api.TOOLS
    ask, search, open_document = tools
    assert ask.description.startswith("Answer a question from the indexed documents")
    assert "do not answer from memory" in ask.description
    assert "never an instruction" in search.description
    assert ask.inputSchema["required"] == ["question"]
    assert set(ask.inputSchema["properties"]) == {"question", "publisher", "since", "until", "as_of"}
    assert search.inputSchema["properties"]["limit"]["type"] == "integer"
    assert all(value["description"] for tool in tools for value in tool.inputSchema["properties"].values())
    assert open_document.inputSchema["required"] == ["doc_id"]


def test_an_answer_comes_as_json_and_its_citation_opens(page):
    text, failed = call(page, "ask", question=WHO)
    answer = json.loads(text)
    assert not failed
    assert (answer["status"], answer["reason"]) == ("answered", None)
    cited = answer["sentences"][0]["citations"][0]
    text, failed = call(page, "open_document", **{key: cited[key] for key in ("doc_id", "start", "end")})
    shown = json.loads(text)
    assert not failed
    assert shown["quote"] == cited["quote"] == BRIDGE.text[cited["start"] : cited["end"]]
    assert shown["text"] == BRIDGE.text


def test_a_search_comes_as_json(page):
    text, failed = call(page, "search", query="harbour", limit=1)
    (hit,) = json.loads(text)
    assert not failed
    assert hit["doc_id"] == HARBOUR.id


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("ask", {"question": " "}, "question is empty; give one."),
        ("ask", {"question": WHO, "since": "May"}, "since is 'May'; write a day as 2024-03-06."),
        ("open_document", {"doc_id": "x"}, "there is no document 'x'; `footnote list` shows those that are there."),
        ("search", {"query": "x", "limit": 99}, "limit is 99; it must be a whole number from 1 to 50."),
    ],
)
def test_an_error_comes_as_words(page, name, values, words):
    assert call(page, name, **values) == (words, True)


@pytest.mark.parametrize("name", ["ingest", "echo", "lambda"])
def test_what_is_no_tool_cannot_be_called_as_one(page, name):
    text, failed = call(page, name, text="The mill burned.", title="News")
    assert failed
    assert "Unknown tool" in text


def test_with_a_login_the_tools_need_it_too(bot):
    with served(bot, auth=[LOGIN]) as page:
        target = f"{page}/gradio_api/mcp/"
        for wrong in (None, (LOGIN[0], "wrong"), ("", ""), (LOGIN[1], LOGIN[0])):
            answer = httpx.post(target, json={}, auth=wrong)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic")
        for broken in ("Basic", "Basic !", "Bearer x", "Basic \xe9"):
            assert httpx.post(target, json={}, headers={b"authorization": broken.encode("latin-1")}).status_code == 401
        for other in ("sse", "messages/", "schema", "http"):
            assert httpx.get(f"{target}{other}").status_code == 401
        tools = with_tools(page, lambda session: session.list_tools(), login=LOGIN).tools
        assert tuple(tool.name for tool in tools) == api.TOOLS
        result = with_tools(page, lambda session: session.call_tool("ask", {"question": WHO}), login=LOGIN)
        assert json.loads(result.content[0].text)["status"] == "answered"


def test_with_a_login_nothing_else_answers_without_it(bot):
    with served(bot, auth=[LOGIN]) as page:
        for route in ("config", "gradio_api/info", "gradio_api/openapi.json", "gradio_api/queue/data?session_hash=x"):
            assert httpx.get(f"{page}/{route}").status_code == 401
        for route in ("run/ask", "api/ask", "call/ask", "queue/join", "component_server", "upload"):
            assert httpx.post(f"{page}/gradio_api/{route}", json={"data": [WHO]}).status_code == 401
        client = Client(page, auth=LOGIN, verbose=False, analytics_enabled=False)
        assert client.predict(WHO, api_name="/ask")["status"] == "answered"


def test_the_endpoints_are_described_and_no_event_of_the_page_is(client):
    described = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(described) == {f"/{name}" for name in api.NAMES}
    with pytest.raises(ValueError, match="Cannot find a function"):
        client.predict("x", api_name="/echo")


def test_a_program_gets_the_answer_as_values(client):
    answer = client.predict(WHO, api_name="/ask")
    assert "Ole Berg" in answer["sentences"][0]["text"]
    assert answer["titles"][BRIDGE.id] == BRIDGE.title
    assert client.predict(query="harbour", limit=1, api_name="/search")[0]["doc_id"] == HARBOUR.id
    assert client.predict(BRIDGE.id, 4, 14, api_name="/open_document")["quote"] == "old bridge"


def test_a_program_can_send_a_file_and_ask_about_it(client, tmp_path):
    (tmp_path / "ferry.txt").write_text("The ferry of Oland was sold to its captain, Per Ek, for one crown.")
    added = client.predict(file=handle_file(tmp_path / "ferry.txt"), api_name="/ingest")
    assert added["state"] == "added"
    assert "Per Ek" in client.predict("To whom was the ferry of Oland sold?", api_name="/ask")["sentences"][0]["text"]


def test_a_program_is_told_in_words_what_is_wrong(client):
    with pytest.raises(AppError, match="write a day as 2024-03-06"):
        client.predict(WHO, until="soon", api_name="/ask")
    with pytest.raises(AppError, match="give one that begins with https://"):
        client.predict(address="/etc/passwd", api_name="/ingest")
