"""Records for people: what `export` writes, what `recheck` says, and hostile texts, which stay texts."""

import errno
import json
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from ingest import ingest
from rag import Config
from rag.errors import RecordError
from rag.record import Conversation, Exchange, dump, load
from rag.text import Span
from rag.types import Answer, Citation, Document, Filters, Hit, Passage, Sentence
from ui import cli
from ui.record_page import record_html, record_markdown

DOCUMENT = Document.of(
    "Ada Holm opened the harbour. It has room for 300 boats.",
    title="A harbour for Lund", publisher="Coast Post", published=date(2021, 5, 3), url="https://coast.example/lund",
    pages=(0, 29),
)  # fmt: skip
FIRST, SECOND = Citation.of(DOCUMENT, Span(0, 28)), Citation.of(DOCUMENT, Span(29, 55))
HIT = Hit(Passage(DOCUMENT.id, 0, 55, DOCUMENT.text), score=0.5)
VOID = {"br", "hr", "meta", "link", "img", "input"}
BRIDGE = "Ole Berg, an engineer, found a crack in the eastern pier of the bridge of Marn."
WHO = "Who found a crack in the bridge of Marn?"


def answered(*sentences, question="Who?", **more):
    told = {
        "status": "answered", "reason": None, "short": None, "confidence": 0.83, "hits": (HIT,), "conflicts": (),
        "fingerprint": "index-1 reader-2", "seconds": 0.1, "sentences": sentences,
    }  # fmt: skip
    return Answer(question, **{**told, **more})


FULL = Conversation(
    (
        Exchange(
            answered(
                Sentence("Ada Holm did.", (FIRST,), "supported"),
                Sentence("There are 400 boats.", (SECOND, FIRST), "partial", ("400",)),
                question="Who opened it?",
                short=Citation.of(DOCUMENT, Span(0, 8)),
                rewritten="Who opened the harbour of Lund?",
                filters=Filters(publishers=("Coast Post",), languages=("en",), published_to=date(2022, 1, 1)),
                relaxed=True,
                removed=(Sentence("It rained.", (), "unsupported", ("rained",)),),
                conflicts=((FIRST, SECOND),),
                trouble="the model took too long",
            )
        ),
        Exchange(
            answered(question="And the mayor?", status="refused", reason="insufficient", sentences=()),
            {DOCUMENT.id: DOCUMENT.title},
        ),
    ),
    {"search.limit": 10, "writer.model": "none"},
    datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
)


