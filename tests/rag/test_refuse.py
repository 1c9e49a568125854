"""A refusal gives its reason: nothing near, near but no answer, or a premise that the documents give otherwise."""

import pytest

from rag.refuse import contradicts_premise, is_near
from rag.types import Document, Evidence, Passage

TEXT = "In 1805 the king founded the port of Lund. Nobody knows who built its tower."
DOCUMENT = Document.of(TEXT, title="Kings of 1700", language="en")
FIRST, SECOND = (0, 42), (43, len(TEXT))


def found(span=FIRST, text=TEXT, **scores):
    return Evidence(
        Passage(DOCUMENT.id, 0, len(text), text), *span, 0.1, scores=scores or {"near": 1.0, "likeness": 1.0}
    )


@pytest.mark.parametrize(("relevant", "near"), [(1.5, True), (0.0, True), (-0.5, False)])
def test_what_the_model_finds_relevant_is_near_also_in_other_words(relevant, near):
    assert is_near("Who built it?", found(relevant=relevant, near=0.1, likeness=0.1)) is near


@pytest.mark.parametrize(
    ("question", "scores", "near"),
    [
        ("Who built it?", {"near": 0.6, "likeness": 0.0}, True),
        ("Who built it?", {"near": 0.1, "likeness": 0.5}, True),
        ("Who built it?", {"near": 0.4, "likeness": 0.3}, False),
        ("谁建造了塔？", {"near": 0.6, "likeness": 0.0}, True),
        ("谁建造了塔？", {"near": 0.1, "likeness": 0.9}, False),  # all Chinese is alike to the default encoder
    ],
)
def test_without_a_model_shared_words_or_a_like_meaning_are_near(question, scores, near):
    assert is_near(question, found(**scores)) is near


def premise(question, *evidence):
    return contradicts_premise(question, evidence, documents={DOCUMENT.id: DOCUMENT})


@pytest.mark.parametrize(
    ("question", "contradicted"),
    [
        ("What did the king found in 1807?", True),
        ("What did the king found in 1805?", False),
        ("What did the king found?", False),
        ("What did the king found in 1700?", False),  # it stands in the header
        ("What did Queen Anna found?", False),  # another name is another subject
        ("How did the king pay $5 million?", False),  # no other sum stands there
    ],
)
def test_another_day_or_number_than_the_question_takes_for_granted_contradicts_it(question, contradicted):
    assert premise(question, found()) is contradicted


def test_a_sentence_without_a_day_contradicts_none():
    assert premise("Who built the tower in 1807?", found(SECOND)) is False


def test_only_what_comes_nearest_is_held_against_the_question():
    assert premise("Who built the tower in 1807?", found(SECOND), found()) is False
    assert premise("Who built the tower in 1807?", found(), found(SECOND)) is True
