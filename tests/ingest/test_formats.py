"""One story in every format: the same question gets the same sentence, cited at its characters and on its page."""

import json

import docx
import pptx
import pytest

import rag
from ingest import ingest
from ingest.readers import SUFFIXES
from ingest.split import split
from rag.types import Document, Filters
from tests.fakes import FakeEmbedder
from tests.ingest.test_books import PAGE, epub
from tests.ingest.test_mail import mail
from tests.ingest.test_office import odt, saved, zipped
from tests.ingest.test_pdf import pdf
from tests.ingest.test_tables import book

FIRST = "The town of Marn bought forty robots in the spring of 2023."
WANTED = "Nobody was dismissed for them, said the mayor Ada Holm."
QUESTION = "Who said that nobody was dismissed for the robots?"


def in_word():
    file = docx.Document()
    for text in (FIRST, WANTED):
        file.add_paragraph(text)
    return saved(file)


def on_slides():
    file = pptx.Presentation()
    for text in (FIRST, WANTED):
        slide = file.slides.add_slide(file.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = "Robots", text
    return saved(file)


STORY = {
    ".md": f"# Robots\n\n{FIRST}\n\n{WANTED}\n".encode(),
    ".txt": f"Robots\n\n{FIRST}\n\n{WANTED}\n".encode("utf-16"),
    ".html": f"<html><title>R</title><body><article><p>{FIRST}</p><p>{WANTED}</p></article></body></html>".encode(),
    ".csv": f'Day,Said\n2023-05-04,"{FIRST}"\n2023-05-05,"{WANTED}"\n'.encode(),
    ".pdf": pdf([(50, 700, FIRST)], [(50, 700, WANTED)]),
    ".docx": in_word(),
    ".odt": odt(f"<text:p>{FIRST}</text:p><text:p>{WANTED}</text:p>"),
    ".pptx": on_slides(),
    ".xlsx": book([["Day", "Said"], ["2023-05-04", FIRST], ["2023-05-05", WANTED]]),
    ".epub": epub(
        **{
            "OPS/text/chapter 1.xhtml": PAGE.format("Welding", "<p>Steel is hot.</p>"),
            "OPS/text/two.xhtml": PAGE.format("Robots", f"<p>{FIRST}</p><p>{WANTED}</p>"),
        }
    ),
    ".eml": bytes(mail(f"{FIRST}\n\n{WANTED}\n", Subject="Robots")),
    ".rtf": f"{{\\rtf1\\ansi {FIRST}\\par {WANTED}\\par}}".encode(),
    ".rst": f"Robots\n======\n\n{FIRST}\n\n{WANTED}\n".encode(),
}
STORY |= {
    ".jsonl": json.dumps({"text": f"{FIRST}\n\n{WANTED}", "title": "Robots"}).encode(),
    ".zip": zipped({"in/story.pdf": STORY[".pdf"]}),
}
ON_PAGE_TWO = {".pdf", ".pptx", ".zip"}


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Ingest the story in all formats, and ask each of them; what was answered, by suffix."""
    folder = tmp_path_factory.mktemp("formats")
    for suffix, data in STORY.items():
        (folder / f"story{suffix}").write_bytes(data)
    report = ingest([folder], folder / "index", config=rag.Config(), embedder=FakeEmbedder())
    assert report.failed == ()
    assert len(report.added) == len(STORY)
    with rag.Assistant(folder / "index", rag.Config(), embedder=FakeEmbedder()) as bot:
        library = bot.index.library  # some formats come to the very same document, at a place for each
        places = {source.removeprefix("story"): doc_id for source, (doc_id, _) in library.sources().items()}
        return {
            suffix.partition("/")[0]: (
                library.document(doc_id),
                bot.search(QUESTION, filters=Filters(documents=(doc_id,))),
            )
            for suffix, doc_id in places.items()
        }


@pytest.mark.parametrize("suffix", STORY)
def test_a_story_is_found_in_every_format(asked, suffix):
    document, hits = asked[suffix]
    assert WANTED in hits[0].passage.text
    start = document.text.index(WANTED)
    assert document.page_of(start) == (2 if suffix in ON_PAGE_TWO else None)
    assert FIRST in document.text[:start]


def test_every_format_that_can_be_written_here_is_tried():
    assert set(SUFFIXES) - set(STORY) == {".markdown", ".htm", ".tsv", ".ndjson", ".msg", ".doc", ".xls", ".ppt"}


def test_each_row_of_a_table_is_a_passage_of_its_own():
    rows = [f"City: Town {n}; People: {n}" for n in range(3)]
    long = "City: Far; Note: " + "very far away, " * 200
    document = Document.of("\n\n".join([*rows, long]), title="Towns", source="towns.csv")
    texts = [passage.text for passage in split(document, passage_tokens=200)]
    assert texts[:3] == rows
    assert len(texts) > 4
    assert "".join(texts[3:]).replace(" ", "") == long.replace(" ", "")
