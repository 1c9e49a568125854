"""Feedback becomes gold lines that `footnote eval --check` accepts; what a person has to find out is left to one."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import typer
from typer.testing import CliRunner

from eval import gold
from ingest import ingest_documents
from rag import Config, Filters
from rag.app import Assistant
from rag.errors import RecordError
from rag.record import Exchange
from rag.text import Span
from rag.types import Answer, Citation, Document, Sentence
from tests.fakes import FakeEmbedder
from tests.texts import BRIDGE, HARBOUR
from ui import feedback
from ui.store import NAME, Store

RIBBON = "Ada Holm, the mayor of Lund, cut the ribbon."
CRACK = "Ole Berg, an engineer, found a crack in its eastern pier."
PORT = Document.of("市长霍尔姆为港口剪彩。市长霍尔姆为港口剪彩。", title="新港口", source="port.zh.txt")


def cite(document, quote, *, at=0):
    start = document.text.index(quote, at)
    return Citation.of(document, Span(start, start + len(quote)))


def answered(*cited, short=None, **more):
    sentences = tuple(Sentence(citation.quote, (citation,), "supported") for citation in cited)
    return Exchange(Answer("?", "answered", None, short, sentences, 0.8, (), (), "made-by", 0.1, **more))


def refused():
    return Exchange(Answer("?", "refused", "no_evidence", None, (), 0.1, (), (), "made-by", 0.1))


class Page:
    """An index, its conversations, and what the commands say of them."""

    def __init__(self, root, config):
        self.root, self.config, self.embedder = root, config, FakeEmbedder()
        self.index([HARBOUR, BRIDGE, PORT])
        self.store = Store(root / NAME)
        self.conversation = self.store.create()

    def index(self, documents):
        ingest_documents(documents, self.root, config=self.config, embedder=self.embedder)

    def judge(self, kind, exchange, *, asked, note="", **more):
        """Ask in the one conversation, or in `conversation`, and say what is thought of the answer."""
        conversation = more.pop("conversation", None) or self.store.create()
        key = self.store.append(conversation, exchange, asked=asked, **more)
        self.store.add_feedback(key, kind, note=note)
        return key

    def export(self, *arguments):
        """Return the lines that are exported, as JSON, and what stderr says."""
        result = run("export", "--index", self.root, *arguments)
        return [json.loads(line) for line in result.stdout.splitlines()], result.stderr

    def check(self, lines):
        """Return the sound questions of these lines, as `footnote eval --check` reads them."""
        path = self.root.parent / "gold.jsonl"
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
        with Assistant(self.root, self.config, embedder=self.embedder) as bot:
            found = gold.check(path, bot.documents())
        assert not found.problems
        return found.examples


def run(*arguments, code=0):
    result = CliRunner().invoke(feedback.app, list(map(str, arguments)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    opened = Page(tmp_path / "index", Config())
    yield opened
    opened.store.close()


def test_a_thumb_up_makes_an_answerable_question_with_the_quotations_as_evidence(page):
    short = cite(HARBOUR, "Ada Holm")
    key = page.judge("up", answered(cite(HARBOUR, RIBBON), cite(BRIDGE, CRACK), short=short), asked="Who did what?")
    lines, told = page.export()
    assert lines == [
        {
            "id": f"feedback-{key}", "question": "Who did what?", "answers": ["Ada Holm"],
            "evidence": [{"doc": "harbour.txt", "quote": RIBBON}, {"doc": "bridge.txt", "quote": CRACK}],
            "type": "feedback",
        }
    ]  # fmt: skip
    (example,) = page.check(lines)
    assert {(found.doc_id, found.quote) for found in example.evidence} == {(HARBOUR.id, RIBBON), (BRIDGE.id, CRACK)}
    assert told == "gold questions: 1 (0 unanswerable)\n"


def test_a_quotation_that_stands_twice_is_named_by_its_place(page):
    sentence = "市长霍尔姆为港口剪彩。"
    page.judge("up", answered(cite(PORT, sentence, at=3)), asked="谁为港口剪彩？")
    lines, _ = page.export()
    assert lines[0]["evidence"] == [{"doc": "port.zh.txt", "start": len(sentence), "end": 2 * len(sentence)}]
    assert "answers" not in lines[0]
    (example,) = page.check(lines)
    assert [found.start for found in example.evidence] == [len(sentence)]


def test_what_should_have_been_refused_or_rightly_was_makes_an_unanswerable_question(page):
    page.judge("should_have_refused", answered(cite(HARBOUR, RIBBON)), asked="Who sank in it?")
    page.judge("up", refused(), asked="How tall is the mayor?")
    lines, told = page.export()
    assert [(line["question"], line["answerable"]) for line in lines] == [
        ("Who sank in it?", False), ("How tall is the mayor?", False)
    ]  # fmt: skip
    assert [example.answerable for example in page.check(lines)] == [False, False]
    assert "gold questions: 2 (2 unanswerable)" in told


@pytest.mark.parametrize(
    ("kind", "exchange", "why"),
    [
        ("down", answered(cite(HARBOUR, RIBBON)), "what is wrong with it was not said"),
        ("wrong_quote", answered(cite(HARBOUR, RIBBON)), "the right quotation is not known"),
        ("wrong_answer", answered(cite(HARBOUR, RIBBON)), "the right answer is not known"),
        ("should_have_answered", refused(), "the answer, and where it stands, are not known"),
        ("should_have_refused", refused(), "it was refused"),
        ("up", Exchange(Answer("?", "answered", None, None, (Sentence("Hi.", (), "not_a_claim"),), 1, (), (), "", 0)),
         "it quotes nothing"),
    ],
)  # fmt: skip
def test_what_only_says_that_something_is_wrong_is_left_to_a_person(page, kind, exchange, why):
    page.judge(kind, exchange, asked="Who\ncut it?", note="see\n\x1b[2Jpage 3")
    lines, told = page.export()
    assert lines == []
    assert told.splitlines() == [
        "gold questions: 0 (0 unanswerable)",
        "left to a person: 1",
        f"{kind}: “Who cut it?”: {why}. Note: see \ufffd[2Jpage 3",
    ]


def test_a_question_within_chosen_documents_is_left_to_a_person(page):
    chosen = Filters(documents=(BRIDGE.id,))
    page.judge("up", answered(cite(BRIDGE, CRACK)), asked="Who found it?", filters=chosen)
    page.judge("should_have_refused", answered(cite(BRIDGE, CRACK)), asked="Who cut it?", filters=chosen)
    lines, told = page.export()
    assert not lines
    assert told.count("it was asked within chosen documents, which a gold line cannot say") == 2


def test_a_follow_up_brings_what_was_said_before_it(page):
    conversation = page.store.create()
    page.store.append(conversation, answered(cite(HARBOUR, RIBBON)), asked="Who cut the ribbon?")
    old = page.judge("wrong_answer", refused(), asked="And who paid?", conversation=conversation)
    new = page.store.replace_last(
        conversation, answered(cite(BRIDGE, CRACK)), replaced=old, asked="And who found the crack?"
    )
    page.store.add_feedback(new, "up")
    page.store.append(conversation, refused(), asked="And then?")
    lines, told = page.export()
    assert [line["id"] for line in lines] == [f"feedback-{new}"] != [f"feedback-{old}"]
    assert lines[0]["history"] == [
        {"role": "user", "text": "Who cut the ribbon?"}, {"role": "assistant", "text": RIBBON}
    ]  # fmt: skip
    assert [turn.text for turn in page.check(lines)[0].history] == ["Who cut the ribbon?", RIBBON]
    assert "wrong_answer: “And who paid?”" in told


def test_of_several_judgements_of_an_answer_the_last_one_counts(page):
    key = page.judge("wrong_quote", answered(cite(HARBOUR, RIBBON)), asked="Who cut it?")
    page.store.add_feedback(key, "up")
    other = page.judge("up", answered(cite(BRIDGE, CRACK)), asked="Who found it?")
    page.store.add_feedback(other, "wrong_answer")
    lines, told = page.export()
    assert [line["question"] for line in lines] == ["Who cut it?"]
    assert "wrong_answer: “Who found it?”" in told
    assert "wrong_quote" not in told


def test_a_question_that_was_asked_twice_makes_one_line(page):
    page.judge("up", answered(cite(HARBOUR, RIBBON), short=cite(HARBOUR, "Ada Holm")), asked="Who?")
    newest = page.judge("up", answered(cite(HARBOUR, RIBBON), cite(BRIDGE, CRACK)), asked="Who?")
    lines, _ = page.export()
    assert [line["id"] for line in lines] == [f"feedback-{newest}"]
    assert [part["quote"] for part in lines[0]["evidence"]] == [RIBBON, CRACK]
    assert lines[0]["answers"] == ["Ada Holm"]
    assert len(page.check(lines)) == 1


def test_a_question_that_was_judged_both_ways_makes_none(page):
    page.judge("up", answered(cite(HARBOUR, RIBBON)), asked="Who?")
    page.judge("should_have_refused", answered(cite(BRIDGE, CRACK)), asked="Who?")
    lines, told = page.export()
    assert lines == []
    assert told.count("the same question was judged answerable and unanswerable") == 2


def test_a_quotation_is_named_where_it_stands_now_and_missed_where_it_is_gone(page):
    page.judge("up", answered(cite(HARBOUR, RIBBON)), asked="Who cut it?")
    page.judge("up", answered(cite(BRIDGE, CRACK), cite(HARBOUR, RIBBON)), asked="Who found it?")
    new = Document.of(
        f"Corrected. {HARBOUR.text}", title=HARBOUR.title, source=HARBOUR.source, publisher=HARBOUR.publisher,
        published=HARBOUR.published,
    )  # fmt: skip
    gone = Document.of("The bridge is open.", title=BRIDGE.title, source=BRIDGE.source, publisher=BRIDGE.publisher)
    page.index([new, gone])
    lines, told = page.export()
    assert [line["question"] for line in lines] == ["Who cut it?"]
    (example,) = page.check(lines)
    assert [(found.doc_id, found.quote) for found in example.evidence] == [(new.id, RIBBON)]
    assert "“Who found it?”: 1 of its 2 quotations no longer stand in the documents." in told


def test_lines_go_to_a_new_file_and_never_over_an_old_one(page):
    out = page.root.parent / "mine.jsonl"
    assert page.export("--out", out) == ([], "gold questions: 0 (0 unanswerable)\n")
    assert not out.exists()
    page.judge("up", refused(), asked="谁付的钱？")
    lines, told = page.export("--out", out)
    assert lines == []
    assert told == f"gold questions: 1 (1 unanswerable), written to {out}\n"
    assert "谁付的钱？" in out.read_text("utf-8")
    page.check([json.loads(out.read_text("utf-8"))])
    result = run("export", "--index", page.root, "--out", out, code=2)
    assert "name a new file" in " ".join(result.stderr.replace("│", " ").split())


def test_feedback_is_listed_with_what_it_is_about(page):
    assert "No feedback was given yet." in run("list", "--index", page.root).stderr
    page.judge("wrong_quote", answered(cite(HARBOUR, RIBBON)), asked="Who cut it?", note="the\nmayor")
    page.judge("up", refused(), asked="谁？")
    text = run("list", "--index", page.root).stdout
    for told in ("wrong_quote", "Who cut it?", RIBBON, "the mayor", "谁？", "refused (no_evidence)"):
        assert told in text
    listed = json.loads(run("list", "--index", page.root, "--json").stdout)
    assert [(one["kind"], one["note"], one["kept"]["asked"]) for one in listed] == [
        ("wrong_quote", "the\nmayor", "Who cut it?"), ("up", "", "谁？")
    ]  # fmt: skip
    assert datetime.now(UTC) - datetime.fromisoformat(listed[0]["made"]) < timedelta(hours=1)


def test_a_folder_without_conversations_is_named(tmp_path):
    for command in ("list", "export"):
        with pytest.raises(RecordError, match="no conversations are kept in"):
            run(command, "--index", tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_commands_hang_below_one_word():
    group = typer.main.get_command(feedback.app)
    assert sorted(group.commands) == ["export", "list"]
