"""JSON lines: each line a document or a reason, whatever stands on the others, and however long the file is."""

import json
import tracemalloc
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import IngestReport, ingest, jsonlines, read_folder
from ingest.jsonlines import MAX_LINE_BYTES, parse_json_line, read_lines
from rag.app import Assistant
from rag.config import Config
from rag.errors import DocumentError
from tests.fakes import FakeEmbedder, RefusingEmbedder

CONFIG = Config()


def parsed(**fields):
    return parse_json_line(json.dumps({"text": "The harbour opened.", **fields}).encode(), source="news.jsonl/1")


def lines(data):
    return list(read_lines([data]))


def failure(data):
    (line,) = lines(data)
    return line.failure


@pytest.fixture
def news(tmp_path):
    """Write objects as the lines of a file, and ingest it."""
    file = tmp_path / "news.jsonl"

    def write(*objects, embedder=None):
        text = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in objects)
        file.write_text(text, encoding="utf-8")
        return ingest([file], tmp_path / "index", config=CONFIG, embedder=embedder or FakeEmbedder())

    return write


def test_every_field_reaches_the_document():
    document = parsed(
        title="Harbour  opens", publisher="Coast Post", author=["Ada Holm", "Bo Li"], published="2021-05-02T10:00:00Z",
        language="en-GB", url="https://coast.example/1", id=7, views=12, tags={"a": []},
    )  # fmt: skip
    assert (document.title, document.publisher, document.author) == ("Harbour opens", "Coast Post", "Ada Holm, Bo Li")
    assert (document.published, document.language) == (date(2021, 5, 2), "en")
    assert (document.url, document.text) == ("https://coast.example/1", "The harbour opened.")
    assert document.source == "news.jsonl/1"


def test_fields_are_known_by_other_names_as_well():
    data = b'{"content": "", "body": "A text.", "date": "6 March 2024", "source": "Xinhua"}'
    document = parse_json_line(data, source="a")
    assert (document.text, document.published, document.publisher) == ("A text.", date(2024, 3, 6), "Xinhua")
    assert document.title == "A text."


@pytest.mark.parametrize(
    "source", ["data/part-1.txt", "C:\\news\\a", "crawl.JSONL", "https://a.example/b", {"name": "AP"}, 7, "", "\ud800"]
)
def test_a_source_that_is_no_name_of_an_outlet_is_no_publisher(source):
    assert parsed(source=source).publisher is None


def test_what_is_null_or_empty_is_not_there():
    document = parsed(**dict.fromkeys(("title", "publisher", "author", "published", "language", "url", "id")))
    assert document == parsed(title="", publisher=" ", author=[], published="", language="und", url="")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "is no JSON: Expecting property name"),
        (b"hello", "is no JSON"),
        (b'{"text": "a"} {"text": "b"}', "is no JSON: Extra data"),
        (b'{"text": "a", "date": NaN}', "is no JSON: NaN is not a JSON value"),
        (b'{"text": "a", "date": 1e999}', "has the date inf, which is no day"),
        (b'{"text": "a", "date": 1709683200}', "has the date 1709683200, which is no day; write 2024-03-06"),
        (b'{"text": "a", "published": "2024-02-30"}', "has the published '2024-02-30', which is no day"),
        (b'"text"', "is no JSON object but 'text'"),
        (b'{"title": "a"}', "has no text; it should stand under text, content or body"),
        (b'{"text": " \\n"}', "has no text"),
        (b'{"text": ["a"]}', "has the text ['a']; it should be text"),
        (b'{"text": "a", "title": 5}', "has the title 5; it should be text"),
        (b'{"text": "a", "author": ["b", 1]}', "has the author 1; it should be text"),
        (b'{"text": "a", "language": "English"}', "has the language 'English'; write a code such as en or zh"),
        (b'{"text": "a\\ud800"}', "has a text with half a character"),
        (b'{"text": "a", "title": "\\udc00"}', "has a title with half a character"),
        (b'{"text": "a", "title": "' + b"x" * 2000 + b'"}', "has a title of 2,000 characters; at most 1,000"),
        (b'{"text": "caf\xe9"}', "is not UTF-8: byte 0xe9 at offset 13"),
        (b'{"text": ' + b"[" * 100_000, "is nested too deeply"),
        (b'{"text": ' + b"9" * 5_000 + b"}", "is no JSON: Exceeds the limit"),
        (b'{"text": "a\0"}', "is no JSON: Invalid control character"),
        (b'{"a": [' + b"[]," * 600_000 + b"[]]}", "holds more than 1,000,000 values"),
    ],
)
def test_a_bad_line_says_what_is_wrong_with_it(data, reason):
    assert failure(data).startswith(f"line 1 {reason}")


