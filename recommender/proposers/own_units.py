"""What a typed formula speaks of: quantities, or bare numbers in the customer's units.

`a*exp(-t/tau)` holds for quantities, whatever their units. In `20 + a*exp(-0.05*t)` the numbers carry units that are not
written, so t is the number of minutes the table shows: there it becomes t/unit, and the unit a known constant.
"""

from __future__ import annotations

import numpy as np

from corpus import tree
from corpus.dimension import infer
from corpus.entry import Words
from corpus.formula import Formula
from corpus.language import text
from corpus.tree import Node
from corpus.units import Unit
from recommender.meaning import Meaning
from recommender.problem import Problem


def speaks_of_quantities(formula: Formula, problem: Problem) -> bool:
    """Units agree, but for free powers."""
    report = infer(formula.root, problem.dimensions, problem.target_dimension)
    return all(conflict.kind == "free_power" for conflict in report.conflicts)


def ends_in_si(formula: Formula, problem: Problem) -> Formula:
    """The two numbers between which a root is looked for are SI values, or the customer's if more rows lie between those."""
    root, unit = formula.root, problem.target.unit
    if unit is None or root.op != "root" or any(end.op != "const" for end in root.args[:2]):
        return formula
    target = problem.samples.target
    plain = [end.number for end in root.args[:2]]
    own = [float(unit.to_si(end)) for end in plain]
    within = [np.mean((target >= low) & (target <= high)) for low, high in (plain, own)]
    return Formula(tree.rebuild(root, (*map(tree.const, own), *root.args[2:]))) if within[1] > within[0] else formula


class OwnUnits:
    """Turns a formula of numbers in the customer's units into one of quantities; `known` and `meanings` say what was added."""

    def __init__(self, formula: Formula, problem: Problem) -> None:
        self.known: dict[str, float] = {}
        self.meanings: dict[str, Meaning] = {}
        self._taken = {*formula.parameters, *formula.variables, *problem.names.values()}
        columns = {
            tree.var(inner): self._number(tree.var(inner), column.name, column.unit, str(i))
            for i, (inner, column) in enumerate(zip(problem.names, problem.inputs, strict=True), 1)
            if inner in formula.variables and column.unit is not None
        }
        root = tree.substitute(formula.root, columns)
        unit = problem.target.unit
        self.formula = Formula(root if unit is None else self._quantity(root, problem.target.name, unit))

    def _number(self, node: Node, name: str, unit: Unit, suffix: str) -> Node:
        """How many of its units a quantity is."""
        shifted = node if not unit.offset else tree.add(node, tree.mul(tree.const(-1), self._zero(name, unit, suffix)))
        return shifted if _is_plain(unit) else tree.mul(shifted, tree.power(self._unit(name, unit, suffix), tree.const(-1)))

    def _quantity(self, node: Node, name: str, unit: Unit) -> Node:
        """The quantity that is so many of its units."""
        scaled = node if _is_plain(unit) else tree.mul(self._unit(name, unit, "y"), node)
        return scaled if not unit.offset else tree.add(scaled, self._zero(name, unit, "y"))

    def _unit(self, name: str, unit: Unit, suffix: str) -> Node:
        return self._constant(f"unit_{suffix}", unit.factor, "own_unit", name, "K" if unit.offset else unit.text)

    def _zero(self, name: str, unit: Unit, suffix: str) -> Node:
        return self._constant(f"zero_{suffix}", unit.offset, "own_zero", name, "K")

    def _constant(self, symbol: str, value: float, key: str, name: str, unit: str) -> Node:
        while symbol in self._taken:
            symbol = f"{symbol}_"
        self._taken.add(symbol)
        self.known[symbol] = value
        words = {language: text(f"why.{key}", language, name=name) for language in ("en", "ja")}
        self.meanings[symbol] = Meaning(Words(**words), unit)
        return tree.param(symbol)


def _is_plain(unit: Unit) -> bool:
    return unit.dimension.is_dimensionless and unit.factor == 1
