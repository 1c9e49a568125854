"""Whether a Chroma server is there at all: its client raises classes of several libraries, and waits for ever."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException

from rag.errors import StorageFailed

# One that fifty threads asked took more than five seconds to answer.
_KNOCK_S = 30.0


def knock(url: str) -> None:
    """Make sure that a server answers, whatever it says.

    Raises:
        StorageFailed: it is not there, or says nothing for half a minute.
    """
    try:
        with urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=_KNOCK_S):  # noqa: S310 (http, by rag/config.py)
            pass
    except urllib.error.HTTPError:
        pass  # it may want credentials, which Chroma's client has
    except (OSError, HTTPException) as error:
        raise unreachable(url, error) from error


def unreachable(url: str, error: Exception) -> StorageFailed:
    """Return the error that says that a server cannot be used, and what to do."""
    host = url.partition("://")[2]
    told = " ".join(str(error).split())
    return StorageFailed(
        f"the Chroma server at {url}, which keeps the vectors of this index, cannot be used ({told}). Start it "
        f"(chroma run --path FOLDER, so that it listens on {host}), or go back to the folder of the index: empty "
        "vectors.url and run footnote rebuild, which embeds nothing again."
    )
