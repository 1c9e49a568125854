"""Reading: which passage answers, where, how surely, and whether quotes bear a sentence."""

import json
import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import read as reading
from rag.calibration import FEATURES, Calibration, Linear, least_sure
from rag.cross_encoder import CALIBRATION as CALIBRATION_FILE
from rag.cross_encoder import Found, Judgement
from rag.errors import ModelMissing
from rag.packing import Pair
from rag.read import NullReader, Tools, TrainedReader, load_reader
from rag.text import sentences
from rag.types import Document, Hit, Passage, Trace
from tests.fakes import CALIBRATION, SILENT, FakeCrossEncoder, FakeEmbedder

LEAD = "Harbours of the coast. "
TEXT = "The mayor of Lund spoke on Monday. He opened the new harbour at noon. Nobody else came to the quay."
LUND = Document.of(LEAD + TEXT, title="Harbour", publisher="Coast Post", published=date(2021, 5, 2), language="en")
MARN = Document.of("The bridge of Marn is closed. An engineer found a crack.", title="Bridge", language="en")
CHINESE = Document.of("市长为新的港口剪彩。港口可以停泊三百艘船。", title="港口", language="zh")
DOCUMENTS = {document.id: document for document in (LUND, MARN, CHINESE)}
QUESTION = "Who opened the harbour of Lund?"
FIRST, SECOND, THIRD = (LUND.text[span.start : span.end] for span in sentences(LUND.text)[1:])


def hit(document, start=0, *, lexical=1.0, dense=0.5):
    passage = Passage(document.id, start, len(document.text), document.text[start:], "News")
    return Hit(passage, 0.1, (Trace("lexical", 1, lexical, 0.1), Trace("dense", 1, dense, 0.1)))


LUND_HIT, MARN_HIT, CHINESE_HIT = hit(LUND, len(LEAD)), hit(MARN, lexical=4.0), hit(CHINESE)


def at(words, score=0.0):
    start = TEXT.index(words)
    return Found(start, start + len(words), score)


def says(*found, relevant=1.0, answerable=0.0, support=(0.0, 0.0, 0.0, 0.0)):
    return Judgement(found, relevant, answerable, support)


def reader(*found, **more):
    """Return a reader whose model says this of the passage of Lund, and nothing of any other."""
    return TrainedReader(FakeCrossEncoder({TEXT: says(*found, **more)}), CALIBRATION, fingerprint="fake")


def tools():
    return Tools(FakeEmbedder().embed, lambda terms: dict.fromkeys(terms, 1.0))


def read(reader, *hits, question=QUESTION):
    return reader.read(question, hits or (LUND_HIT,), documents=DOCUMENTS, tools=tools())


def stretches(found):
    return [LUND.text[one.start : one.end] for one in found.evidence]


def test_hits_are_ranked_anew_and_say_so():
    found = read(reader(relevant=3.0), MARN_HIT, LUND_HIT)
    assert [one.passage for one in found.hits] == [LUND_HIT.passage, MARN_HIT.passage]
    assert [one.score for one in found.hits] == [3.0, SILENT.relevant]
    share = pytest.approx(3.0 - sum(trace.contribution for trace in LUND_HIT.trace))
    assert found.hits[0].trace == (*LUND_HIT.trace, Trace("reader", 1, 3.0, share))
    assert found.hits[1].trace[-1].rank == 2


def test_the_model_reads_a_passage_with_what_is_known_of_its_document():
    model = FakeCrossEncoder()
    read(TrainedReader(model, CALIBRATION, fingerprint="fake"))
    assert model.asked == [Pair(QUESTION, TEXT, "Harbour · Coast Post · 2 May 2021 · News")]


def test_evidence_is_the_sentence_around_an_answer_in_characters_of_the_document():
    found = read(reader(at("the new harbour")))
    (evidence,) = found.evidence
    assert stretches(found) == [SECOND]
    assert LUND.text[slice(*evidence.answer)] == "the new harbour"
    assert evidence.passage == LUND_HIT.passage


def test_an_answer_over_two_sentences_is_evidence_of_both():
    assert stretches(read(reader(at("Monday. He")))) == [f"{FIRST} {SECOND}"]


def test_of_several_answers_in_a_sentence_the_best_is_the_short_one():
    (evidence,) = read(reader(at("noon", 2.0), at("the new harbour", 1.0))).evidence
    assert LUND.text[slice(*evidence.answer)] == "noon"


def test_the_best_sentence_has_the_probability_of_its_passage_and_another_its_share():
    found = read(reader(at("noon", 2.0), at("Monday", 1.0), answerable=math.log(3)))
    assert stretches(found) == [SECOND, FIRST]
    assert [one.score for one in found.evidence] == pytest.approx([0.75, 0.75 * math.exp(-1)])