class Page(HTMLParser):
    """What a browser would make of a page: its text, its tags with their attributes."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.inside = [], "", []
        self.feed(html)
        self.close()
        assert not self.inside, f"not closed: {self.inside}"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.inside += [tag] if tag not in VOID else []

    def handle_endtag(self, tag):
        assert self.inside.pop() == tag

    def handle_data(self, data):
        self.text += data if self.inside[-1:] != ["style"] else ""


def seen(text):
    return " ".join(text.split())


def rendered(markdown):
    return MarkdownIt("commonmark").enable("table").render(markdown)


@pytest.mark.parametrize("html", [record_html(FULL), rendered(record_markdown(FULL))], ids=["html", "markdown"])
def test_a_page_tells_all_that_a_record_holds(html):
    text = seen(Page(html).text)
    for told in (
        "2026-03-01 12:30:00 UTC", "index-1 reader-2", "1. Who opened it?", "Who opened the harbour of Lund?",
        "Coast Post", "1 January 2022", "those in the question were given up", "83%", "the model took too long",
        "Ada Holm did. [1]", "There are 400 boats. [2] [1]", "only partly supported; 400 not in the cited text",
        "[1] and [2] contradict each other.", "It rained.", "not supported; rained not in the cited text",
        "A harbour for Lund · Coast Post · 3 May 2021 · page 1 · source characters 0–28", FIRST.quote, SECOND.quote,
        f"document {DOCUMENT.id}", "2. And the mayor?", "refused (insufficient)",
        "The nearest is “A harbour for Lund”.",
    ):  # fmt: skip
        assert told in text, told
    assert re.search(r"search\.limit( = )?10", text)


def test_a_page_is_framed_in_the_language_of_its_question():
    chinese = Conversation(
        (Exchange(answered(Sentence("霍尔姆。", (FIRST,), "supported"), question="谁为港口剪彩？")),)
    )
    assert '<html lang="zh">' in record_html(chinese)
    for text in (record_html(chinese), record_markdown(chinese)):
        assert "得到支持" in text
        assert "2021年5月3日" in text
        assert "supported" not in text


def test_the_page_asks_no_host_for_anything():
    page = Page(record_html(FULL))
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img", "link", "iframe", "form", "object", "base"})
    policies = [told["content"] for tag, told in page.tags if told.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]
    links = {told["href"] for tag, told in page.tags if tag == "a"}
    assert links == {"#q1s1", "#q1s2", "https://coast.example/lund"}
    assert {link[1:] for link in links if link[0] == "#"} <= {told.get("id") for _, told in page.tags}


EVIL = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](https://evil.example/p.png)", "</style><b>",
    "[click](javascript:alert(1))", "# big", "```\ncode", "| a | b |\n|---|---|", '" onmouseover="alert(1)',
    "{{ 7 * 7 }}",
    "{% raw %}", "\u202egnp.exe", "\x1b[2J\x07", "- [x] done", "1. one", "> quoted", "***", "---", "&lt;b&gt;",
    "]( <https://evil.example>", "https://evil.example/auto", "www.evil.example", "me@evil.example", "<!-- ",
    "\n\n    x",
]  # fmt: skip
ADDRESSES = [
    "javascript:alert(1)", "data:text/html,<script>", "file:///etc/passwd", "https://a.example/>)<b>",
    'https://a.example/" onclick="x', "https://a.example/\n\n# x", " https://a.example", "HTTPS://A.example/x(1)",
    "//a.example",
]  # fmt: skip


def hostile(text, url):
    citation = Citation("id" + text, 0, 5, text, text, text, None, url, None)
    sentence = Sentence(text, (citation,), "partial", (text,))
    filters = Filters(publishers=(text,), languages=(f"x{text}",), documents=(text,))
    more = {"short": citation, "rewritten": text, "removed": (sentence,), "trouble": text, "fingerprint": text}
    answer = answered(sentence, question=f"Who? {text}", filters=filters, conflicts=((citation, citation),), **more)
    refusal = answered(status="refused", reason="false_premise", sentences=(), question=text)
    exchanges = (Exchange(answer), Exchange(refusal, {DOCUMENT.id: text}))
    return Conversation(exchanges, {text: text}, datetime(2026, 3, 1, tzinfo=UTC))


def skeleton(html):
    """Return the tags of a page, links left out: these depend on the address."""
    return [tag for tag, _ in Page(html).tags if tag != "a"]


def targets(html):
    return {told["href"] for tag, told in Page(html).tags if tag == "a" and not told["href"].startswith("#")}


@pytest.mark.parametrize("write", [record_html, lambda record: rendered(record_markdown(record))], ids=["html", "md"])
@pytest.mark.parametrize("evil", EVIL)
def test_no_text_becomes_markup(evil, write):
    page = write(hostile(evil, None))
    assert skeleton(page) == skeleton(write(hostile("plain", None)))
    assert not targets(page)
    assert not re.search("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


@given(st.text())
def test_no_text_at_all_becomes_markup(text):
    record = hostile(f"x{text}", text)
    for write in (record_html, lambda record: rendered(record_markdown(record))):
        assert skeleton(write(record)) == skeleton(write(hostile("plain", None)))


@pytest.mark.parametrize("write", [record_html, lambda record: rendered(record_markdown(record))], ids=["html", "md"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_only_web_addresses_become_links_and_none_ends_early(address, write):
    page = write(hostile("plain", address))
    assert skeleton(page) == skeleton(write(hostile("plain", None)))
    expected = {"https://a.example/%3E)%3Cb%3E", "HTTPS://A.example/x(1)"}
    assert targets(page) <= expected
    assert bool(targets(page)) is (address in {ADDRESSES[3], ADDRESSES[7]})


def run(*arguments, code=0):
    result = CliRunner().invoke(cli.app, list(map(str, arguments)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.fixture
def docs(tmp_path, monkeypatch):
    """Make a working directory with two files and their index, as a user has it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "bridge.md").write_text(f"---\ntitle: The bridge\n---\n{BRIDGE}\n")
    (tmp_path / "docs" / "harbour.md").write_text(f"---\ntitle: The harbour\n---\n{DOCUMENT.text}\n")
    ingest(["docs"], config=Config())
    return tmp_path / "docs"


