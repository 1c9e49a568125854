"""The public data sets become documents and examples whose offsets hold; what is missing says what to set."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.data import (
    arguments,
    data_folder,
    expmrc,
    fitz_gov,
    mtrag,
    multihoprag,
    realtimeqa,
    scifact,
    squad,
    wice,
    xquad_across,
)
from eval.data.files import place, unused
from rag.errors import DataMissing
from rag.text import normalise
from rag.types import Document, Turn
from tests.eval.records import packed

texts = st.text(alphabet="ab e\u0301é\r\n中", max_size=40)


def paragraphs(*found, title="The_Sea"):
    return {"data": [{"title": title, "paragraphs": [{"context": text, "qas": qas} for text, qas in found]}]}


def qa(key, *answers, **more):
    return {"id": key, "question": f"{key}?", "answers": [{"text": t, "answer_start": at} for t, at in answers], **more}


def check_offsets(documents, examples):
    by_id = {document.id: document for document in documents}
    assert len({document.source for document in documents}) == len(documents)
    assert len({example.id for example in examples}) == len(examples)
    for example in examples:
        for found in example.evidence:
            assert found.title == by_id[found.doc_id].title
            if found.start is not None:
                assert by_id[found.doc_id].text[found.start : found.end] == found.quote


def spans(example):
    return [(found.start, found.end) for found in example.evidence]


@given(before=texts, quote=texts, after=texts)
def test_a_place_holds_the_quote_however_the_text_was_normalised(before, quote, after):
    document = Document.of(before + quote + after, title="T", language="en")
    found = place(document, quote, near=len(before))
    if found:
        assert document.text[found.start : found.end] == found.quote == normalise(quote)


@given(before=texts, after=texts)
def test_a_quote_is_found_where_it_stood_before_the_text_was_normalised(before, after):
    document = Document.of(f"{before} Quote {after}", title="T", language="en")
    found = place(document, "Quote", near=len(before))
    assert (found.start, found.quote) == (document.text.index("Quote"), "Quote")


def test_of_several_occurrences_the_nearest_is_the_place():
    document = Document.of("ada and ada and ada", title="T")
    assert [place(document, "ada", near=near).start for near in (0, 7, 8, 13, 99)] == [0, 8, 8, 16, 16]
    assert place(document, "eve") is None
    assert place(document, "") is None


def test_a_paragraph_is_a_document_and_each_distinct_answer_is_evidence(tmp_path):
    answers = [("Ada", 0), ("Ada", 0), ("Ada Holm", 0), ("Ada", 21)]
    file = packed(tmp_path / "a.json.gz", paragraphs(("Ada Holm sailed, and Ada came back.", [qa("q1", *answers)])))
    documents, examples = squad(file)
    check_offsets(documents, examples)
    assert [(d.title, d.source, d.language) for d in documents] == [("The Sea", "The Sea#0", "en")]
    (example,) = examples
    assert (example.answers, spans(example)) == (("Ada", "Ada Holm"), [(0, 3), (0, 8), (21, 24)])
    assert (example.answerable, example.type, example.within) == (True, "", ())


def test_a_question_without_an_answer_is_kept_and_has_no_evidence(tmp_path):
    asked = [qa("q1", ("Ada", 0), is_impossible=False), qa("q2", is_impossible=True)]
    documents, examples = squad(packed(tmp_path / "a.json.gz", paragraphs(("Ada sailed.", asked))), given=True)
    assert [e.type for e in examples] == ["answerable", "unanswerable"]
    assert [e.within for e in examples] == [(documents[0].id,)] * 2
    assert (examples[1].answerable, examples[1].answers, examples[1].evidence) == (False, (), ())


def test_an_offset_is_found_again_in_the_normalised_text(tmp_path):
    text = "e\u0301e\u0301 Ada, a\r\nb Ada"
    documents, examples = squad(
        packed(tmp_path / "a.json.gz", paragraphs((text, [qa("q", ("Ada", text.rindex("A")))])))
    )
    check_offsets(documents, examples)
    assert spans(examples[0]) == [(12, 15)]


def test_an_answer_that_is_nowhere_leaves_the_document_as_evidence(tmp_path):
    documents, examples = squad(packed(tmp_path / "a.json.gz", paragraphs(("Ada sailed.", [qa("q", ("Eve", -1))]))))
    assert spans(examples[0]) == [(None, None)]
    assert examples[0].evidence[0].doc_id == documents[0].id


def test_a_chinese_question_gets_the_evidence_of_its_english_twin(tmp_path):
    english = [("Ada sailed.", [qa("q1", ("Ada", 0))]), ("Eve sank.", [qa("q2", ("Eve", 0))])]
    chinese = [("夏娃沉没。", [qa("q2", ("夏娃", 0))]), ("艾达航行。", [qa("q1", ("艾达", 0)), qa("q3", ("艾达", 0))])]
    packed(tmp_path / "xquad.en.json.gz", paragraphs(*english))
    packed(tmp_path / "xquad.zh.json.gz", paragraphs(*chinese))
    documents, examples = xquad_across(tmp_path)
    check_offsets(documents, examples)
    assert [document.text for document in documents] == ["Ada sailed.", "Eve sank."]
    found = {e.id: (e.language, e.answers, e.evidence[0].doc_id) for e in examples}
    assert found == {"q1": ("zh", ("Ada",), documents[0].id), "q2": ("zh", ("Eve",), documents[1].id)}


def test_marked_sentences_are_evidence_and_one_that_is_not_there_is_dropped(tmp_path):
    marked = qa("q", ("Ada", 9), evidences=["It was Ada.", "It was Ada.", "It was Eve."])
    documents, examples = expmrc(packed(tmp_path / "a.json.gz", paragraphs(("Who? It was Ada. Yes.", [marked]))))
    check_offsets(documents, examples)
    assert spans(examples[0]) == [(5, 16)]
    assert examples[0].within == (documents[0].id,)


def test_a_claim_is_asked_of_the_sentences_that_its_abstracts_rest_on(tmp_path):
    abstracts = [{"doc_id": 7, "title": "Salt", "abstract": ["e\u0301 One.", "Two."]}]
    abstracts.append({"doc_id": 8, "title": "Ice", "abstract": ["Three."]})
    packed(tmp_path / "corpus.jsonl.gz", *abstracts)
    rationale = {"7": [{"sentences": [1], "label": "SUPPORT"}, {"sentences": [1, 0], "label": "SUPPORT"}]}
    claims = [{"id": 1, "claim": "Salt melts.", "cited_doc_ids": [7, 8], "evidence": rationale}]
    claims.append({"id": 2, "claim": "No.", "cited_doc_ids": [], "evidence": {}})
    packed(tmp_path / "claims_train.jsonl.gz", *claims)
    documents, examples = scifact(tmp_path, "train")
    check_offsets(documents, examples)
    assert (documents[0].source, documents[0].text) == ("7", "é One. Two.")
    assert [(e.id, spans(e)) for e in examples] == [("1", [(0, 6), (7, 11), (None, None)])]


def test_each_claim_of_wice_is_in_one_half_and_reads_only_its_page(tmp_path):
    def row(n, label="supported", supporting=([1], [1, 2])):
        lines = ["(meta data) TITLE: About", f"One {n}.", "Two."]
        claim = {"claim": f"Claim {n}", "evidence": lines, "supporting_sentences": list(supporting)}
        return {**claim, "label": label, "meta": {"id": f"dev{n}"}}

    packed(tmp_path / "claim_dev.jsonl.gz", *map(row, range(20)), row(20, "not_supported", [[]]))
    halves = [wice(tmp_path, split) for split in ("dev", "test")]
    for documents, examples in halves:
        check_offsets(documents, examples)
        assert [e.within for e in examples] == [(d.id,) for d in documents]
    found = {e.id: e for _, examples in halves for e in examples}
    assert len(found) == sum(len(examples) for _, examples in halves) == 21
    assert [g.quote for g in found["dev3"].evidence] == ["One 3.", "Two."]
    assert found["dev3"].answerable
    assert found["dev3"].evidence[0].title == "About"
    assert (found["dev20"].answerable, found["dev20"].type, found["dev20"].evidence) == (False, "not_supported", ())


def article(key, text, url=None):
    row = {"doc_id": key, "url": url or f"https://{key}", "title": "T", "source": "x.com", "publish_date": "2022/06/12"}
    return {**row, "text": text}


def test_an_article_keeps_its_outlet_and_day(tmp_path):
    packed(tmp_path / "corpus_2022.jsonl.gz", article("a", "Text."), article("b", " "))
    packed(tmp_path / "questions_2022.jsonl.gz")
    (document,), _ = realtimeqa(tmp_path, 2022)
    assert (document.publisher, document.published) == ("x.com", date(2022, 6, 12))


def test_articles_of_one_address_stay_apart(tmp_path):
    rows = article("a", "One.", "https://x"), article("b", "Two.", "https://x")
    packed(tmp_path / "corpus_2022.jsonl.gz", *rows)
    packed(tmp_path / "questions_2022.jsonl.gz")
    assert [(d.source, d.url) for d in realtimeqa(tmp_path, 2022)[0]] == [
        ("https://x", "https://x"),
        ("https://x#2", "https://x"),
    ]


def test_a_news_question_without_an_article_cannot_be_answered(tmp_path):
    def row(key, question, *found):
        asked = {"question_id": key, "question": question, "question_source": "CNN", "answers": ["Ada"]}
        return {**asked, "answer_doc_ids": list(found)}

    packed(tmp_path / "corpus_2023.jsonl.gz", article("a", "Ada sailed."), article("b", "Ada sank."))
    rows = row("1", "Who?", "b", "a"), row("1", "Who?", "b", "a"), row("1", "What?")
    packed(tmp_path / "questions_2023.jsonl.gz", *rows)
    documents, examples = realtimeqa(tmp_path, 2023)
    check_offsets(documents, examples)
    found, none = examples
    assert (found.answers, found.type, found.as_of) == (("Ada",), "CNN", None)
    assert [g.doc_id for g in found.evidence] == [documents[1].id, documents[0].id]
    assert (none.id, none.answerable, none.answers, none.evidence) == ("1#2", False, (), ())


def test_a_fact_is_a_dated_document_and_evidence_from_end_to_end(tmp_path):
    fact = {"fact": "Ada sailed.", "title": "T", "source": "The Sea", "author": None, "url": "https://x"}
    rows = [{**fact, "fact_id": key, "published_at": "2023-10-06T21:31:00+00:00"} for key in ("f1", "f2")]
    packed(tmp_path / "facts_pool.jsonl.gz", *rows)
    query = {"id": "1", "query": "Who?", "question_type": "inference_query", "answer": "Ada"}
    null = {"id": "2", "query": "What?", "question_type": "null_query", "answer": "Insufficient information."}
    asked = {**query, "evidence_fact_ids": ["f2", "f1"]}, {**null, "evidence_fact_ids": []}
    packed(tmp_path / "queries.jsonl.gz", *asked)
    documents, (found, none) = multihoprag(tmp_path)
    check_offsets(documents, [found, none])
    fact = documents[0]
    assert (fact.source, fact.publisher, fact.published) == ("f1", "The Sea", date(2023, 10, 6))
    assert (spans(found), found.answers) == ([(0, 11), (0, 11)], ("Ada",))
    assert (none.answerable, none.answers, none.evidence, none.type) == (False, (), (), "null_query")


def test_a_case_may_read_its_own_contexts_only(tmp_path):
    case = {"query": "Who?", "contexts": ["Ada.", "Eve."]}
    rows = [{**case, "id": key, "expected_mode": mode} for key in "abcdefgh" for mode in ("abstain", "disputed")]
    folder = packed(tmp_path / "cases.jsonl.gz", *rows).parent
    documents, examples = fitz_gov(folder, "dev")
    _, learnt = fitz_gov(folder, "train")
    assert {e.id for e in examples} | {e.id for e in learnt} == set("abcdefgh")
    assert not {e.id for e in examples} & {e.id for e in learnt}
    assert [example.within for example in examples] == [
        tuple(d.id for d in documents[n : n + 2]) for n in range(0, len(documents), 2)
    ]
    assert {(e.type, e.answerable) for e in examples} == {("abstain", False), ("disputed", True)}


def turns(key, kind, *contexts, last="And she?"):
    spoken = ("user", "Who?"), ("agent", "Ada."), ("user", last)
    return {
        "task_id": key,
        "input": [{"speaker": speaker, "text": text} for speaker, text in spoken],
        "contexts": [{"document_id": name, "text": text} for name, text in contexts],
        "answerability": [kind],
    }


def test_a_conversation_asks_its_last_turn_of_its_own_passages(tmp_path):
    rows = [turns("1", "ANSWERABLE", ("p", "Ada."), ("q", "Eve.")), turns("2", "PARTIAL", ("q", "Eve."))]
    documents, (one, two) = mtrag(packed(tmp_path / "tasks.jsonl.gz", *rows).parent)
    assert [(document.source, document.title) for document in documents] == [("p", "p"), ("q", "q")]
    assert (one.question, one.history) == ("And she?", (Turn("user", "Who?"), Turn("assistant", "Ada.")))
    assert (one.within, two.within) == ((documents[0].id, documents[1].id), (documents[1].id,))
    assert [(e.answerable, e.type) for e in (one, two)] == [(True, "answerable"), (True, "partial")]


def test_a_passage_of_the_same_name_with_another_text_is_another_document(tmp_path):
    rows = [turns("1", "ANSWERABLE", ("p", "Ada.")), turns("2", "ANSWERABLE", ("p", "Eve."))]
    documents, _ = mtrag(packed(tmp_path / "tasks.jsonl.gz", *rows).parent)
    assert [(document.source, document.text) for document in documents] == [("p", "Ada."), ("p#2", "Eve.")]


def test_a_turn_without_passages_may_read_nothing_and_an_unclear_or_empty_one_is_left_out(tmp_path):
    rows = [turns("1", "UNANSWERABLE"), turns("2", "UNDERSPECIFIED"), turns("3", "ANSWERABLE", last=" ")]
    documents, (only,) = mtrag(packed(tmp_path / "tasks.jsonl.gz", *rows).parent)
    assert (documents, only.within, only.answerable) == ([], (), False)


def test_a_name_in_use_gets_a_number():
    used = set()
    assert [unused("a", used) for _ in range(3)] == ["a", "a#2", "a#3"]


def test_the_folder_is_the_one_given_or_the_one_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("FOOTNOTE_BENCH_DATA", raising=False)
    assert data_folder(None) == Path("../shared/data")
    monkeypatch.setenv("FOOTNOTE_BENCH_DATA", str(tmp_path))
    assert data_folder(None) == arguments("").parse_args([]).data == tmp_path
    assert data_folder(tmp_path / "x") == tmp_path / "x"


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (lambda folder: scifact(folder, "dev"), "corpus.jsonl.gz"),
        (lambda folder: realtimeqa(folder, 2022), "corpus_2022.jsonl.gz"),
        (lambda folder: squad(folder / "dev.json.gz"), "dev.json.gz"),
        (mtrag, "tasks.jsonl.gz"),
    ],
)
def test_data_that_are_not_there_say_what_to_set(tmp_path, read, name):
    with pytest.raises(DataMissing, match=r"--data DIR or FOOTNOTE_BENCH_DATA") as raised:
        read(tmp_path / "nowhere")
    assert str(tmp_path / "nowhere" / name) in str(raised.value)


def test_a_split_that_is_not_there_names_those_that_are(tmp_path):
    with pytest.raises(DataMissing, match=r"no split 'test'.*dev, train"):
        scifact(tmp_path, "test")
    with pytest.raises(DataMissing, match=r"no split 'train'.*dev, test"):
        wice(tmp_path, "train")
