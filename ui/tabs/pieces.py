"""The HTML of the chat tab that is not an answer: the frame, the list of conversations, the transcript, the first page.

Every piece is safe by construction: what is filled in is escaped by markupsafe. This module knows nothing of Gradio.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from rag.text import format_date, is_chinese
from ui.html import answer_html, question_html
from ui.within import within_words
from ui.wording import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rag import Assistant
    from rag.types import Filters
    from ui.store import Kept, Listed

# What page.js says; it finds them in the page.
SPOKEN = {
    "language": ("en", "zh"),
    "ok": ("OK", "确定"),
    "cancel": ("Cancel", "取消"),
    "rename": ("New name", "新名称"),
    "delete": (
        "Delete this conversation for good? What was asked, answered and remarked in it cannot be brought back.",
        "永久删除这个对话？其中的问题、回答和意见都无法恢复。",
    ),
    "note": (
        "Thank you. What is wrong, or what should have been said? (may be left empty)",
        "谢谢。哪里不对，或者应该怎样回答？（可以不填）",
    ),
    "export": ("Save as", "保存为"),
    "kept": ("Kept. Thank you.", "已保存，谢谢。"),
    "copied": ("Copied.", "已复制。"),
    "uncopied": ("The browser does not allow copying here.", "浏览器不允许在这里复制。"),
    "unreached": ("Footnote cannot be reached. Is it still running?", "无法连接到Footnote。它还在运行吗？"),
    "citation": ("{} of {}", "{} / {}"),
    "editing": ("The answer will take the place of the last one.", "新的回答将替换上一个回答。"),
    "evidence": ("Evidence", "依据"),
    "timeline": ("Timeline", "时间线"),
}
_WORDS = {
    "conversations": ("Conversations", "对话"),
    "new": ("New conversation", "新对话"),
    "search": ("Search conversations", "搜索对话"),
    "nothing": ("Nothing found.", "没有找到。"),
    "none": ("What you ask is kept here, on this machine.", "您的问题会保存在这里，只在本机。"),
    "passing": (
        "This index is read-only: conversations are kept only until Footnote ends.",
        "此索引为只读：对话只保留到Footnote结束。",
    ),
    "more": ("More about {}", "更多：{}"),
    "rename": ("Rename …", "重命名……"),
    "delete": ("Delete …", "删除……"),
    "as markdown": ("Save as Markdown", "保存为Markdown"),
    "as html": ("Save as HTML", "保存为HTML"),
    "as json": ("Save as JSON", "保存为JSON"),
    "ask": ("Your question", "您的问题"),
    "type": ("Ask your documents", "向您的文档提问"),
    "send": ("Ask", "提问"),
    "stop": ("Stop", "停止"),
    "again": ("Start again", "重新开始"),
    "keys": (
        "Enter asks, Shift+Enter begins a line, Esc stops.",
        "回车提问，Shift+回车换行，Esc停止。",
    ),
    "unedit": ("Do not replace", "不替换"),
    "evidence": ("Evidence", "依据"),
    "hint": (
        "Click on a number in an answer to see the words it rests on here, in their document.",
        "点击回答中的数字，即可在这里看到原文及其上下文。",
    ),
    "previous": ("Previous citation", "上一条引文"),
    "next": ("Next citation", "下一条引文"),
    "close": ("Close", "关闭"),
    "welcome": ("Ask your documents", "向您的文档提问"),
    "promise": (
        "Every sentence of an answer cites the exact words it rests on. Click on its number to see them in their "
        "document. Where the documents do not hold the answer, Footnote says so.",
        "回答中的每句话都注明所依据的原文，点击数字即可在文档中查看。文档中没有答案时，Footnote会如实说明。",
    ),
    "examples": ("For example", "例如"),
    "empty": (
        "There is no document yet. Add some in the library.",
        "还没有文档。请先在文库中添加。",
    ),
    "transcript": ("Questions and answers", "问答"),
    "everywhere": ("Ask in all documents", "在所有文档中提问"),
    "stopped": ("Stopped. Nothing of it is kept.", "已停止，没有保存。"),
}
# Questions to begin with, each beside the document that it is about: it is offered where that document is indexed.
EXAMPLES = {
    "Which fields does Li Yuju name?": "2024-06-18-cns-new-quality-productive-forces-seminar.md",
    "Who took part in the deliberation of the Jiangsu delegation?": "2024-03-06-xinhua-jiangsu-delegation.md",
    "Who leads work on core technologies, said the July 2018 meeting?": "2018-07-14-china-daily-core-technologies.md",
    "发言的六位江苏代表是谁？": "2024-03-06-xinhua-jiangsu-delegation.zh.md",
    "What was the turnover of China's photovoltaic industry in 2023?": "2024-03-06-xinhua-jiangsu-delegation.md",
}

_ITEM = Markup("""<li class="fn-item{current}" data-conversation="{id}">
<button type="button" class="fn-open"{aria}><span class="fn-title">{title}</span>
<span class="fn-meta">{meta}</span></button>
<details class="fn-menu"><summary aria-label="{more}">⋯</summary><div class="fn-menu-items">
<button type="button" data-do="rename">{rename}</button>
<button type="button" data-do="markdown">{markdown}</button>
<button type="button" data-do="html">{html}</button>
<button type="button" data-do="json">{json}</button>
<button type="button" data-do="delete" class="fn-danger">{delete}</button>
</div></details></li>""")
_LIST = Markup("""<nav class="fn-list" aria-label="{conversations}">
<button type="button" class="fn-new" data-new>＋ {new}</button>
<input type="search" id="fn-find" aria-label="{search}" placeholder="{search}" autocomplete="off">
<ul id="fn-conversations"></ul>{note}</nav>""")
_NOTE = Markup('<p class="fn-none" role="note">{}</p>')
_COMPOSER = Markup("""<form id="fn-ask" class="fn-composer" data-words="{spoken}">
<p class="fn-editing" id="fn-editing" hidden><span>{note}</span>
<button type="button" id="fn-unedit">{unedit}</button></p>
<label for="fn-question" class="fn-unseen">{ask}</label>
<div class="fn-field"><textarea id="fn-question" rows="1" maxlength="4000" placeholder="{type}"
 aria-describedby="fn-keys"></textarea>
