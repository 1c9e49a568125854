"""The terminal: `footnote ingest | ask | chat | search | list | remove | rebuild | doctor | models | eval`.

Data goes to stdout, progress to stderr. What fails on purpose ends in one line on stderr and exit code 1; a refusal to
answer is no failure. What a command needs is imported when it runs, so that `--help` costs next to nothing.
"""

from __future__ import annotations

import io
import os
import sys
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui import evaluate
from ui.options import AsJson, Index, Settings, config_of, print_json

if TYPE_CHECKING:
    from rag import Assistant
    from rag.types import Filters

# Nothing is fetched, reported or kept by a browser; whoever wants it otherwise says so in the environment.
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "TOKENIZERS_PARALLELISM": "false",
}


def _not_blank(question: str) -> str:
    """Return a question as it will be asked: what a shell passes may hold bytes that are no text."""
    from rag.text import normalise

    if not question.strip():
        raise typer.BadParameter("it is empty; write what you want to know.")
    return normalise(question)


def _day(help_text: str) -> datetime:
    option: datetime = typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help=help_text)
    return option


Question = Annotated[str, typer.Argument(metavar="QUESTION", help="What is asked.", callback=_not_blank)]
Publisher = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Only documents of this publisher (repeatable).")
]
Language = Annotated[
    list[str] | None, typer.Option(metavar="CODE", help="Only documents in this language, as en or zh (repeatable).")
]
Since = Annotated[datetime | None, _day("Only documents published on this day or later.")]
Until = Annotated[datetime | None, _day("Only documents published on this day or earlier.")]
AsOf = Annotated[datetime | None, _day("Answer from what was published by this day.")]

app = typer.Typer(
    help="Answers from your own documents, each with the exact words it rests on.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(evaluate.app, name="eval")


def main() -> None:
    """Run a command; what fails on purpose, or for want of a file, is one line on stderr and exit code 1."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="footnote")
    except Exception as error:
        from rag.errors import FootnoteError
        from ui.render import one_line

        if not isinstance(error, (FootnoteError, OSError)):
            raise
        typer.echo(f"footnote: {one_line(str(error))}", err=True)
        sys.exit(1)


def _show_version(wanted: bool) -> None:
    if wanted:
        installed = list(metadata.distributions(name="footnote"))
        typer.echo(f"footnote {installed[0].version if installed else '(not installed)'}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")]


@app.callback()
def footnote(*, version: Version = False) -> None:
    """Answer questions from your own documents, each with the exact words it rests on."""


@app.command()
def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files and folders.")],
    *,
    as_json: AsJson = False,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Bring the index in step with files and folders."""
    from ingest import ingest as bring_in
    from ui.render import report_text
    from ui.terminal import progress_bar

    config = config_of(index, settings)
    with progress_bar("Ingesting") as progress:
        report = bring_in(paths, config=config, progress=progress)
    print_json(report) if as_json else typer.echo(report_text(report))
    raise typer.Exit(code=1 if report.failed else 0)


# wide: the flags of a command
@app.command()
def ask(
    question: Question,
    *,
    publisher: Publisher = None,
    language: Language = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Answer with quotations and sources, or say why not."""
    from ui.render import answer_text

    with _open(index, settings) as bot:
        filters = _filters(publisher, language, since=since, until=until)
        answer = bot.ask(question, filters=filters, as_of=as_of.date() if as_of else None)
        print_json(answer) if as_json else typer.echo(answer_text(answer, bot.titles(answer.hits)))


@app.command()
def chat(
    *,
    port: Annotated[int, typer.Option(metavar="N", min=1, max=65535, help="Where the page is served.")] = 7860,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Serve a chat page on this machine until Ctrl-C."""
    with _open(index, settings) as bot:
        from ui.web import serve

        serve(bot, port=port)


# wide: the flags of a command
@app.command()
def search(
    query: Question,
    *,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many passages at most.")] = 10,
    publisher: Publisher = None,
    language: Language = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Show the passages an answer would come from."""
    from ui.render import hits_text

    with _open(index, settings) as bot:
        filters = _filters(publisher, language, since=since, until=until)
        hits = bot.search(query, limit=limit, filters=filters)
        print_json(hits) if as_json else typer.echo(hits_text(hits, bot.titles(hits)))


@app.command("list")
def list_documents(*, as_json: AsJson = False, index: Index = None, settings: Settings = None) -> None:
    """List the documents of the index."""
    from ui.terminal import print_table

    columns = ("id", "published", "publisher", "language", "title", "source")
    with _open(index, settings) as bot:
        rows = [{name: getattr(document, name) for name in columns} for document in bot.index.library.documents()]
    print_json(rows) if as_json else print_table(columns, rows)


@app.command()
def remove(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Sources or ids, as `footnote list` shows them.")],
    *,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Remove documents; their files stay where they are."""
    from ingest import remove as take_out
    from ui.render import one_line

    for source in take_out(names, config=config_of(index, settings)):
        typer.echo(f"removed {one_line(source)}")


@app.command()
def rebuild(*, index: Index = None, settings: Settings = None) -> None:
    """Mend the index, or bring it to other settings."""
    from ingest import rebuild as make_anew
    from ui.terminal import progress_bar

    config = config_of(index, settings)
    with progress_bar("Rebuilding") as progress:
        make_anew(config=config, progress=progress)
    typer.echo(f"rebuilt {config.index}")


@app.command()
def doctor(*, as_json: AsJson = False, index: Index = None, settings: Settings = None) -> None:
    """Check model and index, and say how to mend faults."""
    from rag.doctor import examine

    config = config_of(index, settings)
    checks = examine(Path(config.index), config)
    remedies = [f"\n    to mend it: {check.remedy}" if check.remedy else "" for check in checks]
    lines = [f"{'✓' if c.ok else '✗'} {c.name}: {c.detail}{remedy}" for c, remedy in zip(checks, remedies, strict=True)]
    print_json(checks) if as_json else typer.echo("\n".join(lines))
    raise typer.Exit(code=0 if all(check.ok for check in checks) else 1)


@app.command()
def models(*, as_json: AsJson = False, settings: Settings = None) -> None:
    """Show the models that embed and read, and where their files are."""
    from rag.config import DEFAULT_EMBEDDING
    from rag.models import embedding_fingerprint, minilm_file, minilm_folder
    from rag.read import READER, load_reader

    config = config_of(None, settings)
    name = config.embedding.model
    embedding = {"job": "embedding", "model": name, "fingerprint": embedding_fingerprint(name)}
    if name == DEFAULT_EMBEDDING:
        file = minilm_file()
        size = f"{file.stat().st_size / 1e6:.0f} MB" if file.is_file() else "not made yet; the first use makes it"
        embedding |= {"file": str(file), "size": size, "made from": str(minilm_folder())}
    name = config.reader.model
    reading = {"job": "reading", "model": name, "fingerprint": load_reader(name).fingerprint}
    reading |= {"folder": str(READER)} if name == "default" else {}
    shown = [embedding, reading]
    lines = ("\n".join(f"{key}: {value}" for key, value in model.items()) for model in shown)
    print_json(shown) if as_json else typer.echo("\n\n".join(lines))


def _open(index: Path | None, settings: list[str] | None) -> Assistant:
    import rag

    return rag.open(config=config_of(index, settings))


def _filters(
    publishers: list[str] | None, languages: list[str] | None, *, since: datetime | None, until: datetime | None
) -> Filters:
    from rag.types import Filters

    return Filters(
        publishers=tuple(publishers or ()),
        languages=tuple(language.lower() for language in languages or ()),
        published_from=since.date() if since else None,
        published_to=until.date() if until else None,
    )
