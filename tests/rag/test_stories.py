import hashlib
import tracemalloc
from datetime import date

import pytest

from rag.stories import SAME_STORY, bands, is_near, likeness, sketch
from tests.wire import chinese_story, printed, story


def meet(one: str, other: str) -> bool:
    a, b = sketch(one), sketch(other)
    return bool(set(bands(a)) & set(bands(b))) and likeness(a, b) >= SAME_STORY


def test_a_text_is_like_itself_whatever_its_case_and_punctuation() -> None:
    text = printed(story(1))
    assert likeness(sketch(text), sketch(text.upper().replace(".", " –").replace("\n\n", "\n"))) == 1.0


@pytest.mark.parametrize("make", [story, chinese_story])
def test_two_stories_are_not_alike(make) -> None:
    texts = [printed(make(seed)) for seed in range(12)]
    assert not any(meet(one, other) for n, one in enumerate(texts) for other in texts[:n])


@pytest.mark.parametrize("make", [story, chinese_story])
def test_a_story_with_another_lead_is_the_same_story(make) -> None:
    for seed in range(20):
        assert meet(printed(make(seed)), printed([*make(seed + 1000)[:1], *make(seed)[1:]]))


def test_the_first_half_of_a_story_is_the_same_story() -> None:
    assert sum(meet(printed(story(seed)), printed(story(seed)[:4])) for seed in range(40)) >= 38
    whole, half = sketch(printed(story(3))), sketch(printed(story(3)[:4]))
    assert likeness(whole, half) == likeness(half, whole) == pytest.approx(1.0, abs=0.15)


def test_an_update_with_another_figure_and_a_new_paragraph_is_the_same_story() -> None:
    for seed in range(20):
        newer = [*story(seed + 1000)[:1], *story(seed)]
        newer[2] = newer[2].replace(" times", "1 times")
        assert meet(printed(story(seed)), printed(newer))


def form(day: int) -> str:
    return printed(
        [
            f"The bureau of weather gives its report for the {day}th of the month. In the north {day + 11} degrees.",
            f"Winds from the west reach {day * 3} kilometres an hour on the coast, and {day * 2} in the hills inland.",
            f"Rain of {day + 40} millimetres falls by the evening, and the sea is {day + 5} degrees warm at the pier.",
            "The bureau asks all who go out to the islands to hear the news, and to wear what keeps dry and warm.",
            "Reports come twice a day, in the morning and the evening, on this page and by the wireless of the port.",
        ]
    )


def test_two_reports_of_one_form_are_not_one_story() -> None:
    one, other = sketch(form(6)), sketch(form(17))
    assert likeness(one, other) == 0.0
    # Without the rule for numbers they would be, and with the same numbers they are.
    assert likeness(sketch("".join(c for c in form(6) if not c.isdigit())), one) > SAME_STORY
    assert meet(form(6), "From the newsroom of the port: " + form(6))


def test_a_short_text_is_like_the_same_words_only() -> None:
    flash = "The bank has raised its rate to 3.5% on Monday, as it said it would."
    assert meet(flash, flash.replace(",", " –"))
    assert not meet(flash, flash.replace("Monday", "Friday"))
    assert not meet(flash, f"{flash} {printed(story(5))}")
    assert not meet("One.", "Two.")


def test_a_text_without_a_word_is_like_nothing() -> None:
    assert sketch(" – \n") == b""
    assert bands(b"") == []
    assert likeness(b"", b"") == 0.0


def test_of_many_numbers_those_are_compared_that_both_sketches_kept() -> None:
    table = [f"Row {n} of the table has {n * 7919 % 10007} and no more than that in it" for n in range(600)]
    whole = printed(table)
    assert likeness(sketch(whole), sketch(printed(table[:300]))) > SAME_STORY
    assert likeness(sketch(whole), sketch(whole.replace("7", "8").replace("3", "5").replace("1", "2"))) < SAME_STORY


def test_a_huge_text_costs_little_memory() -> None:
    huge = " ".join(f"{n % 99991} words" for n in range(1_000_000))
    sketch(huge[:1000])  # what is loaded once does not count
    tracemalloc.start()
    sketch(huge)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000


def test_a_sketch_does_not_change_with_the_machine_or_the_day() -> None:
    # Sketches are kept in indexes: other ones would be like nothing that is there.
    sketched = sketch(printed(story(1)))
    assert hashlib.sha256(sketched).hexdigest()[:16] == "8e7c973099e11526"
    assert bands(sketched)[0] == -4588089088849918033


def test_stories_are_a_week_apart_at_most_and_a_day_that_is_unknown_may_be_any() -> None:
    assert is_near(date(2024, 5, 1), date(2024, 5, 8))
    assert not is_near(date(2024, 5, 1), date(2024, 5, 9))
    assert is_near(None, date(2024, 5, 1))
