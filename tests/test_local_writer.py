"""Ten questions to the corpus, answered by the local writer for real: fetched with `footnote models get local`."""

import pytest

import rag
from ingest import ingest
from rag.config import Writing
from rag.types import Done, Read
from rag.verify import is_verbatim
from rag.weights import WEIGHTS

pytestmark = [
    pytest.mark.writer,
    pytest.mark.skipif(not WEIGHTS.path.is_file(), reason="run `footnote models get local` (1.1 GB, once)"),
]
ANSWERED = {
    "Which fields does Li Yuju name?": "life sciences",
    "Who is Li Yuju?": "deputy director",
    "Which six deputies of the Jiangsu delegation gave presentations?": "Cui Tiejun",
    "Which institutions reported to the meeting in July 2018?": "Ministry of Science",
    "Who leads work on core technologies, said the July 2018 meeting?": "Central Committee",
    "What does China News Service single out as a top buzzword in China?": "New Quality Productive Forces",
}
REFUSED = (
    "What was the turnover of China's photovoltaic industry in 2023?",
    "Who won the chess tournament in Reykjavik?",
    "What is the boiling point of mercury?",
    "How tall is the mayor of Oslo?",
)


@pytest.fixture(scope="module")
def bot(tmp_path_factory):
    root = tmp_path_factory.mktemp("writer") / "index"
    config = rag.Config(writer=Writing(model="local"))
    ingest([rag.app.CORPUS], root, config=config)
    with rag.open(root, config) as bot:
        yield bot


def test_what_is_written_cites_exact_words_and_holds_what_was_asked_for(bot):
    n_written = n_right = 0
    for question, words in ANSWERED.items():
        events = list(bot.stream(question))
        answer = events[-1].answer
        assert answer.trouble == ""
        quotes = next((event.quotes for event in events if isinstance(event, Read)), ())
        n_written += bool(answer.sentences) and set(answer.sentences) != set(quotes)
        said = " ".join([s.text for s in answer.sentences] + [c.quote for s in answer.sentences for c in s.citations])
        n_right += words in said
        for sentence in answer.sentences:
            assert sentence.support in {"supported", "partial", "not_a_claim"}
            assert sentence.citations or sentence.support == "not_a_claim"
            assert all(is_verbatim(c, {c.doc_id: bot.document(c.doc_id)}) for c in sentence.citations)
    assert n_written  # what the model rewords gives way to a quotation
    assert n_right >= len(ANSWERED) - 2


@pytest.mark.parametrize("question", REFUSED)
def test_what_the_documents_do_not_hold_is_refused_without_a_word_from_the_writer(bot, question):
    answer = next(event.answer for event in bot.stream(question) if isinstance(event, Done))
    assert (answer.status, answer.sentences, answer.removed) == ("refused", (), ())
