"""What a chat model wrote is counted by hand here, and the same model is asked with and without Footnote's checks."""

from dataclasses import replace

import pytest

import rag
from eval import solvers
from eval.scorers import is_written, writing
from eval.statistics import score
from eval.tasks import load
from eval.types import Example
from ingest import ingest_documents
from rag.compose import compose
from rag.errors import ConfigError
from rag.prompting import NOT_ANSWERED
from rag.types import Document, Evidence, Passage, Turn
from tests.eval.records import LAND, SEA, answered, cite, column, record, refused, say
from tests.fakes import FakeEmbedder

SAILED, MET = cite(SEA, "Ada sailed in May."), cite(SEA, "She met 3,000 whales.")
WRITTEN = say(SAILED, text="It was Ada who sailed.")
INVENTED = say(MET, text="Ada met 4,000 whales.")
QUOTED = say(SAILED, text="Harbour Post, 6 March 2024: “Ada sailed in May.”")
LEAD = say(text="Two articles say so:", support="not_a_claim")
REMOVED = say(MET, text="She met none.", support="contradicted")
UNCHECKED = say(SAILED, text="Ada sailed in June.", support="unsupported")


def values(name, *records):
    return column(writing(records, {}), name).values


# --- what is written


@pytest.mark.parametrize(("sentence", "written"), [
    (WRITTEN, True),
    (say(SAILED, text="Ada sailed in May."), True),
    (say(SAILED, MET), True),
    (say(SAILED, text="Harbour Post, 7 March 2024: “Ada sailed in May.”"), True),
    (QUOTED, False),
    (LEAD, False),
])  # fmt: skip
def test_a_sentence_is_written_unless_it_only_quotes_or_leads(sentence, written):
    assert is_written(sentence) is written


