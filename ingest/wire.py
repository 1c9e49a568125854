"""One request to one address: its host is resolved once, every answer is checked, and only those are connected to.

A name that leads to a public machine when it is checked and to a private one when it is used therefore gains nothing.
Names are checked by TLS as ever: the certificate must be the host's, whatever the connection goes to.

Proxies that the environment names are not used. A proxy resolves names itself: no address could be checked.
"""

from __future__ import annotations

import os
import queue
import socket
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from ingest.addresses import why_refused
from ingest.guard import brief
from ingest.gunzip import unpacked
from rag.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from httpcore import NetworkBackend, NetworkStream

# Of each of a host's addresses; there may be several, of which the first are dead.
_CONNECT_S = 10.0
_MAX_CONNECTS = 4


class Deadline:
    """The moment at which all of a fetch must be done."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left, more than 0.

        Raises:
            DocumentError: none are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> DocumentError:
        """Return the error of one that has passed."""
        return DocumentError(f"took longer than {self._seconds:g} s to fetch")


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host.

    Raises:
        OSError: it has none, or nobody could be asked.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@cache
def trusted() -> ssl.SSLContext:
    """Make the usual checks of certificates: by the authorities of this machine, and by Mozilla's list."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


@dataclass(frozen=True, slots=True)
class Network:
    """What connections are made of. Only tests have others than these; no setting leads here.

    `exempt` are hosts with their port, as "127.0.0.1:8000", that may be asked by http:// and on any machine.
    `backend` opens the connections, `certificates` makes what checks them.
    """

    resolve: Callable[[str, int], Sequence[str]] = resolve
    certificates: Callable[[], ssl.SSLContext] = trusted
    backend: NetworkBackend | None = None
    exempt: frozenset[str] = frozenset()

    def machines(self, url: str, deadline: Deadline) -> list[str]:
        """Return the IP addresses behind an address, all of them checked.

        Raises:
            DocumentError: there is none, or one is of a kind that is not fetched from.
        """
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        found = _in_time(lambda: self.resolve(host, port), deadline)
        if isinstance(found, Exception) or not found:
            reason = getattr(found, "strerror", None) or "it has no address"
            raise DocumentError(f"cannot be reached: the host {host} was not found ({brief(reason)})")
        if parts.netloc not in self.exempt:
            for machine in found:
                if kind := why_refused(machine):
                    raise DocumentError(
                        f"is on a machine that is not fetched from: {host} is {machine}, a {kind} address"
                    )
        return list(found)


@dataclass(slots=True)
class Reply:
    """The beginning of what a server answers; what follows is read on demand."""

    status: int
    headers: Message
    _rest: Iterator[bytes] = field(repr=False)

    def body(self, limit: int) -> bytes:
        """Return all that follows, unpacked.

        Raises:
            DocumentError: it is more than `limit` bytes, is packed in a way that was not asked for, or is cut off.
        """
        too_long = DocumentError(f"is larger than {limit / 1e6:g} MB, which is the most that is fetched")
        announced = self.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > limit:
            raise too_long
        data = self.beginning(limit + 1)
        if len(data) > limit:
            raise too_long
        return data

    def beginning(self, limit: int) -> bytes:
        """Return the first bytes of what follows, unpacked, and leave the rest where it is.

        Raises:
            DocumentError: as `body`, but for its length.
        """
        packed = str(self.headers.get("Content-Encoding", "")).strip().lower()
        if packed not in {"", "identity", "gzip", "x-gzip"}:
            raise DocumentError(f"is packed as {brief(packed)}, which was not asked for")
        data = bytearray()
        for piece in unpacked(self._rest, limit) if "gzip" in packed else self._rest:
            data += piece[: limit - len(data)]
            if len(data) == limit:
                break
        return bytes(data)


@contextmanager
def opened(url: str, network: Network, *, headers: dict[str, str], deadline: Deadline) -> Iterator[Reply]:
    """Ask for an address in its canonical spelling; what it answers can be read within the block.

    Raises:
        DocumentError: it cannot be reached, may not be, or answers what is no HTTP; also from within the block.
    """
    # Slow to import, and most sources are files.
    import httpcore

    line = cast("NetworkBackend", _Pinned(network.machines(url, deadline), network.backend, deadline=deadline))
    sent = {"Host": urlsplit(url).netloc, **headers, "Accept-Encoding": "gzip", "Connection": "close"}
    certificates = network.certificates() if url.startswith("https:") else None
    try:
        with (
            httpcore.HTTPConnection(httpcore.URL(url).origin, certificates, network_backend=line) as connection,
            connection.stream("GET", url, headers=list(sent.items())) as response,
        ):
            answered = Message()
            for name, value in response.headers:
                answered[name.decode("latin-1")] = value.decode("latin-1")
            yield Reply(response.status, answered, response.iter_stream())
    except httpcore.ConnectTimeout as error:
        raise DocumentError(f"cannot be reached: no answer within {_CONNECT_S:g} s{_proxy_hint()}") from error
    except httpcore.TimeoutException as error:
        raise deadline.passed() from error
    except httpcore.ConnectError as error:
        if isinstance(error.__cause__, ssl.SSLCertVerificationError):
            reason = brief(error.__cause__.verify_message)
            raise DocumentError(f"cannot be trusted: its certificate does not hold ({reason})") from error
        raise DocumentError(f"cannot be reached: {brief(error)}{_proxy_hint()}") from error
    except (httpcore.ProtocolError, httpcore.NetworkError) as error:
        raise DocumentError(f"broke off, or sent what is no HTTP: {brief(error)}") from error


class _Pinned:
    """A backend of httpcore that connects to given IP addresses, whatever host it is asked for."""

    def __init__(self, machines: Sequence[str], backend: NetworkBackend | None, *, deadline: Deadline) -> None:
        import httpcore

        self._machines = machines[:_MAX_CONNECTS]
        self._backend = backend or httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 (all of it is httpcore's signature)
        port: int,
        *,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,  # noqa: ARG002
        socket_options: object = None,  # noqa: ARG002
    ) -> _Timed:
        """Connect to the first that answers."""
        import httpcore

        failed: Exception = httpcore.ConnectError("there is no machine to connect to")
        for machine in self._machines:
            try:
                stream = self._backend.connect_tcp(machine, port, min(_CONNECT_S, self._deadline.left()))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Timed(stream, self._deadline)
        raise failed


class _Timed:
    """A stream of httpcore of which every step ends by the deadline: one byte a second would satisfy any timeout."""

    def __init__(self, stream: NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str,
        *,
        timeout: float | None = None,  # noqa: ARG002
    ) -> _Timed:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, self._deadline.left()), self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _in_time(ask: Callable[[], Sequence[str]], deadline: Deadline) -> Sequence[str] | Exception:
    """Return what a question to the resolver of the system comes to; it knows no limit of time, so a thread asks."""
    answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put(ask())
        except (OSError, UnicodeError) as error:
            answers.put(error)

    Thread(target=run, daemon=True).start()
    try:
        return answers.get(timeout=deadline.left())
    except queue.Empty:
        raise deadline.passed() from None


def _proxy_hint() -> str:
    """Say that a proxy is passed over where the environment names one: nothing else may lead out of this network."""
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return "; the proxy of the environment is not used, save the page and ingest the file"
    return ""
