"""Footnote and its peers are given the same, ranked by the same rule, and held beside each other."""

import sys
from datetime import date
from pathlib import Path

import pytest

from eval.peers import process
from eval.peers.bench import compare, draw, quality
from eval.peers.footnote import Footnote
from eval.peers.measure import Job, measure_asks, measure_index, peak_memory_mb
from eval.peers.pipelines import all_pipelines, versions
from eval.peers.tables import Result, differences, figures_table, ratios, ratios_table
from eval.types import Example, GoldEvidence
from rag.types import Document

FACTS = {
    "Tea": "Tea was first drunk in Yunnan.",
    "Salt": "Salt melts at 801 degrees.",
    "Bees": "Bees dance to show where flowers are.",
    "Ice": "Ice floats because it is lighter than water.",
    "Moon": "The moon pulls the tides.",
}
DOCUMENTS = [Document.of(text, title=title, source=f"{title}.md", language="en") for title, text in FACTS.items()]
PEERS = [pipeline for pipeline in all_pipelines() if pipeline.needs]


def example(name, *titles, answerable=True):
    evidence = tuple(GoldEvidence(d.id, d.title) for d in DOCUMENTS if d.title in titles)
    return Example(name, f"What of {' and '.join(titles)}?", evidence=evidence, answerable=answerable)


class Fake:
    """Finds each document twice, in the order in which it was given; notes how it is asked."""

    name = "fake"
    needs = ("no-such-library",)

    def __init__(self):
        self.asked = []

    def index(self, documents, folder):
        folder.mkdir()
        (folder / "sources").write_text("\n".join(document.source for document in documents))
        return 2 * len(documents)

    def open(self, folder):
        sources = (folder / "sources").read_text().split("\n")

        def search(question, limit):
            self.asked.append(question)
            return [source for source in sources for _ in range(2)][:limit]

        return search

    def cold(self, folder, question):
        return [sys.executable, "-c", f"print({question!r})", str(folder)]


def results():
    ours = Result({"passages": 9.0, "memory_mb": 300.0, "R@1": 0.75, "R@5": 1.0}, {"R@1": {}, "R@5": {}})
    theirs = Result({"passages": 3.0, "memory_mb": 1200.0, "R@1": 0.5, "R@5": 1.0}, {"R@1": {}, "R@5": {}})
    for name in map(str, range(40)):
        ours.values["R@1"][name], theirs.values["R@1"][name] = float(int(name) % 4 > 0), float(int(name) % 4 > 1)
        ours.values["R@5"][name] = theirs.values["R@5"][name] = 1.0
    return {"Footnote": ours, "other": theirs}


def test_a_job_is_read_as_it_was_written(tmp_path):
    dated = Document.of("First.\fSecond.", title="T", published=date(2024, 3, 6), language="zh-CN", pages=(0, 7))
    Job((dated, *DOCUMENTS), {"q": "谁？"}).save(tmp_path / "job.json")
    assert Job.load(tmp_path / "job.json") == Job((dated, *DOCUMENTS), {"q": "谁？"})


def test_the_first_question_is_asked_once_more_untimed(tmp_path):
    fake, job = Fake(), Job(DOCUMENTS, {"1": "one", "2": "two"})
    assert measure_index(fake, job, folder=tmp_path / "index")["passages"] == 10
    found = measure_asks(fake, job, folder=tmp_path / "index")
    assert fake.asked == ["one", "one", "two"]
    assert len(found["ms"]) == 2
    assert found["ranked"]["2"] == [document.source for document in DOCUMENTS for _ in range(2)]


def test_the_drawn_documents_hold_all_evidence_of_the_drawn_questions():
    examples = [example("1", "Tea"), example("2", "Salt", "Bees"), example("3", "Ice"), example("no", answerable=False)]
    documents, drawn = draw(DOCUMENTS, examples, n_documents=3, n_questions=2)
    held = {document.id for document in documents}
    assert len(documents) == 3
    assert drawn
    assert {evidence.doc_id for one in drawn for evidence in one.evidence} <= held
    assert (documents, drawn) == draw(DOCUMENTS, examples, n_documents=3, n_questions=2)
    everything, asked = draw(DOCUMENTS, examples, n_documents=None, n_questions=9)
    assert everything == DOCUMENTS
    assert {one.id for one in asked} == {"1", "2", "3"}


