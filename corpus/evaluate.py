"""Batched evaluation of trees with reverse-mode derivatives.

A `Program` is a topologically ordered list of nodes; binding it to columns evaluates, once, every subtree that has no
parameter. Parameters have shape (b, 1), columns (1, n): everything broadcasts to (b, n) as late as possible.
Nothing is compiled, so the first evaluation costs as little as the hundredth.
Derivatives: reverse mode (Griewank & Walther, Evaluating Derivatives, 2nd ed., ch. 3). The model acts row by row, so one sweep from the
root gives the whole (b, n) derivative by every parameter for the price of about three evaluations, however many parameters there are.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial, reduce
from typing import Any

import numpy as np

from corpus.functions import FUNCTIONS, PAIRS, Array, Function
from corpus.implicit import relation
from corpus.tree import Node, walk

Tangents = dict[str, Any]
_Step = tuple[int, Callable[..., Any], tuple[int, ...]]


class Program:
    """Several roots, evaluated together so that shared subtrees are computed once.

    functions: how each function of one argument is computed (faster kernels of the same functions may be given).
    """

    def __init__(self, roots: Sequence[Node], functions: Mapping[str, Function] = FUNCTIONS) -> None:
        self.roots = tuple(roots)
        self.functions = functions
        seen: dict[int, Node] = {}
        for root in roots:
            for node in walk(root):
                seen.setdefault(node.order, node)
        self.order = tuple(seen.values())
        self.slots = {node.order: i for i, node in enumerate(self.order)}
        self.live = tuple(node for node in self.order if node.parameters)
        self.steps: tuple[_Step, ...] = tuple(self._step(node) for node in self.live if node.op != "param")
        self.leaves = tuple((self.slots[node.order], str(node.value)) for node in self.live if node.op == "param")
        self.outputs = tuple(self.slots[root.order] for root in self.roots)

    def bind(self, columns: Mapping[str, Array], length: int) -> Bound:
        """Fix the data: columns of shape (length,), one for every variable."""
        return Bound(self, columns, length)

    def _step(self, node: Node) -> _Step:
        """(slot, operation, argument slots); the smaller arguments of sums and products first."""
        args: Sequence[Node] = node.args
        if node.op in ("add", "mul"):
            args = sorted(args, key=_extent)
        if node.op == "pow" and node.args[1].op == "const":
            args = args[:1]
        return self.slots[node.order], self.operation(node), tuple(self.slots[arg.order] for arg in args)

    def operation(self, node: Node) -> Callable[..., Any]:
        """What computes a node from its arguments (a power of constant exponent: from its base)."""
        if node.op in ("add", "mul"):
            simple = operator.add if node.op == "add" else operator.mul
            return simple if len(node.args) == 2 else partial(_reduced, simple)
        if node.op == "pow":
            exponent = node.args[1]
            return _constant_power(exponent.number) if exponent.op == "const" else _general_power
        if node.op == "root":
            from corpus.roots import find

            return partial(find, relation(node))
        return PAIRS[node.op][0] if node.op in PAIRS else self.functions[node.op].value


class Bound:
    """A program on one data set. Immutable after construction; safe to share between threads."""

    def __init__(self, program: Program, columns: Mapping[str, Array], length: int) -> None:
        self.program = program
        self.length = length
        self._fixed: list[Any] = [None] * len(program.order)
        self._logs: dict[int, Any] = {}
        with np.errstate(all="ignore"):
            for slot, node in enumerate(program.order):
                if not node.parameters:
                    self._fixed[slot] = self._fixed_value(node, columns)
            for node in program.live:
                if node.op == "pow" and not node.args[0].parameters and node.args[1].op != "const":
                    base = program.slots[node.args[0].order]
                    self._logs[base] = np.log(self._fixed[base])
        self._steps = tuple(self._with_log(step) for step in program.steps)

    def _fixed_value(self, node: Node, columns: Mapping[str, Array]) -> Any:
        if node.op == "var":
            return np.reshape(np.asarray(columns[str(node.value)], float), (1, -1))
        if node.is_number:
            return node.number
        args = node.args[:1] if node.op == "pow" and node.args[1].op == "const" else node.args
        return self.program.operation(node)(*(self._fixed[self.program.slots[arg.order]] for arg in args))

    def _with_log(self, step: _Step) -> _Step:
        """A power of a fixed base uses the logarithm computed once."""
        slot, operation, args = step
        if operation is _general_power and args[0] in self._logs:
            return slot, partial(_exponential, self._logs[args[0]]), args[1:]
        return step

    def fixed(self, node: Node) -> Any:
        """The value of a subtree without parameters."""
        return self._fixed[self.program.slots[node.order]]

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """One array per root, broadcastable to (b, n); parameters of shape (b, 1)."""
        done = self._run(parameters)
        return [done[slot] for slot in self.program.outputs]

    def _run(self, parameters: Mapping[str, Any]) -> list[Any]:
        """The value of every node."""
        done = self._fixed.copy()
        for slot, name in self.program.leaves:
            done[slot] = parameters[name]
        with np.errstate(all="ignore"):
            for slot, operation, args in self._steps:
                if len(args) == 1:
                    done[slot] = operation(done[args[0]])
                elif len(args) == 2:
                    done[slot] = operation(done[args[0]], done[args[1]])
                else:
                    done[slot] = operation(*(done[arg] for arg in args))
        return done

    def derivatives(self, parameters: Mapping[str, Any], wrt: Collection[str]) -> list[tuple[Any, Tangents]]:
        """(value, {name: derivative}) per root; parameters that a root does not depend on are left out."""
        done = self._run(parameters)
        names = frozenset(wrt)
        with np.errstate(all="ignore"):
            return [
                (done[slot], self._sweep(root, done, names)) for slot, root in zip(self.program.outputs, self.program.roots, strict=True)
            ]

    def _sweep(self, root: Node, done: list[Any], names: frozenset[str]) -> Tangents:
        """Derivatives of one root: each node passes its own on to its arguments, times the local slope."""
        slots = self.program.slots
        reached: dict[int, Any] = {root.order: 1.0}
        out: Tangents = {}
        for node in reversed(self.program.live):
            if node.order not in reached:
                continue
            own = reached.pop(node.order)
            if node.op == "param":
                out[str(node.value)] = own
                continue
            wanted = [bool(arg.parameters & names) for arg in node.args]
            values = [done[slots[arg.order]] for arg in node.args]
            for arg, part in zip(node.args, self._pulled(node, own, done[slots[node.order]], values, wanted), strict=True):
                if part is not None:
                    reached[arg.order] = reached[arg.order] + part if arg.order in reached else part
        return {name: value for name, value in out.items() if name in names}

    def _pulled(self, node: Node, own: Any, value: Any, values: list[Any], wanted: list[bool]) -> list[Any]:
        """own * d node / d argument for each wanted argument."""
        if node.op == "add":
            return [own if want else None for want in wanted]
        if node.op == "mul":
            return _product_slopes(own, values, wanted)
        if node.op == "pow":
            return self._power_slopes(node, own, value, values, wanted)
        if node.op == "root":
            return _root_slopes(node, own, value, values, wanted)
        if node.op in PAIRS:
            return [own * slope if want else None for slope, want in zip(PAIRS[node.op][1](*values), wanted, strict=True)]
        return [own * self.program.functions[node.op].derivative(values[0], value) if wanted[0] else None]

    def _power_slopes(self, node: Node, own: Any, value: Any, values: Sequence[Any], wanted: list[bool]) -> list[Any]:
        base, exponent = node.args
        if exponent.op == "const":
            return [own * (exponent.number * _constant_power(exponent.number - 1)(values[0])) if wanted[0] else None, None]
        log = self._logs.get(self.program.slots[base.order])
        log = np.log(values[0]) if log is None else log
        outer = own * (values[1] * np.exp((values[1] - 1) * log)) if wanted[0] else None
        return [outer, own * (value * np.where(np.isfinite(log), log, 0.0)) if wanted[1] else None]


def _extent(node: Node) -> int:
    """0 for a number per parameter vector, 1 for a fixed row, 2 for a full (b, n) array."""
    return (2 if node.parameters else 1) if node.variables else 0


def _reduced(combine: Callable[[Any, Any], Any], *values: Any) -> Any:
    return reduce(combine, values)


def _product_slopes(own: Any, values: Sequence[Any], wanted: Sequence[bool]) -> list[Any]:
    """own times the product of the other factors, without division and so without trouble at zero."""
    if len(values) == 2:
        return [own * values[1] if wanted[0] else None, own * values[0] if wanted[1] else None]
    after = [own]
    for value in values[:0:-1]:
        after.append(after[-1] * value)
    after.reverse()
    out, before = [], None
    for value, rest, want in zip(values, after, wanted, strict=True):
        out.append((rest if before is None else before * rest) if want else None)
        before = value if before is None else before * value
    return out


def _root_slopes(node: Node, own: Any, value: Any, values: Sequence[Any], wanted: Sequence[bool]) -> list[Any]:
    """Where the search begins and ends moves nothing."""
    from corpus.roots import slopes

    moved = [0.0, 0.0, *slopes(relation(node), value, values[2:])]
    return [own * slope if want else None for slope, want in zip(moved, wanted, strict=True)]


def _general_power(base: Any, exponent: Any) -> Any:
    """base**exponent through exp(exponent log base)."""
    return np.power(base, exponent) if np.ndim(base) == 0 else np.exp(exponent * np.log(base))


def _exponential(log: Any, exponent: Any) -> Any:
    return np.exp(exponent * log)


def _inverse(base: Any) -> Any:
    return np.divide(1.0, base)


def _square(base: Any) -> Any:
    return base * base


def _cube(base: Any) -> Any:
    return base * base * base


def _inverse_root(base: Any) -> Any:
    return np.divide(1.0, np.sqrt(base))


def _one(base: Any) -> Any:
    return np.ones_like(base)


def _same(base: Any) -> Any:
    return base


_QUICK: dict[float, tuple[Callable[[Any], Any], ...]] = {
    0.0: (_one,),
    1.0: (_same,),
    2.0: (_square,),
    3.0: (_cube,),
    4.0: (_square, _square),
    6.0: (_cube, _square),
    8.0: (_square, _square, _square),
    12.0: (_cube, _square, _square),
    0.5: (np.sqrt,),
    1.5: (np.sqrt, _cube),
    -0.5: (_inverse_root,),
}


def _constant_power(exponent: float) -> Callable[[Any], Any]:
    """base -> base**exponent, without the slow general power for the common exponents."""
    if exponent in _QUICK:
        steps = _QUICK[exponent]
        return steps[0] if len(steps) == 1 else partial(_chained, steps)
    if -exponent in _QUICK:
        return partial(_chained, (*_QUICK[-exponent], _inverse))
    return partial(_plain_power, exponent)


def _chained(steps: Sequence[Callable[[Any], Any]], base: Any) -> Any:
    for step in steps:
        base = step(base)
    return base


def _plain_power(exponent: float, base: Any) -> Any:
    """NumPy's power: a negative number to a fractional power is NaN, not complex, and too large a result is inf, no error."""
    return np.power(base, exponent)
