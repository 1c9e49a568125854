"""The part of the Library tab that says within what the chat asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import escape

from rag.types import Filters
from ui.within import within, within_words
from ui.wording import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ui.catalogue import Catalogue

_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

_WORDS = {
    "ask_within": ("Ask within publishers, languages or dates", "限定发布者、语言或日期提问"),
    "publishers": ("Publishers", "发布者"),
    "languages": ("Languages", "语言"),
    "since": ("Published from", "发布日期不早于"),
    "until": ("Published until", "发布日期不晚于"),
    "ask_hint": (
        "Days are written as 2024-03-06 and both count; documents without a date are then left out. "
        "To ask within single documents, tick them in the list.",
        "日期写作 2024-03-06，首尾两日均包括在内；没有日期的文档将被排除。若要限定个别文档，请在列表中勾选。",
    ),
    "days": (
        "These days cannot be used: write them as 2024-03-06, the earlier first.",
        "日期无法使用：请写作 2024-03-06，较早的在前。",
    ),
    "reset": ("Ask in all documents", "在全部文档中提问"),
}


class Asking:
    """The choice of documents, publishers, languages and days; `filters` is what it comes to."""

    def __init__(self, catalogue: Catalogue, *, language: str) -> None:
        self._catalogue = catalogue
        self._language = language
        self._words = Words(_WORDS, language)
        self.filters, self.documents = gr.State(Filters()), gr.State(())
        self._lay_out()
        given: list[Any] = [self.documents, self._publishers, self._languages, self._since, self._until]
        gr.on([part.change for part in given], self._ask, given, [self.filters, self._line, self._reset], **_QUIET)
        self._reset.click(lambda: ((), [], [], None, None), None, given, **_QUIET)

    def _lay_out(self) -> None:
        words = self._words
        with gr.Accordion(words["ask_within"], open=False):
            with gr.Row():
                self._publishers = gr.Dropdown(
                    self._catalogue.publishers(), label=words["publishers"], multiselect=True, elem_id="fn-publishers"
                )
                self._languages = gr.Dropdown(
                    self._catalogue.languages(), label=words["languages"], multiselect=True, elem_id="fn-languages"
                )
                day: dict[str, Any] = {"include_time": False, "type": "string"}
                self._since = gr.DateTime(label=words["since"], elem_id="fn-since", **day)
                self._until = gr.DateTime(label=words["until"], elem_id="fn-until", **day)
            gr.HTML(f"<p>{words['ask_hint']}</p>", js_on_load=None)
        with gr.Row():
            self._line = gr.HTML(self._said(Filters()), js_on_load=None, elem_id="fn-within")
            self._reset = gr.Button(words["reset"], size="sm", visible=False, scale=0, elem_id="fn-within-reset")

    @property
    def refreshed(self) -> list[Any]:
        """What changes with the index: the documents chosen, and what `choices` gives."""
        return [self.documents, self._publishers, self._languages]

    def choices(self) -> list[Any]:
        """Return the publishers and the languages that can be chosen now."""
        return [gr.update(choices=self._catalogue.publishers()), gr.update(choices=self._catalogue.languages())]

    def _ask(
        self,
        documents: Sequence[str],
        publishers: Sequence[str] | None,
        languages: Sequence[str] | None,
        since: str | None,
        until: str | None,
    ) -> list[Any]:
        """Return what to ask within, and say it; days that cannot be used change nothing, and that is said."""
        days = (since or "", until or "")
        try:
            filters = within(documents, publishers or (), languages=languages or (), days=days)
        except ValueError:
            return [gr.skip(), f'<p role="alert">{escape(self._words["days"])}</p>', gr.update(visible=True)]
        return [filters, self._said(filters), gr.update(visible=bool(filters))]

    def _said(self, filters: Filters) -> str:
        titles = [row.title for row in self._catalogue.some(filters.documents)]
        return f'<p role="status">{escape(within_words(filters, titles, language=self._language))}</p>'