def test_answers_in_one_sentence_add_up():
    found = read(reader(at("noon", 1.0), at("Monday", 0.9), at("The mayor", 0.9), answerable=math.log(3)))
    assert stretches(found) == [FIRST, SECOND]
    assert found.evidence[1].score == pytest.approx(0.75 * math.exp(1.0) / (2 * math.exp(0.9)))


def test_a_passage_without_an_answer_stays_a_hit_and_gives_no_evidence():
    found = read(reader(), LUND_HIT)
    assert len(found.hits) == 1
    assert found.evidence == ()


def test_evidence_comes_surest_first_whichever_passage_it_is_in():
    told = {TEXT: says(at("noon"), answerable=-1.0), MARN.text: says(Found(0, 10, 0.0), relevant=-1.0, answerable=2.0)}
    found = read(TrainedReader(FakeCrossEncoder(told), CALIBRATION, fingerprint="fake"), LUND_HIT, MARN_HIT)
    assert [one.passage.doc_id for one in found.evidence] == [MARN.id, LUND.id]
    assert [one.passage.doc_id for one in found.hits] == [LUND.id, MARN.id]


@given(st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, len(TEXT)), st.floats(-50, 50)), max_size=8))
def test_evidence_lies_in_its_passage_and_the_short_answer_in_the_evidence(places):
    spans = sorted((Found(min(a, b), max(a, b), score) for a, b, score in places), key=lambda one: -one.score)
    evidence = read(reader(*(span for span in spans if span.start < span.end))).evidence
    for found in evidence:
        assert len(LEAD) <= found.start <= found.answer[0] < found.answer[1] <= found.end <= len(LUND.text)
        assert 0 <= found.score <= 0.5
    assert not evidence or evidence[0].score == pytest.approx(0.5)


def test_what_the_search_knew_of_a_passage_is_told_to_the_linear_models():
    described = reader(at("noon", 2.0), answerable=0.5).describe(
        QUESTION, [LUND_HIT, MARN_HIT], documents=DOCUMENTS, tools=tools()
    )
    features = [of for *_, of in described]
    assert features[0] == {
        "span": 2.0, "answerable": 0.5, "relevant": 1.0, "near": 1.0, "likeness": 0.5, "lexical": 0.25, "first": 1.0,
    }  # fmt: skip
    assert tuple(features[0]) == FEATURES
    assert (features[1]["lexical"], features[1]["first"], features[1]["near"]) == (1.0, 0.5, 0.0)


def test_a_passage_that_no_leg_scored_is_read_all_the_same():
    (found,) = read(reader(at("noon")), Hit(LUND_HIT.passage, 0.1)).hits
    assert found.score == 1.0


def test_nothing_found_is_nothing_read():
    found = reader().read(QUESTION, (), documents={}, tools=tools())
    assert (found.hits, found.evidence) == ((), ())


def test_a_chinese_question_is_left_to_the_likeness_of_sentences():
    model = FakeCrossEncoder()
    trained = TrainedReader(model, CALIBRATION, fingerprint="fake")
    question = "谁为港口剪彩？"
    assert read(trained, CHINESE_HIT, question=question) == read(NullReader(), CHINESE_HIT, question=question)
    assert trained.support("市长没有来。", [CHINESE.text]) == NullReader().support("市长没有来。", [CHINESE.text])
    assert trained.threshold(question, 0.2) == NullReader().threshold(question, 0.2)
    assert model.asked == []


def test_without_a_model_hits_stay_and_each_sentence_is_evidence():
    found = read(NullReader(), LUND_HIT, MARN_HIT)
    assert found.hits == (LUND_HIT, MARN_HIT)
    assert len(found.evidence) == 5
    assert stretches(found)[0] == SECOND


# What bears a sentence.

HARBOUR = "The harbour cost 400 crowns and was opened by Ada Holm."
WHOLE = "The harbour cost 400 crowns."


def verdict(sentence, *quotes, logits):
    model = FakeCrossEncoder({"\n".join(quotes): says(support=logits)})
    return TrainedReader(model, CALIBRATION, fingerprint="fake").support(sentence, quotes)


@pytest.mark.parametrize("label", ["supported", "partial", "unsupported", "contradicted"])
def test_the_likeliest_label_is_the_verdict_and_comes_with_the_probability_of_support(label):
    logits = [math.log(4) * (label == name) for name in ("supported", "partial", "unsupported", "contradicted")]
    found = verdict("Ada Holm opened it.", HARBOUR, logits=logits)
    assert (found.support, found.missing) == (label, ())
    assert found.probability == pytest.approx(4 / 7 if label == "supported" else 1 / 7)


@pytest.mark.parametrize(("logits", "label"), [((9, 2, 1, 0), "partial"), ((9, 1, 2, 0), "unsupported")])
def test_a_number_that_stands_nowhere_is_not_supported_whatever_the_model_says(logits, label):
    found = verdict("Ada Holm paid 500 crowns.", HARBOUR, logits=logits)
    assert (found.support, found.missing) == (label, ("500",))
    assert found.probability <= 0.5


