"""The settings tab: who writes, how much is read, how sure an answer must be; the language and look of the page.

What is saved goes into `footnote.toml` (`ui/tabs/saving.py`) and is in force at once. Language and theme are matters of
one browser and are kept by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import Markup

from rag.errors import ConfigError, FootnoteError
from ui.tabs.saving import save
from ui.wording import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rag.config import Config
    from ui.workspace import Workspace

_WORDS = {
    "title": ("How answers are made", "回答方式"),
    "writer": ("Writer", "书写者"),
    "writer does": (
        "Who words the answer. Without one it consists of quotations. A local one writes on this machine and sends "
        "nothing anywhere. A provider's model is sent the question and the passages found.",
        "由谁书写回答。没有书写者时，回答由引文组成。本地书写者在本机运行，不向外发送任何内容。"
        "服务商的模型会收到问题和检索到的段落。",
    ),
    "none": ("None: quotations", "无：只有引文"),
    "local": ("Local model", "本地模型"),
    "provider": ("A provider's model", "服务商的模型"),
    "model": ("Model of the provider", "服务商的模型名称"),
    "model does": (
        "As provider:name, for example ollama:qwen3. Its key, if it needs one, is taken from the environment.",
        "写作“服务商:名称”，例如ollama:qwen3。如需密钥，从环境变量读取。",
    ),
    "limit": ("Passages read", "阅读段落数"),
    "limit does": (
        "How many of the passages found are read for an answer, from 1 to 50. More finds more and takes longer; 10 is "
        "enough for most.",
        "为每个回答阅读多少段检索结果（1到50）。越多找到的越多，也越慢；通常10段足够。",
    ),
    "passages": ("Passages shown to the writer", "给书写者的段落数"),
    "passages does": (
        "How many of them the writer gets to write from, from 1 to 20. It changes nothing without a writer.",
        "其中多少段交给书写者（1到20）。没有书写者时不起作用。",
    ),
    "strictness": ("When to refuse", "何时拒绝回答"),
    "strictness does": (
        "How sure a quotation must be to be shown as an answer. The shares are those of wrong answers among the "
        "questions on which the reader was calibrated.",
        "引文要有多大把握才作为回答显示。所列比例是校准阅读模型时，回答中错误的比例。",
    ),
    "strict": ("Strict: at most 1 answer in 10 wrong", "严格：至多十分之一的回答有误"),
    "careful": ("Careful: at most 1 in 4 wrong", "谨慎：至多四分之一有误"),
    "balanced": ("Balanced: at most 4 in 10 wrong", "适中：至多十分之四有误"),
    "ready": ("Ready: at most 6 in 10 wrong, few refusals", "宽松：至多十分之六有误，很少拒绝"),
    "never": ("Never refuse for being unsure", "从不因把握不足而拒绝"),
    "other": ("As in footnote.toml: at most {:.0%} wrong", "按footnote.toml：至多{:.0%}有误"),
    "save": ("Save", "保存"),
    "saved": ("Saved in {}. Questions are answered so from now on.", "已保存到{}。从现在起按此回答。"),
    "overridden": (
        "This was started with other values for {} (--set): started so again, those will be in force.",
        "启动时用--set为{}指定了其他值：再次这样启动时，以那些值为准。",
    ),
    "unchanged": ("Nothing was changed. {}", "没有更改。{}"),
    "page": ("This page", "本页面"),
    "theme": ("Theme", "主题"),
    "theme does": ("Light or dark; kept in this browser.", "浅色或深色，保存在本浏览器中。"),
    "system": ("As the system", "跟随系统"),
    "light": ("Light", "浅色"),
    "dark": ("Dark", "深色"),
    "language": ("Language", "语言"),
    "language does": (
        "Of the page. Answers are in the language of the question and of the documents.",
        "页面的语言。回答使用问题和文档的语言。",
    ),
    "missing": (
        "The name of the provider's model is empty; write it as provider:name.",
        "服务商的模型名称为空，请写作“服务商:名称”。",
    ),
    "whole": ("“{}” is {}; it must be a whole number from 1 to {}.", "“{}”为{}，必须是1到{}的整数。"),
}
# The share of wrong answers that each word allows, see rag/calibration.py.
_LEVELS = {"strict": 0.1, "careful": 0.25, "balanced": 0.4, "ready": 0.6, "never": 1.0}
_MOST_READ, _MOST_SHOWN = 50, 20
_KEYS = ("writer.model", "search.limit", "writer.passages", "answer.max_wrong")
_PAGE = Markup("""<div class="fn-settings-page"><h2>{title}</h2>
<fieldset><legend>{theme}</legend><p class="fn-does">{theme_does}</p>{themes}</fieldset>
<fieldset><legend>{tongue}</legend><p class="fn-does">{tongue_does}</p>
<a href="/" hreflang="en" lang="en"{en}>English</a> · <a href="/zh/" hreflang="zh" lang="zh"{zh}>中文</a>
</fieldset></div>""")
_THEME = Markup('<label class="fn-choice"><input type="radio" name="fn-theme" value="{}"> {}</label>')
_SAID = Markup('<p class="{}" role="status">{}</p>')
# What page.js makes of the choice is in force on every tab; here it is only shown and handed over.
_THEME_JS = """
const kept = localStorage.getItem("fn-theme") || "system";
element.querySelectorAll("[name=fn-theme]").forEach((radio) => {
  radio.checked = radio.value === kept;
  radio.addEventListener("change", () => {
    localStorage.setItem("fn-theme", radio.value);
    document.dispatchEvent(new CustomEvent("fn-theme"));
  });
});
"""


def settings_tab(workspace: Workspace, *, language: str) -> None:
    """Lay out the settings and connect them.

    Args:
        workspace: whose settings.
        language: of the page, "en" or "zh".
    """
    words = Words(_WORDS, language)

    def now(name: str) -> Callable[[], Any]:
        return lambda: _shown(workspace.config)[name]  # asked anew whenever a page is loaded

    with gr.Column(elem_id="fn-settings"):
        gr.HTML(Markup("<h2>{}</h2>").format(words["title"]), apply_default_css=False)
        choices = [(words[name], name) for name in ("none", "local", "provider")]
        writer = gr.Radio(choices, value=now("writer"), label=words["writer"], info=words["writer does"])
        model = gr.Textbox(now("model"), label=words["model"], info=words["model does"], max_lines=1)
        limit = gr.Number(now("limit"), label=words["limit"], info=words["limit does"], precision=0)
        passages = gr.Number(now("passages"), label=words["passages"], info=words["passages does"], precision=0)
        levels = [(words[name], value) for name, value in _LEVELS.items()]
        max_wrong = workspace.config.answer.max_wrong
        if max_wrong not in _LEVELS.values():
            levels.append((words["other"].format(max_wrong), max_wrong))
        level = gr.Radio(levels, value=now("level"), label=words["strictness"], info=words["strictness does"])
        button = gr.Button(words["save"], variant="primary", elem_id="fn-save")
        said = gr.HTML(elem_id="fn-saved", apply_default_css=False)
        gr.HTML(_page(words, language), apply_default_css=False, js_on_load=_THEME_JS)
    chosen = [writer, model, limit, passages, level]

    def saved(*values: Any) -> str:  # noqa: ANN401 (what the fields hold, checked below)
        return _saved(
            workspace, dict(zip(("writer", "model", "limit", "passages", "level"), values, strict=True)), words
        )

    button.click(saved, chosen, said, api_visibility="private", show_progress="hidden", concurrency_limit=1)


def _shown(config: Config) -> dict[str, object]:
    """Return the settings as the fields show them."""
    model = config.writer.model
    provided = model not in {"none", "local"}
    return {
        "writer": "provider" if provided else model,
        "model": model if provided else "",
        "limit": config.search.limit,
        "passages": config.writer.passages,
        "level": config.answer.max_wrong,
    }


def _saved(workspace: Workspace, fields: Mapping[str, Any], words: Words) -> str:
    """Save what the fields hold and say what became of it, as HTML."""
    try:
        changes = _changes(fields, words)
        done = save(workspace, changes)
    except FootnoteError as error:
        return _SAID.format("fn-trouble", words["unchanged"].format(error))
    said = words["saved"].format(done.path)
    if done.overridden:
        said = f"{said} {words['overridden'].format(', '.join(done.overridden))}"
    return _SAID.format("fn-good", said)


def _changes(fields: Mapping[str, Any], words: Words) -> dict[str, object]:
    """Return the settings that the fields stand for, by dotted key.

    Raises:
        ConfigError: a field is empty or holds a number that is none.
    """
    model = fields["writer"]
    if model == "provider":
        model = str(fields["model"] or "").strip()
        if not model:
            raise ConfigError(words["missing"])
    for name, most in (("limit", _MOST_READ), ("passages", _MOST_SHOWN)):
        value = fields[name]
        if not isinstance(value, int) or not 1 <= value <= most:
            raise ConfigError(words["whole"].format(words[name], value, most))
    values = (model, fields["limit"], fields["passages"], float(fields["level"]))
    return dict(zip(_KEYS, values, strict=True))


def _page(words: Words, language: str) -> str:
    here = Markup(' aria-current="page"')
    return _PAGE.format(
        title=words["page"],
        theme=words["theme"],
        theme_does=words["theme does"],
        themes=Markup("").join(_THEME.format(name, words[name]) for name in ("system", "light", "dark")),
        tongue=words["language"],
        tongue_does=words["language does"],
        en=here if language == "en" else "",
        zh=here if language == "zh" else "",
    )
