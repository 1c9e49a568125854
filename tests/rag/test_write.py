"""A chat model writes; what it writes is shown only with exact citations that bear it."""

import pytest
from langchain_core.language_models import FakeListChatModel

import rag
from ingest import ingest_documents
from rag.chain import as_writer
from rag.errors import WriterFailed
from rag.types import Delta, Done, Read, Turn
from rag.verify import is_verbatim
from tests.fakes import ScriptedChatModel
from tests.texts import BRIDGE, HARBOUR

DOCUMENTS = {document.id: document for document in (HARBOUR, BRIDGE)}
QUESTION = "Who cut the ribbon of the harbour of Lund?"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    root = tmp_path_factory.mktemp("write") / "index"
    ingest_documents([HARBOUR, BRIDGE], root, config=rag.Config())
    return root


def ask(index, *replies, question=QUESTION, history=()):
    model = ScriptedChatModel(*replies)
    with rag.Assistant(index, rag.Config(), writer=model) as bot:
        return list(bot.stream(question, history=history)), model


def numbers(model):
    """Return which number each document has in the prompt that the model saw."""
    prompt = "\n".join(message.text for message in model.sent[-1])
    titles = [line for line in prompt.splitlines() if line.startswith("Title: ")]
    return {title.removeprefix("Title: "): number for number, title in enumerate(titles, start=1)}


def test_a_written_sentence_cites_the_exact_words_it_rests_on(index):
    events, _ = ask(index, "Ada Holm, mayor of Lund, cut the ribbon [1].")
    answer = events[-1].answer
    assert [s.text for s in answer.sentences] == ["Ada Holm, mayor of Lund, cut the ribbon."]
    assert answer.sentences[0].support == "supported"
    (citation,) = answer.sentences[0].citations
    assert citation.quote == "Ada Holm, the mayor of Lund, cut the ribbon."
    assert is_verbatim(citation, DOCUMENTS)
    assert answer.removed == ()
    assert "scripted" in answer.fingerprint


def test_quotations_come_first_then_checked_sentences_and_the_answer_last(index):
    events, _ = ask(index, "Ada Holm cut the ribbon [1]. The harbour cost 90 million crowns [1].")
    kinds = [type(event) for event in events]
    assert kinds.index(Read) < kinds.index(Delta) < kinds.index(Done) == len(kinds) - 1
    assert "Ada Holm" in next(event for event in events if isinstance(event, Read)).quotes[0].text
    said = "".join(event.text for event in events if isinstance(event, Delta))
    assert "90 million" not in said
    assert said.startswith("Ada Holm cut the ribbon.")


def test_what_the_documents_do_not_bear_is_removed_and_kept_apart(index):
    events, _ = ask(index, "Ada Holm cut the ribbon [1]. The harbour cost 90 million crowns [1].")
    answer = events[-1].answer
    assert all("90 million" not in sentence.text for sentence in answer.sentences if sentence.support == "supported")
    (removed,) = [s for s in (*answer.removed, *answer.sentences) if "90 million" in s.text]
    assert removed.support != "supported"
    assert any("90 million" in word for word in removed.missing)


def test_a_wrong_marker_is_mended_where_another_passage_bears_the_sentence(index):
    events, model = ask(index, "Ada Holm cut the ribbon [2].", "Ada Holm cut the ribbon [1].")
    assert set(numbers(model)) == {"A harbour for Lund", "Bridge of Marn closed"}
    (sentence,) = events[-1].answer.sentences
    assert sentence.citations[0].doc_id == HARBOUR.id


@pytest.mark.parametrize(
    "reply",
    ["Mercury boils at 357 degrees [1].", "The passages do not answer the question.", "[7][8]", "```\nx[1]\n```"],
)
def test_where_nothing_that_is_written_stands_the_quotations_are_the_answer(index, reply):
    answer = ask(index, reply)[0][-1].answer
    assert answer.status == "answered"
    assert "Ada Holm, the mayor of Lund, cut the ribbon." in answer.sentences[0].text
    assert answer.trouble == ""


def test_a_model_that_fails_leaves_the_quotations_and_a_word_about_it(index):
    answer = ask(index, WriterFailed("the model cannot be reached."))[0][-1].answer
    assert "Ada Holm" in answer.sentences[0].text
    assert answer.trouble == "the model cannot be reached."


def test_a_refusal_asks_no_model(index):
    events, model = ask(index, question="Who won the chess tournament in Reykjavik?")
    assert events[-1].answer.status == "refused"
    assert model.sent == []


def test_small_talk_asks_no_model_and_searches_nothing(index):
    events, model = ask(index, question="Hello!")
    assert model.sent == []
    (sentence,) = events[-1].answer.sentences
    assert (sentence.support, sentence.citations, events[-1].answer.hits) == ("not_a_claim", (), ())


def test_a_follow_up_is_rewritten_by_the_model(index):
    history = [Turn("user", "What happened in Lund?"), Turn("assistant", "A harbour was opened.")]
    replies = ("Who cut the ribbon of the harbour of Lund?", "Ada Holm cut the ribbon [1].")
    answer = ask(index, *replies, question="And who cut it?", history=history)[0][-1].answer
    assert answer.rewritten == replies[0]
    assert answer.sentences[0].text == "Ada Holm cut the ribbon."


