"""Documents of which every passage tells its edition, and a process that never stops changing them.

python -m tests.mills INDEX URL writes until its stdin is closed, and tells each step on stdout as JSON.
"""

from __future__ import annotations

import json
import random
import select
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

from ingest import ingest_documents, remove
from rag.config import Config, Reading, Split, VectorStore
from rag.types import Document
from tests.fakes import FakeEmbedder

# So many mills are never touched; as many others change.
STANDING = 100
_PLACES = "Orsa Lund Marn Fara Oland Tysk Velm Brona Kard Silt".split()


@cache
def mill(number: int, edition: int) -> Document:
    """Return one edition of what is known of a mill: three passages, each of which names both."""
    town = f"{_PLACES[number % len(_PLACES)]}{number}"
    tells = [
        f"The mill of {town} was rebuilt by Karin Berg{edition}, a carpenter, in edition {edition} of this book. "
        f"It grinds {edition + 2} tonnes of rye a week, and {number} families of {town} live by it.",
        f"The wheel of the mill of {town} has {edition + 20} blades, as edition {edition} says. It was cut of oak from "
        f"the forest above {town}, and is wetted by a stream that never freezes.",
        f"Edition {edition} tells of the miller of {town} that he sings. His {number} songs are known in the valley, "
        f"and on Sundays the people of {town} come to the mill to hear them.",
    ]
    return Document.of("\n\n".join(tells), title=town, source=f"{number}.txt", language="en")


def main() -> None:
    root, url = Path(sys.argv[1]), sys.argv[2]
    config = replace(Config(), reader=Reading("none"), split=Split(passage_tokens=40), vectors=VectorStore(url))
    dice = random.Random(7)  # noqa: S311 (no secret)
    editions, away = dict.fromkeys(range(2 * STANDING), 0), set[int]()
    added, removed = list(editions), list[int]()
    while True:
        began = time.monotonic()
        documents = [mill(number, editions[number]) for number in added]
        if documents:
            ingest_documents(documents, root, config=config, embedder=FakeEmbedder())
        if removed:
            remove([f"{number}.txt" for number in removed], root, config=config)
        step = {"began": began, "ended": time.monotonic(), "removed": removed}
        told = [(number, editions[number], mill(number, editions[number]).id) for number in added]
        sys.stdout.write(json.dumps({**step, "added": told}) + "\n")
        sys.stdout.flush()
        if select.select([sys.stdin], [], [], 0)[0]:
            return
        removed = [number for number in dice.sample(range(STANDING, 2 * STANDING), 2) if number not in away]
        added = [number for number in dice.sample(range(STANDING, 2 * STANDING), 6) if number not in removed]
        away = (away - set(added)) | set(removed)
        for number in added:
            editions[number] += 1


if __name__ == "__main__":
    main()
