"""What can be measured, by name: each task is a function of the folder of the data and a split (None: its default).

The first line of its docstring says what it measures.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING

from eval.data import data_folder
from eval.tasks.corpus import corpus
from eval.tasks.expmrc import expmrc_cmrc, expmrc_squad
from eval.tasks.finding import cmrc, scifact, xquad_across, xquad_same
from eval.tasks.fitz_gov import fitz_gov
from eval.tasks.mtrag import mtrag, mtrag_follow_ups, mtrag_last_turn, mtrag_rewrites, mtrag_user_turns
from eval.tasks.multihoprag import multihoprag
from eval.tasks.own import own
from eval.tasks.raw import corpus_raw, multihoprag_raw, squad_open_raw
from eval.tasks.realtimeqa import realtimeqa_2022
from eval.tasks.squad import squad_open, squad_reading, squad_retrieval
from eval.tasks.wice import wice
from rag.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from eval.types import Split, Task

    TaskFunction = Callable[[Path, Split | None], Task]

# The task, and the folder of the public data that it reads, if any.
TASKS: dict[str, tuple[TaskFunction, str]] = {
    "corpus": (corpus, ""),
    "scifact": (scifact, "scifact"),
    "squad-reading": (squad_reading, "squad"),
    "squad-open": (squad_open, "squad"),
    "squad-retrieval": (squad_retrieval, "squad"),
    "realtimeqa-2022": (realtimeqa_2022, "realtimeqa"),
    "multihoprag": (multihoprag, "multihoprag"),
    "xquad-same": (xquad_same, "xquad"),
    "xquad-across": (xquad_across, "xquad"),
    "cmrc": (cmrc, "cmrc2018"),
    "expmrc-squad": (expmrc_squad, "expmrc"),
    "expmrc-cmrc": (expmrc_cmrc, "expmrc"),
    "wice": (wice, "wice"),
    "fitz-gov": (fitz_gov, "fitz_gov"),
    "mtrag": (mtrag, "mtrag"),
    "mtrag-last-turn": (mtrag_last_turn, "mtrag"),
    "mtrag-user-turns": (mtrag_user_turns, "mtrag"),
    "mtrag-follow-ups": (mtrag_follow_ups, "mtrag"),
    "mtrag-rewrites": (mtrag_rewrites, "mtrag"),
    "corpus-raw": (corpus_raw, ""),
    "squad-open-raw": (squad_open_raw, "squad"),
    "multihoprag-raw": (multihoprag_raw, "multihoprag"),
}

__all__ = ["TASKS", "listing", "load", "own"]


def load(name: str, data: Path | None, *, split: Split | None) -> Task:
    """Load a task.

    Args:
        name: as in `TASKS`.
        data: the folder of the public data; by default the one of the environment.
        split: which part of the data; by default the one that the task reports.

    Raises:
        ConfigError: there is no task of this name.
        DataMissing: its data, or the split, are not there.
    """
    if name not in TASKS:
        near = difflib.get_close_matches(name, TASKS, n=1, cutoff=0)
        raise ConfigError(f"there is no task {name!r}; did you mean {near[0]!r}? `footnote eval --list` shows all.")
    function, _ = TASKS[name]
    return replace(function(data_folder(data), split), about=_about(function))


def listing(data: Path | None) -> list[dict[str, str]]:
    """Return each task's name, what it measures, and where its data are or what to set."""
    folder = data_folder(data)
    return [
        {"task": name, "measures": _about(function), "data": _place(folder, part)}
        for name, (function, part) in TASKS.items()
    ]


def _about(function: TaskFunction) -> str:
    return (function.__doc__ or "").partition("\n")[0]


def _place(folder: Path, part: str) -> str:
    if not part:
        return "ships with Footnote"
    there = (folder / part).is_dir()
    return "there" if there else f"missing: no {folder / part}; set --data DIR or FOOTNOTE_BENCH_DATA"
