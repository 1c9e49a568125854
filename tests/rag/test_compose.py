"""Quotes: chosen, made to stand alone, led by who and when, and checked before they are shown."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.compose import compose
from rag.config import Answering
from rag.text import sentences
from rag.types import Document, Evidence, Passage
from rag.verify import is_verbatim, verify

TEXT = (
    "The mayor of Lund spoke on Monday. He opened the harbour. He thanked the builders. "
    "It is important to keep it clean. The harbour of Lund was opened by the mayor."
)
DOCUMENT = Document.of(TEXT, title="Harbour", publisher="Coast Post", published=date(2021, 5, 2))
DOCUMENTS = {DOCUMENT.id: DOCUMENT}
PASSAGE = Passage(DOCUMENT.id, 0, len(TEXT), TEXT)
SPANS = sentences(TEXT)


def found(number, score):
    return Evidence(PASSAGE, *SPANS[number], score)


def quotes(*evidence, **settings):
    written = compose(list(evidence), DOCUMENTS, settings=Answering(**settings))
    return [citation.quote for sentence in written for citation in sentence.citations]


def test_a_statement_is_led_by_who_and_when():
    (sentence,) = compose([found(0, 0.9)], DOCUMENTS, settings=Answering())
    assert sentence.text == "Coast Post, 2 May 2021: “The mayor of Lund spoke on Monday.”"


def test_a_chinese_statement_is_led_in_chinese():
    document = Document.of("市长剪彩。", title="港口", publisher="海岸报", published=date(2021, 5, 2))
    evidence = Evidence(Passage(document.id, 0, 5, document.text), 0, 5, 0.9)
    (sentence,) = compose([evidence], {document.id: document}, settings=Answering())
    assert sentence.text == "海岸报，2021年5月2日：“市长剪彩。”"


def test_a_document_without_publisher_or_day_is_named_by_its_title():
    bare = replace(DOCUMENT, publisher=None, published=None)
    (sentence,) = compose([found(0, 0.9)], {bare.id: bare}, settings=Answering())
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
    assert len(compose(evidence, {**DOCUMENTS, "twin": twin}, settings=Answering())) == 1


def test_a_sentence_that_leans_on_a_quoted_one_joins_it():
    assert quotes(found(0, 0.9), found(1, 0.8)) == ["The mayor of Lund spoke on Monday. He opened the harbour."]


def test_what_is_below_the_threshold_or_far_below_the_best_is_not_quoted():
    assert quotes(found(0, 0.9), found(3, 0.4), threshold=0.3) == [TEXT[: SPANS[0].end]]
    assert quotes(found(0, 0.2), threshold=0.3) == []
    assert len(quotes(found(0, 0.9), found(3, 0.8), found(4, 0.7), sentences=2)) == 2


@given(st.integers(0, len(SPANS) - 1), st.integers(0, len(SPANS) - 1))
def test_every_quote_is_verbatim(one, other):
    written = compose([found(one, 0.9), found(other, 0.8)], DOCUMENTS, settings=Answering())
    assert verify(written, DOCUMENTS) == written
    assert all(is_verbatim(citation, DOCUMENTS) for sentence in written for citation in sentence.citations)


@pytest.mark.parametrize(
    "change",
    [{"quote": "The mayor of Lund spoke on Sunday."}, {"start": 1}, {"end": 9}, {"start": -5}, {"doc_id": "other"}],
)
def test_a_citation_that_does_not_hold_takes_its_sentence_along(change):
    (sentence,) = compose([found(0, 0.9)], DOCUMENTS, settings=Answering())
    wrong = replace(sentence, citations=(replace(sentence.citations[0], **change),))
    assert verify([wrong, sentence], DOCUMENTS) == [sentence]


def test_a_sentence_without_a_citation_or_with_other_words_is_not_shown():
    (sentence,) = compose([found(0, 0.9)], DOCUMENTS, settings=Answering())
    assert verify([replace(sentence, citations=())], DOCUMENTS) == []
    assert verify([replace(sentence, text="The mayor said nothing.")], DOCUMENTS) == []
