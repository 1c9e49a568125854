"""Every task is in the table, says what it measures, and asks the questions it says."""

import inspect
from dataclasses import replace

import pytest

from eval import solvers
from eval.tasks import TASKS, listing, load
from eval.tasks.fitz_gov import mode_accuracy
from eval.tasks.mtrag import likeness
from rag.config import Config
from rag.errors import ConfigError, DataMissing
from tests.eval.records import SEA, answered, cite, packed, record, refused, say

PUBLIC = [name for name, (_, folder) in TASKS.items() if folder]
SPLITS = {
    "scifact": ("dev", "train"),
    "squad-retrieval": ("dev", "train"),
    "cmrc": ("dev", "train"),
    "wice": ("dev", "test"),
    "fitz-gov": ("dev", "train"),
    **dict.fromkeys(("mtrag-last-turn", "mtrag-user-turns", "mtrag-follow-ups", "mtrag-rewrites"), ("dev", "train")),
}


class FakeBot:
    """Finds nothing, has no chat model, and remembers what it was asked to search for."""

    fingerprint, writer = "fake", None

    def __init__(self):
        self.queries, self.histories = [], []

    def search(self, query, *, history=(), **_):
        self.queries.append(query)
        self.histories.append([turn.text for turn in history])
        return []


def in_squad_form(text, answer):
    qas = [
        {"id": "q1", "question": "Who?", "answers": [{"text": answer, "answer_start": 0}], "evidences": [text]},
        {"id": "q2", "question": "When?", "answers": [], "is_impossible": True, "evidences": []},
    ]
    return {"data": [{"title": "T", "paragraphs": [{"context": text, "id": "p", "qas": qas}]}]}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    english, chinese = in_squad_form("Ada sailed.", "Ada"), in_squad_form("艾达航行。", "艾达")
    for name in ("squad/dev-v2.0-public", "squad/train-v1.1", "xquad/xquad.en", "expmrc/squad-dev"):
        packed(folder / f"{name}.json.gz", english)
    for name in ("xquad/xquad.zh", "cmrc2018/dev", "cmrc2018/train", "expmrc/cmrc2018-dev"):
        packed(folder / f"{name}.json.gz", chinese)
    packed(folder / "scifact/corpus.jsonl.gz", {"doc_id": "7", "title": "T", "abstract": ["Salt melts."]})
    for split in ("dev", "train"):
        claim = {"id": 1, "claim": "Salt melts.", "cited_doc_ids": ["7"], "evidence": {}}
        packed(folder / f"scifact/claims_{split}.jsonl.gz", claim)
    for year in (2022, 2023):
        article = {"doc_id": "a", "url": "https://a", "title": "T", "source": "x.com", "publish_date": "2022/06/12"}
        asked = {"question_id": "1", "question": "Who?", "question_source": "CNN", "question_date": "2022/06/13"}
        packed(folder / f"realtimeqa/corpus_{year}.jsonl.gz", {**article, "text": "Ada sailed."})
        packed(folder / f"realtimeqa/questions_{year}.jsonl.gz", {**asked, "answers": ["Ada"], "answer_doc_ids": ["a"]})
    fact = {"fact_id": "f", "fact": "Ada sailed.", "title": "T", "source": "S", "author": None, "url": "https://a"}
    packed(folder / "multihoprag/facts_pool.jsonl.gz", {**fact, "published_at": "2023-10-06T21:31:00+00:00"})
    query = {"id": "1", "query": "Who?", "question_type": "inference_query", "answer": "Ada"}
    packed(folder / "multihoprag/queries.jsonl.gz", {**query, "evidence_fact_ids": ["f"]})
    claims = [{"claim": f"Claim {n}", "evidence": ["One."], "supporting_sentences": [[0]]} for n in range(10)]
    rows = [{**claim, "label": "supported", "meta": {"id": f"c{n}"}} for n, claim in enumerate(claims)]
    packed(folder / "wice/claim_dev.jsonl.gz", *rows)
    case = {"query": "Who?", "contexts": ["A."], "expected_mode": "abstain"}
    packed(folder / "fitz_gov/cases.jsonl.gz", *({**case, "id": key} for key in "12"))
    first, last = ({"speaker": "user", "text": text} for text in ("Who is Ada Holm?", "When did she sail?"))
    turn = {"input": [first, {"speaker": "agent", "text": "A sailor."}, last], "answerability": ["ANSWERABLE"]}
    turn = {**turn, "contexts": [{"document_id": "p", "text": "Ada."}]}
    ids = [{"task_id": f"{key}<::>2", "conversation_id": key} for key in "12"]  # one of each half
    packed(folder / "mtrag/tasks.jsonl.gz", *({**turn, **own} for own in ids))
    said = {
        "all_turns": "|user|: Who is Ada Holm?\n|user|: When did she sail?",
        "rewrite": "|user|: When did Ada sail?",
    }
    packed(folder / "mtrag/rewrites.jsonl.gz", *({**said, "id": own["task_id"]} for own in ids))
    return folder


