"""What a question says of its sources becomes filters and an order, and hides nothing that it does not mean to hide."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.constraints import Constraints
from rag.narrow import Origins, both, in_order, named_outlets, narrowed, required
from rag.types import Document, Evidence, Filters, Passage

EVERYTHING = Filters()
XINHUA, REUTERS, CGTN = (Filters(publishers=(name,)) for name in ("Xinhua", "Reuters", "CGTN"))
KNOWN = Origins(publishers=("CGTN", "Reuters", "Xinhua"), authors={"Ada Holm": ("d1", "d2"), "Bo Lind": ("d3",)})
DAYS = st.none() | st.dates(date(2024, 1, 1), date(2024, 1, 6))
OUTLETS = st.sampled_from(["Xinhua", "XINHUA", "Reuters", "CGTN"])


def some(values):
    return st.lists(values, max_size=2, unique=True).map(tuple)


FILTERS = st.builds(
    Filters,
    publishers=some(OUTLETS),
    languages=some(st.sampled_from(["en", "zh", "zh-CN"])),
    published_from=DAYS,
    published_to=DAYS,
    documents=some(st.sampled_from(["d1", "d2", "d3"])),
)


def document(publisher=None, *, published=None, id="d1", language="en"):  # noqa: A002 (the name of the field)
    made = Document.of("Text.", title="T", publisher=publisher, published=published, language=language)
    return replace(made, id=id)


PAPERS = st.builds(
    document,
    st.none() | OUTLETS,
    published=DAYS,
    id=st.sampled_from(["d1", "d2", "d3"]),
    language=st.sampled_from(["en", "zh"]),
)


def lets(filters, paper):
    """Tell whether filters let a document through, as both mirrors do: what is not known of one is an empty text."""
    outlets = [name.casefold() for name in filters.publishers]
    return (
        (not outlets or (paper.publisher or "").casefold() in outlets)
        and (not filters.languages or paper.language in filters.languages)
        and (not filters.documents or paper.id in filters.documents)
        and (filters.published_from is None or bool(paper.published and paper.published >= filters.published_from))
        and (filters.published_to is None or bool(paper.published and paper.published <= filters.published_to))
    )


@given(FILTERS, FILTERS, PAPERS)
@example(XINHUA, REUTERS, document(None))
def test_both_let_through_exactly_what_each_of_the_two_does(one, other, paper):
    assert lets(both(one, other), paper) == (lets(one, paper) and lets(other, paper))


@given(FILTERS)
def test_both_with_nothing_or_with_itself_is_the_same(filters):
    assert both(filters, Filters()) == both(Filters(), filters) == both(filters, filters) == filters


def test_names_are_compared_without_case():
    assert both(XINHUA, Filters(publishers=("xinhua",))) == XINHUA


WISHES = st.builds(Filters, publishers=some(OUTLETS), published_from=DAYS, published_to=DAYS)
SOURCES = st.builds(Constraints, required=WISHES, hinted=WISHES, authors=some(st.sampled_from(sorted(KNOWN.authors))))


@given(FILTERS, SOURCES, PAPERS)
@example(XINHUA, Constraints(required=REUTERS), document())
def test_what_the_caller_gave_holds_whatever_the_question_says(given, sources, paper):
    holds = required(given, sources, known=KNOWN)
    assert not lets(holds, paper) or lets(given, paper)


@given(FILTERS, SOURCES, PAPERS)
@example(XINHUA, Constraints(hinted=REUTERS), document())
def test_what_is_required_holds_in_every_search(given, sources, paper):
    holds = required(given, sources, known=KNOWN)
    assert lets(holds, paper) or not any(lets(filters, paper) for filters in narrowed(holds, sources))


@given(FILTERS, SOURCES, PAPERS)
@example(CGTN, Constraints(hinted=Filters(publishers=("Xinhua", "Reuters"))), document("CGTN"))
def test_what_is_only_hinted_hides_nothing(given, sources, paper):
    holds = required(given, sources, known=KNOWN)
    assert not lets(holds, paper) or any(lets(filters, paper) for filters in narrowed(holds, sources))


def searches(sources, given=EVERYTHING):
    return narrowed(required(given, sources, known=KNOWN), sources)


def test_a_question_that_says_nothing_of_sources_is_searched_for_once():
    assert searches(Constraints(), XINHUA) == (XINHUA,)


def test_a_hint_is_one_more_search_beside_the_one_without_it():
    assert searches(Constraints(hinted=XINHUA)) == (EVERYTHING, XINHUA)


def test_several_outlets_are_searched_one_by_one():
    two = Filters(publishers=("Xinhua", "Reuters"))
    assert searches(Constraints(required=two)) == (XINHUA, REUTERS)
    assert searches(Constraints(hinted=two)) == (EVERYTHING, XINHUA, REUTERS)


def test_an_outlet_that_is_hinted_beside_a_required_one_is_another_of_them():
    assert searches(Constraints(required=XINHUA, hinted=REUTERS)) == (XINHUA, REUTERS)


def test_an_author_stands_for_what_he_wrote():
    (filters,) = searches(Constraints(authors=("Ada Holm", "Bo Lind")))
    assert filters == Filters(documents=("d1", "d2", "d3"))
    (filters,) = searches(Constraints(authors=("Ada Holm",)), Filters(documents=("d3",)))
    assert not any(lets(filters, document(id=name)) for name in ("d1", "d2", "d3"))


def test_origins_are_what_the_documents_say_of_themselves():
    rows = [
        ("d1", "Xinhua", "Ada", "2024-03-06", "en"), ("d2", None, "Ada", None, "zh"),
        ("d3", "CGTN", None, "2023-01-01", "en"), ("d4", "Xinhua", "", "2024-01-01", "en"),
    ]  # fmt: skip
    days, languages = (date(2023, 1, 1), date(2024, 3, 6)), frozenset({"en", "zh"})
    origins = Origins.of(rows)
    assert origins == Origins(("CGTN", "Xinhua"), {"Ada": ("d1", "d2")}, *days, languages, n_documents=4)
    assert Origins.of([]) == Origins()


# The order of what is found.

PAPERS_BY_DAY = {
    name: document(id=name, published=day)
    for name, day in (("may", date(2024, 5, 1)), ("june", date(2024, 6, 1)), ("none", None), ("weak", date(2024, 7, 1)))
}


def found(name, score):
    return Evidence(Passage(name, 0, 5, "Text."), 0, 5, score)


EVIDENCE = (found("none", 0.9), found("may", 0.8), found("june", 0.7), found("weak", 0.2))


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (None, ["none", "may", "june", "weak"]),
        ("latest", ["june", "may", "none", "weak"]),
        ("first", ["may", "june", "none", "weak"]),
    ],
)
def test_what_is_good_enough_comes_by_its_day_and_the_rest_behind_it(order, names):
    ordered = in_order(EVIDENCE, PAPERS_BY_DAY, order=order, threshold=0.5)
    assert [one.passage.doc_id for one in ordered] == names


@pytest.mark.parametrize("order", ["latest", "first"])
def test_of_one_day_the_likelier_stays_first(order):
    papers = {"a": document(id="a", published=date(2024, 5, 1)), "b": document(id="b", published=date(2024, 5, 1))}
    evidence = (found("b", 0.9), found("a", 0.8), found("b", 0.7))
    assert in_order(evidence, papers, order=order, threshold=0.5) == evidence


@given(
    st.lists(st.tuples(st.sampled_from(sorted(PAPERS_BY_DAY)), st.floats(0, 1))),
    st.sampled_from(["latest", "first", None]),
    st.floats(0, 1),
)
def test_ordering_loses_and_adds_nothing(scored, order, threshold):
    evidence = [found(*one) for one in scored]
    ordered = in_order(evidence, PAPERS_BY_DAY, order=order, threshold=threshold)
    assert sorted(map(repr, ordered)) == sorted(map(repr, evidence))


def test_one_outlet_under_two_spellings_is_searched_as_one():
    sources = Constraints(required=Filters(publishers=("Xinhua", "新华社")))
    assert named_outlets(sources) == (("Xinhua", "新华社"),)
    holds = required(Filters(), sources, known=Origins())
    assert narrowed(holds, sources) == (Filters(publishers=("Xinhua", "新华社")),)
