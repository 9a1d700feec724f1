"""Expressions taken apart: a sum into its summands, a product into its factors."""

from __future__ import annotations

from functools import reduce

from corpus import tree
from corpus.tree import Node

_MOST = 40


def summands(root: Node) -> list[Node]:
    """Additive terms after products of sums, and small whole powers of sums, are multiplied out; at most about 40."""
    if root.op == "add":
        return [part for arg in root.args for part in summands(arg)]
    if root.op == "mul":
        parts = [summands(arg) for arg in root.args]
        return [root] if _count(parts) > _MOST else reduce(_multiplied, parts, [tree.const(1)])
    if root.op == "pow" and root.args[0].op == "add" and root.args[1].op == "const" and root.args[1].number in (2.0, 3.0):
        return summands_of_power(root.args[0], int(root.args[1].number))
    return [root]


def summands_of_power(base: Node, exponent: int) -> list[Node]:
    """base**exponent multiplied out."""
    return reduce(_multiplied, [summands(base)] * exponent, [tree.const(1)])


def _multiplied(left: list[Node], right: list[Node]) -> list[Node]:
    return [tree.mul(a, b) for a in left for b in right]


def _count(parts: list[list[Node]]) -> int:
    return reduce(lambda count, part: count * len(part), parts, 1)


def factors(root: Node) -> tuple[Node, ...]:
    """Factors of a product."""
    return root.args if root.op == "mul" else (root,)
