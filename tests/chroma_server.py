"""A Chroma server of a test's own, as `chroma run` starts one."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
PROGRAM = Path(sys.executable).with_name("chroma")  # beside the interpreter that has the package
_PATIENCE_S = 60


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])


@contextmanager
def chroma_server(folder: Path, *, port: int = 0) -> Iterator[str]:
    """Serve the vectors kept in a folder; yields the address, and ends the server."""
    port = port or free_port()
    url = f"http://{HOST}:{port}"
    command = [PROGRAM, "run", "--path", folder, "--host", HOST, "--port", str(port)]
    with subprocess.Popen(command, cwd=folder.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait(url, server)
            yield url
        finally:
            server.terminate()
            server.wait(_PATIENCE_S)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        assert server.poll() is None, f"chroma run ended with {server.returncode}"
        try:
            with urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=5):  # noqa: S310 (our own server)
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"chroma run does not answer on {url}")
