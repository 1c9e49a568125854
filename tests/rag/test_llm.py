"""Chat models: how they are opened, what they say, and what is said when they fail. A server of our own plays along."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from langchain_core.messages import AIMessageChunk

from rag import llm, local
from rag.chat import Message
from rag.config import Writing
from rag.errors import ConfigError, ModelMissing, WriterFailed
from rag.provider_errors import one_line
from rag.weights import WEIGHTS

ASKED = [Message("system", "Answer {briefly}."), Message("user", "Who?")]
KEY = "sk-test-0123456789abcdef"


class Status(Exception):
    """An error as the clients of providers raise it."""

    def __init__(self, code, text="no", headers=None):
        super().__init__(text)
        self.status_code = code
        self.response = type("Response", (), {"headers": headers or {}, "status_code": code})


class ConnectError(Exception):
    pass


class Scripted:
    """A LangChain model that goes through one list of pieces a request; an exception among them is raised."""

    def __init__(self, *requests):
        self.requests = list(requests)
        self.asked, self.closed = [], threading.Event()

    def stream(self, turns, **extra):
        self.asked.append((turns, extra))
        try:
            for piece in self.requests.pop(0):
                if isinstance(piece, Exception):
                    raise piece
                if callable(piece):
                    piece()
                else:
                    yield AIMessageChunk(content=piece)
        finally:
            self.closed.set()


def model_of(*requests, model="openai:some", **settings):
    scripted = Scripted(*requests)
    return llm.LangChainModel(Writing(model=model, **settings), lambda _options: scripted), scripted


def reply(model, **options):
    return "".join(model.stream(ASKED, **options))


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(llm, "_WAITS_S", (0.0, 0.0))
    for variable in llm._KEYS.values():
        monkeypatch.delenv(variable, raising=False)


def test_a_reply_comes_piece_by_piece_with_nothing_added():
    model, scripted = model_of(["Ada ", "", "Holm", " [1]."])
    assert list(model.stream(ASKED)) == ["Ada ", "Holm", " [1]."]
    assert scripted.asked == [([("system", "Answer {briefly}."), ("user", "Who?")], {})]


def test_only_the_local_writer_is_told_to_keep_its_prompt():
    model, scripted = model_of(["Yes."], model="local")
    reply(model)
    assert scripted.asked[0][1] == {"extra_body": {"cache_prompt": True}}
    model, scripted = model_of(["Yes."])
    reply(model)
    assert scripted.asked[0][1] == {}


def test_a_request_that_fails_in_passing_is_made_again_before_the_first_word():
    model, scripted = model_of([Status(429)], [ConnectError("refused")], ["Ada."])
    assert reply(model) == "Ada."
    assert len(scripted.asked) == 3


def test_a_request_is_made_three_times_at_most():
    model, scripted = model_of(*[[Status(503, "overloaded")]] * 5)
    with pytest.raises(WriterFailed, match=r"openai:some failed \(503: overloaded\)\. Ask again later"):
        reply(model)
    assert len(scripted.asked) == 3


def test_the_wait_that_a_provider_names_is_kept():
    model, _ = model_of([Status(429, headers={"retry-after": "0.3"})], ["Ada."])
    begun = time.monotonic()
    assert reply(model) == "Ada."
    assert time.monotonic() - begun > 0.29


@pytest.mark.parametrize("named", ["3", "1.5"])
def test_a_wait_that_is_longer_than_a_reply_may_take_is_not_begun(named):
    model, scripted = model_of(*[[Status(429, "quota", {"retry-after": named})]] * 3, timeout_s=1)
    with pytest.raises(WriterFailed, match=r"takes no more requests \(quota\)"):
        reply(model)
    assert len(scripted.asked) == 1


def test_an_error_after_the_first_word_is_reported_and_what_came_before_is_kept():
    model, scripted = model_of(["Ada", ConnectError("reset")], ["never asked for"])
    pieces = model.stream(ASKED)
    assert next(pieces) == "Ada"
    with pytest.raises(WriterFailed, match=r"cannot be reached, or broke off \(reset\)"):
        next(pieces)
    assert len(scripted.asked) == 1


def test_a_model_that_takes_no_temperature_is_asked_without_one():
    opened = []
    scripted = Scripted([Status(400, "temperature is not supported")], ["Ada."], ["Ole."])
    model = llm.LangChainModel(Writing(model="openai:o9"), lambda options: opened.append(options) or scripted)
    assert (reply(model), reply(model)) == ("Ada.", "Ole.")
    assert opened == [{"temperature": 0}, {}]


def test_two_threads_may_learn_at_once_that_a_model_takes_no_temperature():
    opened, both = [], threading.Barrier(2, timeout=10)

    class Cold:
        def __init__(self, options):
            self.options = options

        def stream(self, _):
            if self.options:
                both.wait()
                raise Status(400, "temperature is not supported")
            yield AIMessageChunk(content="Ada.")

    model = llm.LangChainModel(Writing(model="openai:o9"), lambda options: opened.append(options) or Cold(options))
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda _: reply(model), range(2))) == ["Ada.", "Ada."]
    assert opened == [{"temperature": 0}, {}]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Status(401, f"Incorrect key {KEY}"), "did not accept the key (401). Set OPENAI_API_KEY in"),
        (Status(404, "no model some"), "is not known there (no model some). Correct writer.model"),
        (Status(400, "too\nlong"), "refused (400: too long). Change what it objects to"),
        (Status(429, "quota"), "takes no more requests (quota). Wait a while"),
        (type("ReadTimeout", (Exception,), {})(), "took too long. Raise writer.timeout_s"),
        (KeyError("choices"), "failed (KeyError: 'choices'). Ask again"),
    ],
)
def test_what_a_provider_says_becomes_one_line_with_a_remedy(error, said):
    model, _ = model_of(*[[error]] * 3)
    with pytest.raises(WriterFailed) as raised:
        reply(model)
    assert str(raised.value).startswith(f"openai:some {said}")
    assert "\n" not in str(raised.value)


def test_no_message_shows_a_key(monkeypatch):
    monkeypatch.setenv("MY_OWN_TOKEN", "hushhush-hush")
    url = "http://me:" + "hidden@host.example"
    model, _ = model_of([Status(400, f"{KEY} and hushhush-hush at {url}")], base_url=url)
    with pytest.raises(WriterFailed) as raised:
        reply(model)
    assert str(raised.value) == (
        "openai:some refused (400: … and … at http://…@host.example). Change what it objects to, or name another model."
    )
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("GET https://u:pa/ss@h/x failed", "GET https://…@h/x failed"),
        ("GET https://h/x?key=AIzaSyD-0123&alt=sse", "GET https://h/x?key=…&alt=sse"),
        ("https://h/x?api_key=zzz", "https://h/x?api_key=…"),
        ("API key AIzaSyD-0123 not valid", "API key … not valid"),
        ("no access for hf_abcdefgh", "no access for …"),
        ("no access for nvapi-abcd_efgh", "no access for …"),
        ("headers: {'x-api-key': 'zzz', 'a': 1}", "headers: {'x-api-key': '…', 'a': 1}"),
        ("x-api-key: zzz", "x-api-key: …"),
        ("no such path /a%2Fb%20c%2Bd9/", "no such path /…/"),
        ("body a%2Fb+c%2Bd9", "body …"),
        ("max_tokens: must be 5; the key is wrong", "max_tokens: must be 5; the key is wrong"),
    ],
)
def test_whatever_looks_like_a_key_is_struck_out(said, shown, monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "a/b c+d9")
    assert one_line(Exception(said)) == shown


def test_a_page_for_an_error_does_not_take_long():
    begun = time.monotonic()
    one_line(Exception("://" * 100_000))
    assert time.monotonic() - begun < 2


def test_a_model_that_says_nothing_is_given_up_in_time():
    silence = threading.Event()
    model, scripted = model_of([silence.wait], timeout_s=0.1)
    with pytest.raises(WriterFailed, match=r"openai:some said nothing for 0\.1 seconds\. Raise writer\.timeout_s"):
        reply(model)
    silence.set()
    assert scripted.closed.wait(5)


def test_a_model_that_falls_silent_between_words_is_given_up_too():
    silence = threading.Event()
    model, _ = model_of(["Ada", silence.wait], timeout_s=0.1)
    pieces = model.stream(ASKED)
    assert next(pieces) == "Ada"
    with pytest.raises(WriterFailed, match="said nothing for"):
        next(pieces)
    silence.set()


def test_an_empty_reply_is_a_failure():
    model, _ = model_of(["", ""])
    with pytest.raises(WriterFailed, match="replied without a word"):
        reply(model)


def test_closing_the_iterator_stops_the_model():
    spoken = []
    endless = (f"word {spoken.append(n) or n} " if n % 2 else lambda: time.sleep(0.01) for n in range(10_000))
    model, scripted = model_of(endless)
    pieces = model.stream(ASKED)
    next(pieces)
    pieces.close()
    assert scripted.closed.wait(5)
    assert len(spoken) < 100


def test_waiting_for_ones_turn_does_not_count_as_silence():
    turn = threading.Lock()
    model = llm.LangChainModel(Writing(model="local", timeout_s=0.2), lambda _: Scripted(["Ada."]), turn=turn)
    turn.acquire()
    threading.Timer(0.5, turn.release).start()
    assert reply(model) == "Ada."


def test_no_writer_is_opened_where_none_is_wanted():
    assert llm.load_chat_model(Writing()) is None


@pytest.mark.parametrize("name", ["nobody:gpt", "gpt-4o", "openai:"])
def test_an_unknown_name_is_an_error_that_says_how_to_write_it(name):
    with pytest.raises(ConfigError, match=r"must be .*provider:name"):
        llm.load_chat_model(Writing(model=name))


def test_a_missing_package_is_an_error_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "langchain_perplexity", None)
    with pytest.raises(ModelMissing, match=r"run `pip install langchain-perplexity`"):
        llm.load_chat_model(Writing(model="perplexity:sonar"))


def test_a_missing_key_is_an_error_that_names_its_variable():
    with pytest.raises(ConfigError, match=r"openai:some needs a key: set OPENAI_API_KEY"):
        llm.load_chat_model(Writing(model="openai:some"))


def test_an_address_that_is_none_is_an_error_that_shows_no_password():
    with pytest.raises(ConfigError, match=r"writer\.base_url is 'http://…@\[::1/v1' \(.*\); write it as http://"):
        llm.load_chat_model(Writing(model="openai:some", base_url="http://me:hushhush@[::1/v1"))


def test_the_local_writer_is_not_opened_before_its_file_is_there(monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path)
    monkeypatch.setattr(local.importlib.util, "find_spec", lambda _: object())
    with pytest.raises(ModelMissing, match=r"run `footnote models get local` \(1\.1 GB, once\)"):
        llm.load_chat_model(Writing(model="local"))


def test_fingerprints_name_the_model():
    assert model_of([])[0].fingerprint == "openai:some"
    assert WEIGHTS.fingerprint == "qwen2.5-coder-1.5b-instruct-q4_k_m@cc324af0"


def test_opening_nothing_loads_nothing():
    code = "import sys, rag.llm; print(*sys.modules)"
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert not {"langchain", "langchain_core", "openai", "xllamacpp"} & set(ran.stdout.split())


class _Speaker(BaseHTTPRequestHandler):
    """Speaks OpenAI's way: each request takes the next of the server's scripts, a status or a list of pieces."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((body, self.headers["Authorization"]))
        script = self.server.scripts.pop(0)
        self.send_response(script if isinstance(script, int) else 200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            for piece in () if isinstance(script, int) else script:
                event = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
                event["choices"] = [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]
                self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
                self.wfile.flush()
            self.wfile.write(b"data: [DONE]\n\n" if script else b"")
        except ConnectionError:
            self.server.hung_up.set()

    def log_message(self, *_):
        pass


@contextmanager
def provider(*scripts):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Speaker)
    server.scripts, server.heard, server.hung_up = list(scripts), [], threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server, Writing(model="openai:m", base_url=f"http://127.0.0.1:{server.server_port}/v1", timeout_s=20)
    finally:
        server.shutdown()
        server.server_close()


