"""What grows with an index, and how: time, disk, memory and the time of a search, from 1,000 to 250,000 passages.

The articles of RealTimeQA's 2022 and 2023, cut into passages of at most 80 tokens, are ingested in steps from files of
JSON lines; after each step real questions of theirs are asked. Every step runs in processes of its own. A search is
timed without the reader, whose time does not depend on the size of the index (embedding the question, both legs, their
fusion, the passages from the library), and once more with it.

Embedding takes most of the time, and grows just as the passages do. With --embeddings, vectors are taken from another
index where it has them, and a sample tells how long embedding takes.
"""

from __future__ import annotations

import json
import random
import sys
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.data import arguments, realtimeqa
from eval.growth_plot import growth_svg
from eval.peers.process import run
from eval.scale_step import PASSAGE_TOKENS
from rag.config import DEFAULT_EMBEDDING
from rag.errors import FootnoteError
from rag.models import load_embedder, n_cores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rag.types import Document

STEPS = (1_000, 5_000, 20_000, 50_000, 100_000, 250_000)
_N_QUESTIONS = 200
_YEARS = (2022, 2023)
# Until a step has told how many there are.
_CHARS_PER_PASSAGE = 310.0
_ROOT = Path(__file__).parent.parent
KEPT, PICTURE = _ROOT / "eval" / "results" / "scale" / "scale.json", _ROOT / "docs" / "images" / "scale.svg"

Figures = dict[str, Any]


def load(data: Path) -> tuple[list[Document], list[str]]:
    """Return the articles, each address once, and questions, drawn with a fixed seed.

    Raises:
        DataMissing: they are not there.
    """
    articles: dict[str, Document] = {}
    questions: list[str] = []
    for year in _YEARS:
        documents, examples = realtimeqa(data / "realtimeqa", year)
        for document in documents:
            articles.setdefault(document.source, document)
        questions += [example.question for example in examples]
    return list(articles.values()), random.Random(0).sample(questions, _N_QUESTIONS)


def write_lines(documents: Iterable[Document], path: Path) -> None:
    """Write documents as JSON lines, from which the same documents are read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for one in documents:
            day = one.published.isoformat() if one.published else None
            fields = {"url": one.url, "title": one.title, "publisher": one.publisher, "published": day}
            file.write(json.dumps({**fields, "language": one.language, "text": one.text}) + "\n")


# wide: what is ingested, what is asked, where, how far, and from where vectors are taken
def grow(
    articles: Sequence[Document], questions: Sequence[str], *, folder: Path, to: int, embeddings: Path | None = None
) -> list[Figures]:
    """Ingest step after step into an index in `folder`, ask after each; return what was measured of each."""
    asked = folder / "questions.json"
    asked.write_text(json.dumps(list(questions)), encoding="utf-8")
    waiting, n_articles, n_chars, chars_per_passage = iter(articles), 0, 0, _CHARS_PER_PASSAGE
    steps: list[Figures] = []
    for target in (step for step in STEPS if step <= to):
        lacking = target - (steps[-1]["passages"] if steps else 0)
        part = list(_worth(lacking * chars_per_passage, waiting))
        file = folder / "lines" / f"{target}.jsonl"
        write_lines(part, file)
        n_articles, n_chars = n_articles + len(part), n_chars + sum(len(one.text) for one in part)
        found = _measured("ingest", folder, str(file), *([str(embeddings)] if embeddings else []))
        found |= {**sizes(folder / "index"), **_measured("ask", folder, str(asked))}
        steps.append({"articles": n_articles, "characters": n_chars, **found})
        chars_per_passage = n_chars / found["passages"]
        print(row(steps[-1]), file=sys.stderr)
    return so_far(steps)


def so_far(steps: Sequence[Figures]) -> list[Figures]:
    """Add to each step the seconds up to it: `embedding_s`, at the rate that was measured, and `rest_s`."""
    embedding = accumulate(step["new_passages"] / step["embed_per_s"] for step in steps)
    rest = accumulate(step["seconds"] - step["embed_seconds"] for step in steps)
    return [
        {**step, "embedding_s": own, "rest_s": other} for step, own, other in zip(steps, embedding, rest, strict=True)
    ]


def sizes(index: Path) -> dict[str, float]:
    """Return the MB (of 10^6 bytes) that each part of an index takes on the disk."""
    parts = {"library": "library.db*", "vectors": "vectors/**/*", "lexical": "lexical/**/*"}
    return {
        f"{part}_mb": sum(file.stat().st_size for file in index.glob(pattern) if file.is_file()) / 1e6
        for part, pattern in parts.items()
    }


_HEAD = (
    "passages",
    "embedded a second",
    "all else of ingest, passages a second",
    "on disk, MB",
    "search, p50 / p95 ms",
    "with the reader",
    "peak memory of ingest, MB",
    "of asking",
)


def row(step: Figures) -> str:
    """Write a step as a row of a Markdown table."""
    disk = step["library_mb"] + step["vectors_mb"] + step["lexical_mb"]
    times = [f"{step[name]['p50']:.0f} / {step[name]['p95']:.0f}" for name in ("search_ms", "read_ms")]
    rest = step["new_passages"] / (step["seconds"] - step["embed_seconds"])
    cells = [f"{step['passages']:,}", f"{step['embed_per_s']:.0f}", f"{rest:,.0f}", f"{disk:,.0f}", *times]
    cells += [f"{step[name]:,.0f}" for name in ("ingest_memory_mb", "ask_memory_mb")]
    return f"| {' | '.join(cells)} |"


def table(steps: Iterable[Figures]) -> str:
    """Write steps as a Markdown table."""
    return "\n".join([f"| {' | '.join(_HEAD)} |", "|---" * len(_HEAD) + "|", *map(row, steps)])


def _worth(n_chars: float, articles: Iterator[Document]) -> Iterator[Document]:
    """Yield articles until they have so many characters together, or there are none left."""
    while n_chars > 0 and (one := next(articles, None)):
        n_chars -= len(one.text)
        yield one


def _measured(what: str, folder: Path, *given: str) -> Figures:
    done = run([sys.executable, "-m", "eval.scale_step", what, str(folder / "index"), *given])
    found: Figures = json.loads(done.printed.splitlines()[-1])
    return {**found, f"{what}_others_percent": 100 * done.others / done.capacity}


def main() -> None:
    """Measure, print a table, and write `scale.json` and `scale.svg` into a folder."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--out", type=Path, required=True, help="a new or empty folder for the index and the figures")
    parser.add_argument("--to", type=int, default=STEPS[-1], metavar="N", help="at most so many passages (%(default)s)")
    parser.add_argument("--embeddings", type=Path, metavar="LIBRARY.db", help="of an index that has vectors")
    parser.add_argument("--keep", action="store_true", help="write them for README, too")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if any(options.out.iterdir()):
        raise SystemExit(f"{options.out} is not empty; name a new folder, since what it holds would be measured, too.")
    try:
        articles, questions = load(options.data)
        load_embedder(DEFAULT_EMBEDDING)  # it writes its int8 file once a machine: that is no part of a step
    except FootnoteError as error:
        raise SystemExit(str(error)) from None
    steps = grow(articles, questions, folder=options.out, to=options.to, embeddings=options.embeddings)
    about = {"passage_tokens": PASSAGE_TOKENS, "questions": len(questions), "cores": n_cores()}
    written = json.dumps({**about, "steps": steps}, indent=1) + "\n"
    for file, text in ((KEPT, written), (PICTURE, growth_svg(steps))):
        for place in (options.out / file.name, *([file] if options.keep else [])):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    print(table(steps))


if __name__ == "__main__":
    main()
