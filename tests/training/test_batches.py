"""Examples become tensors: the answer where its tokens are, groups whole, and what is empty teaches nothing."""

import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rag.models import minilm_folder
from rag.packing import MAX_TOKENS, Packer, Pair
from training.batches import UNKNOWN, Example, Target, batches, targets, tensors
from training.train import losses

TOKENIZER = Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
PACKER = Packer(TOKENIZER)
TEXT = "Ada Holm, the mayor, cut the ribbon on 2 May 2021."
FILLER = "ship " * 400


def about(words, text=TEXT, **more):
    start = text.index(words) if words else 0
    return Example(Pair("Who?", text, "Harbour"), (start, start + len(words)), **more)


def target(example):
    ((found,),) = targets([[example]], PACKER)
    return found


def words_of(found):
    return TOKENIZER.decode(found.ids[found.start : found.end + 1].tolist())


@pytest.mark.parametrize("words", ["Ada Holm", "2 May 2021", "ribbon", "."])
def test_a_target_finds_the_tokens_of_the_answer(words):
    assert words_of(target(about(words))) == words.lower()


def test_an_answer_that_cuts_a_word_takes_the_whole_word():
    assert words_of(target(about("bon on"))) == "ribbon on"


@given(st.data())
@settings(deadline=None)
def test_the_tokens_of_an_answer_hold_all_of_its_characters(data):
    start = data.draw(st.integers(0, len(TEXT) - 1))
    end = data.draw(st.integers(start + 1, len(TEXT)))
    made = targets([[Example(Pair("Who?", TEXT), (start, end))]], PACKER)
    (row,) = PACKER.pack([Pair("Who?", TEXT)])[0]
    if made:
        ((found,),) = made
        (first, _), (_, last) = row.spans[found.start - row.first], row.spans[found.end - row.first]
        assert first <= start < end <= last
    else:  # no token stands for the white space at one of its ends
        assert TEXT[start:end] != TEXT[start:end].strip()


def test_of_several_windows_the_one_with_the_answer_is_taken():
    found = target(about("Ada Holm", FILLER + TEXT))
    assert words_of(found) == "ada holm"
    assert len(found.ids) <= MAX_TOKENS


def test_without_an_answer_position_0_is_right_and_of_an_unknown_one_nothing_is_learnt():
    assert (target(about("")).start, target(about("")).end) == (0, 0)
    unknown = target(Example(Pair("Who?", TEXT)))
    assert (unknown.start, unknown.end, unknown.relevant, unknown.support) == (UNKNOWN,) * 4


def test_what_fits_no_window_is_dropped_and_a_group_without_its_first_with_it():
    torn = Example(Pair("Who?", FILLER), (0, len(FILLER)))
    assert targets([[torn, about("Ada")]], PACKER) == []
    ((kept,),) = targets([[about("Ada"), torn]], PACKER)
    assert words_of(kept) == "ada"


def test_labels_and_the_places_of_header_and_passage_are_kept():
    found = target(about("Ada", relevant=1, answerable=0, support=3))
    assert (found.relevant, found.answerable, found.support) == (1, 0, 3)
    assert TOKENIZER.decode(found.ids[found.shown :].tolist()).startswith("harbour")
    assert TOKENIZER.decode(found.ids[found.first : found.last].tolist()).startswith("ada holm")


def made_up(length, **labels):
    known = {"start": 0, "end": 0, "relevant": 1, "answerable": 1, "support": 0, **labels}
    ids = np.full(length, 7, np.uint16)
    return Target(ids, shown=4, first=6, last=length - 1, **known)


GROUPS = st.lists(st.lists(st.integers(8, MAX_TOKENS).map(made_up), min_size=1, max_size=5), max_size=40)


@given(GROUPS, st.integers(0, 9))
@settings(deadline=None)
def test_every_group_is_in_one_batch_whole(groups, seed):
    cut = batches(groups, tokens=1600, dice=random.Random(seed))  # noqa: S311
    assert sorted(id(group) for batch in cut for group in batch) == sorted(map(id, groups))


