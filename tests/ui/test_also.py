"""Where else the words of an answer stand: in the terminal, on the page, in a record and in what is made of it."""

from __future__ import annotations

import json
from datetime import date

import pytest

from rag.record import Conversation, Exchange, dump, load
from rag.types import Answer, Citation, Sentence, to_json
from ui.html import answer_html
from ui.record_page import record_html, record_markdown
from ui.render import answer_markdown, answer_text

QUOTE = "The bridge is closed."


def citation(doc_id: str, publisher: str | None, day: int | None, title: str = "Bridge") -> Citation:
    published = date(2024, 5, day) if day else None
    return Citation(doc_id, 4, 25, QUOTE, title, publisher, published, url=None, page=None)


CITED = citation("a" * 16, "Wire", 2)
ALSO = (citation("b" * 16, "<b>Post</b>", 3), citation("c" * 16, None, None, title="A letter"))


def answer(question: str = "Is the bridge closed?", also: tuple[Citation, ...] = ALSO) -> Answer:
    return Answer(
        question=question,
        status="answered",
        reason=None,
        short=None,
        sentences=(Sentence(f"Wire, 2 May 2024: “{QUOTE}”", (CITED,), "supported", also=also),),
        confidence=0.8,
        hits=(),
        conflicts=(),
        fingerprint="test",
        seconds=0.1,
    )


def test_the_terminal_names_the_others_behind_the_sentence():
    shown = answer_text(answer(), {})
    assert f"“{QUOTE}” [1] (also in <b>Post</b>, 3 May 2024; A letter)" in shown
    assert "(另见<b>Post</b>，2024年5月3日；A letter)" in answer_text(answer("大桥关闭了吗？"), {})
    assert "also in" not in answer_text(answer(also=()), {})
    assert "<b>" not in answer_markdown(answer(), {})


@pytest.mark.parametrize(("language", "words"), [("en", "also in"), ("zh", "另见")])
def test_the_page_opens_the_others_at_their_words(language, words):
    shown = answer_html(answer(), {}, key="k1", language=language)
    assert words in shown
    assert f'data-doc="{"b" * 16}" data-start="4" data-end="25"' in shown
    assert "A letter" in shown
    assert "<b>Post" not in shown
    assert words not in answer_html(answer(also=()), {}, key="k1", language=language)


def test_a_record_keeps_the_others_and_an_older_one_without_them_is_read():
    conversation = Conversation((Exchange(answer()),))
    assert load(dump(conversation)) == conversation
    assert conversation.citations() == (CITED, *ALSO)
    older = json.loads(dump(conversation))
    del older["exchanges"][0]["answer"]["sentences"][0]["also"]
    assert load(json.dumps(older)) == Conversation((Exchange(answer(also=())),))
    assert to_json(answer())["sentences"][0]["also"][1]["title"] == "A letter"


@pytest.mark.parametrize("write", [record_html, record_markdown])
def test_the_page_of_a_record_names_the_others_with_their_numbers(write):
    page = write(Conversation((Exchange(answer()),)))
    assert "also in" in page
    assert "3 May 2024; A letter" in page
    assert "<b>Post" not in page
    assert "also in" not in write(Conversation((Exchange(answer(also=())),)))
