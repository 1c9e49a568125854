"""RTF and reStructuredText become text with headings."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.markup import parse_rst, parse_rtf
from rag.errors import DocumentError

RTF = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\froman\fcharset0 Times;}{\f1\fnil\fcharset134 SimSun;}}
{\stylesheet{\s1\outlinelevel0 heading 1;}}{\info{\title The {\b Robots}}{\author Ann L\'e9e}{\creatim\yr2024\mo3}}
\pard\s1\outlinelevel0 What it cost\par
\pard\plain They weld \u8220?and\u8221? paint caf\'e9s.\line Next line.\par
{\f1\'b9\'a4\'b3\'a7}\par
\trowd\cellx100\cellx200 City\cell People\cell\row\trowd Wuxi\cell 7\cell\row\pard
{\field{\*\fldinst{HYPERLINK "http://a.example"}}{\fldrslt{a link}}} smile \u-10179?\u-8694?\par
# 1 in the charts\par}"""

RST = """
==========
The Robots
==========
:Author: Ann Lee
:Organization: Bolt Press
:Date: 2024-03-06
:Language: en
:URL: https://bolt.example/robots

They *weld* and ``paint``, says :ref:`the report <x>` [1]_ of `the mayor <http://a.example>`_.

What it cost
------------

* Twenty welders
* Twenty painters

.. versionadded:: 3.2
   :flag: x

   Kept by :pep:`8`.

.. note:: Be careful.

====  ======
City  People
====  ======
Wuxi  7
====  ======

In May
~~~~~~

Code::

   x = 1

.. comment
.. |s| replace:: z
.. [1] A footnote.
"""


def rtf(data):
    return parse_rtf(data, source="notes/my_note.rtf")


def rst(text):
    return parse_rst(text if isinstance(text, bytes) else text.encode(), source="notes/my_note.rst")


def test_rtf_becomes_headings_paragraphs_and_rows():
    assert rtf(RTF).text.split("\n\n")[:5] == [
        "# What it cost",
        "They weld “and” paint cafés.\nNext line.",
        "工厂",
        "City: Wuxi; People: 7",
        "a link smile 😊",
    ]


def test_rtf_says_its_title_and_author_and_no_day():
    note = rtf(RTF)
    assert (note.title, note.author, note.published) == ("The Robots", "Ann Lée", None)


def test_rtf_without_a_title_has_the_name_of_its_file():
    assert rtf(rb"{\rtf1{\info{\title Microsoft Word - x.doc}}Text\par}").title == "my note"


def test_a_mark_that_is_no_heading_does_not_become_one():
    assert "\n\n#\u00a01 in the charts" in rtf(RTF).text


def test_characters_beyond_the_basic_plane_are_whole():
    assert rtf(rb"{\rtf1 \u-10179?\u-8694?\par}").text == "\U0001f60a"


def test_bytes_above_ascii_are_of_the_code_page_of_the_file():
    assert rtf(b"{\\rtf1\\ansi\\ansicpg1251 \xcc\xee\xf1\xea\xe2\xe0\\par}").text == "Москва"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" \n", "is empty"),
        (b"plain", "is no RTF file"),
        (rb"{\rtf1{\*\generator x}}", "is empty"),
        (rb"{\rtf1 \u9999999999?}", "is no sound RTF file"),
        (rb"{\rtf1\ansi\ansicpg65001 \'ff\'fe\'ff\'ff\'ff}", "is RTF in a code page that cannot be told"),
    ],
)
def test_rtf_that_cannot_be_read_says_why(data, reason):
    with pytest.raises(DocumentError, match=f"^{reason}"):
        rtf(data)


def test_rst_becomes_text_with_headings():
    assert rst(RST).text.split("\n\n") == [
        "# The Robots",
        "They weld and paint, says the report [1] of the mayor.",
        "## What it cost",
        "- Twenty welders",
        "- Twenty painters",
        "Kept by 8.",
        "Be careful.",
        "City: Wuxi; People: 7",
        "### In May",
        "Code:",
        "x = 1",
        "1: A footnote.",
    ]


def test_the_fields_at_the_top_of_rst_are_known():
    note = rst(RST)
    assert (note.title, note.author, note.publisher) == ("The Robots", "Ann Lee", "Bolt Press")
    assert (note.published, note.language, note.url) == (date(2024, 3, 6), "en", "https://bolt.example/robots")


def test_rst_without_fields_has_its_first_title_else_the_name_of_its_file():
    assert rst("One\n===\n\nText\n\nTwo\n===\n\nText").title == "One"
    assert rst("Only text.").title == "my note"


@pytest.mark.parametrize(
    "directive",
    [
        ".. include:: secret.txt",
        ".. literalinclude:: secret.txt",
        ".. raw:: html\n   :file: secret.txt",
        ".. csv-table::\n   :file: secret.txt",
        ".. raw:: html\n\n   <b>secret</b>",
        ".. toctree::\n\n   secret",
    ],
)
def test_no_file_is_read_and_nothing_raw_let_through(directive, tmp_path, monkeypatch):
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.chdir(tmp_path)
    assert rst(f"Before.\n\n{directive}\n\nAfter.").text == "Before.\n\nAfter."


def test_faults_of_rst_are_no_text_and_nothing_is_printed(capsys):
    assert rst("Title\n==\n\n*open and |lost| `x\n\n  odd\n indent").text
    assert capsys.readouterr() == ("", "")


def test_rst_of_an_older_encoding_is_read():
    assert rst("标题\n====\n\n国务院总理在江苏省考察。".encode("gb18030")).title == "标题"


@pytest.mark.parametrize("text", ["", " \n", ".. comment"])
def test_rst_without_text_is_refused(text):
    with pytest.raises(DocumentError):
        rst(text)


def test_rst_that_is_nested_without_end_is_refused():
    with pytest.raises(DocumentError, match="nested"):
        rst("\n\n".join("  " * level + "* x" for level in range(400)))


@given(st.data())
def test_a_damaged_file_is_a_document_or_an_error_of_ours(data):
    parse, good = data.draw(st.sampled_from([(rtf, RTF), (rst, RST.encode())]))
    damaged = bytearray(good[: data.draw(st.integers(0, len(good)) | st.just(len(good)))])
    for at in data.draw(st.lists(st.integers(0, max(0, len(damaged) - 1)), max_size=8)) if damaged else ():
        damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(DocumentError):
        parse(bytes(damaged))


@given(st.binary(max_size=200), st.lists(st.sampled_from([b"\\u", b"\\f9", b"\\'", b"{", b"}", b"\\bin", b"\\pict"])))
def test_any_bytes_behind_the_mark_of_rtf_are_a_document_or_an_error_of_ours(content, words):
    with suppress(DocumentError):
        rtf(b"{\\rtf1" + b"".join(words) + content)


@given(st.text(alphabet=st.sampled_from(".:*`|_-=~[]() \n\tab1\\+<>")))
def test_any_marks_of_rst_are_a_document_or_an_error_of_ours(text):
    with suppress(DocumentError):
        rst(text)
