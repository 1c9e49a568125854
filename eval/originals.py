"""Twenty questions with known answers, and ten without, over the five original articles.

    python -m eval.originals FOLDER [--show]

The originals do not ship with the project (`corpus/` holds digests of them), so the folder must be named. Counted are:
the right document cited first; the expected words in what is cited; quotes that stand verbatim at their offsets in the
text that is stored; and questions without an answer that are refused.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import rag
from ingest import ingest
from rag.verify import is_verbatim


@dataclass(frozen=True, slots=True)
class Known:
    """A question, words of the text of the documents that answer it, and words that the cited quotes must hold."""

    question: str
    documents: tuple[str, ...]
    words: str


STUDY = "group study session of the Political Bureau"
ANALYSIS = "state-directed acceleration"
JIANGSU = "delegation of Jiangsu Province"
SEMINAR = "China News Service (CNS) co-hosted"
MEETING = "second meeting of the Central Committee for Financial"

ANSWERED = (
    Known("Who is Li Yuju?", (SEMINAR,), "deputy director of the Research Center"),
    Known("Which fields are future industries concentrated in?", (SEMINAR,), "hydrogen energy storage"),
    Known("When was the seminar on New Quality Productive Forces held in Beijing?", (SEMINAR,), "June 17-27"),
    Known("Which four chains should be integrated?", (SEMINAR,), "talent chains"),
    Known("Which institutions are crucial for collaborative efforts?", (SEMINAR,), "National laboratories"),
    Known("What is the core hallmark of new quality productive forces?", (SEMINAR,), "total factor productivity"),
    Known("Which province's delegation did Xi Jinping join in March 2024?", (JIANGSU,), "Jiangsu"),
    Known("Which six deputies of the delegation gave presentations?", (JIANGSU,), "Cui Tiejun"),
    Known("Who is director of the General Office of the CPC Central Committee?", (JIANGSU,), "Cai Qi"),
    Known("Does it mean ignoring or abandoning traditional industries?", (JIANGSU,), "traditional industries"),
    Known("How should workplace safety be ensured?", (JIANGSU,), "safety hazards"),
    Known("Which committee's second meeting did Xi preside over?", (MEETING,), "Financial and Economic Affairs"),
    Known("Which ministries and academies reported to the meeting?", (MEETING,), "Chinese Academy of Engineering"),
    Known("What did the technician demonstrate at the exhibition in Shanghai?", (MEETING,), "remote control"),
    Known("With whom should universities intensify cooperation?", (MEETING,), "foreign counterparts"),
    Known("When did Xi preside over the group study session?", (STUDY, ANALYSIS), "30"),
    Known("How are industries of the future characterized?", (STUDY,), "disruptive potential"),
    Known("What should sci-tech finance and talent policy foster across society?", (STUDY,), "encourages innovation"),
    Known("Which slogan about industry and science did Xi reiterate?", (ANALYSIS,), "industry poses the problems"),
    Known("In which five-year period should core directions be selected?", (ANALYSIS,), "Fifteenth"),
)
UNANSWERED = (
    "How many people live in Jiangsu?",
    "Who won the football World Cup in 2022?",
    "What is the budget for hydrogen energy storage in 2025?",
    "Who is the mayor of Shanghai?",
    "When was the Chinese Academy of Engineering founded?",
    "What did Angela Merkel say about quantum computers?",
    "How tall is Li Yuju?",
    "Which vaccine does the article recommend?",
    "What is the capital of Mongolia?",
    "How many robots were sold at the exhibition in Osaka?",
)


def main() -> None:
    """Index the folder, ask, count, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=Path, metavar="FOLDER", help="where the five original articles lie")
    parser.add_argument("--show", action="store_true", help="print every answer")
    options = parser.parse_args()
    if not options.documents.is_dir():
        raise SystemExit(f"{options.documents} is no folder. Name the one of the original articles.")
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        ingest([options.documents], index, config=rag.Config())
        with rag.open(index, rag.Config()) as bot:
            measure(bot, show=options.show)


def measure(bot: rag.Assistant, *, show: bool) -> None:
    """Ask all questions and print the counts."""
    documents = {document.id: document for document in bot.documents()}
    first = words = quotes = verbatim = 0
    for known in ANSWERED:
        answer = bot.ask(known.question)
        citations = [citation for sentence in answer.sentences for citation in sentence.citations]
        right = bool(citations) and any(part in documents[citations[0].doc_id].text for part in known.documents)
        held = any(known.words in citation.quote for citation in citations)
        first, words = first + right, words + held
        quotes += len(citations)
        verbatim += sum(is_verbatim(citation, documents) for citation in citations)
        if show:
            print_answer(answer, mark=f"{'right' if right else 'WRONG'} document, {'' if held else 'NOT '}the words")
    refusals = [bot.ask(question) for question in UNANSWERED]
    for answer in refusals if show else ():
        print_answer(answer, mark="should be refused")
    refused = sum(answer.status == "refused" for answer in refusals)
    print(f"right document cited first: {first} of {len(ANSWERED)}")
    print(f"expected words in what is cited: {words} of {len(ANSWERED)}")
    print(f"quotes verbatim at their offsets: {verbatim} of {quotes}")
    print(f"questions without an answer refused: {refused} of {len(UNANSWERED)}")


def print_answer(answer: rag.Answer, *, mark: str) -> None:
    """Print a question and what it came to."""
    print(f"\n{answer.question}  [{mark}] {answer.status} {answer.reason or ''} {answer.confidence:.2f}")
    for sentence in answer.sentences:
        print(f"    {sentence.text}")


if __name__ == "__main__":
    main()
