"""What the browser's tests and the pictures have in common: a small index, chat models with a script, a server."""

from __future__ import annotations

import contextlib
import io
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from reportlab.pdfgen.canvas import Canvas

import rag
from ingest import ingest
from ui.web import start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rag.chat import ChatModel, Message
    from ui.web import Page

FIELDS = "Which fields does Li Yuju name?"
DELEGATION = "Who took part in the deliberation of the Jiangsu delegation?"
NARROWED = "According to China Daily, who leads work on core technologies?"
CHINESE = "发言的六位江苏代表是谁？"
UNKNOWN = "What is the boiling point of tungsten?"
DISPUTED = "How much did the bridge over the Elva cost?"
IN_PDF = "How many kilowatts does the tide mill of Sund deliver?"

_BRIDGE = {
    "coast.md": ("The Elva is bridged", "Coast Post", "2024-03-04", "The bridge over the Elva cost $45 million."),
    "inland.md": ("A bridge and its bill", "Inland News", "2024-03-05", "The bridge over the Elva cost $52 million."),
}
_MORE = "It is open to carts and bicycles, and closed to lorries while the river is in flood."


def make_index(folder: Path) -> Path:
    """Make an index of the documents that ship, and of two that disagree; return where it is."""
    articles = folder / "articles"
    articles.mkdir(parents=True)
    for name, (title, publisher, day, text) in _BRIDGE.items():
        head = f"title: {title}\npublisher: {publisher}\npublished: {day}\nlanguage: en"
        (articles / name).write_text(f"---\n{head}\n---\n\n{text} {_MORE}\n", "utf-8")
    shutil.copytree(rag.app.CORPUS, folder / "corpus")
    root = folder / ".footnote"
    ingest([folder / "corpus", articles], root, config=rag.Config())
    return root


def pdf() -> bytes:
    """Draw two pages, of which the second holds what `IN_PDF` asks for."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(420, 595), invariant=1)
    canvas.setTitle("The tide mill of Sund")
    pages = (
        ("The tide mill of Sund", "The mill stands where the sound is narrowest.", "It was built of oak and slate."),
        ("What it delivers", "The tide mill of Sund delivers 75 kilowatts.", "That is enough for forty houses."),
    )
    for head, *lines in pages:
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(50, 520, head)
        canvas.setFont("Helvetica", 11)
        for n, line in enumerate(lines):
            canvas.drawString(50, 490 - 18 * n, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


class Typist:
    """Writes the reply that goes with a question, a few characters at a time, and tells when it was stopped.

    `replies` are by words of the question. `pause` is how long it takes for some characters, in seconds.
    """

    fingerprint = "scripted"

    def __init__(self, replies: Mapping[str, str], *, pause: float = 0.02) -> None:
        self.replies = replies
        self.pause = pause
        self.stopped = threading.Event()

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        asked = messages[-1].text.rpartition("Question: ")[2]
        reply = next(reply for words, reply in self.replies.items() if words in asked)
        try:
            for start_at in range(0, len(reply), 7):
                time.sleep(self.pause)
                yield reply[start_at : start_at + 7]
        except GeneratorExit:
            self.stopped.set()
            raise


LONG = "How does Li Yuju describe the fields of future industries?"
ENDLESS = "What did Li Yuju say of government and market?"
REPLIES = {
    FIELDS: "Li Yuju names artificial intelligence, hydrogen energy storage, new materials, new energy and life "
    "sciences [1]. Aerospace is named as well [1].",
    LONG: "Li Yuju called future industries crucial forces for rebuilding the landscape of innovation worldwide [1]. "
    "Li Yuju pointed out that major powers now compete with each other in future industries as new areas [1]. "
    "They compete in 90 fields [1]. Li Yuju said that these fields need proactive strategies, planning for the long "
    "term and extraordinary measures if a competitive edge is to be secured [1].",
    ENDLESS: "Li Yuju called for the roles of government and market to be exerted fully [1]. " * 400,
}


class House:
    """An index in a folder of its own and the page that serves it; can be closed and opened again at its address."""

    def __init__(self, folder: Path, writer: ChatModel | None = None) -> None:
        self.folder = folder
        self.writer = writer
        self.port = 0
        self.open()

    @property
    def root(self) -> Path:
        """Where the index is."""
        return self.folder / ".footnote"

    @property
    def url(self) -> str:
        """The address of the page, with a slash at its end."""
        return self.page.local_url

    def open(self) -> None:
        """Serve it, where it was served before."""
        with contextlib.chdir(self.folder):
            self.bot = rag.open(self.root, rag.Config.load(start=self.folder), writer=self.writer)
            self.page: Page = start(self.bot, port=self.port)
        self.port = int(self.url.rstrip("/").rpartition(":")[2])

    def close(self) -> None:
        """Serve it no more."""
        self.page.close()
        self.bot.close()


def copied(index: Path, folder: Path) -> Path:
    """Copy the folder that `make_index` made an index in, to be changed."""
    return Path(shutil.copytree(index.parent, folder))
