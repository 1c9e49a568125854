"""Passages are exact pieces of their document: whole sentences, evenly packed, never across a heading."""

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.markdown import headings
from ingest.split import estimate_tokens, split
from rag.types import Document

ENGLISH = "Mr. Li came on Jan. 30. He spoke of robots, of steel and of rain! Who asked him? “Nobody,” he said. "
CHINESE = "李先生一月三十日来了。他谈到机器人、钢铁和雨水！谁问他了？“没有人，”他说。"
PIECES = [
    "# A\n",
    "\n## B\n",
    "\nBudget\n---\n",
    "===\n",
    "\n###### C ##\n",
    "\n\n",
    "\n",
    " ",
    "　",
    "```\n",
    "a" * 70,
    "no end here, ",
]
TEXTS = st.one_of(
    st.lists(st.sampled_from([ENGLISH, CHINESE, *PIECES]), max_size=30).map("".join),
    st.text(alphabet="ab #`~=->\n.。,，!”'(国é\u3000\u200b", max_size=300),
    st.text(max_size=100),
)


def document_of(text, **fields):
    return Document.of(text, **{"title": "Test", "language": "en", "source": "test.md", **fields})


def texts(text, passage_tokens, **fields):
    return [passage.text for passage in split(document_of(text, **fields), passage_tokens=passage_tokens)]


@given(TEXTS, st.integers(1, 60), st.sampled_from(["en", "zh", "xx"]))
def test_passages_are_exact_in_order_disjoint_and_within_the_limit(text, passage_tokens, language):
    document = document_of(text, language=language)
    passages = split(document, passage_tokens=passage_tokens)
    for passage in passages:
        assert passage.text == document.text[passage.start : passage.end] == passage.text.strip() != ""
        assert estimate_tokens(passage.text) <= passage_tokens
        assert passage.doc_id == document.id
    assert all(a.end <= b.start for a, b in pairwise(passages))


@given(TEXTS, st.integers(1, 60), st.sampled_from(["en", "zh"]))
def test_every_character_outside_headings_lies_in_one_passage(text, passage_tokens, language):
    document = document_of(text, language=language)
    rest, at = "", 0
    for heading in headings(document.text):
        rest += document.text[at : heading.start]
        at = heading.end
    rest += document.text[at:]
    covered = "".join(passage.text for passage in split(document, passage_tokens=passage_tokens))
    assert "".join(covered.split()) == "".join(rest.split())


@given(TEXTS, st.integers(1, 60))
def test_a_passage_never_crosses_a_heading(text, passage_tokens):
    document = document_of(text)
    for passage in split(document, passage_tokens=passage_tokens):
        assert not any(
            heading.start < passage.end and passage.start < heading.end for heading in headings(document.text)
        )


@example([ENGLISH] * 200, 40)
@example([CHINESE] * 200, 40)
@given(
    st.one_of([st.lists(st.sampled_from([text, "He left early. "])) for text in (ENGLISH, CHINESE + " ")]),
    st.integers(30, 300),
)
def test_no_sentence_is_cut_that_fits(parts, passage_tokens):
    for passage in texts("".join(parts), passage_tokens):
        assert passage.endswith(("30.", "rain!", "him?", "said.", "了。", "雨水！", "他了？", "他说。", "early."))


def test_sentences_stay_whole_in_both_languages():
    assert texts(ENGLISH, 20) == [
        "Mr. Li came on Jan. 30. He spoke of robots, of steel and of rain!",
        "Who asked him? “Nobody,” he said.",
    ]
    assert texts(CHINESE, 30, language="zh") == [
        "李先生一月三十日来了。他谈到机器人、钢铁和雨水！",
        "谁问他了？“没有人，”他说。",
    ]


def test_paragraphs_share_a_passage_where_they_fit():
    assert texts("One came.\n\nTwo left.", 20) == ["One came.\n\nTwo left."]


def test_a_section_is_spread_evenly_so_that_no_scrap_is_left():
    sizes = [len(passage) for passage in texts("The robot welds a door. " * 21, 110)]
    assert len(sizes) == 2
    assert max(sizes) - min(sizes) <= len("The robot welds a door. ")


