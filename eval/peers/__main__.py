"""Footnote beside what a user would build instead: one machine, one run, one encoder, the same documents and questions.

Indexing, the questions to the open index and each cold ask run in processes of their own. A document ranks as its best
passage. The encoder is all-MiniLM-L6-v2 on the CPU everywhere: in float32 with the peers, as they come, in int8 with
Footnote.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from eval.data import arguments
from eval.peers.bench import DATASETS, compare, draw, load
from eval.peers.pipelines import all_pipelines, versions
from eval.peers.tables import differences, figures_table, ratios, ratios_table
from rag.config import DEFAULT_EMBEDDING
from rag.errors import FootnoteError
from rag.models import load_embedder
from rag.types import to_json

_NOTE = """\
↑ higher is better, ↓ lower is; ≈ the 95 % interval of the difference holds 0 (paired bootstrap over questions).
The cold result is an answer with checked citations, or a refusal, with Footnote, and found passages with the others.
Indexing includes loading the encoder. Times count only where other programs left the CPU alone."""


def main() -> None:
    """Run the bench, and print two tables or JSON."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--dataset", choices=DATASETS, default="squad", help="%(default)s")
    parser.add_argument("--documents", type=int, metavar="N", help="so many of its documents (default: all)")
    parser.add_argument("--questions", type=int, metavar="N", default=500, help="at most so many (%(default)s)")
    parser.add_argument("--asks", type=int, metavar="N", default=5, help="new processes of each (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    pipelines = all_pipelines()
    libraries = versions(pipelines)
    try:
        loaded = load(options.data, options.dataset)
        load_embedder(DEFAULT_EMBEDDING)  # it writes its int8 file once a machine: that is no part of indexing
    except FootnoteError as error:
        raise SystemExit(str(error)) from None
    documents, examples = draw(*loaded, n_documents=options.documents, n_questions=options.questions)
    with tempfile.TemporaryDirectory() as folder:
        results = compare(pipelines, documents, examples=examples, asks=options.asks, folder=Path(folder))
    run = {"dataset": options.dataset, "documents": len(documents), "questions": len(examples), "asks": options.asks}
    if options.json:
        figures = {name: result.figures for name, result in results.items()}
        compared = {"ratios": ratios(results), "differences": to_json(differences(results))}
        print(json.dumps({**run, "libraries": libraries, "figures": figures, **compared}, indent=2))
        return
    print(", ".join(f"{name} {value}" for name, value in {**run, **libraries}.items()))
    print(f"\n{figures_table(results)}\n\n{ratios_table(results)}\n\n{_NOTE}")


if __name__ == "__main__":
    main()