def test_a_ranking_is_scored_by_the_documents_that_hold_the_evidence():
    ranked = {"1": ["Tea.md", "Tea.md", "Ice.md"], "2": ["Ice.md", "Ice.md", "Salt.md"], "3": []}
    values = quality(DOCUMENTS, [example("1", "Tea"), example("2", "Salt"), example("3", "Ice")], ranked=ranked)
    assert values["R@1"] == {"1": 1.0, "2": 0.0, "3": 0.0}
    assert values["R@5"] == {"1": 1.0, "2": 1.0, "3": 0.0}
    assert values["nDCG@10"]["2"] == pytest.approx(0.6309, abs=1e-4)  # 1 / log2(2 + 1)


def test_ratios_are_our_figures_over_theirs():
    assert ratios(results()) == {"other": {"memory_mb": 0.25, "R@1": 1.5, "R@5": 1.0}}


def test_a_figure_that_is_not_there_has_no_ratio():
    both = {"Footnote": Result({"cold_s": 1.0, "R@1": 0.5}), "other": Result({"memory_mb": 9.0, "R@1": 0.0})}
    assert ratios(both) == {"other": {}}
    assert "| R@1 ↑ | – |" in ratios_table(both)


def test_a_difference_within_its_interval_is_marked():
    assert differences(results())["other"]["R@1"].significant
    lines = ratios_table(results()).splitlines()
    assert lines[:2] == ["| | Footnote / other |", "|---|---|"]
    assert "| R@1 ↑ | 1.50 |" in lines
    assert "| R@5 ↑ | ≈ 1.00 |" in lines
    assert "| peak memory while indexing, MB ↓ | 0.25 |" in lines


def test_figures_stand_beside_each_other():
    lines = figures_table(results()).splitlines()
    assert lines[0] == "| | Footnote | other |"
    assert "| passages | 9 | 3 |" in lines
    assert "| peak memory while indexing, MB ↓ | 300 | 1,200 |" in lines
    assert "| search, warm, median ms ↓ | – | – |" in lines


def test_a_missing_library_is_named_with_the_command_that_brings_it():
    with pytest.raises(SystemExit, match=r"fake needs no-such-library.*make bench.*pip install 'footnote\[bench\]'"):
        versions([Footnote(), Fake()])


def test_a_step_that_fails_says_what_it_said():
    with pytest.raises(SystemExit, match="no such thing"):
        process.run([sys.executable, "-c", "raise ValueError('no such thing')"])


@pytest.mark.skipif(not Path("/proc/stat").is_file(), reason="the system does not tell")
def test_what_a_step_uses_itself_is_not_counted_as_others():
    ran = process.run([sys.executable, "-c", "import time\nwhile time.process_time() < 1: pass"])
    assert ran.seconds >= 1
    assert 0 <= ran.others <= ran.capacity - 0.9


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="the system counts otherwise")
def test_the_memory_of_a_step_is_not_that_of_the_process_that_started_it():
    ballast = b"x" * (200 * 2**20)
    code = "from eval.peers.measure import peak_memory_mb; print(peak_memory_mb())"
    assert float(process.run([sys.executable, "-c", code]).printed) < 200 < peak_memory_mb()
    assert ballast


@pytest.mark.slow
def test_footnote_is_measured_in_processes_of_its_own(tmp_path):
    asked = [example("1", "Tea"), example("2", "Salt")]
    result = compare([Footnote()], DOCUMENTS, examples=asked, asks=1, folder=tmp_path)["Footnote"]
    assert result.figures["passages"] == 5
    assert result.figures["R@1"] == 1
    assert min(result.figures[key] for key in ("documents_per_s", "memory_mb", "warm_ms", "cold_s")) > 0


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_finds_what_it_has_indexed(peer, tmp_path):
    try:
        versions([peer])
    except SystemExit as missing:
        pytest.skip(str(missing))
    assert peer.index(DOCUMENTS, tmp_path / "index") == 5
    found = peer.open(tmp_path / "index")("At what temperature does salt melt?", 50)
    assert found[0] == "Salt.md"
    assert set(found) == {document.source for document in DOCUMENTS}
    assert "801" in process.run(peer.cold(tmp_path / "index", "When does salt melt?")).printed
