"""Asking in a real browser: what grows, what can be stopped, and how what came of it looks."""

import re
from dataclasses import replace

import pytest

from rag.record import Exchange
from rag.types import Sentence
from tests.browser.home import CHINESE, DISPUTED, ENDLESS, FIELDS, LONG, NARROWED, UNKNOWN
from tests.browser.visit import visiting
from ui.store import NAME, Store

pytestmark = pytest.mark.browser

# At each picture that is painted: how long the answer is, and where what stands above it is.
WATCH = """() => {
    const seen = window.seen = {length: [], top: [], moved: 0};
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.moved += entry.value;
    }).observe({type: 'layout-shift'});
    const look = () => {
        const growing = document.querySelector('#fn-growing [data-busy]');
        if (growing) {
            seen.length.push(growing.textContent.length);
            seen.top.push(growing.querySelector('.fn-question').getBoundingClientRect().top);
        }
        requestAnimationFrame(look);
    };
    look();
}"""


def test_a_question_is_answered_in_quotations_with_numbers(visit):
    answer = visit.ask(FIELDS)
    assert answer.get_attribute("data-status") == "answered"
    assert "artificial intelligence" in answer.locator(".fn-sentence").first.inner_text()
    assert answer.locator(".fn-sentence .fn-marker").first.inner_text() == "1"
    assert re.search(r"\d+ ?%", answer.locator(".fn-confidence").inner_text())
    assert "probable" in answer.locator(".fn-confidence").get_attribute("title")
    assert visit.page.input_value("#fn-question") == ""


def test_an_example_of_the_first_page_is_asked_with_a_click(visit):
    example = visit.page.locator(".fn-example").first
    question = example.inner_text()
    example.click()
    visit.answered()
    assert visit.page.locator("#fn-transcript .fn-question").inner_text().endswith(question)


def test_a_written_answer_grows_and_nothing_above_it_moves(browser, written):
    with visiting(browser, written.url) as visit:
        visit.open()
        visit.ask(FIELDS)
        visit.page.evaluate(WATCH)
        answer = visit.ask(LONG)
        seen = visit.page.evaluate("seen")
        top = visit.page.locator("#fn-transcript .fn-question").last.bounding_box()["y"]
        assert answer.locator(".fn-sentences .fn-sentence").count() >= 3
    assert len(set(seen["length"])) >= 4, "the answer came all at once"
    assert seen["length"] == sorted(seen["length"]) or seen["length"][-1] > seen["length"][0]
    # The first picture is painted before the question has been brought to the top.
    assert max(seen["top"][2:]) - min(seen["top"][2:]) <= 1
    assert abs(top - seen["top"][-1]) <= 1
    assert seen["moved"] < 0.01


def test_what_nothing_bears_is_counted_and_can_be_unfolded(browser, written):
    with visiting(browser, written.url) as visit:
        visit.open()
        answer = visit.ask(FIELDS)
        removed = answer.locator(".fn-removed")
        assert "1" in removed.locator("summary").inner_text() or "One" in removed.locator("summary").inner_text()
        assert not removed.locator("li").is_visible()
        removed.locator("summary").click()
        assert "Aerospace" in removed.locator("li").inner_text()
        assert "Aerospace" not in answer.locator(".fn-sentences").inner_text()


@pytest.mark.parametrize("how", ["button", "key"])
def test_a_stop_ends_the_model_as_well(browser, written, typist, how):
    typist.stopped.clear()
    with visiting(browser, written.url) as visit:
        visit.open()
        visit.begin(ENDLESS)
        visit.page.wait_for_selector("#fn-growing .fn-written")
        assert not visit.page.locator("#fn-send").is_visible()
        if how == "button":
            visit.page.click("#fn-stop")
        else:
            visit.page.keyboard.press("Escape")
        said = visit.page.locator(".fn-stopped").bounding_box()  # waits, also while it is drawn anew
        assert 0 < said["y"] < visit.page.locator("#fn-ask").bounding_box()["y"]
        assert typist.stopped.wait(20)
        assert visit.page.locator("#fn-transcript .fn-answer").count() == 0
        assert visit.page.input_value("#fn-question") == ENDLESS
        visit.page.wait_for_selector("#fn-send", state="visible")


def test_a_filter_that_is_taken_away_is_asked_without(visit):
    answer = visit.ask(NARROWED)
    chip = answer.locator(".fn-chip")
    assert "China Daily" in chip.inner_text()
    old = answer.get_attribute("data-key")
    chip.click()
    visit.page.wait_for_selector(f".fn-answer[data-key='{old}']", state="detached")
    again = visit.answered()
    assert again.locator(".fn-chip").count() == 0
    assert visit.page.locator("#fn-transcript .fn-question").inner_text().endswith(NARROWED)


def test_a_follow_up_shows_the_question_as_it_was_understood(visit):
    visit.ask("Who is the deputy director of the Research Center of Xi Jinping's Economic Thought?")
    answer = visit.ask("Which fields does she name?")
    understood = answer.locator(".fn-understood").inner_text()
    assert "Searched for" in understood
    assert "deputy director" in understood


