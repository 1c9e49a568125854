"""Rows of tokens: as long as the model bears, and each token of a passage knows its characters."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rag.models import minilm_folder
from rag.packing import MAX_TOKENS, Packer, Pair

TOKENIZER = Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
PACKER = Packer(TOKENIZER)
CLS, SEP, UNKNOWN = (TOKENIZER.token_to_id(name) for name in ("[CLS]", "[SEP]", "[UNK]"))
LONG = " ".join(f"Ship {n} left the harbour of Lund." for n in range(200))
ODD = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="aé港口😀 \u0301\u200b.İßﬁ½각'-1", max_size=60),
    st.builds(str.__mul__, st.text(min_size=1, max_size=12), st.integers(1, 120)),
)


def rows(question, passage, header=""):
    (windows,) = PACKER.pack([Pair(question, passage, header)])
    return windows


def shown(row):
    return row.ids[row.first : row.first + len(row.spans)]


@given(ODD, ODD, ODD)
@example("", "", "")
@example("Who?", LONG, "Harbour · Coast Post")
@example(LONG, LONG, LONG)
@example("谁？", "港口" * 400, "港口")
@example("Who?", "a" * 5000, "")
@example("Who?", "\U0001f600 " * 500, "")
@settings(deadline=None, max_examples=60)
def test_a_row_is_no_longer_than_the_model_bears_and_has_a_type_for_each_token(question, passage, header):
    for row in rows(question, passage, header):
        assert len(row.ids) == len(row.types) <= MAX_TOKENS
        assert (row.ids[0], row.ids[-1]) == (CLS, SEP)
        assert row.types == sorted(row.types)
        assert row.types.index(1) == row.ids.index(SEP) + 1
        assert row.first + len(row.spans) + 1 == len(row.ids)


@given(ODD)
@example(LONG)
@example("İstanbul cafe\u0301 港口😀 a\u00adb ﬁ½ 각각")
@settings(deadline=None, max_examples=60)
def test_each_span_is_the_text_of_its_token(passage):
    for row in rows("Who?", passage):
        for token, (start, end) in zip(shown(row), row.spans, strict=True):
            assert 0 <= start < end <= len(passage)
            held = TOKENIZER.normalizer.normalize_str(passage[start:end]).strip()
            said = TOKENIZER.id_to_token(token).removeprefix("##")
            # What the vocabulary lacks is one token a word, and a character may be taken apart into several.
            assert token == UNKNOWN or said == held or (end - start == 1 and said in held)


@given(ODD)
@example(LONG)
@example("港口" * 400)
@settings(deadline=None, max_examples=60)
def test_windows_follow_each_other_overlap_and_leave_no_letter_out(passage):
    windows = rows("Who?", passage)
    whole = TOKENIZER.encode(passage, add_special_tokens=False)
    at = 0
    for row in windows:
        assert row.spans == whole.offsets[at : at + len(row.spans)]
        assert shown(row) == whole.ids[at : at + len(row.spans)]
        assert row is windows[-1] or len(row.ids) == MAX_TOKENS
        at += len(row.spans) - 48
    assert at + 48 == len(whole.ids) or len(windows) == 1
    covered = {n for row in windows for span in row.spans for n in range(*span)}
    assert [char for n, char in enumerate(passage) if char.isalnum() and n not in covered] == []


def test_a_passage_that_just_fits_is_one_row_and_one_more_word_makes_two():
    room = MAX_TOKENS - len(rows("Who?", "")[0].ids)
    assert [len(row.ids) for row in rows("Who?", "ship " * room)] == [MAX_TOKENS]
    first, second = rows("Who?", "ship " * (room + 1))
    assert len(first.spans) == room
    assert second.spans[0] == first.spans[-48]


def test_an_empty_passage_is_one_row_without_spans():
    (row,) = rows("Who?", "", "Harbour")
    assert row.spans == []


def test_a_long_question_and_header_are_cut_and_leave_room_for_the_passage():
    (row,) = rows(LONG, "Ada came.", LONG)
    assert row.ids.count(SEP) == 3
    assert [("Ada came.")[slice(*span)] for span in row.spans] == ["Ada", "came", "."]


def test_pairs_keep_their_order():
    packed = PACKER.pack([Pair("Who?", LONG), Pair("Who?", "Ada."), Pair("Who?", "")])
    assert [len(windows) > 1 for windows in packed] == [True, False, False]


@pytest.mark.parametrize("mark", ["[SEP]", "[CLS]", "[PAD]", "[MASK]"])
def test_a_mark_of_the_model_in_a_text_is_mere_text(mark):
    (row,) = rows(f"Who {mark}?", f"Ada {mark} came.", f"Harbour {mark}")
    assert row.ids.count(SEP) == 3
    assert TOKENIZER.token_to_id(mark) not in shown(row)


def test_packing_nothing_gives_nothing():
    assert PACKER.pack([]) == []
