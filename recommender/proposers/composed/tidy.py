"""Odd numbers that only scale a free coefficient belong into it: exp(0.1203*k/T) is exp(k/T)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial

from corpus import tree
from corpus.tree import Node

_PLAIN = 12


def absorbed(root: Node, starts: Mapping[str, float]) -> tuple[Node, dict[str, float]]:
    """The tree without such numbers, and the coefficients' values as they are then."""
    values = dict(starts)
    for name in sorted(root.parameters & values.keys()):
        leaf = tree.param(name)
        factor = _odd_factor(root, leaf)
        if factor is not None:
            root = tree.transform(root, partial(_without_number, leaf))
            values[name] *= factor
    return root, values


def _odd_factor(root: Node, leaf: Node) -> float | None:
    """The number that stands beside a coefficient wherever it stands; None if there is none, or it is a plain one."""
    holders = [node for node in tree.walk(root) if leaf in node.args]
    factors = {_number(node) if node.op == "mul" else None for node in holders}
    (factor,) = factors if len(factors) == 1 else (None,)
    return None if factor is None or _is_plain(factor) else factor


def _number(product: Node) -> float | None:
    return next((arg.number for arg in product.args if arg.op == "const"), None)


def _without_number(leaf: Node, node: Node) -> Node:
    if node.op != "mul" or leaf not in node.args:
        return node
    return tree.mul(*(arg for arg in node.args if arg.op != "const"))


def _is_plain(value: float) -> bool:
    fraction = Fraction(value).limit_denominator(_PLAIN)
    return abs(fraction.numerator) <= _PLAIN and float(fraction) == value
