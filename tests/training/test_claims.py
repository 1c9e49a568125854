from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING

import pytest

from training.claims import claims, fitz_gov, ours, scifact, wice, without
from training.recipes import Case, Passage, half, other_answer, other_number, reworded
from training.statements import Statement, kind_of, statement
from training.verbs import Lexicon

if TYPE_CHECKING:
    from pathlib import Path

LEXICON = Lexicon(["He had to found it; " * 3 + "he founded it.", "He had to visit it; " * 3 + "he visited it."])
SQUAD = {
    "context": "Ann Lee founded the school in 1901. Bob Ray was the first head of it in 1920. Ann Lee died later.",
    "qas": [("Who founded the school?", "Ann Lee"), ("Who was the first head of it?", "Bob Ray")],
}


def dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Who founded the school?", "Ann", "Ann founded the school."),
        ("When was the school founded?", "1901", "The school was founded in 1901."),
        ("When was the school founded?", "March 3, 1901", "The school was founded on March 3, 1901."),
        ("What city did the king visit in May?", "Rome", "The king visited Rome in May."),
        ("How many people are there in Rome?", "300", "There are 300 people in Rome."),
        ("What is the capital of Italy?", "Rome", "The capital of Italy is Rome."),
        ("What was the first school called?", "Alpha", "The first school was called Alpha."),
        ("How does it work, and why?", "well", None),
        ("Who was the school founded by?", "Ann", None),
    ],
)
def test_a_question_and_its_answer_make_a_statement_or_none(question: str, answer: str, expected: str | None) -> None:
    made = statement(question, answer, lexicon=LEXICON)
    assert (made.text() if made else None) == expected


def test_a_denial_keeps_the_answer() -> None:
    made = statement("When was the school founded?", "1901", lexicon=LEXICON)
    assert made
    assert made.text(deny=True) == "The school was not founded in 1901."


def test_answers_have_kinds() -> None:
    kinds = [kind_of(answer) for answer in ("1901", "3 May 1901", "May 1901", "$3 million", "Bank of Rome", "red deer")]
    assert kinds == ["year", "day", "date", "number", "name", "other"]


def test_a_spoilt_number_is_not_in_the_quote() -> None:
    said = Statement("It opened in {}", "1901", "year")
    case = Case(said, 0, Passage(("It opened in 1901, not in 1902.",), ((said, 0),), ()), Passage(("None.",), (), ()))
    for seed in range(50):
        if pair := other_number(case, dice(seed)):
            assert pair[0].rstrip(".").split()[-1] not in pair[1]


def test_no_second_right_answer_is_called_wrong() -> None:
    said = Statement("{} founded it", "Ann", "name")
    passage = Passage(("Ann, Bob and Cid founded it.",), ((said, 0),), (("name", "Ann"), ("name", "Bob")))
    assert other_answer(Case(said, 0, passage, passage), dice(0)) is None


def test_half_a_sentence_rests_on_half_a_quote() -> None:
    one, two = Statement("Ann founded {}", "Rome", "name"), Statement("Bob left {}", "Paris", "name")
    passage = Passage(("Ann founded Rome.", "Bob left Paris."), ((one, 0), (two, 1)), ())
    assert half(Case(one, 0, passage, passage), dice(0)) == (
        "Ann founded Rome, and Bob left Paris.",
        "Ann founded Rome.",
    )


def test_rewording_changes_only_the_form() -> None:
    texts = {reworded("It was not opened on March 3, 1999.", dice(seed)) for seed in range(40)}
    assert texts == {"It was not opened on March 3, 1999.", "It wasn't opened on 3 March 1999."}


def test_only_a_closed_phrase_is_cut_out() -> None:
    assert without(["It", "was", "opened", "in", "May", "."], [False] * 3 + [True] * 2 + [False]) == ""
    tokens = ["It", "opened", "the", "hall", "in", "May", "."]
    assert without(tokens, [False] * 4 + [True] * 2 + [False]) == "It opened the hall."
    assert without(tokens, [True] + [False] * 6) == ""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    def write(name: str, *rows: object) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)

    tokens = ["Ann", "opened", "the", "hall", "in", "May", "."]
    write(
        "wice/non_supported_tokens_train.jsonl.gz",
        {
            "claim": "Ann opened the hall in May.", "claim_tokens": tokens, "label": "partially_supported",
            "non_supported_spans": [False] * 4 + [True] * 2 + [False], "supporting_sentences": [[0]],
            "evidence": ["The hall was opened by Ann.", "The hall is in Rome now.", "Bob came to the hall."],
        },
    )  # fmt: skip
    write("scifact/corpus.jsonl.gz", {"doc_id": "1", "abstract": ["Why.", "A makes B.", "How.", "Or so.", "End."]})
    found = {"1": [{"sentences": [1], "label": "CONTRADICT"}]}
    write("scifact/claims_train.jsonl.gz", {"claim": "A stops B.", "cited_doc_ids": ["1"], "evidence": found})
    cases = [
        {"id": f"case {n}", "contexts": [f"It is {n}.", "It is 99."]}
        | {"expected_mode": "disputed", "subcategory": "numerical_conflict"}
        for n in range(20)
    ]  # fmt: skip
    write("fitz_gov/cases.jsonl.gz", *cases)
    context = str(SQUAD["context"])
    asked = [
        {"question": question, "answers": [{"text": answer, "answer_start": context.index(answer)}]}
        for question, answer in SQUAD["qas"]
    ]
    paragraphs = [{"context": context, "qas": asked}, {"context": "Cid Moe left in 1950.", "qas": []}]
    write("squad/train-v1.1.json.gz", {"data": [{"paragraphs": paragraphs}]})
    return tmp_path


def test_the_labels_of_people_are_kept(data: Path) -> None:
    found = {(claim.sentence, claim.quote): claim.label for claim in wice(data, dice=dice(0))}
    assert found["Ann opened the hall in May.", "The hall was opened by Ann."] == "partial"
    assert found["Ann opened the hall.", "The hall was opened by Ann."] == "supported"
    labels = {claim.quote: claim.label for claim in scifact(data, dice=dice(0))}
    assert labels["A makes B."] == "contradicted"
    assert "End." not in labels


def test_the_measured_half_is_never_trained_on(data: Path) -> None:
    made = [claim.sentence + " " + claim.quote for claim in fitz_gov(data, dice=dice(0))]
    numbers = set(" ".join(made).split())
    assert {f"{n}." for n in range(20) if not ours(f"case {n}")}.isdisjoint(numbers)
    assert {f"{n}." for n in range(20) if ours(f"case {n}")} <= numbers


def test_labels_are_balanced_and_a_seed_repeats(data: Path) -> None:
    one, again = (claims(data, dice=dice(5)) for _ in range(2))
    assert one == again
    counts = {label: sum(claim.label == label for claim in one) for label in {claim.label for claim in one}}
    assert len(set(counts.values())) == 1
