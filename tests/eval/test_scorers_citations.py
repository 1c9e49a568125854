"""Citations against figures worked out by hand: whether they hold, meet gold evidence, and bear what is said."""

from dataclasses import replace

import pytest

from eval.scorers import citations, evidence
from eval.statistics import score
from rag.types import Document
from tests.eval.records import DOCUMENTS, LAND, SEA, answered, cite, column, gold, record, refused, say

SAILED = say(cite(SEA, "Ada sailed in May."))
WALKED = say(cite(LAND, "Bob walked."))


def values(name, *records):
    return column([*citations(records, DOCUMENTS), *evidence(records, DOCUMENTS)], name).values


def test_a_quote_that_is_not_at_its_offsets_is_not_verbatim():
    true = cite(SEA, "Ada sailed")
    wrong = say(true, replace(true, quote="Ada walked"), replace(true, doc_id="gone"))
    records = (record(answered(wrong)), record(answered(SAILED)), record(answered(say(text="So."))), record(refused()))
    assert values("verbatim", *records) == ((1.0, 3.0), (1.0, 1.0), None, None)
    assert score(column(citations(records, DOCUMENTS), "verbatim")).value == 0.5


def test_a_sentence_that_claims_nothing_needs_no_citation():
    sentences = (SAILED, say(text="She swam."), say(text="Here is what I found.", support="not_a_claim"))
    assert values("cited sentences", record(answered(*sentences))) == ((1.0, 2.0),)
    assert values("cited sentences", record(answered(sentences[2]))) == (None,)


def test_citation_recall_is_the_share_of_sentences_and_precision_that_of_cited_sentences():
    # Two of three sentences cite gold. They cover four sentences of the documents, of which two are gold.
    example = {"evidence": (gold(SEA, "Ada sailed in May."), gold(SEA, "They sang for the U.S. Navy."))}
    two = say(cite(SEA, "She met 3,000 whales. They sang for the U.S. Navy."))
    found = record(answered(SAILED, two, WALKED, say(text="So.", support="not_a_claim")), **example)
    assert values("citation recall", found) == (pytest.approx(2 / 3),)
    assert values("citation precision", found) == (2 / 4,)


def test_a_sentence_that_is_cited_twice_is_covered_once():
    found = record(answered(SAILED, SAILED, WALKED), evidence=(gold(SEA, "sailed"),))
    assert values("citation precision", found) == (1 / 2,)


def test_a_citation_of_no_document_is_a_wrong_place_and_no_error():
    gone = say(replace(cite(LAND, "Bob walked."), doc_id="gone"))
    assert values("citation precision", record(answered(gone), evidence=(gold(SEA, "sailed"),))) == (0.0,)


def test_an_answer_without_citations_finds_no_gold_and_cites_nothing_wrong():
    found = record(answered(say(text="She swam.")), evidence=(gold(SEA, "sailed"),))
    assert values("citation recall", found) == (0.0,)
    assert values("citation precision", found) == (None,)
    assert values("evidence F1", found) == (0.0,)


def test_evidence_is_held_against_the_first_quote_and_the_best_gold_place():
    example = {"evidence": (gold(LAND, "Bob walked."), gold(SEA, "Ada sailed"))}
    # "ada sailed in may" against "ada sailed": precision 2/4, recall 2/2
    assert values("evidence F1", record(answered(SAILED, WALKED), **example)) == (pytest.approx(2 / 3),)
    assert values("evidence F1", record(refused(), **example)) == (0.0,)


@pytest.mark.parametrize("name", ["citation recall", "citation precision", "evidence F1"])
def test_gold_places_are_asked_for_only_where_there_are_any(name):
    place = (gold(SEA, "Ada sailed"),)
    unanswerable = record(answered(SAILED), answerable=False, evidence=place)
    records = (unanswerable, record(answered(SAILED), evidence=(gold(SEA),)), record(answered(SAILED)))
    assert values(name, *records) == (None, None, None)
    assert values(name, record(refused(), evidence=place)) == ((0.0,) if name == "evidence F1" else (None,))


WHALES = cite(SEA, "She met 3,000 whales. They sang for the U.S. Navy.")


@pytest.mark.parametrize(("text", "guarded"), [
    ("She met 3,000 whales.", True),
    ("She met three thousand whales.", True),
    ("She met 300 whales.", False),
    ("Whales sang for the U.S. Navy's ears.", True),
    ("Whales sang for the Royal Navy.", False),
    ("Harbour Post, 6 March 2024: “She met 3,000 whales.”", True),
    ("The Harbour Post wrote on 2024-03-06 of The Sea.", True),
    ("She met whales on 7 March 2024.", False),
    ("She met whales in May.", False),
    ("2024年3月6日，她遇到３０００头鲸。", True),
    ("她遇到４０００头鲸。", False),
])  # fmt: skip
def test_what_a_sentence_states_must_stand_in_quote_title_publisher_or_day(text, guarded):
    held = (1.0, 1.0) if guarded else (0.0, 1.0)
    assert values("guard", record(answered(say(WHALES, text=text)))) == (held,)


def test_the_guard_is_a_share_of_sentences():
    found = record(answered(SAILED, say(WHALES, text="She met 7."), say(text="So it is.", support="not_a_claim")))
    assert values("guard", found, record(refused())) == ((2.0, 3.0), None)


def test_a_quotation_always_passes_its_guard():
    chinese = Document.of("中国有3000头鲸。", title="海", language="zh")
    sentences = [say(cite(document, document.text)) for document in (SEA, LAND, chinese)]
    assert values("guard", record(answered(*sentences))) == ((3.0, 3.0),)
