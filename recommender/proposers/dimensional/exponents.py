"""Exponents of monomials, plainest first."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np

from corpus import tree
from corpus.functions import Array
from corpus.tree import Node
from recommender.proposers.dimensional.data import Data

_WHOLE = {1: 4, 2: 4, 3: 4, 4: 4, 5: 4, 6: 4}  # largest exponent by number of columns
_HALVES = np.array([-1.5, -1, -0.5, 0, 0.5, 1, 1.5])
_MOST_WITH_HALVES = 6


@cache
def exponent_grid(count: int) -> tuple[Array, Array]:
    """Exponents, shape (m, count), sorted by cost, and the costs, shape (m,)."""
    largest = _WHOLE.get(count, 2)
    grids = [_product(np.arange(-largest, largest + 1.0), count)]
    if count <= _MOST_WITH_HALVES:
        halves = _product(_HALVES, count)
        grids.append(halves[np.any(halves % 1 != 0, axis=1)])
    exponents = np.concatenate(grids)
    cost = exponent_cost(exponents)
    order = np.argsort(cost, kind="stable")
    return exponents[order], cost[order]


def _product(values: Array, count: int) -> Array:
    return np.asarray(np.stack(np.meshgrid(*[values] * count, indexing="ij"), axis=-1).reshape(-1, count), np.float32)


def exponent_cost(exponents: Array) -> Array:
    """Nats of a monomial: small whole exponents are plain, divisions, roots and high powers cost more."""
    size = np.abs(exponents)
    dear = 0.5 * (exponents < 0) + 1.5 * (exponents % 1 != 0) + 0.6 * (size > 2)
    return np.asarray((size + dear).sum(-1), float)


def with_dimension(data: Data, dimension: Array, limit: int) -> tuple[Array, Array]:
    """The plainest monomials of a dimension, shape (7,): exponents (m, k) and costs (m,)."""
    exponents, cost = exponent_grid(len(data.names))
    if data.has_units:
        fits = np.all(np.abs(data.dimension_of(exponents) - dimension) < 1e-6, axis=1)
        exponents, cost = exponents[fits], cost[fits]
    return exponents[:limit].astype(float), cost[:limit]


def monomial(data: Data, exponents: Array) -> Node:
    """The product of powers of columns, from exponents of shape (k,)."""
    pairs = zip(data.names, exponents, strict=True)
    return tree.mul(*(tree.power(tree.var(name), tree.const(Fraction(float(e)).limit_denominator(12))) for name, e in pairs if e))
