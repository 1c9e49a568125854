"""The door: a sentence is shown only if its citations hold and bear it."""

from dataclasses import replace

import pytest

from rag.text import Span
from rag.types import Citation, Document, Sentence, Verdict
from rag.verify import is_verbatim, verify
from tests.fakes import FakeReader

DOCUMENT = Document.of("The mayor of Lund spoke on Monday. He opened the harbour.", title="Harbour", publisher="Post")
DOCUMENTS = {DOCUMENT.id: DOCUMENT}
SPOKE, OPENED = (Citation.of(DOCUMENT, Span(*span)) for span in ((0, 34), (35, 57)))
QUOTED = Sentence(f"Post: “{SPOKE.quote}”", (SPOKE,), "unsupported")
REWORDED = Sentence("The mayor of Lund gave a speech.", (SPOKE, OPENED), "supported")


def checked(*sentences, reader=None, documents=DOCUMENTS):
    return verify(sentences, documents, reader=reader or FakeReader(Verdict("unsupported", 0.0)))


def test_a_verbatim_quote_needs_no_reader():
    reader = FakeReader(Verdict("contradicted", 0.0))
    assert checked(QUOTED, reader=reader) == [replace(QUOTED, support="supported")]
    assert reader.asked == []


def test_white_space_makes_no_other_words():
    document = Document.of("The mayor\nof Lund  spoke.", title="Harbour")
    citation = Citation.of(document, Span(0, len(document.text)))
    said = Sentence("“The mayor of Lund spoke.”", (citation,), "supported")
    assert checked(said, documents={document.id: document}) == [said]


def test_a_sentence_in_other_words_is_judged_by_what_its_citations_show():
    reader = FakeReader(Verdict("supported", 0.9))
    assert checked(REWORDED, reader=reader) == [REWORDED]
    ((asked, quotes, context),) = reader.asked
    assert asked == REWORDED.text
    assert quotes == (SPOKE.quote, OPENED.quote)
    assert "Post" in context


def test_what_is_supported_in_part_stays_and_says_what_is_missing():
    (kept,) = checked(REWORDED, reader=FakeReader(Verdict("partial", 0.4, ("500 crowns", "Ada"))))
    assert (kept.text, kept.support, kept.missing) == (REWORDED.text, "partial", ("500 crowns", "Ada"))


@pytest.mark.parametrize("support", ["unsupported", "contradicted", "not_a_claim"])
def test_what_its_citations_do_not_bear_is_not_shown(support):
    assert checked(REWORDED, reader=FakeReader(Verdict(support, 0.1))) == []


def test_a_sentence_that_repeats_only_one_of_its_quotes_is_judged():
    reader = FakeReader(Verdict("unsupported", 0.1))
    assert checked(replace(QUOTED, citations=(SPOKE, OPENED)), reader=reader) == []
    assert len(reader.asked) == 1


WRONG = [{"quote": "The mayor of Lund spoke on Sunday."}, {"start": 1}, {"end": 9}, {"start": -5}, {"doc_id": "other"}]
WRONG += [{"end": 0, "quote": ""}, {"end": 999}]


@pytest.mark.parametrize("change", WRONG)
def test_a_citation_that_does_not_hold_takes_its_sentence_along_whatever_a_reader_says(change):
    reader = FakeReader(Verdict("supported", 1.0))
    wrong = replace(SPOKE, **change)
    assert not is_verbatim(wrong, DOCUMENTS)
    sentences = [replace(QUOTED, citations=(wrong,)), replace(REWORDED, citations=(SPOKE, wrong))]
    assert checked(*sentences, reader=reader) == []
    assert reader.asked == []


def test_a_sentence_without_a_citation_is_not_shown():
    assert checked(replace(QUOTED, citations=()), reader=FakeReader(Verdict("supported", 1.0))) == []


def test_sentences_keep_their_order_and_lose_an_old_verdict():
    old = replace(QUOTED, support="partial", missing=("Monday",))
    kept = checked(REWORDED, old, reader=FakeReader(Verdict("supported", 1.0)))
    assert kept == [REWORDED, replace(QUOTED, support="supported")]
