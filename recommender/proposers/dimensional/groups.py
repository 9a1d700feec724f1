"""Dimensionless groups: what functions may be taken of (Buckingham 1914; every group is a product of the pi theorem's)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from corpus import tree
from corpus.functions import Array
from corpus.tree import Node
from recommender.proposers.dimensional.constants import Constants, by_dimension, key_of
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.exponents import exponent_grid, monomial, with_dimension

_PLAIN = 80
_WITH_CONSTANTS = 60
_SCALED = 30
_ANGLES, _DIRECTED = 10, 14
_LARGEST_COST = 6.5
_LEAST, _MOST = 1e-6, 1e6


@dataclass(frozen=True)
class Group:
    """An argument. values: shape (n,); cost: nats; free: it has a unit, so a factor with the inverse unit must stand before it.

    known: constants of nature in it. is_product: it holds a function itself, so only 1 + u is taken of it.
    """

    node: Node
    values: Array
    cost: float
    free: bool = False
    known: dict[str, float] = field(default_factory=dict)
    is_product: bool = False


def plain_groups(data: Data) -> list[Group]:
    """Dimensionless products of the columns, and sums of angles, plainest first."""
    exponents, cost = with_dimension(data, np.zeros(7), _PLAIN + 1)
    values = data.monomials(exponents)
    cost = cost + 1.5 * np.any(exponents % 1 != 0, axis=1)
    groups = [Group(monomial(data, e), v, float(c)) for e, v, c in zip(exponents, values, cost, strict=True) if e.any() and _usable(v)]
    return sorted([*groups, *_angles(data)], key=lambda g: g.cost)


def _angles(data: Data) -> Iterator[Group]:
    """Sums and differences of pure numbers."""
    pure = [i for i in range(len(data.names)) if not data.dimensions[:, i].any()]
    for i, j in itertools.combinations(pure, 2):
        for sign in (-1, 1):
            node = tree.add(tree.var(data.names[i]), tree.mul(tree.const(sign), tree.var(data.names[j])))
            yield Group(node, data.X[i] + sign * data.X[j], 2.0)


def angle_groups(data: Data) -> list[Group]:
    """Pure numbers, their sums and differences: what may be an angle."""
    return [*_pure(data), *_angles(data)][:_ANGLES]


def directed_groups(data: Data, groups: list[Group]) -> list[Group]:
    """Groups times the sine or cosine of a pure number: u*cos(angle), for 1 + u."""
    angles = angle_groups(data)
    others = [g for g in groups if g.cost <= 5][:_DIRECTED]
    found = []
    for angle, name in itertools.product(angles, ("cos", "sin")):
        turned = tree.call(name, angle.node)
        values = np.cos(angle.values) if name == "cos" else np.sin(angle.values)
        found += [
            Group(tree.mul(g.node, turned), g.values * values, g.cost + angle.cost + 0.5, g.free, g.known, True)
            for g in others
            if g.node is not angle.node
        ]
    return found


def _pure(data: Data) -> Iterator[Group]:
    """Columns that are pure numbers."""
    for i, name in enumerate(data.names):
        if not data.dimensions[:, i].any():
            yield Group(tree.var(name), data.X[i], 1.0)


def groups_with_constants(data: Data) -> list[Group]:
    """Products of columns that a few constants of nature make dimensionless."""
    if not data.has_units:
        return []
    exponents, cost = exponent_grid(len(data.names))
    few = (cost <= _LARGEST_COST) & (cost > 0)
    exponents, cost = exponents[few].astype(float), cost[few]
    dimensions = data.dimension_of(exponents)
    pairs: list[tuple[float, int, Constants]] = []
    for i, dimension in enumerate(dimensions):
        if dimension.any():
            pairs += [(float(cost[i]) + made.cost, i, made) for made in by_dimension().get(key_of(-dimension), ())]
    found = []
    for total, i, made in sorted(pairs, key=lambda p: p[:2]):
        values = data.monomials(exponents[i : i + 1])[0] * made.value
        if _usable(values) and _LEAST < float(np.max(np.abs(values))) < _MOST:
            found.append(Group(tree.mul(monomial(data, exponents[i]), made.node), values, total, False, made.known))
        if len(found) == _WITH_CONSTANTS:
            break
    return found


def scaled_groups(data: Data) -> list[Group]:
    """Plain products of columns of any dimension: a coefficient with the inverse unit makes them arguments."""
    exponents, cost = exponent_grid(len(data.names))
    few = (cost <= 3.0) & (cost > 0) & np.all(exponents % 1 == 0, axis=1)
    exponents, cost = exponents[few].astype(float), cost[few]
    values = data.monomials(exponents)
    found = [Group(monomial(data, e), v, float(c), True) for e, v, c in zip(exponents, values, cost, strict=True) if _usable(v)]
    return found[:_SCALED]


def _usable(values: Array) -> bool:
    return bool(np.isfinite(values).all() and np.ptp(values) > 1e-9 * np.max(np.abs(values)))
