"""Readers are given files that were sound and were changed at random: a document or a DocumentError must come out.

    python -m tests.fuzz [--minutes 1] [--seed N] [--kinds .pdf .docx] [--keep FOLDER]

Bits are flipped, pieces cut, doubled and mixed with those of other files, words of the format put in; of an archive as
a rule the members are changed and not the bytes. Readers run in `ingest.sandbox`, with its limit of memory. Whatever
else they raise is printed with its traceback, and so is a crash, lack of memory, or a file that takes too long; the
file is kept. The same seed gives the same files.
"""

from __future__ import annotations

import argparse
import json
import pickle
import secrets
import sys
import time
from collections import Counter
from itertools import count
from pathlib import Path

from ingest.sandbox import LIMIT_S, Sandbox
from rag.errors import DocumentError
from tests.awkward import VALID
from tests.awkward_archives import nested, paths
from tests.awkward_pdf import pdfs
from tests.mutants import WORDS, batch

_MAX_BYTES = 200_000
_LEFT_OUT = {"pdf/form-loop.pdf"}  # exhausts pdfium by itself, which aborts


def seeds():
    """Return what is changed, by suffix: the sound file, and the smaller ones of the awkward corpus."""
    found = {suffix: [data] for suffix, data in VALID.items()}
    for name, (data, _) in (*pdfs().items(), *nested(), *paths()):
        if len(data) < _MAX_BYTES and name not in _LEFT_OUT:
            found[Path(name).suffix].append(data)
    return found


def fuzz(box, files, *, kind, seed, keep):
    """Try one batch in a sandbox; return how it went, and the findings: what was raised, and the file."""
    current = keep / f"current{kind}"
    try:
        outcome = box.read(pickle.dumps((seed, files)), Path(f"x{kind}"), source=str(current))
    except DocumentError as error:
        return Counter(stopped=1), [(str(error), current.read_bytes())]
    became, findings = json.loads(outcome.text)
    return Counter(became), [(raised, bytes.fromhex(data)) for raised, data in findings]


def main():
    """Fuzz the kinds in turn until the time is over, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", default=secrets.token_hex(4))
    parser.add_argument("--kinds", nargs="+", choices=sorted(WORDS), default=sorted(WORDS))
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="for the files that break a reader")
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    say = sys.stdout.write
    say(f"seed {options.seed}\n")
    files = seeds()
    totals = {kind: Counter() for kind in options.kinds}
    n_found = 0
    end = time.monotonic() + 60 * options.minutes
    with Sandbox(reader=batch, limit_s=3 * LIMIT_S) as box:
        for number in count():
            kind = options.kinds[number % len(options.kinds)]
            if time.monotonic() > end:
                break
            seed = f"{options.seed}-{number}"
            became, findings = fuzz(box, files[kind], kind=kind, seed=seed, keep=options.keep)
            totals[kind] += became
            for raised, data in findings:
                n_found += 1
                file = options.keep / f"{seed}-{n_found}{kind}"
                file.write_bytes(data)
                say(f"\n{file}: {raised.strip()}\n")
    for kind, became in totals.items():
        say(f"{kind:8}" + ", ".join(f"{number:,} {name}" for name, number in became.items() if number) + "\n")
    say(f"{n_found} findings\n")
    raise SystemExit(bool(n_found))


if __name__ == "__main__":
    main()
