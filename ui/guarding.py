"""What stands before the page: who may reach it, what a request may carry, what the browser may do with the answer.

    request ─► host ─► origin ─► route ─► file ─► login of programs ─► size ─► files it names ─► page
    browser ◄─ headers (`ui/policy.py`) ◄───────────────────────────────────────────────────────────┘

Plain ASGI: of Gradio it knows the names of the routes, and of the index nothing.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import socket
import tempfile
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from rag.errors import ConfigError
from ui.policy import Answer, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Message, Receive, Send], Awaitable[None]]

MIN_PASSWORD = 12
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_UPLOADS = "GRADIO_TEMP_DIR"  # the environment variable by which Gradio is told where uploads go

# The largest text that may be ingested is 1,000,000 characters, of three bytes each where it is Chinese.
_MAX_BODY_BYTES = 8_000_000
# Fifty files of the largest kind in one request would fill a disk.
_MAX_UPLOAD_BYTES = 500_000_000

# What of Gradio's routes the page and its programs use. What is not here is refused, whatever a later Gradio adds:
# among today's others are a proxy, links to stored states, recordings, an editor of the page and a history of runs.
_ROUTES = (
    "api app_id call cancel component_server file= heartbeat info mcp openapi.json queue reset run theme.css upload "
    "upload_progress"
).split()
_ROUTE = re.compile(r"/gradio_api/(file=|[^/]*)(.*)", re.DOTALL)
_CLOSED = re.compile(r"(/[^/]*)?/(monitoring|dev|svelte|pwa_icon)(/|$)")
# Headers by which a proxy speaks. There is none, and Gradio would build addresses, and connect, as they say.
_FORWARDED = (b"x-forwarded-", b"forwarded", b"x-gradio-")


def check_binding(host: str, auth: Sequence[tuple[str, str]] | None) -> None:
    """Check, before a page is served, that nobody reaches it who should not.

    Raises:
        ConfigError: it would be open to other machines without a password, or with a short one.
    """
    if not is_loopback(host) and not auth:
        raise ConfigError(
            f"with --host {host} other machines could read all documents: "
            "give --auth NAME:PASSWORD as well, or leave --host out to serve this machine only."
        )
    for name, password in auth or ():
        if not name.strip() or name != name.strip() or ":" in name:
            raise ConfigError(f"--auth has the name {name!r}; it must not be empty, nor hold a colon or outer blanks.")
        if len(password) < MIN_PASSWORD:
            raise ConfigError(f"the password of {name} has {len(password)} characters; take at least {MIN_PASSWORD}.")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches what listens on a host.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("")
    (True, True, False, False)
    """
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@contextmanager
def private_uploads() -> Iterator[Path]:
    """Give Gradio a folder of its own for uploads while a page is served, and delete it afterwards.

    By default every program that is built on Gradio shares one, and each serves the files of all. To be entered before
    the page is built.
    """
    with tempfile.TemporaryDirectory(prefix="footnote-uploads-", ignore_cleanup_errors=True) as made:
        folder = str(Path(made).resolve())
        before = os.environ.get(_UPLOADS)
        os.environ[_UPLOADS] = folder
        try:
            yield Path(folder)
        finally:
            if os.environ.get(_UPLOADS) == folder:  # another page may have been opened since
                os.environ.pop(_UPLOADS)
                os.environ.update({_UPLOADS: before} if before else {})


def is_upload(path: str) -> bool:
    """Tell whether a path, links followed, leads into the folder of uploads."""
    folder = Path(os.environ.get(_UPLOADS) or Path(tempfile.gettempdir()) / "gradio").resolve()
    try:
        return Path(path).is_absolute() and Path(path).resolve().is_relative_to(folder)
    except (OSError, ValueError, RuntimeError):  # a name that no system takes; links in a ring
        return False


def guarded(app: App, *, host: str, auth: Sequence[tuple[str, str]] | None = None) -> App:
    """Put the guard before a page.

    Args:
        app: the page, an ASGI application.
        host: where it listens.
        auth: names and passwords. The page has its own login; that of the MCP server is ours, since Gradio has none:
            HTTP Basic.
    """
    return _Guard(app, host=host, auth=auth or ())


