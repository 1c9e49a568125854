"""The answer record: it reads back as it was written, refuses what is none, and knows what still stands."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from ingest import ingest
from rag import Config
from rag.app import Assistant
from rag.errors import RecordError
from rag.library import Entry, Library
from rag.recheck import recheck
from rag.record import FORMAT, Conversation, Exchange, converse, dump, load, settings_of
from rag.text import Span
from rag.types import Answer, Citation, Document, Filters, Hit, Passage, Sentence, Trace, Turn, to_json
from tests.fakes import FakeEmbedder

HARBOUR = Document.of(
    "The new harbour of Lund opened on 2 May 2021. Ada Holm, the mayor of Lund, cut the ribbon.\n"
    "The harbour cost 40 million crowns and has room for 300 boats.",
    title="A harbour for Lund", source="harbour.md", publisher="Coast Post", published=date(2021, 5, 3),
    url="https://coast.example/lund",
)  # fmt: skip
CHINESE = Document.of(
    "隆德市的新港口于2021年5月2日开放。市长霍尔姆为港口剪彩。", title="隆德新港口", source="port.md", publisher="海岸报"
)
CUT_THE_RIBBON = "Ada Holm, the mayor of Lund, cut the ribbon."
COST = "The harbour cost 40 million crowns and has room for 300 boats."

words = st.text(max_size=20)
numbers = st.integers(0, 10**9)
citations = st.builds(
    Citation, words, numbers, numbers, words, words, st.none() | words, st.none() | st.dates(), st.none() | words,
    st.none() | numbers,
)  # fmt: skip
verdicts = st.sampled_from(["supported", "partial", "unsupported", "contradicted", "not_a_claim"])
some = st.lists(words, max_size=2).map(tuple)
codes = st.lists(st.from_regex("[a-z]{2,3}", fullmatch=True), max_size=2).map(tuple)
sentences = st.builds(Sentence, words, st.lists(citations, max_size=2).map(tuple), verdicts, some)
hits = st.builds(
    Hit,
    st.builds(Passage, words, numbers, numbers, words, words),
    st.floats(0, 1),
    st.lists(st.builds(Trace, words, numbers, st.floats(0, 1), st.floats(0, 1)), max_size=2).map(tuple),
)
common = {
    "question": words, "confidence": st.floats(0, 1), "hits": st.lists(hits, max_size=2).map(tuple),
    "conflicts": st.lists(st.tuples(citations, citations), max_size=1).map(tuple), "fingerprint": words,
    "seconds": st.floats(0, 1e6), "relaxed": st.booleans(), "rewritten": words, "trouble": words,
    "filters": st.builds(
        Filters, some, codes, st.none() | st.dates(), st.none() | st.dates(), some,
    ),
    "removed": st.lists(sentences, max_size=1).map(tuple), "short": st.none() | citations,
}  # fmt: skip
answers = st.builds(
    Answer,
    status=st.just("answered"),
    reason=st.none(),
    sentences=st.lists(sentences, min_size=1, max_size=2).map(tuple),
    **common,
) | st.builds(
    Answer,
    status=st.just("refused"),
    reason=st.sampled_from(["no_evidence", "insufficient", "false_premise", "filtered_out"]),
    sentences=st.just(()),
    **common,
)
settings = st.dictionaries(words, st.booleans() | words | numbers | st.floats(allow_nan=False, allow_infinity=False))
conversations = st.builds(
    Conversation,
    st.lists(st.builds(Exchange, answers, st.dictionaries(words, words, max_size=2)), max_size=2).map(tuple),
    settings,
    st.none() | st.datetimes(timezones=st.just(UTC)),
)


def cite(document, quote):
    start = document.text.index(quote)
    return Citation.of(document, Span(start, start + len(quote)))


def answered(*cited, question="Who cut the ribbon?", **more):
    told = {
        "status": "answered", "reason": None, "short": None, "confidence": 0.8, "hits": (), "conflicts": (),
        "fingerprint": "index reader settings", "seconds": 0.1,
        "sentences": tuple(Sentence(citation.quote, (citation,), "supported") for citation in cited),
    }  # fmt: skip
    return Answer(question, **{**told, **more})


def record_of(*cited):
    return Conversation((Exchange(answered(*cited)),))


@pytest.fixture
def checked(tmp_path):
    """Return what becomes of citations in a library of these documents."""

    def check(cited, *documents):
        library = Library(tmp_path / "library.db", writing=True)
        library.add_pending([Entry(document, "", (), ()) for document in documents])
        library.publish([(document.source, document.id, "") for document in documents])
        try:
            return recheck(record_of(*cited), library)
        finally:
            library.close()

    return check


@trials(deadline=None)  # the first to read a record makes what checks it
@given(conversations)
def test_a_record_reads_back_as_it_was_written(conversation):
    assert load(dump(conversation)) == conversation


@trials(deadline=None)
@given(answers)
def test_a_single_answer_as_ask_prints_it_is_a_record_of_one_question(answer):
    assert load(json.dumps(to_json(answer))) == Conversation((Exchange(answer),))


def test_a_field_that_a_later_footnote_adds_does_no_harm():
    value = json.loads(dump(record_of(cite(HARBOUR, COST))))
    value["exchanges"][0]["answer"]["mood"] = "sunny"
    assert load(json.dumps(value)) == record_of(cite(HARBOUR, COST))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is no JSON"),
        ("# Answers", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ('{"question": "Who?", "status": "refused", "confidence": NaN}', "NaN is no number"),
        ("[1, 2]", r"it begins '\[1, 2\]'"),
        ('{"task": "corpus"}', 'it begins \'{"task": "corpus"}\''),
        ('{"format": "footnote-record-9"}', "has the format 'footnote-record-9'"),
        (json.dumps({"format": FORMAT}), "is damaged: exchanges is"),
        (json.dumps({"format": FORMAT, "exchanges": [{"answer": {"question": 3}}]}), "exchanges.0.answer"),
        ('{"question": "Who?", "status": "answered"}', r"exchanges\.0\.answer"),
    ],
)
def test_what_is_no_record_is_refused_with_what_was_seen(text, message):
    with pytest.raises(RecordError, match=f"^mine.json .*{message}"):
        load(text, name="mine.json")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("confidence",), "1e999", r"exchanges\.0\.answer\.confidence is inf: it must be a finite number"),
        (("confidence",), '"nan"', r"confidence is 'nan': Input should be a valid number"),
        (("sentences", 0, "citations", 0, "url"), r'"https://\udc80"', r"citations\.0\.url is .*: it holds half"),
        (("sentences", 0, "citations", 0, "doc_id"), r'"\ud800"', r"doc_id is '\\ud800': it holds half a character"),
        (("question",), r'"Who\ud83d?"', r"answer\.question is .*: it holds half a character"),
        (("mood",), r'{"\ud800": 1}', r"answer\.mood is '\\ud800': it holds half a character"),
        (("mood",), "[" * 200 + "]" * 200, "deeper than 50 levels"),
    ],
)
def test_what_nothing_can_show_is_refused_with_its_place(place, value, message):
    record = json.loads(dump(record_of(cite(HARBOUR, COST))))
    part = record["exchanges"][0]["answer"]
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = "HERE"
    with pytest.raises(RecordError, match=f"^mine.json is damaged: .*{message}"):
        load(json.dumps(record).replace('"HERE"', value), name="mine.json")


@pytest.mark.parametrize("value", ["1e999", "[-1e999]", r'"\udfff"'])
def test_a_setting_that_nothing_can_show_is_refused(value):
    record = json.dumps({"format": FORMAT, "exchanges": [], "settings": {"search.limit": "HERE"}})
    with pytest.raises(RecordError, match=r"is damaged: settings\.search\.limit"):
        load(record.replace('"HERE"', value))


def test_a_character_that_json_writes_in_two_halves_is_whole():
    record = record_of(replace(cite(HARBOUR, COST), title="A boat 🚢"))
    assert load(json.dumps(json.loads(dump(record)), ensure_ascii=True)) == record


def test_an_answer_that_contradicts_itself_is_no_record():
    value = {**to_json(answered(cite(HARBOUR, COST))), "sentences": []}
    with pytest.raises(RecordError, match="an answered question needs sentences"):
        load(json.dumps(value))


def test_everything_that_is_quoted_is_numbered_once():
    ribbon, cost = cite(HARBOUR, CUT_THE_RIBBON), cite(HARBOUR, COST)
    opened, chinese = cite(HARBOUR, "opened on 2 May 2021"), cite(CHINESE, "市长霍尔姆为港口剪彩。")
    first = answered(ribbon, ribbon, short=cite(HARBOUR, "Ada Holm"), conflicts=((ribbon, opened),))
    second = answered(cost, removed=(Sentence("No.", (chinese,), "contradicted"),), short=opened)
    conversation = Conversation((Exchange(first), Exchange(second)))
    assert conversation.citations() == (ribbon, opened, cost, chinese)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", ""),
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("localhost:8000/v1", "localhost:8000/v1"),
        ("https://me:secret@host.example:8080/v1?key=secret#secret", "https://host.example:8080/v1"),
        ("me:secret@host/v1", "host/v1"),
        ("http://me:sec/ret@host/v1", "http://host/v1"),
        ("http://me:sec@ret@host/v1", "http://host/v1"),
        ("http://me:sec?ret@host/v1", ""),
        ("http://host/v1?key=a@secret", ""),
        ("http://me:secret/v1", ""),
        ("me:secret", ""),
        ("http://[secret/v1", ""),
    ],
)
def test_a_record_tells_nothing_private(address, shown):
    config = Config.load({"index": "mine/index", "writer.base_url": address}, environment={})
    settings = settings_of(config)
    assert "index" not in settings
    assert settings["writer.base_url"] == shown
    assert settings["search.limit"] == config.search.limit


def test_what_stands_in_its_place_stands(checked):
    cited = [cite(HARBOUR, CUT_THE_RIBBON), cite(HARBOUR, COST), cite(CHINESE, "市长霍尔姆为港口剪彩。")]
    checks = checked(cited, HARBOUR, CHINESE)
    assert [(check.number, check.standing, check.now) for check in checks] == [
        (number, "stands", citation) for number, citation in enumerate(cited, start=1)
    ]


def version(text=HARBOUR.text, *, of=HARBOUR, **changes):
    known = {"title": of.title, "source": of.source, "publisher": of.publisher, "published": of.published}
    return Document.of(text, **{**known, "url": of.url, **changes})


@pytest.mark.parametrize(
    "later",
    [
        version(f"Corrected.\n\n{HARBOUR.text}", published=date(2021, 5, 4)),
        version(url=None),
        version(title="New title", url="http://coast.example/lund/"),
        version(HARBOUR.text.replace(" ", "\n"), source="other.md"),
        version(title="A reprint", publisher="Else", url="https://else.example/1", source="reprint.md"),
    ],
)
def test_words_that_stand_elsewhere_have_moved_there(checked, later):
    (check,) = checked([cite(HARBOUR, COST)], later)
    assert (check.standing, check.holds) == ("moved", True)
    assert (check.now.doc_id, check.now.published) == (later.id, later.published)
    assert later.text[check.now.start : check.now.end] == check.now.quote
    assert check.now.quote.split() == COST.split()


def test_chinese_words_have_moved_also_when_their_lines_break_elsewhere(checked):
    later = version("市长霍尔\n姆为港口剪彩。", of=CHINESE)
    (check,) = checked([cite(CHINESE, "市长霍尔姆为港口剪彩。")], later)
    assert (check.standing, check.now.quote) == ("moved", later.text)


def test_of_several_places_the_nearest_counts(checked):
    twice = version(f"{COST}\n\n{HARBOUR.text}")
    (check,) = checked([cite(HARBOUR, COST)], twice)
    assert check.now.start == twice.text.rindex(COST)


def test_changed_words_are_shown_beside_the_nearest_sentence(checked):
    later = version(HARBOUR.text.replace("40 million", "45 million"))
    (check,) = checked([cite(HARBOUR, COST)], later)
    assert (check.standing, check.holds) == ("changed", False)
    assert check.now == cite(later, COST.replace("40", "45"))


def test_of_several_sentences_as_many_are_shown_as_were_quoted(checked):
    (check,) = checked([cite(HARBOUR, HARBOUR.text[46:])], version(f"News. {HARBOUR.text.replace('300', '350')} More."))
    assert (check.standing, check.now.quote) == ("changed", HARBOUR.text[46:].replace("300", "350"))


def test_a_text_that_shares_no_word_shows_nothing(checked):
    (check,) = checked([cite(HARBOUR, COST)], version("Nothing here."))
    assert (check.standing, check.now) == ("changed", None)


def test_a_correction_counts_though_others_still_say_the_old_words(checked):
    later = version(HARBOUR.text.replace("40 million", "45 million"))
    reprint = Document.of(HARBOUR.text, title="A reprint", source="a-reprint.md")
    (check,) = checked([cite(HARBOUR, COST)], reprint, later)
    assert (check.standing, check.now.doc_id) == ("changed", later.id)


@pytest.mark.parametrize(("old", "new"), [("cost 40", "cost 400"), ("cost 40", "cost 40.5"), ("cost 40", "cost 140")])
def test_a_number_does_not_stand_inside_another(checked, old, new):
    document = Document.of("The harbour cost 40", title="T", publisher="P", source="s")
    later = Document.of(f"The harbour {new} in all.", title="T", publisher="P", source="s")
    (check,) = checked([cite(document, old)], later)
    assert check.standing == "changed"


def test_another_page_of_the_same_title_is_no_version(checked):
    other = version("Something else entirely.", url="https://coast.example/other", source="other.md")
    (check,) = checked([cite(HARBOUR, COST)], other)
    assert (check.standing, check.now, check.holds) == ("gone", None, False)


def test_words_too_few_to_tell_are_not_looked_for_elsewhere(checked):
    other = version(title="A reprint", publisher="Else", url="https://else.example/1")
    (check,) = checked([cite(HARBOUR, "Ada Holm")], other)
    assert check.standing == "gone"


def test_a_record_that_was_altered_does_not_stand(checked):
    cited = cite(HARBOUR, COST)
    altered = [
        replace(cited, published=date(1999, 1, 1)),
        replace(cited, quote=COST.replace("40", "50")),
        replace(cited, start=0, end=0, quote=""),
        replace(cited, start=-len(COST), end=-1, quote=COST[:-1]),
    ]
    assert [check.standing for check in checked(altered, HARBOUR)] == ["changed", "changed", "changed", "moved"]


def test_files_that_change_are_found_changed_moved_and_gone(tmp_path):
    docs, index, config, embedder = tmp_path / "docs", tmp_path / "index", Config(), FakeEmbedder()
    docs.mkdir()
    bridge = "Ole Berg, an engineer, found a crack in the eastern pier of the bridge of Marn."
    market = "Kim Vale sells forty kinds of cheese at the market of Orr."
    for name, text in {"harbour": HARBOUR.text, "bridge": bridge, "market": market, "port": CHINESE.text}.items():
        (docs / f"{name}.md").write_text(f"---\ntitle: The {name}\n---\n{text}\n", "utf-8")
    ingest([docs], index, config=config, embedder=embedder)

    with Assistant(index, config, embedder=embedder) as bot:
        questions = [
            "Who found a crack in the bridge?", "How many boats does the harbour have room for?",
            "What does Kim Vale sell at the market of Orr?", "谁为港口剪彩？",
        ]  # fmt: skip
        asked = converse(bot, questions)
        kept = load(dump(asked))
        assert kept == asked
        assert [exchange.answer.status for exchange in kept.exchanges] == ["answered"] * 4
        assert {check.standing for check in recheck(kept, bot.index.library)} == {"stands"}

        (docs / "bridge.md").write_text(f"---\ntitle: The bridge\n---\nCorrected on Monday.\n\n{bridge}\n", "utf-8")
        (docs / "harbour.md").write_text(
            f"---\ntitle: The harbour\n---\n{HARBOUR.text.replace('300', '350')}\n", "utf-8"
        )
        (docs / "market.md").unlink()
        ingest([docs], index, config=config, embedder=embedder)
        now = {check.citation.title: check for check in recheck(kept, bot.index.library)}
        standing = {title: check.standing for title, check in now.items()}
        expected = {"The bridge": "moved", "The harbour": "changed", "The market": "gone", "The port": "stands"}
        assert standing == expected
        assert now["The harbour"].now.quote == COST.replace("300", "350")
        assert now["The bridge"].now.quote == now["The bridge"].citation.quote


def test_what_was_said_before_is_known_to_the_next_question():
    class Listening:
        config = Config()

        def __init__(self):
            self.heard = []

        def ask(self, question, *, history):
            self.heard.append(tuple(history))
            refusal = {"status": "refused", "reason": "no_evidence", "sentences": ()}
            cost = cite(HARBOUR, COST)
            return answered(cost, cost, **refusal if question in {"Why?", "为什么？"} else {})

        def titles(self, hits):
            return {hit.passage.doc_id: "T" for hit in hits}

    bot = Listening()
    conversation = converse(bot, ["Why?", "为什么？", "How much?", "Who?"])
    said = (
        Turn("user", "Why?"), Turn("assistant", "The documents do not answer this."),
        Turn("user", "为什么？"), Turn("assistant", "文档没有回答这个问题。"),
        Turn("user", "How much?"), Turn("assistant", f"{COST} {COST}", (cite(HARBOUR, COST),)),
    )  # fmt: skip
    assert bot.heard == [(), said[:2], said[:4], said]
    assert conversation.made <= datetime.now(UTC)
    assert conversation.settings == settings_of(Config())
