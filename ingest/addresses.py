"""Addresses of the web: the one spelling of each, and which machines may stand behind them.

This module connects to nothing.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from rag.errors import DocumentError

# What servers and browsers take; longer ones carry data.
MAX_CHARS = 2_000
_SHOWN_CHARS = 100

_ADDRESS = re.compile(r"https?:/|[a-z][a-z\d+.-]+://", re.IGNORECASE)  # one slash: a Path has lost the other
_SLASHES = re.compile(r"^(https?):/+", re.IGNORECASE)
_USER = re.compile(r"(?<=//)[^/?#]*@")
_ESCAPE = re.compile(r"%[\da-fA-F]{2}")
_NAME = re.compile(r"[a-z\d_-]{1,63}(?:\.[a-z\d_-]{1,63})*")
# A last label like this makes a resolver read the whole as a number: 2130706433, 0177.0.0.1 and 0x7f.1 are 127.0.0.1.
_NUMBER = re.compile(r"(?:.*\.)?(?:\d+|0x[\da-f]*)")
_MAX_HOST, _MAX_PORT = 253, 65_535
_USUAL_PORTS = {"http": 80, "https": 443}

# IANA's registries of special-purpose addresses, and what is out of use. `is_global` alone depends on the version of
# Python, and takes multicast, 6to4 and the NAT64 forms of private addresses for global.
_REFUSED = [
    (ip_network(network), kind)
    for kind, networks in {
        "loopback": "127.0.0.0/8 ::1/128",
        "unspecified": "0.0.0.0/8 ::/128",
        "private": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10",
        "link-local": "169.254.0.0/16 fe80::/10",
        "carrier's": "100.64.0.0/10",
        "multicast": "224.0.0.0/4 ff00::/8",
        "disguised IPv4": "::ffff:0:0/96 ::/96 2002::/16 64:ff9b:1::/48",
        "reserved": "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4"
        " 100::/64 2001::/23 2001:db8::/32 3fff::/20",
    }.items()
    for network in networks.split()
]
_PUBLIC_IPV6 = ip_network("2000::/3")
# How a network without IPv4 writes IPv4 addresses.
_NAT64 = ip_network("64:ff9b::/96")


def is_address(name: str) -> bool:
    """Tell whether a name is an address and no path; of any scheme, so that those we do not fetch are refused as such.

    >>> is_address("https://a.example/b"), is_address("ftp://a.example"), is_address("notes/https.md")
    (True, True, False)
    """
    return bool(_ADDRESS.match(name))


def canonical(text: str) -> str:
    """Write an address in its one spelling, under which the library knows it.

    Scheme and host are in small letters, the host in ASCII, the path without `..` and with what is not ASCII escaped;
    the usual port and what follows `#` are gone.

    >>> canonical("HTTPS://Wetter.Example:443/./münchen?a=1#heute")
    'https://wetter.example/m%C3%BCnchen?a=1'

    Raises:
        DocumentError: it is none that can be fetched; the message says why.
    """
    # Slow to import, and most sources are files.
    import httpx

    text = _SLASHES.sub(r"\1://", text.strip())
    if len(text) > MAX_CHARS:
        raise DocumentError(f"is an address of {len(text):,} characters; at most {MAX_CHARS:,} are taken")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise DocumentError(f"is no address: {str(error)[:_SHOWN_CHARS]}") from error
    if url.scheme not in _USUAL_PORTS:
        raise DocumentError(f"is an address of the scheme {url.scheme[:_SHOWN_CHARS]}; only https:// is fetched")
    if url.userinfo or "@" in url.netloc.decode("ascii"):
        raise DocumentError("holds a user name or a password, which would stand in every citation; leave it out")
    host = _host(url.raw_host.decode("ascii"))
    if url.port is not None and not 0 < url.port <= _MAX_PORT:
        raise DocumentError(f"is no address: there is no port {url.port}")
    port = "" if url.port in {None, _USUAL_PORTS[url.scheme]} else f":{url.port}"
    path = url.raw_path.decode("ascii")
    if "\\" in text:
        raise DocumentError("is no address: it holds a backslash, which programs read in different ways")
    return f"{url.scheme}://{host}{port}{_ESCAPE.sub(lambda found: found[0].upper(), path)}"


def shown(text: str) -> str:
    """Write an address for people: without user name and password, and short where it is beyond all measure.

    >>> shown("https://me:secret@a.example/")
    'https://…@a.example/'
    """
    text = _USER.sub("…@", text)
    return text if len(text) <= MAX_CHARS else f"{text[:_SHOWN_CHARS]}…"


def why_refused(address: str) -> str | None:
    """Say what kind of machine an IP address is for where it is not one of the open Internet, else None.

    >>> why_refused("192.168.1.1"), why_refused("8.8.8.8"), why_refused("64:ff9b::a00:1")
    ('private', None, 'private')
    """
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip in _NAT64:
        ip = IPv4Address(int(ip) & 0xFFFFFFFF)
    kind = next((kind for network, kind in _REFUSED if ip.version == network.version and ip in network), None)
    is_open = ip.is_global if isinstance(ip, IPv4Address) else ip in _PUBLIC_IPV6
    return kind or (None if is_open else "reserved")


def _host(host: str) -> str:
    """Return a host as it is written in an address: a name, or an IP address in its usual spelling."""
    if ":" in host:
        if "%" in host:
            raise DocumentError("is no address: its host names an interface of one machine")
        return f"[{ip_address(host).compressed}]"
    name = host.removesuffix(".")
    if not _NAME.fullmatch(name) or len(name) > _MAX_HOST:
        raise DocumentError(f"is no address: {host[:_SHOWN_CHARS]!r} is no name of a host" if host else "names no host")
    if _NUMBER.fullmatch(name):
        try:
            return IPv4Address(name).compressed
        except ValueError as error:
            raise DocumentError(f"is no address: its host {name} is a number in an unusual spelling") from error
    return name
