"""Gold questions: every wrong line is told with its number, and every quote is found where it stands."""

import json
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from eval.gold import check, load, of_split
from eval.types import Example
from rag.errors import DataMissing, GoldError
from rag.types import Document, Turn

MINUTES = Document.of(
    "The board met twice now. Ada Holm was in the chair.\n\nAda Holm left early.",
    title="Minutes",
    source="a/minutes.md",
)
LETTER = Document.of("They met again.", title="Letter", source="b/letter.md", url="https://x.example/letter")
TWIN = Document.of("Other minutes.", title="Other", source="b/minutes.md")
LIBRARY = [MINUTES, LETTER]
GOOD = {"question": "Who chaired it?", "answers": ["Ada Holm"]}


def written(tmp_path, *lines):
    file = tmp_path / "gold.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    file.write_text("\n".join(texts), encoding="utf-8")
    return file


def problem(tmp_path, line, library=LIBRARY):
    (found,) = check(written(tmp_path, line), library).problems
    return found.removeprefix(f"{tmp_path / 'gold.jsonl'}:1: ")


def evidence(tmp_path, *parts, library=LIBRARY):
    (example,) = load(written(tmp_path, {**GOOD, "evidence": list(parts)}), library)
    return example.evidence


def test_a_line_needs_only_a_question_and_an_answer(tmp_path):
    assert load(written(tmp_path, "", GOOD), LIBRARY) == (Example("q-7c22939a", "Who chaired it?", ("Ada Holm",)),)


def test_every_field_arrives(tmp_path):
    line = {
        "id": "q1", "question": "他去了哪里？", "answerable": False, "type": "no-role", "language": "zh",
        "history": [{"role": "user", "text": "谁？"}], "as_of": "2024-03-06", "split": "test",
    }  # fmt: skip
    (example,) = load(written(tmp_path, line), LIBRARY)
    assert example == Example(
        "q1", "他去了哪里？", answerable=False, type="no-role", language="zh",
        history=(Turn("user", "谁？"),), as_of=date(2024, 3, 6), split="test",
    )  # fmt: skip


@given(st.data())
def test_a_quote_is_found_at_its_offsets(tmp_path_factory, data):
    start = data.draw(st.integers(0, len(MINUTES.text) - 1))
    end = data.draw(st.integers(start + 1, len(MINUTES.text)))
    quote = MINUTES.text[start:end]
    assume(any(map(str.isalnum, quote)))
    found = evidence(tmp_path_factory.mktemp("gold"), {"doc": "minutes.md", "quote": quote})
    assert (start, end) in {(gold.start, gold.end) for gold in found} or quote in MINUTES.text[: start + len(quote) - 1]
    assert all(MINUTES.text[gold.start : gold.end] == gold.quote == quote for gold in found)


def test_a_quote_that_stands_twice_means_both_places(tmp_path):
    assert [gold.start for gold in evidence(tmp_path, {"doc": "minutes.md", "quote": "Ada Holm"})] == [25, 53]


def test_offsets_and_whole_documents_are_evidence(tmp_path):
    by_offset, whole = evidence(tmp_path, {"doc": "a/minutes.md", "start": 25, "end": 33}, {"doc": "letter.md"})
    assert by_offset.quote == "Ada Holm"
    assert (whole.doc_id, whole.start, whole.quote) == (LETTER.id, None, "")


@pytest.mark.parametrize("name", ["b/letter.md", "letter.md", "./letter.md", "https://x.example/letter", LETTER.id])
def test_a_document_goes_by_its_source_the_end_of_it_its_address_or_its_id(tmp_path, name):
    assert [gold.doc_id for gold in evidence(tmp_path, {"doc": name})] == [LETTER.id]


