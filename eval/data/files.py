"""Where the data lie, how a packed file is read, and where in a document a quote stands."""

from __future__ import annotations

import argparse
import gzip
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.types import Example, GoldEvidence, Split
from rag.errors import DataMissing
from rag.text import normalise
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_FOLDER = "../shared/data"

Loaded = tuple[list[Document], list[Example]]


def data_folder(given: Path | None) -> Path:
    """Return the folder of the public data: the one given, else FOOTNOTE_BENCH_DATA, else `../shared/data`.

    That it is there is checked by whoever reads from it.
    """
    return given or Path(os.environ.get("FOOTNOTE_BENCH_DATA") or DEFAULT_FOLDER)


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with what all measuring programs take: the folder of the data."""
    parser = argparse.ArgumentParser(description=description)
    default = data_folder(None)
    parser.add_argument("--data", type=Path, default=default, help="folder of the public data (%(default)s)")
    return parser


def choose(split: str | None, *has: Split) -> Split:
    """Return the split that is asked for; without a wish, the first of those there are.

    Raises:
        DataMissing: the data have no such split.
    """
    for one in has:
        if split in {None, one}:
            return one
    raise DataMissing(f"there is no split {split!r} of these data; name one that there is: {', '.join(has)}.")


def read_json(path: Path) -> Any:  # noqa: ANN401 (a foreign format)
    """Read a packed JSON file.

    Raises:
        DataMissing: it is not there.
    """
    with gzip.open(_there(path), "rt", encoding="utf-8") as file:
        return json.load(file)


def read_lines(path: Path) -> Iterator[Any]:
    """Yield the values of a packed file with a JSON value a line.

    Raises:
        DataMissing: it is not there.
    """
    with gzip.open(_there(path), "rt", encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


def whole(document: Document) -> GoldEvidence:
    """Return a document as evidence, without saying where in it."""
    return GoldEvidence(document.id, document.title)


def place(document: Document, quote: str, *, near: int = 0) -> GoldEvidence | None:
    """Return where a quote stands in a document, nearest to an offset; None where it does not.

    The offsets of the data count characters of the text before it was normalised, and some are wrong.
    """
    quote = normalise(quote)
    # The last occurrence that begins at `near` or before it, and the first that begins there or after it.
    starts = (document.text.rfind(quote, 0, near + len(quote)), document.text.find(quote, near))
    there = [start for start in starts if start >= 0]
    if not there or not quote:
        return None
    start = min(there, key=lambda start: abs(start - near))
    return GoldEvidence(document.id, document.title, start, start + len(quote), quote)


def unused(name: str, used: set[str]) -> str:
    """Return a name that is not in use, with a number where it already is, and note that it now is.

    >>> unused("a", {"a", "b"})
    'a#2'
    """
    number, free = 1, name
    while free in used:
        number += 1
        free = f"{name}#{number}"
    used.add(free)
    return free


def _there(path: Path) -> Path:
    if not path.is_file():
        raise DataMissing(
            f"{path} is not there; name the folder of the public data with --data DIR or FOOTNOTE_BENCH_DATA."
        )
    return path
