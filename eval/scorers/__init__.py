"""Scorers: from what became of the questions to columns of measures, one value a question each.

A value is None where its measure does not apply to a question, which is never the same as zero.
"""

from eval.scorers.answers import answers
from eval.scorers.citations import citations, evidence
from eval.scorers.judge import is_right
from eval.scorers.refusal import correctness, refusal, risk_coverage
from eval.scorers.retrieval import retrieval
from eval.scorers.speed import speed
from eval.scorers.support import support
from eval.scorers.writing import is_written, writing
from eval.types import Scorer

# In the order of a report. No two give a measure the same name; without records each gives its columns, empty.
ALL: tuple[Scorer, ...] = (retrieval, answers, correctness, refusal, citations, evidence, writing, support, speed)
# What tells of answers to gold questions over a library.
OF_ANSWERS: tuple[Scorer, ...] = (retrieval, answers, correctness, refusal, citations, writing, speed)

__all__ = [
    "ALL",
    "OF_ANSWERS",
    "answers",
    "citations",
    "correctness",
    "evidence",
    "is_right",
    "is_written",
    "refusal",
    "retrieval",
    "risk_coverage",
    "speed",
    "support",
    "writing",
]