def test_a_server_of_ones_own_is_spoken_to_without_a_key_or_a_proxy(monkeypatch):
    pytest.importorskip("langchain_openai")
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with provider(500, ["Ada ", "Holm."]) as (server, settings):
        assert reply(llm.load_chat_model(settings)) == "Ada Holm."
    body, key = server.heard[1]
    assert (body["model"], body["temperature"], body["stream"], key) == ("m", 0, True, "Bearer none")
    assert [message["role"] for message in body["messages"]] == ["system", "user"]


def test_a_key_that_is_set_is_sent(monkeypatch):
    pytest.importorskip("langchain_openai")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with provider(["Ada."]) as (server, settings):
        reply(llm.load_chat_model(settings))
    assert server.heard[0][1] == f"Bearer {KEY}"


def test_closing_the_iterator_closes_the_connection():
    pytest.importorskip("langchain_openai")

    def endless():
        while True:
            time.sleep(0.01)
            yield "word " * 100

    with provider(endless()) as (server, settings):
        pieces = llm.load_chat_model(settings).stream(ASKED)
        next(pieces)
        pieces.close()
        assert server.hung_up.wait(10)


def test_a_server_that_is_not_there_is_named():
    pytest.importorskip("langchain_openai")
    with provider() as (_, settings):
        pass
    with pytest.raises(WriterFailed, match=r"openai:m cannot be reached at 127\.0\.0\.1:\d+"):
        reply(llm.load_chat_model(replace(settings, timeout_s=10)))