def test_a_contradiction_stays_one_where_something_is_missing():
    found = verdict("Ada Holm paid 500 crowns.", HARBOUR, logits=(0, 0, 0, 5))
    assert found.support == "contradicted"
    assert found.missing


def test_quotes_are_judged_together():
    found = verdict("Ada Holm paid 400 crowns.", "Ada Holm opened it.", "It cost 400 crowns.", logits=(5, 0, 0, 0))
    assert (found.support, found.missing) == ("supported", ())


def test_what_a_quote_says_word_for_word_needs_no_model():
    model = FakeCrossEncoder()
    for one in (NullReader(), TrainedReader(model, CALIBRATION, fingerprint="fake")):
        found = one.support("The harbour  cost 400\ncrowns.", ["Other words.", f"So it is. {WHOLE}"])
        assert (found.support, found.probability) == ("supported", 1.0)
    assert model.asked == []


@pytest.mark.parametrize(
    "quote", ["It is not true that the harbour cost 400 crowns.", "The harbour cost 400 crowns less."]
)
def test_a_part_of_a_sentence_is_not_what_the_sentence_says(quote):
    for sentence in ("the harbour cost 400 crowns.", "The harbour cost 400 crowns"):
        assert NullReader().support(sentence, [quote]).support != "supported"


@pytest.mark.parametrize(
    ("sentence", "quote", "support"),
    [
        ("港口花费了四百克朗，市长说。", "市长说，港口花费了四百克朗。", "partial"),
        ("港口没有花费四百克朗，市长说。", "市长说，港口花费了四百克朗。", "unsupported"),
        ("港口花费了五百克朗，市长说。", "市长说，港口花费了四百克朗。", "unsupported"),
    ],
)
def test_without_a_model_nearly_the_same_words_are_partly_supported_unless_they_deny(sentence, quote, support):
    assert NullReader().support(sentence, [quote]).support == support


def test_a_number_cut_short_is_not_word_for_word():
    found = NullReader().support("The harbour cost 40", [HARBOUR])
    assert (found.support, found.missing) == ("unsupported", ("40",))


def test_without_a_model_other_words_are_unsupported_and_what_is_missing_is_named():
    found = NullReader().support("Bo Lind paid 400 crowns.", [HARBOUR])
    assert (found.support, found.probability) == ("unsupported", 0.0)
    assert found.missing == ("Bo Lind",)


# How sure is sure enough.


def test_the_threshold_is_the_lowest_that_keeps_to_the_share_of_wrong_answers():
    assert least_sure([(0.8, 0.1), (0.2, 0.5), (0.5, 0.2)], 0.2) == 0.5
    assert least_sure([(0.2, 0.5), (0.5, 0.2)], 1.0) == 0.2
    assert least_sure([(0.2, 0.5)], 0.1) == least_sure([], 1.0) == 1.0
    assert reader().threshold(QUESTION, 0.2) == 0.5


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1))), st.floats(0, 1), st.floats(0, 1))
def test_who_bears_fewer_wrong_answers_has_no_lower_threshold(risk, one, other):
    assert least_sure(risk, min(one, other)) >= least_sure(risk, max(one, other))


def test_a_linear_model_is_a_bias_and_a_weighted_sum():
    model = Linear(bias=1.0, weights={"near": 2.0, "first": -0.5})
    assert model({"near": 0.5, "first": 1.0, "span": 99.0}) == 1.5


def test_a_calibration_is_read_as_it_is_written(tmp_path):
    file = tmp_path / "calibration.json"
    linear = {"bias": 0.5, "weights": {"span": 1.0}}
    file.write_text(json.dumps({"rank": linear, "answers": {"bias": -1, "weights": {}}, "risk": [[0.1, 0.4]]}))
    expected = Calibration(Linear(0.5, {"span": 1.0}), Linear(-1, {}), ((0.1, 0.4),))
    assert Calibration.load(file) == expected


@pytest.mark.skipif(not (reading.READER / CALIBRATION_FILE).is_file(), reason="the reader's weights are not here")
def test_the_calibration_that_ships_knows_only_our_features_and_refuses_nothing_where_all_may_be_wrong():
    shipped = Calibration.load(reading.READER / CALIBRATION_FILE)
    assert set(shipped.rank.weights) | set(shipped.answers.weights) <= set(FEATURES)
    assert all(0 <= value <= 1 for row in shipped.risk for value in row)
    assert least_sure(shipped.risk, 1.0) < least_sure(shipped.risk, 0.25) < 1.0


def test_a_reader_goes_by_its_name(tmp_path, monkeypatch):
    assert isinstance(load_reader("none"), NullReader)
    monkeypatch.setattr(reading, "READER", tmp_path / "nowhere")
    with pytest.raises(ModelMissing, match=r"reader\.model"):
        load_reader("default")
