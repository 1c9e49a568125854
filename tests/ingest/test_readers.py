"""Files become documents, or a reason why not."""

import codecs
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dates import date_in_url, make_date, nearest_date, read_date
from ingest.encodings import decode
from ingest.markdown import front_matter, headings, parse_markdown, readable_name
from ingest.plain import first_sentence, parse_plain, strip_blank_lines
from ingest.readers import SUFFIXES, read_bytes
from ingest.web import parse_html
from rag.errors import DocumentError
from rag.text import normalise

ORIGINALS = Path(__file__).parents[3] / "shared/seeds"
needs_originals = pytest.mark.skipif(not ORIGINALS.is_dir(), reason="the original articles are not beside the clone")

STORY = "The town bought forty robots. They weld and paint.\n\nNobody was dismissed, the mayor said."
BLANK_PAGE = "<html><head><title>Nothing</title></head><body></body></html>"
PAGE = """<!doctype html><html><head><title>Robots at work</title>
<meta property="og:site_name" content="The Daily Bolt"><meta name="author" content="Ann Lee">
<meta property="article:published_time" content="2023-05-04T23:30:00-05:00">
<link rel="canonical" href="https://bolt.example/robots"></head><body>
<nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article><h1>Robots at work</h1>
<p>The town bought <b>forty</b> robots this spring as the mayor had <a href="/p">promised</a> in a_long *letter*.</p>
<h2>What it <em>cost</em></h2><p>Three million were paid for them in May. Nobody in the town was dismissed for it.</p>
<ul><li>Twenty welders</li><li>Twenty painters</li></ul></article><footer>Copyright 2020</footer></body></html>"""


def read_file(path, *, source):
    return read_bytes(path.read_bytes(), path, source=source)


def plain(text):
    return parse_plain(text, source="note.txt")


def markdown(text):
    return parse_markdown(text, source="reports/2024-03-06-visit_to_jiangsu.md")


# --- the originals -------------------------------------------------------------------------------------------------


@needs_originals
@pytest.mark.parametrize(
    ("number", "title", "publisher", "published"),
    [
        ("000", "Xi Jinping, general secretary of the Communist Party of China (CPC) Central…", None, None),
        ("001", "China’s top leadership has signalled a methodical, state-directed acceleration…", None, None),
        (
            "002",
            "Xi highlights developing new quality productive forces according to local conditions",
            "Xinhua",
            date(2024, 3, 6),
        ),
        (
            "003",
            "China News Service (CNS) co-hosted a high-level seminar from June 17-27 in…",
            "China News Service",
            date(2024, 6, 18),
        ),
        ("004", "Breakthroughs in core technologies called imperative", "China Daily", date(2018, 7, 14)),
    ],
)
def test_an_original_yields_its_title_publisher_and_day(number, title, publisher, published):
    (path,) = ORIGINALS.glob(f"{number}_*.txt")
    document = read_file(path, source=path.name)
    assert (document.title, document.publisher, document.published) == (title, publisher, published)
    assert (document.language, document.author) == ("en", None)


@needs_originals
@pytest.mark.parametrize(
    ("number", "begins", "ends"),
    [
        ("000", "Xi Jinping, general secretary", "industrial advancement."),
        ("001", "China’s top leadership has signalled", "strategically sensitive technologies."),
        ("002", "BEIJING, March 6 (Xinhua) -- Xi Jinping", "All rights reserved."),
        ("003", "China News Service (CNS) co-hosted", "accesswire.com"),
        ("004", "A technician demonstrates", "the statement said."),
    ],
)
def test_of_an_original_only_the_lines_above_the_body_are_taken(number, begins, ends):
    (path,) = ORIGINALS.glob(f"{number}_*.txt")
    original, text = normalise(path.read_text("utf-8")).rstrip(), read_file(path, source="").text
    assert text.startswith(begins)
    assert text.endswith(ends)
    assert original.endswith(text)


@needs_originals
def test_a_press_release_gives_the_address_of_its_report():
    (path,) = ORIGINALS.glob("003_*.txt")
    url = "https://www.chinanews.com.cn/cj/2024/06-18/10236060.shtml"
    assert read_file(path, source=path.name).url == url


