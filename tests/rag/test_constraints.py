"""What a question says of its sources, and what it does not say though it looks like it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.constraints import Constraints, parse
from rag.types import Filters

TODAY = date(2024, 6, 12)
PUBLISHERS = (
    "Xinhua", "新华社", "China Daily", "人民日报", "The Verge", "TechCrunch", "Nature", "Time", "Fortune",
    "The Information", "Cnbc | World Business News Leader", "Sporting News", "CBSSports.com",
    "BBC News - Entertainment & Arts", "BBC News - Travel", "The New York Times", "Acme Media, Inc.", "The Age",
)  # fmt: skip
AUTHORS = ("Barbara Krasnoff", "Matt O'Brien, The Associated Press", "李玉", "News")


def read(question: str, **known: date) -> Constraints:
    return parse(question, publishers=PUBLISHERS, authors=AUTHORS, today=TODAY, **known)


def days(first: str | None, last: str | None) -> tuple[date | None, date | None]:
    return (first and date.fromisoformat(first)) or None, (last and date.fromisoformat(last)) or None


XINHUA = ("Xinhua", "新华社")
REQUIRED_OUTLETS = {
    "According to Xinhua, which robots were shown?": XINHUA,
    "What does the TechCrunch article on Spill say?": ("TechCrunch",),
    "Which phone was reported by The Verge to be the best?": ("The Verge",),
    "according to the verge, what is the best phone?": ("The Verge",),
    "Which bank, as reported by CNBC, has failed?": ("Cnbc | World Business News Leader",),
    "What do articles from Fortune, Time and The Age agree on?": ("Fortune", "Time", "The Age"),
    "Does Nature's report mention ravens?": ("Nature",),
    "Does 'The Information' report a loss?": ("The Information",),
    "Who won, according to CBS Sports?": ("CBSSports.com",),
    "What did the Sporting News article predict?": ("Sporting News",),
    "Which film did a BBC News article praise?": ("BBC News - Entertainment & Arts", "BBC News - Travel"),
    "What is discussed in the New York Times?": ("The New York Times",),
    "What was published by Acme Media?": ("Acme Media, Inc.",),
    "How did Time magazine describe him?": ("Time",),
    "据新华社报道，展出了哪些机器人？": XINHUA,
    "人民日报的社论说了什么？": ("人民日报",),
    "《中国日报》发表的文章提到哪些城市？": ("China Daily",),
}
REQUIRED_DAYS = {
    "Which robots are in the articles published on 6 March 2024?": ("2024-03-06", "2024-03-06"),
    "What do articles since May 2023 say about chips?": ("2023-05-01", None),
    "What does the March 2024 article say?": ("2024-03-01", "2024-03-31"),
    "What did TechCrunch report on in the article from October 2023?": ("2023-10-01", "2023-10-31"),
    "Which of today's articles name him?": ("2024-06-12", "2024-06-12"),
    "Articles published after May 2023 on trade?": ("2023-06-01", None),
    "Which articles published between March and June 2023 speak of tariffs?": ("2023-03-01", "2023-06-30"),
    "2024年3月6日发表的文章说了什么？": ("2024-03-06", "2024-03-06"),
    "新华社北京3月6日电，谁出席了会议？": ("2024-03-06", "2024-03-06"),
    "新华社3月6日报道了什么？": ("2024-03-06", "2024-03-06"),
}
HINTED_DAYS = {
    "What did Xi say in March 2024?": ("2024-03-01", "2024-03-31"),
    "What happened in May?": ("2024-05-01", "2024-05-31"),
    "Who resigned after the summit in May?": ("2024-05-01", "2024-05-31"),
    "How many jobs were lost before 2020?": (None, "2019-12-31"),
    "Which laws were passed last year?": ("2023-01-01", "2023-12-31"),
    "Who wrote the novel published in 1998?": ("1998-01-01", "1998-12-31"),
    "2024年3月发生了什么？": ("2024-03-01", "2024-03-31"),
    "去年通过了哪些法律？": ("2023-01-01", "2023-12-31"),
    "今年以来出口增长了多少？": ("2024-01-01", None),
}
ORDERS = {
    "What is the latest statement on chips?": "latest",
    "What does the most recent report say?": "latest",
    "Who first reported the leak?": "first",
    "What was the earliest report of the leak?": "first",
    "最新的声明说了什么？": "latest",
    "最早报道此事的是谁？": "first",
}
NOTHING = """Who may vote?
Who was the second president?
What is the March of Dimes?
Who built the first quantum computer?
What was the first reported case of the flu?
Which are the earliest galaxies?
Is time money?
Nature is healing, is it not?
What is the nature of light?
Which firms are in the Fortune 500?
When did the Information Age begin?
What fortune did he make?
How does the sun shine?
Did 2000 people march?
How much is $2000?
Who is at the verge of ruin?
What is China's population today?
Who said that he would pay at the latest?
Which policies were proposed by Barbara Krasnoff's party?
What do the news by and large say?
谁有投票权？
第一个登上月球的人是谁？
这项工作需要三个月吗？
最近有什么变化？
首次登月是谁完成的？""".splitlines()


@pytest.mark.parametrize("question", REQUIRED_OUTLETS)
def test_an_outlet_that_is_named_as_the_source_is_required(question):
    found = read(question)
    assert set(found.required.publishers) == set(REQUIRED_OUTLETS[question])
    assert found.hinted.publishers == ()


@pytest.mark.parametrize("question", REQUIRED_DAYS)
def test_the_day_of_an_article_is_required(question):
    found = read(question)
    assert (found.required.published_from, found.required.published_to) == days(*REQUIRED_DAYS[question])
    assert found.hinted.published_from is found.hinted.published_to is None


@pytest.mark.parametrize("question", HINTED_DAYS)
def test_a_day_that_may_be_the_events_is_a_hint(question):
    found = read(question)
    assert (found.hinted.published_from, found.hinted.published_to) == days(*HINTED_DAYS[question])
    assert not found.required


@pytest.mark.parametrize("question", ORDERS)
def test_the_latest_and_the_first_word_are_told_apart(question):
    assert read(question).order == ORDERS[question]


@pytest.mark.parametrize("question", NOTHING)
def test_a_question_that_only_looks_like_it_says_nothing_of_its_sources(question):
    assert read(question) == Constraints()


@pytest.mark.parametrize(
    ("question", "hinted"),
    [
        ("What did TechCrunch announce about its layoffs?", ("TechCrunch",)),
        ("Who is the owner of Fortune now?", ("Fortune",)),
        ("What did The Age say?", ("The Age",)),
        ("新华社在哪里？", XINHUA),
    ],
)
def test_an_outlet_that_may_be_the_matter_itself_is_a_hint(question, hinted):
    found = read(question)
    assert (found.required, found.hinted.publishers) == (Filters(), hinted)


@pytest.mark.parametrize(
    ("question", "author"),
    [
        ("What does the article on prices by Barbara Krasnoff say?", "Barbara Krasnoff"),
        ("According to Matt O'Brien, who won?", "Matt O'Brien, The Associated Press"),
        ("What did Barbara Krasnoff write about eBay?", "Barbara Krasnoff"),
        ("李玉的文章说了什么？", "李玉"),
    ],
)
def test_an_author_is_given_as_the_documents_spell_it(question, author):
    assert read(question).authors == (author,)


def test_a_word_that_is_also_an_author_is_none_where_it_is_a_word():
    assert read("Who is accused by news publishers, as reported by The Verge?").authors == ()


def test_days_outside_of_the_library_hint_at_nothing():
    known = {"oldest": date(2023, 1, 1), "newest": date(2024, 6, 1)}
    assert read("Who won in 1066?", **known) == read("What is planned for 2035?", **known) == Constraints()
    assert read("Who won in 2022 or 2023?", **known).hinted.published_from == date(2022, 1, 1)


def test_days_outside_of_the_library_stay_required():
    found = read("What do articles published in 2019 say?", oldest=date(2023, 1, 1), newest=date(2024, 6, 1))
    assert found.required == Filters(published_from=date(2019, 1, 1), published_to=date(2019, 12, 31))


def test_one_day_among_two_sources_is_required_of_neither():
    found = read("Did TechCrunch's report of 6 March 2024 agree with the article from The Verge?")
    assert set(found.required.publishers) == {"TechCrunch", "The Verge"}
    assert (found.required.published_from, found.hinted.published_from) == (None, date(2024, 3, 6))


def test_days_of_two_sources_make_one_range():
    found = read("Do the report from The Verge on 1 May 2024 and the TechCrunch article on 6 May 2024 agree?")
    assert (found.required.published_from, found.required.published_to) == (date(2024, 5, 1), date(2024, 5, 6))


def test_the_name_of_an_outlet_is_read_for_neither_days_nor_order():
    question = "Is it in an article from Latest May 2023 News?"
    found = parse(question, publishers=["Latest May 2023 News"], authors=(), today=TODAY)
    assert found == Constraints(
        required=Filters(publishers=("Latest May 2023 News",)), phrases=("article from Latest May 2023 News",)
    )


def test_the_longest_name_wins():
    names = ["The Independent - Travel", "The Independent - Sports"]
    one = parse("Who won, according to The Independent - Sports?", publishers=names, authors=(), today=TODAY)
    both = parse("Who won, according to The Independent?", publishers=names, authors=(), today=TODAY)
    assert (one.required.publishers, both.required.publishers) == (tuple(names[1:]), tuple(sorted(names)))


def test_phrases_are_the_words_it_rests_on():
    found = read("According to Xinhua, what was the latest word in March 2024?")
    assert found.phrases == ("According to Xinhua", "latest", "in March 2024")


WORDS = (
    "According to the Verge Xinhua 新华社 in on since before May March 6 2023 2024 年 3月 6日 article report by ' , and"
)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=14), st.sampled_from(["", " "]))
def test_every_phrase_is_found_in_the_question_in_order(words, space):
    question = space.join(words)
    found, place = read(question), 0
    for phrase in found.phrases:
        place = question.index(phrase, place) + len(phrase)
    assert bool(found.phrases) == (found != Constraints())
    for filters in (found.required, found.hinted):
        first, last = filters.published_from, filters.published_to
        assert first is None or last is None or first <= last
    assert not set(found.required.publishers) & set(found.hinted.publishers)


@given(st.text(max_size=80))
def test_no_question_is_too_odd_to_read(question):
    assert isinstance(read(question), Constraints)


def test_a_library_without_outlets_still_knows_days():
    found = parse("What was said in May 2023?", publishers=(), authors=(), today=TODAY)
    assert found.hinted.published_from == date(2023, 5, 1)
