"""Answers, hits and reports as people see them; and hostile texts, which must stay texts."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import IngestReport
from rag.text import Span
from rag.types import Answer, Citation, Document, Hit, Passage, Sentence, Trace
from ui.render import answer_markdown, answer_text, escape_markdown, hits_text, one_line, report_text

DOCUMENT = Document.of(
    "Ada Holm opened the harbour. It has room for 300 boats.",
    title="A harbour for Lund", publisher="Coast Post", published=date(2021, 5, 3), url="https://coast.example/lund",
)  # fmt: skip
FIRST, SECOND = Citation.of(DOCUMENT, Span(0, 28)), Citation.of(DOCUMENT, Span(29, 55))
HIT = Hit(
    Passage(DOCUMENT.id, 0, 55, DOCUMENT.text, "Opening"),
    score=0.0325,
    trace=(Trace("lexical", 1, 4.2, 0.016), Trace("dense", 4, 0.6, 0.015)),
)
TITLES = {DOCUMENT.id: DOCUMENT.title}


def said(text, *citations, support="supported"):
    return Sentence(text, citations, support)


def answered(*sentences, question="Who?", confidence=0.83, conflicts=()):
    return Answer(
        question=question, status="answered", reason=None, short=None, sentences=sentences, confidence=confidence,
        hits=(HIT,), conflicts=conflicts, fingerprint="", seconds=0.1,
    )  # fmt: skip


def refused(reason, *, question="Who?", hits=(HIT,)):
    return Answer(
        question=question, status="refused", reason=reason, short=None, sentences=(), confidence=0.2,
        hits=hits, conflicts=(), fingerprint="", seconds=0.1,
    )  # fmt: skip


def test_an_answer_is_its_sentences_with_markers_and_then_the_sources():
    answer = answered(said(f"It says: “{FIRST.quote}”", FIRST), said("There is room for 300.", SECOND))
    assert answer_text(answer, TITLES).splitlines() == [
        "It says: “Ada Holm opened the harbour.” [1]",
        "There is room for 300. [2]",
        "",
        "[1] A harbour for Lund · Coast Post · 3 May 2021 · source characters 0–28",
        "[2] A harbour for Lund · Coast Post · 3 May 2021 · source characters 29–55: “It has room for 300 boats.”",
        "",
        "Confidence: likely, 83%",
    ]


def test_a_citation_that_several_sentences_use_keeps_its_number_and_is_listed_once():
    text = answer_text(answered(said("One.", FIRST), said("Two.", SECOND, FIRST), said("Three.", FIRST)), TITLES)
    assert text.splitlines()[:3] == ["One. [1]", "Two. [2][1]", "Three. [1]"]
    assert text.count("source characters 0–28") == 1


def test_a_source_names_only_what_is_known_of_it_and_its_page():
    bare = replace(FIRST, publisher=None, published=None, url=None, page=3)
    text = answer_text(answered(said(bare.quote, bare)), TITLES)
    assert "[1] A harbour for Lund · page 3 · source characters 0–28\n" in text


@pytest.mark.parametrize("write", [answer_text, answer_markdown])
def test_what_a_model_did_and_failed_to_do_is_said(write):
    answer = replace(
        answered(said("One.", FIRST)), rewritten="Who opened it?", removed=(said("Two.", support="unsupported"),),
        trouble="no such model.",
    )  # fmt: skip
    text = write(answer, TITLES)
    assert "Understood as: Who opened it?" in text
    assert "nothing in the documents bears it: one sentence of" in text
    assert "only quotations: no such model." in text
    several = (*answer.removed, *answer.removed, said("Three.", support="contradicted"))
    text = write(replace(answer, removed=several), TITLES)
    assert "bears it: 2 sentences" in text
    assert "say otherwise: one sentence" in text
    assert "有2句因文档没有依据" in write(replace(answer, question="谁？", removed=several), TITLES)


@pytest.mark.parametrize("write", [answer_text, answer_markdown])
def test_small_talk_has_neither_sources_nor_a_confidence(write):
    assert write(answered(said("Hello.", support="not_a_claim")), {}) == "Hello."


def test_a_sentence_that_is_not_borne_out_is_marked():
    assert "One. [1] (only partly supported)" in answer_text(answered(said("One.", FIRST, support="partial")), TITLES)


def test_sources_that_contradict_each_other_are_numbered_and_named():
    text = answer_text(answered(said("One.", FIRST), conflicts=((FIRST, SECOND),)), TITLES)
    assert "[1] and [2] contradict each other." in text
    assert "[2] A harbour for Lund" in text


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (1.0, "very likely, 99%"),
        (0.899, "very likely, 90%"),
        (0.66, "likely, 66%"),
        (0.5, "about as likely as not, 50%"),
        (0.0, "very unlikely, 0%"),
    ],
)
def test_confidence_is_said_in_words_and_never_as_certainty(confidence, words):
    answer = answered(said("One.", FIRST), confidence=confidence)
    assert answer_text(answer, TITLES).endswith(f"Confidence: {words}")


@pytest.mark.parametrize("write", [answer_text, answer_markdown])
@pytest.mark.parametrize(
    ("reason", "why"),
    [("no_evidence", "Nothing in the documents"), ("insufficient", "come near"), ("filtered_out", "filters")],
)
def test_a_refusal_says_why_and_lists_no_sources(write, reason, why):
    text = write(refused(reason), TITLES)
    assert why in text
    assert "Sources" not in text
    assert "[1]" not in text
    assert ("A harbour for Lund" in text) == (reason == "insufficient")


def test_a_refusal_without_hits_names_no_nearest_document():
    assert "nearest" not in answer_text(refused("insufficient", hits=()), {})


def test_a_chinese_question_is_answered_and_refused_in_chinese():
    answer = answered(said("霍尔姆。", replace(FIRST, page=2)), question="谁为港口剪彩？")
    assert "2021年5月3日 · 第2页 · 原文第0–28字符" in answer_text(answer, TITLES)
    assert "可信度：可能，83%" in answer_text(answer, TITLES)
    assert "最接近的是《A harbour for Lund》" in answer_text(refused("insufficient", question="谁为港口剪彩？"), TITLES)


def test_the_page_shows_bold_markers_and_links_to_the_web():
    text = answer_markdown(answered(said("Ada Holm did.", FIRST)), TITLES)
    assert (
        "Ada Holm did. **[1]**\n\n**Sources**\n\n- **[1]** [A harbour for Lund](<https://coast.example/lund>)" in text
    )


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "//x", "http://a b", "xhttps://a"]
)
def test_the_page_links_to_nothing_but_the_web(url):
    assert "](" not in answer_markdown(answered(said("One.", replace(FIRST, url=url))), TITLES)


def test_an_address_cannot_end_its_link():
    text = answer_markdown(answered(said("One.", replace(FIRST, url='https://a/?q="><b>\\x'))), TITLES)
    assert "(<https://a/?q=%22%3E%3Cb%3E%5Cx>)" in text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("<img src=x onerror=alert(1)>", "&#60;img src=x onerror=alert(1)&#62;"),
        ("&lt;b&gt;", "&#38;lt;b&#38;gt;"),
        ("[x](javascript:alert(1))", "&#91;x&#93;(javascript:alert(1))"),
        ("![p](https://a.b/c)", "!&#91;p&#93;(https&#58;//a.b/c)"),
        ("$$x$$", "&#36;&#36;x&#36;&#36;"),
        ("# not a heading", "&#35; not a heading"),
        ("1. not a list", "1&#46; not a list"),
        ("12) not a list", "12&#41; not a list"),
        ("- not a list", "&#45; not a list"),
        ("*a* _b_ `c` ~d~ |e|", "&#42;a&#42; &#95;b&#95; &#96;c&#96; &#126;d&#126; &#124;e&#124;"),
        ("www.a.b, me@a.b", "www&#46;a.b, me&#64;a.b"),
        ("a\n\n# b\n    c", "a # b c"),
        ("\\[x\\]", "&#92;&#91;x&#92;&#93;"),
        ("It cost 3.5 (about 4) – no more.", "It cost 3.5 (about 4) – no more."),
    ],
)
def test_a_text_of_a_document_never_becomes_formatting(hostile, shown):
    assert escape_markdown(hostile) == shown


def test_every_text_of_a_document_is_escaped_on_the_page():
    evil = "<i>[x](y)"
    citation = replace(FIRST, title=evil, publisher=evil)
    text = answer_markdown(answered(said(evil, citation)), TITLES)
    assert "<i>" not in text
    assert "[x]" not in text
    assert "<i>" not in answer_markdown(refused("insufficient"), {DOCUMENT.id: evil})


@given(st.text())
def test_no_text_can_reach_the_terminal_as_more_than_one_visible_line(text):
    shown = one_line(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in shown)


def test_hits_are_listed_with_what_each_leg_said():
    head, text = hits_text([HIT], TITLES).splitlines()
    assert head == "1. A harbour for Lund · Opening · 0–55 · score 0.0325 · lexical #1 · dense #4"
    assert text == f"   {DOCUMENT.text}"
    assert hits_text([], {}) == "Nothing was found."


def test_a_long_passage_is_shown_by_its_beginning_also_where_it_has_no_spaces():
    hit = Hit(Passage("d", 0, 500, "港" * 500), score=1.0)
    assert hits_text([hit], {}).splitlines()[1] == "   " + "港" * 240 + " …"


def test_a_report_counts_and_gives_each_failure_a_line_of_its_own():
    report = IngestReport(added=("a", "b"), failed=(("c\n\x1b[2Jd", "is empty"), ("e", "is\nnot text")))
    assert report_text(report).splitlines() == [
        "2 added, 0 updated, 0 unchanged, 0 removed, 2 failed, 0 skipped",
        "failed: c �[2Jd: is empty",
        "failed: e: is not text",
    ]
