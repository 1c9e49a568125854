"""A follow-up becomes a question that stands alone, and what stands alone is left as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import WriterFailed
from rag.leaning import fragment_of, is_courtesy, leans, pronoun_in
from rag.rewrite import stand_alone
from rag.types import Turn

MAYOR = [Turn("user", "Who is the mayor of Lund?"), Turn("assistant", "Ada Holm.")]


class Scripted:
    """A chat model that writes what it was told to, and remembers what it was asked and how much was taken."""

    fingerprint = "scripted"

    def __init__(self, *pieces, fails=False):
        self.pieces, self.fails = pieces, fails
        self.asked, self.taken = [], 0

    def stream(self, messages):
        self.asked.append(messages)
        for piece in self.pieces:
            self.taken += 1
            yield piece
        if self.fails:
            raise WriterFailed("the model does not answer.")


def conversation(*questions):
    return [Turn("user", question) for question in questions]


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        ("What was the turnover in 2023?", "And in 2024?", "What was the turnover in 2024?"),
        ("What was the turnover in 2023?", "And the profit?", "What was the profit in 2023?"),
        ("What was the turnover?", "And in 2024?", "What was the turnover in 2024?"),
        ("What was the turnover in April 2024?", "And in May?", "What was the turnover in May 2024?"),
        ("What is the population of Beijing?", "What about Shanghai?", "What is the population of Shanghai?"),
        ("When did Xi Jinping visit Beijing?", "And Li Qiang?", "When did Li Qiang visit Beijing?"),
        ("When did Xi Jinping visit Beijing?", "And Paris?", "When did Xi Jinping visit Paris?"),
        ("北京的人口是多少？", "那上海呢？", "上海的人口是多少？"),
        ("2023年的营业额是多少？", "那2024年呢？", "2024年的营业额是多少？"),
        ("2023年的营业额是多少？", "那利润呢？", "2023年的利润是多少？"),
        ("营业额是多少？", "2024年呢？", "2024年营业额是多少？"),
    ],
)
def test_a_fragment_takes_the_place_of_what_is_like_it_in_the_question_before(before, question, expected):
    assert stand_alone(question, conversation(before)) == expected


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        ("What is envelope encryption?", "How does it work?", "How does envelope encryption work?"),
        ("Who is Andre Gunder Frank?", "Was he a communist?", "Was Andre Gunder Frank a communist?"),
        ("What are Special Police Units?", "What are their duties?", "What are Special Police Units' duties?"),
        ("Who is the mayor of Lund?", "When did it open?", "When did Lund open?"),
        ("Who is the mayor of Lund?", "How tall is she?", "How tall is the mayor of Lund?"),
        ("习近平什么时候访问法国？", "他在哪里出生？", "习近平在哪里出生？"),
        ("法国的人口是多少？", "其首都是哪里？", "法国的首都是哪里？"),
        ("什么是华为？", "该公司总部在哪？", "华为总部在哪？"),
    ],
)
def test_a_pronoun_is_replaced_by_what_it_stands_for(before, question, expected):
    assert stand_alone(question, conversation(before)) == expected


def test_the_person_whom_the_answer_names_is_meant_by_he_or_she():
    assert stand_alone("How tall is she?", MAYOR) == "How tall is Ada Holm?"


def test_of_several_names_none_is_chosen_and_the_subject_is_added_instead():
    before = conversation("Did Ada Holm or Eva Berg cut the ribbon?")
    assert stand_alone("When was she born?", before) == "When was she born? (Ada Holm Eva Berg cut ribbon)"


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        ("Who found the crack?", "Why?", "Why? (found crack)"),
        ("Did Ole Berg find a crack?", "Is that true?", "Is that true? (Ole Berg crack)"),
        ("谁发现了裂缝？", "为什么？", "为什么？（发现 裂缝）"),
    ],
)
def test_what_names_nothing_gets_the_words_of_the_question_before(before, question, expected):
    assert stand_alone(question, conversation(before)) == expected


def test_a_subject_lasts_through_several_turns():
    before = conversation("What was the turnover in 2023?", "And the profit?", "Thanks!")
    assert stand_alone("And in 2024?", before) == "What was the profit in 2024?"


@pytest.mark.parametrize(
    "question",
    [
        "What is Bitcoin?",
        "Thanks!",
        "谢谢，再见",
        "比特币是什么？",
        "Who wrote the law?",
        "Is it possible to vote?",
        "How long does it take to build a bridge?",
        "If a bridge of steel breaks, who repairs it?",
        "Was Ole Berg paid when he found the crack?",
        "Who said that the harbour is closed?",
        "其他国家的首都是哪里？",
        "And what did Reuters report?",
        "That is interesting. Who built the bridge of Marn?",
        "?",
        "",
    ],
)
def test_what_stands_alone_or_asks_nothing_is_left_as_it_is(question):
    assert stand_alone(question, MAYOR) == question


def test_without_a_question_before_it_nothing_is_rewritten_and_no_model_is_asked():
    model = Scripted("Who?")
    assert stand_alone("Why?", [], model=model) == "Why?"
    assert stand_alone("Why?", [Turn("assistant", "Hello.")], model=model) == "Why?"
    assert model.asked == []


def test_a_model_rewrites_where_there_is_one_and_sees_the_conversation():
    model = Scripted("How tall is ", "Ada Holm?")
    assert stand_alone("How tall is she?", MAYOR, model=model) == "How tall is Ada Holm?"
    shown = model.asked[0][-1].text
    assert all(text in shown for text in ("Who is the mayor of Lund?", "Ada Holm.", "How tall is she?"))


@pytest.mark.parametrize(
    "reply", ["Question: How tall is Ada Holm?", '\n"How tall is Ada Holm?"\n', "**How tall is Ada Holm?**"]
)
def test_labels_and_quotation_marks_of_the_model_are_taken_off(reply):
    assert stand_alone("How tall is she?", MAYOR, model=Scripted(reply)) == "How tall is Ada Holm?"


def test_the_model_is_stopped_after_its_first_line():
    model = Scripted("How tall is Ada Holm?\n", "She is ", "tall.")
    assert stand_alone("How tall is she?", MAYOR, model=model) == "How tall is Ada Holm?"
    assert model.taken == 1


def test_a_question_that_the_model_only_respells_counts_as_unchanged():
    question = "who wrote the law"
    assert stand_alone(question, MAYOR, model=Scripted("Who wrote the law?")) == question


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I'm sorry, I cannot do that.",
        "她有多高？",
        "How tall is Marie Curie?",
        "How tall was Ada Holm in 1999?",
        "What is the weather?",
        "How tall is Ada Holm? " * 40,
    ],
)
def test_what_is_no_such_question_is_left_to_the_rules(reply):
    assert stand_alone("How tall is she?", MAYOR, model=Scripted(reply)) == "How tall is Ada Holm?"


def test_a_number_that_the_model_drops_is_a_reason_to_do_without_it():
    history = conversation("What was the turnover in 2023?")
    assert stand_alone("And in 2024?", history, model=Scripted("What was it?")) == "What was the turnover in 2024?"


def test_a_model_that_fails_is_replaced_by_the_rules():
    model = Scripted("How tall", fails=True)
    assert stand_alone("How tall is she?", MAYOR, model=model) == "How tall is Ada Holm?"


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=3))
def test_any_text_is_rewritten_into_some_text(question, before):
    rewritten = stand_alone(question, conversation(*before))
    assert rewritten == question or rewritten.strip()


def test_hostile_lengths_take_no_time():
    for text in (
        "and " * 50_000,
        "she " * 50_000,
        "(" * 100_000,
        "that is " * 20_000,
        "goodbye " * 40 + "x",
        "你好" * 99 + "x",
    ):
        stand_alone(text, MAYOR)
        stand_alone("Why?", conversation(text))


@pytest.mark.parametrize(
    ("text", "expected"), [("Thanks a lot!", True), ("好的，谢谢", True), ("Thanks to whom?", False)]
)
def test_thanks_are_told_from_questions(text, expected):
    assert is_courtesy(text) is expected


def test_a_month_is_no_verb_and_a_sentence_no_fragment():
    assert fragment_of("And in May?") == "in May"
    assert fragment_of("Who is Ada?") == ""


def test_a_pronoun_that_its_own_sentence_explains_points_nowhere():
    assert pronoun_in("When Ada Holm resigned, who followed her?") is None
    assert not leans("Which bridge was closed before this year?")
