"""Search is scored by hand, by ir_measures asked directly, and by the scorer: all three agree."""

import math

import ir_measures
import pytest

from eval.scorers import retrieval
from rag.types import Document
from tests.eval.records import LAND, SEA, column, gold, hits, record

OTHERS = [Document.of(f"Page {n}.", title=str(n)) for n in range(12)]


def values(name, *records):
    return column(retrieval(records, {}), name).values


def test_measures_are_those_worked_out_by_hand():
    # The gold documents stand second and fourth: gains at 1/log2(3) and 1/log2(5), at best at 1/log2(2) and 1/log2(3).
    found = record(found=hits(OTHERS[0], SEA, OTHERS[1], LAND), evidence=(gold(SEA), gold(LAND)))
    by_hand = {
        "nDCG@10": (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3)),
        "R@1": 0.0,
        "R@5": 1.0,
        "R@10": 1.0,
        "RR@10": 1 / 2,
        "all@10": 1.0,
    }
    assert {name: values(name, found)[0] for name in by_hand} == pytest.approx(by_hand)
    judged = {"q": {SEA.id: 1, LAND.id: 1}}
    run = {"q": {document.id: 9.0 - n for n, document in enumerate((OTHERS[0], SEA, OTHERS[1], LAND))}}
    measures = [ir_measures.parse_measure(name) for name in by_hand if name != "all@10"]
    direct = {str(metric.measure): metric.value for metric in ir_measures.iter_calc(measures, judged, run)}
    assert direct == pytest.approx({name: by_hand[name] for name in direct})


def test_a_document_scores_as_its_best_passage():
    # Three passages of one document take one place: the second document is second.
    places = [(SEA, "Ada sailed"), (SEA, "She met"), (LAND, "Bob"), (SEA, "They sang"), (LAND, "He met")]
    found = record(found=hits(*places), evidence=(gold(LAND),))
    assert values("RR@10", found) == (0.5,)
    assert values("nDCG@10", found) == (pytest.approx(1 / math.log2(3)),)


def test_the_eleventh_document_is_too_late():
    late = record(found=hits(*OTHERS[:9], SEA, LAND), evidence=(gold(SEA), gold(LAND)))
    assert values("all@10", late) == (0.0,)
    assert values("R@10", late) == (0.5,)
    assert values("RR@10", record(found=hits(*OTHERS[:10], SEA), evidence=(gold(SEA),))) == (0.0,)


def test_passages_of_one_document_do_not_push_another_below_the_tenth():
    many = hits(*[(SEA, word) for word in SEA.text.split()[:12]], LAND)
    assert values("all@10", record(found=many, evidence=(gold(LAND),))) == (1.0,)


def test_who_finds_nothing_scores_zero_and_is_not_left_out():
    nothing = record(evidence=(gold(SEA, "Ada sailed"),))
    something = record(found=hits(SEA), evidence=(gold(SEA, "Ada sailed"),))
    for columns in (retrieval([nothing], {}), retrieval([something, nothing], {})):
        assert all(column.values[-1] == 0.0 for column in columns)
    assert all(column.values[0] == 1.0 for column in columns)


def test_questions_without_gold_documents_do_not_count():
    records = (record(found=hits(SEA)), record(found=hits(SEA), evidence=(gold(SEA),)))
    assert all(column.values[0] is None for column in retrieval(records, {}))
    assert values("R@1", *records) == (None, 1.0)


def test_a_passage_is_found_only_if_it_holds_the_gold_place():
    example = {"evidence": (gold(SEA, "3,000 whales"), gold(LAND))}
    near = (SEA, "Ada sailed in May.")
    records = (
        record(found=hits(near, (SEA, "She met 3,000 whales.")), **example),
        record(found=hits(near, LAND), **example),
        record(found=hits(near, *OTHERS[:4], (SEA, "She met 3,000 whales.")), **example),  # the sixth
        record(found=hits(LAND), evidence=(gold(LAND),)),  # no offsets
    )
    assert values("passage Success@5", *records) == (1.0, 0.0, 0.0, None)


def test_two_questions_of_one_id_are_two_questions():
    records = (record(found=hits(SEA), evidence=(gold(SEA),)), record(found=hits(LAND), evidence=(gold(SEA),)))
    assert values("R@1", *records) == (1.0, 0.0)
