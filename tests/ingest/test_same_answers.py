"""The documents that ship, written in other formats: twenty questions get the answers that they get from Markdown."""

import html
import io
import re

import docx
import pytest
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate

import rag
from eval import gold
from eval.tasks.corpus import GOLD
from ingest import ingest, read_folder
from rag.app import CORPUS
from tests.ingest.test_books import PAGE, epub

# Five indexes by the real encoder, and a hundred questions.
pytestmark = pytest.mark.slow
FONTS = {"en": "Times-Roman", "zh": "STSong-Light"}
FORMATS = (".md", ".pdf", ".docx", ".html", ".epub")
ASKED = """
    fact-01 fact-04 fact-06 list-04 list-06 who-01 who-05 when-02 when-03 define-01 change-03 chinese-02 chinese-04
    chinese-09 across-13 no-year-01 no-figure-02 no-premise-01 no-outside-01 no-outside-03
""".split()


def blocks(document):
    """Yield the headings and the lines of a document of the corpus: a level (0 for text), and the words."""
    for line in filter(None, document.text.split("\n")):
        mark = re.match(r"(#*)\s*(?:- )?", line)
        yield len(mark[1]), line[mark.end() :]


def line_of(document):
    """Say who published it and when, in a line, where a format has no other place for it."""
    return " | ".join(filter(None, [document.publisher and f"Source: {document.publisher}", str(document.published)]))


def as_pdf(document):
    """Set it in pages."""
    font = FONTS[document.language]
    wrap = "CJK" if document.language == "zh" else None
    styles = {
        level: ParagraphStyle(str(level), fontName=font, fontSize=size, leading=1.3 * size, spaceAfter=8, wordWrap=wrap)
        for level, size in ((0, 10), (1, 20), (2, 14), (3, 12))
    }
    lines = [(1, document.title), (0, line_of(document)), *blocks(document)]
    parts = [Paragraph(html.escape(words), styles[level]) for level, words in lines]
    out = io.BytesIO()
    SimpleDocTemplate(out, title=document.title, author="", invariant=1).build(parts)
    return out.getvalue()


def as_docx(document):
    """Write it with Word's styles."""
    file = docx.Document()
    file.core_properties.title, file.core_properties.author = document.title, ""
    file.core_properties.language = document.language
    for level, words in [(1, document.title), (0, line_of(document)), *blocks(document)]:
        if level:
            file.add_heading(words, level)
        else:
            file.add_paragraph(words)
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def markup_of(document):
    tagged = [(f"h{level}" if level else "p", html.escape(words)) for level, words in blocks(document)]
    return "".join(f"<{tag}>{words}</{tag}>" for tag, words in tagged)


def as_html(document):
    """Write it as the page of a news site, with what surrounds an article."""
    head = f'<meta property="og:title" content="{html.escape(document.title)}">'
    if document.publisher:
        head += f'<meta property="og:site_name" content="{html.escape(document.publisher)}">'
    head += f'<meta property="article:published_time" content="{document.published}T08:00:00Z"><meta charset="utf-8">'
    body = f"<nav><a href=/>Home</a></nav><article>{markup_of(document)}</article><footer>All rights reserved</footer>"
    return f'<!DOCTYPE html><html lang="{document.language}"><head>{head}</head><body>{body}</body></html>'.encode()


def as_epub(document):
    """Bind it as a book of one chapter."""
    publisher = f"<dc:publisher>{html.escape(document.publisher)}</dc:publisher>" if document.publisher else ""
    package = f"""<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata
        xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{html.escape(document.title)}</dc:title>{publisher}
        <dc:date>{document.published}</dc:date><dc:language>{document.language}</dc:language></metadata><manifest>
        <item id="two" href="text/two.xhtml" media-type="application/xhtml+xml"/></manifest>
        <spine><itemref idref="two"/></spine></package>"""
    chapter = PAGE.replace("<h1>{}</h1>", "").format(markup_of(document))
    return epub(**{"OPS/book.opf": package, "OPS/text/two.xhtml": chapter})


WRITERS = {".pdf": as_pdf, ".docx": as_docx, ".html": as_html, ".epub": as_epub}


def answers(place, suffix, asked):
    """Write the corpus in a format, index it, and ask; return the answers by question, and the documents."""
    place.mkdir()
    for document in read_folder(CORPUS):
        if document.source != "README.md":
            path = place / document.source
            data = WRITERS[suffix](document) if suffix in WRITERS else (CORPUS / document.source).read_bytes()
            path.with_suffix(suffix).write_bytes(data)
    report = ingest([place], place / "index", config=rag.Config())
    assert (len(report.added), report.failed) == (7, ())
    with rag.open(place / "index", rag.Config()) as bot:
        return {example.id: bot.ask(example.question) for example in asked}, bot.documents()


def quotes(answer):
    found = (citation for sentence in answer.sentences for citation in sentence.citations)
    return [" ".join(citation.quote.split()) for citation in found]


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    place = tmp_path_factory.mktemp("formats")
    asked = [example for example in gold.load(GOLD, read_folder(CORPUS)) if example.id in ASKED]
    assert len(asked) == len(ASKED) == 20
    return {suffix: answers(place / suffix[1:], suffix, asked) for suffix in FORMATS}


@pytest.mark.parametrize("suffix", WRITERS)
def test_the_twenty_questions_get_the_same_answers_from_each_format(answered, suffix):
    expected, found = (
        {key: (answer.status, answer.reason, quotes(answer)) for key, answer in answered[kind][0].items()}
        for kind in (".md", suffix)
    )
    assert found == expected
    assert sum(status == "answered" for status, _, _ in found.values()) >= 10


@pytest.mark.parametrize("suffix", WRITERS)
def test_each_format_says_what_a_document_is_called_who_published_it_and_when(answered, suffix):
    expected, found = (
        [(document.title, document.publisher, document.published, document.language) for document in answered[kind][1]]
        for kind in (".md", suffix)
    )
    assert found == expected


def test_citations_carry_the_page_where_there_are_pages(answered):
    pages = {}
    for suffix, (asked, _) in answered.items():
        cited = [c for answer in asked.values() for sentence in answer.sentences for c in sentence.citations]
        pages[suffix] = {citation.page for citation in cited}
    assert pages.pop(".pdf") >= {1, 2}
    assert set(map(frozenset, pages.values())) == {frozenset({None})}
