"""Questions and answers as HTML: what each state shows, what the page's script finds; hostile texts stay texts."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ui.html
from rag.text import Span
from rag.types import Answer, Citation, Document, Filters, Hit, Passage, Sentence, Trace
from tests import hostile
from ui.html import answer_html, growing_html, question_html
from ui.html_words import WORDS
from ui.markup import safe

MILL = Document.of(
    "Karin Dahl rebuilt the mill in 2019. It grinds 12 tonnes of rye a week.",
    title="The mill turns again", publisher="Shore Gazette", published=date(2020, 4, 6), url="https://shore.example/m",
)  # fmt: skip
AUDIT = Document.of("The mill cost 5 million crowns.", title="Audit", published=date(2021, 5, 9), pages=(0,))
WHO, RYE = Citation.of(MILL, Span(0, 36)), Citation.of(MILL, Span(37, 71))
COST = Citation.of(AUDIT, Span(0, 31))
HITS = (
    Hit(Passage(MILL.id, 0, 71, MILL.text, "Work"), 9.0, (Trace("lexical", 3, 1, 1), Trace("lexical", 2, 1, 1))),
    Hit(Passage(AUDIT.id, 0, 31, AUDIT.text), 8.0, (Trace("dense", 1, 1, 1), Trace("reader", 4, 1, 1))),
)
TITLES = {MILL.id: MILL.title}
BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def said(text, *citations, support="supported", missing=()):
    return Sentence(text, citations, support, missing)


def quoted(citation):
    return said(f"Shore Gazette, 6 April 2020: “{citation.quote}”", citation)


def answered(*sentences, short=None, conflicts=(), hits=HITS):
    return Answer(
        question="Who rebuilt the mill?", status="answered", reason=None, short=short, sentences=sentences,
        confidence=0.83, hits=hits, conflicts=conflicts, fingerprint="", seconds=0.1,
    )  # fmt: skip


def refused(reason="insufficient", hits=HITS):
    return Answer(
        question="Who burned the mill?", status="refused", reason=reason, short=None, sentences=(), confidence=0.2,
        hits=hits, conflicts=(), fingerprint="", seconds=0.1,
    )  # fmt: skip


def shown(answer, language="en", titles=TITLES, key="k1"):
    return lxml.html.fragment_fromstring(answer_html(answer, titles, key=key, language=language))


def all_of(page, name):
    return page.find_class(name)


def text_of(element):
    return " ".join(element.text_content().split())


def texts(page, name):
    return [text_of(element) for element in all_of(page, name)]


def place_of(element):
    return tuple(element.get(f"data-{name}") for name in ("doc", "start", "end", "n"))


def test_an_answer_names_its_exchange_and_its_status():
    page = shown(answered(quoted(WHO)))
    assert (page.tag, page.get("class"), page.get("data-key"), page.get("data-status")) == (
        "article", "fn-answer", "k1", "answered",
    )  # fmt: skip


def test_each_sentence_has_its_text_its_markers_and_its_verdict_in_shape_and_word():
    page = shown(answered(quoted(WHO), said("Rye is ground there.", RYE), said("Two.", COST, support="partial")))
    first, second, third = all_of(page, "fn-sentence")
    assert [one.get("data-support") for one in (first, second, third)] == ["quote", "supported", "partial"]
    assert texts(page, "fn-said")[0] == quoted(WHO).text
    assert texts(page, "fn-verdict-word") == ["quote", "supported", "partly supported"]
    paths = [one.find(".//svg/path").get("d") for one in all_of(page, "fn-verdict")]
    assert len(set(paths)) == 3
    assert place_of(second.find_class("fn-marker")[0]) == (MILL.id, "37", "71", "2")


def test_only_a_quotation_with_nothing_but_its_source_before_it_counts_as_one():
    denied = said(f"It is not true that “{WHO.quote}”", WHO)
    other = said(f"Coast Post, 6 April 2020: “{WHO.quote}”", WHO)
    bare, part = said(WHO.quote, WHO), replace(quoted(WHO), support="partial")
    page = shown(answered(denied, other, bare, part))
    kinds = [one.get("data-support") for one in all_of(page, "fn-sentence")]
    assert kinds == ["supported", "supported", "quote", "partial"]


def test_what_stands_in_no_citation_is_named_beside_the_verdict():
    page = shown(answered(said("It cost 6.", COST, support="partial", missing=("6",))))
    assert texts(page, "fn-missing") == ["6 not in the cited text"]


def test_a_marker_is_followed_by_its_card_with_quote_title_publisher_and_date():
    page = shown(answered(said("Both.", WHO, COST), said("Again.", WHO)))
    markers = all_of(page, "fn-marker")
    assert [marker.get("data-n") for marker in markers] == ["1", "2", "1"]
    cards = [marker.getnext() for marker in markers]
    assert [card.get("id") for card in cards] == [marker.get("aria-describedby") for marker in markers]
    assert len({card.get("id") for card in cards}) == 3
    for part in (WHO.quote, WHO.title, "Shore Gazette", "6 April 2020"):
        assert part in text_of(cards[0])
    assert "page 1" in text_of(cards[1])


def test_sources_are_listed_once_with_all_that_is_known_of_them_under_their_document():
    page = shown(answered(said("One.", WHO), said("Two.", COST, RYE), said("Three.", WHO)))
    items = [item for item in page.iter("li") if item.find_class("fn-source")]
    assert [[place_of(one) for one in item.find_class("fn-source")] for item in items] == [
        [(MILL.id, "0", "36", "1"), (MILL.id, "37", "71", "3")],
        [(AUDIT.id, "0", "31", "2")],
    ]
    for part in ("The mill turns again", "Shore Gazette", "6 April 2020", RYE.quote, "source characters 37–71"):
        assert part in text_of(items[0])
    assert "page 1" in text_of(items[1])
    assert [link.get("href") for link in all_of(page, "fn-original")] == ["https://shore.example/m"]


def test_the_short_answer_carries_the_number_of_the_quotation_that_holds_it():
    page = shown(answered(said("One.", COST), quoted(WHO), short=Citation.of(MILL, Span(0, 10))))
    [short] = all_of(page, "fn-short")
    assert texts(short, "fn-short-text") == ["Karin Dahl"]
    assert place_of(short.find_class("fn-marker")[0]) == (MILL.id, "0", "36", "2")


def test_a_short_answer_outside_all_quotations_is_a_source_of_its_own():
    page = shown(answered(said("One.", COST), short=Citation.of(MILL, Span(0, 10))))
    assert place_of(all_of(page, "fn-short")[0].find_class("fn-marker")[0]) == (MILL.id, "0", "10", "2")
    assert len([one for one in all_of(page, "fn-source") if one.get("data-n")]) == 2


def test_disagreeing_sources_stand_side_by_side_with_their_dates_and_markers():
    page = shown(answered(quoted(WHO), conflicts=((WHO, COST),)))
    [conflict] = all_of(page, "fn-conflict")
    assert "These sources disagree" in text_of(conflict)
    assert texts(conflict, "fn-side-day") == ["6 April 2020", "9 May 2021"]
    assert [marker.get("data-n") for marker in conflict.find_class("fn-marker")] == ["1", "2"]
    assert "no date" in texts(
        shown(answered(quoted(WHO), conflicts=((WHO, replace(COST, published=None)),))), "fn-side-day"
    )


def test_removed_sentences_are_counted_and_folded_with_their_reasons():
    gone = (
        said("It burned in 1066.", support="unsupported", missing=("1066",)),
        said("No.", COST, support="contradicted"),
    )
    page = shown(replace(answered(quoted(WHO)), removed=gone))
    [fold] = all_of(page, "fn-removed")
    assert (fold.tag, fold.get("open"), text_of(fold.find("summary"))) == ("details", None, "2 sentences were left out")
    assert texts(fold, "fn-said") == ["It burned in 1066.", "No."]
    assert texts(fold, "fn-verdict-word") == ["not supported", "contradicted"]
    assert texts(fold, "fn-missing") == ["1066 not in the cited text"]
    assert [marker.get("data-n") for marker in fold.find_class("fn-marker")] == ["2"]
    assert len([one for one in all_of(page, "fn-source") if one.get("data-n")]) == 1, "no answer rests on those"
    one = shown(replace(answered(quoted(WHO)), removed=gone[:1]))
    assert text_of(one.find_class("fn-removed")[0].find("summary")) == "One sentence was left out"


def test_why_these_passages_shows_the_best_rank_in_each_stage_and_what_is_cited():
    [fold] = all_of(shown(answered(quoted(WHO))), "fn-why")
    rows = [[text_of(cell) for cell in row] for row in fold.iter("tr")]
    assert rows[0] == ["Passage", "same words", "same meaning", "answers it"]
    assert [row[1:] for row in rows[1:]] == [["2", "–", "–"], ["–", "1", "4"]]
    assert ["cited" in row[0] for row in rows[1:]] == [True, False]
    assert [place_of(one)[:3] for one in fold.find_class("fn-source")] == [(MILL.id, "0", "71"), (AUDIT.id, "0", "31")]


def test_a_document_whose_title_is_unknown_goes_by_its_id():
    assert AUDIT.id in text_of(all_of(shown(answered(quoted(WHO))), "fn-why")[0])


@pytest.mark.parametrize(
    ("share", "words", "width"), [(1.0, "very likely", "99"), (0.83, "likely", "83"), (0, "very unlikely", "0")]
)
def test_confidence_is_words_and_a_bar_and_says_what_it_means(share, words, width):
    [told] = all_of(shown(replace(answered(quoted(WHO)), confidence=share)), "fn-confidence")
    assert texts(told, "fn-confidence-word") == [words]
    assert told.find_class("fn-bar-part")[0].get("width") == width
    assert "How probable it is" in told.get("title")


def test_a_refusal_looks_different_from_an_answer_and_says_why():
    page = shown(refused())
    assert page.get("data-status") == "refused"
    assert texts(page, "fn-status") == ["Not answered"]
    assert "Your documents do not say this" in text_of(page)
    assert "do not answer it. It may help to ask more exactly" in text_of(page)
    assert not all_of(page, "fn-sentence")


def test_a_refusal_offers_the_nearest_passages():
    [near, *_] = all_of(shown(refused()), "fn-nearest")
    assert [place_of(one) for one in near.find_class("fn-source")] == [
        (MILL.id, "0", "71", None), (AUDIT.id, "0", "31", None),
    ]  # fmt: skip
    assert not all_of(shown(refused("no_evidence", hits=())), "fn-nearest")


@pytest.mark.parametrize("reason", ["no_evidence", "insufficient", "false_premise", "filtered_out"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_has_its_own_words(reason, language):
    titles = {text_of(all_of(shown(refused(one), language), "fn-refusal-title")[0]) for one in
              ("no_evidence", "insufficient", "false_premise", "filtered_out")}  # fmt: skip
    assert len(titles) == 4
    assert text_of(all_of(shown(refused(reason), language), "fn-refusal")[0])


def test_filters_in_force_are_chips_that_say_what_dropping_them_drops():
    filters = Filters(
        publishers=("Shore Gazette",), languages=("en", "sv"), published_from=date(2019, 1, 2),
        published_to=date(2020, 1, 2), documents=("a", "b"),
    )  # fmt: skip
    chips = all_of(shown(replace(answered(quoted(WHO)), filters=filters)), "fn-chip")
    assert [(one.get("data-drop"), one.get("data-value"), text_of(one)) for one in chips] == [
        ("publisher", "Shore Gazette", "from Shore Gazette ×"),
        ("language", "en", "in English ×"),
        ("language", "sv", "in sv ×"),
        ("from", "2019-01-02", "published from 2 January 2019 ×"),
        ("to", "2020-01-02", "published until 2 January 2020 ×"),
        ("documents", "", "2 chosen documents ×"),
    ]
    assert {one.get("data-key") for one in chips} == {"k1"}


def test_filters_that_exclude_each_other_are_one_chip_without_a_value():
    [chip] = all_of(shown(replace(refused(), filters=Filters(publishers=("\0",)))), "fn-chip")
    assert (chip.get("data-drop"), chip.get("data-value")) == ("publisher", "")


def test_filters_that_were_given_up_are_told_and_are_no_chips():
    page = shown(replace(answered(quoted(WHO)), filters=Filters(publishers=("Xinhua", "新华社")), relaxed=True))
    assert texts(page, "fn-told") == [
        "No document that is from Xinhua or 新华社 answers this. What is cited here is from others."
    ]
    assert not all_of(page, "fn-chip")


def test_the_question_as_understood_and_what_went_wrong_are_told():
    page = shown(replace(answered(quoted(WHO)), rewritten="Who rebuilt it?", trouble="no model."))
    assert texts(page, "fn-understood") == ["Searched for: Who rebuilt it?"]
    assert texts(page, "fn-told") == ["There is no written answer, only quotations: no model."]


def actions(page):
    assert {one.get("data-key") for one in all_of(page, "fn-action")} == {"k1"}
    return [one.get("data-action") for one in all_of(page, "fn-action")]


def test_what_can_be_done_differs_between_answers_refusals_and_small_talk():
    shared = ["regenerate", "edit", "timeline", "export", "up", "down"]
    assert actions(shown(answered(quoted(WHO)))) == [
        "copy",
        *shared,
        "wrong_quote",
        "wrong_answer",
        "should_have_refused",
    ]
    assert actions(shown(refused())) == [*shared, "should_have_answered"]
    assert actions(shown(answered(said("Hello.", support="not_a_claim"), hits=()))) == ["copy", "edit"]


def test_small_talk_has_neither_sources_nor_verdicts_nor_a_confidence():
    page = shown(answered(said("Hello.", support="not_a_claim"), hits=()))
    assert texts(page, "fn-said") == ["Hello."]
    for name in ("fn-verdict", "fn-source", "fn-confidence", "fn-status", "fn-why"):
        assert not all_of(page, name)


def test_the_labels_follow_the_page_and_the_sentences_their_own_language():
    page = shown(answered(quoted(WHO), said("磨坊重建了。", RYE)), language="zh")
    assert page.get("lang") == "zh"
    assert texts(page, "fn-verdict-word") == ["引文", "有依据"]
    assert [one.get("lang") for one in all_of(page, "fn-said")] == ["en", "zh"]
    assert "2020年4月6日" in text_of(page)


def test_what_grows_shows_quotes_then_text_and_one_note():
    page = lxml.html.fragment_fromstring(growing_html([quoted(WHO)], "Dahl\nrebuilt", note="Writing …", language="en"))
    assert [child.get("class") for child in page] == ["fn-head fn-note", "fn-sentences", "fn-written"]
    assert texts(page, "fn-note") == ["Writing …"]
    assert [text_of(line) for line in all_of(page, "fn-written")[0]] == ["Dahl", "rebuilt"]


def test_text_that_only_repeats_the_quotes_is_not_shown_twice():
    told = f"{quoted(WHO).text}\n{quoted(RYE).text}\n"
    for text in ("", told[:50], told):
        assert "fn-written" not in growing_html([quoted(WHO), quoted(RYE)], text, note="", language="en")


def test_a_growing_answer_of_quotes_shows_them_as_the_finished_one_does():
    growing = lxml.html.fragment_fromstring(growing_html([quoted(WHO), quoted(RYE)], "", note="", language="en"))
    finished = shown(answered(quoted(WHO), quoted(RYE)))
    assert texts(growing, "fn-sentences") == texts(finished, "fn-sentences")


def test_a_question_is_shown_as_it_was_typed():
    page = lxml.html.fragment_fromstring(question_html("Who\n<b>rebuilt</b> it?", language="en"))
    assert page.text_content() == "You asked: Who\n<b>rebuilt</b> it?"


def test_every_word_stands_in_both_languages():
    assert all(english and chinese for english, chinese in WORDS.values())
    assert ui.html.__all__ == ["answer_html", "document_html", "growing_html", "question_html"]


# ---- Hostile texts ----


def skeleton(page):
    """Return the elements in order, each with the names of its attributes and what no text may decide of it."""
    kept = ("class", "type", "role", "data-action", "data-drop", "rel", "target")
    return [(one.tag, sorted(one.keys()), [one.get(name) for name in kept]) for one in page.iter()]


def harmless(document):
    """Return a document of the same form that says nothing."""
    url = "https://a.example" if str(document.url).startswith("http") else None
    return replace(document, text="x" * len(document.text), title="T", publisher="P", url=url)


def of_document(document):
    quote = Citation.of(document, Span(0, min(len(document.text), 2000)))
    hit = Hit(Passage(document.id, 0, len(document.text), document.text, document.title), 1.0)
    answer = answered(
        said(quote.quote, quote), said(document.text, quote, support="partial", missing=(document.text,)),
        short=quote, conflicts=((quote, quote),), hits=(hit,),
    )  # fmt: skip
    gone = (said(document.text, quote, support="contradicted", missing=(document.title,)),)
    filters = Filters(publishers=(document.publisher,))
    return replace(
        answer, removed=gone, filters=filters, rewritten=document.text, trouble=document.text, question=document.text
    )


def check_harmless(html):
    page = lxml.html.fragment_fromstring(html)
    for one in page.iter():
        assert isinstance(one.tag, str), "a comment"
        assert not [name for name in one.attrib if name.startswith("on") or name in {"src", "style", "srcdoc"}]
        assert one.get("href", "https://").startswith(("http://", "https://"))
    assert not BIDI.search(html)
    assert not re.search(r"[${}`]", html), "no text is a template"
    return page


@pytest.mark.parametrize("attack", hostile.ALL, ids=lambda attack: attack.name)
def test_no_hostile_document_adds_an_element_or_an_attribute_to_an_answer(attack):
    document = attack.document
    for make in (of_document, lambda one: replace(refused(hits=of_document(one).hits), rewritten=one.text)):
        pages = []
        for one in (document, harmless(document)):
            html = answer_html(make(one), {document.id: one.title}, key="k", language="en")
            pages.append(skeleton(check_harmless(html)))
        assert pages[0] == pages[1]


@pytest.mark.parametrize("attack", hostile.ALL, ids=lambda attack: attack.name)
def test_no_hostile_text_adds_anything_while_an_answer_grows(attack):
    text = " ".join(attack.text.split())
    growing = check_harmless(
        growing_html(
            [said(text, Citation.of(attack.document, Span(0, 9)))], attack.payload, note=attack.title, language="en"
        )
    )
    same = growing_html([said("x", Citation.of(harmless(attack.document), Span(0, 9)))], "y", note="z", language="en")
    lines = len([line for line in attack.payload.splitlines() if line.strip()]) - 1
    extra = [one for one in skeleton(growing) if one[0] == "p"][-1:] * lines
    assert sorted(skeleton(growing), key=str) == sorted(skeleton(lxml.html.fragment_fromstring(same)) + extra, key=str)
    asked = check_harmless(question_html(attack.payload, language="zh"))
    assert [one.tag for one in asked.iter()] == ["div", "span"]


def test_a_publisher_with_quotation_marks_comes_back_whole_from_its_chip():
    name = 'Shore "Gazette\'s" <b>&amp; ${x}'
    [chip] = all_of(shown(replace(refused(), filters=Filters(publishers=(name,)))), "fn-chip")
    assert chip.get("data-value") == name


@given(st.text())
def test_escaping_keeps_every_character_that_does_not_mislead(text):
    [read] = lxml.html.fragments_fromstring(f"<p>{safe(text)}</p>")
    expected = re.sub(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "\ufffd", text
    )
    assert read.text_content() == expected
    assert len(expected) == len(text)


# ---- The style sheet ----

STYLE = (Path(ui.html.__file__).parent / "style.css").read_text("utf-8")
# A text and what it stands on.
PAIRS = [
    *((text, ground) for text in ("ink", "muted") for ground in ("paper", "surface", "raised", "tint", "refusal")),
    *(("accent", ground) for ground in ("paper", "tint", "surface", "raised")),
    *((verdict, ground) for verdict in ("good", "part", "bad") for ground in ("paper", "surface")),
    ("on-accent", "accent"), ("mark-ink", "mark"), ("refusal-ink", "refusal"),
]  # fmt: skip


def colours(selector):
    block = STYLE.split(f"{selector} {{", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--fn-([\w-]+): (#\w{6});", block))


def luminance(colour):
    """Relative luminance (WCAG 2.2)."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("mode", [":root", ".dark", ":root:not(:has(.gradio-container))"])
def test_every_text_has_a_contrast_of_four_and_a_half(mode):
    known = colours(mode)
    for text, ground in PAIRS:
        darker, lighter = sorted(map(luminance, (known[text], known[ground])))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"{text} on {ground}"


def test_a_dark_system_looks_as_the_dark_page_does():
    assert colours(".dark") == colours(":root:not(:has(.gradio-container))")
    assert colours(".dark").keys() == colours(":root").keys()


def test_the_style_sheet_fetches_nothing():
    assert not re.search(r"@import|url\(|https?:|@font-face", STYLE)


def test_every_variable_that_is_used_is_defined():
    defined = set(re.findall(r"(--fn-[\w-]+):", STYLE))
    assert set(re.findall(r"var\((--fn-[\w-]+)", STYLE)) <= defined


def test_every_rule_survives_what_gradio_makes_of_a_style_sheet():
    assert not re.search(r"^@(?:supports|layer|container)", STYLE, re.MULTILINE), "Gradio drops these"
    for rule in re.findall(r"\{([^{}]*)\}", STYLE):
        assert not ("  font: " in rule and "font-variant" in rule), "a browser writes such a rule down without its font"
