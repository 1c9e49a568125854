"""What every tab of the page works with: the assistant in force, the conversations kept, the folder of the index."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import rag
from rag.lock import refusal
from ui import store as stores
from ui.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag import Assistant
    from rag.config import Config


@dataclass(eq=False)
class Workspace:
    """An index that is asked, and the conversations about it. Safe to use from several threads.

    `bot` may be another one after any call of `reopen`: whoever does several things with it takes it once. `start` is
    the folder in which the search for `footnote.toml` begins.
    """

    bot: Assistant
    store: Store
    start: Path = field(default_factory=Path.cwd)
    _changing: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _is_own: bool = field(default=False, repr=False)  # the assistant that was handed in is somebody else's to close

    @classmethod
    def of(cls, bot: Assistant) -> Self:
        """Open the conversations that are kept beside an index; where nothing may be written, they are not kept.

        Raises:
            RecordError: their file is damaged or belongs to another program.
            StorageFailed: it cannot be opened or made.
        """
        root = bot.index.layout.root
        return cls(bot, Store(root / stores.NAME if refusal(root, bot.config) is None else None))

    @property
    def config(self) -> Config:
        """The settings in force."""
        return self.bot.config

    @property
    def root(self) -> Path:
        """The folder of the index."""
        return self.bot.index.layout.root

    def reopen(self, config: Config, *, before: Callable[[], None] | None = None) -> None:
        """Put an assistant with other settings in the place of this one.

        The old one answers to the end whatever it was asked: its files are closed when nobody holds it any more.

        Args:
            config: the settings.
            before: what must succeed before the change, as saving them; when it runs, they are known to work.

        Raises:
            FootnoteError: the settings cannot be used (a writer without its package or key, another kind of index).
                The old assistant stays in force.
        """
        with self._changing:
            fresh = rag.open(self.root, config)
            try:
                _ = fresh.writer  # what is wrong with a writer shows here and not at the first question
                if before is not None:
                    before()
            except BaseException:
                fresh.close()
                raise
            old, self.bot, self._is_own = self.bot, fresh, True
            weakref.finalize(old, old.index.close).atexit = False

    def close(self) -> None:
        """Close the conversations, and the assistant unless it is the one that was handed in."""
        if self._is_own:
            self.bot.close()
        self.store.close()
