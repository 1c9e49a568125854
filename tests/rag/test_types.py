"""The invariants of the vocabulary."""

import json
from dataclasses import FrozenInstanceError
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text import Span
from rag.types import Answer, Citation, Document, Filters, Passage, Sentence, Turn, to_json

DOCUMENT = Document.of("One. Two.\fThree.", title="T", published=date(2024, 3, 6), publisher="P", pages=(0, 10))


@given(st.text(min_size=1), st.data())
def test_a_citation_quotes_exactly_its_span(text, data):
    document = Document.of(text, title="T")
    start = data.draw(st.integers(0, len(document.text)))
    end = data.draw(st.integers(start, len(document.text)))
    citation = Citation.of(document, Span(start, end))
    assert document.text[citation.start : citation.end] == citation.quote


def test_a_citation_carries_what_a_reader_asks_for():
    citation = Citation.of(DOCUMENT, Span(10, 16))
    assert (citation.quote, citation.publisher, citation.published, citation.page) == (
        "Three.", "P", date(2024, 3, 6), 2,
    )  # fmt: skip


def test_a_document_without_pages_has_no_page():
    assert Document.of("Text.", title="T").page_of(3) is None


def test_the_id_of_a_document_changes_with_all_that_a_citation_shows():
    same = {"title": "T", "source": "s", "publisher": "P"}
    one = Document.of("Text.", **same)
    assert Document.of("Text.\r\n".strip(), **same).id == one.id
    changes = ({"title": "U"}, {"publisher": "Q"}, {"published": date(2024, 1, 1)}, {"url": "https://x"})
    others = [Document.of("Text.", **{**same, **change}) for change in changes]
    assert len({one.id, *(other.id for other in others)}) == 5


def test_texts_without_a_source_are_their_own():
    assert Document.of("One.", title="T").source != Document.of("Two.", title="T").source


def test_the_id_of_a_passage_is_its_place():
    assert Passage("d", 3, 9, "x" * 6, "H").id == "d:3-9"


def test_the_header_names_what_is_known():
    assert DOCUMENT.header("Reform") == "T · P · 6 March 2024 · Reform"
    assert Document.of("x", title="只有标题").header() == "只有标题"


def test_what_is_not_as_documents_have_it_is_brought_to_that_form_or_refused():
    document = Document.of("x", title="T", language="zh-CN", published=datetime(2024, 3, 6, 20, 46))  # noqa: DTZ001
    assert (document.language, document.published) == ("zh", date(2024, 3, 6))
    filters = Filters(languages=("EN", "zh-CN"), published_to=datetime(2024, 3, 6, 20))  # noqa: DTZ001
    assert (filters.languages, filters.published_to) == (("en", "zh"), date(2024, 3, 6))
    for wrong in ({"publishers": "Xinhua"}, {"published_from": "2024-03-06"}):
        with pytest.raises(TypeError, match=r"must be a tuple|is no day"):
            Filters(**wrong)


def test_values_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        DOCUMENT.title = "U"


@pytest.mark.parametrize(
    ("status", "reason", "n_sentences"), [("answered", None, 0), ("answered", "no_evidence", 1), ("refused", None, 0)]
)
def test_an_answer_keeps_its_word(status, reason, n_sentences):
    sentence = Sentence("Two.", (Citation.of(DOCUMENT, Span(5, 9)),), "supported")
    with pytest.raises(ValueError, match="needs"):
        Answer("Q?", status, reason, None, (sentence,) * n_sentences, 0.5, (), (), "f", 0.1)


def test_json_has_the_names_of_the_fields():
    assert to_json(Turn("user", "Who?")) == {"role": "user", "text": "Who?", "cited": []}
    citation = json.loads(json.dumps(to_json(Citation.of(DOCUMENT, Span(0, 4)))))
    assert citation["published"] == "2024-03-06"
    assert set(citation) == {
        "doc_id", "start", "end", "quote", "title", "publisher", "published", "url", "page",
    }  # fmt: skip
