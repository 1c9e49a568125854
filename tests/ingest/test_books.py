"""A book becomes its chapters in the order of reading."""

import io
import zipfile
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.books import parse_epub
from ingest.htmltext import html_to_text
from rag.errors import DocumentError

CONTAINER = """<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Robots</dc:title><dc:creator>Ann Lee</dc:creator>
<dc:creator>Bo Wu</dc:creator><dc:publisher>Bolt Press</dc:publisher><dc:date>2023-05-04</dc:date>
<dc:language>en-GB</dc:language></metadata><manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="two" href="text/two.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/chapter%201.xhtml" media-type="application/xhtml+xml"/>
<item id="css" href="a.css" media-type="text/css"/><item id="web" href="http://a.example/x" media-type="text/html"/>
</manifest><spine><itemref idref="nav"/><itemref idref="one"/><itemref idref="two"/><itemref idref="one"/>
<itemref idref="web"/><itemref idref="css"/><itemref idref="lost"/></spine></package>"""
PAGE = """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "x.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title/><style>p {{}}</style></head>
<body><h1>{}</h1>{}</body></html>"""
ONE = PAGE.format("Chapter<br/>one", "<p>The town bought&nbsp;forty robots.</p><script/><p>Nobody was dismissed.</p>")
TWO = PAGE.format("Chapter two", "<p>They weld.</p>")


def epub(**changes):
    """Write a book; `changes` replace or (None) leave out the parts of these names."""
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OPS/book.opf": PACKAGE,
        "OPS/nav.xhtml": PAGE.format("Contents", "<ol><li>Chapter one</li></ol>"),
        "OPS/text/chapter 1.xhtml": ONE,
        "OPS/text/two.xhtml": TWO,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in (parts | changes).items():
            if text is not None:
                archive.writestr(name, text)
    return file.getvalue()


def read(data):
    return parse_epub(data, source="books/my_book.epub")


def with_parts(parts):
    return read(epub(**parts))


def test_a_book_is_read_chapter_by_chapter_without_its_table_of_contents():
    text = "# Chapter one\n\nThe town bought forty robots.\n\nNobody was dismissed.\n\n# Chapter two\n\nThey weld."
    assert read(epub()).text == text


def test_what_the_package_says_of_the_book_is_known():
    book = read(epub())
    assert (book.title, book.author, book.publisher) == ("The Robots", "Ann Lee, Bo Wu", "Bolt Press")
    assert (book.published, book.language) == (date(2023, 5, 4), "en")


def test_of_several_days_the_one_of_publication_counts():
    dates = '<dc:date opf:event="creation">2020-01-01</dc:date><dc:date opf:event="publication">2021-02-03</dc:date>'
    package = PACKAGE.replace("<dc:date>2023-05-04</dc:date>", dates)
    package = package.replace("<metadata ", '<metadata xmlns:opf="http://www.idpf.org/2007/opf" ')
    assert with_parts({"OPS/book.opf": package}).published == date(2021, 2, 3)


def test_a_book_without_a_title_has_the_name_of_its_file():
    package = PACKAGE.replace("<dc:title>The Robots</dc:title>", "<dc:title>Untitled</dc:title>")
    assert with_parts({"OPS/book.opf": package}).title == "my book"


def test_a_chapter_in_another_encoding_is_read():
    page = PAGE.format("第一章", "<p>新质生产力</p>").replace("utf-8", "gb18030").encode("gb18030")
    assert "# 第一章\n\n新质生产力" in with_parts({"OPS/text/two.xhtml": page}).text


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"OPS/book.opf": None}, "is no sound EPUB: it has no part 'OPS/book.opf'"),
        ({"OPS/text/two.xhtml": None}, "is no sound EPUB: it has no part 'OPS/text/two.xhtml'"),
        ({"META-INF/container.xml": "<a"}, "is damaged: its part 'META-INF/container.xml' is no XML"),
        ({"OPS/book.opf": "<package/>"}, "is a book without text"),
        (
            {"META-INF/encryption.xml": '<e><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes"/></e>'},
            "is encrypted",
        ),
    ],
)
def test_a_book_that_cannot_be_read_says_why(parts, reason):
    with pytest.raises(DocumentError) as error:
        with_parts(parts)
    assert str(error.value).startswith(reason)


