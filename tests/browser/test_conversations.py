"""What is kept: conversations through a reload and a restart, their names, what was said of an answer."""

from contextlib import closing

import pytest

from tests.browser.home import FIELDS, UNKNOWN
from tests.browser.visit import Visit, visiting
from ui.store import NAME, Store

pytestmark = pytest.mark.browser


def titles(visit):
    return visit.page.locator("#fn-conversations .fn-title").all_inner_texts()


def in_list(visit, title):
    visit.page.wait_for_selector(f"#fn-conversations .fn-title:text-is('{title}')")
    return visit.page.locator(".fn-item", has=visit.page.locator(f".fn-title:text-is('{title}')"))


def test_a_reload_loses_nothing_and_its_citations_open(visit):
    visit.ask(FIELDS)
    visit.ask(UNKNOWN)
    before = visit.page.locator("#fn-transcript").inner_text()
    visit.reload()
    visit.answered(2)
    assert visit.page.locator("#fn-transcript").inner_text() == before
    visit.open_evidence(visit.page.locator(".fn-marker").first)


def test_a_restart_loses_nothing(browser, own):
    with visiting(browser, own.url) as visit:
        visit.open()
        visit.ask(FIELDS)
        before = visit.page.locator("#fn-transcript").inner_text()
        context = visit.page.context
        visit.page.close()  # a page that is open would say, rightly, that it reaches nobody
        own.close()
        own.open()
        again = Visit(context.new_page(), own.url)
        again.open()
        again.answered()
        assert again.page.locator("#fn-transcript").inner_text() == before
        again.open_evidence(again.page.locator(".fn-marker").first)


def test_a_conversation_is_named_found_saved_and_deleted(browser, own):
    with visiting(browser, own.url, accept_downloads=True) as visit:
        visit.open()
        visit.ask(FIELDS)
        item = in_list(visit, FIELDS)
        item.locator("summary").click()
        item.locator("[data-do=rename]").click()
        visit.page.fill("dialog input", "Fields <b>")
        visit.page.keyboard.press("Enter")
        item = in_list(visit, "Fields <b>")
        visit.page.locator(".fn-composer [data-new]").click()
        visit.page.wait_for_selector(".fn-welcome")
        visit.ask(UNKNOWN)
        in_list(visit, UNKNOWN)
        visit.page.fill("#fn-find", "hydrogen")
        visit.page.wait_for_function("document.querySelectorAll('#fn-conversations .fn-item').length === 1")
        assert titles(visit) == ["Fields <b>"]
        item.locator("summary").click()
        with visit.page.expect_download() as saved:
            item.locator("[data-do=markdown]").click()
        assert saved.value.suggested_filename == "footnote.md"
        assert "artificial intelligence" in saved.value.path().read_text("utf-8")
        item.locator(".fn-open").click()
        visit.page.wait_for_selector(f"#fn-transcript .fn-exchange[data-asked='{FIELDS}']")
        item.locator("summary").click()
        item.locator("[data-do=delete]").click()
        visit.page.click("dialog button[value=ok]")
        visit.page.wait_for_selector(".fn-welcome")
        visit.page.fill("#fn-find", "")
        visit.page.wait_for_function("document.querySelectorAll('#fn-conversations .fn-item').length === 1")
        assert titles(visit) == [UNKNOWN]


def test_what_is_said_of_an_answer_is_kept_with_its_note(browser, own):
    with visiting(browser, own.url) as visit:
        visit.open()
        answer = visit.ask(FIELDS)
        thumb = answer.locator("[data-action=up]")
        thumb.click()
        visit.page.wait_for_selector("[data-action=up][aria-pressed=true]")
        answer.locator(".fn-report summary").click()
        answer.locator("[data-action=wrong_quote]").click()
        visit.page.fill("dialog textarea", "It is the other list.")
        visit.page.click("dialog button[value=ok]")
        visit.page.wait_for_selector("[data-action=wrong_quote][aria-pressed=true]")
        key = answer.get_attribute("data-key")
    with closing(Store(own.root / NAME)) as store:  # several may have it open
        kept = {(one.kept.id, one.kind, one.note) for one in store.feedback()}
    assert kept == {(key, "up", ""), (key, "wrong_quote", "It is the other list.")}
