"""What the Library tab does to an index: files and addresses in, documents out, everything read again.

This module knows nothing of the page.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from ingest import ingest, rebuild, remove
from ingest.known import file_of
from ingest.readers import SUFFIXES, hash_file
from ingest.sources import as_place, containers_of, source_name
from rag.errors import FootnoteError, IndexBusy
from rag.lock import refusal
from ui.jobs import Follower, Job, Step, Stopped
from ui.uploads import KINDS, MAX_BYTES, MAX_FILES, is_address, keep, place_of, safe_name, upload_folder
from ui.wording import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest import IngestReport
    from rag import Assistant
    from rag.config import Config
    from rag.models import Embedder
    from ui.jobs import Progress, State

_ENDS: tuple[Literal["added", "updated", "unchanged", "removed"], ...] = ("added", "updated", "unchanged", "removed")

_WORDS = {
    "limits": ("At most {} files at once, {} MB each, of these kinds: {}", "一次最多 {} 个文件，每个最大 {} MB：{}"),
    "many": ("{} are too many; at most {} are taken at once.", "共 {} 个，一次最多接受 {} 个。"),
    "large": ("has {:.1f} MB; at most {:.0f} MB are taken", "大小为 {:.1f} MB，上限为 {:.0f} MB"),
    "kind": ("is of a kind that is not read; known are {}", "此类型无法读取；可读取的类型：{}"),
    "untaken": ("could not be taken: {}", "无法接收：{}"),
    "same": ("is there already, as {}", "资料库中已有此文件：{}"),
    "numbered": ("another file has this name; kept beside it as {}", "已有同名的其他文件；另存为 {}"),
    "address": ("is no web address; paste one that begins with https://", "不是网址；请粘贴以 https:// 开头的地址"),
    "nothing": ("Paste the address of a page first.", "请先粘贴网页地址。"),
    "no_file": ("was not read from a file, and stays as it is", "不是从文件读入的，保持不变"),
    "gone": ("its file {} is gone; the document stays as it was read", "其文件 {} 已不存在；文档保持原样"),
    "left": ("its copy {} could not be deleted: {}", "其副本 {} 无法删除：{}"),
    "stopped": ("Stopped. What had been indexed by then stays.", "已停止。此前已编入索引的内容予以保留。"),
    "busy": ("Try again in a moment: {}", "索引正由另一进程写入，请稍后再试。（{}）"),
    "rebuilt": ("The index has been rebuilt", "索引已重建"),
}  # fmt: skip


class Home(Protocol):
    """What is needed of a workspace: who reads the index, where it is, and the settings that write it."""

    @property
    def bot(self) -> Assistant:
        """The assistant in force."""

    @property
    def root(self) -> Path:
        """The folder of the index."""

    @property
    def config(self) -> Config:
        """The settings in force."""


@dataclass(slots=True)
class _Plan:
    """What a job is to read: each place by its source, the name to show and a remark.

    `settled` are steps that need no reading; `copies` were made for this job.
    """

    places: dict[str, str | Path] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    settled: list[Step] = field(default_factory=list)
    copies: list[Path] = field(default_factory=list)

    # wide: what a progress of ingest is called with
    def under_way(self, done: int, _total: int, name: str) -> Job:
        """Show it while the source `name`, of which `done` come before, is being read."""
        steps = list(self.settled)
        for at, source in enumerate(self.places):
            state: State = "reading" if _is_of(name, source) else "read" if at < done else "waiting"
            steps.append(Step(self.labels.get(source, source), state, self.remarks.get(source, "")))
        return Job(tuple(steps), done, len(self.places))

    def ended(self, report: IngestReport) -> Job:
        """Show what became of everything; an address may be known to the library under another form of itself."""
        ends = dict.fromkeys(self.places, Step("", "waiting"))
        for state in _ENDS:
            ends |= {source: Step("", state, self.remarks.get(source, "")) for source in getattr(report, state)}
        ends |= {now: Step("", "renamed", former) for former, now in report.renamed}
        ends |= {source: Step("", "failed", reason) for source, reason in report.failed}
        steps = [replace(end, name=self.labels.get(s, s)) for s, end in ends.items() if end.state != "waiting"]
        return Job((*self.settled, *steps), len(self.places), len(self.places), over=True)


class Shelf:
    """The index of a workspace, to be filled and emptied; a job yields how far it has come, and last that it is over.

    What fails on purpose is said in the job and raises nothing.
    """

    def __init__(self, home: Home, *, language: str, embedder: Embedder | None = None) -> None:
        self._home = home
        self._words = Words(_WORDS, language)
        self._embedder = embedder
        self._follower = Follower()

    def limits(self) -> str:
        """Say what may be uploaded."""
        return self._words["limits"].format(MAX_FILES, MAX_BYTES // 1024**2, " ".join(KINDS))

    def stop(self) -> None:
        """End the job that is running before its next file."""
        self._follower.stop()

    def add_files(self, given: Sequence[str | Path]) -> Iterator[Job]:
        """Copy files into the folder of uploads, and bring them into the index."""
        refused = refusal(self._home.root, self._home.config)
        if refused is not None:
            yield Job(over=True, trouble=str(refused))
            return
        if len(given) > MAX_FILES:
            yield Job(over=True, trouble=self._words["many"].format(len(given), MAX_FILES))
            return
        yield Job(tuple(Step(Path(path).name, "waiting") for path in given), 0, len(given))
        hashes = {file_hash: source for source, (_, file_hash) in self._sources().items() if file_hash}
        plan = _Plan()
        for path in map(Path, given):
            try:
                self._plan_file(path, plan, hashes=hashes)
            except OSError as error:
                plan.settled.append(Step(path.name, "failed", self._words["untaken"].format(error.strerror or error)))
        yield from self._read(plan)

    def add_addresses(self, pasted: str) -> Iterator[Job]:
        """Bring web pages into the index, each named by its address; `pasted` holds one or several."""
        addresses = list(dict.fromkeys(pasted.split()))
        if not addresses or len(addresses) > MAX_FILES:
            words = self._words["many"].format(len(addresses), MAX_FILES) if addresses else self._words["nothing"]
            yield Job(over=True, trouble=words)
            return
        plan = _Plan()
        for address in addresses:  # what is no address could be a path of this machine, which is not the page's to read
            if is_address(address):
                plan.places[address] = address
            else:
                plan.settled.append(Step(address, "failed", self._words["address"]))
        yield from self._read(plan)

    def reread(self, doc_ids: Iterable[str] | None = None) -> Iterator[Job]:
        """Read the files and addresses of documents again, of all without ids; what has not changed costs little.

        A document whose file is gone stays: who wants it gone removes it. With a document of an archive, or of JSON
        lines, all others of that file are read again.
        """
        wanted = None if doc_ids is None else set(doc_ids)
        known = {s: at for s, at in self._sources().items() if wanted is None or at[0] in wanted}
        titles = self._titles([doc_id for doc_id, _ in known.values()])
        plan = _Plan(labels={source: titles.get(doc_id, source) for source, (doc_id, _) in known.items()})
        for source, (_, file_hash) in known.items():
            file = source if is_address(source) else file_of(source, self._home.root)
            if is_address(source) or (file_hash and file):
                plan.places[file] = place_of(file, self._home.root)
            elif file_hash:
                plan.settled.append(Step(plan.labels[source], "failed", self._words["gone"].format(source)))
            else:
                plan.settled.append(Step(plan.labels[source], "unchanged", self._words["no_file"]))
        yield from self._read(plan)

    def remove(self, doc_ids: Iterable[str]) -> Job:
        """Take documents out of the index, and delete the copies of those that were uploaded."""
        bot = self._home.bot
        sources = bot.index.library.places(doc_ids)
        titles = self._titles(list(sources))
        try:
            if sources:
                remove(list(sources), self._home.root, config=self._home.config)
        except (FootnoteError, OSError) as error:
            return Job(over=True, trouble=self._said(error))
        steps = [
            Step(titles.get(doc_id, theirs[0]), "removed", " ".join(filter(None, map(self._discard, theirs))))
            for doc_id, theirs in sources.items()
        ]
        return Job(tuple(steps), len(steps), len(steps), over=True)

    def rebuild(self) -> Iterator[Job]:
        """Make the mirrors of the index anew from the texts that it keeps; no file is read."""

        def work(progress: Progress) -> None:
            rebuild(self._home.root, config=self._home.config, embedder=self._embedder, progress=progress)

        def shown(done: int, total: int, name: str) -> Job:
            return Job((Step(name, "reading"),) if name else (), done, total)

        try:
            yield from self._follower.follow(work, shown)
            yield Job((Step(self._words["rebuilt"], "done"),), over=True)
        except (FootnoteError, OSError) as error:
            yield Job(over=True, trouble=self._said(error))

    def is_copy(self, source: str) -> bool:
        """Tell whether a source is a file that was uploaded, or lies in one."""
        return bool(self._copy_of(source))

    def _copy_of(self, source: str) -> str:
        """Return the uploaded file that a source is, or lies in; nothing where it is no upload."""
        root = self._home.root
        files = (source, *containers_of(source))
        return next((file for file in files if as_place(place_of(file, root)).parent == upload_folder(root)), "")

    def _plan_file(self, path: Path, plan: _Plan, *, hashes: dict[str, str]) -> None:
        """Copy a file, unless it cannot be taken or is in the library already."""
        name, size = safe_name(path.name), path.stat().st_size
        if Path(name).suffix.lower() not in SUFFIXES:
            plan.settled.append(Step(path.name, "failed", self._words["kind"].format(" ".join(KINDS))))
            return
        if size > MAX_BYTES:
            words = self._words["large"].format(size / 1024**2, MAX_BYTES / 1024**2)
            plan.settled.append(Step(path.name, "failed", words))
            return
        data = path.read_bytes()
        file_hash = hash_file(data)
        if file_hash in hashes:
            plan.settled.append(Step(path.name, "unchanged", self._words["same"].format(hashes[file_hash])))
            return
        copy, is_new = keep(data, upload_folder(self._home.root), name=name)
        source = hashes[file_hash] = source_name(copy, self._home.root)
        plan.places[source] = copy
        plan.labels[source] = path.name
        plan.remarks[source] = self._words["numbered"].format(copy.name) if copy.name != name else ""
        plan.copies += [copy] if is_new else []

    def _read(self, plan: _Plan) -> Iterator[Job]:
        """Ingest what is planned, if anything is."""

        def work(progress: Progress) -> IngestReport:
            places, config = plan.places.values(), self._home.config
            try:
                return ingest(places, self._home.root, config=config, embedder=self._embedder, progress=progress)
            finally:
                self._drop_unused(plan.copies)

        if not plan.places:
            yield Job(tuple(plan.settled), over=True)
            return
        before = self._sources()
        yield plan.under_way(0, 0, "")
        try:
            report = yield from self._follower.follow(work, plan.under_way)
            yield plan.ended(report)
        except (FootnoteError, OSError) as error:
            new = [source for source in self._sources() if source in plan.places and source not in before]
            steps = [Step(plan.labels.get(source, source), "added") for source in new]
            yield Job((*plan.settled, *steps), over=True, trouble=self._said(error))

    def _drop_unused(self, copies: Iterable[Path]) -> None:
        """Delete copies that came to no document: their owner has the file, and nobody would look for it here."""
        for copy in copies:
            if not self._is_known(source_name(copy, self._home.root)):
                copy.unlink(missing_ok=True)

    def _discard(self, source: str) -> str:
        """Delete the copy that a source is, or was the last of; return what is to be said of it, mostly nothing."""
        copy = self._copy_of(source)
        try:
            if copy and not self._is_known(copy):
                Path(place_of(copy, self._home.root)).unlink(missing_ok=True)
        except OSError as error:
            return self._words["left"].format(copy, error.strerror or error)
        return ""

    def _is_known(self, file: str) -> bool:
        """Tell whether a file, or anything in it, is a place of a document."""
        return any(_is_of(source, file) for source in self._sources())

    def _sources(self) -> dict[str, tuple[str, str]]:
        bot = self._home.bot  # held to the end: an assistant that is replaced closes when nobody holds it
        return bot.index.library.sources()

    def _titles(self, doc_ids: Iterable[str]) -> dict[str, str]:
        bot = self._home.bot
        return bot.index.library.titles(doc_ids)

    def _said(self, error: Exception) -> str:
        """Say what ended a job."""
        if isinstance(error, Stopped):
            return self._words["stopped"]
        return self._words["busy"].format(error) if isinstance(error, IndexBusy) else str(error)


def _is_of(source: str, file: str) -> bool:
    """Tell whether a source is a file, or lies in it."""
    return source == file or source.startswith(f"{file}/")
