"""Make near misses: questions that a passage seems to answer and does not, and edits that change nothing.

    python -m training.edits --data DIR [--questions 4000]

SQuAD 1.1 holds only questions that their passages answer. A reader that is to refuse has to see the others too, as
people write them: one name, number, word or condition away from a real one. `Editor.unanswerable` makes them,
`Editor.answerable` their counterparts, so that a model cannot learn that edited text is to be refused. All is pure
and goes by the dice. The command prints examples of each kind and how many questions each kind fits.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training import keep, nearmiss, twists
from training.keep import Kept
from training.nearmiss import Case, Edit
from training.pools import Pools, normal, sentences
from training.wordswap import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Edit", "Editor", "Kept"]

_SPOILERS = (
    nearmiss.names, nearmiss.changed_numbers, nearmiss.opposites, nearmiss.negations, twists.conditions, twists.roles,
    twists.headings, twists.others, twists.cut, twists.renamed,
)  # fmt: skip
_KEEPERS = (keep.renames, keep.bystanders, keep.mirrored, keep.adjuncts, keep.wordings, keep.cuts)
_TRAIN = "squad/train-v1.1.json.gz"


class Editor:
    """Edits questions with what a collection knows: its names by type and each article's other questions.

    `articles` is the list `data` of a SQuAD file. The same dice give the same edits.
    """

    def __init__(self, articles: Iterable[dict[str, Any]]) -> None:
        self._pools = Pools(articles)
        self._words = Words(self._pools)

    # wide: a question with all that belongs to it
    def unanswerable(
        self, question: str, *, passage: str, answer: str, article: str, dice: random.Random
    ) -> list[Edit]:
        """Return every edit after which the passage no longer answers, in a fixed order of kinds.

        `article` is the title; one that the collection lacks gives fewer edits, never an error. An edit that is
        empty, the same, or a real question of the passage is dropped.
        """
        case = Case(question.strip(), passage, answer, article, self._pools)
        known = self._pools.articles.get(article)
        asked = {normal(text) for text in known.passages.get(passage, ())} if known else set()
        asked.add(normal(case.question))
        found = [edit for rule in (*_SPOILERS, self._words.swaps) for edit in rule(case, dice)]
        return [e for e in found if e.passage != passage or normal(e.question) not in asked]

    # wide: a question with all that belongs to it
    def answerable(
        self, question: str, *, passage: str, answer_start: int, answer: str, article: str = "", dice: random.Random
    ) -> list[Kept]:
        """Return edits that the passage answers as before, with the answer's place in the new passage.

        `answer_start` is a character of `passage`. With `article`, new names come from that article first.

        Raises:
            ValueError: the answer does not stand at `answer_start`.
        """
        if passage[answer_start : answer_start + len(answer)] != answer:
            raise ValueError(f"{answer!r} does not stand at {answer_start}; give the offset that SQuAD gives")
        case = Case(question.strip(), passage, answer, article, self._pools)
        return [kept for rule in _KEEPERS for kept in rule(case, answer_start, dice=dice)]


def main() -> None:
    """Print three examples of each kind, and the share of questions that each kind fits."""
    parser = argparse.ArgumentParser(description="Show near misses.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=4000)
    parser.add_argument("--samples", type=int, default=3)
    given = parser.parse_args()
    articles = json.loads(gzip.decompress((given.data / _TRAIN).read_bytes()))["data"]
    dice = random.Random(7)
    rows = list(_rows(articles))
    shown: dict[str, list[str]] = defaultdict(list)
    fits: Counter[str] = Counter()
    drawn = dice.sample(rows, min(given.questions, len(rows)))
    for kinds, lines in map(_shower(Editor(articles), dice), drawn):
        fits.update(kinds)
        for kind, line in lines:
            shown[kind].append(line)
    for kind, lines in shown.items():
        print(f"\n## {kind}: fits {fits[kind] / len(drawn):.1%} of questions")
        print("\n".join(dice.sample(lines, min(given.samples, len(lines)))))


def _rows(articles: list[dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for article in articles:
        for paragraph in article["paragraphs"]:
            yield from ((article["title"], paragraph["context"], qa) for qa in paragraph["qas"])


def _shower(editor: Editor, dice: random.Random) -> Any:  # noqa: ANN401 (a function that only `main` calls)
    def show(row: tuple[str, str, dict[str, Any]]) -> tuple[set[str], list[tuple[str, str]]]:
        title, passage, qa = row
        answer = qa["answers"][0]
        bad = editor.unanswerable(qa["question"], passage=passage, answer=answer["text"], article=title, dice=dice)
        good = editor.answerable(
            qa["question"], passage=passage, answer_start=answer["answer_start"], answer=answer["text"],
            article=title, dice=dice,
        )  # fmt: skip
        sentence = Case(qa["question"], passage, answer["text"], title, editor._pools).sentence  # noqa: SLF001
        lines = [(e.kind, _line(qa, e.question, e.passage if e.passage != passage else sentence)) for e in bad]
        for kept in good:
            a, b = next((a, b) for a, b in sentences(kept.passage) if b > kept.answer_start)
            lines.append((f"= {kept.kind}", _line(qa, kept.question, f"[{kept.answer}] {kept.passage[a:b]}")))
        return {kind for kind, _ in lines}, lines

    return show


def _line(qa: dict[str, Any], question: str, passage: str) -> str:
    return f"- {qa['question']}\n  > {question}\n  [{qa['answers'][0]['text']}] {passage}"


if __name__ == "__main__":
    main()
