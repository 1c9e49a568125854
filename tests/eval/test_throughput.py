"""Both loaders are given the same files, in turn, and the figures are of all pieces."""

import json
import math
import sys
from dataclasses import replace

import pytest

from eval.peers import folders, process
from eval.peers.folders import Footnote, LangChain, measured
from eval.peers.pipelines import versions
from eval.throughput import Piece, alternate, figures, n_copies, table, write_pieces
from rag.types import Document

DOCUMENTS = [
    Document.of(f"Item {n} melts at {800 + n} degrees.", title=f"Item {n}", source=str(n), language="en")
    for n in range(7)
]


def rows(*seconds, passages=10):
    return [
        {"files": 4, "characters": 400, "passages": passages, "seconds": s, "memory_mb": 100 + s, "others": 0.5}
        for s in seconds
    ]


def test_each_document_is_one_file_of_one_piece(tmp_path):
    pieces = write_pieces(DOCUMENTS, tmp_path, n=3)
    assert [piece.files for piece in pieces] == [3, 2, 2]
    texts = [file.read_text("utf-8") for piece in pieces for file in piece.folder.iterdir()]
    assert sorted(texts) == sorted(f"{d.title}\n\n{d.text}\n" for d in DOCUMENTS)
    assert sum(piece.characters for piece in pieces) == sum(map(len, texts))


def test_files_that_one_of_the_two_need_not_embed_are_counted():
    assert n_copies(DOCUMENTS) == 0
    assert n_copies([*DOCUMENTS, replace(DOCUMENTS[0], source="again"), replace(DOCUMENTS[1], title="Another")]) == 1


def test_where_the_system_does_not_tell_what_others_had_it_is_not_nothing(monkeypatch, tmp_path):
    class Idle:
        def add(self, folder):
            return len(folder.name)

    for module in (folders, process):
        monkeypatch.setattr(module, "others_cpu", lambda: float("nan"))
    assert math.isnan(folders.measured(Idle(), tmp_path)["others"])
    assert math.isnan(process.run([sys.executable, "-c", ""]).others)


def test_who_begins_changes_with_each_piece(tmp_path, capsys):
    asked = []

    def asking(name):
        return lambda folder: asked.append((name, folder.name)) or {"seconds": 1.0}

    pieces = [Piece(tmp_path / str(number), 4, 400) for number in range(3)]
    found = alternate(pieces, {"a": asking("a"), "b": asking("b")})
    assert asked == [("a", "0"), ("b", "0"), ("b", "1"), ("a", "1"), ("a", "2"), ("b", "2")]
    assert found["b"] == [{"files": 4, "characters": 400, "seconds": 1.0}] * 3
    assert "1 b: 1.0 s" in capsys.readouterr().err


def test_rates_are_of_all_pieces_and_a_factor_has_an_interval():
    made = figures({"Footnote": rows(1.0, 3.0), "other": rows(4.0, 6.0, passages=15)})
    assert made["Footnote"]["files_per_s"] == 2.0
    assert made["Footnote"]["memory_mb"] == 103
    assert made["other"]["characters_per_s"] == 80.0
    assert made["other"]["times_faster"] == {"value": 2.5, "low": 2.0, "high": 4.0}
    assert made["other"]["times_faster_passages"] == pytest.approx(5.0 / 3.0)
    shown = table(made)
    assert "| files a second ↑ | 2.0 | 0.8 |" in shown
    assert "Footnote takes in the same files 2.50 times (2.00–4.00) as fast as other" in shown
    json.dumps(made)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Footnote, LangChain], ids=lambda kind: kind.name)
def test_a_loader_brings_in_one_folder_after_the_other(kind, tmp_path):
    try:
        versions([kind])
    except SystemExit as missing:
        pytest.skip(str(missing))
    loader = kind(tmp_path / "index")
    found = [measured(loader, piece.folder) for piece in write_pieces(DOCUMENTS, tmp_path / "texts", n=2)]
    assert [one["passages"] for one in found] == [4, 3]
    assert min(one["seconds"] for one in found) > 0
    assert found[1]["memory_mb"] >= found[0]["memory_mb"] > 50
