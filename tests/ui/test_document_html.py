"""The panel beside the answer: the document with the cited characters marked, and nothing of it but text."""

import re
from datetime import date

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Document
from tests import hostile
from ui.html import document_html

REPORT = Document.of(
    "# Harvest\n\nThe first page speaks of rye.\nAnd of oats.\n\nThe second speaks of wheat, and goes\non to a third.",
    title="A report", publisher="Shore Gazette", author="K. Dahl", published=date(2020, 4, 6),
    url="https://shore.example/report.pdf", pages=(0, 55, 87),
)  # fmt: skip
# What a text may bring about: elements of our own, and of each only these attributes.
OWN = {
    "article": {"class", "lang"}, "header": {"class", "lang"}, "h3": {"class", "lang", "dir"}, "time": {"datetime"},
    "p": {"class", "dir"}, "span": {"class", "dir", "lang", "aria-hidden"}, "div": {"class", "lang"},
    "h4": {"class", "dir"}, "mark": {"class", "id", "tabindex"}, "a": {"class", "href", "target", "rel", "aria-label"},
    "blockquote": {"lang", "dir"},
}  # fmt: skip


def shown(document, start=0, end=0, quote="", language="en"):
    html = document_html(document, start=start, end=end, quote=quote, language=language)
    return lxml.html.fragment_fromstring(html)


def texts(page, name):
    return [" ".join(one.text_content().split()) for one in page.find_class(name)]


def marked(page):
    return "".join(one.text_content() for one in page.find_class("fn-mark"))


def test_the_exact_characters_are_marked_and_can_be_scrolled_to():
    start = REPORT.text.index("oats")
    page = shown(REPORT, start, start + 4, "oats")
    assert marked(page) == "oats"
    assert page.get_element_by_id("fn-mark").get("tabindex") == "-1"
    assert texts(page, "fn-marked") == ["And of oats."]


def test_the_head_says_what_the_document_is_and_leads_to_the_original():
    start = REPORT.text.index("oats")
    page = shown(REPORT, start, start + 4, "oats")
    assert texts(page, "fn-document-title") == ["A report"]
    about = " ".join(page.find_class("fn-about")[0].text_content().split())
    assert about == "Shore Gazette K. Dahl 6 April 2020 page 1"
    [link] = page.iter("a")
    assert (link.get("href"), link.get("target"), link.get("rel")) == (
        "https://shore.example/report.pdf", "_blank", "noopener noreferrer nofollow",
    )  # fmt: skip


def test_pages_are_told_where_they_begin_and_beside_the_marked_paragraph():
    start = REPORT.text.index("third")
    page = shown(REPORT, start, start + 5, "third")
    assert texts(page, "fn-page") == ["page 1", "page 2", "page 3"]
    assert texts(page, "fn-here") == ["page 3"]
    assert texts(page, "fn-marked")[0].startswith("The second speaks of wheat, and page 3 goes on")
    assert texts(shown(REPORT, language="zh"), "fn-page")[0] == "第1页"


def test_a_document_without_pages_tells_none():
    page = shown(Document.of("Some words.", title="T"), 0, 4, "Some")
    assert not page.find_class("fn-page") + page.find_class("fn-here") + page.find_class("fn-document-page")


def test_a_page_that_holds_nothing_is_not_told():
    page = shown(Document.of("One.\n\nTwo.", title="T", pages=(0, 4, 5, 6)))
    assert texts(page, "fn-page") == ["page 1", "page 4"]


def test_headings_are_headings_and_their_sign_is_kept_apart():
    [heading] = shown(REPORT).find_class("fn-heading")
    assert (heading.tag, heading.text_content()) == ("h4", "# Harvest")
    assert texts(heading, "fn-sign") == ["#"]


def test_a_mark_over_several_paragraphs_begins_once():
    page = shown(REPORT, 0, len(REPORT.text), REPORT.text)
    assert len(page.find_class("fn-mark")) > 3
    assert len([one for one in page.iter("mark") if one.get("id")]) == 1
    assert not set(marked(page)) - set(REPORT.text)


