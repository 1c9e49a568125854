"""A question that names several outlets is answered from each of them, or as any other."""

from rag.several import from_each
from rag.types import Document, Evidence, Passage

QUESTION = "Do both the Coast Post and Inland News report a crack in the bridge?"
COAST, INLAND = (
    Document.of(f"The bridge has a crack, says {name}.", title=name, publisher=name)
    for name in ("Coast Post", "Inland News")
)
DOCUMENTS = {document.id: document for document in (COAST, INLAND)}


def found(document, near, likeness=0.0):
    text = document.text
    scores = {"near": near, "likeness": likeness}
    return Evidence(Passage(document.id, 0, len(text), text), 0, len(text), 0.01, scores=scores)


def each(*evidence, outlets=(("Inland News",), ("Coast Post", "海岸报"))):
    return from_each(QUESTION, evidence, documents=DOCUMENTS, outlets=outlets)


def test_each_outlet_gives_what_it_has_nearest_in_the_order_of_the_question():
    chosen = each(found(COAST, 0.6), found(COAST, 0.9), found(INLAND, 0.7))
    assert [DOCUMENTS[one.passage.doc_id].publisher for one in chosen] == ["Inland News", "Coast Post"]
    assert [one.scores["near"] for one in chosen] == [0.7, 0.9]


def test_the_farthest_of_them_decides_the_score():
    assert {one.score for one in each(found(COAST, 0.9), found(INLAND, 0.1, likeness=0.55))} == {0.55}


def test_where_one_outlet_has_nothing_near_there_is_nothing_from_each():
    assert each(found(COAST, 0.9), found(INLAND, 0.2)) == ()
    assert each(found(COAST, 0.9)) == ()
