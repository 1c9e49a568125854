"""An answer is asked for again without what it cited; what then becomes of it is told by rules worked out here."""

import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag
from eval import probe as probing
from eval.probe import end_of, figures, probe, without
from eval.types import Example
from ingest import ingest_documents
from rag.config import Answering
from rag.text import Span
from rag.types import Citation, Document
from tests.eval.records import LAND, SEA, answered, cite, refused, say
from tests.fakes import FakeEmbedder

MILL = Document.of(
    "The tide mill of Orsa was rebuilt in 2019 by Karin Dahl. It grinds 12 tonnes of rye a week.",
    title="Tide mill", source="mill.txt", publisher="Shore Gazette", pages=(0, 57),
)  # fmt: skip
AGAIN = Document.of(
    "Prizes of the year. Karin Dahl, who rebuilt the tide mill of Orsa in 2019, was given the silver spade.",
    title="Prizes", source="prizes.txt", publisher="Coast Post",
)  # fmt: skip
WHO = Example("who", "Who rebuilt the tide mill of Orsa?", ("Karin Dahl",))
RYE = Example("rye", "How many tonnes of rye does the mill of Orsa grind a week?", ("12 tonnes",))
NONE = Example("none", "What does a whale eat?", answerable=False)


def bot_over(root, *documents):
    ingest_documents(documents, root, config=rag.Config(), embedder=FakeEmbedder())
    return rag.Assistant(root, rag.Config(), embedder=FakeEmbedder())


# --- taking out


def test_the_cited_sentence_is_taken_out_whole_and_the_rest_stays():
    left = without(SEA, [cite(SEA, "3,000"), cite(LAND, "Bob walked.")])
    assert left.text == "Ada sailed in May.  They sang for the U.S. Navy."
    assert left.id != SEA.id
    kept = ("source", "title", "publisher", "author", "published", "language", "url")
    assert [getattr(left, name) for name in kept] == [getattr(SEA, name) for name in kept]


def test_of_a_document_that_is_cited_throughout_nothing_is_left():
    assert without(LAND, [cite(LAND, LAND.text)]) is None
    assert without(LAND, [cite(LAND, "Bob"), cite(LAND, "whale")]) is None


@given(n=st.integers(1, 9), data=st.data())
def test_every_sentence_that_a_citation_touches_is_gone_and_no_other(n, data):
    said = [f"Ship {number} sailed." for number in range(n)]
    document = Document.of(" ".join(said), title="Ships", language="en")
    start = data.draw(st.integers(0, len(document.text) - 1))
    end = data.draw(st.integers(start + 1, len(document.text)))
    left = without(document, [Citation.of(document, Span(start, end))])
    places = [document.text.index(one) for one in said]
    stays = [one for one, at in zip(said, places, strict=True) if at + len(one) <= start or end <= at]
    assert (left.text.split() if left else []) == " ".join(stays).split()


# --- what became of it

BEFORE = answered(say(cite(SEA, "Ada sailed in May.")))
SEA_NOW = {"sea-without"}


def cited_from(doc_id, text):
    return say(replace(cite(SEA, "Ada sailed in May."), doc_id=doc_id, quote=text), text=text)


def test_a_refusal_and_another_answer_are_told_apart_from_one_that_stays():
    assert end_of(BEFORE, refused(), left=SEA_NOW) == "refused"
    assert end_of(BEFORE, answered(cited_from("sea-without", "She met 3,000 whales.")), left=SEA_NOW) == "changed"
    assert end_of(BEFORE, answered(cited_from("sea-without", "Ada sailed in May!")), left=SEA_NOW) == "kept"
    assert end_of(BEFORE, answered(cited_from("other", "In May Ada sailed.")), left=SEA_NOW) == "elsewhere"


def test_a_gold_answer_that_is_given_again_stays_in_whatever_words():
    after = answered(cited_from("other", "Whales were met by Ada and 7 others."))
    assert end_of(BEFORE, after, left=SEA_NOW) == "changed"
    assert end_of(BEFORE, after, left=SEA_NOW, gold=("Ada",)) == "elsewhere"
    assert end_of(BEFORE, after, left=SEA_NOW, gold=("7 others",)) == "changed"


def test_the_same_short_answer_stays():
    before = replace(BEFORE, short=cite(SEA, "May"))
    after = replace(answered(cited_from("sea-without", "The crew left in spring.")), short=cite(SEA, "May"))
    assert end_of(before, after, left=SEA_NOW) == "kept"
    assert end_of(before, replace(after, short=cite(SEA, "Ada")), left=SEA_NOW) == "changed"


def test_who_published_a_quotation_does_not_make_two_of_them_alike():
    quotes = ("She met 3,000 whales.", "Ada sailed in May.")
    one, two = (say(cite(SEA, quote), text=f"Harbour Post, 6 March 2024: “{quote}”") for quote in quotes)
    assert end_of(answered(one), answered(two), left={SEA.id}) == "changed"


# --- the whole way


def test_an_answer_that_stands_in_one_place_is_gone_without_it(tmp_path):
    with bot_over(tmp_path / "index", MILL) as bot:
        found = list(probe(bot, [WHO, RYE, NONE], embedder=FakeEmbedder()))
        assert [(one.example.id, one.end in {"refused", "changed"}) for one in found] == [("who", True), ("rye", True)]
        assert [document.id for document in bot.documents()] == [MILL.id]
        assert bot.ask(WHO.question).sentences == found[0].before.sentences


def test_an_answer_that_another_document_gives_comes_from_there(tmp_path):
    with bot_over(tmp_path / "index", MILL, AGAIN) as bot:
        bot.config = replace(bot.config, answer=Answering(sentences=1))
        (found,) = probe(bot, [WHO], embedder=FakeEmbedder())
    first = found.before.sentences[0].citations[0].doc_id
    assert found.end == "elsewhere"
    assert found.after.sentences[0].citations[0].doc_id == {MILL.id: AGAIN.id, AGAIN.id: MILL.id}[first]


def test_a_document_of_which_nothing_is_left_is_dropped_and_comes_back(tmp_path):
    short = Document.of("Karin Dahl rebuilt the tide mill of Orsa.", title="Mill", source="short.txt")
    with bot_over(tmp_path / "index", short, LAND) as bot:
        (found,) = probe(bot, [replace(WHO, within=(short.id,))], embedder=FakeEmbedder())
        assert found.end == "refused"
        assert {document.id for document in bot.documents()} == {short.id, LAND.id}


def test_the_shares_count_every_answer_once():
    probed = [probing.Probed(WHO, BEFORE, BEFORE, end) for end in ("refused", "changed", "elsewhere", "kept")]
    strict, lenient = figures(probed)
    assert (strict.value, lenient.value, strict.n) == (0.5, 0.75, 4)
    assert strict.low < strict.value < strict.high
    assert figures([])[0].value is None


def test_the_command_prints_the_shares_and_what_stayed(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["probe", "--split", "dev", "--limit", "2"])
    probing.main()
    out = capsys.readouterr().out
    assert out.startswith("corpus: 2 questions, ")
    assert "changed or refused: " in out


def test_a_setting_without_a_value_is_an_error(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["probe", "--set", "writer.model"])
    with pytest.raises(SystemExit, match="has no value"):
        probing.main()
