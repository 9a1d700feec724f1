"""Orders of magnitude of the parameters from the formula and the data alone: this replaces the start a user would give.

Each node has a log10 magnitude that is linear in the unknowns log10|p|. The equations, weighted, are solved by least squares:
terms of a sum are of equal size (0.7), arguments of exp, sin, tanh, ... are of order one (1.0), arguments of log and bases of free
powers too (0.3), the whole is of the size of the target's spread (1.0). Where a parameter is subtracted from data (x - p) the size of
the difference is the span of the data, not their distance from zero.

Stated units would add nothing: a sum of equal dimensions and an argument without one are these very equations, so that a change of units
moves every magnitude as it must (measured on laws in SI ranges: the same fits succeed with the equations of the units as without).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy

import numpy as np

from corpus.evaluate import Bound, Program
from corpus.functions import Array
from corpus.implicit import UNKNOWN, relation, slot
from corpus.tree import Node
from recommender.samples import Samples

OSCILLATING = frozenset({"sin", "cos", "tan", "sinc", "j0", "j1"})
ORDER_ONE = frozenset(
    {"exp", "expm1", "tanh", "sinh", "cosh", "atan", "erf", "erfc", "asinh", "acosh", "asin", "acos", "atanh", "lambertw", "lgamma"}
)
_RIDGE = 1e-3
_LIMIT = 40.0
_Form = tuple[float, Array]  # log10 size = number + coefficients @ log10|p|


def magnitudes(root: Node, names: Sequence[str], samples: Samples) -> dict[str, float]:
    """log10 of the expected size of each parameter in `names`."""
    solver = _Scales(names, Program([root]).bind(samples.columns, len(samples)), _size(samples.target))
    spread = float(np.std(samples.target))
    solver.equal(solver.form(root), (_log10(spread), solver.zero), 1.0)
    return dict(zip(names, solver.solve(), strict=True))


def _log10(size: float) -> float:
    return math.log10(size) if size > 0 and math.isfinite(size) else 0.0


class _Scales:
    """Collects the equations while walking the tree."""

    def __init__(self, names: Sequence[str], bound: Bound, target: float) -> None:
        self.bound = bound
        self.target = target
        self.zero = np.zeros(len(names))
        self.units = dict(zip(names, np.eye(len(names)), strict=True))
        self.rows: list[Array] = []
        self.sizes: list[float] = []
        self.memo: dict[int, _Form] = {}

    def equal(self, a: _Form, b: _Form, weight: float) -> None:
        coefficients, size = a[1] - b[1], b[0] - a[0]
        if np.any(coefficients != 0) and math.isfinite(size):
            self.rows.append(coefficients * weight)
            self.sizes.append(size * weight)

    def solve(self) -> list[float]:
        width = len(self.zero)
        matrix = np.vstack([*self.rows, _RIDGE * np.eye(width)])
        right = np.array([*self.sizes, *([0.0] * width)])
        return [float(v) for v in np.clip(np.linalg.lstsq(matrix, right, rcond=None)[0], -_LIMIT, _LIMIT)]

    def form(self, node: Node) -> _Form:
        if node.order not in self.memo:
            self.memo[node.order] = self._form(node)
        return self.memo[node.order]

    def _form(self, node: Node) -> _Form:
        if node.is_number:
            return _log10(abs(node.number)), self.zero
        if not node.parameters:
            return _size(self.bound.fixed(node)), self.zero
        if node.op == "param":
            return 0.0, self.units[str(node.value)]
        if node.op == "mul":
            forms = [self.form(arg) for arg in node.args]
            return sum(form[0] for form in forms), np.sum([form[1] for form in forms], axis=0)
        if node.op == "pow":
            return self._power(node)
        if node.op == "add":
            return self._sum(node)
        return self._root(node) if node.op == "root" else self._call(node)

    def _root(self, node: Node) -> _Form:
        """The unknown is taken to be of the size of the target; the terms of the residual are of equal size."""
        own = (self.target, self.zero)
        inside = copy(self)
        inside.bound = Program([relation(node).residual]).bind({}, 1)
        inside.memo = {UNKNOWN.order: own, **{slot(i).order: self.form(part) for i, part in enumerate(node.args[2:])}}
        inside.form(relation(node).residual)
        return own

    def _power(self, node: Node) -> _Form:
        base, exponent = node.args
        one = (0.0, self.zero)
        form = self.form(base)
        if exponent.op == "const":
            return form[0] * exponent.number, form[1] * exponent.number
        if base.parameters:
            self.equal(form, one, 0.3)
        self.equal(self.form(exponent), one, 0.5)
        return one

    def _sum(self, node: Node) -> _Form:
        forms = [self.form(arg) for arg in node.args]
        for form in forms[1:]:
            self.equal(form, forms[0], 0.7)
        data = [arg for arg in node.args if arg.variables and not arg.parameters]
        if not data or any(arg.variables for arg in node.args if arg.parameters):
            return forms[0]
        values = np.asarray(sum(self.bound.fixed(arg) for arg in data), float)
        values = values[np.isfinite(values)]
        return _log10(float(np.ptp(values)) if values.size else 1.0), self.zero

    def _call(self, node: Node) -> _Form:
        one = (0.0, self.zero)
        forms = [self.form(arg) for arg in node.args]
        if node.op in ("min", "max"):
            self.equal(forms[0], forms[1], 0.7)
            return forms[0]
        if node.op in ("abs", "cbrt"):
            scale = 1.0 if node.op == "abs" else 1 / 3
            return forms[0][0] * scale, forms[0][1] * scale
        weight = 1.0 if node.op in OSCILLATING or node.op in ORDER_ONE else 0.3
        for form in forms:
            self.equal(form, one, weight)
        return one


def _size(values: object) -> float:
    """log10 of the root mean square of the finite values."""
    array = np.asarray(values, float)
    array = np.abs(array[np.isfinite(array)])
    top = float(array.max(initial=0.0))
    return _log10(top * math.sqrt(float(np.mean((array / top) ** 2)))) if top > 0 and math.isfinite(top) else 0.0
