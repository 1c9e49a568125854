"""A figure comes with its interval, a difference with its own, and what does not apply is left out."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.scorers.refusal import correctness
from eval.statistics import Difference, paired, percentile, ratio, score
from eval.types import Column, Score, mean
from tests.eval.records import SEA, answered, cite, column, gold, record, say

UNIT = st.floats(0, 1)


def test_what_does_not_apply_is_left_out_and_is_not_zero():
    assert score(Column("m", (1.0, None, 1.0))) == Score("m", 1.0, 1.0, 1.0, 2)


@pytest.mark.parametrize("values", [(), (None, None)])
def test_a_measure_that_applies_to_nothing_has_no_figure(values):
    assert score(Column("m", values, better="lower")) == Score("m", None, None, None, 0, "lower")


def test_a_figure_without_meaning_is_no_figure():
    assert score(Column("m", (1.0, 2.0), lambda _: math.nan)) == Score("m", None, None, None, 0)


def test_the_interval_of_one_question_is_its_value():
    assert score(Column("m", (0.3,))) == Score("m", 0.3, 0.3, 0.3, 1)


def test_the_interval_of_a_mean_is_about_two_standard_errors_to_each_side():
    found = score(Column("m", (0.0, 1.0) * 200))
    assert found.value == 0.5
    assert (found.low, found.high) == (pytest.approx(0.5 - 1.96 * 0.025, abs=0.01), pytest.approx(0.549, abs=0.01))


def test_resamples_without_a_figure_are_left_out():
    def one_of_ones(values):
        return 1.0 if values.any() else math.nan

    assert score(Column("m", (1.0, 0.0, 0.0), one_of_ones)) == Score("m", 1.0, 1.0, 1.0, 3)


@settings(deadline=None)  # a thousand resamples, as long as the machine takes
@given(st.lists(UNIT, min_size=1, max_size=30))
def test_the_interval_of_a_mean_contains_it(values):
    found = score(Column("m", tuple(values)))
    assert found.low - 1e-9 <= found.value <= found.high + 1e-9
    assert found.value == pytest.approx(sum(values) / len(values))


@settings(deadline=None)
@given(st.lists(UNIT, min_size=1, max_size=10), st.lists(st.integers(0, 10), max_size=5))
def test_where_a_measure_does_not_apply_changes_nothing(values, places):
    holes = list(values)
    for place in places:
        holes.insert(place, None)
    assert score(Column("m", tuple(holes))) == score(Column("m", tuple(values)))


def test_the_same_values_give_the_same_interval():
    values = tuple(np.random.default_rng(1).random(50))
    assert score(Column("m", values)) == score(Column("m", values))


def test_a_ratio_weighs_questions_by_what_there_is_to_count():
    assert ratio(np.array([[1.0, 1.0], [0.0, 3.0]])) == 0.25
    assert math.isnan(ratio(np.zeros((2, 2))))


def test_a_percentile_lies_between_its_neighbours():
    assert percentile(50)(np.array([1.0, 4.0, 2.0])) == 2.0
    assert percentile(95)(np.array([0.0, 1.0])) == pytest.approx(0.95)


def test_only_questions_of_both_runs_are_compared():
    one = {"a": 0.0, "b": 1.0, "c": None, "d": 1.0}
    other = {"d": 1.0, "c": 1.0, "a": 1.0, "b": None, "e": 1.0}
    found = paired(one, other)
    assert (found.value, found.n) == (0.5, 2)


def test_a_small_gain_on_every_question_counts_though_the_questions_differ_much():
    one = {str(n): n / 100 for n in range(100)}
    other = {id_: value + 0.01 for id_, value in one.items()}
    found = paired(one, other)
    assert (found.low, found.high) == (pytest.approx(0.01), pytest.approx(0.01))
    assert found.significant


def test_a_gain_here_and_a_loss_there_does_not_count():
    one = {str(n): float(n % 2) for n in range(50)}
    other = {str(n): float(n % 2 == 0) for n in range(50)}
    found = paired(one, other)
    assert found.value == 0
    assert found.low < 0 < found.high
    assert not found.significant


def test_runs_without_a_common_question_have_no_difference():
    assert paired({"a": 1.0}, {"b": 1.0}) == Difference(None, None, None, None, None, 0)
    assert not Difference(None, None, None, None, None, 0).significant


def test_a_run_does_not_differ_from_itself():
    run = {"a": (1.0, 2.0), "b": (0.0, 3.0), "c": (3.0, 3.0)}
    found = paired(run, run, over=ratio)
    assert found == Difference(found.one, found.one, 0.0, 0.0, 0.0, 3)
    assert not found.significant


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=3), st.tuples(UNIT, UNIT), min_size=1, max_size=10))
def test_a_difference_seen_from_the_other_side_is_its_negative(runs):
    one, other = ({id_: values[side] for id_, values in runs.items()} for side in (0, 1))
    there, back = paired(one, other), paired(other, one)
    assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low), abs=1e-9)


def test_the_order_of_the_questions_does_not_change_a_difference():
    one = {str(n): n / 7 for n in range(8)}
    other = {str(n): n * n / 50 for n in range(8)}
    assert paired(one, other) == paired(dict(reversed(one.items())), other, over=mean)


def test_eight_thousand_questions_are_counted_in_seconds():
    dice = np.random.default_rng(0)
    quote = say(cite(SEA, "Ada sailed in May."))
    example = {"evidence": (gold(SEA, "Ada sailed"),)}
    columns = correctness([record(answered(quote, confidence=c), **example) for c in dice.random(8000)], {})
    for name, most in (("accuracy", 2), ("AURC", 10)):  # several times what it takes, for slow machines
        started = time.perf_counter()
        assert score(column(columns, name)).n == 8000
        assert time.perf_counter() - started < most