def test_a_half_character_that_finds_its_other_half_is_whole():
    assert parse_json_line(b'{"text": "\\ud83d\\ude00 laughs."}', source="a").text == "\U0001f600 laughs."


def test_a_line_goes_by_its_id_its_url_or_its_number():
    data = "\r\n".join(
        json.dumps({"text": "a", **fields})
        for fields in (
            {"id": 17}, {"id": "b/c", "url": "https://a.example/"}, {"url": "https://a.example/x"}, {}, {"id": 17},
            {"id": True}, {"id": 1.5}, {"id": "  "},
        )
    )  # fmt: skip
    keys = [line.key for line in lines(f"\ufeff\n{data}\n\n".encode())]
    assert keys == ["17", "b/c", "https://a.example/x", "#5", "#6", "#7", "#8", "#9"]


@pytest.mark.parametrize("key", ["../a", "a/../b", "/etc/passwd", ".", "a/", "a\\b", "a\nb", "#2", "\ud800", "x" * 301])
def test_an_id_that_is_no_good_name_is_not_used(key):
    assert lines(json.dumps({"text": "a", "id": key}).encode())[0].key == "#1"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_the_pieces_in_which_a_file_comes_do_not_matter(size):
    data = b'{"text": "One."}\r\n\n{"text": "Two."}\nbad\n{"text": "Three."}'
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert list(read_lines(pieces)) == lines(data)
    assert [line.number for line in lines(data)] == [1, 3, 4, 5]


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_any_bytes_are_lines_or_an_error_of_ours(pieces):
    try:
        for line in read_lines(pieces):
            assert bool(line.failure) != bool(line.data)
            if line.data:
                assert parse_json_line(line.data, source=line.key).text.strip()
    except DocumentError:
        pass


def test_a_line_without_end_takes_no_memory_and_the_next_is_read():
    piece = b"x" * (1 << 20)

    def pieces():
        for _ in range(1024):
            yield piece
        yield b'\n{"text": "After it."}\n'

    tracemalloc.start()
    long, good = read_lines(pieces())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert long.failure == "line 1 is longer than 20 MB, which is the most that is read of one line"
    assert good.data
    assert peak < 5 * MAX_LINE_BYTES


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b'[{"text": "a"},\n{"text": "b"}]', "is one JSON list"),
        ('{"text": "a"}'.encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b"no lines\n" * 30, "is left at line 20: 20 of its first 20 lines are no documents"),
    ],
)
def test_another_kind_of_file_is_told_once(data, reason):
    with pytest.raises(DocumentError, match=f"^{reason}"):
        lines(data)


def test_of_endless_bad_lines_a_thousand_are_told(monkeypatch):
    monkeypatch.setattr(jsonlines, "_MAX_FAILED", 25)
    told = []
    with pytest.raises(DocumentError, match="is left at line 26"):
        told.extend(read_lines([b'{"text": "a"}\n', b"bad\n" * 1000]))
    told = list(read_lines([b'{"text": "a"}\n', b"bad\n" * 24]))
    assert len(told) == 25


# --- in an index ---------------------------------------------------------------------------------------------------


