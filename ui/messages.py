"""What Footnote itself says around an answer, in English and in Chinese."""

from __future__ import annotations

from rag.text import is_chinese

MESSAGES = {
    "searching": ("Searching …", "正在检索……"),
    "reading": ("Reading … ({} found)", "正在阅读……（找到{}段）"),
    "empty": ("Please type a question.", "请输入问题。"),
    "no_evidence": (
        "Nothing in the documents is about this question. It may help to ask in other words, or to add documents.",
        "文档中没有与这个问题有关的内容。可以换一种问法，或者添加文档。",
    ),
    "insufficient": (
        "The documents come near this question but do not answer it. It may help to ask more exactly, or to add "
        "documents that say it.",
        "文档与这个问题有关，但没有给出答案。可以问得更具体，或者添加写有答案的文档。",
    ),
    "false_premise": (
        "The documents give another number or day than this question takes for granted, and do not answer it as it is "
        "asked.",
        "文档中的数字或日期与这个问题的前提不同，因此没有给出答案。",
    ),
    "nearest": ("The nearest is “{}”.", "最接近的是《{}》。"),
    "filtered_out": (
        "No document that the filters let through answers this question, but others may. It may help to widen the "
        "filters or to leave them out.",
        "符合筛选条件的文档没有回答这个问题，但其他文档可能有。可以放宽或取消筛选条件。",
    ),
    "searched": ("Only documents were searched that are {}.", "只检索了以下范围的文档：{}。"),
    "relaxed": (
        "No document that is {} answers this. What is cited here is from others.",
        "以下范围的文档没有回答这个问题：{}。这里引用的是其他文档。",
    ),
    "from": ("from {}", "来源为{}"),
    "among": ("among the {} that were chosen", "选定的{}份文档"),
    "missing": ("{} not in the cited text", "引文中没有{}"),
    "since": ("of {} or later", "{}或之后"),
    "until": ("of {} or earlier", "{}或之前"),
    "partial": ("only partly supported", "仅部分得到支持"),
    "unsupported": ("not supported", "没有依据"),
    "contradicted": ("contradicted", "与来源矛盾"),
    "rewritten": ("Understood as: {}", "理解为：{}"),
    "unborne": (
        "Left out, since nothing in the documents bears it: {} of what was written.",
        "生成的内容中有{}因文档没有依据而略去。",
    ),
    "denied": (
        "Left out, since the documents say otherwise: {} of what was written.",
        "生成的内容中有{}因与文档矛盾而略去。",
    ),
    "one": ("one sentence", "一句"),
    "several": ("{} sentences", "{}句"),
    "trouble": ("There is no written answer, only quotations: {}", "没有生成的回答，只有引文：{}"),
    "also": ("also in {}", "另见{}"),
    "conflict": ("{} and {} contradict each other.", "{}与{}相互矛盾。"),
    "sources": ("Sources", "来源"),
    "page": ("page {}", "第{}页"),
    "characters": ("source characters {}–{}", "原文第{}–{}字符"),
    "confidence": ("Confidence: {}, {:.0%}", "可信度：{}，{:.0%}"),
}


def message(name: str, question: str) -> str:
    """Return one of the fixed texts, in the language of the question; some have `{}` to fill."""
    return MESSAGES[name][is_chinese(question)]
