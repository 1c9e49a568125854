"""What a sentence states against what is cited: one value in many spellings, and the values that are not one."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.guard import facts, missing, shown
from rag.text import Span, format_date
from rag.types import Citation, Document

BORNE = [
    # digits and words
    ("1,000 ships", "1000 ships"),
    ("1 000 ships", "1,000 ships"),
    ("1'000'000 ships", "a million ships"),
    ("５０ ships", "50 ships"),
    ("3.50 metres", "3.5 metres"),
    ("twenty-three ships", "23 ships"),
    ("23 ships", "twenty three ships"),
    ("a dozen eggs", "12 eggs"),
    ("24 eggs", "two dozen eggs"),
    ("one hundred and five", "105"),
    ("two million", "2,000,000"),
    ("2 million", "2000000"),
    ("2.5 billion", "2,500 million"),
    ("five hundred thousand", "500,000"),
    ("between two hundred and three hundred", "from 200 to 300"),
    ("in nineteen eighty-four", "1984"),
    ("the third time", "the 3rd time"),
    ("the twenty-first", "the 21st"),
    ("the 20th congress", "第二十届"),
    # units
    ("5%", "5 per cent"),
    ("5 percent", "百分之五"),
    ("百分之三点五", "3.5％"),
    ("20-30%", "20% to 30%"),
    ("between 20 and 30 percent", "20–30%"),
    ("3 percentage points", "3个百分点"),
    ("$5", "US$5"),
    ("5 dollars", "$5"),
    ("5美元", "five U.S. dollars"),
    ("$2m", "$2 million"),
    ("$2bn", "2 billion dollars"),
    ("$2-3 million", "$2 million or $3 million"),
    ("RMB 5 million", "500万元"),
    ("¥5", "5元"),
    ("¥5", "5 yen"),
    # dates
    ("6 March 2024", "March 6, 2024"),
    ("6th of March, 2024", "6 Mar. 2024"),
    ("6 March 2024", "2024-03-06"),
    ("2024年3月6日", "6 March 2024"),
    ("二〇二四年三月六日", "March 6th, 2024"),
    ("in March 2024", "6 Mar. 2024"),
    ("on 6 March", "March 6, 2024"),
    ("in 2024", "6 March 2024"),
    ("in March", "2024年3月"),
    ("3月6日", "2024-03-06"),
    ("3/6/2024", "6 March 2024"),
    ("3/6/2024", "3 June 2024"),
    ("5-7 March 2024", "from 5 March 2024 to 7 March 2024"),
    # Chinese numerals
    ("三百万", "300万"),
    ("一百二十日", "120日"),
    ("3 million", "三百万"),
    ("1.2亿", "120 million"),
    ("三亿五千万", "3亿5000万"),
    ("一万亿元", "1 trillion yuan"),
    ("三万零五十", "30,050"),
    ("二十三家企业", "23 enterprises"),
    ("300多万元", "3 million yuan"),
    # names
    ("It is China’s", "CHINA"),
    ("They joined the u.s. NAVY", "the U.S. Navy"),
    ("Then Jean–Paul came", "Jean-Paul"),
    ("He met Xi", "Xi Jinping"),
    ("Mr. Xi spoke", "Xi Jinping"),
    ("They heard Ursula von der Leyen", "Ursula von der Leyen spoke"),
    ("Chinese President Xi Jinping spoke", "Xi Jinping, the head of China"),
    ("Then Erdogan spoke", "Erdoğan"),
    ("Whales sang", "the whales"),
    ("Yesterday it rained", "It rained"),
    ("the COVID-19 rules of the G20", "the G20 on Covid-19"),
    ("习近平在北京说", "在北京，习近平表示"),
    ("江苏省的企业", "江苏企业"),
    # quotations
    ("He said “New, Quality!”", "of new quality"),
    ('He said "the sea … sang"', "the sea, they say, sang"),
    ("他说“新质生产力”", "发展新质生产力"),
    ("《人民日报》说", "人民日报"),
    # words that only look like facts
    ("one of them was the first", "some"),
    ("十分重要的一些事", "重要的事"),
    ("He may march", "He walks"),
    ("It holds [1]", "It holds"),
]

NOT_BORNE = [
    ("13.5 hours", "13 hours", "13.5"),
    ("5 of them", "5% of them", "5"),
    ("5% of them", "5 of them", "5%"),
    ("5% more", "5 percentage points more", "5%"),
    ("$5", "€5", "$5"),
    ("HK$5", "$5", "HK$5"),
    ("5 yen", "5 yuan", "5 yen"),
    ("twenty-three", "20 and 3", "twenty-three"),
    ("two hundred and five", "200, then 5", "two hundred and five"),
    ("the third one", "3 of them", "third"),
    ("5 million", "5", "5 million"),
    ("300万", "30万", "300万"),
    ("二十三家", "三十二家", "二十三"),
    ("in March 2024", "in March 2023", "March 2024"),
    ("6 March 2024", "March 2024", "6 March 2024"),
    ("2024年3月6日", "2024年3月7日", "2024年3月6日"),
    ("6 ships", "6 March 2024", "6"),
    ("then Xi Jinping spoke", "Xi spoke", "Xi Jinping"),
    ("then Ada Lovelace's son", "Ada. Lovelace", "Ada Lovelace"),
    ("Charlie sang", "They sang", "Charlie"),
    ("at the WHO", "those who were there", "WHO"),
    ("in the US", "it is for us", "US"),
    ("特朗普说", "拜登说", "特朗普"),
    ("他在《海》里", "他在《山》里", "《海》"),
    ("of “four whales”", "of four grey whales", "“four whales”"),
    ("在NATO", "在北约", "NATO"),
]


@pytest.mark.parametrize(("sentence", "cited"), BORNE)
def test_one_value_in_two_spellings_is_one(sentence, cited):
    assert missing(sentence, [cited]) == ()


@pytest.mark.parametrize(("sentence", "cited", "gone"), NOT_BORNE)
def test_what_does_not_stand_is_named_in_the_words_of_the_sentence(sentence, cited, gone):
    assert missing(sentence, [cited]) == (gone,)


def test_what_is_missing_comes_in_order_and_once():
    assert missing("In 2023 Ada met 7 whales, then 7 more in Rome.", ["2023"]) == ("Ada", "7", "Rome")


def test_nothing_is_put_together_from_two_texts():
    assert missing("He saw Ada Lovelace.", ["He saw Ada", "Lovelace sails"]) == ("Ada Lovelace",)
    assert missing("of “blue whales”", ["so blue", "whales"]) == ("“blue whales”",)


def test_each_fact_may_stand_in_another_text():
    assert missing("Ada met 7 whales in May 2024.", ["Ada", "seven", "2024-05-01"]) == ()


def test_title_publisher_and_day_are_shown():
    document = Document.of("She met whales.", title="The Sea", publisher="Post", published=date(2024, 3, 6))
    cited = Citation.of(document, Span(0, 3))
    assert shown([cited, replace(cited, publisher=None, published=None)]) == [
        *("She", "She"),
        *("The Sea", "Post", "6 March 2024", "The Sea"),
    ]


SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen""".split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_english(n):
    for size, word in ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if n >= size:
            rest = f"{' and' if n % size < 100 else ''} {in_english(n % size)}" if n % size else ""
            return f"{in_english(n // size)} {word}{rest}"
    return SMALL[n] if n < 20 else TENS[n // 10] + (f"-{SMALL[n % 10]}" if n % 10 else "")


def in_chinese(n):
    for size, word in ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if n >= size:
            zero = "零" if 0 < n % size < size // 10 else ""
            return in_chinese(n // size) + word + zero + (in_chinese(n % size) if n % size else "")
    return "零一二三四五六七八九"[n]


def spellings(n):
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in str(n))
    scaled = [f"{n / 10**power:.{power}f}{word}" for power, word in ((3, " thousand"), (4, "万"), (6, " million"))]
    return [f"{n}", f"{n:,}", f"{n:,}".replace(",", "\u202f"), wide, in_english(n), in_chinese(n), *scaled]


NUMBERS = st.integers(11, 10**12 - 1) | st.integers(11, 99_999)


@given(NUMBERS, st.data())
def test_a_number_is_the_same_in_every_spelling_and_none_bears_its_neighbour(n, data):
    said, cited = (data.draw(st.sampled_from(spellings(n))) for _ in range(2))
    assert missing(f"There are {said} of them.", [f"一共有{cited}个", "nothing"]) == ()
    near = data.draw(st.sampled_from(spellings(n + data.draw(st.sampled_from([-1, 1])))))
    assert missing(f"There are {said} of them.", [f"some {near} here"]) == (said,)


def days(day):
    month = day.strftime("%B")
    ordinal = f"{day.day}{'th' if 10 < day.day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day.day % 10, 'th')}"
    year = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(day.year))
    month_and_day = f"{in_chinese(day.month)}月{in_chinese(day.day)}".replace("一十", "十")
    return [
        *(format_date(day), format_date(day, "zh"), day.isoformat(), day.strftime("%d %b %Y")),
        *(
            f"{month} {day.day}, {day.year}",
            f"{month[:3]}. {ordinal}, {day.year}",
            f"the {ordinal} of {month} {day.year}",
        ),
        *(f"{year}年{month_and_day}日", f"{day:%Y/%m/%d}"),
    ]


