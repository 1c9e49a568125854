"""A run becomes one page that needs nothing else, shows what went wrong first, and trusts no text."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from lxml import html

from eval.measures import MEASURES
from eval.report import mark_of, report, write_report
from eval.scorers import ALL
from eval.tasks.fitz_gov import mode_accuracy
from eval.types import Example, GoldEvidence, Score
from rag.errors import DataMissing
from rag.types import Answer, Citation, Hit, Passage, Sentence, Turn, to_json

HOSTILE = "<script>alert('x')</script>\x00\u202e\ud800"
QUOTE = "Li Yuju names hydrogen & storage."
GOLD = GoldEvidence("doc-of-gold", "Seminar", 10, 43, QUOTE)


def example(number, *, answerable=True, **more):
    about = {"question": f"question {number}?", "type": "who", **more}
    gold = {"answers": ("Li Yuju",), "evidence": (GOLD,)} if answerable else {}
    return Example(f"q{number}", **{**gold, **about}, answerable=answerable)


def hits(*places):
    return tuple(Hit(Passage(doc, start, start + 20, f"text of {doc}", "Heading"), 0.5) for doc, start in places)


def answered(quote=QUOTE, title="Seminar"):
    citation = Citation("doc-of-gold", 10, 43, quote, title, "Xinhua", date(2024, 6, 1), "https://a.example/x", 2)
    said = Sentence(quote, (citation,), "supported")
    found = hits(("doc-of-gold", 0), ("doc-of-gold", 42), ("other", 0))  # the second shares one character with gold
    short = replace(citation, start=10, end=17, quote=quote[:7])
    return Answer("q", "answered", None, short, (said,), 0.75, found, (), "f", 0.1)


def refused():
    return Answer("q", "refused", "insufficient", None, (), 0.25, hits(("other", 0)), (), "f", 0.1)


def record(about, answer, found=()):
    return to_json({"example": about, "answer": answer, "hits": found, "seconds": 0.5})


FIVE = [  # a record, its accuracy, and what the page says of it
    (record(example(1), answered()), 1.0, "right"),
    (record(example(2, answerable=False), refused()), 1.0, "refused rightly"),
    (record(example(3), answered()), 0.0, "wrong"),
    (record(example(4), refused()), 0.0, "refused wrongly"),
    (record(example(5, answerable=False), answered()), 0.0, "answered wrongly though unanswerable"),
]
RUN = {
    "task": "corpus",
    "about": "Five articles",
    "split": "dev",
    "fingerprint": "f00d",
    "changed_settings": {"search.limit": 12},
    "commit": "abc1234",
    "dirty": True,
    "finished": "2024-11-21T22:18:41+00:00",
}


def write(folder, records, columns, **scores):
    folder.mkdir(exist_ok=True)
    (folder / "run.json").write_text(json.dumps(RUN), "utf-8")
    (folder / "records.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records), "utf-8")
    named = {name: {"better": "higher", "values": values} for name, values in columns.items()}
    ids = [one["example"]["id"] for one in records]
    held = {"scores": [], "slices": [], "ids": ids, **scores, "columns": named}
    (folder / "scores.json").write_text(json.dumps(to_json(held)), "utf-8")
    return folder


@pytest.fixture
def run(tmp_path):
    accuracy = [right for _, right, _ in FIVE]
    sure = [[0.75, 1.0], None, [0.75, 0.0], None, [0.75, 0.0]]
    columns = {"accuracy": accuracy, "AURC": sure, "RR@10": [1.0, None, 0.2, 0.0, None]}
    scores = [
        Score("accuracy", 0.4, 0.1, 0.8, 5),
        Score("ECE", None, None, None, 0, "lower"),
        Score("new", 0.5, 0, 1, 5),
    ]
    slices = [{"by": "type", "value": "who", "n": 5, "scores": scores}]
    return write(tmp_path / "run", [one for one, _, _ in FIVE], columns, scores=scores, slices=slices)


def classed(node, name):
    return node.xpath(f".//*[contains(concat(' ', @class, ' '), ' {name} ')]")


def words(node):
    return " ".join(" ".join(node.itertext()).split())


def marks(page):
    return [words(mark) for mark in classed(page, "mark")]


def parsed(folder, **options):
    return html.document_fromstring(report(folder, **options))


@pytest.mark.parametrize(("one", "accuracy", "word"), FIVE)
def test_each_question_says_what_became_of_it(one, accuracy, word):
    assert mark_of(one, accuracy=accuracy).word == word
    assert mark_of(one, accuracy=accuracy).right is (accuracy == 1)
    assert mark_of(one, accuracy=accuracy).refused is word.startswith("refused")


def test_an_answer_that_nothing_judges_is_neither_right_nor_wrong():
    assert mark_of(FIVE[0][0]).right is None


def test_what_went_wrong_comes_first_and_is_told_by_shape_and_word(run):
    assert marks(parsed(run)) == [
        "× wrong",
        "× refused wrongly",
        "× answered wrongly though unanswerable",
        "✓ right",
        "✓ refused rightly",
    ]


def test_the_buttons_know_the_kinds_of_each_question(run):
    kinds = [question.get("data-kinds") for question in classed(parsed(run), "question")]
    assert kinds == ["wrong", "wrong refused", "wrong", "right", "right refused"]


def test_no_more_questions_are_listed_than_asked_for_and_the_page_says_so(run):
    page = parsed(run, questions=2)
    assert marks(page) == ["× wrong", "× refused wrongly"]
    assert "3 of 5 questions are left out" in words(page)
    assert "--questions 5" in words(page)
    assert "left out; to list" not in words(parsed(run))


def test_the_page_asks_no_host_for_anything(run):
    page = parsed(run)
    assert not page.xpath("//link | //img | //iframe | //object | //embed | //base | //@src | //@srcset | //@action")
    assert all(address.startswith("#") for address in page.xpath("//@href | //@*[name()='xlink:href']"))
    assert not re.search(r"@import|url\((?!#)", report(run))
    assert "https://a.example/x" in words(page)


def test_every_place_that_is_pointed_at_is_there_once(run):
    page = parsed(run)
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {address[1:] for address in page.xpath("//@href")} <= set(ids)


def test_hostile_text_stays_text(tmp_path):
    turn = Turn("user", HOSTILE)
    about = example(1, question=HOSTILE, type=HOSTILE, history=(turn,), answers=(HOSTILE,), language='"><script>')
    one = record(about, answered(HOSTILE, HOSTILE))
    one["answer"]["short"]["quote"] = one["answer"]["hits"][0]["passage"]["heading"] = HOSTILE
    part = {"by": HOSTILE, "value": HOSTILE, "n": 1, "scores": [Score("F1", 1, 1, 1, 1)]}
    scores = [Score(HOSTILE, 1, 1, 1, 1)]
    folder = write(tmp_path / "run", [one], {HOSTILE: [1.0], "accuracy": [0]}, scores=scores, slices=[part])
    page = html.document_fromstring(write_report(folder).read_text("utf-8"))
    (script,) = page.xpath("//script")
    assert "alert" not in script.text
    assert words(page).count("<script>alert('x')</script>") >= 10
    assert not set("\x00\u202e") & set(report(folder))


def test_a_question_shows_answer_gold_and_what_was_found(run):
    inside = classed(parsed(run), "inside")[0]
    text = words(inside)
    for part in ("q3", QUOTE, "[1]", "supported", "Seminar · Xinhua · 2024-06-01, characters 10–43, page 2"):
        assert part in text
    assert "In short: Li Yuju " in text
    found = [words(hit) for hit in classed(inside, "hits")[0].xpath("li")]
    assert ["● gold" in one for one in found] == [True, False, False]
    assert ["○ gold document" in one for one in found] == [False, True, False]
    assert found[0].startswith("Seminar doc-of-g Heading, 0–20")


def test_scores_stand_in_groups_with_their_intervals_and_direction(run):
    rows = [words(row) for row in parsed(run).xpath("//table[@class='scores']/tbody/tr")]
    assert rows[:2] == [
        "Answering",
        "accuracy share that is right, refusals included ↑ higher is better 0.400 0.100 – 0.800 5",
    ]
    assert rows[2] == "Refusing"
    assert "↓ lower is better – 0" in rows[3]
    assert rows[4] == "Other"
    assert len(classed(parsed(run), "whisker")) == 2


def test_every_measure_has_a_group_and_a_meaning_and_is_explained_in_the_docs():
    measured = {column.name for scorer in (*ALL, mode_accuracy) for column in scorer([], {})}
    assert {name for names in MEASURES.values() for name in names} == measured
    explained = (Path(__file__).parents[2] / "docs/evaluation.md").read_text("utf-8")
    assert [name for name in measured if f"`{name}`" not in explained] == []


def test_the_page_says_what_made_the_run(run):
    text = words(parsed(run))
    for part in ("abc1234 with uncommitted changes", "f00d", "search.limit = 12", "2024-11-21 22:18 UTC"):
        assert part in text


def test_a_small_slice_is_marked(run):
    (row,) = parsed(run).xpath("//table[@class='slices']/tbody/tr")
    assert words(row) == "who small 5 0.400 0.100 – 0.800"


def test_pictures_speak_for_those_who_do_not_see_them(run):
    labels = parsed(run).xpath("//svg[@role='img']/@aria-label")
    assert [label.split(",")[0] for label in labels] == [
        "Of 3 answered questions 67% are wrong; of the most confident half 67%.",
        "Right answers by confidence",
        "Of 3 questions 1 have a gold document first",
        "Half of 5 questions took at most 0.5 seconds",
    ]


def test_a_picture_without_data_is_left_out(tmp_path):
    page = parsed(write(tmp_path / "run", [FIVE[0][0]], {}))
    assert [words(caption) for caption in page.xpath("//figcaption/b")] == ["Time"]
    assert marks(page) == ["· answered"]


def test_pictures_take_their_colours_from_the_page(run):
    assert not re.search(r"(fill|stroke): #", report(run))


def test_a_run_that_only_searched_shows_the_worst_found_first(tmp_path):
    found = hits(("other", 0), ("doc-of-gold", 20))
    records = [record(example(number), None, found) for number in range(4)]
    page = parsed(write(tmp_path / "run", records, {"RR@10": [1.0, 0.5, 0.0, None]}))
    assert marks(page) == ["× not found", "· not judged", "✓ found at 2", "✓ found at 1"]
    assert [len(found.xpath("li")) for found in classed(page, "hits")] == [2] * 4


def test_a_run_of_no_question_has_a_page(tmp_path):
    assert "0 questions" in words(parsed(write(tmp_path / "run", [], {"accuracy": []})))


def test_the_same_run_gives_the_same_page(run):
    assert report(run) == report(run)


def test_the_page_is_written_beside_the_run_or_where_it_is_wanted(run, tmp_path):
    assert write_report(run) == run / "report.html"
    other = write_report(run, tmp_path / "other.html", questions=1)
    assert other.read_text("utf-8") == report(run, questions=1)


def test_a_folder_that_is_no_run_says_how_to_make_one(tmp_path):
    with pytest.raises(DataMissing, match=r"no run\.json.*footnote eval"):
        report(tmp_path)


def test_an_unfinished_run_says_how_to_finish_it(run):
    (run / "scores.json").unlink()
    with pytest.raises(DataMissing, match=r"not finished.*the same command again"):
        report(run)


def test_scores_of_other_records_are_not_shown(run):
    with (run / "records.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({**FIVE[0][0], "example": {**FIVE[0][0]["example"], "id": "more"}}) + "\n")
    with pytest.raises(DataMissing, match="other records than scores"):
        report(run)


def test_a_damaged_run_is_named(run):
    (run / "scores.json").write_text("{", "utf-8")
    with pytest.raises(DataMissing, match=r"scores\.json is damaged"):
        report(run)
