"""Numbers of a model's formula that should be coefficients.

A model that writes `3.217*exp(-0.054*t)` has guessed numbers nobody measured: they are coefficients to be fitted. Numbers that belong to
a form stay: 1, 2, 1/2, 1/3, small integers as exponents. `e**u` means exp(u).
"""

from __future__ import annotations

from collections.abc import Iterator

from corpus import tree
from corpus.formula import Formula
from corpus.tree import Node

_PARTS = 12  # denominators that belong to a form divide this
_LARGEST = 12
_ROUNDING = 1e-9


def with_parameters(formula: Formula) -> tuple[Formula, tuple[str, ...]]:
    """The formula with its odd numbers as coefficients; without any coefficient, all its numbers but 1 and exponents."""
    root, repairs = formula.root, []
    if "e" in formula.parameters:
        root = tree.transform(root, _exponential)
        repairs += ["e"] if root is not formula.root else []
    plain = not any(node.op == "param" for node in tree.walk(root))
    mended = _Namer(Formula(root), plain).mend(root, False)
    repairs += ["numbers"] if mended is not root else []
    return Formula(mended), tuple(repairs)


def _exponential(node: Node) -> Node:
    """e**u is exp(u)."""
    is_power = node.op == "pow" and node.args[0] == tree.param("e")
    return tree.call("exp", node.args[1]) if is_power else node


class _Namer:
    """Gives each number a name of its own."""

    def __init__(self, formula: Formula, plain: bool) -> None:
        self._taken = {*formula.parameters, *formula.variables}
        self._plain = plain
        self._fresh = self._names()

    def _names(self) -> Iterator[str]:
        number = 0
        while True:
            name = f"c{number}"
            number += 1
            if name not in self._taken:
                yield name

    def mend(self, node: Node, is_power: bool) -> Node:
        """The tree with its odd numbers named; is_power: the node is the base or the exponent of a power."""
        if node.op == "const":
            return tree.param(next(self._fresh)) if self._is_odd(node.number, is_power) else node
        if not node.args:
            return node
        args = tuple(self.mend(arg, node.op == "pow") for arg in node.args)
        return node if args == node.args else tree.rebuild(node, args)

    def _is_odd(self, value: float, is_power: bool) -> bool:
        belongs = abs(value) <= _LARGEST and abs(value * _PARTS - round(value * _PARTS)) < _ROUNDING
        return not belongs or (self._plain and not is_power and abs(value) != 1)
