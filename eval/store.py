"""A run on disk: what made it, a line for each question, and its scores.

    run.json        what was asked of which index, with which settings and code, on what machine
    records.jsonl   a line for each question: the example, the whole answer, and the hits where the answer has others
    scores.json     every measure with its interval, over all and by slices, and its value for each question

A run that was killed goes on where it stopped: a line that was cut off in the middle is dropped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from eval.types import Example, Record
from rag.errors import DataMissing
from rag.types import Answer, Hit, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @property
    def facts_file(self) -> Path:
        """What made it."""
        return self.path / "run.json"

    @property
    def records_file(self) -> Path:
        """A line for each question."""
        return self.path / "records.jsonl"

    @property
    def scores_file(self) -> Path:
        """The scores; there when the run is finished."""
        return self.path / "scores.json"

    @property
    def lock(self) -> Path:
        """Held by the one who runs it."""
        return self.path / "run.lock"

    def facts(self) -> dict[str, Any]:
        """Return what made the run.

        Raises:
            DataMissing: the folder is no run.
        """
        if not self.facts_file.is_file():
            raise DataMissing(f"{self.path} is no run: it has no run.json. `footnote eval TASK` makes one.")
        return _read(self.facts_file)

    def scores(self) -> dict[str, Any]:
        """Return the scores.

        Raises:
            DataMissing: the folder is no run, or the run is not finished.
        """
        self.facts()
        if not self.scores_file.is_file():
            raise DataMissing(f"the run in {self.path} is not finished; the same command again finishes it.")
        return _read(self.scores_file)

    def lines(self) -> list[dict[str, Any]]:
        """Return the records as they are stored, cutting off what a killed run left half written.

        Raises:
            DataMissing: a line is damaged.
        """
        if not self.records_file.is_file():
            return []
        whole, _, torn = self.records_file.read_bytes().rpartition(b"\n")
        if torn:
            self.records_file.write_bytes(whole + b"\n" if whole else b"")
        lines = []
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                lines.append(json.loads(line))
            except ValueError as error:
                raise DataMissing(f"{self.records_file}:{number} is damaged: {error}; remove that line.") from error
        return lines

    def records(self) -> list[Record]:
        """Return the records."""
        return [_record(line) for line in self.lines()]

    def append(self, records: Iterable[Record]) -> None:
        """Add records, each on disk before the next one is made."""
        with self.records_file.open("a", encoding="utf-8") as file:
            for record in records:
                file.write(json.dumps(_line(record), ensure_ascii=False) + "\n")
                file.flush()

    def write_facts(self, facts: dict[str, Any]) -> None:
        """Write what made the run."""
        _write(self.facts_file, facts)

    def write_scores(self, scores: dict[str, Any]) -> None:
        """Write the scores, whole or not at all."""
        _write(self.scores_file, scores)


def _line(record: Record) -> dict[str, Any]:
    known = {"example": to_json(record.example), "seconds": record.seconds, "answer": to_json(record.answer)}
    is_told = record.answer is not None and record.answer.hits == record.hits
    return known if is_told else {**known, "hits": to_json(record.hits)}


def _record(line: dict[str, Any]) -> Record:
    example = _adapter(Example).validate_python(line["example"])
    answer = None if line["answer"] is None else _adapter(Answer).validate_python(line["answer"])
    hits = line["hits"] if "hits" in line else line["answer"]["hits"]
    return Record(example, answer, _adapter(tuple[Hit, ...]).validate_python(hits), line["seconds"])


@lru_cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 (a type, and what it makes)
    return TypeAdapter(kind)


def _read(path: Path) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataMissing(f"{path} is damaged: {error}; make the run again.") from error
    return value


def _write(path: Path, value: object) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    beside.replace(path)
