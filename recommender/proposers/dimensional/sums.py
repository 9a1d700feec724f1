"""Laws that are a sum of a few terms, or a quotient of two such sums, for the target, its square, its reciprocal and the like.

A term is a product of powers of columns times a function of a group. `g = (sum a_i t_i)/(1 + sum b_j u_j)` is linear in all
coefficients once multiplied out: g = sum a_i t_i - sum b_j (g*u_j); the columns g*u_j stand beside the terms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from corpus import tree
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.work import Work
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.exponents import exponent_grid, monomial, with_dimension
from recommender.proposers.dimensional.forms import Form, Names, Weight
from recommender.proposers.dimensional.groups import Group
from recommender.proposers.dimensional.shapes import TERMS, Shape, factor_of, number
from recommender.proposers.dimensional.subsets import Gram

_MONOMIALS, _FUNCTIONS, _COLUMNS, _IMPLICIT = 1200, 160, 6000, 200
_FOUND = {1: 6, 2: 12, 3: 12, 4: 8}  # sets kept
_LOOKED_AT = 200
_UNIT = 2.0
_FUNCTION = 1.0  # nats of a function at all
_PER_COLUMN = 60  # NumPy passes over a column
_BELOW = ("sin", "cos")
_ANY_UNIT_COST = 6.0


@dataclass(frozen=True)
class View:
    """g = T(y). power: of the target's dimension that g has, None for a pure number of a pure number; back: y from g."""

    name: str
    forward: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    back: Callable[[Node], Node]
    power: int | None
    implicit: bool = False


def _root(sign: int) -> Callable[[Node], Node]:
    return lambda g: tree.mul(tree.const(sign), tree.power(g, tree.const(Fraction(1, 2))))


def _over(exponent: Fraction, sign: int = 1) -> Callable[[Node], Node]:
    return lambda g: tree.mul(tree.const(sign), tree.power(g, tree.const(exponent)))


def _call(name: str) -> Callable[[Node], Node]:
    return lambda g: tree.call(name, g)


def views(data: Data) -> Iterator[View]:
    """What the target is looked at as; those that its values and its unit allow."""
    y = data.y
    yield View("y", lambda v: v, np.ones_like, lambda g: g, 1, True)
    sign = 1 if np.all(y > 0) else -1 if np.all(y < 0) else 0
    if sign:
        yield View("y^2", lambda v: v**2, lambda v: 2 * v, _root(sign), 2, True)
        yield View("1/y", lambda v: 1 / v, lambda v: 1 / v**2, _over(Fraction(-1)), -1)
        yield View("1/y^2", lambda v: v**-2.0, lambda v: 2 * v**-3.0, _over(Fraction(-1, 2), sign), -2)
    if not data.target.any():
        yield from _pure_views(y)


def _pure_views(y: Array) -> Iterator[View]:
    """Of a pure number: its logarithm, its exponential, its sine or cosine if it may be an angle."""
    if np.all(y > 0):
        yield View("log y", np.log, lambda v: 1 / v, _call("exp"), None)
    if np.all((y >= 0) & (y <= np.pi)):
        yield View("cos y", np.cos, np.sin, _call("acos"), None, True)
    if np.all(np.abs(y) <= np.pi / 2):
        yield View("sin y", np.sin, np.cos, _call("asin"), None, True)
        yield View("tan y", np.tan, lambda v: 1 / np.cos(v) ** 2, _call("atan"), None, True)
    if np.max(np.abs(y)) < 50:
        yield View("exp y", np.exp, np.exp, _call("log"), None)


@dataclass(frozen=True)
class Function:
    """shape(theta*u), or 1 without a shape. text: theta."""

    shape: Shape | None
    group: Group | None
    text: str
    cost: float

    @property
    def node(self) -> Node:
        if self.shape is None or self.group is None:
            return tree.const(1)
        return self.shape.build(tree.mul(number(self.text), self.group.node))

    @property
    def known(self) -> dict[str, float]:
        return {} if self.group is None else self.group.known


def functions(groups: Sequence[Group], rows: int, shapes: Sequence[Shape] = TERMS) -> tuple[list[Function], Array]:
    """1 and the plainest functions of the groups, with their values, shape (m, n)."""
    offered = sorted(_offered(groups, shapes), key=lambda f: f.cost)[: 2 * _FUNCTIONS]
    with np.errstate(all="ignore"):
        values = [np.ones(rows), *(f.shape.values(factor_of(f.text) * f.group.values) for f in offered if f.shape and f.group)]
    found = [(f, v) for f, v in zip([Function(None, None, "1", 0.0), *offered], values, strict=True) if np.isfinite(v).all() and v.any()]
    return [f for f, _ in found[:_FUNCTIONS]], np.array([v for _, v in found[:_FUNCTIONS]])


