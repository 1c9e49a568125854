"""PDFs become documents whose pages are known, or a reason why not. reportlab draws them here."""

import io
import re
import unicodedata
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from ingest.layout import Piece, columns
from ingest.pages import assemble, join_lines, without_furniture
from ingest.pdf import parse_pdf
from rag.errors import DocumentError

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))

LEFT = [
    "The town bought forty robots in",
    "the spring, and the state-owned",
    "works in the valley took twenty",
    "of them for welding the frames.",
]
RIGHT = [
    "Nobody was dismissed, the mayor",
    "said, because the men who had",
    "welded learned to mend robots",
    "and were paid more than before.",
]


def pdf(*pages, encrypt=None, **metadata):
    """Draw pages; each is a list of (x, y, text) or (x, y, text, size) or (x, y, text, size, font)."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(600, 800), encrypt=encrypt, invariant=1)
    for key, value in metadata.items():
        getattr(canvas, f"set{key.title()}")(value)
    for page in pages:
        for x, y, text, *rest in page:
            size, font = (*rest, *(10, "Helvetica")[len(rest) :])
            canvas.setFont(font, size)
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def lines(words, *, x=50, y=700, size=10, font="Helvetica", step=1.3):
    return [(x, y - n * size * step, line, size, font) for n, line in enumerate(words)]


def read(*pages, source="reports/robots_at-work.pdf", **options):
    return parse_pdf(pdf(*pages, **options), source=source)


def refusal(data):
    with pytest.raises(DocumentError) as caught:
        parse_pdf(data, source="x.pdf")
    return str(caught.value)


# --- order ---------------------------------------------------------------------------------------------------------


def test_two_columns_below_a_title_are_read_one_after_the_other():
    title = [(60, 760, "Forty robots in the town, and nobody dismissed", 20)]
    page = title + lines(LEFT, x=50) + lines(RIGHT, x=320)
    text = read(page).text
    assert text == f"# {title[0][2]}\n\n{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"


def test_columns_drawn_line_by_line_across_the_page_are_read_as_columns():
    rows = zip(lines(LEFT, x=50), lines(RIGHT, x=320), strict=True)
    assert read([line for row in rows for line in row]).text == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"


def test_three_columns_are_read_from_left_to_right():
    thirds = [[f"{word} goes on and on here" for _ in range(6)] for word in ("aaa", "bbb", "ccc")]
    page = [line for n, words in enumerate(thirds) for line in lines(words, x=30 + n * 190)]
    assert re.findall("aaa|bbb|ccc", read(page).text) == ["aaa"] * 6 + ["bbb"] * 6 + ["ccc"] * 6


def test_a_sentence_that_runs_over_a_column_is_one():
    page = lines(LEFT[:3], x=50) + lines([LEFT[3], *RIGHT], x=320)
    assert read(page).text.startswith(" ".join(LEFT))


def test_a_table_is_read_across():
    cells = [("Welders", "20", "3.1"), ("Painters", "18", "2.9"), ("Movers", "2", "0.4"), ("All", "40", "6.4")]
    page = [(50 + 150 * n, 700 - 14 * row, cell) for row, line in enumerate(cells) for n, cell in enumerate(line)]
    assert read(page).text == "\n\n".join(" ".join(line) for line in cells)


def test_a_page_turned_on_its_side_is_read_upright():
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(600, 800), invariant=1)
    canvas.rotate(90)
    for x, y, text, *_ in lines(LEFT, y=-100):
        canvas.drawString(x, y, text)
    canvas.save()
    assert parse_pdf(out.getvalue(), source="x.pdf").text == " ".join(LEFT)


def test_what_lies_off_the_page_or_aslant_is_left_out():
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(600, 800), invariant=1)
    canvas.drawString(50, 700, "Seen.")
    canvas.drawString(-300, 600, "robots.indd 1")
    canvas.rotate(45)
    canvas.drawString(300, 100, "DRAFT")
    canvas.save()
    assert parse_pdf(out.getvalue(), source="x.pdf").text == "Seen."


# --- words and paragraphs ------------------------------------------------------------------------------------------


def test_a_word_broken_at_a_line_end_is_made_whole_and_a_real_hyphen_kept():
    words = [
        "The state-owned works ask for inno-",
        "vation, and every other state-",
        "owned works in the province does.",
    ]
    assert read(lines(words)).text == (
        "The state-owned works ask for innovation, and every other state-owned works in the province does."
    )


@pytest.mark.parametrize(
    ("broken", "words", "joined"),
    [
        (["inno-", "vation"], set(), "innovation"),
        (["re-", "form"], {"re-form", "reform"}, "reform"),
        (["Anglo-", "American"], set(), "Anglo-American"),
        (["state-of-the-", "art"], set(), "state-of-the-art"),
        (["COVID-", "19"], set(), "COVID-19"),
        (["2020 -", "2021"], set(), "2020 -2021"),
        (["新质", "生产力"], set(), "新质生产力"),
        (["one", "two"], set(), "one two"),
        (["か\u0338", "\u3099"], set(), "か\u0338 \u3099"),  # would melt into the first character
    ],
)
def test_lines_are_joined_as_their_words_ask(broken, words, joined):
    assert join_lines(broken, words)[0] == joined


def test_paragraphs_are_told_by_space_indentation_and_short_lines():
    spaced = lines(LEFT) + lines(RIGHT, y=630)
    indented = lines(LEFT) + lines([RIGHT[0]], x=62, y=648) + lines(RIGHT[1:], y=635)
    short = lines([*LEFT, "So it was."]) + lines(RIGHT, y=635)
    assert read(spaced).text == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"
    assert read(indented).text == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"
    assert read(short).text == f"{' '.join(LEFT)} So it was.\n\n{' '.join(RIGHT)}"


def test_chinese_lines_are_joined_without_spaces():
    words = ["新质生产力是创新起主导作用的先进", "生产力，各地要因地制宜地发展它，", "不能搞一种模式。"]
    document = read([(150, 760, "因地制宜发展新质生产力", 20, "STSong-Light"), *lines(words, font="STSong-Light")])
    assert document.text == f"# 因地制宜发展新质生产力\n\n{''.join(words)}"
    assert (document.title, document.language) == ("因地制宜发展新质生产力", "zh")


def test_ligatures_and_radicals_become_letters_and_other_signs_stay():
    assert read([(50, 700, "The ﬁrst ﬂoor, 5 m² for ½", 10, "Vera")]).text == "The first floor, 5 m² for ½"


def test_a_line_that_begins_with_a_hash_does_not_become_a_heading():
    assert read([(50, 700, "# ls is typed by root.")]).text == "#\u00a0ls is typed by root."


def test_larger_lines_are_headings_by_size():
    page = [(50, 760, "Robots", 24), (50, 730, "What they cost", 14), *lines(LEFT)]
    assert read(page).text == f"# Robots\n\n## What they cost\n\n{' '.join(LEFT)}"


# --- pages ---------------------------------------------------------------------------------------------------------


def test_running_heads_and_page_numbers_are_dropped():
    pages = [
        [(50, 780, "The Daily Bolt"), *lines([f"{word} is what this page alone tells of."]), (290, 20, f"- {n} -")]
        for n, word in enumerate(["Welding", "Painting", "Moving", "Mending"], start=7)
    ]
    assert "Bolt" not in read(*pages).text
    assert re.findall(r"\d", read(*pages).text) == []
    assert "Bolt" in read(*pages[:2]).text  # two pages prove nothing


def test_heads_that_change_and_count_the_pages_are_dropped():
    names = ["Welding", "Painting", "Moving", "Mending"]
    pages = [[(50, 780, f"{name}   {n}"), *lines([f"{name} is done."])] for n, name in enumerate(names, start=31)]
    assert read(*pages).text == "\n\n".join(f"{name} is done." for name in names)


def test_a_title_that_is_the_running_head_later_stays_the_title():
    pages = [[(50, 780, "Robots", 24 if n == 0 else 8), *lines([f"{'abcd'[n]} is said here."])] for n in range(4)]
    assert read(*pages).title == "Robots"


def test_a_paragraph_that_runs_over_a_page_is_one_and_the_page_begins_inside_it():
    document = read(lines(LEFT[:3]), lines([LEFT[3], *RIGHT]))
    assert document.text == " ".join(LEFT + RIGHT)
    assert document.pages == (0, document.text.index(LEFT[3]))


def test_a_word_broken_by_the_end_of_a_page_is_whole_and_lies_on_both():
    document = read(lines([*LEFT[:3], "of them for the sake of inno-"]), lines(["vation in the works."]))
    assert document.text.endswith("for the sake of innovation in the works.")
    assert document.text[document.pages[1] :] == "vation in the works."


def test_an_empty_page_begins_where_the_next_one_does():
    document = read([], lines(["One."]), [], [], lines(["Two."]), [])
    assert document.text == "One.\n\nTwo."
    assert document.pages == (0, 0, 6, 6, 6, 10)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(1, 9), max_size=6), min_size=1, max_size=5).filter(any), st.booleans())
def test_every_page_holds_its_own_words(pages, two_columns):
    """A page is a list of lines, a line so many words."""
    drawn, expected = [], []
    for number, page in enumerate(pages):
        words = [
            [f"{'abcde'[number]}{'fghijk'[n]}{'lmnopqrst'[at]}o" for at in range(size)] for n, size in enumerate(page)
        ]
        half = len(words) // 2 if two_columns else len(words)
        written = [" ".join(line) for line in words]
        drawn.append(lines(written[:half]) + lines(written[half:], x=320))
        expected.append({word for line in words for word in line})
    document = read(*drawn)
    ends = (*document.pages[1:], len(document.text))
    assert [set(re.findall(r"\w+", document.text[a:b])) for a, b in zip(document.pages, ends, strict=True)] == expected


PIECES = st.builds(
    Piece,
    text=st.text(min_size=1).map(lambda text: unicodedata.normalize("NFC", " ".join(text.split()))).filter(bool),
    page=st.just(0),
    left=st.floats(0, 500),
    right=st.floats(500, 600),
    base=st.floats(0, 800),
    size=st.sampled_from([8.0, 10.0, 24.0]),
)


@given(st.lists(st.lists(PIECES, max_size=8), max_size=5))
def test_whatever_stands_on_the_pages_the_text_is_normal_and_the_offsets_fit(pages):
    pages = [[piece._replace(page=number) for piece in page] for number, page in enumerate(pages)]
    found = assemble(pages)
    assert unicodedata.is_normalized("NFC", found.text)
    assert len(found.pages) == len(pages)
    assert [*found.pages, len(found.text)] == sorted([*found.pages, len(found.text)])
    assert [page for page in without_furniture(pages[:2]) if page] == [page for page in pages[:2] if page]


@given(st.lists(PIECES, max_size=30))
def test_no_piece_is_lost_on_the_way_to_columns(pieces):
    read_out = " ".join(line.text for column in columns(pieces) for line in column)
    assert sorted(read_out.replace(" ", "")) == sorted("".join(piece.text for piece in pieces).replace(" ", ""))


# --- what it says of itself ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("The robots of the valley", "The robots of the valley"),
        ("Microsoft Word - robots.doc", "Robots"),
        ("untitled", "Robots"),
        ("Presentation1", "Robots"),
        ("PowerPoint Presentation", "Robots"),
        ("无标题", "Robots"),
        ("final_v3.docx", "Robots"),
        ("  ", "Robots"),
        ("12345", "Robots"),
    ],
)
def test_the_title_is_that_of_the_metadata_unless_software_made_it_up(said, title):
    assert read([(50, 760, "Robots", 24), *lines(LEFT)], title=said).title == title


def test_without_any_title_it_is_the_name_of_the_file():
    assert read(lines(LEFT)).title == "robots at work"


@pytest.mark.parametrize(
    ("said", "author"),
    [
        ("Ann Lee", "Ann Lee"),
        ("李伟", "李伟"),
        ("lenovo", None),
        ("Administrator", None),
        ("", None),
        ("Information Office of the State Council", "Information Office of the State Council"),
        ("Microsoft Office User", None),
        ("Ann Lee; Windows User", "Ann Lee"),
    ],
)
def test_the_author_is_a_person(said, author):
    assert read(lines(LEFT), author=said).author == author


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("6 March 2024", date(2024, 3, 6)),
        ("The Daily Bolt | Wednesday, March 6, 2024", date(2024, 3, 6)),
        ("It was founded on 6 March 2024 in Nanjing", None),
    ],
)
def test_the_day_is_one_that_stands_at_the_top_and_never_the_making_of_the_file(line, day):
    data = pdf([(50, 760, "Robots", 24), (50, 735, line), *lines(LEFT)])
    assert b"/CreationDate" in data
    assert parse_pdf(data, source="x.pdf").published == day


def test_a_source_line_below_the_headline_is_understood():
    head = [(50, 760, "Robots at work", 20), (50, 735, "Source: Xinhua | 2024-03-06"), (50, 720, "By Ann Lee")]
    document = read(head + lines(LEFT))
    assert (document.publisher, document.author, document.published) == ("Xinhua", "Ann Lee", date(2024, 3, 6))


# --- what cannot be read -------------------------------------------------------------------------------------------


def test_an_encrypted_pdf_is_told_by_name():
    data = pdf(lines(LEFT), encrypt=StandardEncryption("secret", "owner"))
    assert refusal(data) == "is encrypted; save it without a password"


def test_a_pdf_that_opens_without_a_password_is_read():
    assert read(lines(LEFT), encrypt=StandardEncryption("", "owner")).text == " ".join(LEFT)


@pytest.mark.parametrize("stamp", ["", "Scanned by FastScan"])
def test_a_scan_is_told_by_name(stamp):
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for _ in range(3):
        canvas.drawImage(ImageReader(Image.new("L", (20, 20))), 50, 50, 400, 600)
        canvas.drawString(50, 20, stamp)
        canvas.showPage()
    canvas.save()
    assert refusal(out.getvalue()) == "is a scan without text; run OCR on it first"


def test_a_pdf_without_anything_is_empty():
    assert refusal(b"") == "is empty"
    assert refusal(pdf([])) == "is empty"


def test_pages_that_all_say_the_same_are_read():
    assert read(*[lines(["Page left blank."])] * 3).text == "\n\n".join(["Page left blank."] * 3)


@pytest.mark.parametrize("data", [b"PK\3\4 no", b"just text", b"<html></html>"])
def test_what_is_no_pdf_is_told_by_name(data):
    assert refusal(data).startswith("is no PDF: ")


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.4\ntrailer<</Root 1 0 R>>", pdf(lines(LEFT))[:300]])
def test_a_damaged_pdf_is_told_by_name(data):
    assert refusal(data).startswith("is no PDF that can be read: ")


WHOLE = pdf([(50, 780, "Robots", 24), *lines(LEFT)], lines(RIGHT), title="Robots")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_the_bytes_are_there_is_a_document_or_a_reason(data):
    damaged = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 20))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(DocumentError):
        document = parse_pdf(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]), source="x.pdf")
        assert document.text
        assert list(document.pages) == sorted(document.pages)


def test_a_title_of_two_lines_is_one_heading_though_its_lines_stand_further_apart_than_the_text():
    title = lines(["Forty robots in the town,", "and nobody dismissed"], y=760, size=20)
    document = read(title + lines(LEFT, y=680))
    assert document.text.startswith("# Forty robots in the town, and nobody dismissed\n\nThe town bought")
    assert document.title == "Forty robots in the town, and nobody dismissed"
