"""Two sources that give different values for one thing are a conflict, and nothing that may be explained is one."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.conflicts import conflicts
from rag.text import Span
from rag.types import Citation, Document, Evidence, Passage, Sentence

HOW_MANY = "How many delegates attended the congress?"
DIED = "How many people were killed in the Orlo landslide?"
COST = "How much did the bridge over the Elva cost?"
GREW = "By how much did Norland's exports grow in 2023?"
OPENED = "When did the harbour museum open?"
ZH_MANY, ZH_DIED, ZH_COST = "多少名代表出席了大会？", "泥石流造成多少人遇难？", "跨海大桥投资多少？"
ZH_GREW, ZH_OPENED = "2023年出口增长多少？", "海港博物馆何时开馆？"
MONDAY, TUESDAY, MAY = date(2024, 3, 4), date(2024, 3, 5), date(2024, 5, 20)

DIFFERENT = [
    (HOW_MANY, "1,700 delegates attended the congress in Hanover.", "The congress in Hanover drew 1,850 delegates."),
    (HOW_MANY, "Some 1,700 delegates attended the congress.", "The congress was attended by 2,300 delegates."),
    (HOW_MANY, "1,712 delegates attended the congress.", "1,721 delegates attended the congress, its clerk said."),
    (HOW_MANY, "More than 2,000 delegates attended the congress.", "Only 1,700 delegates attended the congress."),
    (DIED, "The landslide in Orlo killed 12 people.", "At least 15 people were killed when a landslide hit Orlo."),
    (COST, "The bridge over the Elva cost $45 million.", "The bridge over the Elva cost $52 million to build."),
    (GREW, "Norland’s exports grew by 5.2% in 2023.", "In 2023, exports from Norland grew by 6.1 percent."),
    (OPENED, "The harbour museum opened on 5 March 2024.", "The harbour museum opened on March 6, 2024."),
    ("When was the fishing treaty signed?", "The fishing treaty was signed in May 2021.",
     "The fishing treaty was signed in June 2021."),
    ("How many medals did Norland win?", "Norland won 14 medals at the games.", "Norland won 16 medals at the games."),
    ("How many workers does the Linden plant employ?", "The Linden plant employs 3,400 workers.",
     "According to the union, the Linden plant employs 2,900 workers."),
    ("What is the population of Brill?", "The town of Brill has a population of 23,400.",
     "The town of Brill has a population of 27,100."),
    ("What share of voters backed the plan?", "In the referendum, 54% of voters backed the plan.",
     "The plan was backed by 57% of voters in the referendum."),
    (ZH_MANY, "1700名代表出席了在杭州举行的大会。", "在杭州举行的大会有1850名代表出席。"),
    (ZH_DIED, "泥石流造成12人遇难。", "泥石流造成至少15人死亡。"),
    (ZH_COST, "这座跨海大桥总投资45亿元。", "跨海大桥总投资达到52亿元。"),
    (ZH_GREW, "2023年全省出口增长5.2%。", "全省出口2023年增长百分之六点一。"),
    (ZH_OPENED, "海港博物馆于2024年3月5日开馆。", "海港博物馆于2024年3月6日开馆。"),
]  # fmt: skip
EXPLAINED = [
    ("the same value", HOW_MANY, "1,700 delegates attended the congress.", "The congress drew 1700 delegates."),
    ("spelled", HOW_MANY, "Twelve delegates attended the congress.", "12 delegates attended the congress."),
    ("rounded", HOW_MANY, "1,712 delegates attended the congress.", "The congress was attended by 1,700 delegates."),
    ("about", HOW_MANY, "About 1,700 delegates attended the congress.", "1,790 delegates attended the congress."),
    ("about", DIED, "Nearly 40 people were killed in Orlo.", "In Orlo 38 people were killed."),
    ("a bound", HOW_MANY, "More than 1,700 delegates attended the congress.", "1,800 delegates attended the congress."),
    ("a bound", DIED, "At least 12 people were killed in Orlo.", "At least 15 people were killed in Orlo."),
    ("another unit", HOW_MANY, "1,700 delegates attended the congress.", "1,900 guests attended the congress."),
    ("another currency", COST, "The bridge over the Elva cost $45 million.",
     "The bridge over the Elva cost €41 million."),
    ("another year", GREW, "Norland's exports grew by 5.2% in 2023.", "Norland's exports grew by 6.1% in 2022."),
    ("an unsaid year", GREW, "Norland's exports grew by 5.2% in 2023.", "Norland's exports grew by 6.1%."),
    ("another month", GREW, "Norland's exports grew 5.2% in May 2023.", "Norland's exports grew 6.1% in June 2023."),
    ("another place", DIED, "The landslide killed 12 people in Orlo.", "The landslide killed 15 people in Tarn."),
    ("a part of it", DIED, "The landslides killed 12 people in Orlo.",
     "The landslides killed 40 people across Norland."),
    ("another party", "How many medals did they win?", "Norland won 14 medals.", "Sudland won 16 medals."),
    ("both asked for", "How many medals did Norland and Sudland win?", "Norland won 14 medals at the games.",
     "Sudland won 16 medals at the games."),
    ("one of both asked for", "How many medals did Norland and Sudland win?", "The team won 14 medals at the games.",
     "Sudland won 16 medals at the games."),
    ("another congress", HOW_MANY, "1,700 delegates attended the 14th congress.",
     "1,850 delegates attended the 15th congress."),
    ("another act", DIED, "In the Orlo landslide 12 people were killed.",
     "In the Orlo landslide 40 people were injured."),
    ("another direction", "How much are Norland's exports?", "Norland's exports rose 5%.",
     "Norland's exports rose to 8%."),
    ("a forecast", GREW, "Norland's exports grew by 5.2% in 2023.", "Norland's exports could grow by 6.1% in 2023."),
    ("women only", HOW_MANY, "1,700 delegates attended the congress.", "800 delegates attended the congress as women."),
    ("a correction", GREW, "In 2023 Norland's exports grew by 5.0%.",
     "Growth of Norland's exports in 2023 was revised from 5.0% to 5.2%."),
    ("a denial", HOW_MANY, "1,700 delegates attended the congress.", "Not 1,850 delegates attended the congress."),
    ("a day that says less", OPENED, "The harbour museum opened on 5 March 2024.",
     "The harbour museum opened in March."),
    ("a part of it", OPENED, "The harbour museum opened on 5 March 2024.",
     "The harbour museum's new glass wing opened on 6 May 2024."),
    ("a code", "How many flew?", "On Apollo 11 flew three men in all.", "On Apollo 12 flew four men in all."),
    ("a score", "How did Norland play the final?", "Norland won the final 3-2.", "Norland won the final 4-2."),
    ("another thing asked", "Who spoke at the fair?", "1,700 delegates attended the congress.",
     "The congress was attended by 1,850 delegates."),
    ("另一年", ZH_GREW, "2023年全省出口增长5.2%。", "2022年全省出口增长6.1%。"),
    ("约数", ZH_MANY, "1700多名代表出席了大会。", "1758名代表出席了大会。"),
    ("同一数", ZH_COST, "这座跨海大桥总投资45亿元。", "跨海大桥总投资四十五亿元。"),
    ("伤与亡", ZH_DIED, "泥石流造成12人遇难。", "泥石流造成15人受伤。"),
    ("另一地", ZH_MANY, "1700名代表出席了在杭州举行的大会。", "1850名代表出席了在南京举行的大会。"),
    ("预计", ZH_COST, "跨海大桥总投资45亿元。", "跨海大桥预计总投资52亿元。"),
]  # fmt: skip


def document(text, name="", published=None):
    return Document.of(text, title="", publisher=f"Paper {name}", published=published)


def shown(*documents):
    return [Sentence(d.text, (Citation.of(d, Span(0, len(d.text))),), "supported") for d in documents]


def found(*documents):
    return [Evidence(Passage(d.id, 0, len(d.text), d.text), 0, len(d.text), 0.9) for d in documents]


def between(question, *texts, days=(None, None)):
    documents = [document(text, n, day) for n, (text, day) in enumerate(zip(texts, days, strict=True))]
    return conflicts(shown(documents[0]), found(*documents), {d.id: d for d in documents}, question=question)


@pytest.mark.parametrize(("question", "one", "other"), DIFFERENT)
def test_different_values_for_the_same_thing_are_a_conflict(question, one, other):
    for texts in ((one, other), (other, one)):
        pair = between(question, *texts)
        assert [{citation.quote for citation in each} for each in pair] == [set(texts)]


@pytest.mark.parametrize(("why", "question", "one", "other"), EXPLAINED)
def test_a_difference_that_may_be_explained_is_none(why, question, one, other):
    for texts in ((one, other), (other, one)):
        assert between(question, *texts) == (), why


def test_each_side_is_the_one_sentence_that_says_it_in_exact_characters():
    first = document("It rained. 1,700 delegates attended the congress in Hanover. They left.")
    second = document("The hall was full: the congress in Hanover drew 1,850 delegates. Then all went home.")
    [(one, other)] = conflicts(shown(first), found(second), {d.id: d for d in (first, second)}, question=HOW_MANY)
    assert (one.quote, other.quote) == (
        "1,700 delegates attended the congress in Hanover.",
        "The hall was full: the congress in Hanover drew 1,850 delegates.",
    )
    assert first.text[one.start : one.end] == one.quote
    assert second.text[other.start : other.end] == other.quote


def test_the_earlier_published_comes_first_and_a_document_without_a_day_last():
    said = "12 people were killed in the Orlo landslide."
    later = "15 people were killed in the Orlo landslide."
    for days, first in (((TUESDAY, MONDAY), later), ((MONDAY, TUESDAY), said), ((None, MONDAY), later)):
        [(one, _)] = between(DIED, said, later, days=days)
        assert one.quote == first


def test_news_of_other_days_is_no_conflict_unless_the_day_is_said():
    one, other = "12 people were killed in the Orlo landslide.", "15 people were killed in the Orlo landslide."
    assert between(DIED, one, other, days=(MONDAY, MAY)) == ()
    dated = [text.replace("landslide", "landslide on 3 March") for text in (one, other)]
    assert len(between(DIED, *dated, days=(MONDAY, MAY))) == 1
    assert len(between(DIED, one, dated[1], days=(MONDAY, MAY))) == 1


def test_what_is_true_now_may_be_otherwise_tomorrow():
    question = "What does a loaf of bread cost in Brill?"
    texts = "A loaf of bread in Brill now costs $2.10.", "A loaf of bread in Brill now costs $2.60."
    assert between(question, *texts, days=(MONDAY, TUESDAY)) == ()
    assert len(between(question, *texts, days=(MONDAY, MONDAY))) == 1


def test_what_comes_every_year_is_no_conflict():
    texts = "The harbour fair opened on 5 May.", "The harbour fair opened on 7 May."
    assert between("When did the harbour fair open?", *texts, days=(date(2023, 5, 7), date(2024, 5, 8))) == ()
    assert len(between("When did the harbour fair open?", *texts, days=(date(2024, 5, 7), date(2024, 5, 8)))) == 1


def test_one_document_does_not_contradict_itself():
    text = "1,700 delegates attended the congress. The congress was attended by 1,850 delegates."
    assert between(HOW_MANY, text, "Nothing else is known.") == ()


def test_two_sentences_that_are_not_shown_are_not_compared():
    one, other = document("1,700 delegates attended the congress."), document("1,850 delegates attended the congress.")
    third = document("The congress ended.")
    assert conflicts(shown(third), found(one, other), {d.id: d for d in (one, other, third)}, question=HOW_MANY) == ()


def test_a_pair_of_values_is_told_once_and_at_most_three_are_told():
    documents = [document(f"{1000 + 111 * n} delegates attended the congress.", n) for n in range(6)]
    again = document("The congress was attended by 1111 delegates.", "again")
    by_id = {d.id: d for d in (*documents, again)}
    pairs = conflicts(shown(documents[0]), found(documents[1], again), by_id, question=HOW_MANY)
    assert [other.quote for _, other in pairs] == [documents[1].text]
    assert len(conflicts(shown(*documents), (), by_id, question=HOW_MANY)) == 3


@settings(deadline=None)
@given(
    st.lists(st.text(alphabet="12,.% $中名年月日一万亿元-:/ delgatso", max_size=40), max_size=4), st.text(max_size=20)
)
def test_any_text_is_compared_without_an_error(texts, question):
    documents = [document(text, n) for n, text in enumerate(texts) if text.strip()]
    pairs = conflicts(shown(*documents), found(*documents), {d.id: d for d in documents}, question=question)
    assert all(one.doc_id != other.doc_id for one, other in pairs)
