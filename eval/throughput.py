"""How fast folders of articles become an index: `footnote ingest` beside what a LangChain tutorial builds.

The 12,279 articles of RealTimeQA's 2022 and 2023 are written as text files, the title in the first line, in pieces. Two
processes, one for each, take the pieces in turn, so that what else runs on the machine hits both; who begins changes
with each piece. Both read the same files and use all-MiniLM-L6-v2 on the CPU: LangChain in float32, as it comes,
Footnote in int8. The loading of libraries and of the encoder is not counted, with either.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

from eval.data import arguments, realtimeqa
from eval.peers.folders import LOADERS
from eval.peers.pipelines import versions
from eval.peers.process import ENVIRONMENT
from eval.statistics import ratio, score
from eval.types import Column
from rag.config import DEFAULT_EMBEDDING
from rag.errors import FootnoteError
from rag.models import load_embedder, n_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rag.types import Document

    # Sent a folder, gives what bringing it in came to, as `eval.peers.folders.measured`.
    Ask = Callable[[Path], dict[str, float]]

_YEARS = (2022, 2023)
_RATES = ("files", "passages", "characters")
_NOTE = """\
A passage is what each of them cuts: Footnote at most 200 tokens in whole sentences, none twice; LangChain at most 1,000
characters, of which 200 are repeated. So files and characters compare, passages tell how the work was cut. Of files
that are the same as another, Footnote keeps and embeds one, LangChain all. Intervals: 95 %, bootstrap over pieces."""


class Piece(NamedTuple):
    """A folder of text files, how many, and how many characters they hold."""

    folder: Path
    files: int
    characters: int


def write_pieces(documents: Sequence[Document], folder: Path, *, n: int) -> list[Piece]:
    """Write documents as text files into `n` folders, in turn, so that the pieces are alike."""
    pieces = []
    for number in range(n):
        piece = folder / f"piece-{number:02}"
        piece.mkdir(parents=True)
        texts = [f"{document.title}\n\n{document.text}\n" for document in documents[number::n]]
        for at, text in enumerate(texts):
            (piece / f"{at:05}.txt").write_text(text, encoding="utf-8")
        pieces.append(Piece(piece, len(texts), sum(map(len, texts))))
    return pieces


def n_copies(documents: Sequence[Document]) -> int:
    """Count the files that hold what one before them holds: RealTimeQA has many articles twice."""
    return len(documents) - len({(document.title, document.text) for document in documents})


def alternate(pieces: Sequence[Piece], asks: Mapping[str, Ask]) -> dict[str, list[dict[str, float]]]:
    """Give each piece to all, one after the other and each first in turn; return what was measured by name."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in asks}
    names = list(asks)
    for number, piece in enumerate(pieces):
        for at in range(len(names)):
            name = names[(number + at) % len(names)]
            sizes = {"files": piece.files, "characters": piece.characters}
            found[name].append({**sizes, **asks[name](piece.folder)})
            print(f"{piece.folder.name} {name}: {found[name][-1]['seconds']:.1f} s", file=sys.stderr)
    return found


def figures(measured: Mapping[str, Sequence[Mapping[str, float]]]) -> dict[str, dict[str, Any]]:
    """Return for each name its totals and rates, and for each but the first how many times faster the first is.

    A rate is all that was done over all seconds. The factor is over seconds for the same pieces, with its interval; the
    factor of passages is the quotient of the two rates.
    """
    made: dict[str, dict[str, Any]] = {}
    for name, rows in measured.items():
        total = {key: sum(row[key] for row in rows) for key in (*_RATES, "seconds", "others")}
        rates = {f"{what}_per_s": total[what] / total["seconds"] for what in _RATES}
        others = 100 * total.pop("others") / (total["seconds"] * n_cores())
        made[name] = {**total, **rates, "memory_mb": max(row["memory_mb"] for row in rows), "others_percent": others}
    ours, *peers = made
    for peer in peers:
        pairs = [(b["seconds"], a["seconds"]) for a, b in zip(measured[ours], measured[peer], strict=True)]
        times = score(Column("times", tuple(pairs), over=ratio))
        made[peer]["times_faster"] = {"value": times.value, "low": times.low, "high": times.high}
        made[peer]["times_faster_passages"] = made[ours]["passages_per_s"] / made[peer]["passages_per_s"]
    return made


def table(made: Mapping[str, Mapping[str, Any]]) -> str:
    """Write figures as Markdown, a column for each name."""
    rows = [(f"{what} a second ↑", f"{what}_per_s", ",.1f") for what in _RATES]
    rows += [("passages", "passages", ",.0f"), ("seconds ↓", "seconds", ",.0f")]
    rows += [("peak memory, MB ↓", "memory_mb", ",.0f"), ("CPU that others had meanwhile, %", "others_percent", ".0f")]
    lines = [f"| | {' | '.join(made)} |", "|---" * (1 + len(made)) + "|"]
    lines += [f"| {label} | {' | '.join(format(one[key], how) for one in made.values())} |" for label, key, how in rows]
    ours = next(iter(made))
    for name, one in made.items():
        if "times_faster" in one:
            times = one["times_faster"]
            lines += [
                "",
                f"{ours} takes in the same files {times['value']:.2f} times ({times['low']:.2f}–{times['high']:.2f})",
            ]
            lines[-1] += f" as fast as {name}, and {one['times_faster_passages']:.2f} times as many passages a second."
    return "\n".join(lines)


@contextmanager
def _process(name: str, index: Path) -> Iterator[Ask]:
    """Start a process that takes folders into an index; it ends with the block."""
    command = [sys.executable, "-m", "eval.peers.folders", name, str(index)]
    environment = {**os.environ, **ENVIRONMENT}
    child = subprocess.Popen(  # noqa: S603 (our own code under our own interpreter)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    requests, answers = cast("IO[str]", child.stdin), cast("IO[str]", child.stdout)

    def answer() -> dict[str, float]:
        line = answers.readline()
        if not line:
            raise SystemExit(f"the process of {name} has ended with {child.wait()}; what it said stands above.")
        found: dict[str, float] = json.loads(line)
        return found

    def ask(folder: Path) -> dict[str, float]:
        requests.write(f"{folder}\n")
        requests.flush()
        return answer()

    try:
        answer()  # that it is ready
        yield ask
    finally:
        child.kill()
        child.wait()


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--limit", type=int, metavar="N", help="so many articles (default: all)")
    parser.add_argument("--pieces", type=int, metavar="N", default=12, help="folders they are written to (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    libraries = versions(LOADERS.values())
    try:
        articles = [d for year in _YEARS for d in realtimeqa(options.data / "realtimeqa", year)[0]][: options.limit]
        load_embedder(DEFAULT_EMBEDDING)  # it writes its int8 file once a machine: that is no part of it
    except FootnoteError as error:
        raise SystemExit(str(error)) from None
    with tempfile.TemporaryDirectory() as folder, ExitStack() as processes:
        pieces = write_pieces(articles, Path(folder) / "texts", n=options.pieces)
        asks = {name: processes.enter_context(_process(name, Path(folder) / name.casefold())) for name in LOADERS}
        made = figures(alternate(pieces, asks))
    about = {"files": len(articles), "the same as another": n_copies(articles), "pieces": options.pieces}
    if options.json:
        print(json.dumps({"libraries": libraries, **about, "figures": made}, indent=1))
        return
    print(", ".join(f"{name} {value}" for name, value in {**about, **libraries}.items()))
    print(f"\n{table(made)}\n\n{_NOTE}")


if __name__ == "__main__":
    main()
