"""Tables become documents in which each row can be understood alone."""

import io
from datetime import UTC, datetime, time, timedelta

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ingest.tables
from ingest.blocks import column_letters, sheet
from ingest.cells import show_cell
from ingest.tables import parse_csv, parse_xlsx
from rag.errors import DocumentError
from rag.text import normalise


def rows_of(text, source="towns.csv"):
    return parse_csv(text, source=source).text.split("\n\n")


def book(*sheets, **formats):
    file = openpyxl.Workbook()
    file.remove(file.active)
    for number, rows in enumerate(sheets, start=1):
        page = file.create_sheet(f"Part {number}")
        for row in rows:
            page.append(row)
        for cell, form in formats.items():
            page[cell].number_format = form
    return saved(file)


def saved(file):
    stream = io.BytesIO()
    file.save(stream)
    return stream.getvalue()


def xlsx(*sheets, **formats):
    return parse_xlsx(book(*sheets, **formats), source="a_book.xlsx")


# --- CSV -----------------------------------------------------------------------------------------------------------


def test_each_row_of_a_csv_names_its_columns():
    assert rows_of("City,People,Note\nNanjing,9.5,\n\nWuxi,7,on a lake\n") == [
        "City: Nanjing; People: 9.5",
        "City: Wuxi; People: 7; Note: on a lake",
    ]


