"""Quotes: chosen, made to stand alone, led by who and when; and the few words in the first that answer."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.compose import compose, short_answer
from rag.text import sentences
from rag.types import Document, Evidence, Passage
from rag.verify import is_verbatim

TEXT = (
    "The mayor of Lund spoke on Monday. He opened the harbour. He thanked the builders. "
    "It is important to keep it clean. The harbour of Lund was opened by the mayor."
)
DOCUMENT = Document.of(TEXT, title="Harbour", publisher="Coast Post", published=date(2021, 5, 2))
DOCUMENTS = {DOCUMENT.id: DOCUMENT}
PASSAGE = Passage(DOCUMENT.id, 0, len(TEXT), TEXT)
SPANS = sentences(TEXT)


def found(number, score, *, words=None):
    start = TEXT.index(words) if words else 0
    return Evidence(PASSAGE, *SPANS[number], score, (start, start + len(words)) if words else None)


def composed(*evidence, documents=DOCUMENTS, most=3, threshold=0.1):
    return compose(evidence, documents, sentences=most, threshold=threshold)


def quotes(*evidence, most=3, threshold=0.1):
    written = composed(*evidence, most=most, threshold=threshold)
    return [citation.quote for sentence in written for citation in sentence.citations]


def short(*evidence):
    return short_answer(evidence, DOCUMENTS, quoted=composed(*evidence))


def test_a_statement_is_led_by_who_and_when():
    (sentence,) = composed(found(0, 0.9))
    assert sentence.text == "Coast Post, 2 May 2021: “The mayor of Lund spoke on Monday.”"


def test_a_chinese_statement_is_led_in_chinese():
    document = Document.of("市长剪彩。", title="港口", publisher="海岸报", published=date(2021, 5, 2))
    evidence = Evidence(Passage(document.id, 0, 5, document.text), 0, 5, 0.9)
    (sentence,) = composed(evidence, documents={document.id: document})
    assert sentence.text == "海岸报，2021年5月2日：“市长剪彩。”"


def test_a_document_without_publisher_or_day_is_named_by_its_title():
    bare = replace(DOCUMENT, publisher=None, published=None)
    (sentence,) = composed(found(0, 0.9), documents={bare.id: bare})
    assert sentence.text.startswith("Harbour: “")


def test_a_sentence_that_leans_on_the_one_before_is_quoted_with_it():
    assert quotes(found(1, 0.9)) == ["The mayor of Lund spoke on Monday. He opened the harbour."]
    assert quotes(found(2, 0.9)) == [TEXT[: SPANS[2].end]]


def test_a_sentence_that_only_begins_with_it_stands_alone():
    assert quotes(found(3, 0.9)) == ["It is important to keep it clean."]


def test_the_same_is_not_quoted_twice():
    assert len(quotes(found(1, 0.9), found(0, 0.8))) == 1
    twin = replace(DOCUMENT, id="twin")
    passage = replace(PASSAGE, doc_id="twin")
    evidence = [found(4, 0.9), Evidence(passage, *SPANS[4], 0.8)]
    assert len(composed(*evidence, documents={**DOCUMENTS, "twin": twin})) == 1


def test_a_sentence_that_leans_on_a_quoted_one_joins_it():
    assert quotes(found(0, 0.9), found(1, 0.8)) == ["The mayor of Lund spoke on Monday. He opened the harbour."]


def test_what_is_below_the_threshold_or_far_below_the_best_is_not_quoted():
    assert quotes(found(0, 0.9), found(3, 0.4), threshold=0.3) == [TEXT[: SPANS[0].end]]
    assert quotes(found(0, 0.2), threshold=0.3) == []
    assert len(quotes(found(0, 0.9), found(3, 0.8), found(4, 0.7), most=2)) == 2


@given(st.integers(0, len(SPANS) - 1), st.integers(0, len(SPANS) - 1))
def test_every_quote_is_verbatim(one, other):
    written = composed(found(one, 0.9), found(other, 0.8))
    assert written
    assert all(is_verbatim(citation, DOCUMENTS) for sentence in written for citation in sentence.citations)


def test_evidence_in_the_order_of_days_is_held_against_the_best_wherever_that_stands():
    assert quotes(found(4, 0.4), found(0, 0.9)) == [TEXT[: SPANS[0].end]]


def test_the_short_answer_is_a_citation_of_the_words_that_the_reader_points_at():
    answer = short(found(0, 0.9, words="on Monday"))
    assert (answer.quote, answer.start, answer.publisher) == ("on Monday", TEXT.index("on Monday"), "Coast Post")
    assert is_verbatim(answer, DOCUMENTS)


def test_the_short_answer_stands_in_the_first_sentence_that_is_quoted():
    assert short(found(0, 0.9), found(3, 0.8, words="clean")) is None
    joined = short(found(0, 0.9), found(1, 0.8, words="the harbour"))
    assert joined.quote == "the harbour"


@pytest.mark.parametrize("place", [None, (5, 5), (0, 121)])
def test_without_words_or_with_too_many_there_is_no_short_answer(place):
    long = TEXT.replace(". ", ", ")
    document = Document.of(long, title="Harbour")
    evidence = Evidence(Passage(document.id, 0, len(long), long), 0, len(long), 0.9, place)
    documents = {document.id: document}
    quoted = composed(evidence, documents=documents)
    assert short_answer([evidence], documents, quoted=quoted) is None
