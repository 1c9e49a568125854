"""Statements find the exact sentences that bear them, or none."""

import pytest

from rag.ground import better, ground
from rag.read import NullReader, load_reader
from rag.types import Document, Passage, Sentence
from rag.verify import is_verbatim

HARBOUR = Document.of(
    "The new harbour of Lund opened on 2 May 2021. Ada Holm, the mayor of Lund, cut the ribbon. "
    "The harbour cost 40 million crowns. It has room for 300 boats.",
    title="A harbour for Lund", source="harbour.txt", publisher="Coast Post",
)  # fmt: skip
BRIDGE = Document.of(
    "The old bridge of Marn has been closed since January. Ole Berg, an engineer, found a crack in its eastern pier.",
    title="Bridge of Marn closed", source="bridge.txt", publisher="Inland News",
)  # fmt: skip
DOCUMENTS = {document.id: document for document in (HARBOUR, BRIDGE)}


def whole(document):
    return Passage(document.id, 0, len(document.text), document.text)


@pytest.fixture(scope="module")
def reader():
    return load_reader("default")


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("Ada Holm, the mayor, cut the ribbon.", ["Ada Holm, the mayor of Lund, cut the ribbon."]),
        ("The harbour of Lund opened in May 2021.", ["The new harbour of Lund opened on 2 May 2021."]),
        ("Ole Berg found a crack in the eastern pier.", ["Ole Berg, an engineer, found a crack in its eastern pier."]),
    ],
)
def test_a_statement_is_narrowed_to_the_sentence_that_bears_it(reader, text, quotes):
    found = ground(text, [whole(HARBOUR), whole(BRIDGE)], documents=DOCUMENTS, reader=reader)
    assert found.support == "supported"
    assert [citation.quote for citation in found.citations] == quotes
    assert all(is_verbatim(citation, DOCUMENTS) for citation in found.citations)


def test_a_number_that_stands_nowhere_is_named_and_not_supported(reader):
    found = ground("The harbour cost 50 million crowns.", [whole(HARBOUR)], documents=DOCUMENTS, reader=reader)
    assert found.support != "supported"
    assert found.missing == ("50 million crowns",) or "50 million" in found.missing[0]


@pytest.mark.parametrize("text", ["Mercury boils at 357 degrees.", "港口花费四千万克朗。", ""])
def test_a_statement_about_something_else_has_no_citation(reader, text):
    found = ground(text, [whole(HARBOUR)], documents=DOCUMENTS, reader=reader)
    assert (found.support, found.citations) == ("unsupported", ())


def test_without_a_model_a_sentence_that_stands_word_for_word_is_supported_with_the_one_it_leans_on():
    found = ground("It has room for 300 boats.", [whole(HARBOUR)], documents=DOCUMENTS, reader=NullReader())
    assert found.support == "supported"
    assert found.citations[0].quote == "The harbour cost 40 million crowns. It has room for 300 boats."


def test_what_one_sentence_says_of_a_person_and_another_of_a_year_is_not_put_together(reader):
    engines = Document.of("In 1781 James Watt patented a steam engine. By 1883, engines were strong.", title="Engines")
    text = "James Watt patented a steam engine in 1883."
    found = ground(text, [whole(engines)], documents={engines.id: engines}, reader=reader)
    assert found.support in {"unsupported", "contradicted"}


def test_no_passage_bears_nothing():
    assert ground("Ada Holm cut the ribbon.", [], documents=DOCUMENTS, reader=NullReader()).citations == ()


def test_a_title_alone_bears_nothing(reader):
    titled = Document.of("Ada Holm spoke about the money of the harbour.", title="Ada Holm wins the vote")
    found = ground("Ada Holm wins the vote.", [whole(titled)], documents={titled.id: titled}, reader=reader)
    assert found.support != "supported"


def test_the_better_verdict_wins_and_the_first_of_equals():
    partial, supported = Sentence("a", (), "partial"), Sentence("b", (), "supported")
    contradicted, unsupported = Sentence("c", (), "contradicted"), Sentence("d", (), "unsupported")
    assert better(partial, supported) is supported
    assert better(unsupported, contradicted) is contradicted
    assert better(partial, Sentence("e", (), "partial")) is partial


@pytest.mark.parametrize(
    "text", ["The harbour of Lund is a hotel.", "The harbour of Lund flew to the moon.", "Ada Holm sank the harbour."]
)
def test_words_that_stand_nowhere_are_not_overlooked(reader, text):
    found = ground(text, [whole(HARBOUR)], documents=DOCUMENTS, reader=reader)
    assert found.support in {"unsupported", "contradicted"}


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("The dog bit the man.", "The man bit the dog."),
        ("The mill was sold by Lund.", "The mill was sold to Lund."),
        ("The mill was sold.", "The mill was not sold."),
        ("Marn sells more salt than Lund.", "Lund sells more salt than Marn."),
        (
            "Yersin named the bacterium of the plague.",
            "Yersin, after whom the bacterium of the plague was named.",
        ),
    ],
)
def test_the_same_words_in_another_order_are_not_borne(reader, text, source):
    document = Document.of(source, title="Source")
    found = ground(text, [whole(document)], documents={document.id: document}, reader=reader)
    assert found.support in {"unsupported", "contradicted"}


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("The mill makes the most flour.", "Critics say the mill makes the most flour."),
        ("The harbour will close.", "According to the mayor, the harbour will close."),
        ("The harbour closes in June.", "The harbour may close in June."),
        ("The fort was held by 3,000 men.", "The fort was held by about 3,000 men."),
        ("Oil costs 12 dollars.", "If the ship is late, oil costs 12 dollars."),
        ("磨坊将关闭。", "市长表示，磨坊将关闭。"),
    ],
)
def test_what_a_source_doubts_or_lets_others_say_is_not_left_out(reader, text, source):
    document = Document.of(source, title="Source")
    found = ground(text, [whole(document)], documents={document.id: document}, reader=reader)
    assert found.support in {"unsupported", "contradicted"}


@pytest.mark.parametrize("text", ["Ada Holm", "The harbour of Lund", "2 May 2021"])
def test_a_few_words_that_are_no_sentence_state_nothing(reader, text):
    assert ground(text, [whole(HARBOUR)], documents=DOCUMENTS, reader=reader).support == "unsupported"


def test_who_says_it_may_be_named_before_what_a_source_says_in_its_own_voice(reader):
    text = "The Coast Post said that the harbour cost 40 million crowns."
    found = ground(text, [whole(HARBOUR)], documents=DOCUMENTS, reader=reader)
    assert found.support in {"supported", "partial"}  # the reader sees no more in the quotation than the sum


def test_a_sentence_that_leans_on_a_possessive_is_cited_with_the_one_before_it(reader):
    union = Document.of("The Student Union has 9 members. Its annual budget is $2 million.", title="Campus")
    text = "The Student Union's budget is $2 million."
    found = ground(text, [whole(union)], documents={union.id: union}, reader=reader)
    assert (found.citations[0].quote, found.missing) == (union.text, ())