def test_a_table_without_header_has_the_letters_of_its_columns():
    assert rows_of("Li,54\nWang,61\n") == ["Column A: Li; Column B: 54", "Column A: Wang; Column B: 61"]
    assert [column_letters(number) for number in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_captions_above_the_header_are_kept_and_years_may_be_names():
    assert rows_of("Population in millions,,\nCity,2020,2021\nWuxi,7,7.1\n") == [
        "Population in millions",
        "City: Wuxi; 2020: 7; 2021: 7.1",
    ]


def test_days_may_be_names_where_they_are_a_series():
    assert rows_of("City,2024-01-01,2024-02-01,2024-03-01\nWuxi,1,2,3\n")[0].startswith("City: Wuxi; 2024-01-01: 1")
    assert rows_of("Li,2024-01-01\nWang,2024-02-01\n")[0] == "Column A: Li; Column B: 2024-01-01"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(mark):
    text = "\n".join(mark.join(row) for row in (["City", "People"], ["Wuxi", "7.1"], ["Nanjing", "9.5"]))
    assert rows_of(text)[0] == "City: Wuxi; People: 7.1"


def test_commas_in_numbers_do_not_make_columns():
    assert rows_of("City;People\nWuxi;7,1\nNanjing;9,5\n")[0] == "City: Wuxi; People: 7,1"
    assert rows_of("sep=;\nCity;People\nWuxi;7,1\n") == ["City: Wuxi; People: 7,1"]


def test_a_tsv_is_cut_at_tabs_only():
    assert rows_of("City\tNote\nWuxi\ta, b, c\n", "a.tsv") == ["City: Wuxi; Note: a, b, c"]


def test_quoted_cells_hold_delimiters_and_line_ends():
    assert rows_of('City,Note\nWuxi,"a, ""b""\nc"\n') == ['City: Wuxi; Note: a, "b" c']


def test_a_quote_that_is_never_closed_swallows_nothing():
    assert rows_of('Part,Size\npipe,"5 inch\nbolt,2 inch\n') == [
        'Part: pipe; Size: "5 inch',
        "Part: bolt; Size: 2 inch",
    ]


@pytest.mark.parametrize("cell", ["=1+2", "+1", "-x", "@SUM(A1)", "=HYPERLINK(0)"])
def test_what_looks_like_a_formula_in_a_csv_is_text(cell):
    assert rows_of(f"City,Note\nWuxi,{cell}\n") == [f"City: Wuxi; Note: {cell}"]


def test_a_table_with_only_a_header_is_still_read():
    assert rows_of("City,People\n") == ["City; People"]


def test_a_table_without_cells_is_empty():
    with pytest.raises(DocumentError, match=r"^is empty"):
        parse_csv(",,\n , \n", source="a.csv")


def test_too_many_rows_are_told_with_the_limit(monkeypatch):
    with pytest.raises(DocumentError, match=r"more than 100,000 rows; split it"):
        parse_csv("a,b\n" * 100_002, source="a.csv")
    monkeypatch.setattr(ingest.tables, "_MAX_CELLS", 10)
    with pytest.raises(DocumentError, match=r"more than 10 cells; split it"):
        parse_csv("a,b,c\n" * 10, source="a.csv")


def test_a_field_without_end_is_told():
    with pytest.raises(DocumentError, match=r"^is no table: field larger than field limit"):
        parse_csv("a,b\n" + "x" * 200_000, source="a.csv")


# --- workbooks -----------------------------------------------------------------------------------------------------


def test_a_row_of_a_sheet_shows_days_numbers_and_percent_as_people_see_them():
    document = xlsx(
        [["City", "Day", "Share", "Count", "Price"], ["Wuxi", datetime(2024, 3, 6), 0.125, 1.0, 1234.5]],  # noqa: DTZ001
        C2="0.0%",
        E2="[$€-407] #,##0.00",
    )
    assert document.text == "City: Wuxi; Day: 2024-03-06; Share: 12.5%; Count: 1; Price: € 1234.5"
    assert (document.title, document.published) == ("a book", None)


def test_several_sheets_have_headings_and_one_has_none():
    one = [["City", "Role"], ["Wuxi", "host"]]
    assert xlsx(one, []).text == "City: Wuxi; Role: host"
    assert xlsx(one, [], [["Li", 54]]).text == (
        "## Part 1\n\nCity: Wuxi; Role: host\n\n## Part 3\n\nColumn A: Li; Column B: 54"
    )


def test_a_hidden_sheet_and_errors_are_left_out():
    file = openpyxl.load_workbook(io.BytesIO(book([["City", "Share"], ["Wuxi", "#DIV/0!"]], [["secret", "x"]])))
    file["Part 2"].sheet_state = "hidden"
    assert parse_xlsx(saved(file), source="a.xlsx").text == "City: Wuxi"


def test_a_formula_is_never_computed():
    assert xlsx([["City", "Sum"], ["Wuxi", "=1+1"]]).text == "City: Wuxi"
    with pytest.raises(DocumentError, match="no cell has a value"):
        xlsx([["=1+1"]])


def test_a_cell_far_away_costs_nothing():
    file = openpyxl.Workbook()
    file.active["A1"], file.active["A1048576"] = "Li", 3
    assert parse_xlsx(saved(file), source="a.xlsx").text.endswith("3")


def test_rows_of_all_sheets_are_counted(monkeypatch):
    monkeypatch.setattr(ingest.tables, "MAX_ROWS", 3)
    with pytest.raises(DocumentError, match="more than 3 rows"):
        xlsx([["a"], ["b"]], [["c"], ["d"]])


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (100, "General", "100"),
        (-5, '_("$"* #,##0.00_);_("$"* (#,##0.00)', "-$5"),
        (1_234_567, '0.0,,"M"', "1.2M"),
        (1.005, "0.00", "1.01"),
        (3, '0 "km"', "3 km"),
        (12, '0"%"', "12%"),
        (5.5, "# ?/?", "5.5"),
        (7, "0_);[Red](0)", "7"),
        (1e300, "0.00", "1E+300"),
        (float("nan"), "0", "NaN"),
        (True, "0", "TRUE"),
        (time(9, 30), "General", "09:30:00"),
        (timedelta(hours=30), "General", "1 day, 6:00:00"),
        (datetime(2024, 3, 6, 9, 30, tzinfo=UTC).replace(tzinfo=None), "General", "2024-03-06 09:30"),
        (None, "General", ""),
    ],
)
def test_a_cell_is_written_as_it_is_shown(value, form, shown):
    assert show_cell(value, form) == shown


@given(st.floats() | st.integers(), st.text('0#?.,%;"\\[]$€_*() -EeM/', max_size=20) | st.text(max_size=20))
def test_no_number_format_breaks_a_number(value, form):
    assert isinstance(show_cell(value, form), str)


# --- both ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.lists(st.text(max_size=6), max_size=4), max_size=6))
def test_no_cell_is_lost(rows):
    text = "\n".join(sheet([["a", "b", "c", "d"], *rows]))
    words = {letter for row in rows for cell in row for letter in normalise(cell) if letter.isalnum()}
    assert words <= set(normalise(text))


@given(st.text("a1,;\t|\"'\n =#", max_size=80))
def test_any_text_is_a_table_or_told(text):
    try:
        document = parse_csv(text, source="a.csv")
    except DocumentError:
        return
    assert document.text.strip()


SOUND = book([["City", "Day"], ["Wuxi", 3.5]])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SOUND)), st.binary(max_size=8), st.integers(0, 50))
def test_whatever_is_broken_in_a_workbook_no_other_error_escapes(at, junk, cut):
    try:
        parse_xlsx(SOUND[:at] + junk + SOUND[at + cut :], source="a.xlsx")
    except DocumentError as error:
        assert str(error)[0].islower()  # noqa: PT017 (either outcome is right)
