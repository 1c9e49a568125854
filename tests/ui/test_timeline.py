"""The timeline: every statement once, on its day, nothing over anything else, and nothing of a document is markup."""

import re
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text import Span
from rag.types import Answer, Citation, Document, Hit, Passage, Sentence
from ui.timeline import _NARROW, _STEP, Dot, _rows, _ticks, _touch, dots_of, timeline_html

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>${7*7}{{7*7}}'
FIRST = date(2024, 3, 6)
DAYS = st.dates()


def a_dot(published, *, kind="cited", key="d", **more):
    known = {"quote": "Ada was in the chair.", "title": "Minutes", "publisher": "Gazette", **more}
    return Dot(key, 10, 31, published=published, kind=kind, **known)


class _Reader(HTMLParser):
    """Collects the tags of a page, and the texts that stand in its SVG."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.labels, self._inside = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag):
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data):
        if self._inside and self._inside[-1] == "text":
            self.labels.append(data)

    def of(self, name):
        return [attrs for _, attrs in self.tags if name in (attrs.get("class") or "").split()]


def read(dots, language="en"):
    return _Reader(timeline_html(dots, language=language))


def test_each_dot_opens_the_place_it_stands_for():
    (dot,) = read([a_dot(FIRST, key="doc-1")]).of("fn-dot")
    assert (dot["data-doc"], dot["data-start"], dot["data-end"]) == ("doc-1", "10", "31")
    assert "fn-source" in dot["class"].split()
    said = "6 March 2024 · Gazette · Minutes · cited in the answer: Ada was in the chair."
    assert dot["aria-label"] == dot["title"] == said


def test_every_statement_stands_in_the_list_too_in_order_of_time():
    dots = [a_dot(FIRST + timedelta(days), key=f"d{days}") for days in (30, 0, 7)]
    page = read(dots)
    assert [one["data-doc"] for one in page.of("fn-moment")] == ["d0", "d7", "d30"]
    assert [one["data-doc"] for one in page.of("fn-dot")] == ["d0", "d7", "d30"]


def test_what_has_no_date_is_listed_below_in_words_and_not_plotted():
    page = timeline_html([a_dot(None, key="undated"), a_dot(FIRST, key="dated")], language="en")
    assert [one["data-doc"] for one in _Reader(page).of("fn-dot")] == ["dated"]
    assert page.index("Without a date") < page.index('data-doc="undated"')


def test_where_nothing_has_a_date_there_is_no_plot():
    page = timeline_html([a_dot(None)], language="en")
    assert "None of these documents has a date." in page
    assert "<svg" not in page


def test_no_statement_at_all_is_said():
    assert "There is no statement to place in time." in timeline_html([], language="en")
    assert "没有可以放在时间线上的陈述" in timeline_html([], language="zh")


def test_one_day_is_one_tick_in_the_middle_with_the_whole_date():
    page = read([a_dot(FIRST, key="a"), a_dot(FIRST, key="b", kind="hit")])
    assert page.labels == ["6 March 2024"]
    assert all("left:50.000%" in dot["style"] for dot in page.of("fn-dot"))
    assert len({dot["style"] for dot in page.of("fn-dot")}) == 2


def test_what_is_cited_looks_different_from_what_was_only_found():
    page = read([a_dot(FIRST), a_dot(FIRST, key="b", kind="hit")])
    assert [dot["data-kind"] for dot in page.of("fn-dot")] == ["cited", "hit"]
    assert {"cited", "hit"} <= {attrs.get("data-kind") for tag, attrs in page.tags if tag == "i"}


@pytest.mark.parametrize(
    ("last", "english", "chinese"),
    [
        (FIRST + timedelta(2), ["6 March", "2024", "7 March", "8 March"], ["3月6日", "2024年", "3月7日", "3月8日"]),
        (date(2024, 8, 20), ["April", "2024", "May", "June", "July", "August"], None),
        (date(2025, 3, 20), ["April", "2024", "July", "October", "January", "2025"], None),
        (
            date(2029, 5, 1),
            ["2025", "2026", "2027", "2028", "2029"],
            ["2025年", "2026年", "2027年", "2028年", "2029年"],
        ),
        (date(2074, 1, 1), ["2030", "2040", "2050", "2060", "2070"], None),
    ],
)
def test_ticks_fall_on_the_calendar_from_days_to_decades(last, english, chinese):
    for language, expected in (("en", english), ("zh", chinese)):
        if expected:
            assert read([a_dot(FIRST, key="a"), a_dot(last, key="b")], language).labels == expected


@given(DAYS, DAYS, st.sampled_from(["en", "zh"]))
def test_there_are_ticks_for_every_span_and_their_labels_never_touch(one, other, language):
    first, last = sorted((one, other))
    ticks = _ticks(first, last, language=language)
    assert 1 + (first != last) <= len(ticks)
    assert all(0 <= tick.place <= 1 for tick in ticks)
    assert all(one.place < other.place for one, other in pairwise(ticks))
    assert not _touch(ticks)


@given(st.lists(st.floats(0, _NARROW), max_size=40))
def test_dots_never_touch_and_none_floats_above_an_empty_place(places):
    places = sorted(places)
    at = list(zip(places, _rows(places), strict=True))
    assert all(row != other or abs(x - y) >= _STEP for (x, row), (y, other) in combinations(at, 2))
    for x, row in at:
        assert all(any(below == lower and abs(x - y) < _STEP for y, below in at) for lower in range(row))


@given(st.lists(st.none() | DAYS, max_size=8), st.sampled_from(["en", "zh"]))
def test_every_statement_is_shown_whatever_its_day(days, language):
    dots = [a_dot(day, key=f"d{at}") for at, day in enumerate(days)]
    page = read(dots, language)
    assert sorted(one["data-doc"] for one in page.of("fn-moment")) == sorted(dot.doc_id for dot in dots)
    assert len(page.of("fn-dot")) == sum(day is not None for day in days)


def test_nothing_of_a_document_becomes_markup():
    hostile = a_dot(FIRST, key=HOSTILE, quote=HOSTILE, title=HOSTILE, publisher=HOSTILE)
    undated = a_dot(None, key=HOSTILE, quote="\u202egpj.exe", title="", publisher=None)
    page = timeline_html([hostile, undated], language="en")
    tags = _Reader(page).tags
    assert not {"script", "img"} & {tag for tag, _ in tags}
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]
    assert "\u202e" not in page
    assert "${" not in page
    assert "a document that is no longer in the index" in page


def test_the_page_needs_nothing_from_elsewhere():
    page = timeline_html([a_dot(FIRST)], language="en")
    assert not re.search(r"https?:|url\(|@import|<script", page)


NOTES = Document.of("Ada was in the chair. Bo wrote it down. Nobody objected.", title="Minutes", published=FIRST)
OTHER = Document.of("The fair was cancelled.", title="Fair")


def an_answer(*, cited=(), hits=(), conflicts=()):
    return Answer(
        question="Who?",
        status="answered" if cited else "refused",
        reason=None if cited else "insufficient",
        short=None,
        sentences=tuple(Sentence(one.quote, (one,), "supported") for one in cited),
        confidence=0.5,
        hits=tuple(Hit(Passage(doc.id, *span, doc.text[slice(*span)]), 1.0) for doc, span in hits),
        conflicts=conflicts,
        fingerprint="f",
        seconds=0.1,
    )


def test_the_dots_of_an_answer_are_what_it_cites_and_then_what_else_was_found():
    chair, wrote = Citation.of(NOTES, Span(0, 21)), Citation.of(NOTES, Span(22, 39))
    answer = an_answer(cited=[chair, chair], conflicts=((chair, wrote),), hits=[(NOTES, (0, 39)), (OTHER, (0, 23))])
    dots = dots_of(answer, {NOTES.id: NOTES, OTHER.id: OTHER})
    assert [(dot.quote, dot.kind) for dot in dots] == [
        ("Ada was in the chair.", "cited"),
        ("Bo wrote it down.", "cited"),
        ("The fair was cancelled.", "hit"),
    ]
    assert [dot.published for dot in dots] == [FIRST, FIRST, None]


def test_a_refusal_shows_what_was_found_and_a_lost_document_keeps_its_words():
    dots = dots_of(an_answer(hits=[(NOTES, (0, 21)), (OTHER, (0, 23))]), {NOTES.id: NOTES})
    assert [(dot.kind, dot.title, dot.published) for dot in dots] == [("hit", "Minutes", FIRST), ("hit", "", None)]
    assert "no longer in the index" in timeline_html(dots, language="en")