def test_what_was_asked_is_written_down_and_rechecked_when_files_have_changed(docs):
    run("export", WHO, "How many boats does the harbour have room for?", "--out", "record.json")
    record = load((docs.parent / "record.json").read_text("utf-8"))
    assert [exchange.answer.status for exchange in record.exchanges] == ["answered", "answered"]
    assert record.made is not None

    assert run("export", "--from", "record.json", "--as", "json") == (docs.parent / "record.json").read_text("utf-8")
    assert "Ole Berg" in run("export", "--from", "record.json")
    run("export", "--from", "record.json", "--out", "record.html")
    assert (docs.parent / "record.html").read_text("utf-8").startswith("<!doctype html>")

    assert run("recheck", "record.json").splitlines()[-1] == f"stands: {len(record.citations())}"
    (docs / "bridge.md").write_text(f"---\ntitle: The bridge\n---\nCorrected.\n\n{BRIDGE}\n")
    ingest(["docs"], config=Config())
    assert "moved: 1" in run("recheck", "record.json")
    (docs / "harbour.md").write_text(f"---\ntitle: The harbour\n---\n{DOCUMENT.text.replace('300', '350')}\n")
    (docs / "bridge.md").unlink()
    ingest(["docs"], config=Config())
    text = run("recheck", "record.json", code=1)
    assert "350 boats" in text
    checks = json.loads(run("recheck", "record.json", "--json", code=1))
    assert {check["standing"] for check in checks} >= {"changed", "gone"}
    assert list(checks[0]) == ["number", "standing", "citation", "now"]


def test_a_disk_that_fills_up_costs_no_earlier_record(tmp_path, monkeypatch):
    source, out = tmp_path / "source.json", tmp_path / "out.json"
    source.write_text(dump(FULL), "utf-8")
    out.write_text("an earlier record", "utf-8")
    write = Path.write_text

    def half(path, text, *arguments, **options):
        write(path, text[: len(text) // 2], *arguments, **options)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OSError, match="No space left"):
        run("export", "--from", source, "--out", out)
    assert out.read_text("utf-8") == "an earlier record"
    assert sorted(tmp_path.iterdir()) == [out, source]


def test_a_link_to_a_record_stays_one(tmp_path):
    source, link = tmp_path / "source.json", tmp_path / "link.json"
    source.write_text(dump(FULL), "utf-8")
    link.symlink_to(tmp_path / "out.json")
    run("export", "--from", source, "--out", link)
    assert link.is_symlink()
    assert load((tmp_path / "out.json").read_text("utf-8")) == FULL


def test_what_ask_prints_can_be_exported_and_rechecked(docs):
    (docs.parent / "answer.json").write_text(run("ask", WHO, "--json"), "utf-8")
    assert "### Answer" in run("export", "--from", "answer.json")
    assert "stands" in run("recheck", "answer.json")
    (docs.parent / "refusal.json").write_text(run("ask", "What is the boiling point of tungsten?", "--json"), "utf-8")
    assert run("recheck", "refusal.json") == "The record quotes nothing.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export"], "one of the two"),
        (["export", "Who?", "--from", "x.json"], "one of the two"),
        (["export", " "], "a question is empty"),
        (["export", "Who?", "--as", "pdf"], "pdf"),
        (["recheck"], "FILE"),
    ],
)
def test_a_call_that_makes_no_sense_is_told_so(arguments, message):
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"PK\x03\x04", b"", b'{"a": 1}', b"\xef\xbb\xbf[]"])
def test_a_foreign_file_is_named_and_refused(content, tmp_path):
    (tmp_path / "x.json").write_bytes(content)
    for command in (["export", "--from"], ["recheck"]):
        with pytest.raises(RecordError, match=r"x\.json is no answer record"):
            run(*command, tmp_path / "x.json")


def test_a_record_survives_a_windows_editor(tmp_path):
    (tmp_path / "x.json").write_bytes(b"\xef\xbb\xbf" + dump(FULL).replace("\n", "\r\n").encode())
    assert load(run("export", "--from", tmp_path / "x.json", "--as", "json")) == FULL
