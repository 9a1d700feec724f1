"""Batched evaluation of trees with forward-mode derivatives.

A `Program` is a topologically ordered list of nodes; binding it to columns evaluates, once, every subtree that has no
parameter. Parameters have shape (b, 1), columns (1, n): everything broadcasts to (b, n) as late as possible.
Nothing is compiled, so the first evaluation costs as little as the hundredth.
Derivatives: forward mode (Griewank & Walther, Evaluating Derivatives, 2nd ed., ch. 3), one array per parameter.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from corpus.functions import FUNCTIONS, PAIRS, Array
from corpus.tree import Node, walk

Tangents = dict[str, Any]


class Program:
    """Several roots, evaluated together so that shared subtrees are computed once."""

    def __init__(self, roots: Sequence[Node]) -> None:
        self.roots = tuple(roots)
        seen: dict[int, Node] = {}
        for root in roots:
            for node in walk(root):
                seen.setdefault(node.order, node)
        self.order = tuple(seen.values())

    def bind(self, columns: Mapping[str, Array], length: int) -> Bound:
        """Fix the data: columns of shape (length,), one for every variable."""
        return Bound(self, columns, length)


class Bound:
    """A program on one data set. Immutable after construction; safe to share between threads."""

    def __init__(self, program: Program, columns: Mapping[str, Array], length: int) -> None:
        self.program = program
        self.length = length
        self._fixed: dict[int, Any] = {}
        self._logs: dict[int, Any] = {}
        with np.errstate(all="ignore"):
            for node in program.order:
                if not node.parameters:
                    self._fixed[node.order] = self._fixed_value(node, columns)
            for node in program.order:
                if node.op == "pow" and not node.args[0].parameters and node.args[1].op != "const":
                    self._logs[node.args[0].order] = np.log(self._fixed[node.args[0].order])
        self._live = tuple(node for node in program.order if node.parameters)

    def _fixed_value(self, node: Node, columns: Mapping[str, Array]) -> Any:
        if node.op == "var":
            return np.reshape(np.asarray(columns[str(node.value)], float), (1, -1))
        if node.is_number:
            return node.number
        return _apply(node, [self._fixed[arg.order] for arg in node.args])

    def fixed(self, node: Node) -> Any:
        """The value of a subtree without parameters."""
        return self._fixed[node.order]

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """One array per root, broadcastable to (b, n); parameters of shape (b, 1)."""
        done = dict(self._fixed)
        with np.errstate(all="ignore"):
            for node in self._live:
                done[node.order] = self._live_value(node, parameters, done)
        return [done[root.order] for root in self.program.roots]

    def _live_value(self, node: Node, parameters: Mapping[str, Any], done: Mapping[int, Any]) -> Any:
        if node.op == "param":
            return parameters[str(node.value)]
        if node.op == "pow" and node.args[1].op != "const":
            return self._general_power(node, done)
        return _apply(node, [done[arg.order] for arg in node.args])

    def _general_power(self, node: Node, done: Mapping[int, Any]) -> Any:
        """b**e through exp(e log b), the logarithm of a fixed base computed once."""
        base, exponent = (done[arg.order] for arg in node.args)
        if node.args[0].parameters:
            return np.power(base, exponent) if np.ndim(base) == 0 else np.exp(exponent * np.log(base))
        return np.exp(exponent * self._logs[node.args[0].order])

    def derivatives(self, parameters: Mapping[str, Any], wrt: Collection[str]) -> list[tuple[Any, Tangents]]:
        """(value, {name: derivative}) per root; parameters that a root does not depend on are left out."""
        done = dict(self._fixed)
        tangents: dict[int, Tangents] = {}
        with np.errstate(all="ignore"):
            for node in self._live:
                value = self._live_value(node, parameters, done)
                done[node.order] = value
                rows = self._tangents(node, value, done, tangents, wrt)
                if rows:
                    tangents[node.order] = rows
        return [(done[root.order], tangents.get(root.order, {})) for root in self.program.roots]

    def _tangents(
        self, node: Node, value: Any, done: Mapping[int, Any], tangents: Mapping[int, Tangents], wrt: Collection[str]
    ) -> Tangents:
        if node.op == "param":
            return {str(node.value): 1.0} if node.value in wrt else {}
        inner = [tangents.get(arg.order, {}) for arg in node.args]
        if not any(inner):
            return {}
        if node.op == "add":
            return _combine([(1.0, rows) for rows in inner])
        values = [done[arg.order] for arg in node.args]
        if node.op == "mul":
            return _product_tangents(values, inner)
        slopes = self._slopes(node, value, values)
        return _combine([(slope, rows) for slope, rows in zip(slopes, inner, strict=True) if rows])

    def _slopes(self, node: Node, value: Any, values: Sequence[Any]) -> Sequence[Any]:
        """d node / d argument for powers and functions."""
        if node.op == "pow":
            return self._power_slopes(node, value, values)
        if node.op in PAIRS:
            return PAIRS[node.op][1](values[0], values[1])
        return (FUNCTIONS[node.op].derivative(values[0], value),)

    def _power_slopes(self, node: Node, value: Any, values: Sequence[Any]) -> Sequence[Any]:
        base, exponent = node.args
        if exponent.op == "const":
            return exponent.number * _constant_power(values[0], exponent.number - 1), 0.0
        log = self._logs[base.order] if base.order in self._logs else np.log(values[0])
        finite = np.where(np.isfinite(log), log, 0.0)
        outer = values[1] * np.exp((values[1] - 1) * log) if base.parameters else 0.0
        return outer, value * finite


def _apply(node: Node, values: Sequence[Any]) -> Any:
    if node.op == "add":
        return _sum(values)
    if node.op == "mul":
        return _product(values)
    if node.op == "pow":
        return _constant_power(values[0], node.args[1].number) if node.args[1].op == "const" else np.power(values[0], values[1])
    return PAIRS[node.op][0](values[0], values[1]) if node.op in PAIRS else FUNCTIONS[node.op].value(values[0])


def _sum(values: Sequence[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def _product(values: Sequence[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = total * value
    return total


def _combine(rows: Sequence[tuple[Any, Tangents]]) -> Tangents:
    """Sum of factor * tangent over the rows, parameter by parameter."""
    out: Tangents = {}
    for factor, tangents in rows:
        for name, tangent in tangents.items():
            part = tangent if isinstance(factor, float) and factor == 1.0 else factor * tangent
            out[name] = out[name] + part if name in out else part
    return out


def _product_tangents(values: Sequence[Any], inner: Sequence[Tangents]) -> Tangents:
    """Product rule by a running prefix, which needs no division and so survives zeros."""
    running, out = values[0], dict(inner[0])
    for value, tangents in zip(values[1:], inner[1:], strict=True):
        out = {name: tangent * value for name, tangent in out.items()}
        for name, tangent in tangents.items():
            part = running * tangent
            out[name] = out[name] + part if name in out else part
        running = running * value
    return out


_SQUARES = {2.0: 1, 4.0: 2, 8.0: 3}


def _constant_power(base: Any, exponent: float) -> Any:
    """base**exponent without the slow general power for the common exponents."""
    if exponent == 0:
        return 1.0
    if exponent == 0.5:
        return np.sqrt(base)
    if exponent == -0.5:
        return 1 / np.sqrt(base)
    if exponent < 0 and float(exponent).is_integer():
        return np.divide(1.0, _constant_power(base, -exponent))
    if exponent in _SQUARES:
        for _ in range(_SQUARES[exponent]):
            base = base * base
        return base
    if exponent == 1:
        return base
    if exponent in (3.0, 6.0):
        cube = base * base * base
        return cube if exponent == 3.0 else cube * cube
    return np.power(base, exponent) if not (isinstance(base, float) and base < 0) else _negative_power(base, exponent)


def _negative_power(base: float, exponent: float) -> float:
    """A negative number to a power: NaN, not complex, unless the exponent is whole."""
    return math.pow(base, exponent) if float(exponent).is_integer() else math.nan