@pytest.mark.parametrize("name", PUBLIC)
def test_a_task_knows_its_name_and_default_split_and_can_be_asked(data, name):
    task = load(name, data, split=None)
    assert (task.name, task.split) == (name, "" if name == "wice" else "dev")
    assert task.examples
    assert task.documents
    ids = {document.id for document in task.documents}
    assert all(found.doc_id in ids for example in task.examples for found in example.evidence)
    assert all(set(example.within) <= ids for example in task.examples)
    Config.load(overrides=task.settings)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_task_has_the_splits_it_names_and_no_other(data, name):
    there = SPLITS.get(name, ("dev",))
    for split in ("dev", "test", "train"):
        if split in there:
            assert load(name, data, split=split).split == split
        else:
            with pytest.raises(DataMissing, match=f"no split '{split}'.*{', '.join(there)}"):
                load(name, data, split=split)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_task_without_its_data_says_what_to_set(tmp_path, name):
    with pytest.raises(DataMissing, match="FOOTNOTE_BENCH_DATA"):
        load(name, tmp_path, split=None)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_says_in_one_line_what_it_measures(name):
    line = inspect.getdoc(TASKS[name][0]).splitlines()[0]
    assert line.endswith(".")
    assert ". " not in line


def test_questions_without_an_answer_are_asked_but_not_searched_for(data):
    asked, searched = (load(name, data, split=None) for name in ("squad-open", "squad-retrieval"))
    assert [example.answerable for example in asked.examples] == [True, False]
    assert [example.answerable for example in searched.examples] == [True]
    assert (asked.solver, searched.solver) == (solvers.ask, solvers.search)


def test_only_the_reading_tasks_name_what_may_be_read(data):
    given = {name for name in PUBLIC if all(example.within for example in load(name, data, split=None).examples)}
    assert given == {"squad-reading", "expmrc-squad", "expmrc-cmrc", "wice", "fitz-gov", "mtrag"}


def test_a_chinese_question_is_asked_of_chinese_or_of_english_paragraphs(data):
    same, across = (load(name, data, split=None) for name in ("xquad-same", "xquad-across"))
    assert {e.language for task in (same, across) for e in task.examples} == {"zh"}
    assert [task.documents[0].language for task in (same, across)] == ["zh", "en"]


def test_a_follow_up_is_searched_as_typed_with_all_that_was_said_or_as_the_conversation_has_it(data):
    bot = FakeBot()
    for name in ("mtrag-last-turn", "mtrag-user-turns", "mtrag-follow-ups"):
        task = load(name, data, split=None)
        (example,) = task.examples
        found = task.solver(bot, example)
        assert found.example is example
        assert [one.title for one in example.evidence] == ["p"]
    typed, said, alone = bot.queries
    assert typed == "When did she sail?"
    assert said == "Who is Ada Holm? When did she sail?"
    assert alone == typed
    assert [bool(history) for history in bot.histories] == [False, False, True]


def test_a_rewritten_question_is_compared_with_a_persons():
    task_records = [
        record(
            replace(refused(), rewritten="When did Ada Holm sail?"), question="When?", answers=("When did Ada sail?",)
        ),
        record(replace(refused(), rewritten="Why?"), question="Why?", answers=("Why?",)),
    ]
    columns = {column.name: column.values for column in likeness(task_records, {})}
    assert columns["rewrite recall"] == (1.0, None)
    assert columns["rewrite precision"] == (pytest.approx(2 / 3), None)
    assert columns["rewrite F1"] == (pytest.approx(4 / 5), None)
    assert columns["as typed recall"] == (0.0, None)


def test_rewriting_alone_searches_nothing(data):
    task = load("mtrag-rewrites", data, split="train")
    (example,) = task.examples
    bot = FakeBot()
    assert task.solver(bot, example).answer.rewritten == "When did Ada Holm sail?"
    assert (bot.queries, example.answers) == ([], ("When did Ada sail?",))


def test_the_mode_is_told_by_refusal_and_conflict():
    cited = cite(SEA, "Ada")
    plain = answered(say(cited))
    disputed = replace(plain, conflicts=((cited, cited),))
    done = [
        ("abstain", refused(), 1.0),
        ("disputed", disputed, 1.0),
        ("trustworthy", plain, 1.0),
        ("trustworthy", refused(), 0.0),
        ("trustworthy", disputed, 0.0),
        ("trustworthy", None, None),
    ]
    (column,) = mode_accuracy([record(answer, type=mode) for mode, answer, _ in done], {})
    assert column.values == tuple(expected for _, _, expected in done)


def test_the_list_says_which_data_are_missing_and_what_to_set(data, tmp_path):
    places = {row["task"]: row["data"] for row in listing(data)}
    assert {place for name, place in places.items() if name not in PUBLIC} == {"ships with Footnote"}
    assert {places[name] for name in PUBLIC} == {"there"}
    (scifact,) = [row["data"] for row in listing(tmp_path) if row["task"] == "scifact"]
    assert scifact == f"missing: no {tmp_path / 'scifact'}; set --data DIR or FOOTNOTE_BENCH_DATA"


def test_a_task_that_is_not_there_names_the_nearest(tmp_path):
    with pytest.raises(ConfigError, match="no task 'sciface'; did you mean 'scifact'"):
        load("sciface", tmp_path, split=None)


def test_the_gold_questions_of_the_corpus_are_sound_and_as_many_as_promised(tmp_path):
    task = load("corpus", tmp_path, split=None)
    halves = [load("corpus", tmp_path, split=split).examples for split in ("dev", "test")]
    assert len(task.examples) == sum(map(len, halves)) >= 80
    for examples in (task.examples, *halves):
        assert sum(not example.answerable for example in examples) >= len(examples) / 4
    texts = {document.id: document.text for document in task.documents}
    for example in task.examples:
        assert all(texts[gold.doc_id][gold.start : gold.end] == gold.quote for gold in example.evidence)
