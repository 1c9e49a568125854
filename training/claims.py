"""Training pairs for one question: do these words support this sentence?

    python -m training.claims --data DIR

Claims of WiCE, SciFact and FITZ-GOV keep the labels that people gave them. Most pairs are made of the questions of
SQuAD (`training/recipes.py`). Only training splits are read, and of FITZ-GOV the half that is not measured.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.cross_encoder import LABELS
from rag.text import sentences
from training.held_out import is_held_out
from training.recipes import Passage, made
from training.statements import Statement, kind_of, statement
from training.verbs import Lexicon

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PER_LABEL = 6000
# Subcategories whose two sources cannot both be right; elsewhere they differ in view, method or time only.
CONFLICTS = frozenset(("numerical_conflict", "temporal_conflict"))
STRANGERS = frozenset(
    "wrong_entity different_domain converted_off_domain cross_domain_insufficient wrong_domain".split()
)
MAX_CONTEXT = 400
MIN_CLAIM_WORDS = 4


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, the words that are to support it (one or several sentences), and whether they do.

    `label` is "supported" (all of it follows), "partial" (some of it does), "unsupported" or "contradicted". `source`
    names the data: "wice", "scifact", "fitz-gov" or "squad".
    """

    sentence: str
    quote: str
    label: str
    source: str


def claims(data: Path, *, dice: random.Random) -> list[Claim]:
    """Make claims of the training splits below `data`: as many of each label, at most 6,000; shuffled.

    The same seed makes the same list. Claims of people come first where a label has too many; SQuAD fills up.

    Raises:
        FileNotFoundError: if one of the files is missing.
    """
    people = [*wice(data, dice=dice), *scifact(data, dice=dice), *fitz_gov(data, dice=dice)]
    by_label: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in [*dict.fromkeys(people), *squad(data, dice=dice)]:
        by_label[claim.label].append(claim)
    size = min(PER_LABEL, *(len(by_label[label]) for label in LABELS))
    found = [claim for label in LABELS for claim in by_label[label][:size]]
    dice.shuffle(found)
    return found


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a gzipped file with one JSON object a line."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def overlap(claim: str, text: str) -> float:
    """Return the share (0 to 1) of a claim's words that a text holds."""
    wanted = set(re.findall(r"\w+", claim.lower()))
    return len(wanted & set(re.findall(r"\w+", text.lower()))) / max(1, len(wanted))


def around(texts: Sequence[str], kept: Sequence[int], *, others: Sequence[int] = ()) -> str:
    """Join the sentences at both kinds of places, in the order of the page."""
    return " ".join(texts[at] for at in sorted({*kept, *others}))


def wice(data: Path, *, dice: random.Random) -> Iterator[Claim]:
    """Yield pairs of the sub-claims of WiCE (Kamoi et al. 2023) whose unsupported tokens are marked."""
    for row in rows(data / "wice" / "non_supported_tokens_train.jsonl.gz"):
        claim, groups = row["claim"].strip(), row["supporting_sentences"]
        texts = [text.removeprefix("(meta data) ") for text in row["evidence"]]
        inside = {at for group in groups for at in group}
        far = [at for at in range(len(texts)) if at not in inside and len(texts[at].split()) >= MIN_CLAIM_WORDS]
        far.sort(key=lambda at: -overlap(claim, texts[at]))
        group: list[int] = next((group for group in groups if group), [])
        label = {"partially_supported": "partial", "not_supported": "unsupported"}.get(row["label"], "supported")
        if group:
            yield Claim(claim, around(texts, group), label, "wice")
            yield Claim(claim, around(texts, group, others=dice.sample(far, min(2, len(far)))), label, "wice")
            if short := without(row["claim_tokens"], row["non_supported_spans"]):
                yield Claim(short, around(texts, group), "supported", "wice")
        for width in (1, 3):
            if len(far) > width:
                yield Claim(claim, around(texts, far[:width]), "unsupported", "wice")


def without(tokens: list[str], cut: list[bool]) -> str:
    """Cut the marked tokens out, or return "" where the rest may not read as a sentence.

    Sure is one phrase that a preposition opens and the end closes: "It opened [in May 2001]." A phrase in front is cut
    up to its comma.
    """
    marked = [at for at, gone in enumerate(cut) if gone]
    if not marked or marked != list(range(marked[0], marked[-1] + 1)):
        return ""
    first, last = marked[0], marked[-1] + 1
    opens = tokens[first].lower() in {"in", "on", "at", "during", "under", "after", "before", "by", "near"}
    if first == 0 and opens and tokens[last] == ",":
        tokens = [tokens[last + 1].capitalize(), *tokens[last + 2 :]]
    elif opens and tokens[last:] == ["."] and tokens[first - 1] not in {",", "and", "is", "was", "were", "are"}:
        tokens = [*tokens[:first], "."]
    else:
        return ""
    text = re.sub(r" ([.,;:%)'])", r"\1", " ".join(tokens)).replace("( ", "(").replace(" - ", "-").replace(" 's", "'s")
    return text if len(tokens) > MIN_CLAIM_WORDS and text.count('"') == 0 else ""