def test_the_short_answer_lies_in_what_the_first_sentence_cites(index):
    short = ask(index, "Ada Holm cut the ribbon [1].")[0][-1].answer.short
    assert "Ada Holm" in short.quote
    assert ask(index, "The harbour cost 40 million crowns [1].")[0][-1].answer.short is None


def test_whoever_stops_listening_stops_the_model(index):
    model = ScriptedChatModel("Ada Holm cut the ribbon [1]. " * 20)
    with rag.Assistant(index, rag.Config(), writer=model) as bot:
        events = bot.stream(QUESTION)
        next(event for event in events if isinstance(event, Delta))
        events.close()
    assert model.stopped == 1


def test_what_was_cited_earlier_is_read_again(index):
    cited = ask(index, "Ada Holm cut the ribbon [1].")[0][-1].answer.sentences[0].citations
    history = [Turn("user", QUESTION), Turn("assistant", "Ada Holm.", cited)]
    with rag.Assistant(index, rag.Config()) as bot:
        hits = bot.ask("How long do repairs take?", history=history).hits
    assert HARBOUR.id in {hit.passage.doc_id for hit in hits}


def test_a_lead_is_shown_only_where_a_claim_follows(index):
    events, _ = ask(index, "The article says this:\nAda Holm cut the ribbon [1].\nThere is more to say:")
    texts = [sentence.text for sentence in events[-1].answer.sentences]
    assert texts == ["The article says this:", "Ada Holm cut the ribbon."]


@pytest.mark.parametrize(
    "claim",
    [
        "The mayor stole the money from orphans:",
        "The passages do not say why, but the mayor was jailed for murder in 2019.",
        "隆德市长贪污了全部公款：",
        "The harbour of Lund cost 50 million crowns [1].",
        "Ole Berg cut the ribbon of the harbour of Lund [1].",
        "The harbour opened in 2019 [1].",
    ],
)
def test_a_false_claim_is_neither_streamed_nor_shown_whatever_its_form(index, claim):
    events, _ = ask(index, f"Ada Holm cut the ribbon [1]. {claim}")
    streamed = "".join(event.text for event in events if isinstance(event, Delta))
    shown = " ".join(sentence.text for sentence in events[-1].answer.sentences)
    words = claim.removesuffix(" [1].")
    assert words not in streamed
    assert words not in shown


@pytest.mark.parametrize(
    "before",
    ["The passage states that ", "According to the passages, ", "In the passage, ", "This passage explains that "],
)
def test_a_sentence_says_what_the_passages_say_not_that_they_do(index, before):
    answer = ask(index, f"{before}ada Holm cut the ribbon [1].")[0][-1].answer
    assert answer.sentences[0].text == "Ada Holm cut the ribbon."


def test_that_the_rest_is_not_said_is_told_in_our_own_words_after_what_is(index):
    told = "The passages do not say why the mayor was jailed."
    texts = [s.text for s in ask(index, f"Ada Holm cut the ribbon [1]. {told}")[0][-1].answer.sentences]
    assert texts == ["Ada Holm cut the ribbon.", "The passages do not say the rest."]
    assert "“" in ask(index, told)[0][-1].answer.sentences[0].text  # nothing else: the quotations


def test_a_quotation_takes_the_place_of_a_removed_sentence_only_where_nothing_says_it(index):
    reply = "The harbour cost 90 million crowns [1]. Ada Holm cut the ribbon [1]."
    answer = ask(index, reply)[0][-1].answer
    cited = [citation.quote for sentence in answer.sentences for citation in sentence.citations]
    assert cited.count("Ada Holm, the mayor of Lund, cut the ribbon.") == 1
    assert answer.sentences[0].text == "Ada Holm cut the ribbon."


def test_a_question_in_another_language_is_searched_and_answered_across(index):
    replies = (
        "Who cut the ribbon of the harbour of Lund?",
        "Ada Holm cut the ribbon [1].",
        "阿达·霍尔姆为港口剪彩。",
    )
    answer = ask(index, *replies, question="谁为隆德的港口剪彩？")[0][-1].answer
    assert answer.rewritten == replies[0]
    assert answer.sentences[0].text == "阿达·霍尔姆为港口剪彩。（Ada Holm cut the ribbon.）"
    assert answer.sentences[0].citations[0].quote == "Ada Holm, the mayor of Lund, cut the ribbon."


def test_a_translation_that_states_another_number_is_not_shown(index):
    replies = ("How many boats does the harbour have room for?", "It has room for 300 boats [1].", "可停泊五百艘船。")
    answer = ask(index, *replies, question="港口可以停泊多少艘船？")[0][-1].answer
    assert answer.sentences[0].text == "It has room for 300 boats."


def test_a_question_is_translated_only_where_documents_are_in_the_other_language(index):
    _, model = ask(index, question="Who won the chess tournament in Reykjavik?")
    assert model.sent == []


def test_any_chat_model_of_langchain_can_write(index):
    model = FakeListChatModel(responses=["Ada Holm cut the ribbon [1]."])
    with rag.open(index, rag.Config(), writer=as_writer(model)) as bot:
        answer = bot.ask(QUESTION)
    assert [sentence.text for sentence in answer.sentences] == ["Ada Holm cut the ribbon."]
    assert "FakeListChatModel" in answer.fingerprint
