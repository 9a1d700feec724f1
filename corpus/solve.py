"""A relation solved for another of its symbols: `T = f(x, ...)` turned into `x = g(T, ...)`, every real branch by itself.

On the way down to the symbol each operation is undone. Where the symbol stands in several places at once the relation is brought to one
line of the kind a + b*s + c*s**2 = 0, s a power of the symbol. What neither way reaches has no solution here. Branches keep to the
principal values and odd roots to positive arguments; squaring on the way may bring in a branch that solves nothing, which data will tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from corpus import tree
from corpus.implicit import residual
from corpus.tree import Node

MAX_BRANCHES = 8
_MAX_DEGREE = 4
_HALF = tree.const(Fraction(1, 2))
_MINUS = tree.const(-1)
Polynomial = dict[Fraction, Node]  # exponent of the symbol -> coefficient free of it


def solve(root: Node, value: Node, symbol: Node) -> tuple[Node, ...]:
    """Trees for `symbol` from `root == value`; empty if there is no closed form of this kind. `value` must not contain the symbol."""
    found: dict[Node, None] = {}
    for branch in _undo(root, value, symbol):
        found.setdefault(branch)
        if len(found) == MAX_BRANCHES:
            break
    return tuple(found)


def _undo(node: Node, value: Node, symbol: Node) -> Iterator[Node]:
    """Solutions of node == value."""
    if node is symbol:
        yield value
        return
    holding = [arg for arg in node.args if _holds(arg, symbol)]
    if not holding:
        return
    if node.op == "root":
        yield from _undo(residual(node, value), tree.const(0), symbol)
        return
    if len(holding) > 1:
        yield from _polynomial_solutions(node, value, symbol)
        return
    (inner,) = holding
    for other in _inverted(node, inner, value):
        yield from _undo(inner, other, symbol)


def _holds(node: Node, symbol: Node) -> bool:
    return str(symbol.value) in (node.variables if symbol.op == "var" else node.parameters)


def _inverted(node: Node, inner: Node, value: Node) -> Iterator[Node]:
    """What `inner` must be for node == value."""
    rest = [arg for arg in node.args if arg is not inner]
    if node.op == "add":
        yield _minus(value, tree.add(*rest))
    elif node.op == "mul":
        yield _over(value, tree.mul(*rest))
    elif node.op == "pow":
        yield from _inverted_power(node, inner, value)
    elif node.op in _INVERSES:
        yield from _INVERSES[node.op](value)


def _inverted_power(node: Node, inner: Node, value: Node) -> Iterator[Node]:
    base, exponent = node.args
    if inner is exponent:
        yield _over(tree.call("log", value), tree.call("log", base))
        return
    root = tree.power(value, tree.power(exponent, _MINUS))
    yield root
    if exponent.op == "const" and exponent.number % 2 == 0:
        yield tree.mul(_MINUS, root)


_INVERSES: Mapping[str, Callable[[Node], tuple[Node, ...]]] = {
    "exp": lambda v: (tree.call("log", v),),
    "expm1": lambda v: (tree.call("log1p", v),),
    "log": lambda v: (tree.call("exp", v),),
    "log10": lambda v: (tree.power(tree.const(10), v),),
    "log2": lambda v: (tree.power(tree.const(2), v),),
    "log1p": lambda v: (tree.call("expm1", v),),
    "sin": lambda v: (tree.call("asin", v), _minus(tree.pi(), tree.call("asin", v))),
    "cos": lambda v: (tree.call("acos", v), tree.mul(_MINUS, tree.call("acos", v))),
    "tan": lambda v: (tree.call("atan", v),),
    "asin": lambda v: (tree.call("sin", v),),
    "acos": lambda v: (tree.call("cos", v),),
    "atan": lambda v: (tree.call("tan", v),),
    "sinh": lambda v: (tree.call("asinh", v),),
    "cosh": lambda v: (tree.call("acosh", v), tree.mul(_MINUS, tree.call("acosh", v))),
    "tanh": lambda v: (tree.call("atanh", v),),
    "asinh": lambda v: (tree.call("sinh", v),),
    "acosh": lambda v: (tree.call("cosh", v),),
    "atanh": lambda v: (tree.call("tanh", v),),
    "cbrt": lambda v: (tree.power(v, tree.const(3)),),
    "abs": lambda v: (v, tree.mul(_MINUS, v)),
    "lambertw": lambda v: (tree.mul(v, tree.call("exp", v)),),
}


def _minus(a: Node, b: Node) -> Node:
    return tree.add(a, tree.mul(_MINUS, b))


def _over(a: Node, b: Node) -> Node:
    return tree.mul(a, tree.power(b, _MINUS))


# --- the symbol in several places ---------------------------------------------------------------------------------------


def _polynomial_solutions(node: Node, value: Node, symbol: Node) -> Iterator[Node]:
    """node - value brought over one denominator; its numerator solved for a power of the symbol."""
    parts = _ratio(node, symbol)
    if parts is None:
        return
    above, below = parts
    line = _plus(above, {e: tree.mul(_MINUS, value, c) for e, c in below.items()})
    lowest = min(line, default=Fraction(0))
    line = {e - lowest: c for e, c in line.items()}
    exponents = sorted(line)
    if len(exponents) == 2 and exponents[0] == 0:
        yield from _undo(
            tree.power(symbol, tree.const(exponents[1])), _over(tree.mul(_MINUS, line[exponents[0]]), line[exponents[1]]), symbol
        )
    elif len(exponents) == 3 and exponents[0] == 0 and exponents[2] == 2 * exponents[1]:
        for branch in _quadratic(*(line[e] for e in exponents)):
            yield from _undo(tree.power(symbol, tree.const(exponents[1])), branch, symbol)


def _quadratic(c: Node, b: Node, a: Node) -> tuple[Node, Node]:
    """Both roots of a*s**2 + b*s + c."""
    root = tree.power(_minus(tree.power(b, tree.const(2)), tree.mul(tree.const(4), a, c)), _HALF)
    twice = tree.mul(tree.const(2), a)
    return _over(_minus(root, b), twice), _over(tree.mul(_MINUS, tree.add(root, b)), twice)


def _ratio(node: Node, symbol: Node) -> tuple[Polynomial, Polynomial] | None:
    """(numerator, denominator) in powers of the symbol, None if the node is none such or too long."""
    one: Polynomial = {Fraction(0): tree.const(1)}
    if not _holds(node, symbol):
        return {Fraction(0): node}, one
    if node is symbol:
        return {Fraction(1): tree.const(1)}, one
    if node.op == "pow":
        return _ratio_power(node, symbol)
    if node.op not in ("add", "mul"):
        return None
    total: tuple[Polynomial, Polynomial] | None = ({} if node.op == "add" else one, one)
    for arg in node.args:
        other = _ratio(arg, symbol)
        total = None if total is None or other is None else _joined(node.op, total, other)
    return total


def _ratio_power(node: Node, symbol: Node) -> tuple[Polynomial, Polynomial] | None:
    base, exponent = node.args
    if exponent.op != "const":
        return None
    power = Fraction(exponent.number).limit_denominator(1000)
    one: Polynomial = {Fraction(0): tree.const(1)}
    if base is symbol:
        return ({power: tree.const(1)}, one) if power > 0 else (one, {-power: tree.const(1)})
    inner = _ratio(base, symbol)
    if inner is None or power.denominator != 1 or abs(power) > _MAX_DEGREE:
        return None
    above, below = inner if power > 0 else inner[::-1]
    return _raised(above, abs(int(power))), _raised(below, abs(int(power)))


def _joined(op: str, a: tuple[Polynomial, Polynomial], b: tuple[Polynomial, Polynomial]) -> tuple[Polynomial, Polynomial] | None:
    above = _times(a[0], b[0]) if op == "mul" else _plus(_times(a[0], b[1]), _times(b[0], a[1]))
    if op == "add" and a[1] == b[1]:
        return _plus(a[0], b[0]), a[1]
    below = _times(a[1], b[1])
    return (above, below) if max(len(above), len(below)) <= 2 * _MAX_DEGREE else None


def _plus(a: Polynomial, b: Polynomial) -> Polynomial:
    total = {e: tree.add(*(p[e] for p in (a, b) if e in p)) for e in {**a, **b}}
    return {e: c for e, c in total.items() if not (c.op == "const" and math.isclose(c.number, 0.0))}


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    total: Polynomial = {}
    for (e, c), (f, d) in ((one, two) for one in a.items() for two in b.items()):
        total = _plus(total, {e + f: tree.mul(c, d)})
    return total


def _raised(a: Polynomial, power: int) -> Polynomial:
    out: Polynomial = {Fraction(0): tree.const(1)}
    for _ in range(power):
        out = _times(out, a)
    return out
