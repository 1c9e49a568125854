"""Words, sentences and languages, with offsets that are always exact."""

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text import (
    Span,
    content_terms,
    detect_language,
    format_date,
    is_chinese,
    normalise,
    paragraphs,
    sentences,
    terms,
    trim,
    words,
)  # fmt: skip

TEXTS = st.text(alphabet="aB .!?。！？“”\"'\n\t中国年,;3%é[", max_size=200)


@given(TEXTS)
def test_sentences_are_in_order_disjoint_and_lose_no_character(text):
    spans = sentences(text)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    covered = "".join(text[span.start : span.end] for span in spans)
    assert "".join(covered.split()) == "".join(text.split())
    assert all(text[span.start : span.end] == text[span.start : span.end].strip() for span in spans)


@given(TEXTS, st.integers(0, 200), st.integers(0, 200))
def test_sentences_of_a_stretch_stay_inside_it(text, a, b):
    first, last = sorted((min(a, len(text)), min(b, len(text))))
    assert all(first <= span.start < span.end <= last for span in sentences(text, Span(first, last)))


@given(TEXTS)
def test_paragraphs_lose_no_character(text):
    covered = "".join(text[span.start : span.end] for span in paragraphs(text))
    assert "".join(covered.split()) == "".join(text.split())


@given(st.text(max_size=100))
def test_normal_text_stays_as_it_is(text):
    once = normalise(text)
    assert normalise(once) == once
    assert "\r" not in once
    once.encode()  # no lone surrogate is left


@given(st.text(max_size=50), st.integers(0, 50), st.integers(0, 50))
def test_trimming_never_leaves_the_span(text, a, b):
    start, end = sorted((min(a, len(text)), min(b, len(text))))
    inner = trim(text, Span(start, end))
    assert start <= inner.start <= max(inner.end, start)
    assert text[inner.start : inner.end] == text[start:end].strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Li came on Jan. 30. He left.", ["Mr. Li came on Jan. 30.", "He left."]),
        ("The U.S. grew 3.5 percent. “Good,” she said.", ["The U.S. grew 3.5 percent.", "“Good,” she said."]),
        ("经济增长5.2%。他说：是吗？对！", ["经济增长5.2%。", "他说：是吗？", "对！"]),
        ("A heading\n\nA sentence\nover two lines.", ["A heading", "A sentence\nover two lines."]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text, expected):
    assert [text[span.start : span.end] for span in sentences(text)] == expected


def test_a_paragraph_a_line_and_a_hard_wrapped_letter_are_told_apart():
    assert paragraphs("One\ntwo.\nThree.\n\nFour") == [Span(0, 8), Span(9, 15), Span(17, 21)]


def test_words_are_folded_and_chinese_is_segmented():
    assert list(words("Xi’s 1,000 robots, 5.2% ＡＩ")) == ["xi", "1000", "robots", "5.2", "ai"]
    assert {"未来", "产业"} <= set(words("培育未来产业"))


def test_terms_are_stems_and_content_terms_leave_out_function_words():
    assert terms("industries of the future") == ["industri", "of", "the", "futur"]
    assert content_terms("What are the industries of the future?") == ["industri", "futur"]
    assert content_terms("Who is it?") == terms("Who is it?")


def test_languages_are_told_apart():
    assert detect_language("The harbour was opened by the mayor in the month of May.") == "en"
    assert (
        detect_language("Le port a été ouvert par le maire au mois de mai dernier, et toute la ville a fait la fête.")
        == "fr"
    )
    assert detect_language("港口于五月开放。") == "zh"
    assert detect_language("OK") == "en"


def test_a_question_in_chinese_may_name_things_in_latin():
    assert is_chinese("李玉举对CNS说了什么？")
    assert not is_chinese("What does 未来产业 mean in the speech?")
    assert not is_chinese("")


def test_days_are_written_as_people_write_them():
    assert format_date(date(2024, 3, 6)) == "6 March 2024"
    assert format_date(date(2024, 3, 6), "zh") == "2024年3月6日"


def test_hostile_text_costs_linear_time():
    for text in ("[" * 200_000, "a" * 200_000, "。" * 200_000, ("x " * 100_000), "\n" * 200_000, "1," * 100_000):
        sentences(text)
        terms(text)


def test_a_letter_under_a_tower_of_marks_costs_little_and_keeps_them_all():
    marks = "\u0300\u0316" * 200_000
    text = normalise(f"o{marks}")
    assert normalise(text) == text
    assert Counter(text) - Counter("\u034f" * len(text)) == Counter("ò" + marks[1:])


@given(st.text("eé \u0301\u0344\u0316\u0e38\u1fee", max_size=120))
def test_a_text_with_many_marks_is_normalised_once(text):
    assert normalise(normalise(text)) == normalise(text)
