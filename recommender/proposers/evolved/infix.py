"""Operon's infix: fully bracketed, with spaces around every sign."""

from __future__ import annotations

from collections.abc import Callable

from corpus.tree import Node

_CALLS = frozenset({"exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "cbrt", "abs", "asin", "acos", "atan"})
_SIGNS = {"add": " + ", "mul": " * ", "pow": " ^ "}


class NoWordError(ValueError):
    """Operon has no word for an operation; its name is the argument."""


def infix(node: Node, leaf: Callable[[Node], str]) -> str:
    """The text; leaf: what variables and coefficients are written as. NoWordError."""
    if node.is_number:
        return f"({float(node.number)!r})"
    if node.op in ("var", "param"):
        return leaf(node)
    parts = [infix(arg, leaf) for arg in node.args]
    if node.op in _SIGNS:
        return f"({_SIGNS[node.op].join(parts)})"
    if node.op not in _CALLS:
        raise NoWordError(node.op)
    return f"{node.op}({parts[0]})"
