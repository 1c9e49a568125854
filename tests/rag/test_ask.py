"""The whole way: questions of a small library answered with quotes, or refused with the reason."""

import json
import threading
from datetime import date

import pytest
from langchain_core.messages import AIMessage

import rag
from ingest import ingest_documents
from rag.chain import FootnoteRetriever, as_runnable
from rag.config import Reading
from rag.types import Delta, Document, Done, Filters, Read, Retrieved, Turn
from rag.verify import is_verbatim
from tests.texts import BRIDGE, HARBOUR

CHINESE = Document.of(
    "隆德市的新港口于2021年5月2日开放。市长霍尔姆为港口剪彩。港口可以停泊三百艘船。",
    title="隆德新港口", source="port.txt", publisher="海岸报", published=date(2021, 5, 3),
)  # fmt: skip


@pytest.fixture(scope="module")
def bot(tmp_path_factory):
    root = tmp_path_factory.mktemp("ask") / "index"
    ingest_documents([HARBOUR, BRIDGE, CHINESE], root, config=rag.Config())
    with rag.open(root, rag.Config()) as bot:
        yield bot


@pytest.mark.parametrize(
    ("question", "words", "source"),
    [
        ("Who found a crack in the bridge of Marn?", "Ole Berg", BRIDGE),
        ("How many boats does the harbour have room for?", "300 boats", HARBOUR),
        ("When did the harbour of Lund open?", "2 May 2021", HARBOUR),
        ("How long will the repairs of the bridge take?", "eight months", BRIDGE),
        ("港口可以停泊多少艘船？", "三百艘船", CHINESE),
        ("谁为港口剪彩？", "霍尔姆", CHINESE),
    ],
)
def test_a_question_is_answered_with_the_words_of_the_right_document(bot, question, words, source):
    answer = bot.ask(question)
    assert answer.status == "answered"
    first = answer.sentences[0].citations[0]
    assert words in first.quote
    assert first.doc_id == source.id
    assert is_verbatim(first, {source.id: source})


@pytest.mark.parametrize(
    "question",
    ["Who won the chess tournament in Reykjavik?", "What is the boiling point of mercury?", "谁获得了世界杯冠军？"],
)
def test_what_the_documents_do_not_say_is_refused(bot, question):
    answer = bot.ask(question)
    assert (answer.status, answer.reason, answer.sentences) == ("refused", "no_evidence", ())


def test_what_the_filters_shut_out_is_refused_as_such(bot):
    question = "Who found a crack in the bridge of Marn?"
    assert bot.ask(question, filters=Filters(publishers=("Coast Post",))).reason == "filtered_out"
    assert bot.ask(question, as_of=date(2022, 1, 1)).reason == "filtered_out"
    assert bot.ask(question, as_of=date(2023, 1, 9)).status == "answered"
    assert (
        bot.ask(question, filters=Filters(published_to=date(2023, 1, 9)), as_of=date(2020, 1, 1)).reason
        == "filtered_out"
    )


@pytest.mark.parametrize(
    ("question", "words", "source"),
    [
        ("Who found a crack in the bridge of Marn?", "Ole Berg", BRIDGE),
        ("When did the harbour of Lund open?", "2 May 2021", HARBOUR),
    ],
)
def test_a_question_with_a_short_answer_gets_it_with_its_place(bot, question, words, source):
    short = bot.ask(question).short
    assert short is not None
    assert words in short.quote
    assert is_verbatim(short, {source.id: source})


def test_an_outlet_that_the_question_names_is_kept_to_and_shown(bot):
    answer = bot.ask("According to Inland News, who found a crack in the bridge of Marn?")
    assert answer.filters.publishers == ("Inland News",)
    assert not answer.relaxed
    assert {citation.publisher for s in answer.sentences for citation in s.citations} == {"Inland News"}


def test_where_the_named_outlet_has_no_answer_another_one_is_asked_and_that_is_said(bot):
    answer = bot.ask("According to Coast Post, who found a crack in the bridge of Marn?")
    assert answer.relaxed
    assert answer.filters.publishers == ("Coast Post",)
    assert answer.sentences[0].citations[0].publisher == "Inland News"


def test_the_filters_that_a_question_names_can_be_set_aside(bot):
    question = "According to the Coast Post, who found a crack in the bridge of Marn?"
    *_, done = bot.stream(question, own_filters=False)
    assert done.answer.filters == Filters()
    assert done.answer.sentences[0].citations[0].publisher == "Inland News"
    assert not done.answer.relaxed


def test_filters_of_the_caller_are_never_given_up(bot):
    answer = bot.ask(
        "According to Inland News, who found a crack in the bridge of Marn?",
        filters=Filters(publishers=("Coast Post",)),
    )
    assert (answer.status, answer.reason) == ("refused", "filtered_out")


