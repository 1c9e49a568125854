"""Stories in an index: found when documents come, kept when some go, and said once in what is found."""

from __future__ import annotations

import pytest

from ingest import ingest_documents, rebuild, remove
from rag.app import Assistant
from rag.config import Config
from rag.doctor import examine
from rag.library import Library
from rag.retrieve import spread, told_once
from rag.types import Document, Hit, Passage
from tests.fakes import FakeEmbedder
from tests.wire import FLOOD, GAZETTE, OTHER, POST, WIRE, article, chinese_story, story, with_lead

CONFIG = Config()


def put(root, *documents):
    ingest_documents(documents, root, config=CONFIG, embedder=FakeEmbedder())


def told(root) -> list[set[str]]:
    """The stories of an index, each as the publishers that tell it."""
    library = Library(root / "library.db")
    try:
        documents = list(library.documents())
        stories = library.stories([document.id for document in documents])
        assert library.problems() == []
        assert not examine(root, CONFIG) or all(check.ok for check in examine(root, CONFIG))
    finally:
        library.close()
    groups: dict[str, set[str]] = {}
    for document in documents:
        groups.setdefault(stories[document.id], set()).add(document.publisher or "")
    return sorted(groups.values(), key=sorted)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "index"


def test_one_wire_text_in_three_papers_is_one_story(root):
    put(root, WIRE, OTHER, POST, GAZETTE)
    assert told(root) == [{"Gazette", "Post", "Wire"}, {"Other"}]


def test_it_is_one_story_in_whatever_order_and_steps_it_comes(root):
    for document in (GAZETTE, OTHER, POST, WIRE):
        put(root, document)
    assert told(root) == [{"Gazette", "Post", "Wire"}, {"Other"}]


def test_the_same_text_a_month_later_is_another_story_and_of_an_unknown_day_is_not(root):
    put(root, WIRE, article(FLOOD, "Late", days=30), article(FLOOD, "Undated", days=None))
    # The undated one may be of either day, and so holds them together.
    assert told(root) == [{"Late", "Undated", "Wire"}]
    remove([article(FLOOD, "Undated", days=None).source], root, config=CONFIG)
    put(root, article(FLOOD, "Later", days=60))
    assert told(root) == [{"Late", "Wire"}, {"Later"}]


def test_a_text_between_two_stories_makes_them_one(root):
    first, last = article(FLOOD[:4], "First"), article(FLOOD[4:], "Last")
    put(root, first, last)
    assert told(root) == [{"First"}, {"Last"}]
    put(root, WIRE)
    assert told(root) == [{"First", "Last", "Wire"}]


def test_when_a_document_goes_the_others_stay_together_and_when_it_comes_again_it_is_with_them(root):
    put(root, WIRE, POST, GAZETTE)
    remove([WIRE.source], root, config=CONFIG)
    assert told(root) == [{"Gazette", "Post"}]
    put(root, OTHER, WIRE)
    assert told(root) == [{"Gazette", "Post", "Wire"}, {"Other"}]


def test_nothing_is_left_of_a_document_that_went(root):
    put(root, WIRE, OTHER)
    remove([WIRE.source, OTHER.source], root, config=CONFIG)
    library = Library(root / "library.db")
    assert library._rows("SELECT n FROM sketches") == library._rows("SELECT n FROM bands") == []
    library.close()


def test_a_corrected_document_stays_in_its_story(root):
    put(root, WIRE, POST)
    library = Library(root / "library.db")
    before = library.stories([POST.id])[POST.id]
    put(root, article([*with_lead("The river has come over its banks, our reporters say."), "More."], "Post", days=1))
    newer = next(document for document in library.documents() if document.publisher == "Post")
    assert newer.id != POST.id
    assert library.stories([newer.id]) == {newer.id: before}
    library.close()


def test_a_rebuild_keeps_stories(root):
    put(root, WIRE, OTHER, POST)
    rebuild(root, config=CONFIG, embedder=FakeEmbedder())
    assert told(root) == [{"Other"}, {"Post", "Wire"}]


