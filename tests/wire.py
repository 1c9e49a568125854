"""Stories of an agency that does not exist, as several outlets print them."""

from __future__ import annotations

import random
from datetime import date, timedelta

from rag.types import Document

_SYLLABLES = "ba ke mi lo tu ra sen dor vin pal gor tim nes hal fer cas".split()
_HAN = "春风化雨润田野河山海阔天空任鸟飞城乡新路桥梁工厂学校医院市场商店农民工人学生教师科技文教卫生体育"


def story(seed: int, *, paragraphs: int = 8, numbers: bool = True) -> list[str]:
    """Return the paragraphs of a story of its own words: of three sentences each, in the first a number."""
    dice = random.Random(seed)  # noqa: S311 (words, no secrets)
    words = ["".join(dice.choices(_SYLLABLES, k=dice.randint(2, 3))) for _ in range(400)]

    def sentence(number: str) -> str:
        said = " ".join(dice.choices(words, k=dice.randint(9, 16)))
        return f"{said.capitalize()}{number}."

    return [
        " ".join(sentence(f" {dice.randint(100, 9999)} times" if numbers and n == 0 else "") for n in range(3))
        for _ in range(paragraphs)
    ]


def chinese_story(seed: int, *, paragraphs: int = 6) -> list[str]:
    """Return the paragraphs of a story in Chinese characters, each of them with a number."""
    dice = random.Random(seed)  # noqa: S311 (words, no secrets)
    return [
        f"{''.join(dice.choices(_HAN, k=40))}，共{dice.randint(100, 9999)}次。{''.join(dice.choices(_HAN, k=30))}。"
        for _ in range(paragraphs)
    ]


def printed(paragraphs: list[str]) -> str:
    """Return paragraphs as one text."""
    return "\n\n".join(paragraphs)


DAY = date(2024, 5, 2)
FLOOD = story(1)


def article(paragraphs: list[str], publisher: str, *, days: int | None = 0, title: str = "Flood") -> Document:
    published = None if days is None else DAY + timedelta(days)
    return Document.of(
        printed(paragraphs),
        title=title,
        publisher=publisher,
        published=published,
        language="en",
        source=f"{publisher} {days}",
    )


def with_lead(lead: str) -> list[str]:
    return [lead, *FLOOD[1:]]


WIRE = article(FLOOD, "Wire")
POST = article(with_lead("Our reporters and an agency say that the river has come over its banks."), "Post", days=1)
GAZETTE = article(FLOOD[:5], "Gazette", days=1)
OTHER = article(story(2), "Other", title="Fire")
