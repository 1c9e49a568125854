"""Twenty people at once: nobody is turned away, and everybody gets the answer to what they asked."""

import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import rag
from ingest import ingest_documents
from rag.types import Document
from ui.web import start

N_PEOPLE, N_QUESTIONS = 20, 5
# On a machine with nothing else to do, 95 of 100 answers come in under 3 s. A busy one is slow, and not broken.
MOST_S = 120
TOWNS = "Orsa Lund Marn Fara Oland Tysk Velm Brona Kard Silt Hemna Jorv Pell Quist Ravna".split()
PEOPLE = "Berg Holm Dahl Ek Lind Strand Fors Sten Alm Rask Vik Moen Lie Dal Nygard".split()
DOCUMENTS = [
    Document.of(
        f"The mill of {town} was rebuilt in {1990 + n} by Karin {name}, a carpenter. It grinds {n + 2} tonnes a week.",
        title=f"The mill of {town}", source=f"{town}.txt",
    )
    for n, (town, name) in enumerate(zip(TOWNS, PEOPLE, strict=True))
]  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    root = tmp_path_factory.mktemp("many") / "index"
    ingest_documents(DOCUMENTS, root, config=rag.Config())
    with rag.open(root, rag.Config()) as bot:
        bot.ask(f"Who rebuilt the mill of {TOWNS[0]}?")  # loads the models, as the first visitor does
        page = start(bot, port=0)
        yield page.local_url
        page.close()


def visit(address, seed):
    """Ask as one person; returns how long each answer took, in seconds, and whose name was to be in which answer."""
    seconds, answers = [], []
    for at in random.Random(seed).sample(range(len(TOWNS)), N_QUESTIONS):  # noqa: S311 (no secret)
        question = f"Who rebuilt the mill of {TOWNS[at]}?"
        began = time.perf_counter()
        values = {"data": [question, "", "", "", ""]}
        answer = httpx.post(f"{address}gradio_api/run/ask", json=values, timeout=MOST_S)
        seconds.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.text
        answers.append((question, PEOPLE[at], answer.json()["data"][0]))
    return seconds, answers


@pytest.mark.slow
def test_twenty_people_at_once_each_get_their_own_answers(page, capsys):
    with ThreadPoolExecutor(N_PEOPLE) as people:
        visits = list(people.map(lambda seed: visit(page, seed), range(N_PEOPLE)))
    seconds = sorted(second for taken, _ in visits for second in taken)
    answers = [answer for _, given in visits for answer in given]
    assert len(answers) == N_PEOPLE * N_QUESTIONS
    for question, name, answer in answers:
        assert answer["question"] == question
        assert answer["status"] == "answered"
        assert f"Karin {name}" in answer["sentences"][0]["text"]
    p95 = statistics.quantiles(seconds, n=20)[-1]
    with capsys.disabled():
        print(f"\n{len(seconds)} answers: median {statistics.median(seconds):.2f} s, p95 {p95:.2f} s")  # noqa: T201 (the measurement)
    assert p95 < MOST_S
