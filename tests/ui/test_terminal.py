"""The progress bar: how far, how fast, how long still; and nothing where no terminal is."""

import re
import time

import pytest

from ui.terminal import progress_bar


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.mark.usefixtures("terminal")
def test_a_bar_shows_how_fast_passages_come_and_how_long_it_will_take(capfd):
    with progress_bar("Ingesting") as show:
        for done in range(6):
            show(done, 100, f"{done}.md", 8 * done)
            time.sleep(0.05)
    shown = plain(capfd.readouterr().err)
    assert "5/100" in shown
    assert "5.md" in shown
    rates = [int(found) for found in re.findall(r"(\d+) passages/s", shown)]
    assert 40 <= rates[-1] <= 170  # 8 passages in .05 s or a little more
    assert re.search(r"0:0[0-9]", shown)


@pytest.mark.usefixtures("terminal")
def test_a_bar_without_passages_names_no_rate(capfd):
    with progress_bar("Fetching (MB)") as show:
        for done in range(4):
            show(done, 4, "model")
    assert "passages" not in capfd.readouterr().err


def test_what_is_no_terminal_is_shown_no_bar(capfd, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    with progress_bar("Ingesting") as show:
        show(1, 2, "a.md", 3)
    assert capfd.readouterr().err == ""
