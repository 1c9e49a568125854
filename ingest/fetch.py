"""Addresses to bytes: what is fetched, from where, how much of it, and what becomes of everything else.

Only https:// is asked, of machines of the open Internet, for what a reader can read, as far as the site's robots.txt
lets programs ask. Each redirect is a new address and is held against all of this again. Nothing is sent but the
address and the name of this program; no cookie is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

from ingest import kinds, robots
from ingest.addresses import canonical, shown
from ingest.guard import brief
from ingest.wire import Deadline, Network, Reply, opened
from rag.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

_AGENT = "Footnote"
_OK, _CLIENT_ERRORS, _TOO_OFTEN = {200, 203}, range(400, 500), 429
_REDIRECTS = {301, 302, 303, 307, 308}
_STAYS = "what the index holds of it stays until it is removed"
_REFUSALS = {
    401: "is not for everybody: the server asks who you are (HTTP 401)",
    402: "is not for everybody: the server asks for payment (HTTP 402)",
    403: "is not for everybody, or not for programs (HTTP 403)",
    404: f"is not there (HTTP 404); {_STAYS}",
    410: f"is gone (HTTP 410); {_STAYS}",
    _TOO_OFTEN: "was asked for too often (HTTP 429); try again later",
    451: "is withheld for legal reasons (HTTP 451)",
}

# What is true of a whole site, so that its robots.txt need not be named.
_OF_ALL = ("cannot be reached", "cannot be trusted", "is on a machine", "took longer")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a single address may cost: bytes (packed and unpacked), seconds for all of it, and redirects."""

    size: int = 32_000_000
    seconds: float = 60.0
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address holds: bytes of the kind that `suffix` names, and the address where they were in the end."""

    data: bytes
    address: str
    suffix: str


class Fetcher:
    """Fetches addresses, from one thread. It reads the robots.txt of each site once: use a new one for each run.

    Args:
        limits: what one address may cost.
        network: what connections are made of; another one is for tests.
    """

    def __init__(self, limits: Limits | None = None, network: Network | None = None) -> None:
        self._limits = limits or Limits()
        self._network = network or Network()
        self._sites: dict[str, list[robots.Rule] | str] = {}

    def fetch(self, address: str) -> Fetched:
        """Fetch what an address holds.

        Raises:
            DocumentError: the address, a redirect, the machine, the site or what it answers is refused, or it failed.
        """
        return self._follow(address, self._take, deadline=Deadline(self._limits.seconds), is_page=True)

    def _follow(self, address: str, take: Callable[[Reply, str], T], *, deadline: Deadline, is_page: bool) -> T:
        """Follow redirects to an answer that is none, and return what is taken from that."""
        way = [canonical(address)]
        while True:
            url = way[-1]
            try:
                self._check(url)
                if is_page:
                    self._ask_site(url, deadline)
                with opened(url, self._network, headers=_headers(), deadline=deadline) as reply:
                    if reply.status not in _REDIRECTS:
                        return take(reply, url)
                    following = _target(reply, url)
            except DocumentError as error:
                if len(way) == 1:
                    raise
                raise DocumentError(f"leads to {url}, which {error}") from error
            if following in way:
                raise DocumentError(f"leads in a circle, by way of {following}")
            if len(way) > self._limits.redirects:
                raise DocumentError(f"is passed on more than {self._limits.redirects} times, at last to {following}")
            way.append(following)

    def _check(self, url: str) -> None:
        """Refuse an address that is not to be asked, whoever stands behind it."""
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.netloc not in self._network.exempt:
            secure = f"https{url.removeprefix('http')}"
            raise DocumentError(f"is not encrypted: anybody on the way could have changed it; try {secure}")

    def _ask_site(self, url: str, deadline: Deadline) -> None:
        """Hold an address against the robots.txt of its site."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self._sites:
            try:
                self._sites[site] = self._follow(f"{site}/robots.txt", _rules, deadline=deadline, is_page=False)
            except DocumentError as error:
                reason = str(error)
                self._sites[site] = reason if reason.startswith(_OF_ALL) else f"has a robots.txt that {reason}"
        rules = self._sites[site]
        if isinstance(rules, str):
            raise DocumentError(rules)
        if not robots.is_allowed(url.removeprefix(site), rules):
            raise DocumentError(f"is not for programs: {site}/robots.txt forbids to fetch it")

    def _take(self, reply: Reply, url: str) -> Fetched:
        if reply.status not in _OK:
            raise DocumentError(_refusal(reply.status))
        suffix = kinds.suffix_of(reply.headers, url)
        data = reply.body(self._limits.size)
        if suffix in kinds.TEXTS:
            data = kinds.as_utf8(data, reply.headers.get_content_charset(""))
        return Fetched(data, url, suffix)


def _rules(reply: Reply, _url: str) -> list[robots.Rule]:
    """Return the rules of a robots.txt: none where there is none. One that cannot be had forbids all (RFC 9309)."""
    if reply.status in _CLIENT_ERRORS and reply.status != _TOO_OFTEN:
        return []
    if reply.status not in _OK:
        raise DocumentError(f"cannot be had (HTTP {reply.status}), so that nothing of it is fetched; try again later")
    text = reply.beginning(robots.MAX_BYTES).decode("utf-8", errors="replace")
    return robots.rules_for(_AGENT, text)


def _refusal(status: int) -> str:
    """Say what a status means for somebody who wanted the page."""
    failed = f"cannot be had: the server failed (HTTP {status}); try again later"
    return _REFUSALS.get(status) or (failed if status >= _CLIENT_ERRORS.stop else f"cannot be had (HTTP {status})")


def _target(reply: Reply, url: str) -> str:
    """Return where a redirect leads, in its canonical spelling."""
    location = str(reply.headers.get("Location", "")).strip()
    if not location:
        raise DocumentError(f"is passed on (HTTP {reply.status}), and the server does not say where to")
    try:
        # Headers are bytes; those of an address are most often UTF-8.
        target = urljoin(url, location.encode("latin-1").decode("utf-8", errors="replace"))
    except ValueError as error:
        raise DocumentError(f"is passed on to what is no address: {brief(shown(location))}") from error
    try:
        return canonical(target)
    except DocumentError as error:
        raise DocumentError(f"leads to {brief(shown(target))}, which {error}") from error


@cache
def _headers() -> dict[str, str]:
    """Return what is sent beside the address: who asks, and for what."""
    installed = next(iter(metadata.distributions(name="footnote")), None)
    agent = f"{_AGENT}/{installed.version}" if installed else _AGENT
    return {"User-Agent": agent, "Accept": "text/html, application/xhtml+xml, application/pdf, text/*, */*;q=0.5"}
