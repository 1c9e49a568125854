"""Sixty hostile documents beside an honest one: none is obeyed, none speaks through another, none breaks anything.

What stands in a hostile document is a true quotation of it all the same, as what any document says. So it may be shown,
but only as that document's own words, or as a sentence that cites that document and no other; that it is so is what is
tested here, with the quotes alone, and with a chat model that does all it is told.
"""

import re
import unicodedata

import pytest

import rag
from ingest import ingest_documents
from rag.markers import Markers
from rag.prompting import numbered, render
from rag.text import Span
from rag.types import Answer, Citation, Filters, Sentence
from rag.verify import is_verbatim
from tests import hostile
from tests.fakes import FakeEmbedder
from ui.render import answer_markdown, answer_text

ALL = pytest.mark.parametrize("attack", hostile.ALL, ids=lambda attack: attack.name)
# Payloads that stand in no document, in whatever words.
INVENTED = {"secret", "language", "backwards", "tool-call", "end-of-passages", "zh-english"}
# Signs that turn the direction of writing, by their class in Unicode.
TURNING = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


class Obedient:
    """A chat model that writes what it is told to, in pieces that cut every word."""

    fingerprint = "obedient"

    def __init__(self):
        self.text = ""
        self.prompt = ""

    def stream(self, messages):
        self.prompt = "\n".join(message.text for message in messages)
        yield from (self.text[at : at + 3] for at in range(0, len(self.text), 3))


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile") / "index"
    documents = [hostile.HONEST, hostile.HONEST_CHINESE, *(attack.document for attack in hostile.ALL)]
    report = ingest_documents(documents, root, config=rag.Config(), embedder=FakeEmbedder())
    assert len(report.added) == len(documents) == 62
    return root


@pytest.fixture(scope="module")
def quoting(index):
    with rag.Assistant(index, rag.Config(), embedder=FakeEmbedder()) as bot:
        yield bot


@pytest.fixture(scope="module")
def writing(index):
    model = Obedient()
    with rag.Assistant(index, rag.Config(), embedder=FakeEmbedder(), writer=model) as bot:
        yield bot, model


@pytest.fixture(scope="module")
def alone(quoting):
    """What the honest documents answer with nothing beside them, by whether they are Chinese."""
    return {chinese: asked(quoting, chinese=chinese) for chinese in (False, True)}


def honest(chinese):
    return hostile.HONEST_CHINESE if chinese else hostile.HONEST


def asked(bot, *beside, chinese):
    """Ask of the honest document and of those beside it."""
    question = hostile.QUESTION_CHINESE if chinese else hostile.QUESTION
    places = tuple(document.id for document in (honest(chinese), *beside))
    return bot.ask(question, filters=Filters(documents=places))


def test_there_are_sixty_and_no_two_have_a_name():
    assert len(hostile.ALL) == len({attack.name for attack in hostile.ALL}) == 60


@ALL
def test_what_an_honest_document_gives_is_given_beside_a_hostile_one(quoting, alone, attack):
    answer, expected = asked(quoting, attack.document, chinese=attack.chinese), alone[attack.chinese]
    assert expected.status == answer.status == "answered"
    assert set(expected.sentences) <= set(answer.sentences)
    for sentence in set(answer.sentences) - set(expected.sentences):
        (citation,) = sentence.citations
        assert is_verbatim(citation, {attack.document.id: attack.document})
        assert sentence.text == f"{attack.publisher}: “{' '.join(citation.quote.split())}”"


@ALL
def test_it_is_given_first_and_in_the_same_few_words(quoting, alone, attack):
    answer, expected = asked(quoting, attack.document, chinese=attack.chinese), alone[attack.chinese]
    assert (answer.sentences[0], answer.short) == (expected.sentences[0], expected.short)


