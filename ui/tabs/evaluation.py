"""The evaluation tab: choose gold questions, run them over the open index, see what it came to.

The run lives in a thread of its own and goes on when the page is closed; whoever opens the page meanwhile sees how far
it is. What the browser sends is a name from a list, never a path.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from eval.report import write_report
from rag.errors import FootnoteError, GoldError
from ui.markup import fill
from ui.outcome import outcome, outcome_html
from ui.tabs.evaluation_words import WORDS
from ui.trial import Checked, Plan, at_root, bench_of, gold_files, look_at, runs_in
from ui.wording import Words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from ui.trial import Standing, Trial
    from ui.workspace import Workspace

    # What an event changes: status, result, whole report, run, stop, earlier runs.
    Shown = tuple[Any, ...]

_USUAL = 20
_ALL = "all"
_PAUSE = 0.3
_MINUTE = 60
_MOST_PROBLEMS = 50
_NOTHING = Checked({})


def evaluation_tab(workspace: Workspace, *, language: str) -> None:
    """Lay out the tab and connect it.

    Args:
        workspace: whose index is asked.
        language: of the page, "en" or "zh".
    """
    desk, words = _Desk(workspace, language), Words(WORDS, language)
    names = list(gold_files())
    checked, note = desk.look(gold_files()[names[0]], whole=False)
    own = gr.State({})
    with gr.Column(elem_id="fn-evaluation"):
        gr.Markdown(words["about"])
        with gr.Row(equal_height=False):
            gold = gr.Dropdown(names, value=names[0], label=words["gold"], info=words["gold info"], scale=2)
            split = gr.Radio(**desk.splits(checked), label=words["split"], info=words["split info"], scale=2)
            number = gr.Number(**desk.numbers(checked, _ALL), label=words["number"], precision=0, scale=1)
        with gr.Row():
            run = gr.Button(words["run"], variant="primary", elem_id="fn-eval-run")
            stop = gr.Button(words["stop"], variant="stop", interactive=False, elem_id="fn-eval-stop")
            upload = gr.UploadButton(words["upload"], file_types=[".jsonl"], elem_id="fn-eval-upload")
        status = gr.HTML(note, apply_default_css=False, elem_id="fn-eval-status")
        result = gr.HTML(apply_default_css=False, elem_id="fn-eval-result")
        report = gr.DownloadButton(words["report"], visible=False, elem_id="fn-eval-report")
        earlier = gr.Dropdown(
            list(runs_in()), value=None, label=words["earlier"], info=words["earlier info"], elem_id="fn-eval-earlier"
        )
    shown = [status, result, report, run, stop, earlier]
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}
    upload.upload(desk.uploaded, [upload, own], [own, gold, split, number, status], **quiet)
    gold.input(desk.chosen, [gold, own], [split, number, status], **quiet)
    split.input(desk.parted, [gold, own, split], number, **quiet)
    run.click(desk.run, [gold, own, split, number], shown, **quiet)
    stop.click(desk.stop, None, status, **quiet)
    earlier.input(desk.show, earlier, [result, report], **quiet)
    gr.on(None, desk.follow, None, shown, **quiet)  # when the page is loaded


class _Desk:
    """What the tab does. The run is one for all who look, in whatever language."""

    def __init__(self, workspace: Workspace, language: str) -> None:
        self.workspace = workspace
        self.language = language
        self.words = Words(WORDS, language)
        self.bench = bench_of(workspace)

    def splits(self, checked: Checked) -> dict[str, Any]:
        """Return the parts that a gold file may be asked in."""
        counts = {_ALL: checked.questions} | {name: n for name, n in sorted(checked.splits.items()) if name}
        labels = [
            (self.words["all"].format(n) if name == _ALL else f"{name} ({n})", name) for name, n in counts.items()
        ]
        return {"choices": labels, "value": _ALL}

    def numbers(self, checked: Checked, split: str) -> dict[str, Any]:
        """Return how many questions there are to ask, and how many are offered."""
        most = max(1, checked.questions if split == _ALL else checked.splits.get(split, 0))
        info = self.words["number info"].format(most)
        return {"minimum": 1, "maximum": most, "value": min(_USUAL, most), "info": info}

    def uploaded(self, file: str, own: dict[str, str]) -> tuple[Any, ...]:
        """Take a file in, and check it."""
        name = self.words["own"].format(Path(file).name)
        own = {**own, name: file}
        gold = gr.update(choices=[*gold_files(), *own], value=name)
        return own, gold, *self.chosen(name, own)

    def chosen(self, name: str, own: dict[str, str]) -> tuple[Any, ...]:
        """Check a file that was chosen, against the documents of the index, too."""
        checked, note = self.look(self.path(name, own), whole=True)
        return gr.update(**self.splits(checked)), gr.update(**self.numbers(checked, _ALL)), note

    # wide: what the fields hold, as Gradio hands it over
    def parted(self, name: str, own: dict[str, str], split: str) -> Any:  # noqa: ANN401 (gradio's own)
        """Offer as many questions as the part has."""
        checked, _ = self.look(self.path(name, own), whole=False)
        return gr.update(**self.numbers(checked, split))

    def path(self, name: str, own: dict[str, str]) -> Path:
        """Return the file of a name from the list."""
        return Path(own[name]) if name in own else gold_files()[name]

    def look(self, path: Path, *, whole: bool) -> tuple[Checked, str]:
        """Check a gold file, its evidence too if `whole` is asked for; return also what is said of it."""
        try:
            checked = look_at(path, self.workspace.bot.documents() if whole else None)
        except FootnoteError as error:
            return _NOTHING, _note("problem", [str(error)])
        if not checked.problems:
            return checked, _note("sound", [self.words["sound"].format(checked.questions)])
        lines = [self.words["problems"].format(len(checked.problems))]
        if checked.strange:
            lines = [self.words["strange"].format(checked.strange, checked.questions)]
            lines += [self.words["shipped"]] * (path in gold_files().values())
        problems = [*checked.problems[:_MOST_PROBLEMS]]
        if more := len(checked.problems) - len(problems):
            problems.append(self.words["more"].format(more))
        return checked, _note("problem", lines, problems=problems)

    # wide: what the fields hold, as Gradio hands it over
    async def run(self, name: str, own: dict[str, str], split: str, number: int | None) -> AsyncIterator[Shown]:
        """Begin a run, unless one is under way, and follow it; without a number, of all questions."""
        plan = Plan(self.path(name, own), None if split == _ALL else split, number)  # type: ignore[arg-type]
        self.bench.begin(plan, config=at_root(self.workspace.config, self.workspace.root))
        async for shown in self.follow():
            yield shown

    async def follow(self) -> AsyncIterator[Shown]:
        """Show how far the run is until it is over, and then what it came to."""
        trial, said = self.bench.trial, None
        if trial is None:
            yield *[gr.skip()] * 5, _listed(None)
            return
        while not trial.standing.is_over:
            if (now := self.status(trial)) != said:
                said = now
                yield said, gr.skip(), gr.skip(), *_buttons(running=True), gr.skip()
            await asyncio.sleep(_PAUSE)
        said = await asyncio.to_thread(self.status, trial)
        if trial.standing.phase == "done":
            name = trial.result().path.name
            yield said, *await asyncio.to_thread(self.show, name), *_buttons(running=False), _listed(name)
        else:
            yield said, gr.skip(), gr.skip(), *_buttons(running=False), gr.skip()

    def stop(self) -> Any:  # noqa: ANN401 (gradio's own)
        """Tell the run to stop."""
        if self.bench.trial is None:
            return gr.skip()
        self.bench.trial.stop()
        return self.status(self.bench.trial)

    def show(self, name: str | None) -> tuple[Any, Any]:
        """Return what a run came to, and its whole report to be taken away."""
        folder = runs_in().get(name or "")
        if folder is None:
            return _note("problem", [self.words["gone"]]), gr.update(visible=False)
        try:
            html, file = outcome_html(outcome(folder), language=self.language), write_report(folder.path)
        except FootnoteError as error:
            return _note("problem", [str(error)]), gr.update(visible=False)
        return html, gr.update(value=str(file), visible=True)

    def status(self, trial: Trial) -> str:
        """Say how far a run is, with a bar while it asks, or why it failed."""
        standing = trial.standing
        if standing.phase == "failed":
            return self._failure(trial)
        said = self.words["stopping"] if trial.is_stopping and not standing.is_over else self._progress(standing)
        return _note(standing.phase, [said], standing=standing if standing.phase in {"asking", "scoring"} else None)

    def _progress(self, standing: Standing) -> str:
        if standing.phase == "stopped":
            return self.words["stopped"].format(standing.done, standing.total)
        if standing.phase != "asking":
            return self.words[standing.phase]
        said = self.words["asking"].format(standing.done, standing.total)
        if standing.left is None:
            return said
        minutes, seconds = round(standing.left / _MINUTE), max(1, round(standing.left))
        name, number = ("minutes", minutes) if minutes > 1 else ("seconds", seconds)
        return f"{said} · {self.words[name].format(number)}"

    def _failure(self, trial: Trial) -> str:
        """Say why a run failed; of a gold file that does not fit the index, each line that does not."""
        try:
            trial.result()
        except GoldError as error:
            checked, said = self.look(trial.plan.gold, whole=True)
            return said if checked.problems else _note("problem", [str(error)])
        except FootnoteError as error:
            return _note("problem", [str(error)])
        except Exception as error:  # noqa: BLE001 (whatever ended the thread is said here)
            return _note("problem", [self.words["failed"].format(f"{type(error).__name__}: {error}")])
        return ""


def _note(kind: str, lines: list[str], *, problems: Sequence[str] = (), standing: Standing | None = None) -> str:
    return fill("trial.html.jinja", {"kind": kind, "lines": lines, "problems": problems, "standing": standing})


def _buttons(*, running: bool) -> tuple[Any, Any]:
    return gr.update(interactive=not running), gr.update(interactive=running)


def _listed(name: str | None) -> Any:  # noqa: ANN401 (gradio's own)
    return gr.update(choices=list(runs_in()), value=name)
