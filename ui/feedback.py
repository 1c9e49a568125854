"""`footnote feedback list | export`: what people thought of answers on the chat page, and gold questions made of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui import record
from ui.options import AsJson, Index, Settings, config_of, print_json

if TYPE_CHECKING:
    from rag.config import Config
    from ui.gold_lines import GoldLines
    from ui.store import Feedback, Store

app = typer.Typer(help="What people thought of answers on the chat page.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_feedback(*, as_json: AsJson = False, index: Index = None, settings: Settings = None) -> None:
    """List what was said of answers, oldest first."""
    from ui.terminal import print_table

    with _store(config_of(index, settings)) as store:
        found = store.feedback()
    if as_json:
        print_json(found)
    elif found:
        rows = [_row(feedback) for feedback in found]
        print_table(rows[0], rows)
    else:
        typer.echo("No feedback was given yet.", err=True)


@app.command()
def export(
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to this file, which must be new.")] = None,
    index: Index = None,
    settings: Settings = None,
) -> None:
    """Make gold questions of feedback, a JSON object a line.

    What was called right becomes an answerable question, what should have been refused an unanswerable one. What only
    says that something is wrong is listed on stderr: a person has to find out what is right.
    """
    import json

    import rag
    from ui.gold_lines import Judged, gold_lines
    from ui.render import one_line

    if out is not None and out.is_file():
        raise typer.BadParameter(f"{out} is there already, and may hold lines of yours; name a new file.")
    config = config_of(index, settings)
    with _store(config) as store, rag.open(config=config) as bot:
        judged = [
            Judged(one, tuple(store.history(one.conversation_id, before=one.kept.id))) for one in store.feedback()
        ]
        found = gold_lines(judged, bot.index.library)
    text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in found.lines)
    if out is None:
        typer.echo(text, nl=False)
    elif found.lines:
        record.write_whole(out, text)
    _tell(found, one_line(str(out)) if out else "")


def _tell(found: GoldLines, out: str) -> None:
    """Say on stderr what was written and what is left to a person."""
    from ui.render import one_line

    unanswerable = sum(not line.get("answerable", True) for line in found.lines)
    made = f"gold questions: {len(found.lines)} ({unanswerable} unanswerable)"
    typer.echo(f"{made}, written to {out}" if out and found.lines else made, err=True)
    if found.left:
        typer.echo(f"left to a person: {len(found.left)}", err=True)
    for one in found.left:
        note = f" Note: {one.feedback.note}" if one.feedback.note else ""
        typer.echo(one_line(f"{one.feedback.kind}: “{one.feedback.kept.asked}”: {one.why}.{note}"), err=True)


def _row(feedback: Feedback) -> dict[str, str]:
    answer = feedback.kept.exchange.answer
    return {
        "given": f"{feedback.made:%Y-%m-%d %H:%M}",
        "kind": feedback.kind,
        "question": feedback.kept.asked,
        "answer": " ".join(sentence.text for sentence in answer.sentences) or f"refused ({answer.reason})",
        "note": feedback.note,
    }


def _store(config: Config) -> Store:
    from rag.errors import RecordError
    from ui.store import NAME, Store

    path = Path(config.index) / NAME
    if not path.is_file():
        raise RecordError(f"no conversations are kept in {config.index}; the page of `footnote chat` keeps them.")
    return Store(path)