@given(st.dates(date(1900, 1, 1), date(2099, 12, 30)), st.data())
def test_a_day_is_the_same_in_every_spelling_and_none_bears_the_next(day, data):
    said, cited = (data.draw(st.sampled_from(days(day))) for _ in range(2))
    assert missing(f"It was on {said}.", [f"It was on {cited}"]) == ()
    other = data.draw(st.sampled_from(days(day + timedelta(days=1))))
    assert len(missing(f"It was on {said}.", [f"It was on {other}"])) == 1


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.data())
def test_a_month_is_borne_by_its_days_and_bears_none_of_them(day, data):
    cited = data.draw(st.sampled_from(days(day)))
    months = [f"{day:%B} {day.year}", f"{day.year}年{day.month}月", f"{day:%b} {day.year}"]
    assert all(missing(f"It was in {month}.", [cited]) == () for month in months)
    assert all(missing(f"It was on {cited}.", [month]) for month in months)


ODD = st.text(max_size=80) | st.text(
    alphabet="aX i's.-—$€¥%,’“”\"《》「」[]0123456789 二〇十百万亿点年月日第分之个元March third and million\x1f\n",
    max_size=80,
)


@given(ODD, ODD)
def test_no_text_is_too_odd_and_each_bears_itself(text, other):
    assert missing(text, [text]) == ()
    assert all(gone in text for gone in missing(text, [other]))
    assert all(text[fact.start :].startswith(fact.text) for fact in facts(text))


@pytest.mark.parametrize(
    "text", ["9" * 10_000, f"{'9' * 5000} million", "1,000" * 3000, "“" * 5000, "X " * 3000, "百" * 3000]
)
def test_long_texts_are_read(text):
    assert missing(text, [text]) == ()