def test_each_line_is_a_document_that_is_cited_with_its_fields(news, tmp_path):
    report = news(
        {"id": "h1", "text": "The harbour of Marn opened.", "title": "Harbour", "publisher": "Coast Post"},
        "{broken",
        {"text": "The tower of Kell leans."},
    )
    assert report.added == ("news.jsonl/h1", "news.jsonl/#3")
    ((name, reason),) = report.failed
    assert name == "news.jsonl/#2"
    assert reason.startswith("line 2 is no JSON")
    with Assistant(tmp_path / "index", CONFIG, embedder=FakeEmbedder()) as bot:
        hit = bot.search("harbour of Marn")[0]
        document = bot.index.library.document(hit.passage.doc_id)
    assert (document.title, document.publisher, document.source) == ("Harbour", "Coast Post", "news.jsonl/h1")


def test_lines_are_told_apart_as_new_changed_unchanged_and_gone(news):
    one, two, three = ({"id": n, "text": f"The text of number {n}."} for n in (1, 2, 3))
    news(one, two)
    assert news(two, one, embedder=RefusingEmbedder()).unchanged == ("news.jsonl/2", "news.jsonl/1")
    report = news({**one, "text": "Another text."}, three)
    assert report == IngestReport(added=("news.jsonl/3",), updated=("news.jsonl/1",), removed=("news.jsonl/2",))


def test_a_line_with_another_id_is_renamed(news):
    news({"id": 1, "text": "A text."})
    report = news({"id": 2, "text": "A text."}, embedder=RefusingEmbedder())
    assert (report.added, report.removed) == (("news.jsonl/2",), ("news.jsonl/1",))


def test_nothing_is_dropped_for_a_line_whose_id_cannot_be_read(news):
    news({"id": 1, "text": "The first."}, {"id": 2, "text": "The second."})
    report = news({"id": 1, "text": "The first."}, '{"id": 2, "text": "The sec')
    assert (report.unchanged, report.removed) == (("news.jsonl/1",), ())
    report = news({"id": 1, "text": 5})
    assert (report.removed, report.failed) == (
        ("news.jsonl/2",), (("news.jsonl/1", "line 1 has the text 5; it should be text"),)
    )  # fmt: skip


def test_nothing_is_dropped_of_a_file_that_cannot_be_read_through(news):
    news({"id": 1, "text": "The first."})
    report = news(*["bad"] * 30)
    assert report.removed == ()
    assert len(report.failed) == 21
    assert report.failed[-1][0] == "news.jsonl"


def test_a_file_that_is_gone_takes_its_lines_with_it(news, tmp_path):
    news({"id": 1, "text": "The first."})
    (tmp_path / "news.jsonl").unlink()
    report = ingest([tmp_path / "news.jsonl"], tmp_path / "index", config=CONFIG)
    assert report == IngestReport(removed=("news.jsonl/1",))


def test_a_line_and_a_file_of_the_same_bytes_are_two_documents(news, tmp_path):
    line = '{"id": "a.txt", "text": "The harbour."}'
    (tmp_path / "a.txt").write_text(line, encoding="utf-8")
    news(line)
    ingest([tmp_path / "a.txt"], tmp_path / "index", config=CONFIG, embedder=FakeEmbedder())
    with Assistant(tmp_path / "index", CONFIG, embedder=FakeEmbedder()) as bot:
        assert sorted(document.text for document in bot.documents()) == ["The harbour.", line]


def test_lines_are_read_without_an_index(tmp_path):
    (tmp_path / "a.ndjson").write_text('{"text": "One."}\n{"text": "Two.", "id": "b"}', encoding="utf-8")
    assert [document.source for document in read_folder(tmp_path)] == ["a.ndjson/#1", "a.ndjson/b"]
    (tmp_path / "a.ndjson").write_text('{"text": 1}', encoding="utf-8")
    with pytest.raises(DocumentError, match=r"^a\.ndjson/#1: line 1 has the text 1"):
        read_folder(tmp_path)
