"""The terminal's commands that fill an index and keep it in step: what they print, and how they end."""

from ingest import IngestReport
from ui.render import changes_text, report_text

MOVED = IngestReport(
    added=("a.md",),
    updated=("b.md",),
    unchanged=("c.md",),
    renamed=(("d.md", "e\x1b[2J.md"),),
    removed=("f.md",),
    failed=(("g.pdf", "is\nbroken"),),
)


def test_a_report_names_what_moved_and_counts_it_only_if_something_did():
    assert report_text(MOVED).splitlines() == [
        "1 added, 1 updated, 1 unchanged, 1 renamed, 1 removed, 1 failed, 0 skipped",
        "renamed: d.md → e\ufffd[2J.md",
        "failed: g.pdf: is broken",
    ]
    assert report_text(IngestReport()) == "0 added, 0 updated, 0 unchanged, 0 removed, 0 failed, 0 skipped"


def test_a_round_has_a_line_for_each_document_that_changed():
    assert changes_text(MOVED).splitlines() == [
        "added: a.md",
        "updated: b.md",
        "removed: f.md",
        "renamed: d.md → e\ufffd[2J.md",
        "failed: g.pdf: is broken",
    ]