def _offered(groups: Sequence[Group], shapes: Sequence[Shape]) -> Iterator[Function]:
    for group in groups:
        largest = float(np.max(np.abs(group.values)))
        for shape in shapes if not (group.free or group.is_product) else ():
            for i, text in enumerate(shape.thetas):
                if abs(factor_of(text)) * largest < shape.largest:
                    yield Function(shape, group, text, group.cost + shape.cost + _FUNCTION + 0.5 * i)


@dataclass(frozen=True)
class Terms:
    """Columns of a sum, plainest first: exponents (m, k), function and cost of each, and their values (m, n).

    implicit: the column is the goal times the term, so that it belongs below the line.
    """

    exponents: Array
    function: list[Function]
    cost: Array
    values: Array
    implicit: NDArray[np.bool_]


@dataclass(frozen=True)
class Quotient:
    """Columns, their coefficients, and the nats of rows and columns together."""

    columns: tuple[int, ...]
    coefficients: tuple[float, ...]
    nats: float


class Sums:
    """Searches one set of rows for one view of the target and one weighting. any_unit: coefficients may have units."""

    def __init__(self, data: Data, view: View, weight: Weight, offered: tuple[list[Function], Array], any_unit: bool, work: Work) -> None:
        self.data, self.view, self.work = data, view, work
        with np.errstate(all="ignore"):
            self.goal = view.forward(data.y)
            self.weight = weight(data.y) / np.maximum(np.abs(view.slope(data.y)), 1e-300)

            self.terms = _unlike(self._terms(offered, any_unit), self.weight)
        self.columns = self.terms.values * self.weight
        self.size = np.linalg.norm(self.columns, axis=1)
        work.charge(200, _PER_COLUMN * self.columns.size)

    @cached_property
    def gram(self) -> Gram:
        """Inner products of the columns, unit length each, and with the goal."""
        goal = self.goal * self.weight
        return Gram(
            self.columns / self.size[:, None], goal / np.linalg.norm(goal), self.terms.cost, len(goal), self.terms.implicit, self.work
        )

    def forms(self, size: int) -> Iterator[Form]:
        """Sums of `size` terms, the most promising first."""
        if len(self.columns) >= size and np.isfinite(self.goal * self.weight).all():
            subsets = [self._fitted(subset.columns) for subset in self.gram.best(size, _LOOKED_AT)]
            for subset in sorted(subsets, key=lambda subset: subset.nats)[: _FOUND[size]]:
                yield self._form(subset)

    @np.errstate(all="ignore")  # a quotient with a pole is judged by its outcome
    def _fitted(self, chosen: tuple[int, ...]) -> Quotient:
        """The coefficients of a set of columns, and the description length of the quotient they mean."""
        index = list(chosen)
        goal = self.goal * self.weight
        coefficients, *_ = np.linalg.lstsq(self.columns[index].T, goal, rcond=None)
        inner = self.terms.implicit[index]
        rest = goal - coefficients @ self.columns[index]
        below = 1 - coefficients[inner] @ (self.columns[index][inner] / goal)
        left = float(np.mean((rest / below) ** 2) / np.mean(goal**2))
        usable = math.isfinite(left) and np.abs(coefficients[~inner]).any() and (below.min() > 0 or below.max() < 0)
        nats = 0.5 * len(goal) * math.log(max(left, 1e-24)) + float(self.terms.cost[index].sum()) if usable else math.inf
        return Quotient(chosen, tuple(map(float, coefficients)), nats)

    def _terms(self, offered: tuple[list[Function], Array], any_unit: bool) -> Terms:
        found, function_values = offered
        exponents, cost = self._exponents(any_unit)
        monomials = self.data.monomials(exponents)
        pairs = cost[:, None] + np.array([f.cost for f in found])
        flat = np.argsort(pairs, axis=None, kind="stable")[:_COLUMNS]
        which, how = np.unravel_index(flat, pairs.shape)
        values = monomials[which] * function_values[how]
        below, below_cost, inner_functions, inner = self._below(offered)
        return Terms(
            np.concatenate([exponents[which], below]),
            [found[i] for i in how] + inner_functions,
            np.concatenate([pairs.reshape(-1)[flat], below_cost]),
            np.concatenate([values, inner]),
            np.concatenate([np.zeros(len(which), bool), np.ones(len(below), bool)]),
        )

    def _exponents(self, any_unit: bool) -> tuple[Array, Array]:
        dimension = self.data.target * (self.view.power or 0)
        exponents, cost = with_dimension(self.data, dimension, _MONOMIALS)
        if any_unit and self.data.has_units:
            every, every_cost = exponent_grid(len(self.data.names))
            few = every_cost <= _ANY_UNIT_COST
            wrong = np.any(np.abs(self.data.dimension_of(every[few]) - dimension) > 1e-6, axis=1)
            exponents = np.concatenate([exponents, every[few][wrong][:_MONOMIALS]])
            cost = np.concatenate([cost, every_cost[few][wrong][:_MONOMIALS] + _UNIT])
        order = np.argsort(cost, kind="stable")
        return exponents[order].astype(float), cost[order]

    def _below(self, offered: tuple[list[Function], Array]) -> tuple[Array, Array, list[Function], Array]:
        """What the goal is multiplied with: pure products of columns and functions; exponents, cost, function, values."""
        if not self.view.implicit:
            return np.zeros((0, len(self.data.names))), np.zeros(0), [], np.zeros((0, len(self.goal)))
        plain = [i for i, f in enumerate(offered[0]) if f.shape is None or (f.shape.name in _BELOW and f.text == "1")]
        exponents, cost = with_dimension(self.data, np.zeros(7), _IMPLICIT + 1)
        pure = exponents.any(axis=1)  # without a product of columns, identities of the functions would pass for laws
        exponents, cost = exponents[pure], cost[pure]
        pairs = cost[:, None] + np.array([offered[0][i].cost for i in plain])
        inside = [set() if (group := offered[0][i].group) is None else group.node.variables for i in plain]
        shared = [[any(e and name in names for e, name in zip(row, self.data.names, strict=True)) for names in inside] for row in exponents]
        pairs[np.array(shared, bool).reshape(pairs.shape)] = np.inf  # x*sin(1/x) and the like are nearly constant
        flat = [i for i in np.argsort(pairs, axis=None, kind="stable")[:_IMPLICIT] if np.isfinite(pairs.reshape(-1)[i])]
        which, how = np.unravel_index(np.array(flat, int), pairs.shape)
        values = self.data.monomials(exponents)[which] * offered[1][plain][how] * self.goal
        return exponents[which], pairs.reshape(-1)[flat] + 1.0, [offered[0][plain[i]] for i in how], values

    def _form(self, found: Quotient) -> Form:
        values = dict(zip(found.columns, found.coefficients, strict=True))
        above = [i for i in values if not self.terms.implicit[i]]
        below = [i for i in values if self.terms.implicit[i]]
        names = Names()
        shift = -np.minimum(self.terms.exponents[below].min(axis=0), 0) if below else np.zeros(len(self.data.names))
        top = tree.add(*(self._term(i, shift, names.new(values[i])) for i in above))
        bottom = tree.add(monomial(self.data, shift), *(self._term(i, shift, names.new(-values[i])) for i in below))
        known = {k: v for i in values for k, v in self.terms.function[i].known.items()}
        cost = float(self.terms.cost[list(values)].sum())
        return Form(self.view.back(tree.mul(top, tree.power(bottom, tree.const(-1)))), names.starts, cost, known)

    def _term(self, i: int, shift: Array, coefficient: Node) -> Node:
        return tree.mul(coefficient, monomial(self.data, self.terms.exponents[i] + shift), self.terms.function[i].node)


def _unlike(terms: Terms, weight: Array) -> Terms:
    """Usable columns, of columns alike the plainest; plainest first."""
    size = np.linalg.norm(terms.values * weight, axis=1)
    fine = np.isfinite(size) & (size > 1e-140) & (size < 1e140)
    order = np.flatnonzero(fine)[np.argsort(terms.cost[fine], kind="stable")]
    unit = terms.values[order] * weight / size[order, None]
    _, first = np.unique(np.round(np.abs(unit[:, :: max(unit.shape[1] // 7, 1)]), 9), axis=0, return_index=True)
    order = order[np.sort(first)]
    functions = [terms.function[i] for i in order]
    return Terms(terms.exponents[order], functions, terms.cost[order], terms.values[order], terms.implicit[order])
