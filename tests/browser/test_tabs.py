"""The library, the settings and the evaluation, as a person uses them."""

import pytest

import rag
from tests.browser.home import DISPUTED, FIELDS, IN_PDF, pdf
from tests.browser.visit import visiting

pytestmark = pytest.mark.browser


def choose(visit, title):
    """Tick a document of the list and ask within it."""
    visit.page.locator("#fn-list tr", has_text=title).locator("input[type=checkbox]").check()
    visit.page.click("#fn-ask-chosen")
    visit.page.wait_for_function("title => document.querySelector('#fn-within').textContent.includes(title)", arg=title)
    visit.tab("chat")


def test_a_pdf_that_is_dropped_can_be_asked_and_is_cited_with_its_page(browser, own):
    with visiting(browser, own.url) as visit:
        visit.open()
        visit.tab("library")
        file = {"name": "tide-mill.pdf", "mimeType": "application/pdf", "buffer": pdf()}
        visit.page.locator("#fn-drop input[type=file]").set_input_files([file])
        visit.page.wait_for_selector("#fn-list tr:has-text('tide mill of Sund')")
        assert "tide-mill.pdf" in visit.page.locator("#fn-job").inner_text()
        visit.tab("chat")
        answer = visit.ask(IN_PDF)
        assert "75 kilowatts" in answer.inner_text()
        marker = answer.locator(".fn-sentence .fn-marker").first
        assert "page 2" in answer.locator(".fn-sentence .fn-card").first.text_content()
        visit.open_evidence(marker)
        assert "page 2" in visit.page.locator(".fn-document-head").inner_text()
        assert "75 kilowatts" in visit.page.locator("#fn-mark").inner_text()


def test_a_file_that_cannot_be_read_is_refused_in_words(browser, own):
    with visiting(browser, own.url) as visit:
        visit.open()
        visit.tab("library")
        broken = {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 nothing"}
        visit.page.locator("#fn-drop input[type=file]").set_input_files([broken])
        failed = visit.page.locator("#fn-job li[data-state=failed]")
        failed.wait_for()
        assert "broken.pdf" in failed.inner_text()
        assert len(failed.inner_text()) > len("broken.pdf failed")


def test_a_document_is_removed_only_when_that_was_asked_and_affirmed(browser, own):
    with visiting(browser, own.url) as visit:
        visit.open()
        visit.tab("library")
        row = visit.page.locator("#fn-list tr", has_text="The Elva is bridged")
        row.locator("[data-library=remove]").click()
        visit.page.wait_for_selector("#fn-sure", state="visible")
        assert row.is_visible()
        assert any("coast" in source for source in own.bot.index.library.sources())
        visit.page.click("#fn-remove-sure")
        row.wait_for(state="detached")
        assert not any("coast" in source for source in own.bot.index.library.sources())


def test_a_question_is_asked_within_the_documents_that_were_chosen(browser, own):
    with visiting(browser, own.url) as visit:
        visit.open()
        visit.tab("library")
        choose(visit, "A bridge and its bill")
        assert visit.page.locator(".fn-document").count() == 0, "a tick opens nothing"
        assert "1 document" in visit.page.locator("#fn-scope").inner_text()
        answer = visit.ask(DISPUTED)
        assert "$52 million" in answer.inner_text()
        assert "$45 million" not in answer.inner_text()
        assert answer.locator(".fn-chip[data-drop=documents]").count() == 1
        visit.page.click("#fn-everywhere")
        visit.page.wait_for_selector("#fn-everywhere", state="detached")
        assert "$45 million" in visit.ask(DISPUTED).inner_text()


def test_a_title_of_the_library_opens_its_document(visit):
    visit.tab("library")
    visit.page.locator("#fn-list .fn-source", has_text="The Elva is bridged").click()
    visit.page.wait_for_selector(".fn-document", state="visible")
    assert "The bridge over the Elva cost $45 million." in visit.page.locator(".fn-document").inner_text()


def test_settings_that_are_saved_are_what_runs(browser, own):
    with visiting(browser, own.url) as visit:
        visit.open()
        visit.tab("settings")
        visit.page.get_by_label("Passages read").fill("7")
        visit.page.click("#fn-save")
        visit.page.wait_for_selector("#fn-saved .fn-good")
        assert rag.Config.load(start=own.folder).search.limit == 7
        visit.tab("chat")
        answer = visit.ask(FIELDS)
        assert answer.locator(".fn-why tbody tr").count() == 7
        visit.reload()
        visit.answered()
        visit.tab("settings")
        assert visit.page.get_by_label("Passages read").input_value() == "7"


def test_a_theme_that_was_chosen_is_kept(visit):
    visit.tab("settings")
    visit.page.locator("input[name=fn-theme][value=dark]").check()
    for _ in range(2):
        visit.page.wait_for_function("document.body.classList.contains('dark')")
        visit.reload()


def test_an_evaluation_shows_how_far_it_is_and_what_it_came_to(browser, own, monkeypatch):
    monkeypatch.chdir(own.folder)  # where the run is kept
    with visiting(browser, own.url) as visit:
        visit.open()
        visit.tab("evaluation")
        number = visit.page.get_by_label("Number of questions").last
        number.fill("4")
        number.press("Tab")
        visit.page.click("#fn-eval-run")
        visit.page.wait_for_selector("#fn-eval-status progress")
        visit.page.wait_for_selector(".fn-eval .fn-eval-first li")
        result = visit.page.locator(".fn-eval")
        assert result.locator("svg").count() >= 1
        assert result.locator(".fn-eval-asked tbody tr").count() == 4
        question = result.locator("a.fn-ask").first
        asked = question.text_content()
        visit.page.goto(own.url + question.get_attribute("href").lstrip("./"))
        visit.page.wait_for_selector(".fn-welcome")
        assert visit.page.input_value("#fn-question") == asked
