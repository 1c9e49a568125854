"""What a browser may do with what the page sends: the headers of every answer.

Plain ASGI; it knows neither Gradio nor what is sent.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping, Sequence

    Message = MutableMapping[str, Any]
    Send = Callable[[Message], Awaitable[None]]

# Gradio makes functions of texts (`unsafe-eval`) and sets styles (`unsafe-inline`); scripts stand in the page only
# with their digest, so none that a document brings along runs.
_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "media-src": "'self' blob:",
    "worker-src": "'self' blob:",
    "frame-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
_UNUSED = "camera microphone geolocation payment usb serial midi display-capture accelerometer gyroscope"
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": ", ".join(f"{name}=()" for name in _UNUSED.split()),
}
_SCRIPT = re.compile(rb"<script\b[^>]*>(.*?)</script", re.DOTALL | re.IGNORECASE)


class Refused(Exception):
    """A request that is not passed on: the status and the words that answer it."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Answer:
    """The way back: adds the headers, for a page after its scripts have been seen.

    A `refusal` takes the place of what the page says.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._page = b""
        self._sent = False
        self.refusal: Refused | None = None

    async def __call__(self, message: Message) -> None:
        """Take the next message of the page."""
        if self.refusal:
            return
        if message["type"] == "http.response.start":
            kind = next((value for name, value in message["headers"] if name.lower() == b"content-type"), b"")
            if kind.startswith(b"text/html"):
                self._start = message
                return
            await self._begin(message)
        elif self._start is not None:
            self._page += message.get("body", b"")
            if not message.get("more_body"):
                await self._begin(self._start, _SCRIPT.findall(self._page))
                await self._send({"type": "http.response.body", "body": self._page})
        else:
            await self._send(message)

    async def end(self) -> None:
        """Send the refusal, if there is one and no answer is on its way."""
        refusal = self.refusal
        if refusal is None or self._sent:
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        headers += [(b"www-authenticate", b'Basic realm="Footnote"')] if refusal.status == 401 else []  # noqa: PLR2004
        await self._begin({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": str(refusal).encode()})

    async def _begin(self, message: Message, scripts: Sequence[bytes] = ()) -> None:
        digests = {base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts if script}
        allowed = "".join(f" 'sha256-{digest}'" for digest in sorted(digests))
        policy = "; ".join(f"{name} {value}{allowed * (name == 'script-src')}" for name, value in _POLICY.items())
        ours = {**_HEADERS, "content-security-policy": policy}
        kept = [pair for pair in message["headers"] if pair[0].lower().decode("latin-1") not in ours]
        self._sent = True
        added = [(name.encode(), value.encode()) for name, value in ours.items()]
        await self._send({**message, "headers": [*kept, *added]})
