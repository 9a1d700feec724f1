"""Families near one that is good: small edits of its tree, and a term or a factor more, tried on the objective itself.

For data, residuals say what is missing. A computed objective has none, so each term of the library is added to the curve, a little of
either sign, and what lowers the loss most is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from corpus import tree
from corpus.dimension import BASE
from corpus.errors import FormulaLimitError
from corpus.formula import Formula, fresh_names
from corpus.functions import FUNCTIONS, Array
from corpus.tree import Node
from recommender.objective.computed import ComputedObjective
from recommender.objective.family import Family, grown_family
from recommender.objective.score import Meter
from recommender.proposers.dimensional.data import Data
from recommender.proposers.evolved.edits import edited_roots, library

_MOST_NODES = 45
_MOST_COEFFICIENTS = 7
_SHARE = 0.1  # of the curve's spread, of the term on trial
_GROWN = 10
_WRAPS = ("tan", "sinh", "tanh", "atanh", "asin", "asinh")  # the identity near zero
_FUNCTIONS = (*_WRAPS, "exp", "erf")


@dataclass(frozen=True)
class Term:
    """A term on trial: its tree, its values, and the start of the coefficient within it (None if there is none)."""

    node: Node
    values: Array
    inside: float | None


def edited(family: Family, values: Mapping[str, float]) -> Iterator[Family]:
    """Families one edit away: a term or a factor less, another function or power, an exponent set free."""
    root = family.formula.root
    seen: set[int] = {root.order}
    for new, start in (*((edit, 1.0) for edit in _roots(root)), *_freed(root)):
        if new.order not in seen and _is_small(new):
            seen.add(new.order)
            yield grown_family(new, {**dict.fromkeys(new.parameters, start), **values}, family)


def _is_small(root: Node) -> bool:
    return bool(root.variables) and tree.size(root) <= _MOST_NODES and len(root.parameters) <= _MOST_COEFFICIENTS


def _roots(root: Node) -> Iterator[Node]:
    """The edits for data, as far as their numbers can be computed with."""
    try:
        yield from edited_roots(root)
    except FormulaLimitError:
        return


def _freed(root: Node) -> Iterator[tuple[Node, float]]:
    """A term times a free power of a variable's modulus, a function of a term, an exponent set free, another function of a free multiple
    of an argument; and the start of the new coefficient."""
    new = tree.param(_fresh(root))
    for term in tree.terms(root):
        for name in sorted(term.variables):
            risen = tree.mul(term, tree.power(tree.call("abs", tree.var(name)), new))
            yield _with_term(root, term, risen), 1.0
        size, inner = _split(term)
        yield from ((_with_term(root, term, tree.mul(size, tree.call(f, tree.mul(new, inner)))), 1.0) for f in _WRAPS)
    for node in tree.walk(root):
        if node.op == "pow" and node.args[1].op == "const" and node.args[0].variables:
            base, exponent = node.args[0], node.args[1].number
            odd = exponent % 2 == 1
            power = tree.power(tree.call("abs", base), new)
            yield tree.replace(root, node, tree.mul(base, power) if odd else power), exponent - odd
        elif node.variables and node.op in FUNCTIONS:
            argument = tree.mul(new, node.args[0])
            yield from ((tree.replace(root, node, tree.call(name, argument)), 1.0) for name in dict.fromkeys((node.op, *_FUNCTIONS)))


def _split(term: Node) -> tuple[Node, Node]:
    """(factors without variables, the rest) of a product."""
    factors = tree.factors(term)
    return tree.mul(*(f for f in factors if not f.variables)), tree.mul(*(f for f in factors if f.variables))


def _with_term(root: Node, old: Node, new: Node) -> Node:
    """One term of a sum in place of another."""
    return tree.add(*(new if term is old else term for term in tree.terms(root)))


def _fresh(root: Node) -> str:
    """A name for one more coefficient."""
    return next(fresh_names("c", root.parameters | root.variables))


def grown(
    family: Family, values: Mapping[str, float], objective: ComputedObjective, meter: Meter, most: int, rng: np.random.Generator
) -> list[Family]:
    """Families with a term more, or a term (or the whole) times or over 1 + term: those that lower the loss most first.

    At most `most` curves are scored, of trials drawn at random.
    """
    if len(family.names) + 1 > _MOST_COEFFICIENTS or most < 1:
        return []
    name = _fresh(family.formula.root)
    trials = list(product(_places(family, values, objective), _library(objective, name), (1, -1)))
    chosen = [trials[i] for i in rng.permutation(len(trials))[:most]]
    curves = np.array([place.curve(term, sign * _step(place, term)) for place, term, sign in chosen])
    meter.charge(len(curves))
    broken = objective.violations(curves)
    curves[broken > 0] = np.nan
    order = np.lexsort((objective.losses(curves), broken))
    found: dict[str, Family] = {}
    for place, term, sign in (chosen[i] for i in order):
        root = place.build(tree.mul(tree.param(name), term.node))
        if len(found) < _GROWN and _is_small(root):
            inner = {} if term.inside is None else {f"{name}_": term.inside}
            child = grown_family(root, {**values, name: sign * _step(place, term), **inner}, family)
            found.setdefault(child.key, child)
    return list(found.values())


@dataclass(frozen=True)
class Place:
    """Where a term may go: beside a part of a formula ("add"), or into a factor 1 + term above ("mul") or below it ("div").

    values: of the part; rest: of what is beside it in the sum, both of shape (n,).
    """

    root: Node
    part: Node
    join: str
    values: Array
    rest: Array

    def curve(self, term: Term, step: float) -> Array:
        """Values of the whole with step*term there."""
        added = step * term.values
        if self.join == "add":
            return self.rest + self.values + added
        return self.rest + (self.values * (1 + added) if self.join == "mul" else self.values / (1 + added))

    def build(self, term: Node) -> Node:
        """The tree with the term there."""
        if self.join == "add":
            return tree.add(self.root, term)
        factor = tree.add(tree.const(1), term)
        new = tree.mul(self.part, factor if self.join == "mul" else tree.power(factor, tree.const(-1)))
        return new if self.part is self.root else _with_term(self.root, self.part, new)


def _places(family: Family, values: Mapping[str, float], objective: ComputedObjective) -> list[Place]:
    root = family.formula.root
    whole, zero = Formula(root).evaluate(objective.grid, values), np.zeros(len(objective))
    places = [Place(root, root, join, whole, zero) for join in ("add", "mul", "div")]
    for term in root.args if root.op == "add" else ():
        part = Formula(term).evaluate(objective.grid, values)
        places += [Place(root, term, join, part, whole - part) for join in ("mul", "div")]
    return places


def _library(objective: ComputedObjective, name: str) -> list[Term]:
    """The library of the edits, on the grid."""
    X, k, inner = np.array(list(objective.grid.values())), len(objective.names), f"{name}_"
    data = Data(objective.names, X, np.zeros(len(objective)), np.zeros((len(BASE), k)), np.zeros(len(BASE)), False)
    with np.errstate(all="ignore"):
        nodes, values, starts = library(data, inner)
    found = (Term(n, v, s if inner in n.parameters else None) for n, v, s in zip(nodes, values, starts, strict=True))
    return [term for term in found if np.isfinite(term.values).all() and np.ptp(term.values) > 0]


def _step(place: Place, term: Term) -> float:
    """A coefficient with which the term is a small share of the curve, or of one."""
    spread = float(np.std(place.values)) or float(np.abs(place.values).max()) or 1.0
    return _SHARE * (spread if place.join == "add" else 1.0) / float(np.abs(term.values).max())
