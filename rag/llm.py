"""Chat models behind the seam of `rag/chat.py`: whatever LangChain's `init_chat_model` opens, and the local writer.

Each reply is read in a thread of its own, so that a model that says nothing is given up in time whatever its client
thinks of timeouts, and so that a sentence can be checked while the next is being written. No message holds a key.
"""

from __future__ import annotations

import importlib.util
import os
import re
import threading
import time
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from math import inf
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag import local
from rag.errors import ConfigError, FootnoteError, ModelMissing, WriterFailed
from rag.provider_errors import explain, name_of, one_line, passes, status_of, wait_after, without_secrets
from rag.weights import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from contextlib import AbstractContextManager

    from rag.chat import ChatModel, Message
    from rag.config import Writing

# Before the first word a request may be made again, after these seconds, or after those that the provider names.
_WAITS_S = (0.5, 2.0)
# Who asks for a key, and where LangChain looks for it. Other providers are left to complain for themselves.
_KEYS = {
    "anthropic": "ANTHROPIC_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "google_genai": "GOOGLE_API_KEY",
    "groq": "GROQ_API_KEY",
    "mistralai": "MISTRAL_API_KEY",
    "openai": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "xai": "XAI_API_KEY",
}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class _Mark:
    """What the reading thread says beside pieces of text."""