def test_without_the_reader_everything_works_as_far_as_it_can(bot):
    plain = rag.Assistant(bot.index.layout.root, rag.Config(reader=Reading(model="none")))
    answer = plain.ask("Who found a crack in the bridge of Marn?")
    assert "Ole Berg" in answer.sentences[0].citations[0].quote
    assert answer.short is None
    plain.close()


def test_a_follow_up_is_understood_from_what_was_asked_before(bot):
    history = [Turn("user", "Who is the mayor of Lund?"), Turn("assistant", "Ada Holm.")]
    events = list(bot.stream("And when did it open its harbour?", history=history))
    assert "Lund" in events[0].query
    assert events[-1].answer.rewritten == events[0].query
    assert any("2 May 2021" in citation.quote for s in events[-1].answer.sentences for citation in s.citations)


@pytest.mark.parametrize("question", ["What is Bitcoin?", "How tall is she?", "比特币是什么？"])
def test_a_new_subject_is_not_answered_with_the_old_one(bot, question):
    history = [Turn("user", "Who is the mayor of Lund?"), Turn("assistant", "Ada Holm.")]
    assert bot.ask(question, history=history).status == "refused"


def test_the_stream_tells_of_each_stage_and_ends_with_the_answer(bot):
    kinds = [type(event) for event in bot.stream("Who found a crack in the bridge of Marn?")]
    assert kinds[0] is Retrieved
    assert kinds.index(Read) < kinds.index(Delta) < kinds.index(Done) == len(kinds) - 1


def test_a_second_search_looks_wider_where_the_first_finds_nothing(bot):
    kinds = [type(event) for event in bot.stream("Who won the chess tournament in Reykjavik?")]
    assert kinds == [Retrieved, Retrieved, Read, Done]


def test_the_same_question_has_the_same_answer(bot):
    one, two = (bot.ask("Who cut the ribbon?") for _ in range(2))
    assert (one.sentences, one.confidence, one.fingerprint) == (two.sentences, two.confidence, two.fingerprint)


def test_many_threads_can_ask_at_once(bot):
    answers = []
    ask = [threading.Thread(target=lambda: answers.append(bot.ask("Who cut the ribbon?").sentences)) for _ in range(8)]
    for thread in ask:
        thread.start()
    for thread in ask:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1


def test_an_empty_question_is_an_error(bot):
    with pytest.raises(ValueError, match="empty"):
        bot.ask("  ")


def test_odd_questions_end_in_an_answer(bot):
    for question in (
        "?",
        "[1111111111",
        "a" * 5000,
        "\x00",
        "\u202e🤖",
        "AND OR NOT (",
        '"',
        "SELECT * FROM documents; --",
    ):
        assert bot.ask(question).status in ("answered", "refused")


def test_the_same_text_of_two_outlets_can_be_given():
    texts = [Document.of("Ole Berg found a crack.", title="Crack", publisher=name) for name in ("One", "Two")]
    assert rag.answer("Who found a crack?", documents=texts, config=rag.Config()).status == "answered"


def test_texts_that_are_given_are_asked_without_an_index():
    answer = rag.answer("Who found a crack?", documents=[HARBOUR, BRIDGE], config=rag.Config())
    assert answer.sentences[0].citations[0].doc_id == BRIDGE.id


def test_the_default_index_is_made_from_the_corpus(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        answer = rag.answer("Who is Li Yuju?")
        assert "deputy director" in answer.sentences[0].citations[0].quote
    assert (tmp_path / ".footnote" / "library.db").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [".footnote"]


def test_an_answer_is_json_under_the_names_of_its_fields(bot):
    data = json.loads(json.dumps(rag.to_json(bot.ask("Who cut the ribbon?"))))
    assert list(data) == [
        "question", "status", "reason", "short", "sentences",
        "confidence", "hits", "conflicts", "fingerprint", "seconds", "filters", "relaxed",
        "rewritten", "removed", "trouble",
    ]  # fmt: skip
    assert data["sentences"][0]["citations"][0]["quote"]


def test_a_langchain_pipeline_retrieves_with_footnote(bot):
    chain = FootnoteRetriever(bot=bot, limit=2) | (lambda found: [document.metadata for document in found])
    found = chain.invoke("Who found a crack in the bridge?")
    assert len(found) == 2
    top = found[0]
    assert (top["title"], top["publisher"], top["published"]) == ("Bridge of Marn closed", "Inland News", "2023-01-09")
    assert BRIDGE.text[top["start"] : top["end"]].startswith("The old bridge")


def test_a_langchain_pipeline_answers_with_footnote(bot):
    chain = as_runnable(bot) | (lambda answer: answer.sentences[0].citations[0].quote)
    assert all("Ada Holm" in quote for quote in chain.batch(["Who cut the ribbon?", "Who is the mayor of Lund?"]))
    history = [("human", "Who is the mayor of Lund?"), AIMessage("Ada Holm.")]
    asked = {"question": "And when did it open its harbour?", "history": history, "as_of": date(2022, 1, 1)}
    assert "2 May 2021" in chain.invoke(asked)
