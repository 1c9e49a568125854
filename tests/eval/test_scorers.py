"""Each scorer against figures worked out by hand; what does not apply is None and not zero."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.scorers import ALL, answers, citations, correctness, is_right, refusal, risk_coverage, speed, support
from eval.scorers.judge import meets
from eval.statistics import score
from eval.types import GoldEvidence
from rag.types import Passage
from tests.eval.records import DOCUMENTS, LAND, SEA, answered, cite, column, gold, hits, record, refused, say

SAILED = say(cite(SEA, "Ada sailed in May."))
WALKED = say(cite(LAND, "Bob walked."))
SCORERS = (answers, citations, correctness, refusal, support)


def values(scorer, name, *records):
    return column(scorer(records, DOCUMENTS), name).values


def figure(scorer, name, *records):
    return score(column(scorer(records, DOCUMENTS), name)).value


# --- is it right?


def test_what_has_no_answer_or_no_gold_cannot_be_judged():
    assert is_right(record(None, answers=("May",))) is None
    assert is_right(record(answered(SAILED))) is None
    assert is_right(record(refused())) is None


@pytest.mark.parametrize(("answer", "answerable", "right"), [
    (refused(), False, True),
    (refused(), True, False),
    (answered(SAILED), False, False),
    (answered(SAILED), True, True),
])  # fmt: skip
def test_what_cannot_be_answered_must_be_refused_and_nothing_else(answer, answerable, right):
    assert is_right(record(answer, answerable=answerable, answers=("May",))) is right


def test_only_the_first_sentence_decides():
    example = {"evidence": (gold(SEA, "Ada sailed in May."),)}
    assert is_right(record(answered(SAILED, WALKED), **example)) is True
    assert is_right(record(answered(WALKED, SAILED), **example)) is False


def test_where_gold_has_offsets_the_place_decides_and_not_the_words():
    elsewhere = say(cite(LAND, "Bob walked."), text="In May.")
    assert is_right(record(answered(elsewhere), answers=("May",), evidence=(gold(SEA, "in May"),))) is False
    assert is_right(record(answered(elsewhere), evidence=(gold(LAND), gold(SEA, "in May")))) is True  # all of LAND


def test_without_offsets_the_answer_must_stand_in_the_words_or_the_quotes():
    example = {"answers": ("the US navy",), "evidence": (gold(LAND),)}
    assert is_right(record(answered(say(cite(SEA, "They sang for the U.S. Navy."), text="So.")), **example)) is True
    assert is_right(record(answered(say(text="For the US Navy.")), **example)) is True
    assert is_right(record(answered(WALKED), **example)) is False


def test_where_only_documents_are_known_one_must_be_cited():
    assert is_right(record(answered(WALKED), evidence=(gold(LAND),))) is True
    assert is_right(record(answered(WALKED), evidence=(gold(SEA),))) is False


@pytest.mark.parametrize(("start", "end", "met"), [
    (10, 20, True),  # the same
    (15, 25, True),  # half of either
    (16, 26, False),  # less than half
    (0, 100, True),  # all of the gold
    (18, 20, True),  # all of itself
    (20, 30, False),  # touching is not meeting
])  # fmt: skip
def test_places_meet_when_half_of_the_shorter_is_common(start, end, met):
    evidence = GoldEvidence("d", "D", 10, 20, "x" * 10)
    assert meets(Passage("d", start, end, ""), evidence) is met
    assert not meets(Passage("other", start, end, ""), evidence)
    assert not meets(Passage("d", start, end, ""), GoldEvidence("d", "D"))


# --- refusing and confidence


def test_refusing_is_counted_over_what_cannot_be_answered():
    no, yes = {"answerable": False}, {"answers": ("May",)}
    records = (
        record(refused(), **no),
        record(refused(), **no),
        record(answered(SAILED), **no),
        record(refused(), **yes),
        record(answered(SAILED), **yes),
    )
    assert figure(refusal, "refusal precision", *records) == pytest.approx(2 / 3)
    assert figure(refusal, "refusal recall", *records) == pytest.approx(2 / 3)
    assert figure(refusal, "refusal F1", *records) == pytest.approx(2 / 3)
    assert figure(correctness, "accuracy", *records) == pytest.approx(3 / 5)
    assert figure(refusal, "coverage", *records) == pytest.approx(2 / 5)


def test_precision_without_a_refusal_has_no_meaning_but_recall_is_zero():
    wrong = record(answered(SAILED), answerable=False)
    assert figure(refusal, "refusal precision", wrong) is None
    assert figure(refusal, "refusal recall", wrong) == 0
    assert figure(refusal, "refusal F1", wrong) == 0


@pytest.mark.parametrize("name", ["refusal precision", "refusal recall", "refusal F1"])
def test_where_everything_can_be_answered_refusals_are_not_measured(name):
    shy = record(refused(), answers=("May",))
    assert figure(refusal, name, shy) is None


def judged(confidence, right):
    return record(answered(SAILED if right else WALKED, confidence=confidence), evidence=(gold(SEA, "Ada sailed"),))


def test_the_area_under_the_risk_coverage_curve_is_the_mean_risk():
    # By confidence: right, wrong, right, wrong. Risks 0, 1/2, 1/3, 1/2.
    records = (judged(0.2, False), judged(0.9, True), judged(0.4, True), judged(0.6, False))
    assert figure(correctness, "AURC", *records) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert column(correctness(records, DOCUMENTS), "AURC").better == "lower"


def test_equal_confidences_take_the_risk_of_all_their_orders_on_average():
    coverage, risk = risk_coverage(np.array([0.5, 0.9, 0.5]), np.array([0.0, 1.0, 1.0]))
    # Right first: 0, 0, 1/3. Wrong first: 0, 1/2, 1/3.
    assert risk.tolist() == pytest.approx([0, 1 / 4, 1 / 3])
    assert coverage.tolist() == pytest.approx([1 / 3, 2 / 3, 1])


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.booleans()), min_size=1, max_size=12), st.randoms())
def test_the_curve_does_not_depend_on_the_order_of_the_questions(pairs, dice):
    curves = []
    for _ in range(2):
        curves += [risk_coverage(*np.array(pairs, dtype=float).T)[1]]
        dice.shuffle(pairs)
    assert curves[0] == pytest.approx(curves[1])
    assert curves[0][-1] == pytest.approx(sum(not right for _, right in pairs) / len(pairs))


def test_calibration_error_weighs_the_gap_of_each_bin():
    # (0.8, 0.9]: confidence 0.85 and 0.9, one of two right: gap |0.5 - 0.875|. (0, 0.1]: 0.1, wrong: gap 0.1.
    records = (judged(0.85, True), judged(0.9, False), judged(0.1, False))
    assert figure(correctness, "ECE", *records) == pytest.approx(2 / 3 * 0.375 + 1 / 3 * 0.1)
    assert figure(correctness, "ECE", judged(0.0, False), judged(1.0, True)) == 0
    assert column(correctness(records, DOCUMENTS), "ECE").better == "lower"


def test_a_refusal_is_not_on_the_curve():
    records = (judged(0.9, True), record(refused(0.8), answerable=False), record(refused(0.8), answers=("May",)))
    assert values(correctness, "AURC", *records) == ((0.9, 1.0), None, None)
    assert values(correctness, "ECE", *records) == ((0.9, 1.0), None, None)


# --- support, speed, search


def claim(confidence, label, split="test"):
    return record(answered(SAILED, confidence=confidence), answerable=label, split=split)


def test_auroc_is_the_share_of_pairs_in_order_with_ties_half():
    # Pairs: 0.9>0.5, 0.9>0.2, 0.5=0.5 (half), 0.5>0.2; then 0.1 below both.
    records = [claim(c, True) for c in (0.9, 0.5, 0.1)] + [claim(c, False) for c in (0.5, 0.2)]
    assert figure(support, "AUROC", *records) == pytest.approx(3.5 / 6)


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5]), st.booleans()), min_size=2, max_size=12))
def test_auroc_equals_its_definition(pairs):
    over = column(support([], {}), "AUROC").over
    wins = [(a > b) + (a == b) / 2 for a, is_a in pairs for b, is_b in pairs if is_a and not is_b]
    found = over(np.array([(c, label, 0) for c, label in pairs], dtype=float))
    assert found == pytest.approx(sum(wins) / len(wins)) if wins else math.isnan(found)


def test_a_refusal_has_a_confidence_too():
    assert values(support, "AUROC", record(refused(0.2), answerable=False, split="dev")) == ((0.2, 0.0, 0.0),)


def test_the_threshold_of_dev_is_used_on_test():
    dev = [claim(0.7, True, "dev"), claim(0.6, True, "dev"), claim(0.5, False, "dev"), claim(0.8, False, "dev")]
    # 0.6 is best on dev (recalls 1 and 1/2). On test: one of two supported passes, the other is stopped.
    test = [claim(0.6, True), claim(0.59, True), claim(0.55, False)]
    assert figure(support, "balanced accuracy", *dev, *test) == pytest.approx((1 / 2 + 1) / 2)


def test_balanced_accuracy_needs_both_classes_in_both_halves():
    test = [claim(0.6, True), claim(0.5, False)]
    assert figure(support, "balanced accuracy", *test) is None
    assert figure(support, "balanced accuracy", *test, claim(0.5, True, "dev")) is None
    assert figure(support, "balanced accuracy", *test, claim(0.5, True, "dev"), claim(0.4, False, "dev")) == 0.5


def test_speed_is_a_median_and_a_slow_end():
    columns = speed([record(seconds=s) for s in (3.0, 1.0, 2.0)], {})
    assert [(c.name, score(c).value, c.better) for c in columns] == [
        ("seconds p50", 2.0, "lower"),
        ("seconds p95", pytest.approx(2.9), "lower"),
    ]


@pytest.mark.parametrize("scorer", SCORERS)
def test_where_nothing_was_answered_nothing_is_measured(scorer):
    searched = record(None, answers=("May",), evidence=(gold(SEA, "Ada sailed"),), found=hits(SEA))
    assert all(column.values == (None,) for column in scorer([searched], DOCUMENTS))


def test_no_two_measures_share_a_name():
    names = [column.name for scorer in ALL for column in scorer([], {})]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("scorer", ALL)
def test_a_scorer_gives_each_record_one_value_and_works_without_records(scorer):
    records = [record(refused(), answerable=False), record(answered(SAILED), answers=("May",), found=hits(SEA))]
    assert all(len(column.values) == 2 for column in scorer(records, DOCUMENTS))
    assert all(score(column).n == 0 for column in scorer([], DOCUMENTS))
