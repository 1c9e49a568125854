"""The words of an answer are compared as SQuAD's script compares them, and in Chinese by characters."""

import pytest

from eval.scorers.answers import answers, contains, exact_match, normalise_answer, token_f1
from tests.eval.records import LAND, SEA, answered, cite, column, record, refused, say

SAILED = say(cite(SEA, "Ada sailed in May."))


# Worked out by hand: prediction, gold answer, EM, tokens in common, tokens of the prediction, tokens of the gold.
@pytest.mark.parametrize(("prediction", "answer", "same", "counts"), [
    ("the cat", "cat", 1, (1, 1, 1)),
    ("A CAT!", "an cat", 1, (1, 1, 1)),
    ("the The", "a", 1, None),  # nothing is left of either
    ("the", "cat", 0, (0, 0, 1)),
    ("", "cat", 0, (0, 0, 1)),
    ("U.S.", "US", 1, (1, 1, 1)),
    ("U. S.", "US", 0, (0, 2, 1)),
    ("well-known", "well known", 0, (0, 1, 2)),
    ("well-known", "wellknown", 1, (1, 1, 1)),
    ("3,000", "3000", 1, (1, 1, 1)),
    ("3,000 men", "3 000 men", 0, (1, 2, 3)),
    ("$5.50", "550", 1, (1, 1, 1)),
    ("5 %", "5%", 1, (1, 1, 1)),
    ("China's capital", "Chinas capital", 1, (2, 2, 2)),
    ("China’s capital", "China's capital", 0, (1, 2, 2)),  # only ASCII punctuation is dropped
    ("“peace”", "peace", 0, (0, 1, 1)),
    ("\"peace\"", "peace", 1, (1, 1, 1)),
    ("no no no", "no no", 0, (2, 3, 2)),
    ("york new", "New York", 0, (2, 2, 2)),
    ("  New\n\tYork ", "new york", 1, (2, 2, 2)),
    ("theatre an ant", "theatre ant", 1, (2, 2, 2)),
    ("a-b", "b", 0, (0, 1, 1)),  # the hyphen goes before the article could
    ("café", "cafe", 0, (0, 1, 1)),
    ("北京大学", "北京", 0, (2, 4, 2)),
    ("北京。", "北京", 1, (2, 2, 2)),
    ("“北京”（中国）", "北京 中国", 1, (4, 4, 4)),
    ("3,000人", "3000 人", 1, (2, 2, 2)),
    ("A股", "股", 0, (1, 2, 1)),
    ("2010年5月", "2010年", 0, (2, 4, 2)),
])  # fmt: skip
def test_words_are_compared_as_the_script_of_squad_does(prediction, answer, same, counts):
    common, given, wanted = counts or (1, 1, 1)
    assert exact_match(prediction, [answer]) == same
    assert token_f1(prediction, [answer]) == pytest.approx(2 * common / (given + wanted))


def test_the_best_of_the_gold_answers_counts():
    assert exact_match("cat", ["dog", "the cat"]) == 1
    assert token_f1("black cat", ["dog", "cat", "black"]) == pytest.approx(2 / 3)
    assert exact_match("cat", []) == token_f1("cat", []) == 0


def test_a_normal_form_stays_as_it_is():
    for text in ("The U.S. Army, 北京大学。", "a the an", "3,000 men’s"):
        assert normalise_answer(normalise_answer(text)) == normalise_answer(text)


@pytest.mark.parametrize(("text", "answer", "found"), [
    ("She met 3,000 whales.", "3000", True),
    ("She met 13,000 whales.", "3000", False),
    ("They sang for the U.S. Navy.", "The US Navy", True),
    ("He wrote “reform” first.", "reform", True),
    ("China’s capital", "China's capital", True),
    ("He spoke of reform—and left.", "reform", True),
    ("from 1914–1918", "1914-1918", True),
    ("the navy of the US", "US navy", False),
    ("the sea", "the", False),
    ("位于“北京”市", "北京", True),
    ("位于北方的京城", "北京", False),
])  # fmt: skip
def test_an_answer_is_contained_where_its_words_stand_side_by_side(text, answer, found):
    assert contains(text, answer) is found


def values(name, *records):
    return column(answers(records, {}), name).values


@pytest.mark.parametrize("name", ["EM", "F1"])
def test_what_cannot_be_answered_scores_by_being_refused(name):
    no = {"answerable": False}
    said = answered(SAILED, short=cite(SEA, "the"))
    records = (record(refused(), **no), record(said, **no), record(refused(), answers=("x",)))
    assert values(name, *records) == (1.0, 0.0, 0.0)


def test_the_short_answer_is_compared_and_without_one_the_first_quote():
    may = {"answers": ("May", "in May")}
    records = (
        record(answered(SAILED, short=cite(SEA, "in May.")), **may),
        record(answered(SAILED), **may),  # "ada sailed in may": 2 of 4 tokens, all of the gold
        record(answered(say(text="In May.")), **may),  # nothing quoted, nothing to compare
    )
    assert values("EM", *records) == (1.0, 0.0, 0.0)
    assert values("F1", *records) == (1.0, pytest.approx(2 / 3), 0.0)


def test_an_answer_may_stand_in_any_quote():
    walked = say(cite(LAND, "Bob walked."), cite(LAND, "He met no whale."))
    may = {"answers": ("June", "may")}
    records = (record(answered(walked, SAILED), **may), record(answered(walked), **may), record(refused(), **may))
    assert values("answer in quotes", *records) == (1.0, 0.0, 0.0)


def test_words_are_not_compared_where_there_are_none_to_compare_with():
    assert values("EM", record(answered(SAILED)), record(None, answers=("May",))) == (None, None)
    assert values("F1", record(answered(SAILED)), record(None, answers=("May",))) == (None, None)
    assert values("answer in quotes", record(answered(SAILED)), record(refused(), answerable=False)) == (None, None)


@pytest.mark.parametrize(
    ("gold", "expected"),
    [("Ada; 3,000 whales", 1.0), ("Ada; Bob", 0.0), ("whales；Ada", 1.0), ("Bob", 0.0), ("3,000", 1.0)],
)
def test_a_list_is_in_the_quotes_where_each_of_its_parts_is(gold, expected):
    said = record(answered(SAILED, say(cite(SEA, "She met 3,000 whales."))), answers=(gold,))
    assert values("answer in quotes", said) == (expected,)
