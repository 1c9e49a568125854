"""Settings: `footnote.toml` < `FOOTNOTE_*` environment < what the caller gives.

    [search]                       the same as        FOOTNOTE_SEARCH_LIMIT=20
    limit = 20                                        Config.load(overrides={"search.limit": 20})

`footnote.toml` is looked for in the working directory and then upward. An unknown key is an error that names the
nearest known one. Secrets are never settings: they stay in the environment variables of their libraries.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import tomllib
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints
from urllib.parse import urlsplit

from rag.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "footnote.toml"
ENVIRONMENT = "FOOTNOTE_"
# Variables of this prefix that are no settings: where benchmark data lies.
_OTHER_VARIABLES = {"FOOTNOTE_BENCH_DATA", "FOOTNOTE_AUTH"}

DEFAULT_EMBEDDING = "all-MiniLM-L6-v2"
_KINDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Embedding:
    """Which encoder turns texts into vectors.

    `model` is the default, read by onnxruntime in int8, or the name or folder of any sentence-transformers model,
    read by torch.
    """

    model: str = DEFAULT_EMBEDDING


@dataclass(frozen=True, slots=True)
class Split:
    """How documents are cut into passages.

    200 tokens and their header stay below the 256 that MiniLM was trained to read.
    """

    passage_tokens: int = 200


@dataclass(frozen=True, slots=True)
class Search:
    """How passages are found: by words and by meaning (`hybrid`), or by one of the two.

    Each leg brings `candidates`; of the fused list, at most `passages_per_document` of one document, the reader reads
    and ranks `limit`. Ten are enough: with twenty the right passage came first no more often (SQuAD's held-out articles
    .879, news .859 of the questions that fitted the ranking), and twice as much is read.
    `dense_weight` is the vote of meaning beside 1 for words. For a Chinese question it is `dense_weight_chinese`, since
    the default encoder knows no Chinese: on CMRC's train split words alone put the right paragraph first for 93 % of
    the questions, with a vote of 0.1 for meaning 85 %, with a vote of 1 41 %. Raise it with an encoder that does.
    """

    mode: Literal["hybrid", "lexical", "dense"] = "hybrid"
    candidates: int = 50
    limit: int = 10
    passages_per_document: int = 5
    dense_weight: float = 1.0
    dense_weight_chinese: float = 0.01


@dataclass(frozen=True, slots=True)
class Reading:
    """Which reader ranks passages, finds answers and checks support: `default`, our own, or `none`."""

    model: Literal["default", "none"] = "default"


@dataclass(frozen=True, slots=True)
class Answering:
    """How much is answered: at most `sentences` quotes, and only so surely that few answers are wrong.

    `max_wrong` is the share of answers that were wrong, at most, on the questions that calibrated the reader: the
    confidence below which a question is refused follows from it. Lower it to refuse more; 1 refuses nothing.
    """

    sentences: int = 3
    max_wrong: float = 0.4


@dataclass(frozen=True, slots=True)
class Writing:
    """Which chat model writes the answer from the passages; each of its sentences is checked before it is shown.

    `model` is `none` (the answer consists of quotations), `local`, or a name that LangChain's `init_chat_model` knows
    (`anthropic:…`, `openai:…`, `ollama:…`). `base_url` is where an OpenAI-compatible server listens, if not at the
    provider's. The model is shown `passages` passages, and given up after `timeout_s` seconds without a word.
    """

    model: str = "none"
    base_url: str = ""
    passages: int = 4
    timeout_s: float = 120.0


@dataclass(frozen=True, slots=True)
class VectorStore:
    """Where the vectors of an index lie: in its folder, or on a Chroma server (`chroma run`) at `url`.

    A folder is for one process at a time that writes and for readers that open it anew after each change; a server
    takes questions from any number of processes. `url` is as http://127.0.0.1:8000. An index is brought from one to the
    other by `footnote rebuild`, which embeds nothing.
    """

    url: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings. `index` is the folder of the default index; `read_only` refuses whatever would change an index."""

    index: str = ".footnote"
    read_only: bool = False
    embedding: Embedding = field(default_factory=Embedding)
    split: Split = field(default_factory=Split)
    vectors: VectorStore = field(default_factory=VectorStore)
    search: Search = field(default_factory=Search)
    reader: Reading = field(default_factory=Reading)
    answer: Answering = field(default_factory=Answering)
    writer: Writing = field(default_factory=Writing)

    @classmethod
    def load(
        cls,
        overrides: Mapping[str, Any] | None = None,
        *,
        start: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Config:
        """Collect the settings in force.

        `overrides` maps dotted keys to values and wins; `start` is where the search for the file begins (the working
        directory); `environment` stands in for the process's own.

        Raises:
            ConfigError: a key is unknown, or a value has another type or is out of range.
        """
        config = cls()
        path = find_file(start or Path.cwd())
        if path is not None:
            for key, value in _flatten_table(_read_toml(path)):
                config = _set(config, key, value, origin=str(path))
            config = replace(config, index=str(path.parent / config.index))
        environment = os.environ if environment is None else environment
        for variable, text in sorted(environment.items()):
            if variable.startswith(ENVIRONMENT) and variable not in _OTHER_VARIABLES:
                config = _set(config, _key_of(variable), from_text(text), origin=f"environment variable {variable}")
        for key, value in (overrides or {}).items():
            config = _set(config, key, value, origin="the settings given")
        return config

    def digest(self) -> str:
        """Return eight characters that change with any setting that an answer may depend on.

        Where the index and its vectors lie and whether they may be written are none of these.
        """
        return hashlib.sha256(repr(self.for_own_use(index="")).encode()).hexdigest()[:8]

    def for_own_use(self, index: str) -> Config:
        """Return the same settings for an index of somebody's own: in its folder alone, and to be written."""
        return replace(self, index=index, read_only=False, vectors=VectorStore())


def keys() -> dict[str, Any]:
    """Return every setting by its dotted key, with its default."""
    return dict(flatten(Config()))


def flatten(part: Any, prefix: str = "") -> list[tuple[str, Any]]:  # noqa: ANN401 (any of the dataclasses above)
    """Return the settings of a configuration, or of a part of one, each by its dotted key."""
    pairs: list[tuple[str, Any]] = []
    for f in fields(part):
        value = getattr(part, f.name)
        pairs += flatten(value, f"{prefix}{f.name}.") if is_dataclass(value) else [(prefix + f.name, value)]
    return pairs


def find_file(start: Path) -> Path | None:
    """Return the nearest `footnote.toml` at or above a folder."""
    folders = (start.resolve(), *start.resolve().parents)
    return next((folder / FILE for folder in folders if (folder / FILE).is_file()), None)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}. Correct the file or move it away.") from error