# --- plain text ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "publisher", "author", "published"),
    [
        ("Source: Xinhua\n\nEditor: Li\n\n2024-03-06 20:46:15", "Xinhua", None, date(2024, 3, 6)),
        ("Source:China Daily\nUpdated:2018-07-14 14:54:02", "China Daily", None, date(2018, 7, 14)),
        ("By Ann Lee and BO LI\nMarch 6, 2024", None, "Ann Lee and BO LI", date(2024, 3, 6)),
        ("Author: Ann Lee\nWednesday, 6 March 2024, 20:46 GMT", None, "Ann Lee", date(2024, 3, 6)),
        ("Source: Xinhua | 2024-03-06 20:46:15 | Editor: Li", "Xinhua", None, date(2024, 3, 6)),
        ("Source: Xinhua 2024/03/06 20:46", "Xinhua", None, date(2024, 3, 6)),
        ("Published: 2024-03-05\nLast updated: 2024-03-09", None, None, date(2024, 3, 5)),
        ("2024年3月6日 20:46　来源：新华社　作者：李伟", "新华社", "李伟", date(2024, 3, 6)),
        ("来源：新华社\n责任编辑：王芳\n2024年03月06日20:46", "新华社", None, date(2024, 3, 6)),
        ("https://news.example/2024/03-06/1.html", None, None, date(2024, 3, 6)),
    ],
)
def test_the_lines_above_the_body_are_understood_and_removed(head, publisher, author, published):
    document = plain(f"Robots come to town\n\n{head}\n\n{STORY}\n")
    assert (document.title, document.text) == ("Robots come to town", STORY)
    assert (document.publisher, document.author, document.published) == (publisher, author, published)


@pytest.mark.parametrize(
    "lines",
    [
        "Robots come to town-Xinhua\n\nRobots come to town\n\nSource: Xinhua",
        "Robots come to town\nROBOTS COME TO TOWN\nSource: Xinhua",
        "Robots come to town\nSource: Xinhua\n\nRobots come to town | Xinhua",
        "Title: Robots come to town\nSource: Xinhua",
    ],
)
def test_a_repeated_headline_leaves_the_text_too(lines):
    document = plain(f"{lines}\n\n{STORY}")
    assert (document.title.casefold(), document.publisher) == ("robots come to town", "Xinhua")
    assert document.text == STORY


def test_a_question_is_a_headline_only_above_a_source_line():
    assert plain(f"Do robots dream?\nSource: Xinhua\n\n{STORY}").text == STORY
    assert plain(f"Do robots dream?\n\n{STORY}").text == f"Do robots dream?\n\n{STORY}"


def test_a_headline_may_stand_right_above_a_dateline():
    document = plain("机器人进城\n　　新华社北京3月6日电 全市购买了四十台机器人。")
    assert (document.title, document.publisher, document.published) == ("机器人进城", "新华社", None)
    assert document.text == "　　新华社北京3月6日电 全市购买了四十台机器人。"


@pytest.mark.parametrize(
    "text",
    [
        STORY,
        "One line without an end",
        "Dear Ms Lee,\n\nthank you for the robots.",
        "The mayor came.\n\nHe left.",
        "By the end of 2024 all was done.\n\nThen came rain.",
        "Source: Xinhua",
        "2024-03-06\n2024-03-07",
        "Source: Xinhua\n\n2024-03-06",
        "Robots come to town",
        "12 High Street\n9000 Ulm\n\nDear Ann",
        "NASA (the agency) -- founded in 1958 -- flies.",
        "第一句话。\n\n第二句话。",
        "x" * 200 + "\n\nA line far above is too long to be a headline.",
        "At 10: the bell\nrings\n\nAt 11: silence",
        "   indented\n\tonce more",
    ],
)
def test_a_text_that_says_nothing_of_itself_passes_untouched(text):
    document = plain(f"\n{text}\n\n")
    assert document.text == text
    assert (document.publisher, document.author, document.published, document.url) == (None, None, None, None)


@given(st.text(alphabet="ab A.:\n-|来源：Source2024-03-06 By", max_size=120).filter(str.strip))
def test_the_text_is_always_an_end_of_what_was_read(text):
    document = plain(text)
    assert document.text
    assert document.title
    assert normalise(text).rstrip().endswith(document.text)