def test_words_that_have_moved_are_marked_where_they_stand_now():
    text = "rye. " * 4 + "oats, then. " + "rye. " * 4 + "oats, then."
    document = Document.of(text, title="T")
    assert marked(shown(document, 3, 13, "oats, then")) == "oats, then"
    page = shown(document, 50, 60, "oats, then")
    assert page.get_element_by_id("fn-mark").getprevious() is None
    assert text.rindex("oats") == len("".join(page.find_class("fn-paragraph")[0].xpath("text()[1]"))), "the nearest"


def test_words_that_are_gone_are_told_and_nothing_is_marked():
    page = shown(REPORT, 3, 9, "barley")
    assert not page.find_class("fn-mark")
    assert texts(page, "fn-told") == ["The quoted words no longer stand in this document. They were: barley"]


@pytest.mark.parametrize(("start", "end"), [(-5, 3), (9, 4), (5, 10_000), (0, 0)])
def test_a_place_that_is_none_marks_nothing(start, end):
    page = shown(REPORT, start, end)
    assert not page.find_class("fn-mark") + page.find_class("fn-told")


def test_of_a_long_document_the_surroundings_are_shown_and_that_is_said():
    text = "\n\n".join(f"Paragraph {n} of many." for n in range(5_000))
    document = Document.of(text, title="Long", pages=tuple(range(0, len(text), 1000)))
    start = text.index("Paragraph 2500")
    page = shown(document, start, start + 14, "Paragraph 2500")
    assert marked(page) == "Paragraph 2500"
    [told] = texts(page, "fn-told")
    assert told == f"This document is long. Shown are characters {start - 20000:,}–{start + 20014:,} of {len(text):,}."
    assert len(page.text_content()) < 60_000
    assert texts(page, "fn-page")[0] == f"page {document.page_of(start - 20000)}"
    assert not shown(Document.of(text[:59_000], title="Long")).find_class("fn-told")


@pytest.mark.parametrize("attack", hostile.ALL, ids=lambda attack: attack.name)
def test_no_hostile_document_adds_an_element_an_attribute_or_an_address(attack):
    document = attack.document
    for start, quote in ((0, ""), (0, "not there <b>")):
        html = document_html(document, start=start, end=len(document.text), quote=quote, language="en")
        for one in lxml.html.fragment_fromstring(html).iter():
            assert set(one.keys()) <= OWN[one.tag]
            assert one.get("href", "https://").startswith(("http://", "https://"))
            assert one.get("id") in {None, "fn-mark"}
        assert not re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069${}`]", html)


WRITING = st.text(alphabet="ab 中<>&\"'#\n\t.。{}$`\u202e\u200f-", max_size=80)


@given(WRITING, st.data())
def test_every_character_is_shown_once_and_those_that_are_cited_are_marked(text, data):
    document = Document.of(text, title="T", language="en")
    text = document.text
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    page = shown(document, start, end, text[start:end])
    assert seen(page.find_class("fn-document-text")[0].text_content()) == seen(text)
    if start < end:
        assert seen(marked(page)) == seen(text[start:end])


@given(WRITING, st.lists(st.integers(0, 80), max_size=5))
def test_a_page_is_told_once_and_only_where_it_has_characters(text, offsets):
    document = Document.of(text, title="T", language="en")
    offsets = sorted({0, *(offset for offset in offsets if offset <= len(document.text))})
    document = Document.of(text, title="T", language="en", pages=tuple(offsets))
    pages = [int(told.removeprefix("page ")) for told in texts(shown(document), "fn-page")]
    held = sorted({document.page_of(at) for at, char in enumerate(document.text) if not char.isspace()})
    assert pages == sorted(set(pages))
    assert set(held) <= set(pages)


def seen(text):
    return "".join(re.sub("[\u200f\u202e]", "\ufffd", text).split())