def test_a_name_that_may_mean_two_documents_is_an_error(tmp_path):
    line = {**GOOD, "evidence": [{"doc": "minutes.md"}]}
    assert "may be any of a/minutes.md, b/minutes.md" in problem(tmp_path, line, [*LIBRARY, TWIN])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "is no JSON"),
        ("[1]", "must be an object"),
        ({"answers": ["x"]}, "has no 'question'"),
        ({**GOOD, "question": " "}, "question is empty"),
        ({**GOOD, "question": 5}, "question is 5: "),
        ({**GOOD, "question": "\0"}, "question is empty"),
        ({**GOOD, "answers": ["!"]}, "the answer '!' has no word in it"),
        ({**GOOD, "evidence": [{"doc": "letter.md", "quote": " "}]}, "the quote ' ' has no word in it"),
        ("[" * 100_000, "JSON"),
        ('{"question": ' + "9" * 5_000 + "}", "number out of range"),
        ({**GOOD, "anwsers": []}, "unknown field 'anwsers'; did you mean 'answers'?"),
        ({**GOOD, "evidence": [{"doc": "letter.md", "qoute": "x"}]}, "did you mean 'quote'?"),
        ({**GOOD, "as_of": "2024-13-01"}, 'as_of is "2024-13-01": '),
        ({**GOOD, "split": "train"}, 'split is "train": '),
        ({**GOOD, "history": [{"role": "bot", "text": "x"}]}, 'history.0.role is "bot": '),
        ({**GOOD, "answerable": False}, "answerable is false, but there are answers"),
        ({"question": "Who?"}, "has neither answers nor evidence"),
        ({**GOOD, "evidence": [{"doc": "leter.md"}]}, "'leter.md' is not in the index; did you mean 'letter.md'?"),
        ({**GOOD, "evidence": [{"doc": "letter.md", "start": 1}]}, "only one of start and end"),
        ({**GOOD, "evidence": [{"doc": "letter.md", "start": 3, "end": 3}]}, "ends at 3, before it starts"),
        ({**GOOD, "evidence": [{"doc": "letter.md", "start": 3, "end": 99}]}, "has 15 characters"),
        ({**GOOD, "evidence": [{"doc": "letter.md", "start": 0, "end": 4, "quote": "We"}]}, "stands 'They', not 'We'"),
        (
            {**GOOD, "evidence": [{"doc": "minutes.md", "quote": "Ada Holm was in chair."}]},
            "the nearest is 'Ada Holm was in the chair.'",
        ),
    ],
)
def test_a_wrong_line_says_what_is_wrong(tmp_path, line, said):
    assert said in problem(tmp_path, line)


def test_every_wrong_line_is_told_and_the_others_are_kept(tmp_path):
    gold = check(written(tmp_path, "{", GOOD, "[]"), LIBRARY)
    assert len(gold.examples) == 1
    assert [text.split(":")[1] for text in gold.problems] == ["1", "3"]


def test_loading_a_file_with_wrong_lines_is_an_error_that_names_the_command_to_see_all(tmp_path):
    file = written(tmp_path, *["{"] * 7)
    with pytest.raises(GoldError, match=r"gold\.jsonl:1: .*; and 2 more: `footnote eval --check"):
        load(file, LIBRARY)


def test_one_id_on_two_lines_is_an_error(tmp_path):
    (found,) = check(written(tmp_path, {**GOOD, "id": "a"}, {**GOOD, "id": "a"})).problems
    assert "the id 'a' stands on more than one line" in found


def test_without_documents_evidence_is_not_looked_for(tmp_path):
    assert not check(written(tmp_path, {**GOOD, "evidence": [{"doc": "nowhere.md", "quote": "x"}]})).problems


def test_a_file_that_cannot_be_read_or_is_empty_says_so(tmp_path):
    with pytest.raises(GoldError, match="cannot be read: No such file"):
        check(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b"\xe9")
    with pytest.raises(GoldError, match="is not UTF-8: byte 0xe9 at 0"):
        check(tmp_path / "latin.jsonl")
    assert "holds no question" in check(written(tmp_path, "")).problems[0]


def test_a_split_nobody_marked_is_an_error_that_names_those_that_are():
    examples = [Example("1", "?", split="dev"), Example("2", "?", split="")]
    assert [example.id for example in of_split(examples, "dev")] == ["1"]
    assert len(of_split(examples, None)) == 2
    with pytest.raises(DataMissing, match="are marked: dev"):
        of_split(examples, "test")