@pytest.mark.parametrize(
    ("body", "publisher", "published"),
    [
        ("BEIJING, March 6 (Xinhua) -- The town grew.", "Xinhua", None),
        ("UNITED NATIONS, Feb. 27, 2023 /PRNewswire/ -- The town grew.", "PRNewswire", date(2023, 2, 27)),
        ("新华社北京3月6日电 小镇发展了。", "新华社", None),
        ("（中新社巴黎2024年3月6日电）小镇发展了。", "中新社", date(2024, 3, 6)),
        ("In Paris, March 6 (Wednesday) - a day.", None, None),
        ("ULM, Smarch 6 (Xinhua) -- The town grew.", "Xinhua", None),
    ],
)
def test_a_dateline_gives_the_publisher_but_never_a_year_it_does_not_name(body, publisher, published):
    document = plain(body)
    assert (document.publisher, document.published, document.text) == (publisher, published, body)


def test_a_dateline_takes_its_year_from_the_address_and_stays_out_of_the_title():
    document = plain("URL: https://news.example/2025/0101/7.html\n\nBEIJING, Dec. 31 (Xinhua) -- The town grew.")
    assert (document.published, document.title) == (date(2024, 12, 31), "The town grew.")


def test_a_press_release_is_signed_at_its_end():
    closing = (
        "Report Link:https://news.example/2024/06-18/1.shtml\n\nCity: Ulm\n\nSOURCE: Ulm News\n\nSee also ulm.example"
    )
    document = plain(f"{STORY}\n\n{closing}")
    assert (document.publisher, document.published) == ("Ulm News", date(2024, 6, 18))
    assert document.url == "https://news.example/2024/06-18/1.shtml"
    assert document.text.endswith(closing)
    assert plain(f"{STORY}\n\n（来源：新华社）").publisher == "新华社"


def test_what_stands_at_the_top_counts_before_what_stands_at_the_end():
    assert plain(f"Robots come\nSource: Xinhua\n\n{STORY}\n\nSOURCE: Ulm News").publisher == "Xinhua"


def test_a_chart_with_a_source_signs_nothing():
    assert plain(f"{STORY}\n\nSource: World Bank data").publisher is None


def test_without_a_headline_the_title_is_the_first_sentence():
    assert plain(STORY).title == "The town bought forty robots."
    assert plain("全市购买了四十台机器人。市长说没有人被解雇。").title == "全市购买了四十台机器人。"


@given(st.text(alphabet="abc 、，国。.\n", min_size=1, max_size=200).filter(str.strip), st.integers(5, 40))
def test_a_title_made_of_a_sentence_is_one_line_and_never_too_long(text, limit):
    title = first_sentence(text, limit)
    assert 0 < len(title) <= limit
    assert "\n" not in title


def test_a_long_first_sentence_is_cut_at_a_word():
    title = first_sentence("The council of the town decided on Monday, against all advice, to buy robots.", 40)
    assert title == "The council of the town decided on…"
    assert first_sentence("国" * 100, 40) == "国" * 39 + "…"


def test_blank_lines_go_and_indentation_stays():
    assert strip_blank_lines(" \n\n\t one\n  two \n \n") == "\t one\n  two"


# --- Markdown ------------------------------------------------------------------------------------------------------


def test_front_matter_becomes_the_fields_and_the_body_stays_as_it_is():
    document = markdown(
        "---\ntitle: Robots\npublisher: Xinhua\nauthor: [Ann Lee, Bo Li]\npublished: 2024-03-06\nlanguage: zh-CN\n"
        "url: https://news.example/1\nbasis: a digest\n---\n\n## One\n\n- **two**\n\n---\n\nthree\n\n"
    )
    assert (document.title, document.publisher, document.author) == ("Robots", "Xinhua", "Ann Lee, Bo Li")
    assert (document.published, document.language) == (date(2024, 3, 6), "zh")
    assert (document.url, document.text) == ("https://news.example/1", "## One\n\n- **two**\n\n---\n\nthree")


@pytest.mark.parametrize(
    "written",
    ["2024-03-06", '"2024-03-06"', "2024-03-06 20:46:15", "2024-03-06T20:46:15+08:00", "6 March 2024", "2024年3月6日"],
)
def test_a_day_may_be_a_date_a_time_or_a_string(written):
    assert markdown(f"---\npublished: {written}\n---\nText").published == date(2024, 3, 6)


@pytest.mark.parametrize("nothing", ["", "~", "null", '""'])
def test_a_key_without_a_value_is_no_value(nothing):
    document = markdown(f"---\ntitle: {nothing}\npublished: {nothing}\nauthor: {nothing}\n---\nText")
    assert (document.title, document.published, document.author) == ("2024-03-06 visit to jiangsu", None, None)


