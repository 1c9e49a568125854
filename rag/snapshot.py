"""A copy of an index in one file, and an index from such a copy.

The file is the library, from which everything else can be made. Conversations are no part of it.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.errors import ConfigError, IndexDamaged, IndexMismatch, StorageFailed
from rag.files import sync
from rag.indexes import Fingerprint, Layout, no_index
from rag.library import Library
from rag.writer import writing

if TYPE_CHECKING:
    from pathlib import Path

    from rag.config import Config


def snapshot(root: Path, file: Path) -> None:
    """Copy an index, as it stands at one moment, into a new file. Readers and a writer go on meanwhile.

    Raises:
        ConfigError: the file is there already.
        IndexDamaged: the library is damaged; no copy of it is kept.
        IndexMissing: there is no index.
        StorageFailed: it cannot be written; nothing is left of it then.
    """
    layout = Layout(root)
    if not layout.library.is_file():
        raise no_index(root)
    if file.exists():
        raise ConfigError(f"{file} is there already and is kept. Name a file that does not exist yet.")
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        unfinished.touch()  # SQLite would blame the library for a place that cannot be written
        with closing(Library(layout.library)) as library:
            library.copy_to(unfinished)
        _keep(unfinished, file)
    except OSError as error:
        raise StorageFailed(f"{file} could not be written: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def restore(file: Path, root: Path, *, config: Config) -> None:
    """Make an index what it was when the snapshot was taken. Readers see the one or the other, and never wait.

    Nothing is embedded. The index is made where there is none.

    Raises:
        IndexBusy: another process is writing to the index.
        IndexDamaged: the file is no snapshot, or a damaged one; the index stays as it is.
        IndexMismatch: the snapshot was made with other settings.
    """
    if not file.is_file():
        raise ConfigError(f"there is no file {file}. Name one that `footnote snapshot` wrote.")
    _check_settings(file, config)
    with writing(root, config, purpose="footnote restore", create=True, any_fingerprint=True) as writer:
        copy = writer.layout.incoming
        try:
            shutil.copyfile(file, copy)
            with closing(Library(copy, writing=True)) as incoming:
                _prepare(incoming, file)
                writer.adopt(incoming, copy, fingerprint=Fingerprint.of(config))
        except OSError as error:
            raise StorageFailed(f"{file} could not be restored: {error.strerror or error}. Nothing changed.") from error
        except (KeyError, TypeError, ValueError) as error:  # from what a row says that no library of ours would
            raise IndexDamaged(f"{file} is damaged ({error}). Restore another snapshot; nothing changed.") from error


def _check_settings(file: Path, config: Config) -> None:
    """Hold a snapshot against the settings in force, before anything is made or changed."""
    try:
        with closing(Library(file)) as library:
            stored = Fingerprint.stored(library)
    except (IndexDamaged, StorageFailed, KeyError, TypeError, ValueError) as error:
        raise IndexDamaged(
            f"{file} is no snapshot, or a damaged one. Name one that `footnote snapshot` wrote."
        ) from error
    if stored is None:
        raise IndexDamaged(f"{file} is no snapshot of an index. Name one that `footnote snapshot` wrote.")
    wanted = Fingerprint.of(config)
    if replace(stored, schema=wanted.schema) != wanted:
        raise IndexMismatch(
            f"{file} was made with [{stored}], but the settings in force are [{wanted}]. Restore it with the settings "
            "that it was made with (--set), and bring it to others with `footnote rebuild` then."
        )


def _prepare(library: Library, file: Path) -> None:
    """Bring a snapshot to the present schema, without what was half in or half out, and see that it is whole."""
    try:
        library.update_schema()
        library.forget(library.hidden())
        problems = library.problems()
    except IndexDamaged as error:  # whose advice is for a library in use
        problems = [str(error.__cause__)]
    if problems:
        raise IndexDamaged(f"{file} is damaged: {'; '.join(problems)}. Restore another snapshot; nothing changed.")


def _keep(unfinished: Path, file: Path) -> None:
    """Give a file that is written its name, once it is on the disk."""
    sync(unfinished)
    unfinished.rename(file)
    sync(file.parent)