@pytest.mark.parametrize(
    ("document", "publisher"), [(SEA, "Harbour Post"), (SEA, None), (LAND, None), (LAND, "海岸报")]
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_quotation_that_footnote_composes_is_written(document, publisher, language):
    document = replace(document, publisher=publisher, language=language)
    passage = Passage(document.id, 0, len(document.text), document.text)
    (quoted,) = compose([Evidence(passage, 0, 18, 0.9)], {document.id: document}, sentences=1, threshold=0.5)
    assert not is_written(quoted)


# --- the measures


def test_what_was_kept_is_counted_over_all_that_was_written():
    answers = [answered(WRITTEN, LEAD, QUOTED), replace(answered(QUOTED), removed=(REMOVED,)), answered(QUOTED)]
    found = writing([record(answer) for answer in answers], {})
    assert column(found, "written kept").values == ((1, 1), (0, 1), None)
    assert score(column(found, "written kept")).value == 0.5
    assert column(found, "written sentences").values == (1, 0, 0)
    assert column(found, "quotes instead").values == (0, 1, 1)
    assert column(found, "quotes instead").better == "lower"


def test_what_is_written_is_held_against_what_it_cites():
    assert values("written guard", record(answered(WRITTEN, INVENTED, QUOTED))) == ((1, 2),)


def test_a_gold_answer_is_looked_for_in_what_is_said_and_not_in_what_is_cited():
    told, untold = answered(WRITTEN), answered(say(SAILED, text="She did."))
    records = [record(answer, answers=("Ada",)) for answer in (told, untold, refused(), None)]
    assert values("answer in text", *records) == (1, 0, 0, None)
    assert values("answer in text", record(told, answers=("Ada; May",))) == (0,)
    assert values("answer in text", record(told, answerable=False)) == (None,)


def test_a_refusal_says_nothing_of_writing():
    records = [record(refused()), record(answered(WRITTEN))]
    for name in ("written kept", "written guard", "written sentences", "quotes instead"):
        assert values(name, *records)[0] is None


def test_where_nothing_was_written_nothing_applies():
    found = writing([record(answered(QUOTED), answers=("Ada",)), record(refused()), record(None)], {})
    assert {column.values for column in found} == {(None, None, None)}


def test_of_what_nobody_checked_nothing_was_kept_or_removed():
    found = writing([record(answered(UNCHECKED, WRITTEN))], {})
    assert column(found, "written kept").values == (None,)
    assert column(found, "written sentences").values == (2,)


# --- the model alone


HARBOUR = Document.of(
    "The new harbour of Lund opened on 2 May 2021. Ada Holm, the mayor of Lund, cut the ribbon.",
    title="A harbour for Lund", source="harbour.txt", publisher="Coast Post",
)  # fmt: skip
WHO = Example("who", "Who cut the ribbon of the harbour?", ("Ada Holm",))
SAID = "Ada Holm cut the ribbon [1]. So did Ole Berg in 1999."


class Scripted:
    """Says one thing, or what it is told for a follow-up; remembers what it was asked."""

    fingerprint = "scripted"

    def __init__(self, *replies):
        self.replies = list(replies)
        self.asked = []

    def stream(self, messages):
        self.asked.append(messages)
        yield from self.replies.pop(0)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    root = tmp_path_factory.mktemp("writing") / "index"
    ingest_documents([HARBOUR], root, config=rag.Config(), embedder=FakeEmbedder())
    return root


def put(index, model, example=WHO, solver=solvers.raw):
    with rag.Assistant(index, rag.Config(), embedder=FakeEmbedder(), writer=model) as bot:
        return solver(bot, example)


def test_the_model_alone_is_given_the_prompt_and_the_form_of_the_checked_answer(index):
    alone, checked = Scripted(SAID), Scripted(SAID)
    put(index, alone)
    put(index, checked, solver=solvers.ask)
    assert alone.asked == checked.asked


def test_what_the_model_alone_says_stays_as_it_is_and_cites_whole_passages(index):
    answer = put(index, Scripted(SAID)).answer
    assert [sentence.text for sentence in answer.sentences] == ["Ada Holm cut the ribbon.", "So did Ole Berg in 1999."]
    assert [[citation.quote for citation in s.citations] for s in answer.sentences] == [[HARBOUR.text], []]
    assert {sentence.support for sentence in answer.sentences} == {"unsupported"}


def test_of_the_same_words_the_checks_keep_what_stands(index):
    records = [put(index, Scripted(SAID), solver=solver) for solver in (solvers.raw, solvers.ask)]
    guarded = [score(column(writing([record], {}), "written guard")).value for record in records]
    assert guarded == [0.5, 1.0]
    assert [values("answer in text", record) for record in records] == [(1,), (1,)]
    assert values("written kept", records[1]) == ((1, 2),)


@pytest.mark.parametrize("phrase", NOT_ANSWERED)
def test_the_model_alone_refuses_by_the_phrase_of_the_prompt(index, phrase):
    answer = put(index, Scripted(f"{phrase}.")).answer
    assert (answer.status, answer.reason, answer.sentences) == ("refused", "insufficient", ())


def test_the_model_alone_is_asked_a_follow_up_that_stands_alone(index):
    follow_up = replace(WHO, question="And who cut its ribbon?", history=(Turn("user", "When did the harbour open?"),))
    model = Scripted("Who cut the ribbon of the harbour?", SAID)
    assert put(index, model, follow_up).answer.rewritten == "Who cut the ribbon of the harbour?"
    assert "Who cut the ribbon of the harbour?" in model.asked[1][-1].text


def test_without_a_model_there_is_nothing_to_ask_alone(index):
    with pytest.raises(ConfigError, match="no chat model"):
        put(index, None)


def test_the_task_of_the_model_alone_asks_the_same_questions(tmp_path):
    ours, alone = (load(name, tmp_path, split="dev") for name in ("corpus", "corpus-raw"))
    assert (alone.name, alone.solver) == ("corpus-raw", solvers.raw)
    assert (alone.examples, alone.documents) == (ours.examples, ours.documents)
    assert writing in ours.scorers
    assert writing in alone.scorers
