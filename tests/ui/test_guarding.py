"""Who may reach the page, and what no request gets out of it: tried on a server that runs, behind its guard."""

import base64
import hashlib
import http.client
import json
import os
import re
import socket
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest

import rag
from ingest import ingest_documents
from rag.errors import ConfigError
from tests.fakes import FakeEmbedder
from tests.texts import BRIDGE
from tests.ui.served import MAX_UPLOAD, listening, served
from ui.guarding import check_binding, guarded, is_upload, private_uploads

HIDDEN = "the-word-that-nobody-may-read"
LONG_PASSWORD = "a long enough password"  # noqa: S105 (not one of anybody's)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with an index, and files that are none of it, in which the server runs."""
    home = tmp_path_factory.mktemp("home")
    (home / "secret.txt").write_text(HIDDEN)
    (home / "secret.svg").write_text(f"<svg>{HIDDEN}</svg>")
    before = Path.cwd()
    os.chdir(home)
    yield home
    os.chdir(before)


@pytest.fixture(scope="module")
def page(home):
    embedder, config = FakeEmbedder(), rag.Config()
    ingest_documents([BRIDGE], home / ".footnote", config=config, embedder=embedder)
    (home / ".footnote" / "settings.txt").write_text(HIDDEN)
    with rag.Assistant(home / ".footnote", config, embedder=embedder) as bot, served(bot) as address:
        yield address


# wide: all of a request
def send(page, method, target, *, body=b"", headers=None, host=None):
    """Send a request as it is written, since clients tidy up addresses; returns status, headers and body."""
    where = urlsplit(page)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=20)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    given = {"Host": host or where.netloc, "Content-Length": str(len(body)), **(headers or {})}
    for name, value in given.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    found = response.status, dict(response.getheaders()), response.read()
    connection.close()
    return found


def post(page, target, value, **headers):
    body = json.dumps(value).encode()
    return send(page, "POST", target, body=body, headers={"Content-Type": "application/json", **headers})


def upload(page, name, content):
    return httpx.post(f"{page}/gradio_api/upload", files={"files": (name, content)}, timeout=20)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.9.1", "[::1]"])
