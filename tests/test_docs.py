"""README.md, docs/evaluation.md and docs/scale.md are run: what they show a reader works as it stands.

A `python` block is executed, in a namespace of its own. In a `console` block each line that begins with `$ ` is
checked: a `make` target exists, a `footnote` command ends well, a `python -m` module is there. A `jsonl` block is the
file of the name that follows. All run in one temporary folder for each page, in the order of reading, with `corpus/` in
it and indexed. `<!-- not run: reason -->` above a block skips it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
import shlex
import shutil
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest
import typer.main
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]+?) -->\s*\n)?"
    r"^ *```(?P<language>python|console|jsonl)(?: (?P<file>\S+))?\n(?P<code>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """One block of code: its page, the line on which its code begins, the file that it is, the reason not to run it."""

    page: str
    language: str
    code: str
    line: int
    file: str | None = None
    reason: str | None = None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(text: str, page: str = "README.md") -> list[Block]:
    return [
        Block(
            page=page,
            language=found["language"],
            code=textwrap.dedent(found["code"]),
            line=text.count("\n", 0, found.start("code")) + 1,
            file=found["file"],
            reason=found["reason"],
        )
        for found in BLOCK.finditer(text)
    ]


def commands_of(block: Block) -> list[str]:
    r"""Return the commands of a console block without their prompt, lines ending in `\` joined."""
    joined = block.code.replace("\\\n", " ")
    return [line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ ")]


def targets_of(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):(?!=)", makefile, re.MULTILINE))


PAGES = ("README.md", "docs/evaluation.md", "docs/scale.md")
BLOCKS = [block for page in PAGES for block in blocks_of((ROOT / page).read_text("utf-8"), page)]
PARAMETERS = [
    pytest.param(
        block,
        id=block.place,
        marks=pytest.mark.skipif(block.reason is not None, reason=f"{block.place}: {block.reason}"),
    )
    for block in BLOCKS
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as a reader has it after `make chat`: the corpus, and its index."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "corpus", folder / "corpus")
    with contextlib.chdir(folder):
        run_footnote("ingest", "corpus/")
    return folder


def run_footnote(*arguments: str) -> None:
    """Run a command of the terminal in this process; `chat` would not end, so it need only be there."""
    from ui.cli import app

    if arguments[:1] == ("chat",):
        assert "chat" in typer.main.get_command(app).commands
        return
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, f"footnote {shlex.join(arguments)}\n{result.output}\n{result.exception!r}"


def test_readme_shows_how_to_use_footnote_from_python() -> None:
    assert any(block.language == "python" and block.page == "README.md" for block in BLOCKS)


@pytest.mark.parametrize("block", PARAMETERS)
def test_a_block_of_a_page_works(block: Block, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    match block.language:
        case "python":
            padded = "\n" * (block.line - 1) + block.code  # a traceback then names the line of the page
            exec(compile(padded, block.page, "exec"), {"__name__": "page"})  # noqa: S102 (our own pages)
        case "jsonl":
            assert block.file, f"{block.place}: write the name of the file behind jsonl"
            Path(block.file).write_text(block.code, encoding="utf-8")
        case _:
            commands = commands_of(block)
            assert commands, f"{block.place}: no line of this console block begins with '$ '"
            for command in commands:
                check(command)


def check(command: str) -> None:
    program, *arguments = shlex.split(command, comments=True)
    match Path(program).name, arguments:
        case "make", _:
            missing = {word for word in arguments if "=" not in word} - targets_of((ROOT / "Makefile").read_text())
            assert not missing, f"`{command}`: the Makefile has no {missing}"
        case "footnote", _:
            run_footnote(*arguments)
        case "python", ["-m", module, *_]:
            assert importlib.util.find_spec(module), f"`{command}`: there is no module {module}"
        case _:
            pytest.fail(f"`{command}` is not checked: write <!-- not run: reason --> above its block")


def test_blocks_are_found_with_their_line_language_and_reason() -> None:
    python, text = "# A\n```python\nx\n```\n", "```text\n$\n```\n"
    console = "<!-- not run: needs a key -->\n\n```console\n$ a \\\n  b\nout\n$ c\n```\n"
    first, second = blocks_of(python + console + text)
    assert first == Block("README.md", "python", "x\n", 3)
    assert (second.line, second.reason) == (8, "needs a key")
    assert commands_of(second) == ["a    b", "c"]
    (inner,) = blocks_of("1. A\n\n   ```jsonl gold.jsonl\n   {}\n   ```\n")
    assert (inner.code, inner.file) == ("{}\n", "gold.jsonl")


@pytest.mark.parametrize("command", ["make nothing", "python -m eval_nothing", "curl http://a.example"])
def test_a_command_that_cannot_work_is_caught(command: str) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(command)


def test_the_targets_of_the_makefile_are_seen() -> None:
    assert targets_of("X := 1\nall: a b ## do\n\t@echo c: d\n.venv/x: y\n") == {"all"}
    check('make ask Q="Who?"')
