"""The public data sets are read from wherever they lie, and a missing one says what to set."""

import gzip
import json
from datetime import date

import pytest

from eval.data import arguments, news, scifact, squad


def packed(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_a_paragraph_is_a_document_and_only_answerable_questions_are_asked(tmp_path):
    questions = [
        {"id": "q1", "question": "Who sailed?", "answers": [{"text": "Ada"}]},
        {"id": "q2", "question": "Who sank?", "answers": [], "is_impossible": True},
    ]
    article = {"title": "The_Sea", "paragraphs": [{"context": "Ada sailed.", "qas": questions}]}
    documents, queries = squad(packed(tmp_path / "a.json.gz", json.dumps({"data": [article]})))
    assert [(d.title, d.source, d.text) for d in documents] == [("The Sea", "The Sea#0", "Ada sailed.")]
    assert [(q.id, q.sources, q.answers) for q in queries] == [("q1", {"The Sea#0"}, ("Ada",))]


def test_a_claim_is_asked_of_the_abstracts_that_it_cites(tmp_path):
    packed(tmp_path / "corpus.jsonl.gz", json.dumps({"doc_id": 7, "title": "Salt", "abstract": ["One.", "Two."]}))
    claims = [{"id": 1, "claim": "Salt melts.", "cited_doc_ids": [7]}, {"id": 2, "claim": "No.", "cited_doc_ids": []}]
    packed(tmp_path / "claims_dev.jsonl.gz", "\n".join(map(json.dumps, claims)))
    documents, queries = scifact(tmp_path, "dev")
    assert (documents[0].source, documents[0].text) == ("7", "One. Two.")
    assert [(q.id, q.sources) for q in queries] == [("1", {"7"})]


def test_an_article_keeps_its_outlet_and_day(tmp_path):
    row = {"url": "https://x", "title": "T", "source": "x.com", "publish_date": "2022/06/12", "text": "Text."}
    packed(tmp_path / "corpus_2022.jsonl.gz", json.dumps(row) + "\n" + json.dumps({**row, "text": " "}))
    (article,) = news(tmp_path, 2022)
    assert (article.publisher, article.published) == ("x.com", date(2022, 6, 12))


def test_data_that_are_not_there_say_what_to_set(tmp_path, monkeypatch):
    monkeypatch.setenv("FOOTNOTE_BENCH_DATA", str(tmp_path))
    folder = arguments("").parse_args([]).data
    with pytest.raises(SystemExit, match=r"corpus\.jsonl\.gz.*FOOTNOTE_BENCH_DATA"):
        scifact(folder, "dev")
