"""A server of the real page for all tests of the browser, another with a chat model, and browsers to visit them."""

import pytest

pytest.importorskip("playwright", reason="needs playwright: pip install -e '.[dev]'")

from playwright.sync_api import sync_playwright

from tests.browser.home import REPLIES, House, Typist, copied, make_index
from tests.browser.visit import chromium, launched, visiting


@pytest.fixture(scope="session")
def browser():
    if chromium() is None:
        pytest.skip("needs a browser: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def index(tmp_path_factory):
    return make_index(tmp_path_factory.mktemp("browser") / "made")


@pytest.fixture(scope="session")
def house(index, tmp_path_factory):
    """Answers with quotations."""
    house = House(copied(index, tmp_path_factory.mktemp("quotes") / "house"))
    yield house
    house.close()


@pytest.fixture(scope="session")
def typist():
    return Typist(REPLIES)


@pytest.fixture(scope="session")
def written(index, typist, tmp_path_factory):
    """Answers in words of its own."""
    house = House(copied(index, tmp_path_factory.mktemp("words") / "house"), typist)
    yield house
    house.close()


@pytest.fixture
def own(index, tmp_path):
    """Belongs to one test, which may change what is in it."""
    house = House(copied(index, tmp_path / "house"))
    yield house
    house.close()


@pytest.fixture
def visit(browser, house):
    with visiting(browser, house.url) as visit:
        visit.open()
        yield visit