def test_the_title_is_the_first_heading_or_else_the_name_of_the_file():
    assert markdown("Words.\n\n## Below\n\n```\n# not this\n```\n\n# Robots #\n\n# Others").title == "Robots"
    assert markdown("Below\n---\n\nRobots at *work*\n===\n\nWords.").title == "Robots at *work*"
    assert markdown("## Below\n\nWords.").title == "2024-03-06 visit to jiangsu"
    assert readable_name("a/CPC-in_2024.html") == "CPC in 2024"


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("title: a\npublisher: b: c", "line 3, 'publisher: b: c'"),
        ("title: [a", "not YAML: line"),
        ("published: 2024-02-30", "published is '2024-02-30'"),
        ("published: March 2024", "published is 'March 2024'"),
        ("author:\n  name: Ann", "author is {'name': 'Ann'}"),
        ("language: Klingonese", "language is 'Klingonese'"),
        ("a: \a", "special characters are not allowed"),
        ("a: " + "[" * 2000, "not YAML"),
        ("# a remark\n\n'title': a: b", "line 4"),
    ],
)
def test_bad_front_matter_is_named_with_its_value(block, reason):
    with pytest.raises(DocumentError) as raised:
        markdown(f"---\n{block}\n---\nText")
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("block", ["just words", "- a\n- b", "[" * 2000, "He said: `yes`\nand left: or not", "{half"])
def test_text_between_two_rules_is_text(block):
    text = f"---\n\n{block}\n\n---\n\nMore text."
    document = markdown(text)
    assert (document.text, document.title) == (text, "2024-03-06 visit to jiangsu")


def test_a_body_must_stand_below_the_front_matter():
    with pytest.raises(DocumentError, match="is empty below its front matter"):
        markdown("---\ntitle: a\n---\n\n \n")


def test_a_rule_that_is_never_closed_is_no_front_matter():
    assert front_matter("---\ntitle: a") == ({}, "---\ntitle: a")
    assert markdown("\n\n---\ntitle: a\n---\nText").title == "a"


def test_headings_are_found_outside_fences_only():
    text = "# A\n#no\n####### no\n   ## B ##\n~~~\n# no\n```\n~~~\n`# no`\n``` a`b\n# C#\n```py\n# no"
    assert [(found.level, found.title) for found in headings(text)] == [(1, "A"), (2, "B"), (1, "C#")]
    assert [text[found.start : found.end] for found in headings(text)] == ["# A", "   ## B ##", "# C#"]


def test_headings_of_lists_quotes_and_code_are_left_out():
    text = "- # no\n\n> no\n> ---\n\n    # no\n\n<!--\n# no\n-->\n\nYes \n ==="
    (found,) = headings(text)
    assert (found.level, found.title, text[found.start : found.end]) == (1, "Yes", "Yes \n ===")


# --- web pages -----------------------------------------------------------------------------------------------------


def test_a_page_gives_its_article_and_what_it_says_of_it():
    document = parse_html(PAGE, source="robots.html")
    assert (document.title, document.publisher, document.author) == ("Robots at work", "The Daily Bolt", "Ann Lee")
    assert (document.published, document.url) == (date(2023, 5, 4), "https://bolt.example/robots")
    assert document.text == (
        "# Robots at work\n\n"
        "The town bought forty robots this spring as the mayor had promised in a_long *letter*.\n\n"
        "## What it cost\n\n"
        "Three million were paid for them in May. Nobody in the town was dismissed for it.\n\n"
        "- Twenty welders\n- Twenty painters"
    )


def test_a_day_in_running_text_does_not_date_a_page():
    story = "The old hall was opened on 3 May 1999 by the mayor of that time, and the town was glad of it. " * 3
    document = parse_html(f"<html><body><article><p>{story}</p></article></body></html>", source="old-hall.html")
    assert (document.published, document.publisher, document.title) == (None, None, "old hall")


def test_a_page_without_an_article_is_an_error(caplog):
    with pytest.raises(DocumentError, match="no article was found"):
        parse_html(BLANK_PAGE, source="blank.html")
    assert not caplog.records


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("suffix", [".md", ".markdown", ".txt", ".TXT"])
def test_unicode_files_are_read_with_and_without_a_mark(tmp_path, encoding, suffix):
    path = tmp_path / f"note{suffix}"
    path.write_bytes("Il a gagné 5 €.\r\n中国。".encode(encoding))
    document = read_file(path, source="notes/note")
    assert (document.text, document.source) == ("Il a gagné 5 €.\n中国。", "notes/note")


