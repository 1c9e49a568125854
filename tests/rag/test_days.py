"""Times that a text names: each with both its ends, none that is not there."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.days import find_days
from rag.text import format_date

TODAY = date(2024, 6, 12)  # a Wednesday
FOUND = """on 6 March 2024 | 2024-03-06 | 2024-03-06
on March 6th, 2024 | 2024-03-06 | 2024-03-06
on 2024-03-06 | 2024-03-06 | 2024-03-06
March 6-8, 2024 | 2024-03-06 | 2024-03-08
6–8 March 2024 | 2024-03-06 | 2024-03-08
in Sept. 2023 | 2023-09-01 | 2023-09-30
in november | 2023-11-01 | 2023-11-30
in May | 2024-05-01 | 2024-05-31
last June | 2023-06-01 | 2023-06-30
on 29 February | 2024-02-29 | 2024-02-29
before 2020 | | 2019-12-31
before 6 March 2024 | | 2024-03-05
after May 2023 | 2023-06-01 |
since early May 2023 | 2023-05-01 |
from May 2023 onwards | 2023-05-01 |
by the end of 2023 | | 2023-12-31
between March and June 2023 | 2023-03-01 | 2023-06-30
between November and March 2023 | 2022-11-01 | 2023-03-31
from March 2023 to June | 2023-03-01 | 2023-06-30
Between Oct 28 and October 30, 2023 | 2023-10-28 | 2023-10-30
2021-2025 | 2021-01-01 | 2025-12-31
in the first half of 2024 | 2024-01-01 | 2024-06-30
third quarter of last year | 2023-07-01 | 2023-09-30
Q3 2023 | 2023-07-01 | 2023-09-30
in the 1990s | 1990-01-01 | 1999-12-31
in 1066 | 1066-01-01 | 1066-12-31
yesterday | 2024-06-11 | 2024-06-11
last week | 2024-06-03 | 2024-06-09
last month | 2024-05-01 | 2024-05-31
this year | 2024-01-01 | 2024-12-31
past 3 days | 2024-06-09 | 2024-06-12
two years ago | 2022-01-01 | 2022-12-31
2024年3月 | 2024-03-01 | 2024-03-31
2024年3月6日 | 2024-03-06 | 2024-03-06
二〇二四年三月六日 | 2024-03-06 | 2024-03-06
3月6日至8日 | 2024-03-06 | 2024-03-08
7月1日 | 2023-07-01 | 2023-07-01
2024年3月至5月 | 2024-03-01 | 2024-05-31
去年第三季度 | 2023-07-01 | 2023-09-30
2024年上半年 | 2024-01-01 | 2024-06-30
去年 | 2023-01-01 | 2023-12-31
上个月 | 2024-05-01 | 2024-05-31
今年以来 | 2024-01-01 |
自2023年5月以来 | 2023-05-01 |
2023年以前 | | 2022-12-31
2023年之后 | 2024-01-01 |
截至2023年 | | 2023-12-31
2022年至2023年 | 2022-01-01 | 2023-12-31
上世纪八十年代 | 1980-01-01 | 1989-12-31
最近三天 | 2024-06-09 | 2024-06-12""".splitlines()
NONE = """Who may vote? | 5 may attend | What is the March of Dimes? | by June | in May Sarton's poems | in June's view
over 2000 people | 2000 votes | $2000 | 2,000 | Windows2000 | Last Week Tonight | in the last week of it
He sang Yesterday | the second half | Rock and June's | 三个月 | 第三月 | 以前年度 | 每年3月 | 2023届 | 3月龄
12月亮 | on 31 February"""


@pytest.mark.parametrize("line", FOUND)
@pytest.mark.parametrize("around", ["{}", "What was said {}, and why?", "“{}”是什么？"])
def test_a_time_is_found_with_its_words_and_both_ends(line, around):
    words, first, last = (part.strip() for part in line.split("|"))
    text = around.format(words)
    [found] = find_days(text, today=TODAY)
    assert text[found.start : found.end] == words
    assert (str(found.first or ""), str(found.last or "")) == (first, last)


@pytest.mark.parametrize("text", re.split(r" \| |\n", NONE))
def test_what_only_looks_like_a_time_is_none(text):
    assert find_days(text, today=TODAY) == []


DAYS = st.dates(date(1990, 1, 1), date(2049, 12, 31))


@given(DAYS, DAYS, st.sampled_from(["en", "zh"]))
def test_a_day_that_we_write_is_read_back(day, today, language):
    [found] = find_days(format_date(day, language), today=today)
    assert (found.first, found.last, found.exact) == (day, day, True)


@given(DAYS, DAYS)
def test_before_since_and_after_meet_without_a_gap(day, today):
    text = format_date(day)
    [before], [since], [after] = (find_days(f"{word} {text}", today=today) for word in ("before", "since", "after"))
    assert (before.first, since.last, after.last) == (None, None, None)
    assert (before.last, since.first, after.first) == (day - timedelta(1), day, day + timedelta(1))


@given(DAYS, st.sampled_from(["3月6日", "on 29 February", "in October", "十二月三十一日"]))
def test_a_day_without_a_year_is_the_last_that_came(today, text):
    [found] = find_days(text, today=today)
    assert found.first <= today < date(found.first.year + 8, 12, 31)


@given(st.text(alphabet="0123456789年月日前后至去上个季度周 -,.MayinthesalndQ", max_size=40), DAYS)
def test_times_are_in_order_disjoint_and_never_end_before_they_begin(text, today):
    found = find_days(text, today=today)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(0 <= days.start < days.end <= len(text) for days in found)
    assert all(days.first is None or days.last is None or days.first <= days.last for days in found)
