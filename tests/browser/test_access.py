"""The page for all: the keyboard alone, a narrow window, the dark, Chinese; and nothing leaves this machine."""

import pytest

from tests.browser.home import CHINESE, DELEGATION, FIELDS, UNKNOWN
from tests.browser.visit import NARROW, visiting

pytestmark = pytest.mark.browser


def focused(visit):
    return visit.page.evaluate("(document.activeElement.id || document.activeElement.className || '').toString()")


def tab_to(visit, name, *, within=80):
    """Press Tab until something of this id or class has the focus."""
    for _ in range(within):
        visit.page.keyboard.press("Tab")
        if name in focused(visit).split():
            return
    pytest.fail(f"Tab does not come to {name}")


def test_axe_finds_a_fault_where_there_is_one(visit):
    visit.page.evaluate("document.getElementById('fn-question').labels[0].remove()")
    visit.page.evaluate("document.getElementById('fn-question').removeAttribute('placeholder')")
    assert any("label" in fault for fault in visit.axe())


def test_axe_finds_no_serious_fault_in_a_chat(visit):
    assert visit.axe() == []
    visit.open_evidence(visit.ask(FIELDS).locator(".fn-marker").first)
    visit.ask(UNKNOWN)
    assert visit.axe() == []


@pytest.mark.parametrize("tab", ["library", "settings", "evaluation"])
def test_axe_finds_no_serious_fault_in_a_tab(visit, tab):
    visit.tab(tab)
    if tab == "library":
        visit.page.wait_for_selector("#fn-list tbody tr")
    assert visit.axe() == []


@pytest.mark.parametrize("tab", ["library", "settings", "evaluation"])
def test_axe_finds_no_serious_fault_in_a_dark_tab(browser, house, tab):
    with visiting(browser, house.url, is_dark=True) as visit:
        visit.open()
        visit.tab(tab)
        assert visit.axe() == []


def test_in_the_dark_an_answer_and_its_evidence_can_be_read(browser, house):
    with visiting(browser, house.url, is_dark=True) as visit:
        visit.open()
        visit.open_evidence(visit.ask(FIELDS).locator(".fn-marker").first)
        paper, ink = visit.page.evaluate(
            "(s => [s.backgroundColor, s.color])(getComputedStyle(document.querySelector('.gradio-container')))"
        )
        assert brightness(paper) < 60
        assert brightness(ink) > 180
        assert visit.axe() == []


def brightness(colour):
    return sum(map(float, colour.partition("(")[2].rstrip(")").split(",")[:3])) / 3


def test_in_a_narrow_window_the_evidence_is_a_sheet(browser, house):
    with visiting(browser, house.url, viewport=NARROW, has_touch=True) as visit:
        visit.open()
        assert not visit.page.locator("#fn-panel").is_visible()
        answer = visit.ask(FIELDS)
        assert not visit.scrolls_sideways()
        answer.locator(".fn-marker").first.tap()
        visit.wait_for_mark()
        visit.page.wait_for_timeout(300)  # the sheet comes up
        sheet = visit.page.locator("#fn-right").bounding_box()
        assert (sheet["x"], sheet["width"]) == (0, 390)
        assert 0.5 < sheet["height"] / 844 < 0.95
        assert abs(sheet["y"] + sheet["height"] - 844) <= 1
        assert not visit.scrolls_sideways()
        assert visit.axe() == []
        visit.page.locator("#fn-close").tap()
        visit.page.wait_for_selector("#fn-panel", state="hidden")
        visit.page.locator("#fn-show-list").tap()
        visit.page.wait_for_selector(".fn-new", state="visible")
        assert visit.axe() == []


@pytest.mark.parametrize("tab", ["library", "settings", "evaluation"])
def test_no_tab_is_wider_than_a_narrow_window(browser, house, tab):
    with visiting(browser, house.url, viewport=NARROW, has_touch=True) as visit:
        visit.open()
        names = ("chat", "library", "evaluation", "settings")
        tabs = visit.page.locator("#fn-tabs").first.get_by_role("tab")
        visible = tabs.nth(names.index(tab))
        if not visible.is_visible():  # behind the button for what has no room
            visit.page.locator("#fn-tabs .overflow-menu > button").first.tap()
        visible.tap()
        visit.page.wait_for_selector(f"#fn-tab-{tab}", state="visible")
        assert not visit.scrolls_sideways()
        assert visit.axe() == []


def test_all_of_a_chat_can_be_done_with_the_keyboard(visit):
    visit.page.keyboard.type("Who took part")
    visit.page.keyboard.press("Shift+Enter")
    assert visit.page.input_value("#fn-question") == "Who took part\n"
    visit.page.fill("#fn-question", "")
    visit.page.keyboard.type(DELEGATION)
    visit.page.keyboard.press("Enter")
    answer = visit.answered()
    assert focused(visit) == "fn-question"
    visit.page.locator("#fn-show-list, .fn-new").last.focus()
    tab_to(visit, "fn-marker")
    card = visit.page.evaluate("document.activeElement.getAttribute('aria-describedby')")
    assert visit.page.locator(f"#{card}").is_visible()
    visit.page.keyboard.press("Enter")
    visit.wait_for_mark()
    assert focused(visit) == "fn-panel"
    before = visit.page.inner_text("#fn-count")
    visit.page.keyboard.press("ArrowRight")
    visit.page.wait_for_function("text => document.getElementById('fn-count').textContent !== text", arg=before)
    visit.page.keyboard.press("Escape")
    visit.page.wait_for_selector("#fn-mark", state="detached")
    assert "fn-marker" in focused(visit)
    assert answer.locator(".fn-marker:focus").count() == 1
    tab_to(visit, "fn-question")


def test_what_has_the_focus_is_seen_to_have_it(visit):
    visit.ask(FIELDS)
    for _ in range(40):
        visit.page.keyboard.press("Tab")
        look = visit.page.evaluate("""(() => {
            const at = document.activeElement;
            if (at === document.body) return null;
            const around = [at, at.parentElement, at.closest('.fn-field')].filter(Boolean).map((e) => {
                const s = getComputedStyle(e);
                return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none';
            });
            return [at.outerHTML.slice(0, 120), around.some(Boolean)];
        })()""")
        assert look is None or look[1], look[0]


def test_the_chinese_page_speaks_chinese(browser, house):
    with visiting(browser, house.url) as visit:
        visit.open("zh")
        assert visit.page.evaluate("document.documentElement.lang").startswith("zh")
        assert visit.page.locator("#fn-send").inner_text() == "提问"
        assert visit.page.locator(".fn-example").first.inner_text() == CHINESE
        answer = visit.ask(CHINESE)
        assert "崔铁军" in answer.inner_text()
        visit.open_evidence(answer.locator(".fn-marker").first)
        assert "新华社" in visit.page.locator("#fn-panel-body").inner_text()
        assert visit.axe() == []


def test_nothing_is_asked_of_any_other_machine(visit):
    visit.open_evidence(visit.ask(FIELDS).locator(".fn-marker").first)
    for tab in ("library", "evaluation", "settings", "chat"):
        visit.tab(tab)
    assert len(visit.requests) > 10
    assert {host.partition(":")[0] for host in visit.hosts} == {"127.0.0.1"}
