"""Pictures of the page in each of its states: `python -m tests.browser.screenshots --out FOLDER`.

With `--readme`, only the three that README shows are made, small enough to be kept with the code.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.home import (
    CHINESE,
    DELEGATION,
    DISPUTED,
    ENDLESS,
    FIELDS,
    IN_PDF,
    LONG,
    NARROWED,
    REPLIES,
    UNKNOWN,
    House,
    Typist,
    copied,
    make_index,
    pdf,
)
from tests.browser.visit import NARROW, WIDE, Visit, launched, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

SMALL = {"width": 1200, "height": 720}
_COLOURS = 128


class Camera:
    """Takes pictures into a folder and says so."""

    def __init__(self, folder: Path, *, is_small: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.is_small = is_small

    def take(self, visit: Visit, name: str, *, full: bool = False, pointed: bool = False) -> None:
        """Take what a browser shows now; `full` is the whole page instead of its window.

        What is `pointed` at stays so.
        """
        if not pointed:
            visit.page.mouse.move(1, 1)
        visit.page.wait_for_timeout(400)  # what fades or slides has come to rest
        path = self.folder / f"{name}.png"
        visit.page.screenshot(path=path, full_page=full, caret="hide")
        if self.is_small:
            with Image.open(path) as picture:
                small = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
            small.save(path, optimize=True)
        sys.stderr.write(f"{path}\n")


def chat(visit: Visit, camera: Camera, mark: str) -> None:
    """Take the first page, an answer, its card and its evidence, a chip, a refusal, a conflict and the timeline."""
    camera.take(visit, f"{mark}-1-first-page")
    answer = visit.ask(FIELDS)
    camera.take(visit, f"{mark}-2-answer")
    answer.locator(".fn-marker").first.hover()
    camera.take(visit, f"{mark}-3-card", pointed=True)
    visit.open_evidence(answer.locator(".fn-marker").first)
    camera.take(visit, f"{mark}-4-evidence")
    answer.locator(".fn-why summary").click()
    camera.take(visit, f"{mark}-5-why")
    visit.page.keyboard.press("Escape")
    visit.ask(NARROWED)
    camera.take(visit, f"{mark}-6-chip")
    visit.ask(UNKNOWN)
    camera.take(visit, f"{mark}-7-refusal")
    disputed = visit.ask(DISPUTED)
    camera.take(visit, f"{mark}-8-conflict")
    disputed.locator("[data-action=timeline]").click()
    visit.page.wait_for_selector(".fn-dot")
    camera.take(visit, f"{mark}-9-timeline")


def written(visit: Visit, camera: Camera) -> None:
    """Take an answer that grows, one with a removed sentence, and one that was stopped."""
    visit.begin(LONG)
    visit.page.wait_for_selector("#fn-growing .fn-written")
    camera.take(visit, "written-1-growing")
    visit.answered()
    visit.page.locator(".fn-removed summary").last.click()
    camera.take(visit, "written-2-removed")
    visit.begin(ENDLESS)
    visit.page.wait_for_selector("#fn-growing .fn-written")
    visit.page.keyboard.press("Escape")
    visit.page.wait_for_selector(".fn-stopped")
    camera.take(visit, "written-3-stopped")


def windows(visit: Visit, camera: Camera) -> None:
    """Take the menu of a conversation, and the small windows that ask."""
    visit.ask(FIELDS)
    visit.page.locator(".fn-item summary").first.click()
    camera.take(visit, "windows-1-menu")
    visit.page.locator(".fn-item [data-do=rename]").first.click()
    camera.take(visit, "windows-2-rename")
    visit.page.keyboard.press("Escape")
    visit.page.locator(".fn-report summary").click()
    visit.page.locator("[data-action=wrong_quote]").click()
    camera.take(visit, "windows-3-remark")
    visit.page.keyboard.press("Escape")


def tabs(visit: Visit, camera: Camera, mark: str) -> None:
    """Take the library, the settings and an evaluation that has run."""
    visit.tab("library")
    visit.page.wait_for_selector("#fn-list tbody tr")
    camera.take(visit, f"{mark}-1-library", full=True)
    file = {"name": f"tide-mill-{mark}.pdf", "mimeType": "application/pdf", "buffer": pdf()}
    visit.page.locator("#fn-drop input[type=file]").set_input_files([file])
    visit.page.wait_for_selector("#fn-job li")
    visit.page.wait_for_selector("#fn-list tr:has-text('tide mill of Sund')")
    camera.take(visit, f"{mark}-2-added", full=True)
    visit.tab("settings")
    camera.take(visit, f"{mark}-3-settings", full=True)
    visit.tab("evaluation")
    visit.page.locator("#fn-evaluation input[type=number]").first.fill(
        "8" if "dark" in mark else "4"
    )  # what was asked once is not asked again
    visit.page.click("#fn-eval-run")
    visit.page.wait_for_selector("#fn-eval-status progress")
    camera.take(visit, f"{mark}-4-evaluation-runs", full=True)
    visit.page.wait_for_selector(".fn-eval .fn-eval-first li")
    camera.take(visit, f"{mark}-5-evaluation", full=True)
    visit.tab("chat")
    visit.open_evidence(visit.ask(IN_PDF).locator(".fn-marker").first)
    camera.take(visit, f"{mark}-6-pdf")


def narrow(visit: Visit, camera: Camera, mark: str) -> None:
    """Take what fits on a phone."""
    camera.take(visit, f"{mark}-1-first-page")
    answer = visit.ask(DELEGATION)
    camera.take(visit, f"{mark}-2-answer")
    visit.open_evidence(answer.locator(".fn-marker").first)
    camera.take(visit, f"{mark}-3-sheet")
    visit.page.click("#fn-close")
    visit.page.click("#fn-show-list")
    camera.take(visit, f"{mark}-4-list")
    visit.page.keyboard.press("Escape")
    visit.ask(UNKNOWN)
    camera.take(visit, f"{mark}-5-refusal")
    visit.ask(DISPUTED)
    camera.take(visit, f"{mark}-6-conflict")


def chinese(visit: Visit, camera: Camera) -> None:
    """Take the Chinese page."""
    camera.take(visit, "zh-1-first-page")
    visit.open_evidence(visit.ask(CHINESE).locator(".fn-marker").first)
    camera.take(visit, "zh-2-evidence")
    visit.tab("settings")
    camera.take(visit, "zh-3-settings", full=True)


def all_states(browser: Browser, camera: Camera, *, url: str) -> None:
    """Take every state of answers in quotations, in the light, in the dark and in a narrow window."""
    for look, is_dark in (("light", False), ("dark", True)):
        with seen(browser, url, is_dark=is_dark) as visit:
            chat(visit, camera, look)
        with seen(browser, url, is_dark=is_dark, viewport=NARROW) as visit:
            narrow(visit, camera, f"narrow-{look}")
        with seen(browser, url, is_dark=is_dark) as visit:
            tabs(visit, camera, f"tabs-{look}")
    with seen(browser, url) as visit:
        windows(visit, camera)
    with seen(browser, url, path="zh") as visit:
        chinese(visit, camera)


def for_readme(browser: Browser, camera: Camera, *, url: str) -> None:
    """Take the three pictures of README."""
    with seen(browser, url, viewport=SMALL) as visit:
        visit.open_evidence(visit.ask(FIELDS).locator(".fn-marker").first)
        camera.take(visit, "evidence")
    with seen(browser, url, viewport=SMALL, is_dark=True) as visit:
        visit.ask(UNKNOWN)
        camera.take(visit, "refusal-dark")
    with seen(browser, url, viewport=NARROW) as visit:
        visit.open_evidence(visit.ask(DELEGATION).locator(".fn-marker").first)
        camera.take(visit, "sheet")


# wide: what a browser can be told of its window
@contextlib.contextmanager
def seen(
    browser: Browser, url: str, *, path: str = "", viewport: dict[str, int] | None = None, is_dark: bool = False
) -> Iterator[Visit]:
    """Open a browser on a page."""
    with visiting(browser, url, viewport=viewport or WIDE, is_dark=is_dark) as visit:
        visit.open(path)
        yield visit


def main() -> None:
    """Take the pictures that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the folder that the pictures go into")
    parser.add_argument("--readme", action="store_true", help="only the three of README, made small")
    wanted = parser.parse_args()
    camera = Camera(wanted.out.resolve(), is_small=wanted.readme)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, contextlib.ExitStack() as end:
        index = make_index(Path(folder) / "made")
        end.enter_context(contextlib.chdir(folder))  # where an evaluation keeps its run
        browser = launched(playwright)
        end.callback(browser.close)
        if not wanted.readme:
            # One after the other: of two pages in one process, only the last takes uploads.
            words = House(copied(index, Path(folder) / "words"), Typist(REPLIES))
            with contextlib.closing(words), seen(browser, words.url) as visit:
                written(visit, camera)
        quotes = House(index.parent)
        end.callback(quotes.close)
        take = for_readme if wanted.readme else all_states
        take(browser, camera, url=quotes.url)


if __name__ == "__main__":
    main()
