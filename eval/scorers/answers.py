"""Are the words right? Exact match and F1 as the script of SQuAD counts them, in Chinese by characters."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from eval.types import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from eval.types import Record
    from rag.types import Answer, Document

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_PART_ENDS = re.compile(r";\s|；")
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_POSSESSIVE = re.compile(r"['’]s\b")
_DECIMAL_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_DROP_ASCII = str.maketrans("", "", string.punctuation)
# A quotation keeps the quotation marks and dashes of its source, where a gold answer may have plain ones.
_TYPOGRAPHY = str.maketrans({**dict.fromkeys("“”„‘’‚«»", ""), **dict.fromkeys("—…", " "), "–": "-"})


def answers(records: Sequence[Record], _documents: Mapping[str, Document]) -> list[Column]:
    """Measure the words of answers, from 0 to 1, higher is better.

    * `EM`, `F1`: `exact_match` and `token_f1` of the short answer; where an answer has none, of the first quote of its
      first sentence. As in SQuAD 2.0, a question that cannot be answered scores 1 if refused and 0 otherwise, and a
      refusal of one that can be answered scores 0. Not for answerable questions without gold answers.
    * `answer in quotes`: 1 where the quotes of the answer contain a gold answer, or each part of one that is a list
      ("Gao Jifan; Song Yan"). Only for answerable questions with gold answers.
    """
    return [
        Column("EM", tuple(_scored(record, exact_match) for record in records)),
        Column("F1", tuple(_scored(record, token_f1) for record in records)),
        Column("answer in quotes", tuple(_is_quoted(record) for record in records)),
    ]


def normalise_answer(text: str) -> str:
    """Bring an answer to the form that is compared: its tokens, a space between each two.

    As SQuAD's script: lower case, ASCII punctuation dropped ("U.S." is "us"), then a, an, the, then white space folded
    (Rajpurkar et al. 2016, evaluate-v1.1.py). In a text with Han characters, each of them is a token and Chinese
    punctuation is dropped too, as CMRC's script does (Cui et al. 2019).

    >>> normalise_answer("The U.S. Army, 北京大学。")
    'us army 北 京 大 学'
    """
    text = text.lower().translate(_DROP_ASCII)
    han = _HAN.search(text) is not None
    if han:
        text = "".join(char for char in text if not unicodedata.category(char).startswith("P"))
    text = _ARTICLE.sub(" ", text)
    return " ".join((_HAN.sub(r" \g<0> ", text) if han else text).split())


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """Return 1 where the prediction equals one of the gold answers in normal form, else 0.

    >>> exact_match("the cat!", ["A cat", "dog"])
    1.0
    """
    return float(normalise_answer(prediction) in map(normalise_answer, answers))


def token_f1(prediction: str, answers: Sequence[str]) -> float:
    """Return the F1 of the tokens of prediction and gold answer as multisets, for the best of the gold answers.

    Where one of the two has no token left, it is 1 if neither has and 0 otherwise (as in SQuAD's evaluate-v2.0.py).

    >>> token_f1("a black cat", ["the cat", "dog"])  # precision 1/2, recall 1/1
    0.6666666666666666
    """
    tokens = normalise_answer(prediction).split()
    return max((_f1(tokens, normalise_answer(answer).split()) for answer in answers), default=0.0)


def contains(text: str, answer: str) -> bool:
    """Tell whether the tokens of an answer stand side by side in a text, whichever quotation marks either uses.

    An answer without tokens is contained in none. A possessive is its name, and 3.5 is not 35.

    >>> contains("Xi Jinping’s speech", "Xi Jinping"), contains("up 3.5 %", "35")
    (True, False)
    """
    tokens = normalise_answer(_plain(answer))
    return bool(tokens) and f" {tokens} " in f" {normalise_answer(_plain(text))} "


def parts_of(answer: str) -> list[str]:
    """Return the parts of a gold answer that is a list; of any other, the answer.

    >>> parts_of("Gao Jifan; Song Yan")
    ['Gao Jifan', 'Song Yan']
    """
    return _PART_ENDS.split(answer)


def _plain(text: str) -> str:
    return _DECIMAL_POINT.sub("·", _POSSESSIVE.sub("", text)).translate(_TYPOGRAPHY)


def _f1(one: list[str], other: list[str]) -> float:
    if not one or not other:
        return float(one == other)
    return 2 * (Counter(one) & Counter(other)).total() / (len(one) + len(other))


def _scored(record: Record, measure: Callable[[str, Sequence[str]], float]) -> float | None:
    example, answer = record.example, record.answer
    if answer is None or (example.answerable and not example.answers):
        return None
    if not example.answerable or answer.status == "refused":
        return float(not example.answerable and answer.status == "refused")
    return measure(_prediction(answer), example.answers)


def _prediction(answer: Answer) -> str:
    quotes = [citation.quote for citation in answer.sentences[0].citations]
    return answer.short.quote if answer.short else next(iter(quotes), "")


def _is_quoted(record: Record) -> float | None:
    example, answer = record.example, record.answer
    if answer is None or not example.answerable or not example.answers:
        return None
    quotes = [citation.quote for sentence in answer.sentences for citation in sentence.citations]
    lists = [parts_of(gold) for gold in example.answers]
    return float(any(all(any(contains(quote, part) for quote in quotes) for part in parts) for parts in lists))
