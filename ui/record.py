"""`footnote export` writes down what was answered; `footnote recheck` says later whether its quotations still stand."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ui.options import AsJson, Index, Settings, config_of, print_json

if TYPE_CHECKING:
    from rag.recheck import Check
    from rag.record import Conversation

Form = Literal["markdown", "html", "json"]

_FORMS: dict[str, Form] = {".html": "html", ".htm": "html", ".json": "json"}
_EXCERPT_CHARS = 80


# wide: the flags of a command
def export(
    questions: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUESTION…", help="What is asked, one after another in one conversation."),
    ] = None,
    *,
    form: Annotated[
        Form | None, typer.Option("--as", help="The form; without it, what the name of FILE says, or Markdown.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to this file.")] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Ask nothing; take a record, or what ask --json printed."),
    ] = None,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Write answers down: quotations, verdicts, settings."""
    from rag.record import dump
    from ui.record_page import record_html, record_markdown
    from ui.render import one_line

    if bool(questions) == bool(source):
        raise typer.BadParameter("give questions to ask, or --from FILE: one of the two.")
    conversation = _read(source) if source else _ask(questions or [], index, settings)
    form = form or _FORMS.get(out.suffix.lower() if out else "", "markdown")
    text = {"json": dump, "html": record_html, "markdown": record_markdown}[form](conversation).rstrip("\n")
    if out is None:
        typer.echo(text)
        return
    write_whole(out, f"{text}\n")
    typer.echo(f"wrote {one_line(str(out))}", err=True)


def recheck(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A record in JSON, or what ask --json printed.")],
    *,
    as_json: AsJson = False,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Say of each quotation of a record whether it still stands."""
    import rag
    from rag.recheck import recheck as hold_against

    conversation = _read(file)
    with rag.open(config=config_of(index, settings)) as bot:
        checks = hold_against(conversation, bot.index.library)
    print_json(checks) if as_json else _print_checks(checks)
    raise typer.Exit(code=0 if all(check.holds for check in checks) else 1)


def _ask(questions: list[str], index: Path | None, settings: list[str] | None) -> Conversation:
    import rag
    from rag.record import converse
    from rag.text import normalise

    if not all(question.strip() for question in questions):
        raise typer.BadParameter("a question is empty; write what you want to know.")
    with rag.open(config=config_of(index, settings)) as bot:
        return converse(bot, [normalise(question) for question in questions])


def write_whole(out: Path, text: str) -> None:
    """Write beside the file and put it in its place when it is whole: a disk that fills up costs no earlier record."""
    if out.exists() and not out.is_file():  # a pipe, a terminal
        out.write_text(text, "utf-8", errors="backslashreplace", newline="\n")
        return
    out = out.resolve()  # a link stays one
    with TemporaryDirectory(dir=out.parent) as folder:
        beside = Path(folder) / "record"
        # What is no text, as half of a character, must not cost the whole record.
        beside.write_text(text, "utf-8", errors="backslashreplace", newline="\n")
        beside.replace(out)


def _read(file: Path) -> Conversation:
    from rag.record import load

    return load(file.read_bytes().decode("utf-8-sig", errors="replace"), name=str(file))


def _print_checks(checks: tuple[Check, ...]) -> None:
    from collections import Counter

    from ui.terminal import print_table

    if not checks:
        typer.echo("The record quotes nothing.")
        return
    rows = [
        {"": check.number, "standing": check.standing, "quoted": _excerpt(check.citation.quote), "now": _now(check)}
        for check in checks
    ]
    print_table(rows[0], rows)
    counts = Counter(check.standing for check in checks)
    typer.echo(", ".join(f"{standing}: {count}" for standing, count in counts.items()))


def _now(check: Check) -> str:
    """Say where the words stand now, or what comes nearest to them."""
    now = check.now
    if now is None or check.standing == "stands":
        return ""
    place = f"{now.title} · {now.published or 'no day'} · {now.doc_id} {now.start}–{now.end}"
    return f"{place}: {_excerpt(now.quote)}" if check.standing == "changed" else place


def _excerpt(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _EXCERPT_CHARS else f"{text[:_EXCERPT_CHARS]} …"