@given(GROUPS)
@settings(deadline=None, max_examples=30)
def test_batches_have_one_shape_a_width_unless_one_group_needs_more(groups):
    for batch in batches(groups, tokens=1600, dice=random.Random(0)):  # noqa: S311
        height, width = tensors(batch, tokens=1600)["ids"].shape
        assert width % 32 == 0
        assert height == 1600 // width or len(batch) == 1


def test_the_dice_alone_give_the_order():
    groups = [[made_up(8 + n)] for n in range(60)]
    one, same, other = (batches(groups, tokens=320, dice=random.Random(seed)) for seed in (1, 1, 2))  # noqa: S311
    places = [[[id(group) for group in batch] for batch in cut] for cut in (one, same, other)]
    assert places[0] == places[1] != places[2]


def test_tensors_hold_the_rows_and_mark_where_an_answer_may_be():
    batch = tensors([[made_up(10, start=6, end=7)], [made_up(20), made_up(12)]], tokens=160)
    assert batch["ids"].shape == batch["mask"].shape == batch["types"].shape == (5, 32)
    assert batch["mask"].sum(dim=1).tolist() == [10, 20, 12, 1, 1]
    assert batch["types"].sum(dim=1).tolist() == [6, 16, 8, 0, 0]
    assert batch["allowed"][0].nonzero().flatten().tolist() == [0, 6, 7, 8]
    assert batch["group"].tolist() == [0, 1, 1, UNKNOWN, UNKNOWN]
    assert (batch["start"][0], batch["end"][0]) == (6, 7)


def judged(batch, seed=0):
    dice = torch.Generator().manual_seed(seed)
    height, width = batch["ids"].shape
    spans, judgements = torch.randn(height, width, 2, generator=dice), torch.randn(height, 6, generator=dice)
    return spans.requires_grad_(), judgements.requires_grad_()


ROWS = [[made_up(10, start=6, end=7), made_up(12, relevant=0, answerable=0, support=2)], [made_up(9, support=UNKNOWN)]]


def test_an_empty_row_teaches_nothing():
    full, padded = tensors(ROWS, tokens=96), tensors(ROWS, tokens=320)
    assert (len(full["ids"]), len(padded["ids"])) == (3, 10)
    spans, judgements = judged(padded)
    parts = losses(spans, judgements, batch=padded)
    expected = losses(spans[:3], judgements[:3], batch=full)
    assert {name: float(part.detach()) for name, part in parts.items()} == pytest.approx(
        {name: float(part.detach()) for name, part in expected.items()}
    )
    sum(parts.values()).backward()
    assert spans.grad[:3].any()
    assert judgements.grad[:3].any()
    assert not spans.grad[3:].any()
    assert not judgements.grad[3:].any()


def test_a_batch_of_which_nothing_is_known_teaches_nothing():
    unknown = dict.fromkeys(("start", "end", "relevant", "answerable", "support"), UNKNOWN)
    batch = tensors([[made_up(10, **unknown)]], tokens=64)
    parts = losses(*judged(batch), batch=batch)
    assert [float(part.detach()) for part in parts.values()] == [0.0] * 6


def test_right_and_wrong_are_ranked_within_their_group_only():
    right, wrong = made_up(10), made_up(10, relevant=0, answerable=0)
    together, apart = (tensors(rows, tokens=64) for rows in ([[right, wrong]], [[right], [wrong]]))
    assert float(losses(*judged(together), batch=together)["relevant ranked"].detach()) > 0
    assert float(losses(*judged(apart), batch=apart)["relevant ranked"].detach()) == 0


def test_what_lies_outside_the_passage_is_no_answer_to_learn_from():
    batch = tensors([[made_up(10, start=6, end=7)]], tokens=32)
    spans, judgements = judged(batch)
    losses(spans, judgements, batch=batch)["span"].backward()
    learnt = spans.grad.abs().sum(dim=-1)[0].nonzero().flatten().tolist()
    assert learnt == [0, 6, 7, 8]
