"""The Library tab: what is in the index, put in and taken out; and the choice of what to ask within.

It shows and wires; what is done to the index is in `ui/shelf.py`, what is shown of it in `ui/catalogue.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence  # noqa: TC003 (Gradio resolves the annotations of events)
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.context import Context, get_render_context
from markupsafe import escape

from ingest.readers import SUFFIXES
from rag.lock import refusal
from ui.catalogue import Catalogue, View, job_html, list_html, range_words
from ui.jobs import Job, in_words
from ui.shelf import Shelf
from ui.tabs.within import Asking
from ui.wording import Words

if TYPE_CHECKING:
    from ui.workspace import Workspace

# One job at a time: an index has one writer. None of this is for programs, which have endpoints of their own.
_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
_JOB: dict[str, Any] = {**_QUIET, "concurrency_id": "footnote-library", "concurrency_limit": 1}
_FOCUS = "() => document.querySelector('#fn-sure button')?.focus()"

_UI = Path(__file__).parent.parent
_WORDS = {
    "fixed": ("Documents can be asked, and not added or removed here: {}", "此处只能提问，不能添加或移除文档：{}"),
    "drop": ("Files to add", "要添加的文件"),
    "address": ("Address of a page to add", "要添加的网页地址"),
    "address_hint": ("The page is fetched once and kept as a document.", "网页只获取一次，并作为文档保存。"),
    "fetch": ("Add the page", "添加网页"),
    "stop": ("Stop", "停止"),
    "search": ("Filter the list", "筛选列表"),
    "search_hint": ("Title, publisher, date, language or file", "标题、发布者、日期、语言或文件"),
    "order": ("Order", "排序"),
    "by_added": ("Newest in the library first", "最近添加的在前"),
    "by_title": ("Title", "标题"),
    "by_published": ("Latest published first", "最近发布的在前"),
    "by_publisher": ("Publisher", "发布者"),
    "chosen": ("{} chosen", "已选择 {} 篇"),
    "ask_chosen": ("Ask within these", "在所选文档中提问"),
    "reread": ("Read again", "重新读取"),
    "remove": ("Remove …", "移除……"),
    "clear": ("Choose none", "取消选择"),
    "sure": ("Remove {} from the library?", "要从资料库中移除{}吗？"),
    "several": ("these {} documents", "这 {} 篇文档"),
    "copies": ("Copies of uploaded files are deleted as well.", "上传文件的副本也会被删除。"),
    "files": ("Files stay where they are.", "文件保留在原处。"),
    "keep": ("Keep", "保留"),
    "remove_sure": ("Remove", "移除"),
    "back": ("Previous", "上一页"),
    "on": ("Next", "下一页"),
    "whole": ("The whole index", "整个索引"),
    "whole_hint": (
        "“Read all again” looks at every file and takes in what has changed. “Rebuild” makes the search indexes anew "
        "from the texts that are kept; it reads no file, and mends a damaged index.",
        "“全部重新读取”会检查每个文件，并收录有变化的内容。“重建”根据已保存的文本重新生成检索索引，不读取文件，可修复损坏的索引。",
    ),
    "reread_all": ("Read all again", "全部重新读取"),
    "rebuild": ("Rebuild", "重建"),
}


def library_tab(workspace: Workspace, *, language: str) -> gr.State:
    """Build the tab inside of the Blocks at hand, and return what the chat is to ask within, as `rag.types.Filters`.

    The tab shows the index as it is whenever it is selected; it expects to stand in a `gr.Tab`, or in the Blocks.
    """
    return _Tab(workspace, language).filters


class _Tab:
    """The components of the tab, and what their events do."""

    def __init__(self, workspace: Workspace, language: str) -> None:
        self._language = language
        self._words = Words(_WORDS, language)
        self._shelf = Shelf(workspace, language=language, embedder=workspace.bot.embedder)
        self._catalogue = Catalogue(lambda: workspace.bot)
        self._fixed = refusal(workspace.root, workspace.config)
        self._shown = itertools.count()
        self._chosen, self._doomed, self._page = gr.State(()), gr.State(()), gr.State(0)
        self._lay_out_adding()
        self._asking = Asking(self._catalogue, language=language)
        self._lay_out_list()
        self._wire_view()
        self._wire_jobs()

    @property
    def filters(self) -> gr.State:
        """What to ask within."""
        return self._asking.filters

    def _lay_out_adding(self) -> None:
        words, free = self._words, self._fixed is None
        if self._fixed is not None:
            said = escape(words["fixed"].format(self._fixed))
            gr.HTML(f'<p role="status">{said}</p>', js_on_load=None, elem_id="fn-fixed")
        with gr.Row(visible=free):
            self._drop = gr.File(
                label=words["drop"], file_count="multiple", file_types=list(SUFFIXES), height=140, elem_id="fn-drop"
            )
            with gr.Column():
                self._address = gr.Textbox(
                    "",
                    label=words["address"],
                    placeholder="https://…",
                    info=words["address_hint"],
                    elem_id="fn-address",
                )
                self._fetch = gr.Button(words["fetch"], elem_id="fn-fetch")
        gr.HTML(f'<p class="fn-limits">{escape(self._shelf.limits())}</p>', js_on_load=None, visible=free)
        self._job = gr.HTML(
            css_template=_read("library.css"), js_on_load=None, apply_default_css=False, elem_id="fn-job"
        )
        self._stop = gr.Button(words["stop"], visible=False, size="sm", elem_id="fn-stop-job")

    def _lay_out_list(self) -> None:
        words, free = self._words, self._fixed is None
        with gr.Row():
            self._search = gr.Textbox(
                "", label=words["search"], placeholder=words["search_hint"], min_width=280, elem_id="fn-search"
            )
            orders = [(words[f"by_{name}"], name) for name in ("added", "title", "published", "publisher")]
            self._order = gr.Dropdown(orders, value="added", label=words["order"], elem_id="fn-order")
        with gr.Row(visible=False) as self._bar:
            self._count = gr.HTML(js_on_load=None)
            self._ask_chosen = gr.Button(words["ask_chosen"], size="sm", elem_id="fn-ask-chosen")
            self._reread_chosen = gr.Button(words["reread"], visible=free, size="sm")
            self._remove_chosen = gr.Button(words["remove"], visible=free, size="sm", elem_id="fn-remove-chosen")
            self._clear = gr.Button(words["clear"], size="sm")
        with gr.Column(visible=False, elem_id="fn-sure") as self._sure:
            self._question = gr.HTML(js_on_load=None, padding=True)
            with gr.Row():
                self._keep = gr.Button(words["keep"], size="sm")
                self._remove = gr.Button(words["remove_sure"], size="sm", variant="stop", elem_id="fn-remove-sure")
        self._table = gr.HTML(
            css_template=_read("library.css"),
            js_on_load=_read("library.js"),
            apply_default_css=False,
            elem_id="fn-list",
        )
        with gr.Row():
            self._back = gr.Button(words["back"], size="sm", interactive=False, min_width=90)
            self._range = gr.HTML(js_on_load=None, min_width=120, elem_id="fn-range")
            self._on = gr.Button(words["on"], size="sm", interactive=False, min_width=90)
        with gr.Accordion(words["whole"], open=False, visible=free):
            gr.HTML(f"<p>{words['whole_hint']}</p>", js_on_load=None)
            with gr.Row():
                self._reread_all = gr.Button(words["reread_all"], size="sm", elem_id="fn-reread-all")
                self._rebuild = gr.Button(words["rebuild"], size="sm", elem_id="fn-rebuild")

    def _wire_view(self) -> None:
        self._viewed = [self._search, self._order, self._page, self._chosen, self._asking.documents]
        self._list = [self._table, self._range, self._back, self._on, self._page]
        self._list += [self._chosen, self._bar, self._count]
        self._whole = [*self._list, *self._asking.refreshed]
        again: dict[str, Any] = {"inputs": self._viewed, "outputs": self._whole, **_QUIET}
        gr.on(_when_shown(), self._view, **again)
        fresh: dict[str, Any] = {"inputs": [self._search, self._order, self._chosen], "outputs": self._list, **_QUIET}
        self._search.change(self._first_page, trigger_mode="always_last", **fresh)
        self._order.input(self._first_page, **fresh)
        turned: dict[str, Any] = {"inputs": self._viewed[:4], "outputs": self._list, **_QUIET}
        self._back.click(lambda s, o, page, c: self._list_page(View(s, o, page - 1), c), **turned)
        self._on.click(lambda s, o, page, c: self._list_page(View(s, o, page + 1), c), **turned)
        choice = [self._chosen, self._bar, self._count]
        self._table.choose(self._choose, self._chosen, choice, trigger_mode="multiple", queue=False, **_QUIET)
        self._ask_chosen.click(lambda chosen: chosen, self._chosen, self._asking.documents, **_QUIET)
        self._clear.click(
            lambda s, o, page: self._list_page(View(s, o, page), ()), self._viewed[:3], self._list, **_QUIET
        )

    def _wire_jobs(self) -> None:
        again: dict[str, Any] = {"inputs": self._viewed, "outputs": self._whole, **_QUIET}
        job = [self._job, self._stop]
        asks = [self._doomed, self._question, self._sure]
        added = self._drop.upload(self._add_files, self._drop, [self._drop, *job], **_JOB)
        fetching = gr.on(
            [self._fetch.click, self._address.submit], self._fetched, self._address, [self._address, *job], **_JOB
        )
        each = self._table.reread_one(self._reread_one, None, job, **_JOB)
        some = self._reread_chosen.click(self._reread_some, self._chosen, job, **_JOB)
        every = self._reread_all.click(self._reread_all_files, None, job, **_JOB)
        rebuilt = self._rebuild.click(self._rebuilt, None, job, **_JOB)
        removed = self._remove.click(self._removed, self._doomed, [*job, *asks], **_JOB)
        for done in (added, fetching, each, some, every, rebuilt, removed):
            done.then(self._view, **again)
        self._stop.click(self._shelf.stop, queue=False, **_QUIET)
        one = self._table.remove_one(self._doom_one, None, asks, **_QUIET)
        several = self._remove_chosen.click(self._doom, self._chosen, asks, **_QUIET)
        for asked in (one, several):
            asked.then(None, js=_FOCUS)
        self._keep.click(lambda: ((), "", gr.update(visible=False)), None, asks, **_QUIET)

    def _view(self, search: str, order: str, page: int, chosen: Sequence[str], documents: Sequence[str]) -> list[Any]:
        """Show the list as the index now is; documents that are gone are chosen no more."""
        there = {row.id for row in self._catalogue.rows()}
        shown = self._list_page(View(search, order, page), [doc_id for doc_id in chosen if doc_id in there])
        kept = tuple(doc_id for doc_id in documents if doc_id in there)
        return [*shown, kept, *self._asking.choices()]

    def _list_page(self, view: View, chosen: Sequence[str]) -> list[Any]:
        page = self._catalogue.page(view)
        fixed = self._fixed is not None
        table = list_html(page, search=view.search, chosen=set(chosen), language=self._language, fixed=fixed)
        # Ticks that were made since are undone only where the value differs from the last.
        table = f'<div data-shown="{next(self._shown)}">{table}</div>'
        turns = [gr.update(interactive=page.number > 0), gr.update(interactive=page.number + 1 < page.n_pages)]
        words = str(escape(range_words(page, self._language)))
        return [table, words, *turns, page.number, *self._bar_of(chosen)]

    def _first_page(self, search: str, order: str, chosen: Sequence[str]) -> list[Any]:
        return self._list_page(View(search, order), chosen)

    def _bar_of(self, chosen: Sequence[str]) -> list[Any]:
        return [tuple(chosen), gr.update(visible=bool(chosen)), self._words["chosen"].format(len(chosen))]

    def _choose(self, chosen: Sequence[str], event: gr.EventData) -> list[Any]:
        """Take over which documents of the page at hand are ticked."""
        known = {row.id for row in self._catalogue.rows()}
        elsewhere = [doc_id for doc_id in chosen if doc_id not in event.shown]
        return self._bar_of([*elsewhere, *(doc_id for doc_id in event.chosen if doc_id in known)])

    def _told(self, jobs: Iterator[Job]) -> Iterator[list[Any]]:
        """Show how far a job has come."""
        try:
            for job in jobs:
                yield [job_html(job, self._language), gr.update(visible=not job.over)]
        except Exception as error:  # noqa: BLE001 (a job that says nothing would seem to go on)
            trouble = str(in_words(error))
            yield [job_html(Job(over=True, trouble=trouble), self._language), gr.update(visible=False)]

    def _add_files(self, files: Sequence[str] | None) -> Iterator[list[Any]]:
        for told in self._told(self._shelf.add_files(files or [])):
            yield [None, *told]

    def _fetched(self, address: str) -> Iterator[list[Any]]:
        for told in self._told(self._shelf.add_addresses(address)):
            yield ["", *told]

    def _reread_one(self, event: gr.EventData) -> Iterator[list[Any]]:
        yield from self._told(self._shelf.reread([event.doc]))

    def _reread_some(self, chosen: Sequence[str]) -> Iterator[list[Any]]:
        yield from self._told(self._shelf.reread(chosen))

    def _reread_all_files(self) -> Iterator[list[Any]]:
        yield from self._told(self._shelf.reread())

    def _rebuilt(self) -> Iterator[list[Any]]:
        yield from self._told(self._shelf.rebuild())

    def _doom_one(self, event: gr.EventData) -> list[Any]:
        return self._doom([event.doc])

    def _doom(self, doc_ids: Sequence[str]) -> list[Any]:
        """Ask whether documents are to be removed, and say what becomes of their files."""
        rows, words = self._catalogue.some(doc_ids), self._words
        named = f"“{rows[0].title}”" if len(rows) == 1 else words["several"].format(len(rows))
        copies = {self._shelf.is_copy(source) for row in rows for source in row.sources}
        what = " ".join(words[name] for name, is_so in (("copies", True), ("files", False)) if is_so in copies)
        question = f"<p>{escape(words['sure'].format(named))} {what}</p>"
        return [tuple(row.id for row in rows), question, gr.update(visible=bool(rows))]

    def _removed(self, doc_ids: Sequence[str]) -> Iterator[list[Any]]:
        for told in self._told(iter([self._shelf.remove(doc_ids)])):
            yield [*told, (), "", gr.update(visible=False)]


def _read(name: str) -> str:
    return (_UI / name).read_text(encoding="utf-8")


def _when_shown() -> list[Any]:
    """Return the events that show the tab: the page is opened, the tab is selected."""
    at = get_render_context()
    while at is not None and not isinstance(at, gr.Tab):
        at = at.parent
    page: Any = Context.root_block
    return [page.load, *([at.select] if at is not None else [])]