def test_scrambled_fonts_do_not_make_a_book_unreadable():
    rights = '<e><EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/></e>'
    assert with_parts({"META-INF/encryption.xml": rights}).title == "The Robots"


def test_a_chapter_outside_the_archive_is_not_opened():
    package = PACKAGE.replace("text/two.xhtml", "../../../../etc/hostname")
    with pytest.raises(DocumentError, match="has no part"):
        with_parts({"OPS/book.opf": package})


@pytest.mark.parametrize("entity", ['"aaaa"', 'SYSTEM "file:///etc/hostname"'])
def test_entities_of_a_chapter_are_not_expanded(entity):
    page = f"<!DOCTYPE html [<!ENTITY a {entity}>]><html><body><p>One &a; two.</p></body></html>"
    assert with_parts({"OPS/text/two.xhtml": page}).text.endswith("One &a; two.")


# --- HTML as text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one<br>two<p>three", "one\ntwo\n\nthree"),
        ("<ul><li>one</li><li><p>two</p><p>more</p></li></ul>", "- one\n\n- two\n\nmore"),
        ("a <b>bold</b>\n  word&nbsp;here", "a bold word here"),
        ("<h2>A <i>new</i> part</h2>x", "## A new part\n\nx"),
        ("<script>x()</script><style>y</style><div hidden>z</div><p style='display: none'>z</p>seen", "seen"),
        ("<table><caption>C</caption><tr><th>City</th><th>People</th></tr><tr><td>Wuxi</td><td>7</td></tr></table>",
         "C\n\nCity: Wuxi; People: 7"),
        ("<table><tr><td>a</td><td>b</td><td>c</td></tr><tr><td>1</td><td>2</td><td>3</td></tr></table>",
         "a: 1; b: 2; c: 3"),
        ("<table><tr><td><table><tr><td><p>One.</p><p>Two.</p></td></tr></table></td><td>Three</td></tr></table>",
         "One.\n\nTwo.\n\nThree"),
        ("<ruby>漢<rt>かん</rt></ruby>字", "漢字"),
        ("", ""),
        ("no markup", "no markup"),
    ],
)  # fmt: skip
def test_markup_becomes_paragraphs(markup, text):
    assert html_to_text(markup) == text


@pytest.mark.parametrize("tags", ["<div>", "<b>", "<ul><li>", "<table><tr><td>", "<blockquote>x", "<!DOCTYPE ", "<"])
def test_depth_and_broken_tags_cost_little(tags):
    assert html_to_text(tags * 30_000 + "<p>deep").endswith(("deep", ""))


@given(st.text(alphabet=st.sampled_from("<>/&;!-[]\"'= abptdrhul1\n\0#")))
def test_any_markup_is_some_text(markup):
    assert "\0" not in html_to_text(markup)


GOOD = epub()


@given(st.data())
def test_a_damaged_book_is_a_book_or_an_error_of_ours(data):
    damaged = bytearray(GOOD[: data.draw(st.integers(0, len(GOOD)) | st.just(len(GOOD)))])
    for at in data.draw(st.lists(st.integers(0, max(0, len(damaged) - 1)), max_size=8)) if damaged else ():
        damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(DocumentError):
        read(bytes(damaged))


@given(st.binary(max_size=300), st.sampled_from(["OPS/book.opf", "META-INF/container.xml", "OPS/text/two.xhtml"]))
def test_a_book_with_a_part_of_random_bytes_is_a_book_or_an_error_of_ours(content, part):
    with suppress(DocumentError):
        with_parts({part: content})
