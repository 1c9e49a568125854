"""README's figures are those of the runs that are kept, and of no others."""

import pytest

from eval.results import MARKS, README, keep, section, write
from eval.store import RunFolder
from rag.errors import DataMissing

FACTS = {
    "task": "corpus", "split": "test", "questions": 1234, "fingerprint": "f", "commit": "abc1234", "dirty": False,
    "cores": 2, "memory_gb": 24, "changed_settings": {},
}  # fmt: skip
SCORES = [
    {"name": "nDCG@10", "value": 0.7304, "low": 0.6, "high": 0.8, "n": 10, "better": "higher"},
    {"name": "EM", "value": None, "low": None, "high": None, "n": 0, "better": "higher"},
    {"name": "accuracy", "value": 0.5, "low": 0.25, "high": 0.75, "n": 10, "better": "higher"},
]


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "results"


def finished(folder, **changes):
    run = RunFolder(folder)
    folder.mkdir(exist_ok=True)
    run.write_facts({**FACTS, **changes})
    run.write_scores({"scores": SCORES, "slices": [], "columns": {}, "ids": []})
    return run


def test_a_kept_run_becomes_a_row_with_its_intervals(tmp_path, kept):
    keep(finished(tmp_path / "a"), kept)
    assert section(kept) == (
        "**Finding**\n\n| task | questions | nDCG@10 |\n| --- | --- | --- |\n"
        "| corpus, test | 1,234 | 0.730 (0.600–0.800) |\n\n"
        "**Answering**\n\n| task | questions | accuracy |\n| --- | --- | --- |\n"
        "| corpus, test | 1,234 | 0.500 (0.250–0.750) |\n\n"
        "Made by commit abc1234, 2 cores, 24 GB."
    )


def test_a_later_run_takes_the_place_of_the_same_one_and_stands_beside_one_with_other_settings(tmp_path, kept):
    keep(finished(tmp_path / "a"), kept)
    keep(finished(tmp_path / "b", commit="def5678"), kept)
    keep(finished(tmp_path / "c", changed_settings={"embedding.model": "a/b"}), kept)
    said = section(kept)
    assert sorted(file.name for file in kept.iterdir()) == ["corpus-test-embedding.model=a_b.json", "corpus-test.json"]
    assert "| corpus, test, embedding.model=a/b |" in said
    assert "Made by commit def5678, 2 cores, 24 GB: corpus, test." in said


def test_a_run_of_questions_of_ones_own_is_not_kept(tmp_path, kept):
    with pytest.raises(DataMissing, match="a run of 'mine'; only tasks of"):
        keep(finished(tmp_path / "a", task="mine"), kept)


def test_what_other_pipelines_came_to_is_taken_as_it_is(tmp_path, kept):
    keep(finished(tmp_path / "a"), kept)
    (kept / "peers.md").write_text("**Peers**\n", encoding="utf-8")
    assert section(kept).endswith("24 GB.\n\n**Peers**")


def test_only_what_stands_between_the_marks_is_written_anew(tmp_path, kept):
    keep(finished(tmp_path / "a"), kept)
    page = tmp_path / "page.md"
    page.write_text(f"Before.\n{MARKS[0]}\nold\n{MARKS[1]}\nAfter.\n", encoding="utf-8")
    write(page, kept)
    first = page.read_text("utf-8")
    write(page, kept)
    assert page.read_text("utf-8") == first
    assert first.startswith("Before.\n")
    assert first.endswith("\nAfter.\n")
    assert "old" not in first


def test_the_figures_of_the_readme_are_those_of_the_kept_runs():
    text = README.read_text("utf-8")
    assert all(mark in text for mark in MARKS)
    assert section() == text.partition(MARKS[0])[2].partition(MARKS[1])[0].strip()