def test_doctor_tells_of_a_document_without_a_story(root):
    put(root, WIRE, OTHER)
    library = Library(root / "library.db", writing=True)
    with library._transaction() as db:
        db.execute("UPDATE sketches SET story = NULL WHERE doc_id = ?", (WIRE.id,))
    assert library.problems() == ["1 documents without a story"]
    library.close()


def test_a_hundred_copies_keep_few_rows_and_are_one_story(root):
    put(root, *(article([*FLOOD, f"Paper number {n}."], f"Paper {n}") for n in range(100)))
    assert len(told(root)) == 1
    library = Library(root / "library.db")
    ((rows, keys),) = library._rows("SELECT count(*), count(DISTINCT key) FROM bands")
    assert rows <= 10 * keys
    library.close()


def test_a_chinese_story_is_found_in_two_papers(root):
    text = chinese_story(3)
    papers = [article(text, "新华社"), article(["本报讯。", *text[1:]], "人民日报", days=1)]
    put(root, *papers, article(chinese_story(4), "海岸报"))
    assert told(root) == [{"人民日报", "新华社"}, {"海岸报"}]


def hit(document: Document, first: int, last: int) -> Hit:
    """Paragraphs of a document as something that was found."""
    parts = document.text.split("\n\n")[first:last]
    start = document.text.index(parts[0])
    end = document.text.index(parts[-1]) + len(parts[-1])
    return Hit(Passage(document.id, start, end, document.text[start:end]), 1.0)


ONE_STORY = {WIRE.id: "flood", POST.id: "flood", GAZETTE.id: "flood", OTHER.id: "fire"}


def test_a_passage_is_found_once_of_a_story_and_the_best_is_kept():
    hits = [hit(WIRE, 1, 3), hit(OTHER, 1, 3), hit(POST, 1, 3), hit(GAZETTE, 2, 3), hit(GAZETTE, 3, 4)]
    assert told_once(hits, ONE_STORY) == [hits[0], hits[1], hits[4]]


def test_a_passage_that_better_ones_say_piece_by_piece_is_left_out():
    hits = [hit(WIRE, 1, 2), hit(GAZETTE, 2, 3), hit(POST, 1, 3)]
    assert told_once(hits, ONE_STORY) == hits[:2]


def test_the_passage_of_an_update_with_another_figure_stays():
    newer = [*FLOOD[:2], FLOOD[2].replace(" times", "0 times"), *FLOOD[3:]]
    update = article(newer, "Wire", days=2)
    hits = [hit(WIRE, 2, 3), hit(update, 2, 3), hit(update, 3, 4), hit(WIRE, 3, 4)]
    assert told_once(hits, {WIRE.id: "flood", update.id: "flood"}) == hits[:3]


LEADS = (
    ("This is what the newspaper was told of the matter.", "behind"),
    ("This is what the newspaper was not told of the matter.", "in its place"),
    ("This is what 7000 people told the newspaper of the matter.", "in its place"),
    ("This is what Ada Holm told the newspaper of the matter.", "in its place"),
    (f"This is what the newspaper was told of the matter. {story(9)[0]}", "in its place"),
)


@pytest.mark.parametrize(("lead", "where"), LEADS)
def test_a_passage_with_a_lead_of_its_own_is_put_behind_unless_that_says_more(lead, where):
    paper = article([lead, *FLOOD[1:]], "Paper")
    hits = [hit(WIRE, 0, 4), hit(paper, 0, 4), hit(OTHER, 0, 2)]
    order = [0, 2, 1] if where == "behind" else [0, 1, 2]
    assert told_once(hits, ONE_STORY | {paper.id: "flood"}) == [hits[n] for n in order]


VERSIONS = (
    ("The repairs cost $5 million.", "The repairs cost €5 million."),
    ("Prices rose by 5%.", "Prices rose by 5."),
    ("It was -5 degrees at noon.", "It was 5 degrees at noon."),
    ("Three people died and five were hurt.", "Five people died and three were hurt."),
    ("The bridge is closed.", "The bridge isn't closed."),
    ("The bridge is not closed.", "The bridge is closed."),
    ("The police of Marn arrested the mayor.", "The mayor arrested the police of Marn."),
)


