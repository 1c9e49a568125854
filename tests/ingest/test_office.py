"""Office files become documents, and whatever is none is told by name."""

import io
import zipfile
import zlib
from datetime import UTC, date, datetime

import docx
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings
from hypothesis import strategies as st
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from ingest.archives import checked_zip, legacy
from ingest.office import parse_docx, parse_odt
from ingest.properties import real_title
from ingest.slides import parse_pptx
from rag.errors import DocumentError
from rag.text import normalise

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ODT_TYPE = "application/vnd.oasis.opendocument.text"
SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"'
    for name, urn in zip(
        ("office", "style", "text", "table", "draw", "meta"),
        ("office", "style", "text", "table", "drawing", "meta"),
        strict=True,
    )
)
MESSAGE = r"^(is|has|holds|unpacks) "


def saved(file):
    stream = io.BytesIO()
    file.save(stream)
    return stream.getvalue()


def word(build=id, **properties):
    file = docx.Document()
    for name, value in {"author": "", **properties}.items():
        setattr(file.core_properties, name, value)
    build(file)
    return parse_docx(saved(file), source="notes/town_robots.docx")


def zipped(members, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def odt(body, *, styles="", meta="", **more):
    content = (
        f"<office:document-content {SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    dc = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    about = f"<office:document-meta {SPACES} {dc}><office:meta>{meta}</office:meta></office:document-meta>"
    return zipped({"mimetype": ODT_TYPE, "content.xml": content, "meta.xml": about, **more})


def fill(table, rows):
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            table.cell(r, c).text = cell


def inside(paragraph, xml):
    paragraph._p.append(parse_xml(xml.replace(">", f" {nsdecls('w')}>", 1)))


# --- Word ----------------------------------------------------------------------------------------------------------


def test_headings_paragraphs_and_lists_of_a_docx_keep_their_order():
    def build(file):
        file.add_heading("Robots at work", 0)
        file.add_heading("What it\ncost", 2)
        file.add_paragraph("Three  million.\tIn May.\nOr June.")
        file.add_paragraph("one", style="List Bullet")
        file.add_paragraph("two", style="List Bullet")

    document = word(build)
    assert document.text == ("# Robots at work\n\n## What it cost\n\nThree million. In May.\nOr June.\n\n- one\n- two")
    assert document.title == "Robots at work"


def test_a_style_derived_from_a_heading_makes_headings():
    def build(file):
        style = file.styles.add_style("House 'head'", 1)
        style.base_style = file.styles["Heading 3"]
        file.add_paragraph("Derived", style=style)

    assert word(build).text == "### Derived"


def test_a_paragraph_that_looks_like_a_heading_is_none():
    assert word(lambda file: file.add_paragraph("# 1 in the charts")).text == "#\u00a01 in the charts"


def test_each_row_of_a_table_can_be_understood_alone():
    def build(file):
        rows = [["City", "People", "Note"], ["Nanjing", "9.5", ""], ["Wuxi", "7", "on a lake"]]
        fill(file.add_table(3, 3), rows)

    assert word(build).text == "City: Nanjing; People: 9.5\n\nCity: Wuxi; People: 7; Note: on a lake"


def test_a_table_of_two_columns_without_numbers_is_labels_and_values():
    assert word(lambda file: fill(file.add_table(2, 2), [["Name:", "Li"], ["Office", "Mayor"]])).text == (
        "Name: Li\n\nOffice: Mayor"
    )


def test_a_merged_cell_speaks_for_every_row_that_it_spans():
    def build(file):
        table = file.add_table(3, 3)
        fill(table, [["Region", "City", "People"], ["South", "Wuxi", "7"], ["", "Nanjing", "9"]])
        table.cell(1, 0).merge(table.cell(2, 0))

    assert word(build).text.endswith("Region: South; City: Nanjing; People: 9")


def test_a_table_that_is_a_frame_is_read_as_what_stands_in_it():
    def build(file):
        cell = file.add_table(1, 1).cell(0, 0)
        cell.text = "One."
        cell.add_paragraph("Two.")

    assert word(build).text == "One.\n\nTwo."


def test_tracked_deletions_are_left_out_and_insertions_kept():
    def build(file):
        paragraph = file.add_paragraph("They bought ")
        inside(paragraph, "<w:del><w:r><w:delText>ten</w:delText></w:r></w:del>")
        inside(paragraph, "<w:ins><w:r><w:t>forty</w:t></w:r></w:ins>")

    assert word(build).text == "They bought forty"


def test_a_text_box_follows_its_paragraph():
    def build(file):
        box = (
            '<w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textbox><w:txbxContent><w:p><w:r>'
            "<w:t>Boxed.</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
        )
        inside(file.add_paragraph("Before."), box)

    assert word(build).text == "Before.\n\nBoxed."


def test_a_footnote_follows_the_paragraph_that_refers_to_it():
    def build(file):
        inside(file.add_paragraph("Output rose."), '<w:r><w:footnoteReference w:id="1"/></w:r>')
        file.add_paragraph("It fell.")

    file = docx.Document()
    build(file)
    space = nsdecls("w")
    words = "<w:p><w:r><w:t>By 5%.</w:t></w:r></w:p>"
    note = f"<w:footnotes {space}><w:footnote w:id='1'>{words}</w:footnote></w:footnotes>"
    stream = io.BytesIO(saved(file))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("word/footnotes.xml", note)
    document = parse_docx(stream.getvalue(), source="a.docx")
    assert document.text == "Output rose.\n\nNote: By 5%.\n\nIt fell."


def test_the_properties_of_a_docx_are_title_author_and_language_but_no_day():
    properties = {
        "title": "A tale",
        "author": "Ann Lee; Bo",
        "language": "de-AT",
        "created": datetime(2020, 1, 1, tzinfo=UTC),
    }
    document = word(lambda file: file.add_paragraph("Text."), **properties)
    assert (document.title, document.author, document.language) == ("A tale", "Ann Lee, Bo", "de")
    assert document.published is None


@pytest.mark.parametrize(
    "title", ["", "Microsoft Word - x.doc", "untitled", "Document1", "演示文稿1", "PowerPoint Presentation"]
)
def test_what_software_writes_for_a_title_is_none(title):
    assert word(lambda file: file.add_paragraph("Text."), title=title).title == "town robots"


@pytest.mark.parametrize("title", ["Word order in Latin", "Books", "Excellence", "Presentation skills", "标题党"])
def test_a_title_that_begins_like_softwares_is_kept(title):
    assert real_title(title) == title


def test_a_docx_without_text_is_empty():
    with pytest.raises(DocumentError, match=r"^is empty"):
        word()


# --- presentations -------------------------------------------------------------------------------------------------


def slides(build, **properties):
    file = pptx.Presentation()
    file.core_properties.title = properties.get("title", "PowerPoint Presentation")
    file.core_properties.author = ""
    build(file)
    return parse_pptx(saved(file), source="deck.pptx")


def add(file, layout, *texts):
    slide = file.slides.add_slide(file.slide_layouts[layout])
    for place, text in zip(slide.placeholders, texts, strict=False):
        place.text = text
    return slide


def test_a_slide_is_a_page_with_its_title_for_a_heading():
    def build(file):
        add(file, 0, "The deck", "by us")
        add(file, 6)
        add(file, 1, "Points", "one\ntwo").notes_slide.notes_text_frame.text = "Say this."

    document = slides(build)
    assert document.text == "## The deck\n\nby us\n\n## Points\n\n- one\n- two\n\n### Notes\n\nSay this."
    assert document.title == "The deck"
    assert [document.page_of(document.text.index(words)) for words in ("The deck", "by us", "## Points", "Say")] == [
        1,
        1,
        3,
        3,
    ]


def test_shapes_are_read_from_top_to_bottom_and_left_to_right():
    def build(file):
        slide = add(file, 6)
        for text, left, top in (("c", 1, 3), ("b", 5, 1), ("a", 1, 1.1)):
            slide.shapes.add_textbox(Inches(left), Inches(top), Inches(1), Inches(1)).text_frame.text = text
        group = slide.shapes.add_group_shape()
        group.shapes.add_textbox(0, Inches(6), Inches(1), Inches(1)).text_frame.text = "d"

    assert slides(build).text == "## Slide 1\n\na\n\nb\n\nc\n\nd"


def test_a_slide_that_is_only_a_title_is_text_and_no_mere_heading():
    assert slides(lambda file: add(file, 5, "Sales doubled")).text == "## Slide 1\n\nSales doubled"


def test_tables_and_charts_of_a_slide_are_rows():
    def build(file):
        slide = add(file, 6)
        fill(slide.shapes.add_table(2, 2, 0, 0, Inches(3), Inches(1)).table, [["City", "Role"], ["Wuxi", "host"]])
        data = CategoryChartData()
        data.categories = ["Q1", "Q2"]
        data.add_series("Sales", (1.5, 2))
        slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, Inches(3), Inches(3), Inches(3), data)

    assert slides(build).text == "## Slide 1\n\nCity: Wuxi; Role: host\n\nQ1; Sales: 1.5\n\nQ2; Sales: 2"


def test_a_presentation_without_words_is_empty():
    with pytest.raises(DocumentError, match=r"^is empty"):
        slides(lambda file: add(file, 6))


# --- OpenDocument --------------------------------------------------------------------------------------------------


def test_an_odt_is_read_in_order():
    body = (
        "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes>"
        '<text:p text:style-name="P1">The title</text:p>'
        '<text:h text:outline-level="2">Part</text:h><text:p>One<text:s text:c="3"/>two<text:note><text:note-citation>1'
        "</text:note-citation><text:note-body><text:p>Small print.</text:p></text:note-body></text:note>.</text:p>"
        "<text:list><text:list-item><text:p>a</text:p><text:list><text:list-item><text:p>b</text:p></text:list-item>"
        "</text:list></text:list-item></text:list><table:table><table:table-header-rows><table:table-row><table:table-cell>"
        "<text:p>City</text:p></table:table-cell><table:table-cell><text:p>Role</text:p></table:table-cell>"
        "</table:table-row></table:table-header-rows><table:table-row><table:table-cell><text:p>Wuxi</text:p>"
        "</table:table-cell><table:table-cell><text:p>host</text:p></table:table-cell></table:table-row></table:table>"
    )
    styles = '<style:style style:name="P1" style:parent-style-name="Title"/>'
    meta = "<dc:title>Other</dc:title><meta:initial-creator>Ann</meta:initial-creator><dc:language>fr-FR</dc:language>"
    document = parse_odt(odt(body, styles=styles, meta=meta), source="a.odt")
    assert document.text == (
        "# The title\n\n## Part\n\nOne two.\n\nNote: Small print.\n\n- a\n  - b\n\nCity: Wuxi; Role: host"
    )
    assert (document.title, document.author, document.language) == ("The title", "Ann", "fr")


def test_an_encrypted_odt_is_told_by_name():
    manifest = "<manifest><encryption-data/></manifest>"
    with pytest.raises(DocumentError, match=r"^is encrypted"):
        parse_odt(odt("", **{"META-INF/manifest.xml": manifest}), source="a.odt")


# --- what is none --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\0\0\0", "is empty"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "is encrypted"),
        (OLE + "WordDocument\0".encode("utf-16-le"), "is a Word 97 file; save it as .docx"),
        (OLE, "is no DOCX file: it is another file of old Office"),
        (b"{\\rtf1 x}", "is no DOCX file: it is an RTF file"),
        (b"\xef\xbb\xbf \n<!DOCTYPE HTML><p>x", "is no DOCX file: it is a web page"),
        (b"%PDF-1.7", "is no DOCX file: it is a PDF file"),
        (b"Dear all,", "is no DOCX file: it is a text file"),
        (b"PK\x03\x04 broken", "is damaged"),
        (zipped({"a.txt": "x"}), "is no DOCX file: it is another zip archive"),
        (odt(""), "is no DOCX file: it is ODT; rename it"),
        (saved(pptx.Presentation()), "is no DOCX file: it is PPTX; rename it"),
    ],
)
def test_what_is_no_docx_is_told_by_name(data, reason):
    with pytest.raises(DocumentError, match=rf"^{reason}"):
        parse_docx(data, source="a.docx")


