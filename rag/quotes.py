"""Which sentences look like an answer, without a trained model: for Chinese, which it does not know, and without it.

Every sentence is described by a few numbers (words shared with the question, weighted by how rare they are; likeness of
meaning; whether it holds what is asked for: a person, a time, a place, a number), and a logistic model turns them into
the probability that it answers the question. `training/fit_quotes.py` fitted its weights on the train splits of SQuAD
1.1 and CMRC 2018, with a third of the questions asked of a library from which their article had been taken away.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from rag.text import Span, content_terms, is_chinese, sentences, terms
from rag.types import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Document, Hit, Passage

    EmbedTexts = Callable[[Sequence[str]], NDArray[np.float32]]
    TermWeights = Callable[[Iterable[str]], Mapping[str, float]]

Kind = Literal["who", "when", "where", "number", "other"]

_WHAT = r"\b[Ww]h(?:at|ich)"
_ASKS: tuple[tuple[Kind, str], ...] = (
    ("number", rf"\b[Hh]ow (?:many|much|long|old|far|large|big|high)\b|{_WHAT} (?:percentage|share|number|amount)\b"),
    ("number", "多少|几[个位名家项次]"),
    ("when", rf"\b[Ww]hen\b|{_WHAT} (?:date|day|month|year|time)\b|何时|什么时候|哪一?[年天日月]|几[月号日]"),
    (
        "where",
        rf"\b[Ww]here\b|{_WHAT} (?:city|country|province|place|state|region)\b|哪里|哪儿|何地|什么地方|哪个?[省市国]",
    ),
    ("who", rf"\b[Ww]ho(?:m|se)?\b|{_WHAT} (?:person|people|officials?|leaders?)\b|谁|哪[位些]人|何人"),
)
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*"
_HOLDS: dict[Kind, re.Pattern[str]] = {
    "number": re.compile(
        r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion)\b"
        r"|[一二三四五六七八九十百千万亿]"
    ),
    "when": re.compile(
        rf"\b[12]\d{{3}}\b|\b{_MONTH}\b\.? \d|\d {_MONTH}\b|\d+[年月日号]"
        r"|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
    ),
    "where": re.compile(r"\b(?:in|at|from|near|to|of) (?:the )?[A-Z]\w+|[\u4e00-\u9fff][省市县区国州]|[在于从]"),
    "who": re.compile(r"\b[A-Z][\w.]+(?: [A-Z][\w.]+)+|[\u4e00-\u9fff]{2,}(?:说|表示|指出|强调|称|[是任为])"),
}
# "Who is Li Yuju?", "What are future industries?", "新质生产力是什么？": a thing of a few words that is to be told of.
_TOLD = re.compile(
    r"(?:[Ww]ho|[Ww]hat) (?:is|are|was|were) (?:an? |the )?([^\s?]+(?: [^\s?]+){0,3}) ?\??$"
    r"|(.{2,10})(?:是谁|是什么|指什么|是什么意思)[？?]?$"
)
# What follows a thing where a sentence tells what it is: "Li Yuju, deputy director", "future industries are".
_TELLS = r"(?:,| is| are| was| were|是|，|指)"
# Sentences of fewer characters are captions and crumbs.
_MIN_CHARS = 12
_MIN_CHARS_CHINESE = 5


@dataclass(frozen=True, slots=True)
class Weights:
    """The logistic model: one weight a feature, all features between 0 and 1 unless said otherwise."""

    bias: float
    cover: float  # rarity-weighted share of the question's words that the sentence holds
    near: float  # … that the sentence, its passage and its header hold
    pairs: float  # share of the question's neighbouring words that are neighbours here too
    likeness: float  # cosine of question and sentence (-1 to 1)
    first: float  # 1 / rank of the passage
    found: float  # 1 where the kind of thing asked for is there
    defines: float  # 1 where the question asks what something is and the sentence goes on from it to say so
    lacking: float  # 1 where a kind is asked for and is not there
    length: float  # ln of the sentence's characters, less 4.5

    def probability(self, features: Mapping[str, float]) -> float:
        """Return 1 / (1 + exp(-(bias + weights · features)))."""
        total = self.bias + sum(getattr(self, name) * value for name, value in features.items())
        return 1 / (1 + math.exp(-total))


# `defines` is set by hand: the train splits hardly ever ask what something is.
WEIGHTS = Weights(
    bias=-9.99, cover=3.13, near=1.66, pairs=1.02, likeness=5.12, first=2.92, found=0.29,
    defines=2.0, lacking=-0.71, length=0.2,
)  # fmt: skip
# MiniLM knows little Chinese: here words say more and likeness less.
WEIGHTS_CHINESE = Weights(
    bias=-9.36, cover=3.43, near=2.03, pairs=0.1, likeness=2.69, first=3.4, found=0.3,
    defines=2.0, lacking=-0.52, length=0.52,
)  # fmt: skip

# For thresholds on that probability, the share of answers that were wrong, on the questions that
# `training/fit_quotes.py` did not fit on (it prints these).
RISK: tuple[tuple[float, float], ...] = ((0.0, 1.0), (0.2, 0.27), (1.0, 0.0))
RISK_CHINESE: tuple[tuple[float, float], ...] = ((0.0, 1.0), (0.2, 0.31), (1.0, 0.0))


def kind_asked(question: str) -> Kind:
    """Tell what kind of thing a question asks for.

    >>> kind_asked("How many deputies spoke?"), kind_asked("谁参加了审议？")
    ('number', 'who')
    """
    return next((kind for kind, pattern in _ASKS if re.search(pattern, question)), "other")


def likely_quotes(
    question: str,
    hits: Sequence[Hit],
    *,
    documents: Mapping[str, Document],
    embed: EmbedTexts,
    term_weights: TermWeights,
) -> list[Evidence]:
    """Return every sentence of the passages as evidence, the likeliest to answer the question first.

    Args:
        question: what is asked.
        hits: the passages to read, best first.
        documents: the documents of these passages, by id.
        embed: turns texts into unit vectors, one row a text.
        term_weights: says how rare terms are.
    """
    weights = WEIGHTS_CHINESE if is_chinese(question) else WEIGHTS
    evidence = [
        Evidence(hit.passage, span.start, span.end, weights.probability(features), scores=features)
        for hit, span, features in describe(question, hits, documents=documents, embed=embed, term_weights=term_weights)
    ]
    return sorted(evidence, key=lambda found: (-found.score, found.passage.id, found.start))


def describe(
    question: str,
    hits: Sequence[Hit],
    *,
    documents: Mapping[str, Document],
    embed: EmbedTexts,
    term_weights: TermWeights,
) -> list[tuple[Hit, Span, dict[str, float]]]:
    """Return the features of each sentence of the passages, in document coordinates, in the order of the hits."""
    found = [
        (rank, hit, span)
        for rank, hit in enumerate(hits, start=1)
        for span in sentences_of(hit.passage, documents[hit.passage.doc_id])
    ]
    if not found:
        return []
    asked = content_terms(question)
    rarity = term_weights(asked)
    texts = [documents[hit.passage.doc_id].text[span.start : span.end] for _, hit, span in found]
    vectors = embed([question, *texts])
    likeness = vectors[1:] @ vectors[0]
    around = {hit.passage.id: held_terms(hit.passage, documents[hit.passage.doc_id]) for hit in hits}
    kind = kind_asked(question)
    tells = _telling(question)
    described = []
    for (rank, hit, span), text, like in zip(found, texts, likeness, strict=True):
        here = terms(text)
        features = {
            "cover": cover(rarity, set(here)),
            "near": cover(rarity, around[hit.passage.id]),
            "pairs": _pairs(asked, here),
            "likeness": float(like),
            "first": 1 / rank,
            "found": float(_holds(kind, text)),
            "defines": float(tells is not None and tells.search(text) is not None),
            "lacking": float(kind != "other" and not _holds(kind, text)),
            "length": math.log(len(text)) - 4.5,
        }
        described.append((hit, span, features))
    return described


def sentences_of(passage: Passage, document: Document) -> list[Span]:
    """Return the sentences of a passage, in document coordinates, less captions and crumbs."""
    shortest = _MIN_CHARS_CHINESE if is_chinese(passage.text) else _MIN_CHARS
    spans = sentences(document.text, Span(passage.start, passage.end), language=document.language)
    return [span for span in spans if span.end - span.start >= shortest]


def held_terms(passage: Passage, document: Document) -> set[str]:
    """Return the terms of a passage and of its header."""
    return {*terms(passage.text), *terms(document.header(passage.heading))}


def cover(rarity: Mapping[str, float], held: set[str]) -> float:
    """Return the rarity-weighted share of terms that are held, from 0 to 1."""
    return sum(weight for term, weight in rarity.items() if term in held) / (sum(rarity.values()) or 1.0)


def _pairs(asked: Sequence[str], here: Sequence[str]) -> float:
    wanted = set(pairwise(asked))
    return len(wanted & set(pairwise(here))) / len(wanted) if wanted else 0.0


def _telling(question: str) -> re.Pattern[str] | None:
    """Return how a sentence would go on from the thing that a question wants explained, if it wants that."""
    told = _TOLD.match(question.strip())
    thing = (told[1] or told[2]).strip() if told else ""
    return re.compile(re.escape(thing) + _TELLS, re.IGNORECASE) if thing else None


def _holds(kind: Kind, text: str) -> bool:
    return kind in _HOLDS and _HOLDS[kind].search(text) is not None
