"""The edits that make questions unanswerable, and their counterparts that do not."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.antonyms import OPPOSITES, SYNONYMS
from training.edits import Editor
from training.pools import Pools, normal, numbers, related, sentences

PASSAGE = (
    "Anna Keller founded the Lindau Observatory in 1871. Her rival Otto Brandt defended the older instruments of "
    "Bremen. In 1880 the largest telescope was sold to Hamburg. Visitors admired the gardens around the dome."
)
OTHER = (
    "Maria Vogel directed the observatory during the war. The instruments were moved to Potsdam in 1943. Karl Anders "
    "later wrote of the heavy losses. The modern library was opened in 1962 by Maria Vogel."
)


def rolled(seed):
    return Random(seed)  # noqa: S311 (nothing here is secret)


def asked(question, answer, passage):
    return {"question": question, "answers": [{"text": answer, "answer_start": passage.index(answer)}]}


ARTICLES = [
    {
        "title": "Observatory",
        "paragraphs": [
            {
                "context": PASSAGE,
                "qas": [
                    asked("Who founded the Lindau Observatory in 1871?", "Anna Keller", PASSAGE),
                    asked("Who defended the older instruments of Bremen?", "Otto Brandt", PASSAGE),
                    asked("What city was the largest telescope sold to?", "Hamburg", PASSAGE),
                ],
            },
            {
                "context": OTHER,
                "qas": [
                    asked("Who directed the observatory during the war?", "Maria Vogel", OTHER),
                    asked("Who wrote of the heavy losses?", "Karl Anders", OTHER),
                    asked("What city were the instruments moved to?", "Potsdam", OTHER),
                ],
            },
        ],
    }
]
ROWS = [
    (qa["question"], paragraph["context"], qa["answers"][0])
    for paragraph in ARTICLES[0]["paragraphs"]
    for qa in paragraph["qas"]
]
EDITOR = Editor(ARTICLES)


def unanswerable(row, seed=0):
    question, passage, answer = row
    dice = rolled(seed)
    return EDITOR.unanswerable(question, passage=passage, answer=answer["text"], article="Observatory", dice=dice)


def answerable(row, seed=0):
    question, passage, answer = row
    return EDITOR.answerable(
        question,
        passage=passage,
        answer_start=answer["answer_start"],
        answer=answer["text"],
        article="Observatory",
        dice=rolled(seed),
    )


def of_kind(kind, row, seeds=30):
    return [edit for seed in range(seeds) for edit in unanswerable(row, seed) if edit.kind == kind]


@given(st.sampled_from(ROWS), st.integers(0, 10_000))
def test_the_same_dice_give_the_same_edits(row, seed):
    assert unanswerable(row, seed) == unanswerable(row, seed)
    assert answerable(row, seed) == answerable(row, seed)


@given(st.sampled_from(ROWS), st.integers(0, 10_000))
def test_no_edit_is_a_real_question_of_its_passage(row, seed):
    real = {normal(question) for question, passage, _ in ROWS if passage == row[1]}
    for edit in unanswerable(row, seed):
        assert edit.passage != row[1] or normal(edit.question) not in real


@given(st.sampled_from(ROWS), st.integers(0, 10_000))
def test_a_kept_answer_stands_where_the_edit_says(row, seed):
    for kept in answerable(row, seed):
        assert kept.passage[kept.answer_start :].startswith(kept.answer)


@given(st.text(max_size=60), st.text(max_size=200), st.integers(0, 9))
def test_any_text_is_edited_without_an_error(question, passage, seed):
    dice = rolled(seed)
    EDITOR.unanswerable(question, passage=passage, answer=passage[:5], article="none", dice=dice)
    EDITOR.answerable(question, passage=passage, answer_start=0, answer=passage[:5], dice=dice)


def test_a_changed_year_is_not_the_year_of_the_passage():
    for edit in of_kind("date", ROWS[0]):
        assert "1871" not in edit.question
        assert edit.passage == PASSAGE


def test_a_verb_becomes_its_opposite():
    assert {edit.question for edit in of_kind("antonym", ROWS[1])} & {
        "Who attacked the older instruments of Bremen?",
        "Who defended the younger instruments of Bremen?",
        "Who defended the newer instruments of Bremen?",
    }


def test_a_negation_is_put_in_before_the_verb():
    assert of_kind("negation", ROWS[1])[0].question == "Who never defended the older instruments of Bremen?"


def test_a_negation_is_taken_out():
    edits = EDITOR.unanswerable(
        "Who did not defend Bremen?", passage=PASSAGE, answer="Anna Keller", article="", dice=rolled(1)
    )
    assert "Who did defend Bremen?" in [edit.question for edit in edits]


def test_roles_are_exchanged_in_a_passive():
    edits = EDITOR.unanswerable(
        "Who defeated Otto Brandt?", passage=PASSAGE, answer="Anna Keller", article="", dice=rolled(1)
    )
    assert "Who was defeated by Otto Brandt?" in [edit.question for edit in edits if edit.kind == "role"]


def test_a_cut_takes_the_answer_out_of_the_passage():
    cuts = of_kind("cut", ROWS[2], seeds=1)
    assert cuts
    assert all("Hamburg" not in edit.passage and edit.question == ROWS[2][0] for edit in cuts)


def test_a_renaming_changes_question_and_passage_alike():
    renamed = [kept for seed in range(30) for kept in answerable(ROWS[0], seed) if kept.kind == "rename"]
    assert renamed
    for kept in renamed:
        assert ("1871" in kept.question) == ("1871" in kept.passage)
        assert kept.answer == "Anna Keller"


def test_an_answer_that_does_not_stand_there_is_an_error():
    with pytest.raises(ValueError, match="does not stand at 3"):
        EDITOR.answerable("Who?", passage=PASSAGE, answer_start=3, answer="Hamburg", dice=rolled(0))


@pytest.mark.parametrize(
    ("one", "other"), [("Beyoncé Knowles", "Knowles"), ("United Nations", "UN"), ("Germany", "Germans")]
)
def test_an_alias_is_no_other_name(one, other):
    assert related(one, other)


def test_names_get_the_type_of_what_they_answer():
    pools = Pools(ARTICLES)
    assert pools.type_of("Anna Keller") == "person"
    assert pools.type_of("Hamburg") == "place"
    assert pools.type_of("Yale University") == "organisation"


def test_numbers_are_told_apart():
    found = numbers("In 1871 three men sold 1,200 books in March, the 2nd time in the 19th century.")
    assert [(m.form, m.type) for m in found] == [
        ("1871", "year"), ("three", "count"), ("1,200", "number"), ("March", "month"), ("19th", "century"),
    ]  # fmt: skip


def test_sentences_do_not_end_at_a_title():
    text = "Dr. Vogel met Gen. Brandt. They talked."
    assert [text[a:b] for a, b in sentences(text)] == ["Dr. Vogel met Gen. Brandt.", "They talked."]


def test_there_are_many_opposites_and_none_is_a_synonym():
    assert len(OPPOSITES) >= 500
    assert not [word for word, others in OPPOSITES.items() if set(others) & {word, *SYNONYMS.get(word, ())}]