def _flatten_table(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, value in table.items():
        pairs += _flatten_table(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return pairs


def _key_of(variable: str) -> str:
    """Return the dotted key of an environment variable: `FOOTNOTE_SEARCH_LIMIT` is `search.limit`."""
    name = variable.removeprefix(ENVIRONMENT).lower()
    return next((key for key in keys() if key.replace(".", "_") == name), name)


def from_text(text: str) -> Any:  # noqa: ANN401 (what a TOML value can be)
    """Read an environment variable as TOML reads a value, but `True` as `true`; what is no TOML value is a string."""
    try:
        return tomllib.loads(f"value = {text.lower() if text in {'True', 'False'} else text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _set(config: Config, key: str, value: Any, *, origin: str) -> Config:  # noqa: ANN401
    defaults = keys()
    if key not in defaults:
        near = difflib.get_close_matches(key, defaults, n=1, cutoff=0)
        raise ConfigError(f"unknown setting {key!r} in {origin}; did you mean {near[0]!r}?")
    head, _, tail = key.rpartition(".")
    part: Any = getattr(config, head) if head else config
    checked = _check(get_type_hints(type(part))[tail], key, value, origin=origin)
    changed: Any = replace(part, **{tail: checked})
    whole: Config = replace(config, **{head: changed}) if head else changed
    return whole


def _check(kind: Any, key: str, value: Any, *, origin: str) -> Any:  # noqa: ANN401
    choices = get_args(kind)
    if choices and value not in choices:
        raise ConfigError(f"{key} in {origin} is {value!r}; it must be one of {', '.join(choices)}.")
    wanted = type(choices[0]) if choices else kind
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        raise ConfigError(f"{key} in {origin} is {value!r}; it must be {_KINDS[wanted]}, as {keys()[key]!r}.")
    if key == "vectors.url":
        return _check_url(value, origin=origin)
    return _check_range(wanted, key, value, origin=origin)


def _check_range(kind: Any, key: str, value: Any, *, origin: str) -> Any:  # noqa: ANN401
    if key == "answer.max_wrong" and not 0 <= value <= 1:
        raise ConfigError(f"{key} in {origin} is {value}; it must lie between 0 and 1.")
    if kind is float and value < 0:
        raise ConfigError(f"{key} in {origin} is {value}; it must be 0 or more.")
    if kind is int and value < 1:
        raise ConfigError(f"{key} in {origin} is {value}; it must be 1 or more.")
    return value


def _check_url(url: str, *, origin: str) -> str:
    """Return the address of a server in one form, without a slash at its end."""
    try:
        parts = urlsplit(url)
        named = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        parts, named = urlsplit(""), False
    if "@" in url:  # also where a flaw keeps the rest from being read: a message must not show it
        raise ConfigError(
            f"vectors.url in {origin} holds a name or a password. Leave them out: secrets are taken from the "
            "environment (docs/scale.md)."
        )
    if url and (not named or parts.query or parts.fragment):
        raise ConfigError(f"vectors.url in {origin} is {url!r}; it must be as http://127.0.0.1:8000, or empty.")
    return url.rstrip("/")
