"""Errors of the libraries that read files, and of the files themselves, as short reasons for people."""

from __future__ import annotations

from contextlib import contextmanager
from textwrap import shorten
from typing import TYPE_CHECKING

from rag.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_CHARS = 100
# What Python says of a program that met what it did not expect is no help to whoever has the file.
_OF_CODE = (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, TypeError)


@contextmanager
def guarded(reason: str) -> Iterator[None]:
    """Make a DocumentError of whatever a library raises in the block: malformed files bring up errors of any kind.

    Lack of memory is let through, so that the sandbox can tell of it.

    Raises:
        DocumentError: with `reason` and what the library says of the file, or one that was raised in the block.
    """
    try:
        yield
    except (DocumentError, MemoryError):
        raise
    except RecursionError as error:
        raise DocumentError(f"{reason}: it is nested too deeply") from error
    except Exception as error:
        said = "" if isinstance(error, _OF_CODE) else brief(error)
        raise DocumentError(f"{reason} ({said})" if said else reason) from error


def brief(words: object) -> str:
    """Write the words of a file or a library on one line of at most 100 characters.

    >>> brief("no  such part"), len(brief("x" * 1000))
    ('no such part', 100)
    """
    line = shorten(str(words), _MAX_CHARS, placeholder=" …")
    return line if line != "…" else f"{str(words).strip()[: _MAX_CHARS - 1]}…"