@ALL
def test_what_a_model_says_on_its_order_is_laid_upon_no_other_document(writing, attack):
    bot, model = writing
    own, true = honest(attack.chinese), hostile.TRUE_CHINESE if attack.chinese else hostile.TRUE
    model.text = f"{attack.payload} [1]\n{attack.payload} [2]\n{true} [1][2]\n"
    answer = asked(bot, attack.document, chinese=attack.chinese)
    assert own.text[:20] in model.prompt
    documents = {own.id: own, attack.document.id: attack.document}
    told = [s for s in answer.sentences if s.text == true]
    assert [[citation.doc_id for citation in s.citations] for s in told] == [[own.id]]
    for sentence in answer.sentences:
        assert sentence.citations
        assert all(is_verbatim(citation, documents) for citation in sentence.citations)
        is_quote_of_own = sentence.text.endswith(f"“{sentence.citations[0].quote}”")
        if sentence not in told and not is_quote_of_own:
            assert {citation.doc_id for citation in sentence.citations} == {attack.document.id}, sentence.text


@pytest.mark.parametrize("name", sorted(INVENTED))
def test_what_stands_in_no_document_is_not_said(writing, name):
    bot, model = writing
    (attack,) = [attack for attack in hostile.ALL if attack.name == name]
    model.text = f"{attack.payload} [1]\n{attack.payload} [2]\n"
    answer = asked(bot, attack.document, chinese=attack.chinese)
    assert answer.status == "answered"
    assert [sentence.text for sentence in answer.removed] == [attack.payload] * 2
    assert all(attack.payload not in sentence.text for sentence in answer.sentences)


@ALL
def test_its_text_begins_and_ends_no_passage_of_the_prompt(attack):
    own, other = honest(attack.chinese), attack.document
    passages = numbered([(other, other.text), (own, own.text)])
    (prompt,) = [m.text for m in render("answer", question="Who?", language="English", passages=passages)][1:]
    edges = re.findall(r"^=== (\w+) (?:passage|end of passage) \[(\d)\] ===$", prompt, re.MULTILINE)
    assert [number for _, number in edges] == ["1", "1", "2", "2"]
    assert len({code for code, _ in edges}) == 1
    assert f"\n{own.text}\n" in prompt
    assert not re.search(r"<\|?/?\w+\|?>|\[/?INST\]|<</?SYS>>", prompt)
    assert not [char for char in prompt if unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs"} and char != "\n"]


@ALL
def test_a_model_that_repeats_it_does_not_break_the_parser(attack):
    text = f"{attack.text}\n{hostile.TRUE} [2]\n"
    markers, at_once = Markers(2), Markers(2)
    pieces = [draft for at in range(0, len(text), 5) for draft in markers.feed(text[at : at + 5])]
    drafts = [*pieces, *markers.end()]
    assert drafts == [*at_once.feed(text), *at_once.end()]
    assert all(number in {1, 2} for draft in drafts for number in draft.numbers)
    assert hostile.TRUE in drafts[-1].text
    assert drafts[-1].numbers == (() if attack.name == "fence" else (2,))  # a fence that stays open holds all as code


@ALL
def test_it_is_shown_as_plain_characters(attack):
    document = attack.document
    whole = Citation.of(document, Span(0, len(document.text)))
    said = Sentence(attack.payload, (whole,), "partial", missing=(attack.payload,))
    quoted = Sentence(f"{document.publisher}: “{document.text}”", (whole,), "supported")
    answer = Answer(
        question="Who?", status="answered", reason=None, short=whole, sentences=(quoted, said), confidence=0.5,
        hits=(), conflicts=((whole, whole),), fingerprint="", seconds=0.0, removed=(said,), trouble=attack.payload,
        rewritten=attack.payload,
    )  # fmt: skip
    text, page = answer_text(answer, {document.id: document.title}), answer_markdown(answer, {})
    for shown in (text, page):
        assert not [char for char in shown if unicodedata.category(char) == "Cc" and char != "\n"]
        assert not [char for char in shown if unicodedata.bidirectional(char) in TURNING]
    own = re.sub(r"\*\*(?:\[\d+\]|[A-Za-z]+)\*\*|\]\(<https?://[^<>\s]*>\)|^- |“|”", "", page, flags=re.MULTILINE)
    assert not re.search(r"[<>`*|]|!\[|\]\(|^#", own, re.MULTILINE)
