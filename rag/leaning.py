"""How people lean on what was said before: pronouns, fragments, words that point back; English and Chinese.

Rules over one turn alone: nothing here knows a conversation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag.fact import HAN
from rag.names import names
from rag.text import STOP_WORDS, is_chinese, words

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["person", "thing", "several"]
_KINDS: dict[str, Kind] = {
    **dict.fromkeys("he him his she her hers 他 她".split(), "person"),
    **dict.fromkeys("it its 它 其 该".split(), "thing"),
    **dict.fromkeys("they them their theirs 他们 她们 它们".split(), "several"),
}
_POSSESSIVE = frozenset("his its their hers theirs".split())
_PRONOUN = re.compile(r"(?i)\b(?:he|him|his|she|hers?|its?|they|them|theirs?)\b(?!['’]?\w)")
# "It" that means nothing: "is it possible to", "how long does it take".
_IDLE = re.compile(
    r"(?i)\b(?:is|was|be|would|will|does|did|do|isn['’]t|wouldn['’]t)\s+it\s+(?:\w+ly\s+)?(?:possible|true|worth|legal|normal|make\s+sense|"
    r"take|matter|cost|necessary|important|mean\s+that)\b|\bit\s+(?:is|was|seems|takes|makes\s+sense)\s+(?:\w+\s+){0,3}(?:that|to)\b"
    r"|\b(?:make|makes|made|making|find|finds|found|think)\s+it\s+(?:\w+\s+)?\w+\s+to\b"
)
_CLAUSE = re.compile(
    r"(?i)\b(?:when|before|after|if|because|while|that|and|so|as|since|until|although|though|but|who)\b|[,.!?]"
)
_DEMONSTRATIVE = re.compile(
    r"(?i)\b(?:these|those|this(?!\s+(?:year|week|month|morning|time|century|decade)\b))\b"
    r"|(?:^|\b(?:is|was|are|were|does|did|do|can|will|would|about|of|by|with|for|in|at|on|to|like|after|before|than|and|from|why)\s+)"
    r"that\b(?!\s+(?:the|he|she|it|they|we|you|i)\b)|\bthat(?=['’]s\b|\s*[?.!]|$)"
    r"|\bsuch(?!\s+as\b)|(?<!is )(?<!are )(?<!was )(?<!were )\bthere(?=\s*[?.!,]|$)"
    r"|\b(?:then|too|again|instead|afterwards?)(?=\s*[?.!]|$)"
    r"|\b(?:which|this|that|other|first|second|last|another)\s+ones?\b|\b(?:another|others|else|the\s+same|the\s+former|the\s+latter)\b"
    r"|\bboth\b(?!\s+(?:\w+\s+){1,3}and\b)|\b(?:either|neither)\b(?!.*\bn?or\b)"
)
_OPENING = re.compile(
    r"(?i)^(?:(?:and|but|or|so|then|also|plus|ok(?:ay)?|well|yes|no)\b[\s,]*)*(?:(?:what|how)(?:\s+about|\s+of|['’]bout)\b\s*)?"
)
_OPENING_CHINESE = re.compile("^(?:那么|那|还有|然后|至于|而|另外)?[，,]?")
_ENDING_CHINESE = re.compile("(?:呢|又如何|怎么样|如何)?[？?。！!]*$")
_IDLE_THAT = re.compile(
    r"(?i)\b(?:in\s+that\s+case|given\s+that|that\s+said|(?:other|apart)\s+(?:than|from)\s+that|that\s+is\s+to\s+say)\b"
    r"|^(?:that|this)(?:['’]s|\s+is|\s+was)\s+(?:(?:so|too|very|really)\s+)?(?:fine|good|great|bad|sad|right|interesting|ok(?:ay)?|nice|cool)\b"
)
_CORRECTS = re.compile(r"(?i)^(?:i\s+(?:mean|meant)\b|i(?:['’]m|\s+am)\s+(?:asking|in|from)\b|not\s)")
PREPOSITION = re.compile(
    r"(?i)(?:^|(?<=\s))(?:in|on|at|since|by|before|after|during|for|from|to|until|of|about)\s+(?:the\s+)?$|^(?:in|on|at|since|by|before|after|during|for|from|until|under|with|without)\b"
)
_VERB = re.compile(
    r"(?i)\b(?:is|are|was|were|am|do|does|did|can|could|will|would|should|shall|has|have|had|(?-i:may)|might|must|need|isn|aren|wasn|don|doesn|"
    r"didn|can|won|what|who|whom|whose|which|when|where|why|how|name|list|tell|give|show|explain|describe|find|compare|define|summari[sz]e|say|said|"
    r"want|know|think|like|get|got|makes?|means?|meant|see|says)\b"
)
_POLITE = (
    "thanks?|thank you|thx|cheers|great|ok(?:ay)?|cool|nice|perfect|got it|i see|good|wow|hello|hi|bye|goodbye|"
    "谢谢|多谢|感谢|好的?|明白了?|知道了|再见|你好|您好"
)
# Possessive: no spelling of "goodbye goodbye …" is tried twice.
_COURTESY = re.compile(
    rf"(?i)^\W*(?:{_POLITE})\W*+(?:(?:{_POLITE}|so much|very much|a lot|you|again|for that|你|您|了)\W*+)*+$"
)
_DEFINED = (
    re.compile(
        r"(?i)^(?:and\s+|so\s+|ok(?:ay)?,?\s+)?(?:what|who)(?:['’]s|\s+(?P<verb>is|was|means?|are|were))\s+(?:an?\s+)?(?P<subject>[^,?.!]+?)\s*[?.!]*$"
    ),
    re.compile(
        r"(?i)^(?:please\s+)?(?:(?:can|could)\s+you\s+)?(?:please\s+)?(?:tell\s+me\s+(?:more\s+)?about|explain|describe|define|what\s+about|how\s+about)\s+"
        r"(?:an?\s+)?(?P<subject>[^,?.!]+?)\s*[?.!]*$"
    ),
    re.compile("^(?:什么是|谁是|介绍一下|请介绍|解释一下)(?P<subject>[^，。？！,?!]+?)[？?。]*$"),
    re.compile("^(?P<subject>[^，。？！,?!]+?)(?:是什么|是谁|是啥)[？?。]*$"),
)
_THIS_ONE = re.compile("该(?:公司|集团|企业|机构|组织|国|市|省|地区|地|项目|计划|协议|法案|会议|大学|银行|党|人)")
# What goes before a pronoun in the same turn explains it, if it is more than a word or two.
_MUCH = 2
_SUBJECT_WORDS = 6
_TOPIC_WORDS = 8
# Words of questions that say nothing of their subject, beside `STOP_WORDS`.
_EMPTY = STOP_WORDS | frozenset(
    """much many few lot lots little bit see seen get got getting make makes made need needs needed want
    use used using know think please explain clarify thing things like really still going go come kind
    kinds sort different example examples mean means meant give show find help way ways ok okay well
    maybe something anything someone thank thanks""".split()
)
_POINTING_CHINESE = frozenset(
    """这 那 这个 那个 这些 那些 这里 那里 这位 那位 这次 那次 这样 那样 此 此次 当时 前者 后者 双方 两者
    同样 其 该 他 她 它 他们 她们 它们 还有 别的""".split()
)
# Question words that are no stop words.
_ASKS_CHINESE = frozenset(
    "什么时候 时候 时间 为何 哪儿 在哪 多大 多久 原因 地点 结果 具体 详细 然后 还 又 再 呢 啊 吗 后来".split()
)
_ORGANISED = frozenset(
    """court university college bank company corporation ministry department city county state states act program
    programme party congress council committee commission agency office union island river lake mountain street school
    hospital institute association organization organisation group cloud service services system war treaty agreement
    summit conference sessions times news post daily house tower bridge park museum church wall street republic kingdom
    north south east west new great national international united american royal federal world""".split()
)
_TITLE = re.compile(
    r"(?i)\b(?:mr|mrs|ms|dr|prof|sir|lady|president|premier|minister|chancellor|secretary|general|senator|professor|judge|"
    r"king|queen|pope|prince|princess|governor|mayor|ambassador|who\s+(?:is|was))\.?\s+$"
)


@dataclass(frozen=True, slots=True)
class Pronoun:
    """A pronoun that stands for something outside its question: its place in the text, and what it may mean."""

    text: str
    start: int
    end: int
    kind: Kind

    def replaced_by(self, entity: str) -> str:
        """Return the question with a name in the place of the pronoun."""
        said, after = self.text[self.start : self.end], self.text[self.end :]
        word = said.casefold()
        if word in _POSSESSIVE or (word == "her" and re.match(r"\s+[a-z]", after) and not _follows(after)):
            entity = f"{entity}'" if entity.endswith("s") else f"{entity}'s"
        if said in {"其", "该"}:
            entity += "的"
        return self.text[: self.start] + entity + after


def _follows(after: str) -> bool:
    """Tell whether what comes next is no noun: "her" is then whom, not whose."""
    following = re.match(r"\s+([a-z]+)", after)
    return bool(following and following[1] in STOP_WORDS)


def pronoun_in(question: str) -> Pronoun | None:
    """Return the first pronoun that the question itself does not explain; None if there is none.

    >>> pronoun_in("When did she resign?").kind, pronoun_in("Is it possible to vote?")
    ('person', None)
    """
    idle = [match.span() for match in _IDLE.finditer(question)]
    named = min((fact.start for fact in names(question)), default=len(question))
    for start, end in _pronouns(question):
        inside = _CLAUSE.search(question, 0, start) and _says_much(question[:start])
        if not any(a <= start < b for a, b in idle) and not inside and named > start:
            kind = _KINDS[question[start:end].casefold()]
            whole = _THIS_ONE.match(question, start)
            return Pronoun(question, start, whole.end() if whole else end, kind)
    return None


def _says_much(text: str) -> bool:
    return sum(word not in STOP_WORDS for word in words(text)) >= _MUCH


def _pronouns(question: str) -> Iterator[tuple[int, int]]:
    yield from (match.span() for match in _PRONOUN.finditer(question))
    yield from ((start, start + len(word)) for start, word in _chinese_words(question) if word in _KINDS)


def _chinese_words(text: str) -> Iterator[tuple[int, str]]:
    """Yield the words of a text that has Chinese in it, with where they start: "其他" holds no "其"."""
    if not re.search(f"[{HAN}]", text):
        return
    import rjieba

    start = 0
    for word in rjieba.cut(text, True):
        start = text.find(word, start)
        yield start, word
        start += len(word)


def leans(question: str) -> bool:
    """Tell whether a question points back, corrects the one before it, or names nothing by itself.

    >>> [leans(text) for text in ("Why?", "Are these open?", "And the profit?", "What is Bitcoin?")]
    [True, True, True, False]
    """
    if is_chinese(question):
        found = [word for _, word in _chinese_words(question)]
        bare = all(word in STOP_WORDS or word in _ASKS_CHINESE or not word.isalnum() for word in found)
        return bare or not _POINTING_CHINESE.isdisjoint(found) or bool(fragment_of(question))
    if all(word in STOP_WORDS for word in words(question)):
        return any(True for _ in words(question))
    if _CORRECTS.search(question) or _DEMONSTRATIVE.search(_IDLE_THAT.sub(" ", _asked_in(question))):
        return True
    return bool(fragment_of(question)) and not any(True for _ in names(question))


def _asked_in(turn: str) -> str:
    """Return the last sentence of a turn where it says enough by itself, else all of it."""
    last = re.split(r"[.!?]\s+(?=\S)", turn.strip())[-1]
    return last if _says_much(last) else turn


def fragment_of(question: str) -> str:
    """Return what is asked about where a question is no sentence, without the words that lead up to it; else nothing.

    >>> [fragment_of(text) for text in ("And in 2024?", "What about Shanghai?", "那上海呢？", "Who is Ada?")]
    ['in 2024', 'Shanghai', '上海', '']
    """
    if is_chinese(question):
        opening = _OPENING_CHINESE.match(question)
        ending = _ENDING_CHINESE.search(question)
        if not (opening and ending) or "呢" not in ending.group():
            return ""
        return question[opening.end() : ending.start()].strip(" ，,")
    rest = question[_OPENING.match(question).end() :].strip(" ?!.,")  # type: ignore[union-attr]
    return "" if _VERB.search(rest) else rest


def is_courtesy(text: str) -> bool:
    """Tell whether a turn is thanks or a greeting and asks nothing."""
    return bool(_COURTESY.match(text))


def subject_of(question: str, *, kind: Kind) -> str:
    """Return what a question is about where it asks for nothing but that, and a pronoun of this kind can mean it.

    >>> subject_of("What is envelope encryption?", kind="thing"), subject_of("What are the aims?", kind="thing")
    ('envelope encryption', '')
    """
    match = next(filter(None, (pattern.match(question.strip()) for pattern in _DEFINED)), None)
    parts = match.groupdict() if match else {"subject": fragment_of(question)}
    subject = parts["subject"]
    n_words = len(subject.split()) if not is_chinese(subject) else 1
    fits = not parts.get("verb") or (parts["verb"].casefold() in {"are", "were"}) == (kind == "several")
    fits = fits and (kind != "thing" or not re.search(r"(?i)\bwho\b|谁", question))
    points = PREPOSITION.match(subject) or _DEMONSTRATIVE.search(subject) or pronoun_in(subject)
    return subject if fits and n_words <= _SUBJECT_WORDS and not points else ""


def is_person(name: str, text: str) -> bool:
    """Tell whether a name in a text is more likely a person's than not."""
    if re.search(f"[{HAN}]", name):
        import rjieba

        return all(tag.startswith("nr") for _, tag in rjieba.tag(name))
    parts = name.split()
    if any(part.casefold() in _ORGANISED or (part.isupper() and len(part.strip(".")) > 1) for part in parts):
        return False
    return len(parts) > 1 or bool(_TITLE.search(text[: max(0, text.find(name))]))


def topic_words(question: str, *, besides: str) -> list[str]:
    """Return the words that carry the subject of a question, in its order, without those of another."""
    known = set(words(besides))
    if is_chinese(question):
        found = [word for _, word in _chinese_words(question) if word.isalnum() and word not in _ASKS_CHINESE]
    else:
        found = re.findall(r"[^\s?!,;:()\[\]{}\"“”]+", question)
    kept = (word.strip(".'‘’") for word in found if not any(w in _EMPTY or w in known for w in words(word)))
    return list(dict.fromkeys(kept))[:_TOPIC_WORDS]
