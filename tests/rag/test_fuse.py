"""Reciprocal rank fusion, by hand."""

import pytest

from rag.fuse import Leg, fuse
from rag.retrieve import spread
from rag.types import Passage

A, B, C = (Passage("d", i, i + 1, "x") for i in range(3))
OTHER = Passage("e", 0, 1, "x")


def test_scores_are_sums_of_reciprocal_ranks():
    hits = fuse([Leg("lexical", [(A, 9.0), (B, 8.0)]), Leg("dense", [(C, 0.9), (B, 0.8), (A, 0.7)], weight=0.5)])
    by_id = {hit.passage.id: hit for hit in hits}
    assert by_id[A.id].score == pytest.approx(1 / 61 + 0.5 / 63)
    assert by_id[B.id].score == pytest.approx(1 / 62 + 0.5 / 62)
    assert by_id[C.id].score == pytest.approx(0.5 / 61)
    assert [hit.passage for hit in hits] == [A, B, C]
    assert [(t.stage, t.rank, t.score) for t in by_id[B.id].trace] == [("lexical", 2, 8.0), ("dense", 2, 0.8)]


def test_a_tie_is_broken_by_place_and_not_by_order():
    legs = [Leg("x", [(B, 1)]), Leg("y", [(A, 1)])]
    assert [hit.passage for hit in fuse(legs)] == [hit.passage for hit in fuse(legs[::-1])] == [A, B]


def test_nothing_fused_is_nothing():
    assert fuse([]) == fuse([Leg("x", [])]) == []


def test_one_document_does_not_fill_the_list():
    hits = fuse([Leg("x", [(A, 4), (B, 3), (C, 2), (OTHER, 1)])])
    assert [hit.passage for hit in spread(hits, 2)] == [A, B, OTHER]
