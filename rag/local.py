"""The local writer: llama.cpp's server inside this process, on loopback, with the file of `rag/weights.py`."""

from __future__ import annotations

import atexit
import importlib.util
import secrets
import sys
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.errors import ModelMissing, WriterFailed
from rag.models import n_cores
from rag.weights import COMMAND, WEIGHTS, Weights

# Room for four passages, the instructions and the answer. Cache of attention: 28 kB a token, 170 MB in all.
_CONTEXT_TOKENS = 6144
# A written answer is a few sentences; what goes on for longer goes round in circles.
_ANSWER_TOKENS = 600
# What is kept of earlier prompts, so that rewriting a question does not cost the answer its fixed part.
_PROMPT_CACHE_MB = 512
_NEEDED_MEMORY_BYTES = 1_800_000_000


@dataclass(frozen=True, slots=True)
class Served:
    """A server that is running: where it listens, and the key without which it answers nobody."""

    base_url: str
    key: str = field(repr=False)


_starting = threading.Lock()


def check(weights: Weights = WEIGHTS) -> None:
    """See whether the local writer could be served, without doing so.

    Raises:
        ModelMissing: its file is not there or not whole, or the package that runs it is not installed.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        raise ModelMissing("the local writer needs llama.cpp; run `pip install xllamacpp`.")
    if not weights.path.is_file():
        raise ModelMissing(f"the local writer is not on this machine; run `{COMMAND}` (1.1 GB, once).")
    if weights.path.stat().st_size != weights.size:
        raise ModelMissing(f"{weights.path} is not whole. Run `{COMMAND}`, which fetches it anew.")


def serve() -> Served:
    """Start the server, unless it runs: one a process, ended with it. Loading takes a second or two.

    It reads one request at a time and keeps the prompt of the last ones, so that a new one costs only what differs.

    Raises:
        ModelMissing: as `check`, or llama.cpp cannot read the file.
        WriterFailed: there is not enough memory.
    """
    with _starting:
        return _start()[0]


@lru_cache(maxsize=1)
def _start() -> tuple[Served, Any]:
    check()
    free = _free_memory()
    if free < _NEEDED_MEMORY_BYTES:
        raise WriterFailed(
            f"the local writer needs {_NEEDED_MEMORY_BYTES / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free. "
            "Close something, or name another writer."
        )
    import xllamacpp

    key = secrets.token_urlsafe()  # other programs and web pages reach loopback, too
    try:
        server = xllamacpp.Server(_parameters(xllamacpp.CommonParams(), key))
    except RuntimeError as error:
        raise ModelMissing(f"llama.cpp cannot load {WEIGHTS.path} ({error}). Delete it and run `{COMMAND}`.") from error
    atexit.register(_start.cache_clear)  # nobody else holds the server, and losing it ends it
    return Served(f"{server.listening_address}/v1", key), server


def _parameters(parameters: Any, key: str) -> Any:  # noqa: ANN401 (xllamacpp has no types)
    parameters.model.path = str(WEIGHTS.path)
    parameters.hostnames, parameters.port, parameters.api_keys = ["127.0.0.1"], 0, [key]
    parameters.n_ctx, parameters.n_parallel, parameters.n_predict = _CONTEXT_TOKENS, 1, _ANSWER_TOKENS
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = n_cores()
    parameters.cache_prompt, parameters.cache_ram_mib = True, _PROMPT_CACHE_MB
    parameters.ui = parameters.endpoint_slots = parameters.fit_params = False
    parameters.verbosity = -1
    return parameters


def _free_memory() -> int:
    """Return how many bytes could be used without swapping; where no system says so, more than is ever needed."""
    lines = Path("/proc/meminfo")
    if not lines.is_file():
        return sys.maxsize
    found = [line.split() for line in lines.read_text("ascii").splitlines() if line.startswith("MemAvailable:")]
    return int(found[0][1]) * 1024 if found else sys.maxsize