def test_a_refusal_looks_different_from_an_answer_and_names_what_is_nearest(visit):
    answer, refusal = visit.ask(FIELDS), visit.ask("How long is the tide mill of Sund?")
    looks = [
        (
            one.get_attribute("data-status"),
            *one.evaluate("e => [e, ...e.children].map(c => getComputedStyle(c).border)"),
        )
        for one in (answer, refusal)
    ]
    assert looks[0] != looks[1]
    assert answer.locator(".fn-status").inner_text() != refusal.locator(".fn-status").inner_text()
    assert refusal.locator(".fn-refusal").inner_text()
    nearest = refusal.locator(".fn-nearest .fn-source")
    assert nearest.count() >= 1
    visit.open_evidence(nearest.first)


def test_sources_that_disagree_stand_side_by_side_with_their_days(visit):
    sides = visit.ask(DISPUTED).locator(".fn-conflict .fn-side")
    assert sides.count() == 2
    one, other = (side.bounding_box() for side in sides.all())
    assert one["y"] == other["y"]
    assert one["x"] + one["width"] <= other["x"]
    for side, day, amount in zip(sides.all(), ("4 March 2024", "5 March 2024"), ("$45", "$52"), strict=True):
        assert day in side.inner_text()
        assert amount in side.inner_text()
        assert side.locator(".fn-marker").count() == 1


def test_each_verdict_has_a_shape_and_a_word_of_its_own(browser, house):
    answer = house.bot.ask(FIELDS)
    cited = answer.sentences[0].citations
    kinds = {"supported": "supported", "partial": "partly supported", "quote": "quote"}
    said = [Sentence(f"Something {kind}.", cited, kind) for kind in ("supported", "partial")]
    store = Store(house.root / NAME)
    conversation = store.create("Verdicts")
    store.append(conversation, Exchange(replace(answer, sentences=(*said, answer.sentences[0]))), asked=FIELDS)
    store.close()
    with visiting(browser, house.url) as visit:
        visit.open()
        visit.page.locator(".fn-open", has_text="Verdicts").click()
        shown = visit.answered()
        marks = {kind: shown.locator(f".fn-sentence[data-support={kind}] .fn-verdict").first for kind in kinds}
        assert {kind: mark.inner_text().strip() for kind, mark in marks.items()} == kinds
        assert len({mark.locator("path").get_attribute("d") for mark in marks.values()}) == 3


def test_an_answer_can_be_asked_for_again_and_its_question_be_changed(visit):
    answer = visit.ask(FIELDS)
    old = answer.get_attribute("data-key")
    answer.locator("[data-action=regenerate]").click()
    visit.page.wait_for_selector(f".fn-answer[data-key='{old}']", state="detached")
    visit.answered().locator("[data-action=edit]").click()
    assert visit.page.input_value("#fn-question") == FIELDS
    visit.begin(CHINESE)
    visit.page.wait_for_selector(f"#fn-transcript .fn-exchange[data-asked='{CHINESE}']")
    assert "崔铁军" in visit.answered().inner_text()


def test_an_answer_is_copied_and_a_conversation_begun_anew(visit):
    visit.ask(FIELDS).locator("[data-action=copy]").click()
    visit.page.wait_for_function("document.getElementById('fn-said').textContent === 'Copied.'")
    assert "artificial intelligence" in visit.page.evaluate("navigator.clipboard.readText()")
    visit.page.locator(".fn-composer [data-new]").click()
    visit.page.wait_for_selector(".fn-welcome")


def test_what_is_shown_of_a_question_is_text_and_no_markup(visit):
    visit.ask("<img src=x onerror=alert(1)> <b>tungsten</b>?")
    assert visit.page.locator("#fn-transcript img, #fn-transcript b").count() == 0
    assert "<b>tungsten</b>" in visit.page.locator("#fn-transcript .fn-question").inner_text()


def test_no_browser_sees_what_grows_in_another(browser, written):
    with visiting(browser, written.url) as one, visiting(browser, written.url) as other:
        one.open()
        other.open()
        one.begin(ENDLESS)
        other.begin(LONG)
        other.answered()
        one.page.wait_for_selector("#fn-growing .fn-written")
        said, other_said = (visit.page.locator("#fn-scroll").inner_text() for visit in (one, other))
        one.page.keyboard.press("Escape")
        one.page.wait_for_selector(".fn-stopped")
    assert ENDLESS in said
    assert LONG not in said
    assert LONG in other_said
    assert ENDLESS not in other_said


def test_an_unknown_thing_is_refused_without_a_sentence(visit):
    answer = visit.ask(UNKNOWN)
    assert answer.get_attribute("data-status") == "refused"
    assert answer.locator(".fn-sentence").count() == 0
    assert answer.locator("[data-action=should_have_answered]").count() == 1
