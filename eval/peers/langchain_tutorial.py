"""Footnote beside the pipeline that a LangChain tutorial builds, both in one run, with the same encoder.

    python -m eval.peers.langchain_tutorial --data DIR [--articles 2000] [--asks 5]

The tutorial: RecursiveCharacterTextSplitter(1000, 200), HuggingFaceEmbeddings with all-MiniLM-L6-v2, Chroma. Measured
are articles and passages indexed a second (reading aside, loading the encoder included), peak memory of the process,
and the wall time from a new process to a printed answer. The tutorial only retrieves: no chat model is counted against
it. Each side runs in processes of its own; asks alternate, and their median counts.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.data import arguments, news
from ingest import ingest_documents
from rag.config import Config
from rag.library import Library
from rag.models import minilm_folder

if TYPE_CHECKING:
    from rag.types import Document

THIS = (sys.executable, "-m", "eval.peers.langchain_tutorial")
FOOTNOTE = Path(sys.executable).parent / "footnote"
QUESTION = "Which country won the most medals at the Winter Olympics?"


def main() -> None:
    """Run both sides, or be one of them."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--asks", type=int, default=5)
    parser.add_argument("--side", choices=("footnote", "tutorial"), help="index as this side, and nothing else")
    parser.add_argument("--ask", type=Path, help="ask the tutorial's index in this folder, and nothing else")
    parser.add_argument("--into", type=Path, help="where the index of --side goes")
    options = parser.parse_args()
    if options.ask:
        ask_tutorial(options.ask)
    elif options.side:
        articles = news(options.data / "realtimeqa", 2022)[: options.articles]
        side = index_footnote if options.side == "footnote" else index_tutorial
        started = time.perf_counter()
        passages = side(articles, options.into)
        seconds = time.perf_counter() - started
        memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"articles": len(articles), "passages": passages, "seconds": seconds, "memory_mb": memory_mb}))
    else:
        compare(options.data, articles=options.articles, asks=options.asks)


def compare(data: Path, *, articles: int, asks: int) -> None:
    """Index with both sides, ask both, and print the ratios."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = {side: Path(scratch) / side for side in ("tutorial", "footnote")}
        found = {}
        for side, folder in folders.items():
            arguments_ = ["--side", side, "--into", folder, "--articles", articles, "--data", data]
            found[side] = json.loads(_run(*THIS, *arguments_).splitlines()[-1])
        cold: dict[str, list[float]] = {side: [] for side in folders}
        for _ in range(asks):
            cold["tutorial"].append(_timed(*THIS, "--ask", folders["tutorial"]))
            cold["footnote"].append(_timed(FOOTNOTE, "ask", QUESTION, "--index", folders["footnote"]))
    print("| | tutorial | footnote | ratio |\n|---|---|---|---|")
    for what, unit in (("articles", "articles indexed a second"), ("passages", "passages indexed a second")):
        _row(unit, *(found[side][what] / found[side]["seconds"] for side in folders))
    _row("passages", *(found[side]["passages"] for side in folders))
    _row("peak memory while indexing, MB", *(found[side]["memory_mb"] for side in folders))
    _row("new process to printed answer, s", *(statistics.median(cold[side]) for side in folders))


def index_footnote(articles: list[Document], folder: Path) -> int:
    """Index with Footnote; return how many passages there are."""
    ingest_documents(articles, folder, config=Config())
    return Library(folder / "library.db").counts()["passages"]


def index_tutorial(articles: list[Document], folder: Path) -> int:
    """Index as the tutorial does; return how many passages there are."""
    from langchain_chroma import Chroma
    from langchain_core.documents import Document as LangChainDocument
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    documents = [LangChainDocument(page_content=a.text, metadata={"source": a.source}) for a in articles]
    passages = splitter.split_documents(documents)
    Chroma.from_documents(passages, _tutorial_encoder(), persist_directory=str(folder))
    return len(passages)


def ask_tutorial(folder: Path) -> None:
    """Retrieve as the tutorial does, and print what was found."""
    from langchain_chroma import Chroma

    store = Chroma(persist_directory=str(folder), embedding_function=_tutorial_encoder())
    for document in store.as_retriever().invoke(QUESTION):
        print(document.page_content)


def _tutorial_encoder() -> Any:  # noqa: ANN401 (its library is there only for benchmarks)
    from langchain_huggingface import HuggingFaceEmbeddings

    return HuggingFaceEmbeddings(model_name=str(minilm_folder()))


def _run(*command: object) -> str:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"}
    done = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True, env=environment)  # noqa: S603
    return done.stdout


def _timed(*command: object) -> float:
    started = time.perf_counter()
    _run(*command)
    return time.perf_counter() - started


def _row(name: str, theirs: float, ours: float) -> None:
    print(f"| {name} | {theirs:.1f} | {ours:.1f} | {ours / theirs:.2f} |")


if __name__ == "__main__":
    main()
