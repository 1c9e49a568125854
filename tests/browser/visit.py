"""One browser on the page: what a person does with it, and what it must never do meanwhile."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright

PATIENCE_MS = 60_000
WIDE = {"width": 1360, "height": 850}
NARROW = {"width": 390, "height": 844}

_IDLE = """n => document.querySelectorAll('#fn-transcript .fn-answer[data-status]').length === n
    && !document.querySelector('#fn-growing [data-busy]')"""
_IN_VIEW = """() => {
    const mark = document.querySelector('#fn-panel-body #fn-mark');
    if (!mark) return false;
    const at = mark.getBoundingClientRect(), body = document.querySelector('#fn-panel-body').getBoundingClientRect();
    return at.height > 0 && at.top >= Math.max(0, body.top) && at.top < Math.min(innerHeight, body.bottom)
        && at.left >= Math.max(0, body.left) && at.left < Math.min(innerWidth, body.right);
}"""
_AXE = """async () => {
    const found = await axe.run(document, {resultTypes: ['violations']});
    return found.violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
        .map((one) => `${one.id} (${one.impact}): ` + one.nodes.slice(0, 5).map((node) =>
            node.target.join(' ') + ' ' + node.html.slice(0, 160) + ' | ' + node.failureSummary).join('\\n    '));
}"""


def chromium() -> str | None:
    """Return where the browser is, None where there is none."""
    return shutil.which("chromium")


def launched(playwright: Playwright) -> Browser:
    """Start the browser of this machine."""
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=chromium(), args=[*as_root, "--disable-gpu"], timeout=PATIENCE_MS)


@dataclass
class Visit:
    """A browser that has nothing in common with another, on the page of a house."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, path: str = "") -> None:
        """Load the page and wait until it can be used."""
        self.page.goto(self.url + path)
        self.page.wait_for_selector(".fn-welcome, #fn-transcript .fn-exchange")

    def reload(self) -> None:
        """Load the page anew, when nothing is under way that this would break off, and wait until it can be used."""
        self.page.wait_for_timeout(500)
        self.page.reload()
        self.page.wait_for_selector(".fn-welcome, #fn-transcript .fn-exchange", state="attached")

    def begin(self, question: str) -> None:
        """Ask, and wait for nothing."""
        self.page.fill("#fn-question", question)
        self.page.press("#fn-question", "Enter")

    def ask(self, question: str) -> Locator:
        """Ask, and return the answer when it is whole."""
        n_answers = self.page.locator("#fn-transcript .fn-answer[data-status]").count()
        self.begin(question)
        return self.answered(n_answers + 1)

    def answered(self, n_answers: int = 1) -> Locator:
        """Wait until the conversation has so many answers, and return the last."""
        self.page.wait_for_function(_IDLE, arg=n_answers)
        key = self.page.locator("#fn-transcript .fn-answer").last.get_attribute("data-key")
        return self.page.locator(f"#fn-transcript .fn-answer[data-key='{key}']")

    def open_evidence(self, opener: Locator) -> None:
        """Click on what cites, and wait for its words in the panel."""
        opener.click()
        self.wait_for_mark()

    def wait_for_mark(self) -> None:
        """Wait until the words that are cited can be seen."""
        self.page.wait_for_function(_IN_VIEW)

    def tab(self, name: str) -> None:
        """Open one of the tabs: `chat`, `library`, `evaluation`, `settings`."""
        names = ("chat", "library", "evaluation", "settings")
        self.page.locator("#fn-tabs").first.get_by_role("tab").nth(names.index(name)).click()
        self.page.wait_for_selector(f"#fn-tab-{name}", state="visible")

    def scrolls_sideways(self) -> bool:
        """Tell whether the page is wider than its window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))

    def axe(self) -> list[str]:
        """Return what axe finds that is serious or critical."""
        self.page.emulate_media(reduced_motion="reduce")  # what fades in has less contrast for a moment
        self.page.evaluate(AXE_SCRIPT)
        found: list[str] = self.page.evaluate(_AXE)
        return found

    @property
    def hosts(self) -> set[str]:
        """All hosts that anything was asked of."""
        parts = map(urlsplit, self.requests)
        return {part.netloc for part in parts if part.scheme not in {"data", "blob"}}


# wide: what a browser can be told of its window
@contextlib.contextmanager
def visiting(
    browser: Browser,
    url: str,
    *,
    viewport: dict[str, int] | None = None,
    is_dark: bool = False,
    **more: Any,
) -> Iterator[Visit]:
    """Open a browser of its own on a page; at the end, it must have asked no other host and reported no error."""
    context = browser.new_context(
        viewport=viewport or WIDE,
        color_scheme="dark" if is_dark else "light",
        locale="en-GB",
        permissions=["clipboard-read", "clipboard-write"],
        **more,
    )
    try:
        context.set_default_timeout(PATIENCE_MS)
        visit = Visit(context.new_page(), url)
        watch(context, visit)
        yield visit
        assert visit.hosts <= {urlsplit(url).netloc}, visit.hosts
        assert visit.faults == [], visit.faults
    finally:
        context.close()


def watch(context: BrowserContext, visit: Visit) -> None:
    """Write down what a browser asks for and complains of."""
    context.on("request", lambda request: visit.requests.append(request.url))
    context.on("console", lambda said: visit.faults.append(said.text) if said.type == "error" else None)
    context.on("weberror", lambda fault: visit.faults.append(str(fault.error)))
