"""What a model writes becomes sentences and passage numbers, however the stream is cut and whatever stands in it."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.markers import Draft, Markers

PIECES = (
    "Wages rose", "He", "工资上涨", " ", " ", "\n", ".", "。", "!", "”", "“", "[1]", "[1, 2]", "[1-3]", "【2】",
    "［1］", "[9]", "[", "]", "【", "(", ")", "`", "```", "a[1]", "[Applause]", "[2024]", "[x](y)", "- ", "1. ", "Mr. ",
    "3.5", "U.S.", "\r\n", "\0", ",",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def drafts(text, *cuts, n_passages=3):
    markers = Markers(n_passages)
    ends = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    found = [draft for start, end in pairwise(ends) for draft in markers.feed(text[start:end])]
    return found + markers.end()


def read(text, n_passages=3):
    return [(draft.text, draft.numbers) for draft in drafts(text, n_passages=n_passages)]


@given(TEXTS, st.lists(st.integers(0, 120), max_size=8))
def test_how_a_text_is_cut_into_deltas_changes_nothing(text, cuts):
    assert drafts(text, *cuts) == drafts(text) == drafts(text, *range(len(text)))


@given(TEXTS)
def test_numbers_are_those_of_passages_and_each_comes_once(text):
    for draft in drafts(text):
        assert set(draft.numbers) <= {1, 2, 3}
        assert len(set(draft.numbers)) == len(draft.numbers)
        assert draft.unknown >= 0
        assert draft.text == draft.text.strip() != ""
        assert "\0" not in draft.text


@given(TEXTS)
def test_no_word_is_lost(text):
    written = "".join(draft.text for draft in drafts(text))
    assert all(written.count(word) == text.count(word) for word in ("Wages rose", "He", "工资上涨", "Mr"))


@pytest.mark.parametrize(
    ("marked", "numbers"),
    [("[1]", (1,)), ("[1, 2]", (1, 2)), ("[2][1]", (2, 1)), ("[2] [1]", (2, 1)), ("[1-3]", (1, 2, 3)),
     ("[3–2]", (2, 3)), ("【1】", (1,)), ("［1］", (1,)), ("【1，2】", (1, 2)), ("[1]【1】", (1,)), ("[ 3 ]", (3,)),
     ("[１]", (1,)), ("[1] and [2]", (1, 2)), ("([1], [2])", (1, 2)), ("[[1]]", (1,)),
     ("[Passage 2]", (2,)), ("[^2]", (2,))],
)  # fmt: skip
def test_every_form_is_understood_before_and_after_the_full_stop(marked, numbers):
    assert read(f"Wages rose in 2024 {marked}. He left.")[0] == ("Wages rose in 2024.", numbers)
    if marked[:2] not in {"([", "[["} and "and" not in marked:
        assert read(f"Wages rose in 2024. {marked} He left.")[0] == ("Wages rose in 2024.", numbers)
        assert read(f"工资上涨了{marked}。他走了。") == [("工资上涨了。", numbers), ("他走了。", ())]


def test_numbers_without_a_passage_are_dropped_and_counted():
    assert drafts("It rose [7]. It fell [1, 8][9].") == [Draft("It rose.", (), 1), Draft("It fell.", (1,), 2)]
    assert drafts("It rose [2-999999999].") == [Draft("It rose.", (2, 3), 999999996)]
    assert drafts("It rose [0].") == [Draft("It rose.", (), 1)]


@pytest.mark.parametrize(
    "text",
    ["He (Li) won [Applause].", "In [2024] it rose.", "In [2019-2021] it rose.", "Use a[1] and items[0] here.",
     "See [the text](https://a.org/x[1]) here.", "See [1](https://a.org) here.", "Take `x = y[1]` here.",
     "Set x[1] = 2.", "Set items[1] = 2.", "The list [1, x] is open.", "A [ ] and a [] and a ] and a [.",
     "print(a[1]) runs."],
)  # fmt: skip
def test_other_brackets_stay_in_the_text(text):
    assert read(text) == [(text, ())]


def test_a_marker_may_touch_the_last_word_of_a_clause():
    assert read("He spoke to the workers[1]. Prices in Q3[2], fell by 5%[3].") == [
        ("He spoke to the workers.", (1,)),
        ("Prices in Q3, fell by 5%.", (2, 3)),
    ]


def test_code_blocks_are_left_alone():
    text = "So:\n```py\na[1] = 2. B\n[2]\n```\nNext [1]."
    assert read(text) == [("So:", ()), ("```py\na[1] = 2. B\n[2]\n```", ()), ("Next.", (1,))]
    assert read("```\nopen [1]") == [("```\nopen [1]", ())]


def test_backticks_that_nothing_closes_hide_no_marker():
    assert read("It `rose [1]. He left [2].\n") == [("It `rose.", (1,)), ("He left.", (2,))]
    assert read("It ```rose [1]. He left [2].") == [("It ```rose.", (1,)), ("He left.", (2,))]


def test_a_marker_after_several_sentences_belongs_to_the_last():
    assert read("One came. Two left. Three stayed [2].") == [
        ("One came.", ()),
        ("Two left.", ()),
        ("Three stayed.", (2,)),
    ]


def test_a_marker_at_the_start_of_a_line_belongs_to_it_and_alone_on_a_line_to_the_line_above():
    assert read("One came.\n[1] Two left.\n\n[2]\n") == [("One came.", ()), ("Two left.", (1, 2))]
    assert read("[3]\nOne came.") == [("One came.", (3,))]


def test_abbreviations_decimals_and_quotations_end_no_sentence():
    text = "Mr. Li of the U.S. team said “Go. Now.” on Jan. 30, when 3.5% left [1]."
    assert read(f"{text} Then it rained.") == [(text.replace(" [1]", ""), (1,)), ("Then it rained.", ())]


def test_a_marker_at_an_abbreviation_shows_that_the_sentence_ends_there():
    assert [text for text, _ in read("It is in the U.S. [1] He left. It is Apple Inc [2]. He won.")] == [
        "It is in the U.S.",
        "He left.",
        "It is Apple Inc.",
        "He won.",
    ]


def test_items_of_a_list_lose_their_bullets():
    text = "Three articles say so:\n- Wages rose [1]\n* Prices fell. Rents did not [2].\n2. Li left\n（3）工资上涨\n# E"
    assert [text for text, _ in read(text)] == [
        "Three articles say so:",
        "Wages rose",
        "Prices fell.",
        "Rents did not.",
        "Li left",
        "工资上涨",
        "E",
    ]


def test_a_name_for_a_passage_goes_with_its_marker():
    assert read("According to [1], wages rose. 根据[2]，工资上涨。") == [("Wages rose.", (1,)), ("工资上涨。", (2,))]


def test_a_sentence_is_given_out_as_soon_as_the_next_one_begins():
    markers = Markers(2)
    assert markers.feed("Wages rose.") == []
    assert markers.feed(" [1] ") == []
    assert markers.feed("P") == [Draft("Wages rose.", (1,))]
    assert markers.feed("rices fell.\n\n") == []
    assert markers.feed("T") == [Draft("Prices fell.")]
    assert markers.end() == [Draft("T")]


def test_what_holds_no_word_is_no_sentence():
    assert drafts("") == drafts("\n---\n[1]\n***\n") == drafts("...") == []
    assert read("42.") == [("42.", ())]


@pytest.mark.parametrize(
    "unit",
    ["[", "【", "]", "[1]", "[1 ", "[111111", "a[1]", "[1](", "`", "`a", "`[1", "```\n", "\n[1]", ".", "a. ", "e.g. ",
     "(a. ", "“", "word ", " ", "工", "。", "- "],
)  # fmt: skip
def test_time_grows_with_the_length_of_hostile_text(unit):
    def seconds(size):
        text = unit * (size // len(unit))
        taken = []
        for _ in range(2):
            started = time.process_time()
            drafts(text)
            taken.append(time.process_time() - started)
        return min(taken)

    # Four times the text takes four times as long; sixteen times where each character looks at all the others.
    assert seconds(80_000) < 9 * seconds(20_000) + 0.05