def test_files_of_old_office_are_told_what_to_be_saved_as():
    assert [legacy(suffix) for suffix in (".doc", ".XLS", ".ppt")] == [
        "is a Word 97 file; save it as .docx",
        "is an Excel 97 file; save it as .xlsx",
        "is a PowerPoint 97 file; save it as .pptx",
    ]


def test_a_bomb_is_refused_before_it_is_unpacked():
    with pytest.raises(DocumentError, match=r"^unpacks to 30 MB"):
        checked_zip(zipped({"mimetype": ODT_TYPE, "content.xml": b" " * 30_000_000}), "ODT")


def test_a_bomb_that_lies_about_its_size_is_refused():
    data = bytearray(zipped({"content.xml": b"a" * 5_000_000}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    data[at + 16 : at + 20] = zlib.crc32(b"a" * 10).to_bytes(4, "little")
    with pytest.raises(DocumentError, match=r"^is damaged"):
        checked_zip(bytes(data), "ODT")


def test_too_many_members_and_odd_methods_are_refused():
    with pytest.raises(DocumentError, match=r"^holds 10001 files"):
        checked_zip(zipped({str(number): "" for number in range(10_001)}), "ODT")
    with pytest.raises(DocumentError, match=r"^is packed by a method"):
        checked_zip(zipped({"a": "b"}, zipfile.ZIP_LZMA), "ODT")


@pytest.mark.parametrize("code", ["utf-8", "utf-16-le", "utf-16-be"])
def test_xml_that_declares_entities_is_refused(code):
    with pytest.raises(DocumentError, match="declares XML entities"):
        parse_odt(odt("", **{"more.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a/>'.encode(code)}), source="a.odt")


def test_xml_nested_without_end_is_refused():
    depth = 50_000
    with pytest.raises(DocumentError, match=MESSAGE):
        parse_odt(odt("<text:section>" * depth + "</text:section>" * depth), source="a.odt")


def samples():
    file = docx.Document()
    file.add_heading("A", 1)
    fill(file.add_table(2, 2), [["a", "b"], ["c", "1"]])
    deck = pptx.Presentation()
    add(deck, 1, "A", "b")
    return [(parse_docx, saved(file)), (parse_pptx, saved(deck)), (parse_odt, odt("<text:p>a</text:p>"))]


SAMPLES = samples()


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_whatever_is_broken_in_a_part_no_other_error_escapes(sample, data):
    reader, sound = sample
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(sorted(members)))
    at, end = sorted(data.draw(st.tuples(*[st.integers(0, len(members[name]))] * 2)))
    members[name] = members[name][:at] + data.draw(st.binary(max_size=5)) + members[name][end:]
    if data.draw(st.booleans()):
        del members[name]
    try:
        text = reader(zipped(members), source="a.x").text
    except DocumentError as error:
        assert str(error)[0].islower()  # noqa: PT017 (either outcome is right)
    else:
        assert normalise(text) == text


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_whatever_is_broken_in_a_file_no_other_error_escapes(sample, data):
    reader, sound = sample
    at = data.draw(st.integers(0, len(sound)))
    broken = sound[:at] + data.draw(st.binary(max_size=8)) + sound[at + data.draw(st.integers(0, 50)) :]
    try:
        reader(broken, source="a.x")
    except DocumentError as error:
        assert str(error)[0].islower()  # noqa: PT017 (either outcome is right)


def test_a_source_line_below_the_headline_of_a_docx_is_understood_and_stays():
    def build(file):
        file.add_heading("Robots at work", 1)
        file.add_paragraph("Source: Bolt Press | 2024-03-06")
        file.add_paragraph("They weld. In May 2023 they did not.")

    document = word(build)
    assert (document.publisher, document.published) == ("Bolt Press", date(2024, 3, 6))
    assert document.text.startswith("# Robots at work\n\nSource: Bolt Press")


def test_a_day_in_the_text_of_a_docx_is_not_its_own():
    assert word(lambda file: file.add_paragraph("On 6 March 2024 they welded.")).published is None
