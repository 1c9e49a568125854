"""What went wrong at a provider of chat models: whether it passes, and what to tell the user. No message holds a key.

Each provider raises its own classes, without a common base: they are told apart by their HTTP status, and where there
is none by the names of their classes. Nothing of theirs is imported.
"""

from __future__ import annotations

import os
import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urlsplit

from rag.errors import WriterFailed

if TYPE_CHECKING:
    from rag.config import Writing

_DETAIL_CHARS = 200
# Of what an error says no more is looked at: some bring a whole page.
_READ_CHARS = 10_000
_LONGEST_WAIT_S = 20.0
# Shorter values of a variable are no keys, and striking them out would blot out words.
_KEY_CHARS = 8
_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$")
_SECRET = re.compile(
    r"\b(?:(?:sk|pk|gsk|xai|nvapi|key)-|hf_|AIza)[\w*.-]{6,}"
    r"|(?<=://)\S+(?=@)"
    # The name before a value stays: a header, or what stands in the query of an address.
    r"|(?P<name>Bearer |(?:key|token|secret|password|signature)=|api[-_ ]?key['\"]?: ?['\"]?)[^\s&'\",)]+",
    re.IGNORECASE,
)
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}


def explain(error: Exception, settings: Writing, *, key_variable: str = "") -> WriterFailed:
    """Say in one line what happened and what to do; `key_variable` is where the key of the provider stands."""
    status, detail = status_of(error), one_line(error)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        what = f"did not accept the key ({status:d})"
        remedy = f"Set {key_variable or 'the variable of its key'} in the environment to one that is valid."
    elif status == HTTPStatus.NOT_FOUND:
        what, remedy = f"is not known there ({detail})", "Correct writer.model or writer.base_url."
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        what, remedy = f"takes no more requests ({detail})", "Wait a while, or look after your quota there."
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        what, remedy = f"failed ({status}: {detail})", "Ask again later."
    elif status:
        what, remedy = f"refused ({status}: {detail})", "Change what it objects to, or name another model."
    elif _is_of("Timeout", error):
        what, remedy = "took too long", "Raise writer.timeout_s, or name a faster model."
    elif _is_of("Connect", error) or _is_of("Transport", error):
        place = urlsplit(settings.base_url).netloc.rpartition("@")[2]
        what = f"cannot be reached{f' at {place}' if place else ''}, or broke off ({detail})"
        remedy = "See that it runs and that there is a network, and ask again."
    else:
        what, remedy = f"failed ({type(error).__name__}: {detail})", "Ask again, or name another model."
    return WriterFailed(f"{name_of(settings)} {what}. {remedy}")


def name_of(settings: Writing) -> str:
    """Name the writer in a sentence."""
    return "the local writer" if settings.model == "local" else settings.model


def status_of(error: Exception) -> int:
    """Return the HTTP status of an error, or 0 where it has none."""
    found = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    return found if isinstance(found, int) else 0


def passes(error: Exception) -> bool:
    """Tell whether the same request may succeed a little later."""
    status = status_of(error)
    if status:
        return status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return _is_of("Connect", error) or _is_of("Transport", error)


def wait_after(error: Exception, otherwise: float) -> float:
    """Return the seconds to wait before asking again: those of the header `Retry-After`, where there is one."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    named = str(headers.get("retry-after", ""))
    return min(float(named), _LONGEST_WAIT_S) if re.fullmatch(r"\d+(\.\d+)?", named) else otherwise


def one_line(error: Exception) -> str:
    """Return what an error says, on one line and without keys."""
    said = " ".join(str(error)[:_READ_CHARS].split())
    text = without_secrets(said or type(error).__name__).rstrip(".")
    return text if len(text) <= _DETAIL_CHARS else f"{text[:_DETAIL_CHARS]}…"


def without_secrets(text: str) -> str:
    """Strike out the keys of the environment, also as they stand in an address, and whatever looks like a key.

    >>> without_secrets("GET https://me:pa/ss@host/v1?key=abc failed")
    'GET https://…@host/v1?key=… failed'
    """
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= _KEY_CHARS:
            for form in (value, quote(value), quote(value, safe=""), quote_plus(value)):
                text = text.replace(form, "…")
    return _SECRET.sub(r"\g<name>…", text)


def _is_of(kind: str, error: Exception) -> bool:
    return any(kind in base.__name__ for base in type(error).__mro__)