def scifact(data: Path, *, dice: random.Random) -> Iterator[Claim]:
    """Yield pairs of the claims of SciFact (Wadden et al. 2020): rationales, whole abstracts, other sentences."""
    abstracts = {row["doc_id"]: row["abstract"] for row in rows(data / "scifact" / "corpus.jsonl.gz")}
    for row in rows(data / "scifact" / "claims_train.jsonl.gz"):
        claim = row["claim"]
        for doc in row["cited_doc_ids"]:
            texts, found = abstracts[str(doc)], row["evidence"].get(str(doc), [])
            inside = {at for part in found for at in part["sentences"]}
            for part in found:
                label = {"SUPPORT": "supported", "CONTRADICT": "contradicted"}[part["label"]]
                near = [at + step for at in part["sentences"] for step in (-1, 1) if 0 <= at + step < len(texts)]
                for more in ((), dice.sample(near, 1) if near else (), range(len(texts))):
                    yield Claim(claim, around(texts, part["sentences"], others=more), label, "scifact")
            far = [at for at in range(len(texts)) if at not in inside]
            # The last sentences of an abstract restate its finding whether or not they were marked.
            far = [at for at in far if at < len(texts) - 2] if found else far
            far.sort(key=lambda at: -overlap(claim, texts[at]))
            yield from (Claim(claim, texts[at], "unsupported", "scifact") for at in far[: 1 if found else 2])
            if not found:
                yield Claim(claim, " ".join(texts), "unsupported", "scifact")


def ours(case: str) -> bool:
    """Tell whether a case of FITZ-GOV is for training; the other half is measured.

    >>> ours("t0_abstain_easy_002")
    False
    """
    return hashlib.sha256(case.encode()).digest()[0] % 2 == 0


def fitz_gov(data: Path, *, dice: random.Random) -> Iterator[Claim]:
    """Yield pairs of the contexts of FITZ-GOV: sources that contradict each other, and sources that share nothing."""
    for row in rows(data / "fitz_gov" / "cases.jsonl.gz"):
        contexts = [text for text in row["contexts"] if len(text) <= MAX_CONTEXT]
        if not ours(row["id"]) or len(contexts) < 2:  # noqa: PLR2004  (a pair)
            continue
        label = ""
        if row["expected_mode"] == "disputed" and row["subcategory"] in CONFLICTS:
            label, contexts = "contradicted", contexts[:2]
        elif row["expected_mode"] == "abstain" and row["subcategory"] in STRANGERS:
            label = "unsupported"
        for one, other in combinations(contexts, 2):
            sentence, quote = (one, other) if dice.random() < 0.5 else (other, one)  # noqa: PLR2004
            spans = sentences(sentence)
            if label and len(spans) == 1:
                yield Claim(sentence, quote, label, "fitz-gov")


def squad(data: Path, *, dice: random.Random) -> Iterator[Claim]:
    """Yield pairs made of the questions of SQuAD 1.1 (Rajpurkar et al. 2016), in an order that the dice give."""
    with gzip.open(data / "squad" / "train-v1.1.json.gz", "rt", encoding="utf-8") as file:
        articles = json.load(file)["data"]
    paragraphs = [part for article in articles for part in article["paragraphs"]]
    lexicon = Lexicon([part["context"] for part in paragraphs])
    articles = [article for article in articles if not is_held_out(article.get("title", ""))]
    found = []
    for article in articles:
        passages = [passage_of(part, lexicon) for part in article["paragraphs"]]
        for at, passage in enumerate(passages):
            beside = passages[at - 1] if at else passages[-1]
            found += [Claim(*parts, "squad") for parts in made(passage, beside, dice=dice)]
    found = list(dict.fromkeys(found))
    dice.shuffle(found)
    yield from found


def passage_of(part: dict[str, Any], lexicon: Lexicon) -> Passage:
    """Cut a paragraph of SQuAD into sentences; turn its questions into statements, each with its sentence."""
    context = part["context"]
    stated: list[tuple[Statement, int]] = []
    answers: list[tuple[str, str]] = []
    spans = sentences(context)
    for asked in part["qas"]:
        answer = asked["answers"][0]
        start, text = answer["answer_start"], answer["text"].strip(" .,;:")
        answers.append((kind_of(text), text))
        end = start + len(answer["text"])
        home = next((at for at, span in enumerate(spans) if span.start <= start and end <= span.end), None)
        made_of = statement(asked["question"], text, lexicon=lexicon)
        if made_of and home is not None:
            stated.append((made_of, home))
    texts = tuple(context[span.start : span.end] for span in spans)
    return Passage(texts, tuple(stated), tuple(dict.fromkeys(answers)))


def main() -> None:
    """Print how many claims there are of each source and label, and five of each."""
    parser = argparse.ArgumentParser(description="Make claims and show them.")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds wice/, scifact/, ...")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=5)
    arguments = parser.parse_args()
    found = claims(arguments.data, dice=random.Random(arguments.seed))
    counts = Counter((claim.source, claim.label) for claim in found)
    for (source, label), number in sorted(counts.items()):
        print(f"{source:9} {label:13} {number:6}")
        for claim in [one for one in found if (one.source, one.label) == (source, label)][: arguments.show]:
            print(f"    {claim.sentence}\n        « {claim.quote[:500]} »")


if __name__ == "__main__":
    main()
