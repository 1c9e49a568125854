"""The reader that ships: it fits in its bounds, needs no torch, and knows the plain cases."""

import subprocess
import sys

import pytest

from rag.calibration import FEATURES, Calibration
from rag.cross_encoder import CALIBRATION, open_cross_encoder
from rag.packing import Pair
from rag.read import READER, load_reader

PASSAGE = "The new harbour of Lund opened on 2 May 2021. Ada Holm, the mayor of Lund, cut the ribbon."


@pytest.fixture(scope="module")
def model():
    return open_cross_encoder(READER)


@pytest.fixture(scope="module")
def reader():
    return load_reader("default")


def test_its_files_are_at_most_30_megabytes_and_described():
    assert sum(file.stat().st_size for file in READER.iterdir()) <= 30e6
    assert (READER / "README.md").is_file()


def test_reading_needs_no_torch():
    code = "import sys; from rag.read import load_reader; load_reader('default'); print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_its_calibration_weighs_known_features_and_its_curve_begins_at_zero():
    calibration = Calibration.load(READER / CALIBRATION)
    assert set(calibration.rank.weights) == set(calibration.answers.weights) == set(FEATURES)
    assert calibration.risk[0][0] == 0
    assert [threshold for threshold, _ in calibration.risk] == sorted(threshold for threshold, _ in calibration.risk)


@pytest.mark.parametrize(
    ("question", "answer"), [("When did the harbour open?", "2 May 2021"), ("Who cut the ribbon?", "Ada Holm")]
)
def test_it_points_at_the_words(model, question, answer):
    (judgement,) = model([Pair(question, PASSAGE)])
    best = judgement.spans[0]
    assert answer in PASSAGE[best.start : best.end]
    assert best.score > 0


def test_a_judgement_does_not_depend_on_its_neighbours(model):
    pairs = [Pair("Who cut the ribbon?", PASSAGE), Pair("Who is it?", PASSAGE * 3), Pair("", ""), Pair("谁？", "她。")]
    assert model(pairs) == [model([pair])[0] for pair in pairs]


def test_it_prefers_the_passage_that_answers(model):
    right, other = model(
        [Pair("Who cut the ribbon?", PASSAGE), Pair("Who cut the ribbon?", "The old bridge of Marn has been closed.")]
    )
    assert right.relevant > other.relevant
    assert right.answerable > other.answerable


@pytest.mark.parametrize(
    ("sentence", "support"),
    [
        ("The harbour of Lund opened in May 2021.", {"supported"}),
        ("The harbour of Lund opened in May 2023.", {"contradicted", "unsupported", "partial"}),
        ("The old bridge of Marn was closed for repairs.", {"unsupported", "contradicted"}),
    ],
)
def test_it_tells_what_a_quote_bears(reader, sentence, support):
    assert reader.support(sentence, [PASSAGE]).support in support
