"""The accepted answer of a case, read by the scorer alone.

Truths are written in NumPy syntax. They are rewritten into the formula language and pass through its one door, `corpus.formula.parse`;
nothing is evaluated as Python.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.errors import BenchError, FormulaError
from corpus.formula import Formula, parse
from recommender.evaluate.cases import TRUTH, Case

_MODULES = frozenset({"np", "numpy", "math", "special", "sp", "scipy"})


@dataclass(frozen=True)
class Truth:
    """The accepted formula over the columns in the customer's units, its published parameters, and how they came about.

    fitted: the parameters are a fit to this very table; logarithmic: that fit minimised errors of the logarithm.
    """

    formula: Formula
    values: Mapping[str, float]
    fitted: bool
    logarithmic: bool
    kind: str

    @classmethod
    def of(cls, case: Case) -> Truth:
        """BenchError if the case has no answer we can read."""
        found = case.truth()
        values = found.get("parameters", {})
        named = values if isinstance(values, Mapping) else dict(zip(values, found.get("certified", []), strict=True))
        how = str(found.get("parameters_from", ""))
        formula = read_expression(str(found.get("expression", "")), case.features, tuple(named), case)
        return cls(
            formula,
            {name: float(value) for name, value in named.items()},
            fitted="least squares" in how,
            logarithmic="log residuals" in how,
            kind=str(found.get("kind", "")),
        )


def read_expression(text: str, variables: Sequence[str], parameters: Sequence[str], case: Case) -> Formula:
    """A formula written in NumPy syntax; BenchError says which file holds it if it cannot be read."""
    try:
        return from_numpy(text, variables, parameters)
    except (FormulaError, SyntaxError, RecursionError, ValueError) as error:
        raise BenchError("bench_case_broken", path=case.folder / TRUTH, reason=error) from None


def from_numpy(text: str, variables: Sequence[str], parameters: Sequence[str]) -> Formula:
    """NumPy source as a formula: `np.` dropped, `np.sinc` (sin(pi u)/(pi u)) and functions we write as operators rewritten."""
    tree = _Rewriter().visit(ast.parse(text.strip(), mode="eval"))
    return parse(ast.unparse(ast.fix_missing_locations(tree)), variables, parameters)


class _Rewriter(ast.NodeTransformer):
    """From NumPy's names to ours; what we do not know is left for the parser to refuse."""

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if _root(node) not in _MODULES:
            return node
        return ast.Constant(math.e) if node.attr == "e" else ast.Name(node.attr, ast.Load())

    def visit_Call(self, node: ast.Call) -> Any:
        normalised = isinstance(node.func, ast.Attribute) and node.func.attr == "sinc"
        call = ast.Call(self.visit(node.func), [self.visit(argument) for argument in node.args], [])
        name = "np.sinc" if normalised else getattr(call.func, "id", "")
        return _REWRITTEN[name](call.args) if name in _REWRITTEN else call


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _power(base: ast.expr, exponent: ast.expr) -> ast.expr:
    return ast.BinOp(base, ast.Pow(), exponent)


def _call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _hypot(arguments: list[ast.expr]) -> ast.expr:
    a, b = (_power(argument, ast.Constant(2)) for argument in arguments)
    return _call("sqrt", ast.BinOp(a, ast.Add(), b))


_REWRITTEN: Mapping[str, Callable[[list[ast.expr]], ast.expr]] = {
    "np.sinc": lambda a: _call("sinc", ast.BinOp(ast.Name("pi", ast.Load()), ast.Mult(), a[0])),
    "power": lambda a: _power(a[0], a[1]),
    "float_power": lambda a: _power(a[0], a[1]),
    "square": lambda a: _power(a[0], ast.Constant(2)),
    "reciprocal": lambda a: _power(a[0], ast.Constant(-1)),
    "negative": lambda a: ast.UnaryOp(ast.USub(), a[0]),
    "exp2": lambda a: _power(ast.Constant(2), a[0]),
    "hypot": _hypot,
    "gammaln": lambda a: _call("lgamma", a[0]),
}