_READY, _END = _Mark(), _Mark()


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, what came of it so far, and whether anybody still wants more."""

    turns: list[tuple[str, str]]
    said: SimpleQueue[str | _Mark | Exception] = field(default_factory=SimpleQueue)
    stop: threading.Event = field(default_factory=threading.Event)


def load_chat_model(settings: Writing) -> ChatModel | None:
    """Open the chat model that the settings name, or return None for `none`. Nothing is sent, nothing is loaded.

    Raises:
        ConfigError: the name is unknown, or there is no key for it.
        ModelMissing: the package that speaks to it, or the file of the local writer, is not on this machine.
    """
    if settings.model == "none":
        return None
    if settings.model == "local":
        local.check()
        if importlib.util.find_spec("langchain_openai") is None:
            raise ModelMissing("the local writer is spoken to in OpenAI's way; run `pip install langchain-openai`.")
        return LangChainModel(
            settings,
            lambda options: _open_local(settings, options),
            turn=threading.Lock(),
            fingerprint=WEIGHTS.fingerprint,
        )
    provider, _, name = settings.model.partition(":")
    if not name:
        raise ConfigError(
            f"writer.model is {settings.model!r}; it must be none, local or provider:name, as in openai:{provider}."
        )
    model = LangChainModel(settings, lambda options: _open(provider, name, settings, options))
    model.prepare()
    return model


class LangChainModel:
    """A chat model of LangChain. Safe to call from several threads.

    `make` opens it with the options given, at the first use; `turn` is held while it replies, where it can do but one
    thing at a time (waiting for it does not count against the timeout).
    """

    def __init__(
        self,
        settings: Writing,
        make: Callable[[dict[str, Any]], Any],
        *,
        turn: AbstractContextManager[Any] | None = None,
        fingerprint: str = "",
    ) -> None:
        self.fingerprint = fingerprint or settings.model
        self._settings = settings
        self._make = make
        self._turn = turn or nullcontext()
        self._model: Any = None
        self._opening = threading.Lock()
        self._options: dict[str, Any] = {"temperature": 0}

    def prepare(self) -> Any:  # noqa: ANN401 (LangChain is not imported for its types)
        """Open the model, unless it is open."""
        with self._opening:
            if self._model is None:
                self._model = self._make(self._options)
            return self._model

    def stream(self, messages: Sequence[Message]) -> Generator[str, None, None]:
        """Yield the reply piece by piece; closing the generator stops the model. See `rag.chat.ChatModel`."""
        call = _Call([(message.role, message.text) for message in messages])
        threading.Thread(target=self._read, args=(call,), name="writer", daemon=True).start()
        timeout: float | None = None  # until the model has its turn
        try:
            while (piece := call.said.get(timeout=timeout)) is not _END:
                if isinstance(piece, Exception):
                    raise piece
                if isinstance(piece, str):
                    yield piece
                timeout = self._settings.timeout_s
        except Empty:
            name = name_of(self._settings)
            remedy = "Raise writer.timeout_s, or name a faster model."
            raise WriterFailed(f"{name} said nothing for {timeout:g} seconds. {remedy}") from None
        finally:
            call.stop.set()

    def _read(self, call: _Call) -> None:
        """Pass on what the model says until it has done or nobody listens; an error is the last that is passed on."""
        try:
            with self._turn:
                if not call.stop.is_set():
                    self.prepare()
                    call.said.put(_READY)
                    self._read_patiently(call)
            call.said.put(_END)
        except FootnoteError as error:
            call.said.put(error)
        except Exception as error:  # noqa: BLE001 (each provider has its own, without a common base)
            variable = _KEYS.get(self._settings.model.partition(":")[0], "")
            call.said.put(explain(error, self._settings, key_variable=variable))

    def _read_patiently(self, call: _Call) -> None:
        """Read the reply; while not a word has come, and there is time, ask again after what passes by itself."""
        waits, deadline = iter(_WAITS_S), time.monotonic() + self._settings.timeout_s
        while True:
            heard, options = False, self._options
            try:
                for text in self._texts(call):
                    heard = True
                    call.said.put(text)
            except Exception as error:
                if heard:
                    raise
                if self._without_temperature(error, options):
                    continue
                wait = next(waits, inf) if passes(error) else inf
                wait = wait_after(error, wait) if wait < inf else inf
                if time.monotonic() + wait >= deadline or call.stop.wait(wait):
                    raise
            else:
                if heard or call.stop.is_set():
                    return
                raise WriterFailed(f"{name_of(self._settings)} replied without a word. Name another model.")

    def _texts(self, call: _Call) -> Iterator[str]:
        """Yield what one request brings; leaving it closes the connection, at which a provider stops writing."""
        extra: dict[str, Any] = {}
        if self._settings.model == "local":
            extra = {"extra_body": {"cache_prompt": True}}
        with closing(self.prepare().stream(call.turns, **extra)) as chunks:
            for chunk in chunks:
                if call.stop.is_set():
                    return
                if text := str(chunk.text):
                    yield text

    def _without_temperature(self, error: Exception, options: dict[str, Any]) -> bool:
        """Give up the temperature, if that is what the model objects to (those that reason take none).

        `options` are those of the request that failed: another thread may have given the temperature up meanwhile.
        """
        if status_of(error) != HTTPStatus.BAD_REQUEST or not options or "temperature" not in str(error):
            return False
        with self._opening:
            if self._options:
                self._options, self._model = {}, None
        return True


def _open(provider: str, name: str, settings: Writing, options: dict[str, Any]) -> Any:  # noqa: ANN401
    """Open a model through LangChain; that it retries by itself is switched off, since we do."""
    options = {**options, "max_retries": 0, "timeout": settings.timeout_s}
    variable = _KEYS.get(provider, "")
    if settings.base_url:
        options["base_url"] = settings.base_url
    if variable and not os.environ.get(variable):
        if not settings.base_url:
            raise ConfigError(f"{settings.model} needs a key: set {variable} in the environment.")
        options["api_key"] = "none"  # many servers of one's own ask for none, but their clients do
    at_home = _host(settings.base_url) in _LOOPBACK
    if provider == "openai" and at_home:
        options["http_client"] = _direct_client()
    if provider == "ollama":  # it hears of a timeout through its client alone
        options["client_kwargs"] = {"timeout": settings.timeout_s, "trust_env": not (at_home or not settings.base_url)}
    return _init(provider, name, options)


def _host(base_url: str) -> str | None:
    try:
        return urlsplit(base_url).hostname
    except ValueError as error:
        seen = without_secrets(base_url)
        raise ConfigError(f"writer.base_url is {seen!r} ({error}); write it as http://localhost:8000/v1.") from None


def _open_local(settings: Writing, options: dict[str, Any]) -> Any:  # noqa: ANN401
    served = local.serve()
    settled = {"base_url": served.base_url, "api_key": served.key, "http_client": _direct_client()}
    plain = {"max_retries": 0, "timeout": settings.timeout_s, "use_responses_api": False, "openai_proxy": ""}
    return _init("openai", WEIGHTS.name, {**options, **settled, **plain})


def _direct_client() -> Any:  # noqa: ANN401
    """Return a client that goes to loopback directly, whatever proxy the environment names."""
    try:
        import openai
    except ImportError as error:
        raise ModelMissing("this writer is spoken to in OpenAI's way; run `pip install langchain-openai`.") from error
    return openai.DefaultHttpxClient(trust_env=False)


def _init(provider: str, name: str, options: dict[str, Any]) -> Any:  # noqa: ANN401
    from langchain.chat_models import init_chat_model

    try:
        return init_chat_model(name, model_provider=provider, **options)
    except ImportError as error:
        named = re.search(r"pip install [\w-]+", str(error))
        line = named.group() if named else f"pip install langchain-{provider.replace('_', '-')}"
        raise ModelMissing(f"the package that speaks to {provider} is not installed; run `{line}`.") from error
    except Exception as error:  # noqa: BLE001 (as above)
        known = "Unsupported provider" not in str(error)
        what = f"cannot be opened: {one_line(error)}" if known else f"names a provider, {provider!r}, that is not known"
        raise ConfigError(
            f"writer.model {provider}:{name} {what}. It must be provider:name, as openai:…, anthropic:… or ollama:…."
        ) from None