def test_a_page_is_read_by_its_suffix(tmp_path):
    for suffix in (".html", ".htm"):
        path = tmp_path / f"page{suffix}"
        path.write_text(PAGE, "utf-8")
        assert read_file(path, source=path.name).title == "Robots at work"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (codecs.BOM_UTF8 + b" \n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is not text: it holds NUL bytes"),
        ("\u0439".encode() * 20 + b"\xff", "is not UTF-8: byte 0xff at offset 40; save it as UTF-8"),
        (codecs.BOM_UTF16_LE + b"a", "is not UTF-16: byte 0x61 at offset 2; save it as UTF-8"),
        ("a\0".encode("utf-32"), "is not text: it holds NUL characters"),
    ],
)
def test_what_is_no_text_is_an_error_that_says_why(data, reason):
    with pytest.raises(DocumentError) as raised:
        read_bytes(data, Path("note.txt"), source="note.txt")
    assert str(raised.value) == reason


@given(st.binary(max_size=60))
def test_any_bytes_are_text_or_an_error_of_ours(data):
    try:
        text = decode(data)
    except DocumentError:
        return
    assert "\0" not in text


@pytest.mark.parametrize(("name", "seen"), [("a.png", "unknown suffix .png"), ("Makefile", "no suffix")])
def test_an_unknown_suffix_names_the_known_ones(name, seen):
    with pytest.raises(DocumentError) as raised:
        read_bytes(b"text", Path(name), source=name)
    assert seen in str(raised.value)
    assert all(suffix in str(raised.value) for suffix in SUFFIXES if suffix not in {".doc", ".xls", ".ppt"})


# --- days ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2024-3-6",
        "2024.03.06",
        "Sept. 6, 2024",
        "6th Sep 2024",
        "Wed, March 6th, 2024 at 8:46 p.m.",
        "2024年3月6日 星期三",
        "2024-03-06T20:46:15.123Z",
        "2024-03-06 20:46 (GMT+8)",
    ],
)
def test_days_are_read_as_they_are_written(text):
    assert read_date(text) in {date(2024, 3, 6), date(2024, 9, 6)}


@pytest.mark.parametrize(
    "text", ["", "March 6", "2024-02-30", "2024", "06/03/2024", "6 Smarch 2024", "on 2024-03-06", "1" * 99]
)
def test_what_is_no_whole_day_is_none(text):
    assert read_date(text) is None


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_day_is_read_back(day):
    assert read_date(day.isoformat()) == read_date(f"{day:%d} {day:%B} {day:%Y}") == day


@given(st.integers(0, 3000), st.integers(0, 99), st.integers(0, 99))
def test_a_day_is_on_the_calendar_or_none(year, month, day):
    made = make_date(year=year, month=str(month), day=str(day))
    assert made is None or (made.year, made.month, made.day) == (year, month, day)


def test_an_address_may_hold_the_day():
    assert date_in_url("https://a.example/n/20240306/c.html") == date(2024, 3, 6)
    assert date_in_url("https://a.example/202403/06/c.html") == date(2024, 3, 6)
    assert date_in_url("https://a.example/10236060.shtml") is None
    assert date_in_url("https://a.example/2024/13-40/1") is None


def test_the_nearest_day_of_a_name_may_lie_in_another_year():
    assert nearest_date("Dec", "31", to=date(2025, 1, 2)) == date(2024, 12, 31)
    assert nearest_date("February", "29", to=date(2025, 1, 2)) == date(2024, 2, 29)
    assert nearest_date("Feb", "30", to=date(2025, 1, 2)) is None


# --- every format --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".doc", ".xls", ".ppt"])
def test_a_file_of_old_office_says_what_to_save_it_as(suffix):
    with pytest.raises(DocumentError, match=f"97 file; save it as {suffix}x"):
        read_bytes(b"\xd0\xcf", Path(f"a{suffix}"), source="")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "data", [b"", b"\0", b"PK\x03\x04", b"%PDF-1.7", b"{\\rtf", bytes(range(256)) * 8, b"<" * 9999]
)
def test_what_is_no_such_file_is_an_error_of_ours_or_a_text(suffix, data):
    try:
        document = read_bytes(data, Path(f"a{suffix}"), source=f"a{suffix}")
    except DocumentError:
        return
    assert document.text.strip()
