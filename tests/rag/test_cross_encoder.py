"""What comes out of the model, read: with a stand-in for the model that likes the words it is told to like."""

import numpy as np
import pytest
from tokenizers import Tokenizer

from rag.cross_encoder import CrossEncoder, open_cross_encoder
from rag.errors import ModelMissing
from rag.models import minilm_folder
from rag.packing import Packer, Pair

TOKENIZER = Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
PACKER = Packer(TOKENIZER)
TEXT = "Ada Holm cut the ribbon on Monday."
FILLER = "ship " * 400


class FakeModel:
    """Gives the words named their logits for beginning and ending an answer, all others -5; remembers the rows."""

    def __init__(self, begins=None, ends=None, *, none=0.0, scores=(0.0,) * 6):
        self.begins, self.ends = ({TOKENIZER.token_to_id(w): n for w, n in (of or {}).items()} for of in (begins, ends))
        self.none = none
        self.scores = scores
        self.rows = []

    def __call__(self, row):
        self.rows.append(row)
        spans = np.array([[self.begins.get(n, -5.0), self.ends.get(n, -5.0)] for n in row.ids], np.float32)
        spans[0] = (self.none, 0.0)
        scores = self.scores(row) if callable(self.scores) else self.scores
        return spans, np.array(scores, np.float32)


def judge(model, *passages, question="Who?", n_workers=1):
    read = CrossEncoder(PACKER, model, n_workers=n_workers)
    return read([Pair(question, passage, "Harbour") for passage in passages])


def best(model, passage=TEXT, **more):
    (judgement,) = judge(model, passage, **more)
    found = judgement.spans[0]
    return passage[found.start : found.end], found.score


def test_the_best_answer_runs_from_the_likeliest_first_to_the_likeliest_last_token():
    assert best(FakeModel({"ada": 3}, {"holm": 2})) == ("Ada Holm", 5.0)


def test_an_answer_begins_no_later_than_it_ends():
    text, score = best(FakeModel({"monday": 3, "ada": 1}, {"ada": 3, "monday": 0.5}))
    assert (text, score) == ("Ada", 4.0)
    (judgement,) = judge(FakeModel({"monday": 3}, {"ada": 3}), TEXT)
    assert all(found.start < found.end for found in judgement.spans)


def test_words_of_the_question_and_of_the_header_are_no_answer():
    model = FakeModel({"harbour": 9, "who": 9, "ada": 1}, {"harbour": 9, "who": 9, "holm": 1})
    assert best(model)[0] == "Ada Holm"


def test_a_score_is_how_much_an_answer_is_preferred_to_none():
    assert best(FakeModel({"ada": 3}, {"holm": 2}, none=4.0)) == ("Ada Holm", 1.0)
    assert judge(FakeModel({"ada": 3}, {"holm": 2}, none=9.0), TEXT)[0].best == -4.0


def test_an_answer_is_not_longer_than_a_few_words():
    text = f"Ada {'ship ' * 40}Monday."
    assert best(FakeModel({"ada": 3}, {"monday": 3}), text)[0] != text[:-1]


def test_answers_come_best_first_and_each_once():
    (judgement,) = judge(FakeModel({"ada": 3, "holm": 1}, {"holm": 2, "ribbon": 1}), TEXT)
    scores = [found.score for found in judgement.spans]
    assert scores == sorted(scores, reverse=True)
    places = [(found.start, found.end) for found in judgement.spans]
    assert len(set(places)) == len(places) > 3


def test_an_empty_passage_has_no_answer_and_is_judged_all_the_same():
    (judgement,) = judge(FakeModel(scores=(1, 2, 3, 4, 5, 6)), "")
    assert judgement.spans == ()
    assert judgement.best < -10
    assert (judgement.relevant, judgement.answerable, judgement.support) == (1, 2, (3, 4, 5, 6))


def test_a_passage_of_words_has_an_answer_however_its_ends_are_spread():
    words = ["ship", "harbour", "ribbon", "monday", "engine", "bridge", "river", "island", "ocean", "mayor"]
    words += ["winter", "summer", "garden", "window", "doctor", "teacher", "silver", "golden", "market", "church"]
    words += ["castle", "forest", "mountain", "valley", "village"]
    later = {word: float(n) for n, word in enumerate(words)}
    sooner = {word: -float(n) for n, word in enumerate(words)}
    assert judge(FakeModel(later, sooner), " ".join(words))[0].spans


@pytest.mark.parametrize("n_workers", [1, 3])
def test_the_longest_are_read_first_and_judgements_keep_the_order_of_the_pairs(n_workers):
    passages = ["ship " * n for n in (3, 90, 0, 40, 7)]
    model = FakeModel(scores=lambda row: (len(row.spans), 0, 0, 0, 0, 0))
    judged = judge(model, *passages, n_workers=n_workers)
    assert [judgement.relevant for judgement in judged] == [3, 90, 0, 40, 7]
    if n_workers == 1:
        assert [len(row.spans) for row in model.rows] == [90, 40, 7, 3, 0]


def test_windows_become_one_judgement_of_what_the_best_of_them_says():
    holds = TOKENIZER.token_to_id("ada")
    model = FakeModel(
        {"ada": 3}, {"holm": 2}, scores=lambda row: (1, 2, 3, 0, 0, 0) if holds in row.ids else (-1, 4, 0, 0, 0, 7)
    )
    passage = FILLER + TEXT
    (judgement,) = judge(model, passage)
    assert len(model.rows) > 1
    assert passage[judgement.spans[0].start : judgement.spans[0].end] == "Ada Holm"
    assert (judgement.relevant, judgement.answerable, judgement.support) == (1, 4, (3, 0, 0, 0))


def test_an_answer_that_two_windows_see_keeps_the_better_score():
    room = 320 - len(PACKER.pack([Pair("Who?", "", "Harbour")])[0][0].ids)
    passage = "ship " * (room - 20) + TEXT + " ship" * 200
    model = FakeModel({"ada": 3}, {"holm": 2})
    seen = []

    def run(row):
        spans, scores = model(row)
        if TOKENIZER.token_to_id("ada") in row.ids:
            spans[0] = (2.0 * len(seen), 0.0)  # the second window is less sure that there is an answer
            seen.append(row)
        return spans, scores

    (judgement,) = judge(run, passage)
    assert len(seen) == 2
    assert judgement.spans[0].score == 5.0


def test_no_pairs_are_no_work():
    model = FakeModel()
    assert judge(model) == []
    assert model.rows == []


def test_a_judgement_does_not_depend_on_its_neighbours():
    model = FakeModel({"ada": 3}, {"holm": 2}, scores=lambda row: (len(row.ids),) * 6)
    assert judge(model, TEXT, FILLER, "")[0] == judge(model, TEXT)[0]


def test_a_reader_that_is_not_there_says_what_to_do(tmp_path):
    with pytest.raises(ModelMissing, match=r"nowhere.*Install Footnote anew, or set reader\.model to 'none'"):
        open_cross_encoder(tmp_path / "nowhere")


def test_a_damaged_reader_says_what_to_do(tmp_path):
    (tmp_path / "reader.onnx").write_bytes(b"no model")
    with pytest.raises(ModelMissing, match=r"reader\.model"):
        open_cross_encoder(tmp_path)