class _Guard:
    def __init__(self, app: App, *, host: str, auth: Sequence[tuple[str, str]]) -> None:
        self._app = app
        self._hosts = set(_LOOPBACK)
        self._wide = not is_loopback(host)
        if self._wide:
            self._hosts |= {host.lower(), socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}
        self._logins = [f"{name}:{password}".encode() for name, password in auth]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = Answer(send)
        try:
            headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            self._check(scope, headers)
            kept = [pair for pair in scope["headers"] if not pair[0].lower().startswith(_FORWARDED)]
            if "text/html" in headers.get("accept", ""):  # whose scripts are to be read
                kept = [pair for pair in kept if pair[0].lower() != b"accept-encoding"]
            body = await _body(scope, headers, receive=receive, answer=answer)
            # The server's own idea of the scheme may come from one of those headers; there is no TLS here.
            await self._app({**scope, "headers": kept, "scheme": "http"}, body, answer)
        except Refused as refusal:
            answer.refusal = refusal
        except Exception:
            if answer.refusal is None:  # else it is about the request having been broken off
                raise
        await answer.end()

    def _check(self, scope: Message, headers: dict[str, str]) -> None:
        self._check_host(headers.get("host", ""))
        _check_origin(scope["method"], headers)
        path, query = scope["path"], parse_qs(scope.get("query_string", b"").decode("latin-1"))
        route = _ROUTE.search(path)
        if _CLOSED.match(path) or (route and route[1] not in _ROUTES) or "deep_link" in query:
            raise Refused(404, "There is nothing under this address.")
        if route and route[1] == "file=" and not is_upload(route[2]):
            raise Refused(403, "Only files that were uploaded to this page can be read.")
        if route and route[1] == "mcp" and self._logins:
            self._check_login(headers.get("authorization", ""))

    def _check_host(self, host: str) -> None:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            name = ""
        if name not in self._hosts and not (self._wide and _is_ip(name)):
            raise Refused(403, f"This page does not answer to the name {host!r:.80}; ask for http://127.0.0.1 instead.")

    def _check_login(self, authorization: str) -> None:
        kind, _, coded = authorization.partition(" ")
        try:
            login = base64.b64decode(coded.strip(), validate=True) if kind.lower() == "basic" else b""
        except ValueError:
            login = b""
        if not sum(secrets.compare_digest(login, known) for known in self._logins):
            raise Refused(401, "Send name and password in the header Authorization: Basic.")


def _check_origin(method: str, headers: dict[str, str]) -> None:
    """Refuse what a page of another origin asks for, save that a person follows a link to this page."""
    site, origin = headers.get("sec-fetch-site", "none"), headers.get("origin")
    follows = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
    follows = follows and headers.get("sec-fetch-dest") == "document"
    foreign = origin is not None and origin.lower().partition("://")[2] != headers.get("host", "").lower()
    if foreign or (site not in {"none", "same-origin"} and not follows):
        raise Refused(403, "Another page asked for this; only the page itself and programs may.")


async def _body(scope: Message, headers: dict[str, str], *, receive: Receive, answer: Answer) -> Receive:
    """Return what gives the body of a request to the page: as it comes, or whole where it may name files."""
    if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return receive
    route = _ROUTE.search(scope["path"])
    uploads = route is not None and route[1] == "upload"
    most = _MAX_UPLOAD_BYTES if uploads else _MAX_BODY_BYTES
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > most:
        raise _too_large(most)
    counted = _counted(receive, most, answer=answer)
    if uploads or route is None:
        return counted
    if headers.get("content-type", "").startswith("multipart/"):
        raise Refused(415, "Files go to /gradio_api/upload first; a request names them afterwards.")
    body = b""
    while (message := await counted())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if answer.refusal:
        raise answer.refusal
    _check_files(body)
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def whole() -> Message:
        return next(messages, None) or await receive()

    return whole


def _counted(receive: Receive, most: int, *, answer: Answer) -> Receive:
    """Pass a body on until it is too large; then it looks as if the other side had gone."""
    left = most

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left >= 0:
            return message
        answer.refusal = _too_large(most)
        return {"type": "http.disconnect"}

    return counted


def _too_large(most: int) -> Refused:
    return Refused(413, f"A request like this has at most {most / 1e6:.0f} MB.")


def _check_files(body: bytes) -> None:
    """Refuse a request that names a file which was not uploaded: Gradio may copy it to where it serves from."""
    try:
        left = [json.loads(body)] if body.strip() else []
    except (ValueError, RecursionError):
        raise Refused(400, "The body of this request is no JSON that can be read.") from None
    while left:
        value = left.pop()
        if isinstance(value, dict):
            path = value.get("path")
            if isinstance(path, str) and "meta" in value and not is_upload(path):
                raise Refused(403, "A request may name only files that were uploaded to this page.")
            left += value.values()
        elif isinstance(value, list):
            left += value


def _is_ip(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False
