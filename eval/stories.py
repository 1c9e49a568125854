"""Are the texts that are held for one story one story, and are those of one story found?

    python -m eval.stories [--data DIR] [--pairs N]

All articles of RealTimeQA are sketched and grouped as `rag/library.py` does it, and the pairs within a story are shown
by their titles, to be read: a sample of `--pairs`, spread over all likenesses. Then a sample of the articles is edited
as outlets edit a wire story, and as nobody would take for one; the share that is held for one story with the original
is printed for each edit. Pairs of pages with one and the same text (a notice of consent instead of an article, in these
data) are counted apart.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eval.data import arguments, realtimeqa
from eval.statistics import score
from eval.types import Column
from rag.errors import FootnoteError
from rag.stories import SAME_STORY, bands, is_near, likeness, sketch
from rag.text import paragraphs, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from eval.types import Score
    from rag.types import Document

_YEARS = (2022, 2023)
_SAMPLE = 300
# A text that is cut to a third must still be one.
_LEAST_CHARS = 3000
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two articles that may be alike, and how much of the shorter stands in the longer."""

    one: Document
    other: Document
    likeness: float


def pairs(documents: Sequence[Document]) -> Iterator[Pair]:
    """Yield the pairs that share a band and were published within the days of one story."""
    sketches = [sketch(document.text) for document in documents]
    holders: dict[int, list[int]] = defaultdict(list)
    for place, sketched in enumerate(sketches):
        met = set()
        for key in bands(sketched):
            met.update(holders[key])
            holders[key].append(place)
        for other in sorted(met):
            if is_near(documents[other].published, documents[place].published):
                yield Pair(documents[other], documents[place], likeness(sketches[other], sketched))


def with_another_lead(text: str) -> str:
    """Put other words in the place of the first paragraph."""
    first = paragraphs(text)[0]
    return "What follows was reported on this page by an agency of news and put here by us." + text[first.end :]


def cut_to(share: float) -> Callable[[str], str]:
    """Make an edit that keeps so much of a text, from its beginning."""
    return lambda text: text[: int(len(text) * share)]


def shortened(text: str) -> str:
    """Leave out every fifth sentence."""
    return " ".join(text[one.start : one.end] for n, one in enumerate(sentences(text), start=1) if n % 5)


def brought_up_to_date(text: str) -> str:
    """Change every tenth number, and add a paragraph at the beginning."""
    count = iter(range(len(text)))
    newer = _NUMBER.sub(lambda found: f"{found[0]}7" if next(count) % 10 == 0 else found[0], text)
    return f"Officials gave new figures on the matter late in the evening, as is told below.\n\n{newer}"


def filled_in_anew(text: str) -> str:
    """Change every number, as of a form: another day, another result."""
    return _NUMBER.sub(lambda found: f"{found[0]}7", text)


EDITS: dict[str, Callable[[str], str]] = {
    "another lead": with_another_lead,
    "every fifth sentence left out": shortened,
    "brought up to date": brought_up_to_date,
    "cut to two thirds": cut_to(2 / 3),
    "cut to a half": cut_to(1 / 2),
    "cut to a third": cut_to(1 / 3),
    "all numbers changed (lower is better)": filled_in_anew,
}


def figures(texts: Sequence[str]) -> list[Score]:
    """Return for each edit the share of texts that are held for one story with what they were before it."""
    return [
        score(Column(name, tuple(float(_found(text, edit(text))) for text in texts))) for name, edit in EDITS.items()
    ]


def _found(text: str, edited: str) -> bool:
    one, other = sketch(text), sketch(edited)
    return bool(set(bands(one)) & set(bands(other))) and likeness(one, other) >= SAME_STORY


def _read(found: Sequence[Pair], n_pairs: int) -> Iterator[str]:
    ordered = sorted(found, key=lambda pair: pair.likeness)
    for pair in ordered[:: max(1, len(ordered) // n_pairs)][:n_pairs]:
        sides = (f"{side.published}  {side.title}" for side in (pair.one, pair.other))
        yield f"{pair.likeness:.2f}  {'  |  '.join(sides)}"


def main() -> None:
    """Print the counts, a sample of the pairs by their titles, and the shares."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--pairs", type=int, default=50, help="how many pairs to show (%(default)s)")
    options = parser.parse_args()
    try:
        articles = {a.source: a for year in _YEARS for a in realtimeqa(options.data / "realtimeqa", year)[0]}
    except FootnoteError as error:
        raise SystemExit(str(error)) from None
    documents = list(articles.values())
    started = time.perf_counter()
    found = list(pairs(documents))
    seconds = time.perf_counter() - started
    print(f"{len(documents)} articles, {1000 * seconds / len(documents):.1f} ms each, {len(found)} pairs with a band")
    same = [pair for pair in found if pair.one.text == pair.other.text]
    alike = [pair for pair in found if pair.one.text != pair.other.text]
    levels = Counter(int(10 * pair.likeness) / 10 for pair in alike)
    print(f"the same text: {len(same)}; " + ", ".join(f"{level}: {levels[level]}" for level in sorted(levels)))
    print(*_read([pair for pair in alike if pair.likeness >= SAME_STORY], options.pairs), sep="\n")
    texts = [document.text for document in documents if len(document.text) >= _LEAST_CHARS]
    for one in figures(random.Random(0).sample(texts, _SAMPLE)):
        print(f"{one.name}: {one.value:.3f} ({one.low:.3f}–{one.high:.3f})")


if __name__ == "__main__":
    main()
