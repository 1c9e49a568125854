"""Is the right document found, and how far up? A document scores as its best passage, relevance is yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval.scorers.judge import meets, spans
from eval.types import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eval.types import Record
    from rag.types import Document

_MEASURES = ("nDCG@10", "R@1", "R@5", "R@10", "RR@10")
_DEPTH = 10
_PASSAGES = 5


def retrieval(records: Sequence[Record], _documents: Mapping[str, Document]) -> list[Column]:
    """Measure the hits of each record against the documents of its gold evidence, from 0 to 1, higher is better.

    `nDCG@10` (Järvelin & Kekäläinen 2002), recall `R@1`, `R@5`, `R@10` and reciprocal rank `RR@10` are counted by
    ir_measures. `all@10` is 1 where every gold document is among the first ten. `passage Success@5` is 1 where one of
    the first five passages meets gold evidence; it applies only where that has offsets.

    None applies to questions without gold evidence. Where nothing was found, all are 0.
    """
    ranked = [list(dict.fromkeys(hit.passage.doc_id for hit in record.hits)) for record in records]
    gold = [{evidence.doc_id for evidence in record.example.evidence} for record in records]
    values = _calculate(gold, ranked)
    everything = tuple(
        float(wanted.issubset(found[:_DEPTH])) if wanted else None for wanted, found in zip(gold, ranked, strict=True)
    )
    return [
        *(Column(name, tuple(values[name])) for name in _MEASURES),
        Column(f"all@{_DEPTH}", everything),
        Column(f"passage Success@{_PASSAGES}", tuple(_passage_found(record) for record in records)),
    ]


def _calculate(gold: list[set[str]], ranked: list[list[str]]) -> dict[str, list[float | None]]:
    """Return each measure's value for each question, None where there is no gold document."""
    import ir_measures

    # Questions go by their place, since two tasks' ids may be the same. One that found nothing, or without a run at
    # all, is not reported by every provider of ir_measures: it starts, and then stays, at 0.
    judged = {str(n): dict.fromkeys(wanted, 1) for n, wanted in enumerate(gold) if wanted}
    runs = {n: {doc_id: -float(rank) for rank, doc_id in enumerate(ranked[int(n)])} for n in judged if ranked[int(n)]}
    values = {name: [0.0 if wanted else None for wanted in gold] for name in _MEASURES}
    if runs:
        measures = [ir_measures.parse_measure(name) for name in _MEASURES]
        for found in ir_measures.iter_calc(measures, judged, runs):
            values[str(found.measure)][int(found.query_id)] = float(found.value)
    return values


def _passage_found(record: Record) -> float | None:
    places = spans(record.example)
    if not places:
        return None
    return float(any(meets(hit.passage, gold) for hit in record.hits[:_PASSAGES] for gold in places))