@pytest.mark.parametrize(("one", "other"), VERSIONS)
def test_a_version_that_says_otherwise_in_nearly_the_same_words_stays_in_its_place(one, other):
    papers = [article([f"{said} {FLOOD[1]} {FLOOD[2]}"], said) for said in (one, other)]
    hits = [hit(papers[0], 0, 1), hit(papers[1], 0, 1), hit(OTHER, 0, 2)]
    assert told_once(hits, ONE_STORY | {paper.id: "flood" for paper in papers}) == hits


def test_what_was_put_behind_the_others_has_not_told_its_lead():
    lead = "This is what the newspaper was told of the matter."
    papers = [article(paragraphs, name) for name, paragraphs in (("A", [lead, *FLOOD[1:]]), ("B", [lead]))]
    again = article([lead, *FLOOD[1:]], "C")
    hits = [hit(WIRE, 0, 4), hit(papers[0], 0, 4), hit(again, 0, 4), hit(papers[1], 0, 1), hit(OTHER, 0, 2)]
    stories = ONE_STORY | {paper.id: "flood" for paper in (*papers, again)}
    assert told_once(hits, stories) == [hits[0], hits[3], hits[4], hits[1]]


def test_what_only_passages_say_that_are_too_many_of_their_document_is_found_in_another():
    hits = [*(hit(WIRE, n, n + 1) for n in range(4)), *(hit(GAZETTE, n, n + 1) for n in range(4))]
    assert spread(told_once(hits, ONE_STORY, per_document=2), 2) == [*hits[:2], *hits[6:]]


def test_the_same_words_in_another_story_stay():
    hits = [hit(WIRE, 1, 3), hit(POST, 1, 3)]
    assert told_once(hits, {WIRE.id: "flood", POST.id: "fire"}) == hits
    assert told_once(hits, {}) == hits


def sentence_of(n: int) -> str:
    return FLOOD[n].split(". ")[0] + "."


def test_a_story_that_several_papers_print_does_not_fill_what_is_found(root):
    leads = ("This is what the newspaper was told.", "We print this as we got it.", "Here is the news.")
    papers = [article([leads[n % 3], *FLOOD[:4]], f"Paper {n}", days=n % 3) for n in range(12)]
    words = sentence_of(1).split()[1:8]
    others = [article([" ".join(["Now", words[n], "and", *story(20 + n)[0].split()])], f"Near {n}") for n in range(4)]
    put(root, *papers, *others)
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        found = [bot.document(hit.passage.doc_id).publisher for hit in bot.search(" ".join(words), limit=8)]
    assert {other.publisher for other in others} <= set(found), found
    assert len(found) == 8


def test_an_outlet_that_is_named_is_found_though_another_one_says_the_same(root):
    put(root, *(article(FLOOD, name) for name in ("Coast Post", "Inland News", "Hill Times")), OTHER)
    question = f"What do both Coast Post and Inland News say of {' '.join(sentence_of(1).split()[1:6])}?"
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        publishers = {bot.document(hit.passage.doc_id).publisher for hit in bot.search(question)}
    assert {"Coast Post", "Inland News"} <= publishers


def test_who_asks_what_came_first_is_shown_all_copies_and_who_asks_what_was_said_only_one(root):
    put(root, *(article(FLOOD[:2], name, days=n) for n, name in enumerate(("Coast Post", "Inland News"))), OTHER)
    words = " ".join(sentence_of(1).split()[1:6])
    with Assistant(root, CONFIG, embedder=FakeEmbedder()) as bot:
        for question, n in ((f"Who first reported {words}?", 2), (f"Who reported {words}?", 1)):
            found = [bot.document(hit.passage.doc_id).publisher for hit in bot.search(question)]
            assert len(set(found) & {"Coast Post", "Inland News"}) == n
