"""The rules of the house: who may import whom, where the engines live, how large a thing may grow.

DESIGN.md and STYLE.md state them; here they can fail. Each rule carries sources that break it and sources that it lets
pass, and is tried on those before it is held against the project. What ruff checks is not checked again.

A reason in the code passes a size: `# long: why` in the first ten lines of a file or at a `def`, `# wide: why` at a
`def` with many parameters. At a `def` means on its line, or on the line above it or above its decorators.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Findings = Iterator[tuple[int, str]]  # line, what is wrong there
    Examples = dict[str, tuple[str, ...]]  # path → sources

ROOT = Path(__file__).resolve().parent.parent
INGEST_NEEDS = ("types", "errors", "config", "text", "library", "indexes", "writer", "models")
LAYERS = {  # what each folder may import of ours
    "corpus": (),
    "rag": ("rag*",),
    "ingest": ("ingest*", *(f"rag.{name}" for name in INGEST_NEEDS)),
    "eval": ("eval*", "rag*", "ingest"),
    "ui": ("ui*", "rag*", "ingest*", "eval*"),
    "training": ("training*", "rag*", "eval*", "ingest*"),
}
OWN = {*LAYERS, "tests"}
MODEL_CODE = ("rag/models.py", "rag/export.py", "rag/cross_encoder.py", "rag/packing.py", "training/*")
# These import ours late.
DEFERRING = {"rag/app.py"} | {
    f"ui/{name}.py" for name in ("cli", "evaluate", "feedback", "keeping", "options", "record", "sources")
}
ENGINES = {  # package → where it may be imported
    "chromadb": ("rag/vectors.py",),
    "tantivy": ("rag/lexical.py",),
    **dict.fromkeys(("sentence_transformers", "torch", "onnx", "onnxruntime", "tokenizers"), MODEL_CODE),
    "langchain*": ("rag/llm.py", "rag/chain.py"),
    "xllamacpp": ("rag/local.py",),
    "gradio": ("ui/web.py", "ui/tabs/*"),
    "watchfiles": ("ingest/watch.py",),
    **dict.fromkeys(("httpx", "httpcore"), ("ingest/*",)),
    **dict.fromkeys(("trafilatura", "pypdfium2", "mammoth", "openpyxl", "pptx", "docutils", "striprtf"), ("ingest/*",)),
    "frontmatter": ("ingest/*",),
    "datasketch": ("rag/stories.py",),
}
HEAVY = ("torch", "sentence_transformers", "chromadb", "gradio", "onnx", "trafilatura", "langchain*", "xllamacpp")
RENDERING = ("ui/render.py", "ui/messages.py")
FILE_LINES, FUNCTION_LINES, POSITIONAL, PARAMETERS = 300, 40, 2, 5
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ENVIRONMENT = re.compile(r"(os\.)?environ(\[.*\]|\.setdefault|\.update)|os\.putenv", re.DOTALL)
MACHINE_PATH = re.compile(r"(?<![\w.~)}*-])/(?:(?:work|root)/|home/\w)")  # not the tail of a URL or a relative path


class Import(NamedTuple):
    """A module that is imported, the line, and when: on import ("module"), in a "function", or for "typing" only."""

    name: str
    line: int
    where: str


@dataclass(frozen=True)
class Module:
    """A source file: its path from the root, and its text."""

    path: str
    source: str

    @cached_property
    def nodes(self) -> list[tuple[ast.AST, str]]:
        return list(located(ast.parse(self.source, self.path)))


def located(node: ast.AST, where: str = "module") -> Iterator[tuple[ast.AST, str]]:
    """Walk a tree, saying of each node when it runs, in the words of `Import.where`."""
    yield node, where
    where = "function" if isinstance(node, (*FUNCTIONS, ast.Lambda)) else where
    guarded = isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
    for child in ast.iter_child_nodes(node):
        yield from located(child, "typing" if guarded and child in node.body else where)


def imports_of(module: Module) -> Iterator[Import]:
    """List what a module imports; `from rag import types` is `rag.types`, `from rag import Document` is `rag`."""
    for node, where in module.nodes:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, where) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.path.split("/")[: -node.level] if node.level else []
            base = ".".join([*parents, *filter(None, [node.module])])
            names = {f"{base}.{alias.name}" for alias in node.names}
            yield from {Import(name if is_module(name) else base, node.lineno, where) for name in sorted(names)}


@cache
def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@cache
def modules() -> list[Module]:
    files = sorted(file for folder in LAYERS for file in (ROOT / folder).rglob("*.py"))
    return [Module(file.relative_to(ROOT).as_posix(), file.read_text("utf-8")) for file in files]


def root_of(name: str) -> str:
    return name.partition(".")[0]


def like(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def excused(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef, mark: str) -> bool:
    lines = ["", *module.source.splitlines()]
    top = min(part.lineno for part in (node, *node.decorator_list))
    return any(re.search(rf"# {mark}: \S", lines[at]) for at in (node.lineno, node.lineno - 1, top - 1))


def report(found: Iterable[str]) -> None:
    if text := "\n".join(found):
        pytest.fail(text, pytrace=False)


def rule(broken: Examples, sound: Examples) -> Callable[[Callable[[Module], Findings]], Callable[[], None]]:
    """Make a test of a function that finds what is wrong with one module."""

    def make(check: Callable[[Module], Findings]) -> Callable[[], None]:
        def test() -> None:
            for examples, expected in ((broken, True), (sound, False)):
                for path, sources in examples.items():
                    for source in sources:
                        assert any(check(Module(path, source))) is expected, f"the rule misjudges {path}: {source}"
            report(f"{module.path}:{line}: {what}" for module in modules() for line, what in check(module))

        return test

    return make


@rule(
    broken={
        "rag/a.py": ("from ingest import ingest", "import tests.fakes"),
        "ingest/a.py": ("import rag", "from rag.vectors import Vectors"),
        "eval/a.py": ("from ingest.read import read",),
        "ui/a.py": ("def f():\n    import training.fit",),
        "corpus/a.py": ("from rag.types import Document",),
    },
    sound={"eval/a.py": ("from ingest import ingest\nimport rag.types, numpy",), "ingest/a.py": ("import rag.types",)},
)
def test_each_folder_imports_only_what_the_design_allows_it(module: Module) -> Findings:
    folder = module.path.partition("/")[0]
    for name, line, _ in imports_of(module):
        if root_of(name) in OWN and not like(name, LAYERS[folder]):
            yield line, f"{folder}/ may not import {name}, only {', '.join(LAYERS[folder]) or 'nothing'}"


@rule(
    broken={"ui/render.py": ("from ui.web import page", "from .cli import app", "import gradio")},
    sound={"ui/render.py": ("import html\nfrom rag.types import Answer",), "ui/a.py": ("import gradio",)},
)
def test_rendering_needs_neither_the_page_nor_the_terminal_nor_an_engine(module: Module) -> Findings:
    for name, line, _ in imports_of(module) if module.path in RENDERING else ():
        if root_of(name) not in sys.stdlib_module_names and name not in {"rag.types", "rag.text", "ui.messages"}:
            yield line, f"rendering may import rag.types, rag.text and the standard library, not {name}"


@rule(
    broken={"rag/a.py": ("def f():\n    from rag.types import Hit",)},
    sound={"rag/app.py": ("def f():\n    import rag.vectors",), "rag/a.py": ("def f():\n    import numpy",)},
)
def test_no_function_hides_an_import_of_our_own(module: Module) -> Findings:
    for name, line, where in imports_of(module) if module.path not in DEFERRING else ():
        if where == "function" and root_of(name) in OWN:
            yield line, f"{name} is ours: import it at the top, or break the cycle that this hides"


@rule(
    broken={"rag/a.py": ("def f():\n    import chromadb.config", "from langchain_core.tools import tool")},
    sound={"rag/vectors.py": ("import chromadb",), "eval/peers/a.py": ("import chromadb, langchain_chroma",)},
)
def test_each_engine_is_imported_in_one_module(module: Module) -> Findings:
    for name, line, _ in imports_of(module):
        for engine, places in ENGINES.items():
            if like(root_of(name), [engine]) and not like(module.path, [*places, "eval/peers/*"]):
                yield line, f"{name} may be imported in {', '.join(places)} only"


@rule(broken={"rag/a.py": ("x = 1\n" * 300,)}, sound={"rag/a.py": ("x = 1\n" * 299, "# long: why\n" * 300)})
def test_files_are_short(module: Module) -> Findings:
    lines = module.source.splitlines()
    if len(lines) >= FILE_LINES and not any(re.search(r"# long: \S", line) for line in lines[:10]):
        yield len(lines), f"a file is under {FILE_LINES} lines, or says why in the first ten: # long: …"


@rule(
    broken={"rag/a.py": ("def f():\n" + "    x = 1\n" * 40,)},
    sound={"rag/a.py": ('def f():\n    """' + "Why.\n" * 40 + '    """\n' + "    x = 1\n" * 39,)},
)
def test_functions_are_short(module: Module) -> Findings:
    for node, _ in module.nodes:
        if isinstance(node, FUNCTIONS):
            body = node.body if ast.get_docstring(node) is None else node.body[1:]
            size = node.end_lineno - body[0].lineno + 1 if body else 0
            if size >= FUNCTION_LINES and not excused(module, node, "long"):
                yield node.lineno, f"{node.name} has {size} lines: a body is under {FUNCTION_LINES}, or # long: why"


@rule(
    broken={"rag/a.py": ("def f(a, b, c): ...", "def _f(a, *, b, c, d, e, f): ...", "def f(  # wide:\n a, b, c): ...")},
    sound={"rag/a.py": ("# wide: all of it\n@classmethod\ndef of(cls, a, b, c, d, e, f): ...", "def _f(a, b, c): ...")},
)
def test_functions_take_few_parameters_and_name_them_after_the_second(module: Module) -> Findings:
    for node, where in module.nodes:
        if isinstance(node, FUNCTIONS) and not excused(module, node, "wide"):
            args = node.args
            positional = [arg for arg in (*args.posonlyargs, *args.args) if arg.arg not in {"self", "cls"}]
            total = len(positional) + len(args.kwonlyargs) + bool(args.vararg) + bool(args.kwarg)
            public = where == "module" and (node.name == "__init__" or not node.name.startswith("_"))
            if public and len(positional) > POSITIONAL:
                yield node.lineno, f"{node.name} takes {len(positional)} positional parameters: a * after the second"
            if total > PARAMETERS:
                yield node.lineno, f"{node.name} takes {total} parameters: at most {PARAMETERS}, or # wide: why"


@rule(
    broken={"rag/a.py": ("try: f()\nexcept: raise", "def f():\n    try: g()\n    except E:\n        return None")},
    sound={"rag/a.py": ("try: f()\nexcept E: raise F from None",)},
)
def test_no_failure_is_swallowed(module: Module) -> Findings:
    for node, _ in module.nodes:
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield node.lineno, "a bare except also swallows Ctrl-C: name the error"
        for inner in ast.walk(node) if isinstance(node, ast.ExceptHandler) else ():
            if isinstance(inner, ast.Return) and inner.value and ast.unparse(inner.value) == "None":
                yield inner.lineno, "None is no report of a failure: raise one of rag/errors.py"


@rule(broken={"rag/a.py": ("def f(**kwargs): ...",)}, sound={"rag/llm.py": ("def f(**kwargs): ...",)})
def test_no_function_takes_arbitrary_keywords(module: Module) -> Findings:
    for node, _ in module.nodes if module.path not in {"rag/chain.py", "rag/llm.py"} else ():
        if isinstance(node, ast.arguments) and node.kwarg:
            yield node.kwarg.lineno, f"**{node.kwarg.arg} hides what is accepted: name the parameters"


@rule(
    broken={"rag/a.py": ("os.environ['A'] = '1'", "if x:\n    os.environ.setdefault('A', '1')")},
    sound={"rag/a.py": ("def f():\n    os.environ['A'] = '1'", "x = os.environ['A']"), "eval/a.py": ("os.putenv(a)",)},
)
def test_importing_a_module_changes_no_environment(module: Module) -> Findings:
    for node, where in module.nodes if not like(module.path, ["ui/cli.py", "eval/*"]) else ():
        changed = node.targets if isinstance(node, ast.Assign) else [node.func] if isinstance(node, ast.Call) else ()
        if where == "module" and any(ENVIRONMENT.fullmatch(ast.unparse(target)) for target in changed):
            yield node.lineno, "importing a module must not change the environment"


def cycle_in(sources: list[Module]) -> list[str]:
    """Return the imports that close a cycle, or nothing; only those count that run on import."""
    names = {module.path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): module for module in sources}
    lines = {(a, i.name): i.line for a, m in names.items() for i in imports_of(m) if i.where == "module"}
    try:
        TopologicalSorter({a: [b for b in names if (a, b) in lines] for a in names}).prepare()
    except CycleError as error:  # its ring goes from the imported to the importing
        return [f"{names[a].path}:{lines[a, b]}: a cycle: {a} imports {b}" for b, a in pairwise(error.args[1])]
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    there, back = Module("rag/a.py", "import rag.b"), Module("rag/b.py", "import os, rag.a")
    assert sorted(cycle_in([there, back]))[0] == "rag/a.py:1: a cycle: rag.a imports rag.b"
    assert not cycle_in([there, Module("rag/b.py", "if TYPE_CHECKING:\n    import rag.a")])
    report(cycle_in(modules()))


def test_starting_the_terminal_loads_no_heavy_library() -> None:
    code = "import sys, ui.cli; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    report([run.stderr] if run.returncode else [])
    loaded = {root_of(name) for name in run.stdout.split() if like(root_of(name), HEAVY)}
    imports = [(module.path, *found) for module in modules() for found in imports_of(module)]
    suspects = [f"{path}:{n}: {name}" for path, name, n, at in imports if at == "module" and root_of(name) in loaded]
    report([f"import ui.cli loads {', '.join(sorted(loaded))}, imported at", *suspects] if loaded else [])


def test_no_file_names_a_path_of_one_machine() -> None:
    samples = ["/".join(["", *parts]) for parts in (("root", "x"), ("work", "x"), ("home", "li"))]
    assert all(map(MACHINE_PATH.search, samples))
    assert not MACHINE_PATH.search("https://a.cn/work/1 docs/home/x ../root/y")
    lines = [(file, n, line) for file in kept_files() for n, line in enumerate(text_of(file).splitlines(), start=1)]
    found = [(file.relative_to(ROOT), n, line.strip()[:80]) for file, n, line in lines if MACHINE_PATH.search(line)]
    report(f"{path}:{n}: a path of one machine: {line}" for path, n, line in found)


def kept_files() -> list[Path]:
    """List the files under version control; in a copy without it, every file of the folders that we know."""
    try:
        command = ["git", "ls-files", "-z"]
        names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\0")
    except FileNotFoundError:  # no git on this machine
        names = []
    folders = [ROOT / name for name in (*OWN, "docs", ".ci")]
    every = [*ROOT.glob("*"), *(file for folder in folders for file in folder.rglob("*"))]
    return [file for file in ([ROOT / name for name in names if name] or every) if file.is_file()]


def text_of(file: Path) -> str:
    content = file.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8", errors="replace")


def test_imports_are_told_apart_by_when_they_run() -> None:
    source = "import torch.nn\nif TYPE_CHECKING:\n    import a\nelse:\n    import b\ndef f():\n    from . import types"
    torch, typed, other, ours = imports_of(Module("rag/a.py", source))
    assert (torch, typed) == (Import("torch.nn", 1, "module"), Import("a", 3, "typing"))
    assert (other, ours) == (Import("b", 5, "module"), Import("rag.types", 7, "function"))
