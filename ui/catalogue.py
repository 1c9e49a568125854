"""The documents of an index as the Library tab lists them: searched, ordered, paged and written as HTML.

No text of a document is loaded. This module knows nothing of the page; its HTML is safe by construction (`markupsafe`
escapes all that is put in).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from rag.text import format_date
from ui.wording import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from rag import Assistant
    from ui.jobs import Job

PAGE = 50  # documents on one page of the list
_SHOWN_STEPS = 60
# A job that has run for less tells nothing of the rest; more than this is told in minutes.
_TELLING_S, _LONG_S = 3, 100

# A language is shown by its own name where it is one that Footnote reads well, else by its code.
LANGUAGE_NAMES = {"en": "English", "zh": "中文"}

_WORDS = {
    "caption": ("The documents of the library", "资料库中的文档"),
    "choose": ("Choose", "选择"),
    "choose_page": ("Choose all on this page", "选择本页全部"),
    "title": ("Title", "标题"),
    "publisher": ("Publisher", "发布者"),
    "date": ("Date", "日期"),
    "language": ("Language", "语言"),
    "passages": ("Passages", "段落数"),
    "added": ("Added", "添加时间"),
    "actions": ("Actions", "操作"),
    "open": ("Open “{}”", "打开《{}》"),
    "choose_one": ("Choose “{}”", "选择《{}》"),
    "reread": ("Read again", "重新读取"),
    "reread_one": ("Read “{}” again", "重新读取《{}》"),
    "remove": ("Remove", "移除"),
    "remove_one": ("Remove “{}”", "移除《{}》"),
    "empty": (
        "There are no documents yet. Drop files above, or paste an address.",
        "还没有文档。请把文件拖到上方，或粘贴网址。",
    ),
    "none": ("No document matches “{}”.", "没有与“{}”匹配的文档。"),
    "range": ("{}–{} of {} documents", "第 {}–{} 篇，共 {} 篇"),
    "waiting": ("waiting", "等待中"),
    "reading": ("being read …", "正在读取……"),
    "read": ("read, being indexed", "已读取，正在编入索引"),
    "state_added": ("added", "已添加"),
    "updated": ("updated", "已更新"),
    "unchanged": ("unchanged", "未更改"),
    "renamed": ("renamed, from", "已改名，原为"),
    "removed": ("removed", "已移除"),
    "failed": ("failed", "失败"),
    "done": ("done", "完成"),
    "progress": ("{} of {}", "{} / {}"),
    "rate": ("{:.0f} passages a second", "每秒 {:.0f} 段"),
    "left_minutes": ("about {:.0f} min left", "约剩 {:.0f} 分钟"),
    "left_seconds": ("about {:.0f} s left", "约剩 {:.0f} 秒"),
    "more_steps": ("and {} more", "另有 {} 项"),
}  # fmt: skip
# Shape beside word, so that no state is told by colour alone.
_SIGNS = {"waiting": "○", "reading": "◐", "read": "◑", "failed": "✕", "unchanged": "="}


@dataclass(frozen=True)
class Listed:
    """One document in the list: how many passages it has, and when it came into the library in this form.

    `sources` are all the places at which it stands, in order.
    """

    id: str
    sources: tuple[str, ...]
    title: str
    publisher: str
    published: date | None
    language: str
    n_passages: int
    added: datetime | None

    @cached_property
    def searched(self) -> str:
        """What a search in the list looks through."""
        day = self.published.isoformat() if self.published else ""
        language = LANGUAGE_NAMES.get(self.language, "")
        return " ".join((self.title, self.publisher, day, self.language, language, *self.sources)).casefold()


@dataclass(frozen=True, slots=True)
class View:
    """What is shown of the list: the words searched for, the order, and the page (from 0)."""

    search: str = ""
    order: str = "added"
    page: int = 0


class Page(NamedTuple):
    """One page of a list: its documents, its number (from 0), how many pages there are and how many documents."""

    rows: Sequence[Listed]
    number: int
    n_pages: int
    n_found: int


# How the list can be ordered; documents without a publisher or a day come last.
ORDERS: dict[str, Callable[[Listed], tuple[object, ...]]] = {
    "added": lambda row: (-(row.added.timestamp() if row.added else 0), row.title.casefold()),
    "title": lambda row: (row.title.casefold(), row.id),
    "published": lambda row: (-(row.published or date.min).toordinal(), row.title.casefold()),
    "publisher": lambda row: (not row.publisher, row.publisher.casefold(), row.title.casefold()),
}


@dataclass(slots=True)
class Catalogue:
    """The list of an index, read anew only when the index has changed."""

    bot: Callable[[], Assistant]
    _kept: tuple[object, tuple[Listed, ...]] = field(default=(None, ()), init=False)

    def rows(self) -> tuple[Listed, ...]:
        """Return all documents, in no order."""
        bot = self.bot()  # held to the end: an assistant that is replaced closes when nobody holds it
        library = bot.index.library
        state = (library, library.generation)
        if self._kept[0] != state:
            self._kept = (state, tuple(_listed(row) for row in library.listing()))
        return self._kept[1]

    def page(self, view: View) -> Page:
        """Return the page of the list that is viewed, or the last where there are fewer."""
        words = view.search.casefold().split()
        found = [row for row in self.rows() if all(word in row.searched for word in words)]
        found.sort(key=ORDERS.get(view.order, ORDERS["added"]))
        n_pages = max(1, -(-len(found) // PAGE))
        number = min(max(view.page, 0), n_pages - 1)
        return Page(found[number * PAGE : (number + 1) * PAGE], number, n_pages, len(found))

    def some(self, ids: Iterable[str]) -> list[Listed]:
        """Return those of the documents that are there, by title."""
        wanted = set(ids)
        return sorted((row for row in self.rows() if row.id in wanted), key=ORDERS["title"])

    def publishers(self) -> list[str]:
        """Return the publishers, by name."""
        return sorted({row.publisher for row in self.rows() if row.publisher}, key=str.casefold)

    def languages(self) -> list[tuple[str, str]]:
        """Return the languages as pairs of name and code."""
        codes = sorted({row.language for row in self.rows()})
        return [(LANGUAGE_NAMES.get(code, code), code) for code in codes]


def _listed(row: tuple) -> Listed:  # type: ignore[type-arg]
    doc_id, sources, title, publisher, published, language, n_passages, added = row
    day = date.fromisoformat(published) if published else None
    at = datetime.fromisoformat(added).astimezone() if added else None
    return Listed(doc_id, tuple(json.loads(sources)), title, publisher or "", day, language, n_passages, at)


def list_html(page: Page, *, search: str, chosen: Collection[str], language: str, fixed: bool = False) -> str:
    """Write a page of the list as a table.

    A title is a `button.fn-source` that opens the document; the others say in `data-library` what they do, and in
    `data-doc` to which document. Where the index is `fixed`, nothing is offered that would change it.
    """
    words = Words(_WORDS, language)
    if not page.rows:
        text = words["none"].format(search.strip()) if search.strip() else words["empty"]
        return Markup('<p class="fn-empty">{}</p>').format(text)
    names = ("title", "publisher", "date", "language", "passages", "added")
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(words[name]) for name in names)
    body = Markup("").join(_row_html(row, row.id in chosen, language=language, fixed=fixed) for row in page.rows)
    return Markup(
        '<table class="fn-library"><caption class="sr-only">{}</caption><thead><tr><th scope="col"><input '
        'type="checkbox" data-library="page" aria-label="{}"></th>{}<th scope="col"><span class="sr-only">{}</span>'
        "</th></tr></thead><tbody>{}</tbody></table>"
    ).format(words["caption"], words["choose_page"], head, words["actions"], body)


def _row_html(row: Listed, is_chosen: bool, *, language: str, fixed: bool) -> Markup:
    words = Words(_WORDS, language)
    day = format_date(row.published, language) if row.published else ""
    added = format_date(row.added.date(), language) if row.added else ""
    cells = (
        ("publisher", row.publisher, ""),
        ("date", day, ""),
        ("language", LANGUAGE_NAMES.get(row.language, row.language), ""),
        ("passages", str(row.n_passages), ""),
        ("added", added, row.added.isoformat(" ", "minutes") if row.added else ""),
    )
    shown = Markup("").join(
        Markup('<td data-field="{}" data-label="{}" title="{}">{}</td>').format(name, words[name], hint, text)
        for name, text, hint in cells
    )
    check = Markup('<input type="checkbox" data-library="choose" data-doc="{}" aria-label="{}"{}>').format(
        row.id, words["choose_one"].format(row.title), Markup(" checked") if is_chosen else ""
    )
    title = Markup(
        '<button type="button" class="fn-source" data-doc="{}" data-start="0" data-end="0" title="{}">{}</button>'
        '<span class="fn-place">{}</span>'
    ).format(row.id, words["open"].format(row.title), row.title, " · ".join(row.sources))
    does = Markup(" ").join(
        Markup(
            '<button type="button" class="fn-row-action" data-library="{}" data-doc="{}" aria-label="{}">{}</button>'
        ).format(name, row.id, words[f"{name}_one"].format(row.title), words[name])
        for name in (() if fixed else ("reread", "remove"))
    )
    return Markup(
        '<tr><td>{}</td><th scope="row">{}</th>{}<td class="fn-does">{}</td></tr>'
    ).format(check, title, shown, does)  # fmt: skip


def range_words(page: Page, language: str) -> str:
    """Say which documents a page shows: `51–100 of 5000 documents`."""
    first = page.number * PAGE + 1 if page.rows else 0
    return Words(_WORDS, language)["range"].format(first, page.number * PAGE + len(page.rows), page.n_found)


def job_html(job: Job, language: str) -> str:
    """Write how far a job has come: a meter, and its steps, those that failed first once it is over."""
    words = Words(_WORDS, language)
    steps = sorted(job.steps, key=lambda step: step.state != "failed") if job.over else job.steps
    if not job.over and len(steps) > _SHOWN_STEPS:  # what is at hand, rather than what comes first
        first = max(0, min(job.done - 1, len(steps) - _SHOWN_STEPS))
        steps = steps[first:]
    items = Markup("").join(
        Markup('<li data-state="{}"><span class="fn-sign" aria-hidden="true">{}</span> {} <b>{}</b>{}</li>').format(
            step.state,
            _SIGNS.get(step.state, "✓"),
            step.name,
            words["state_added" if step.state == "added" else step.state],
            f": {step.words}" if step.words else "",
        )
        for step in steps[:_SHOWN_STEPS]
    )
    if len(job.steps) > _SHOWN_STEPS:
        items += Markup("<li>{}</li>").format(words["more_steps"].format(len(job.steps) - _SHOWN_STEPS))
    count = words["progress"].format(job.done, job.total)
    meter = Markup('<p><progress max="{}" value="{}" aria-label="{}"></progress> {}</p>')
    said = " · ".join([count, *_pace(job, words)])
    shown = meter.format(job.total, job.done, count, said) if job.total and not job.over else Markup("")
    trouble = Markup('<p role="alert" class="fn-trouble">{}</p>').format(job.trouble) if job.trouble else Markup("")
    return Markup('<div class="fn-job" aria-live="polite">{}{}<ul>{}</ul></div>').format(shown, trouble, items)


def _pace(job: Job, words: Words) -> list[str]:
    """Say how fast passages come and how long what is left will take, once there is something to tell it by."""
    if job.seconds < _TELLING_S or not job.n_passages:
        return []
    pace = [words["rate"].format(job.n_passages / job.seconds)]
    if job.done:
        left = job.seconds / job.done * (job.total - job.done)
        name, unit = ("left_minutes", 60) if left > _LONG_S else ("left_seconds", 1)
        pace.append(words[name].format(left / unit))
    return pace
