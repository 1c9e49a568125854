"""What an evaluation came to: the scores that matter first, pictures, each question with what went wrong.

    folder of a run ─ outcome ─► Outcome ─ outcome_html ─► HTML

The parts are those of the run's own report; here they get the page's language and its look. A question leads to the
chat, where it can be asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from eval.measures import MEASURES

# The parts of a report's page, which the page of the chat shows, too.
from eval.report import Mark, Stored, groups_of, pictures_of
from ui.markup import fill
from ui.wording import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from eval.store import RunFolder

_WORDS = {
    "result": ("Result", "结果"),
    "questions": ("{} questions", "{}个问题"),
    "question": ("1 question", "1个问题"),
    "split": ("split {}", "{}部分"),
    "interval": ("95% interval", "95%区间"),
    "measure": ("measure", "指标"),
    "figure": ("figure", "数值"),
    "n": ("questions", "问题数"),
    "all": ("All measures", "全部指标"),
    "higher": ("higher is better", "越高越好"),
    "lower": ("lower is better", "越低越好"),
    "pictures": ("Plots", "图"),
    "wrong": ("What went wrong ({})", "出错的问题（{}）"),
    "rest": ("The other questions ({})", "其余问题（{}）"),
    "none wrong": ("No question went wrong.", "没有出错的问题。"),
    "left out": ("{} more are in the whole report.", "另有{}个见完整报告。"),
    "mark": ("result", "结果"),
    "asked": ("question", "问题"),
    "expected": ("expected", "应答"),
    "said": ("answered", "实答"),
    "refusal": ("to be refused", "应拒答"),
    "turns": (
        "asked after {} messages that the chat does not have",
        "提问前已有{}条消息，对话中没有这些消息",
    ),
    "as of": ("asked as of {}", "按{}的情况提问"),
    "found": ("the search has a right document at rank {}", "检索结果第{}位是正确文档"),
    "not found": ("no right document among the first ten found", "检索结果前十位没有正确文档"),
    "opens": ("Ask it in the chat", "在对话中提问"),
    "both ways": ("how well what has no answer is refused, and nothing else", "该拒答的拒答，不该拒答的不拒答"),
    "no_evidence": ("refused: nothing near it was found", "拒答：没有找到相关内容"),
    "insufficient": ("refused: what was found does not answer it", "拒答：找到的内容不能回答"),
    "false_premise": ("refused: it assumes what is not so", "拒答：问题的前提不成立"),
    "filtered_out": ("refused: nothing within its filters answers it", "拒答：筛选条件内没有答案"),
}
# What matters first, where the run has it.
_FIRST = ("accuracy", "refusal F1", "citation recall", "verbatim", "seconds p50")
# What needs another meaning where it stands without its neighbours.
_ALONE = {"refusal F1": "both ways"}
_MOST = 200
_SAID_CHARS = 240

# The Chinese of what measures and reports say in English.
_CHINESE = {
    "Finding": "检索",
    "Answering": "回答",
    "Refusing": "拒答",
    "Citing": "引用",
    "Writing": "写作",
    "Support and conflict": "支持与矛盾",
    "Time": "时间",
    "Other": "其他",
    "nDCG@10": "相关内容在前十位中的名次有多靠前",
    "R@1": "第一位中正确文档的比例",
    "R@5": "前五位中正确文档的比例",
    "R@10": "前十位中正确文档的比例",
    "RR@10": "第一个正确文档名次的倒数",
    "all@10": "前十位包含全部正确文档",
    "passage Success@5": "前五位中有正确段落",
    "accuracy": "正确的比例，含正确拒答",
    "EM": "与标准答案用词相同，或正确拒答",
    "F1": "与最接近的标准答案共有的词；正确拒答为1",
    "answer in quotes": "引文中有标准答案",
    "refusal precision": "拒答的问题中确无答案的比例",
    "refusal recall": "无答案的问题中被拒答的比例",
    "refusal F1": "以上两项的调和平均",
    "coverage": "作答的问题所占比例",
    "AURC": "风险—覆盖曲线下的面积；在相近的覆盖下比较",
    "ECE": "可信度与正确比例相差多少",
    "verbatim": "引文与文档原文逐字相同",
    "cited sentences": "有陈述的句子中带引用的比例",
    "guard": "数字和名称都见于引文的句子",
    "citation recall": "引用符合标准证据的句子",
    "citation precision": "属于标准证据的引用",
    "evidence F1": "第一条引文与标准证据共有的词",
    "written kept": "模型所写并保留的句子",
    "written guard": "数字和名称都见于引文的所写句子",
    "answer in text": "所写文字中有标准答案",
    "written sentences": "每个回答中所写的句子数",
    "quotes instead": "所写均不成立而只列引文的回答",
    "AUROC": "可信度区分有无支持的能力；0.5为随机",
    "balanced accuracy": "两类的平均召回率；0.5为随机",
    "mode accuracy": "该拒答时拒答，该指出矛盾时指出",
    "seconds p50": "半数问题所用时间不超过此值",
    "seconds p95": "二十分之十九的问题所用时间不超过此值",
    "Risk and coverage": "风险与覆盖",
    "How often it errs when it answers only what it is surest of.": "只回答最有把握的问题时，出错的比例。",
    "Calibration": "校准",
    "Whether confidence means what it says: on the line it does.": "可信度是否名副其实：落在线上即是。",
    "Ranks": "名次",
    "Where the first document that holds the answer stands.": "第一个含有答案的文档排在第几位。",
    "How long a question takes.": "一个问题需要多长时间。",
    "right": "正确",
    "wrong": "错误",
    "refused rightly": "正确拒答",
    "refused wrongly": "不该拒答",
    "answered wrongly though unanswerable": "无答案却作答",
    "answered": "已回答",
    "not judged": "未评判",
    "not found": "未找到",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a run with what became of it.

    `answerable` and `answers` are gold, `said` what was answered, empty for a refusal, whose `reason` says why. `rank`
    is that of the first gold document that the search found, 0 where it is not among the first ten, None where nothing
    was to be found. `turns` were said before the question, `as_of` is the day from which it was asked.
    """

    question: str
    mark: Mark
    answerable: bool
    answers: tuple[str, ...]
    said: str
    reason: str
    rank: int | None
    turns: int
    as_of: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    `made` says how it was made, `groups` hold the scores of each group of measures, each with its interval drawn,
    `pictures` are titles, what they show, and SVG; `questions` begin with those that went wrong.
    """

    made: dict[str, Any]
    groups: dict[str, list[tuple[dict[str, Any], Markup]]]
    pictures: list[tuple[str, str, Markup]]
    questions: list[Asked]


def outcome(folder: RunFolder) -> Outcome:
    """Read what a run came to.

    Raises:
        DataMissing: it is not finished, or its files are damaged.
    """
    found = Stored(folder)
    questions = [_asked(found, at) for at in range(len(found.records))]
    questions.sort(key=lambda asked: (False, None, True).index(asked.mark.right))
    return Outcome(found.made, groups_of(found.scores), pictures_of(found), questions)


def outcome_html(outcome: Outcome, *, language: str) -> str:
    """Show what a run came to; everything that comes from documents, questions and answers is escaped.

    Each question that went wrong is a link `?ask=<question>`, which the page opens in the chat.
    """
    words = Words(_WORDS, language)
    scores = {score["name"]: (score, drawn) for rows in outcome.groups.values() for score, drawn in rows}
    wrong = [asked for asked in outcome.questions if asked.mark.right is False]
    rest = [asked for asked in outcome.questions if asked.mark.right is not False]
    meanings = {name: meaning for names in MEASURES.values() for name, meaning in names.items()}

    def say(english: str) -> str:
        return _CHINESE.get(english, english) if language == "zh" else english

    def meaning(name: str) -> str:
        return _CHINESE.get(name, "") if language == "zh" else meanings.get(name, "")

    values = {
        "words": words,
        "say": say,
        "meaning": meaning,
        "heading": _heading(outcome.made, words),
        "first": [
            (*scores[name], words[_ALONE[name]] if name in _ALONE else meaning(name))
            for name in _FIRST
            if name in scores
        ],
        "groups": outcome.groups,
        "pictures": outcome.pictures,
        "tables": [("wrong", len(wrong), _rows(wrong, words)), ("rest", len(rest), _rows(rest, words))],
        "figure": _figure,
    }
    return fill("outcome.html.jinja", values)


def _heading(made: dict[str, Any], words: Words) -> str:
    number = made["questions"]
    counted = words["question"] if number == 1 else words["questions"].format(number)
    split = words["split"].format(made["split"]) if made.get("split") else ""
    return " · ".join(filter(None, (made["task"], split, counted)))


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _rows(questions: Sequence[Asked], words: Words) -> list[dict[str, Any]]:
    return [
        {
            "asked": asked,
            "link": f"?ask={quote(asked.question, safe='')}",
            "expected": " / ".join(asked.answers) or (words["refusal"] if not asked.answerable else "–"),
            "said": _cut(asked.said) or (words[asked.reason] if asked.reason else "–"),
            "notes": list(_notes(asked, words)),
        }
        for asked in questions[:_MOST]
    ]


def _notes(asked: Asked, words: Words) -> list[str]:
    notes = []
    if asked.mark.right is False and asked.rank is not None:
        notes.append(words["found"].format(asked.rank) if asked.rank else words["not found"])
    if asked.turns:
        notes.append(words["turns"].format(asked.turns))
    if asked.as_of:
        notes.append(words["as of"].format(asked.as_of))
    return notes


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text[:_SAID_CHARS] + "…" * (len(text) > _SAID_CHARS)


def _asked(found: Stored, at: int) -> Asked:
    record, reciprocal = found.records[at], found.value("RR@10", at)
    example, answer = record["example"], record["answer"] or {}
    said = [sentence["text"] for sentence in answer.get("sentences", ())]
    short = answer.get("short")
    return Asked(
        question=example["question"],
        mark=found.mark(at),
        answerable=example["answerable"],
        answers=tuple(example["answers"]),
        said=short["quote"] if short else " ".join(said),
        reason=answer.get("reason") or "",
        rank=None if reciprocal is None else round(1 / reciprocal) if reciprocal else 0,
        turns=len(example["history"]),
        as_of=example["as_of"] or "",
    )
