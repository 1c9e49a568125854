"""Passages in, evidence out: which passages answer, where, how surely, and whether quotes bear a sentence.

The trained reader judges question and passage together (`rag/cross_encoder.py`); what it says is joined with what the
search knew of the passage by two small linear models, one that ranks and one that gives the probability that the
passage answers. Their weights were fitted by `training/calibrate.py` and lie beside the model. Chinese, which that
model does not know, and everything where there is no model, goes by the likeness of sentences (`rag/quotes.py`).
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag.calibration import Calibration, least_sure
from rag.cross_encoder import CALIBRATION, LABELS, MODEL, CrossEncoder, open_cross_encoder
from rag.guard import missing
from rag.packing import Pair
from rag.quotes import RISK, RISK_CHINESE, cover, held_terms, likely_quotes, sentences_of
from rag.text import Span, content_terms, is_chinese
from rag.types import Evidence, Trace, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.cross_encoder import Found, Judgement
    from rag.quotes import EmbedTexts, TermWeights
    from rag.types import Document, Hit, Support

READER = Path(__file__).parent / "models" / "reader"
# From this share of its words on, a sentence that is not judged by a model says nearly what a quote says.
_NEARLY_SAME = 0.85
_DENIES = re.compile(r"\b(?:not|no|never|none|nor|without)\b|n['’]t\b|[不没未无非]")
_ENDS = r".!?…。！？；;”\"’"


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading came to: the passages, best first, and the evidence in them, the likeliest answer first."""

    hits: tuple[Hit, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Tools:
    """What reading needs of an index: unit vectors of texts, one row a text, and how rare terms are."""

    embed: EmbedTexts
    term_weights: TermWeights


class Reader(Protocol):
    """The seam: whatever reads."""

    fingerprint: str

    def read(self, question: str, hits: Sequence[Hit], *, documents: Mapping[str, Document], tools: Tools) -> Reading:
        """Read passages for a question; `documents` are theirs, by id."""
        ...

    def support(self, sentence: str, quotes: Sequence[str], *, context: Sequence[str] = ()) -> Verdict:
        """Judge whether the quotes, taken together, bear the sentence.

        `context` is what is told of the quotes (title, outlet, day): a sentence may name it, but it bears nothing.
        """
        ...

    def threshold(self, question: str, max_wrong: float) -> float:
        """Return the least probability with which, on the calibrating questions, so few of the answers were wrong."""
        ...


class NullReader:
    """Reads without a model: passages stay as they were ranked, sentences that look like an answer are evidence."""

    fingerprint = "none"

    def read(self, question: str, hits: Sequence[Hit], *, documents: Mapping[str, Document], tools: Tools) -> Reading:
        """Return the hits as they are, and each of their sentences as evidence."""
        found = likely_quotes(question, hits, documents=documents, embed=tools.embed, term_weights=tools.term_weights)
        return Reading(tuple(hits), tuple(found))

    def support(self, sentence: str, quotes: Sequence[str], *, context: Sequence[str] = ()) -> Verdict:
        """Call supported what a quote says word for word; partly so what it says in nearly the same words.

        Without a model, nobody knows more: all else is unsupported.
        """
        found, gone = _verbatim(sentence, quotes), missing(sentence, [*quotes, *context])
        near = 0.0 if gone else _same_words(sentence, quotes)
        return found or Verdict("partial" if near >= _NEARLY_SAME else "unsupported", near / 2, gone)

    def threshold(self, question: str, max_wrong: float) -> float:
        """Return the least probability, from the curves that `training/fit_quotes.py` prints."""
        return least_sure(RISK_CHINESE if is_chinese(question) else RISK, max_wrong)


class TrainedReader:
    """Reads with the model; Chinese questions and passages are left to `NullReader`, the passages behind the others."""

    def __init__(self, model: CrossEncoder, calibration: Calibration, *, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._model = model
        self._calibration = calibration
        self._otherwise = NullReader()

    def read(self, question: str, hits: Sequence[Hit], *, documents: Mapping[str, Document], tools: Tools) -> Reading:
        """Rank the hits anew, and return for each the sentences in which an answer may stand."""
        chinese = [hit for hit in hits if is_chinese(question) or is_chinese(hit.passage.text)]
        known = [hit for hit in hits if hit not in chinese]
        other = self._otherwise.read(question, chinese, documents=documents, tools=tools)
        if not known:
            return other
        ranked: list[Hit] = []
        evidence = list(other.evidence)
        for hit, judgement, features in self.describe(question, known, documents=documents, tools=tools):
            score = self._calibration.rank(features)
            ranked.append(replace(hit, score=score))
            document = documents[hit.passage.doc_id]
            log_odds = self._calibration.answers(features)
            evidence += _evidence(hit, judgement, document=document, log_odds=log_odds, features=features)
        ranked.sort(key=lambda hit: (-hit.score, hit.passage.id))
        evidence.sort(key=lambda found: (-found.score, found.passage.id, found.start))
        return Reading(unread_behind(_traced(ranked), other.hits), tuple(evidence))

    def describe(
        self, question: str, hits: Sequence[Hit], *, documents: Mapping[str, Document], tools: Tools
    ) -> list[tuple[Hit, Judgement, dict[str, float]]]:
        """Return for each hit what the model says of it and the features that the two linear models take."""
        owners = [documents[hit.passage.doc_id] for hit in hits]
        judged = self._model(
            [Pair(question, h.passage.text, d.header(h.passage.heading)) for h, d in zip(hits, owners, strict=True)]
        )
        rarity = tools.term_weights(content_terms(question))
        most = max((_score_of(hit, "lexical") for hit in hits), default=0.0) or 1.0
        return [
            (hit, judgement, {
                "span": judgement.best,
                "answerable": judgement.answerable,
                "relevant": judgement.relevant,
                "near": cover(rarity, held_terms(hit.passage, document)),
                "likeness": _score_of(hit, "dense"),
                "lexical": _score_of(hit, "lexical") / most,
                "first": 1 / rank,
            })
            for rank, (hit, judgement, document) in enumerate(zip(hits, judged, owners, strict=True), start=1)
        ]  # fmt: skip

    def support(self, sentence: str, quotes: Sequence[str], *, context: Sequence[str] = ()) -> Verdict:
        """Judge by the model, and by the guard, which needs none: a number that stands nowhere is not supported."""
        found = _verbatim(sentence, quotes)
        if found or is_chinese(sentence):
            return found or self._otherwise.support(sentence, quotes, context=context)
        chances = self.chances(sentence, quotes)
        gone = missing(sentence, [*quotes, *context])
        label = max(LABELS, key=chances.__getitem__)
        if gone and label == "supported":
            label = "unsupported" if chances["partial"] < chances["unsupported"] else "partial"
        return Verdict(label, chances["supported"] if not gone else min(chances["supported"], 0.5), gone)

    def threshold(self, question: str, max_wrong: float) -> float:
        """Return the least probability, from the curve that `training/calibrate.py` stored."""
        if is_chinese(question):
            return self._otherwise.threshold(question, max_wrong)
        return least_sure(self._calibration.risk, max_wrong)

    def chances(self, sentence: str, quotes: Sequence[str]) -> dict[Support, float]:
        """Return the probability of each label of support, by the model alone."""
        judgement = self._model([Pair(sentence, "\n".join(quotes))])[0]
        powers = [math.exp(logit) for logit in judgement.support]
        return {label: power / sum(powers) for label, power in zip(LABELS, powers, strict=True)}


def load_reader(model: str) -> Reader:
    """Load a reader by name: "default", the one that ships with Footnote, or "none".

    Raises:
        ModelMissing: its files are not there or cannot be read.
    """
    if model == "none":
        return NullReader()
    calibration = Calibration.load(READER / CALIBRATION)
    return TrainedReader(open_cross_encoder(READER), calibration, fingerprint=reader_fingerprint())


def reader_fingerprint() -> str:
    """Name the reader that ships with Footnote by what its files hold."""
    held = (READER / MODEL).read_bytes() + (READER / CALIBRATION).read_bytes()
    return f"reader-{hashlib.sha256(held).hexdigest()[:8]}"


def unread_behind(read: Sequence[Hit], unread: Sequence[Hit]) -> tuple[Hit, ...]:
    """Put hits that the reader did not read behind those that it did, with scores below theirs."""
    lowest = min((hit.score for hit in read), default=0.0) - 1
    behind = (
        replace(hit, score=lowest + hit.score, trace=(*hit.trace, Trace("unread", rank, hit.score, lowest)))
        for rank, hit in enumerate(unread, start=len(read) + 1)
    )
    return (*read, *behind)


def _verbatim(sentence: str, quotes: Sequence[str]) -> Verdict | None:
    """Find a sentence in the quotes as it stands: whole, since the rest of one may deny it or say who claims it."""
    said = " ".join(sentence.split())
    whole = re.compile(rf"(?:^|[{_ENDS}] ?){re.escape(said)}(?:$|(?<=[{_ENDS}])| ?(?=[{_ENDS}]))") if said else None
    stands = whole and any(whole.search(" ".join(quote.split())) for quote in quotes)
    return Verdict("supported", 1.0) if stands else None


def _same_words(sentence: str, quotes: Sequence[str]) -> float:
    """Return the share of a sentence's content words that the quotes hold; 0 where only one of the two denies."""
    said, held = set(content_terms(sentence)), set(content_terms(" ".join(quotes)))
    denies = [bool(_DENIES.search(text.casefold())) for text in (sentence, " ".join(quotes))]
    return len(said & held) / len(said) if said and denies[0] == denies[1] else 0.0


def _score_of(hit: Hit, stage: str) -> float:
    return next((trace.score for trace in hit.trace if trace.stage == stage), 0.0)


def _traced(ranked: Sequence[Hit]) -> list[Hit]:
    return [
        replace(hit, trace=(*hit.trace, Trace("reader", rank, hit.score, hit.score - _sum(hit))))
        for rank, hit in enumerate(ranked, start=1)
    ]


def _sum(hit: Hit) -> float:
    return sum(trace.contribution for trace in hit.trace)


# wide: a passage, what was said of it, and where it stands
def _evidence(
    hit: Hit, judgement: Judgement, *, document: Document, log_odds: float, features: Mapping[str, float]
) -> list[Evidence]:
    """Return the sentences in which the likeliest answers stand, with the short answer in each.

    The best has the probability that the passage answers; another has its share of that, as its answers are likely
    beside those of the best.
    """
    passage = hit.passage
    spans = sentences_of(passage, document) or [Span(passage.start, passage.end)]
    held: dict[Span, list[Found]] = {}
    for found in judgement.spans:
        held.setdefault(sentence_around(found, spans, offset=passage.start), []).append(found)
    masses = {span: sum(math.exp(min(one.score, 30.0)) for one in found) for span, found in held.items()}
    best = max(masses.values(), default=1.0)
    probability = 1 / (1 + math.exp(-log_odds))
    return [
        Evidence(
            passage,
            span.start,
            span.end,
            probability * masses[span] / best,
            answer=(passage.start + found[0].start, passage.start + found[0].end),
            scores=features,
        )
        for span, found in held.items()
    ]


def sentence_around(found: Found, spans: Sequence[Span], *, offset: int) -> Span:
    """Return the sentence, or the few of them, in which an answer stands; of a crumb, with the sentence before it."""
    start, end = offset + found.start, offset + found.end
    met = [span for span in spans if span.start < end and start < span.end]
    met = met or [span for span in spans if span.end <= start][-1:]
    return Span(min(start, met[0].start), max(end, met[-1].end)) if met else Span(start, end)
