"""The house rules that a reader of the source can check: layers, one door each, nothing executed, short files."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("corpus", "indexes", "recommender", "ui")
DOORS = {
    "pint": ("corpus/units.py",),
    "chromadb": ("indexes/vectors.py",),
    "litellm": ("recommender/llm/",),
    "langchain_litellm": ("recommender/llm/",),
    "streamlit": ("ui/",),
}
BANNED_MODULES = frozenset({"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"})
BANNED_CALLS = frozenset({"eval", "exec", "compile", "__import__"})
BANNED_NAMES = frozenset({"sympify", "parse_expr", "lambdify", "simplify", "nsimplify", "load_pickle", "read_pickle"})
MAX_LINES = 400


@cache
def sources() -> dict[str, ast.Module]:
    """Path below the root -> syntax tree, of every file of the four packages."""
    paths = [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for path, module in sources().items():
        for node in ast.walk(module):
            yield path, node


@cache
def imports() -> tuple[tuple[str, int, str], ...]:
    """(file, line, dotted module) of every import, also those inside functions."""
    rows: list[tuple[str, int, str]] = []
    for path, node in nodes():
        if isinstance(node, ast.Import):
            rows += [(path, node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            rows += [(path, node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return tuple(rows)


def test_imports_run_one_way() -> None:
    upwards = [
        f"{path}:{line} imports {module}"
        for path, line, module in imports()
        if (top := module.split(".")[0]) in LAYERS and LAYERS.index(top) > LAYERS.index(path.split("/")[0])
    ]
    assert upwards == []


def test_no_relative_imports() -> None:
    assert [f"{path}:{node.lineno}" for path, node in nodes() if isinstance(node, ast.ImportFrom) and node.level] == []


@pytest.mark.parametrize("library", DOORS)
def test_one_door_for_each_library(library: str) -> None:
    others = [
        f"{path}:{line}" for path, line, module in imports() if module.split(".")[0] == library and not path.startswith(DOORS[library])
    ]
    assert others == []


def test_nobody_loads_foreign_bytes_or_runs_foreign_text() -> None:
    modules = [f"{path}:{line} imports {module}" for path, line, module in imports() if BANNED_MODULES & set(module.split("."))]
    names = [f"{path}:{line} imports {module}" for path, line, module in imports() if module.split(".")[-1] in BANNED_NAMES]
    calls = [f"{path}:{node.lineno} calls {name}" for path, node in nodes() if isinstance(node, ast.Call) and (name := banned_call(node))]
    assert modules + names + calls == []


def banned_call(call: ast.Call) -> str:
    """The name of a banned function, "" for any other; re.compile and the like are methods, not the builtin."""
    if isinstance(call.func, ast.Name) and call.func.id in BANNED_CALLS:
        return call.func.id
    called = ast.unparse(call.func)
    if isinstance(call.func, ast.Attribute) and (call.func.attr in BANNED_NAMES or called in ("np.load", "builtins.eval")):
        return called
    if called == "yaml.load" and "SafeLoader" not in ast.unparse(call):
        return called
    return "allow_pickle" if any(word.arg == "allow_pickle" and not is_false(word.value) for word in call.keywords) else ""


def is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def test_only_one_door_turns_text_into_syntax() -> None:
    """The scorer of benchmarks may respell the accepted formula of a case before it goes through that door."""
    readers = {path for path, _, module in imports() if module.split(".")[0] in ("ast", "tokenize", "codeop")}
    assert readers <= {"corpus/formula.py", "recommender/evaluate/truth.py"}


def test_every_module_and_public_class_has_a_docstring() -> None:
    modules = [path for path, module in sources().items() if module.body and not ast.get_docstring(module)]
    classes = [
        f"{path}:{node.lineno} {node.name}"
        for path, node in nodes()
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert modules + classes == []


def test_every_return_is_annotated() -> None:
    functions = ((path, node) for path, node in nodes() if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    assert [f"{path}:{node.lineno} {node.name}" for path, node in functions if node.returns is None] == []


def test_files_are_short() -> None:
    lengths = {path: (ROOT / path).read_text(encoding="utf-8").count("\n") for path in sources()}
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_functions_are_short() -> None:
    lengths = sorted(body_length(node) for _, node in nodes() if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    assert statistics.median(lengths) <= 10
    assert lengths[int(0.9 * len(lengths))] <= 35


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return ((body[-1].end_lineno or 0) - body[0].lineno + 1) if body else 0