<button type="submit" id="fn-send">{send}</button>
<button type="button" id="fn-stop">{stop}</button></div>
<p class="fn-keys"><span id="fn-keys">{keys}</span>
<button type="button" class="fn-quiet" data-new>{again}</button></p>
<p id="fn-said" class="fn-status-line" role="status" aria-live="polite"></p></form>""")
_TOP = Markup("""<div class="fn-top">
<button type="button" id="fn-show-list" aria-expanded="false">☰ {conversations}</button></div>""")
_PANEL = Markup("""<section id="fn-panel" class="fn-panel" aria-label="{evidence}" tabindex="-1">
<header class="fn-panel-head"><h2 id="fn-panel-title">{evidence}</h2>
<span id="fn-count" class="fn-count" aria-live="polite"></span>
<button type="button" id="fn-previous" aria-label="{previous}" title="{previous} (←)" hidden>‹</button>
<button type="button" id="fn-next" aria-label="{next}" title="{next} (→)" hidden>›</button>
<button type="button" id="fn-close" aria-label="{close}" title="{close} (Esc)" hidden>×</button></header>
<div id="fn-panel-body" class="fn-panel-body" tabindex="0" role="region" aria-label="{evidence}">
<p class="fn-hint">{hint}</p></div></section>""")
_WELCOME = Markup("""<div class="fn-conversation" data-conversation=""><div class="fn-welcome">
<h2>{welcome}</h2><p>{said}</p>{offered}</div></div>""")
_EXAMPLES = Markup('<h3>{title}</h3><ul class="fn-examples">{buttons}</ul>')
_EXAMPLE = Markup('<li><button type="button" class="fn-example" data-question="{0}">{0}</button></li>')
_TRANSCRIPT = Markup("""<div class="fn-conversation" data-conversation="{}" role="log" aria-label="{}">{}</div>""")
_EXCHANGE = Markup('<section class="fn-exchange" data-key="{}" data-asked="{}">{}{}</section>')
_GROWING = Markup('<section class="fn-exchange" aria-busy="true" data-busy>{}{}</section>')
_TROUBLE = Markup('<section class="fn-exchange">{}<p class="fn-trouble" role="alert">{}</p></section>')
_STOPPED = Markup('<p class="fn-stopped" role="status">{}</p>')
_SCOPE = Markup('<p class="fn-scope">{} <button type="button" class="fn-quiet" id="fn-everywhere">{}</button></p>')


def list_frame(language: str, *, is_lasting: bool) -> str:
    """Return the left column, whose items `listing` fills in; it says so where they do not last."""
    note = "" if is_lasting else _NOTE.format(Words(_WORDS, language)["passing"])
    return _filled(_LIST, language, {"note": note})


def composer(language: str) -> str:
    """Return where a question is typed."""
    words = Words(SPOKEN, language)
    spoken = {name: words[name] for name in SPOKEN}
    more = {"spoken": json.dumps(spoken, ensure_ascii=False), "note": spoken["editing"]}
    return _filled(_COMPOSER, language, more)


def top(language: str) -> str:
    """Return what stands over the transcript where the list has no room."""
    return _filled(_TOP, language)


def panel(language: str) -> str:
    """Return the right column, empty."""
    return _filled(_PANEL, language)


def listing(conversations: Iterable[Listed], *, current: str, searching: bool, language: str) -> str:
    """Return the items of the list; `current` is the id of the one that is open."""
    words = Words(_WORDS, language)
    items = [_item(one, words, current=current, language=language) for one in conversations]
    if not items:
        return Markup('<li class="fn-none">{}</li>').format(words["nothing" if searching else "none"])
    return Markup("").join(items)


def transcript(conversation: str, kept: Sequence[Kept], *, language: str) -> str:
    """Return a conversation as it stands; `conversation` is its id."""
    shown = [
        _EXCHANGE.format(one.id, one.asked, _made(question_html(one.asked, language=language)), _answer(one, language))
        for one in kept
    ]
    words = Words(_WORDS, language)
    return _TRANSCRIPT.format(conversation, words["transcript"], Markup("").join(shown))


def welcome(bot: Assistant, *, language: str) -> str:
    """Return the first page: what this is, and questions that the documents answer."""
    words = Words(_WORDS, language)
    sources = bot.index.library.sources()
    indexed = {Path(source).name for source in sources}
    offered = [question for question, name in EXAMPLES.items() if name in indexed]
    offered.sort(key=lambda question: is_chinese(question) != (language == "zh"))  # the page's language first
    buttons = Markup("").join(_EXAMPLE.format(question) for question in offered)
    examples = _EXAMPLES.format(title=words["examples"], buttons=buttons) if offered else ""
    return _filled(_WELCOME, language, {"offered": examples, "said": words["promise" if sources else "empty"]})


def on_its_way(question: str, shown: str, *, language: str) -> str:
    """Return a question and what there is of its answer."""
    return _GROWING.format(_made(question_html(question, language=language)), _made(shown))


def trouble(question: str, error: Exception, *, language: str) -> str:
    """Return a question and why it has no answer."""
    return _TROUBLE.format(_made(question_html(question, language=language)) if question else "", str(error))


def stopped(language: str) -> str:
    """Return what stands where an answer was growing."""
    return _STOPPED.format(Words(_WORDS, language)["stopped"])


def scope_line(filters: Filters, *, language: str) -> str:
    """Return what is asked within, nothing where that is everything."""
    if not filters:
        return ""
    words = Words(_WORDS, language)
    within = within_words(filters, (), language=language)
    return _SCOPE.format(within, words["everywhere"])


def _item(one: Listed, words: Words, *, current: str, language: str) -> Markup:
    day = format_date(one.updated.astimezone().date(), language)
    is_open = one.id == current
    return _ITEM.format(
        current=" fn-current" if is_open else "",
        aria=Markup(' aria-current="true"') if is_open else "",
        id=one.id,
        title=one.title,
        meta=day,
        more=words["more"].format(one.title),
        rename=words["rename"],
        delete=words["delete"],
        **{form: words[f"as {form}"] for form in ("markdown", "html", "json")},
    )


def _answer(one: Kept, language: str) -> Markup:
    return _made(answer_html(one.exchange.answer, one.exchange.titles, key=one.id, language=language))


def _filled(piece: Markup, language: str, more: Mapping[str, object] | None = None) -> str:
    """Fill a piece with the words of a language, and with what is given."""
    words = Words(_WORDS, language)
    return piece.format(**{name: words[name] for name in _WORDS if " " not in name}, **(more or {}))


def _made(html: str) -> Markup:
    """Mark what ui/html.py made as HTML: its templates escape."""
    return Markup(html)  # noqa: S704 (escaped where it was made)