def test_this_machine_needs_no_password(host):
    check_binding(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", "", "127.0.0.1.example.org"])  # noqa: S104
def test_other_machines_need_a_password(host):
    with pytest.raises(ConfigError, match=r"--auth NAME:PASSWORD"):
        check_binding(host, None)
    check_binding(host, [("ada", LONG_PASSWORD)])


@pytest.mark.parametrize(
    ("login", "words"),
    [
        (("ada", "short"), "has 5 characters; take at least 12"),
        (("", LONG_PASSWORD), "name"),
        ((" ada", LONG_PASSWORD), "outer blanks"),
        (("a:da", LONG_PASSWORD), "colon"),
    ],
)
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104
def test_a_login_that_protects_nothing_is_refused(host, login, words):
    with pytest.raises(ConfigError, match=words):
        check_binding(host, [login])


def test_a_link_out_of_the_uploads_is_no_upload(tmp_path):
    (tmp_path / "secret.txt").write_text(HIDDEN)
    with private_uploads() as folder:
        (folder / "kept.txt").write_text("kept")
        (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
        (folder / "ring").symlink_to(folder / "ring")
        assert is_upload(str(folder / "kept.txt"))
        assert not is_upload(str(folder / "link.txt"))
        assert not is_upload(str(folder / ".." / "kept.txt"))
        assert not is_upload(f"{folder}-other/kept.txt")
        assert not is_upload("kept.txt")
        assert not is_upload("\0")
        is_upload(str(folder / "ring"))  # comes back at all


def test_a_page_has_uploads_of_its_own_and_leaves_none(monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", "elsewhere")
    with private_uploads() as one:
        (one / "kept.txt").write_text("kept")
        assert os.environ["GRADIO_TEMP_DIR"] == str(one)
        assert one.stat().st_mode & 0o077 == 0
    assert not one.exists()
    assert os.environ["GRADIO_TEMP_DIR"] == "elsewhere"


def places(home):
    """What an attacker asks for: files of the machine, of the working directory, of the index."""
    inside = home / ".footnote"
    wanted = ["/etc/passwd", "/proc/self/environ", home / "secret.txt", home / "secret.svg"]
    return [str(path) for path in (*wanted, inside / "library.db", inside / "settings.txt")]


def spellings(path):
    yield from (path, path.lstrip("/"), f"/{path}", f"//{path}", quote(path), quote(path, safe=""))
    yield from (quote(quote(path, safe=""), safe=""), f"file://{path}", path.replace("/", "\\"), f"{path}%00.txt")
    yield from (f"..%2f..%2f..%2f..%2f..{path}", f"../../../../..{path}", f"./{Path(path).name}", f"{path}/.")
    yield Path(path).name


ROUTES = (
    "/gradio_api/file={}", "/gradio_api/file/{}", "/file={}", "/file/{}", "/gradio_api/proxy={}",
    "/gradio_api/proxy=file://{}", "/proxy={}", "/static/{}", "/static/..{}", "/assets/{}", "/assets/../../..{}",
    "/svelte/{}", "/gradio_api/custom_component/x/client/component/{}", "/gradio_api/stream/{}/playlist-file",
    "/gradio_api/runs/{}", "/gradio_api/deep_link?session_hash={}",
    "/?deep_link={}", "/config?deep_link={}", "/config?page={}", "/{}", "/gradio_api/{}", "/theme.css/{}",
    "/pwa_icon/{}", "/gradio_api/mcp/{}", "/gradio_api/info?page={}", "/monitoring/{}", "/gradio_api/vibe-code/{}",
)  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_no_address_gives_a_file_away(page, home, route):
    uploads = os.environ["GRADIO_TEMP_DIR"]
    every = places(home) if "file" in route else [str(home / "secret.txt")]
    paths = [spelling for path in every for spelling in spellings(path)]
    paths += [f"{uploads}/..{home}/secret.txt", f"{uploads}/../../../../../..{home}/secret.txt"]
    for path in paths:
        target = route.format(path.replace(" ", "%20"))
        status, _, body = send(page, "GET", target, headers={"Connection": "close"})
        assert HIDDEN.encode() not in body, target
        assert b"root:" not in body, target
        assert b"SQLite format" not in body, target
        if "file=" in route:
            assert status in {403, 404}, target


def test_an_upload_can_be_read_again_and_is_no_page(page):
    (place,) = upload(page, "note.html", b"<script>alert(1)</script>").json()
    status, headers, body = send(page, "GET", f"/gradio_api/file={quote(place)}")
    assert (status, body) == (200, b"<script>alert(1)</script>")
    assert headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("address", ["http://example.org/a.png", "https://127.0.0.1/a", "HTTP://example.org/a.svg"])
def test_the_page_fetches_nothing_for_others(page, address):
    assert send(page, "GET", f"/gradio_api/file={address}")[0] == 403
    assert send(page, "GET", f"/gradio_api/proxy={address}")[0] == 404


def data_of(path):
    return {"path": path, "orig_name": "a.txt", "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize("wrap", [lambda d: d, lambda d: [[d]], lambda d: {"a": {"b": d}}])
def test_no_request_makes_the_page_copy_a_file_to_where_it_can_be_read(page, home, wrap):
    for path in [*places(home), "secret.txt", "../secret.txt", "http://example.org/a.png"]:
        value = {"data": [wrap(data_of(path))], "session_hash": "s", "fn_index": 4}
        for route in ("run/echo", "api/echo", "call/echo", "queue/join", "run/ask", "call/ask", "queue/join/"):
            assert post(page, f"/gradio_api/{route}", value)[0] == 403
        called = {"data": wrap(data_of(path)), "session_hash": "s", "component_id": 1, "fn_name": "twice"}
        assert post(page, "/gradio_api/component_server", called)[0] == 403
        asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                 "params": {"name": "ask", "arguments": {"question": wrap(data_of(path))}}}  # fmt: skip
        assert post(page, "/gradio_api/mcp/", asked, Accept="application/json, text/event-stream")[0] == 403
    assert not list(Path(os.environ["GRADIO_TEMP_DIR"]).rglob("secret*"))


def test_what_is_sent_in_another_guise_is_seen_too(page, home):
    hidden = json.dumps({"data": [data_of(str(home / "secret.txt"))], "session_hash": "s"})
    hidden = hidden.replace("gradio.FileData", "gradio\\u002eFileData").replace("path", "p\\u0061th").encode()
    for kind in ("application/json", "text/plain", ""):
        assert send(page, "POST", "/gradio_api/run/echo", body=hidden, headers={"Content-Type": kind})[0] == 403
    form = b'--x\r\nContent-Disposition: form-data; name="data"; filename="a"\r\n\r\na\r\n--x--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert send(page, "POST", "/gradio_api/component_server", body=form, headers=kind)[0] == 415
    nested = b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert send(page, "POST", "/gradio_api/run/echo", body=nested)[0] == 400
    assert send(page, "POST", "/gradio_api/run/echo", body=b"{")[0] == 400


def test_what_was_uploaded_may_be_named(page):
    (place,) = upload(page, "note.txt", b"words").json()
    status, _, body = post(page, "/gradio_api/run/echo", {"data": [data_of(place)], "session_hash": "s"})
    assert (status, json.loads(body)["data"][0]["orig_name"]) == (200, "a.txt")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", "8.8.8.8", "[", "@"],
)
def test_a_name_that_only_leads_here_is_refused(page, host):
    for target in ("/", "/config", "/gradio_api/info", "/gradio_api/mcp/"):
        status, _, body = send(page, "GET", target, host=host)
        assert status == 403
        assert b"http://127.0.0.1" in body


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:7860", "LOCALHOST", "[::1]:80"])
def test_this_machine_is_known_by_its_names(page, host):
    assert send(page, "GET", "/config", host=host)[0] == 200


def test_an_open_page_is_known_by_the_name_and_the_addresses_of_its_machine():
    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})

    with listening(guarded(app, host="0.0.0.0", auth=[("ada", LONG_PASSWORD)])) as page:  # noqa: S104
        assert send(page, "GET", "/", host="192.168.1.4:80")[0] == 200
        assert send(page, "GET", "/", host=socket.gethostname())[0] == 200
        assert send(page, "GET", "/", host="evil.example")[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
def test_another_page_can_neither_ask_nor_read(page, headers):
    question = {"data": [{"said": "Who?"}], "session_hash": "s"}
    assert post(page, "/gradio_api/run/echo", question, **headers)[0] == 403
    assert send(page, "GET", "/config", headers=headers)[0] == 403
    assert send(page, "GET", "/gradio_api/file=/x", headers=headers)[0] == 403
    status, found, _ = send(page, "OPTIONS", "/config", headers={**headers, "Access-Control-Request-Method": "POST"})
    assert status == 403
    assert "access-control-allow-origin" not in found


def test_a_form_elsewhere_cannot_post_here(page):
    follows = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert post(page, "/gradio_api/run/echo", {"data": ["Who?"]}, **follows)[0] == 403


def test_a_link_elsewhere_leads_here(page):
    follows = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert send(page, "GET", "/?ask=Who", headers=follows)[0] == 200


def test_the_page_itself_may_ask(page):
    ours = {"Origin": page, "Sec-Fetch-Site": "same-origin"}
    assert post(page, "/gradio_api/run/echo", {"data": [{"said": "Who?"}], "session_hash": "s"}, **ours)[0] == 200


@pytest.mark.parametrize(
    "target",
    [
        "/monitoring", "/monitoring/summary", "/monitoring/key", "/zh/monitoring", "/gradio_api/runs", "/dev/reload",
        "/gradio_api/dev/reload", "/gradio_api/deep_link", "/gradio_api/vibe-code", "/gradio_api/vibe-edit",
        "/gradio_api/process_recording", "/gradio_api/proxy=https://hf.space/", "/zh/gradio_api/proxy=https://hf.space/",
        "//gradio_api/proxy=https://hf.space/", "/gradio_api/run-history/connect", "/gradio_api/token", "/gradio_api/",
        "/gradio_api/profiling/traces", "/svelte/x.js", "/pwa_icon", "/gradio_api/file", "/gradio_api/FILE=/etc/passwd",
        "/gradio_api/%70roxy=https://hf.space/", "/?deep_link=x", "/config?deep_link=x", "/config?page=&deep%5Flink=x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_what_the_page_does_not_need_is_closed(page, target, method):
    assert send(page, method, target)[0] == 404


def test_a_proxy_that_is_not_there_is_not_believed(page):
    claims = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    _, _, body = send(page, "GET", "/config", headers=claims)
    assert b"evil.example" not in body
    assert json.loads(body)["root"].startswith("http://127.0.0.1")


def test_a_request_has_a_largest_size(page):
    big = b'"' + b"x" * 8_000_000 + b'"'
    assert send(page, "POST", "/gradio_api/run/echo", body=big)[0] == 413
    assert send(page, "POST", "/login", body=big)[0] == 413
    assert send(page, "POST", "/gradio_api/run/echo", headers={"Content-Length": "-5"})[0] in {400, 413}


def test_a_request_that_does_not_say_its_size_has_one_too(page):
    pieces = (b"x" * 1_000_000 for _ in range(9))
    assert httpx.post(f"{page}/gradio_api/run/echo", content=pieces, timeout=20).status_code == 413


def test_an_upload_has_a_largest_size(page):
    assert upload(page, "large.txt", b"x" * (MAX_UPLOAD + 1)).status_code == 413
    huge = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "600000000"}
    assert send(page, "POST", "/gradio_api/upload", headers=huge)[0] == 413


def test_sockets_are_closed(page):
    asks = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "eA=="}
    assert send(page, "GET", "/gradio_api/queue/join", headers=asks)[0] >= 400


@pytest.mark.parametrize(
    "target", ["/", "/config", "/theme.css", "/nowhere", "/gradio_api/file=/etc/passwd", "/monitoring"]
)
def test_every_answer_tells_the_browser_what_it_may_not_do(page, target):
    _, headers, _ = send(page, "GET", target)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["connect-src"] == "'self'"
    assert policy["object-src"] == policy["frame-ancestors"] == policy["frame-src"] == "'none'"
    assert "unsafe-inline" not in policy["script-src"]
    assert "http" not in headers["content-security-policy"]


@pytest.mark.parametrize("coding", ["identity", "gzip, br"])
def test_the_scripts_of_the_page_run_and_no_others(page, coding):
    _, headers, body = send(page, "GET", "/", headers={"Accept": "text/html", "Accept-Encoding": coding})
    scripts = [text for text in re.findall(r"<script[^>]*>(.*?)</script>", body.decode(), re.DOTALL) if text]
    allowed = set(re.findall(r"'sha256-([^']+)'", headers["content-security-policy"]))
    assert len(scripts) > 2
    assert allowed == {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts}
