"""Uploaded files: which are taken, under which name, and where they are kept.

They are copied into a folder beside that of the index: `footnote-uploads/` for `.footnote`. The index's own folder
holds only what the index puts there, and nothing in it is ingested. Beside it, a copy is a file like any other: its
name in the library moves with the project; `footnote ingest .` meets it again, where it would pass over a hidden folder
and drop the documents from it; and it can be read again when a reader has learned something new.

This module knows nothing of the page, nor of the index.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from pathlib import Path
from urllib.parse import urlsplit

from ingest.readers import SUFFIXES
from ingest.sources import as_place, path_of

MAX_FILES = 50
MAX_BYTES = 100 * 1024 * 1024
# Word, Excel and PowerPoint before 2007 have readers that say what to do instead: they are taken, and not offered.
KINDS = tuple(suffix for suffix in SUFFIXES if suffix not in {".doc", ".xls", ".ppt"})

# Most file systems end a name at 255 bytes; a number must find room.
_MAX_NAME_BYTES = 150
_UNSAFE = set('<>:"|?*')
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)  # Windows opens these in every folder


def upload_folder(root: Path) -> Path:
    """Return where the uploads of an index are kept.

    >>> upload_folder(Path("project/.footnote")).relative_to(Path("project").absolute()).as_posix()
    'footnote-uploads'
    """
    place = as_place(root)
    # ".footnote" and "footnote" are two indexes and have two folders.
    hidden = place.name.startswith(".")
    return place.parent / (f"{place.name.lstrip('.') or 'footnote'}-uploads" if hidden else f"{place.name}.uploads")


def place_of(source: str, root: Path) -> str:
    """Return the file or the address that a source of an index names."""
    return source if is_address(source) else str(path_of(source, root))


def is_address(text: str) -> bool:
    """Tell whether a text is the address of a web page, and so can be no path.

    >>> is_address("https://example.org/a"), is_address("https:/etc/passwd"), is_address("file:///etc/passwd")
    (True, False, False)
    """
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"[\s\\\x00-\x1f]", text)
    except ValueError:  # as of "https://[::1"
        return False


def safe_name(given: str) -> str:
    """Make a name under which a file can be kept in one folder on any system, with the suffix that it had.

    What stands before a slash goes, as do characters that cannot be seen, dots at the beginning (such files are hidden
    and passed over) and what Windows forbids; a long name is cut.

    >>> safe_name("../../etc/Report: 2024.pdf"), safe_name("con.txt"), safe_name("")
    ('Report 2024.pdf', '_con.txt', 'document')
    """
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", given)[-1])
    name = "".join(char for char in name if char not in _UNSAFE and (char.isspace() or not _is_control(char)))
    name = unicodedata.normalize("NFC", " ".join(name.split()).strip(". ")) or "document"
    stem, suffix = _parted(name)
    room = _MAX_NAME_BYTES - len(suffix.encode())
    name = stem.encode()[:room].decode(errors="ignore").rstrip(". ") + suffix
    return f"_{name}" if _DEVICE.match(name) else name


def keep(data: bytes, folder: Path, *, name: str) -> tuple[Path, bool]:
    """Write a file into the folder of uploads, and tell whether it is new there.

    A name that other content has gets a number, `report (2).pdf`; what is there already is not written twice. `name`
    is a safe one.

    Raises:
        OSError: it cannot be written; nothing of it is left then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem, suffix = _parted(name)
    for number in itertools.count(1):
        place = folder / (name if number == 1 else f"{stem} ({number}){suffix}")
        try:
            file = place.open("xb")
        except FileExistsError:
            if place.is_file() and place.stat().st_size == len(data) and place.read_bytes() == data:
                return place, False
            continue
        try:
            with file:
                file.write(data)
        except OSError:
            place.unlink()
            raise
        return place, True
    raise AssertionError("numbers do not end")


def _is_control(char: str) -> bool:
    return unicodedata.category(char).startswith("C")


def _parted(name: str) -> tuple[str, str]:
    """Part the suffix from a name; one that is long is none."""
    stem, suffix = Path(name).stem, Path(name).suffix
    return (stem, suffix) if len(suffix.encode()) <= _MAX_NAME_BYTES // 4 else (name, "")