@given(st.integers(1, 300), st.integers(10, 80))
def test_passages_are_as_few_as_can_be(n_sentences, passage_tokens):
    sentence = "The robot welds a door. "  # 24 characters
    each = passage_tokens * 9 // (2 * len(sentence))
    assert len(texts(sentence * n_sentences, passage_tokens)) <= -(-n_sentences // each) + 1


def test_the_heading_is_the_path_above_and_stands_in_no_passage():
    text = "Before.\n# Demands\nOne.\n## Enterprises ##\nTwo.\n### Small ones\n## States\nThree.\n# End\nFour."
    passages = split(document_of(text), passage_tokens=50)
    assert [(passage.heading, passage.text) for passage in passages] == [
        ("", "Before."),
        ("Demands", "One."),
        ("Demands › Enterprises", "Two."),
        ("Demands › States", "Three."),
        ("End", "Four."),
    ]


def test_a_heading_that_repeats_the_title_is_left_out_of_the_path():
    passages = split(document_of("# Robots\nOne.\n## Cost\nTwo.", title="Robots"), passage_tokens=50)
    assert [passage.heading for passage in passages] == ["", "Cost"]


def test_an_underlined_heading_divides_and_stands_in_no_passage():
    text = "Report\n======\nIn short.\n\nBudget\n------\n\nIt fell.\n\n***\n\nIt rose.\n\n---\nEnd."
    assert [(passage.heading, passage.text) for passage in split(document_of(text), passage_tokens=50)] == [
        ("Report", "In short."),
        ("Report › Budget", "It fell.\n\n***\n\nIt rose.\n\n---\nEnd."),
    ]


def test_a_paragraph_with_a_line_drawn_below_it_is_no_heading():
    assert texts("It fell,\nthen rose.\n---\nEnd.", 50) == ["It fell,\nthen rose.\n---\nEnd."]


@pytest.mark.parametrize("source", ["charts.txt", "minutes", None])
def test_a_mark_is_text_where_the_document_is_not_markdown(source):
    text = "# 1 Bestseller of the year was Moby Dick.\nAnd after it\n---\ncame others."
    assert texts(text, 50, source=source) == [text]


@pytest.mark.parametrize("source", ["a.MD", "a.markdown", "a.html", "a.htm"])
def test_marks_are_headings_in_markdown_and_in_web_pages(source):
    assert texts("# One\nText.", 50, source=source) == ["Text."]


def test_a_mark_in_fenced_code_is_no_heading():
    (passage,) = split(document_of("# A\n```sh\n# install\nmake\n```\nDone."), passage_tokens=50)
    assert (passage.heading, passage.text) == ("A", "```sh\n# install\nmake\n```\nDone.")


@pytest.mark.parametrize(
    ("text", "passage_tokens", "expected"),
    [
        (
            "aaaa aaaa aaaa, bbbb bbbb bbbb, cccc cccc 1,000",
            5,
            ["aaaa aaaa aaaa,", "bbbb bbbb bbbb,", "cccc cccc 1,000"],
        ),
        ("红色的机器人，蓝色的机器人，绿色的机器人", 7, ["红色的机器人，", "蓝色的机器人，", "绿色的机器人"]),
        ("aaaa bbbb cccc dddd", 2, ["aaaa", "bbbb", "cccc dddd"]),
        ("- milk and bread\n- eggs and butter", 5, ["- milk and bread", "- eggs and butter"]),
        ("国" * 10, 4, ["国" * 4, "国" * 4, "国" * 2]),
    ],
)
def test_a_sentence_too_long_is_cut_at_lines_then_clauses_then_spaces_then_anywhere(text, passage_tokens, expected):
    assert texts(text, passage_tokens) == expected


@pytest.mark.parametrize("text", ["", " \n\n", "# Only\n\n## Headings", "#### "])
def test_what_has_no_words_has_no_passages_or_one(text):
    assert texts(text, 50) in ([], ["####"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "[" * 10**6,
        "word " * 200_000,
        "It is so. " * 30_000,
        "他说了。" * 80_000,
        "“" * 300_000,
        "a" + " " * 10**6 + "b",
        "a\n" * 150_000,
        "# a\n" * 20_000,
        "# a" + " " * 10**6 + "b",
        "```\n" * 80_000,
        ">" * 10**6,
        "`" * 10**6,
        "#" * 10**6,
        "a\n=\n" * 20_000,
        "- " * 300_000,
        "[a]: b '\n" + "c\n" * 100_000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_hostile_texts_take_seconds(text):
    start = time.process_time()
    split(document_of(text), passage_tokens=200)
    assert time.process_time() - start < 10


def test_tokens_are_estimated_by_script():
    assert [estimate_tokens(text) for text in ("", "a", "new forces", "新质生产力", "AI新")] == [0, 1, 3, 5, 2]


def test_a_limit_below_one_token_is_refused():
    with pytest.raises(ValueError, match="passage_tokens must be at least 1, got 0"):
        split(document_of("Text."), passage_tokens=0)
