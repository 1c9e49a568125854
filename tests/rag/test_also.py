"""Where else the words of an answer stand: which papers are named, and which are not."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from ingest import ingest_documents
from rag.also import also_in, stands_in
from rag.app import Assistant
from rag.config import Config
from rag.library import Library
from rag.text import Span
from rag.types import Citation, Document, Filters, Sentence
from tests.fakes import FakeEmbedder
from tests.wire import DAY, FLOOD, GAZETTE, OTHER, POST, WIRE, article

CONFIG = Config()


@pytest.fixture
def root(tmp_path):
    return tmp_path / "index"


def put(root, *documents):
    ingest_documents(documents, root, config=CONFIG, embedder=FakeEmbedder())


def said(document: Document, words: str) -> Sentence:
    start = document.text.index(words)
    citation = Citation.of(document, Span(start, start + len(words)))
    return Sentence(words, (citation,), "supported")


def sentence_of(n: int) -> str:
    return FLOOD[n].split(". ")[0] + "."


@pytest.fixture
def library(root):
    copies = [article([*FLOOD, f"Paper {name}."], name, days=3) for name in ("C", "B", "A", "D")]
    put(root, WIRE, OTHER, POST, GAZETTE, *copies)
    library = Library(root / "library.db")
    yield library
    library.close()


def named(library, sentence, **filters):
    (found,) = also_in([sentence], library, filters=Filters(**filters))
    documents = library.some_documents([one.doc_id for one in found.also])
    assert all(documents[one.doc_id].text[one.start : one.end] == one.quote for one in found.also)
    return [(one.publisher, (one.published - DAY).days) for one in found.also]


def test_a_sentence_says_in_which_other_papers_its_words_stand_by_day_and_name(library):
    assert named(library, said(WIRE, sentence_of(2))) == [("Gazette", 1), ("Post", 1), ("A", 3)]
    assert named(library, said(POST, sentence_of(6))) == [("Wire", 0), ("A", 3), ("B", 3)]
    assert named(library, said(POST, POST.text.split("\n")[0])) == []
    assert named(library, said(OTHER, OTHER.text.split(". ")[0] + ".")) == []


def test_the_papers_of_all_citations_of_a_sentence_are_in_one_order(library):
    cited = tuple(said(WIRE, sentence_of(n)).citations[0] for n in (6, 2))
    assert named(library, Sentence("Both.", cited, "supported")) == [("Gazette", 1), ("Post", 1), ("A", 3)]


def test_a_text_that_repeats_the_words_a_hundred_thousand_times_is_looked_through_in_a_moment():
    started = time.perf_counter()
    assert not stands_in("He left.", Document.of("He left.it " * 100_000, title="T", language="en"))
    assert time.perf_counter() - started < 20  # it took many minutes


def test_no_paper_is_named_that_the_filters_shut_out(library):
    sentence = said(WIRE, sentence_of(2))
    assert named(library, sentence, published_to=DAY + timedelta(1)) == [("Gazette", 1), ("Post", 1)]
    assert named(library, sentence, publishers=("wire", "POST")) == [("Post", 1)]
    assert named(library, sentence, documents=(WIRE.id,)) == []
    assert named(library, sentence, languages=("zh",)) == []


def test_a_quotation_stands_only_where_it_is_a_whole_sentence():
    def document(text: str) -> Document:
        return Document.of(text, title="T", language="en")

    quote = "The bridge\nis closed."
    assert stands_in(quote, document("It rained. The  bridge is\nclosed. It is old."))
    assert stands_in(quote, document("# The bridge is closed.\n\nThe bridge is closed.\n\nMore.")).start == 25
    assert not stands_in(quote, document("Nobody believes that The bridge is closed."))
    assert not stands_in("He left.", document("He left.it alone, she says."))
    assert not stands_in("Ole Berg left.", document("Nobody believes that\nOle Berg left.\n"))
    chinese = Document.of("港口于五月开放。市长剪彩。", title="港", language="zh")
    assert stands_in("市长剪彩。", chinese) == (8, 13)


CLOSED = """The old bridge of Marn has been closed since January, and no day is named for its opening.
Ole Berg, an engineer of the county, found a crack in its eastern pier when the water of the river was low.
Repairs will take eight months, the county says, and until then all cars must go by the ferry at Dorn."""


def test_an_answer_says_where_else_its_words_stand_and_where_another_figure_stands(root):
    wire = article([CLOSED], "Wire", title="Bridge closed")
    paper = article(["Bad news for all who drive to Marn.", CLOSED], "Post", days=1, title="Ferry only")
    update = article([CLOSED.replace("eight months", "eleven months")], "Wire", days=2, title="Bridge closed")
    put(root, wire, paper, update)
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        crack = bot.ask("Who found a crack in the bridge of Marn?").sentences
        months = bot.search("How many months will the repairs take?")
    assert len(crack) == 1
    (cited,) = crack[0].citations
    outlets = [(one.publisher, one.published) for one in (cited, *crack[0].also)]
    assert len(crack[0].also) == 2
    assert len(set(outlets)) == 3
    assert {one.quote for one in crack[0].also} == {cited.quote}
    assert any("eleven" in hit.passage.text for hit in months)
    assert any("eight" in hit.passage.text for hit in months)
