"""The rows a search for laws looks at, with the dimensions of every column as vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from corpus import tree
from corpus.dimension import BASE
from corpus.functions import Array
from corpus.tree import Node
from recommender.problem import Problem

MAX_ROWS = 240
FLOOR = 1e-8


@dataclass(frozen=True)
class Data:
    """k columns and the target on n rows, in SI.

    names: x0, x1, ...; X: shape (k, n); y: shape (n,). dimensions: exponents of the SI base units, shape (7, k), and target,
    shape (7,); both zero where the table does not state every unit. floor: relative error below which a form agrees with the rows
    to their digits. sigma: standard uncertainty of the target in each row, shape (n,), if known.
    """

    names: tuple[str, ...]
    X: Array
    y: Array
    dimensions: Array
    target: Array
    has_units: bool
    floor: float = FLOOR
    sigma: Array | None = None

    @classmethod
    def of(cls, problem: Problem, limit: int = MAX_ROWS) -> Data:
        """At most `limit` rows, drawn at random; the same for the same problem."""
        samples, names = problem.samples, tuple(problem.names)
        rows = np.arange(len(samples))
        if len(rows) > limit:
            rows = np.sort(np.random.default_rng(problem.table_seed).choice(rows, limit, replace=False))
        X = np.array([samples.columns[name][rows] for name in names])
        dimensions, target = np.zeros((len(BASE), len(names))), np.zeros(len(BASE))
        if problem.has_units and problem.target_dimension is not None:
            dimensions = np.array([problem.dimensions[name].exponents for name in names], float).T
            target = np.array(problem.target_dimension.exponents, float)
        sigma = None if samples.sigma is None else samples.sigma[rows]
        return cls(names, X, samples.target[rows], dimensions, target, bool(dimensions.any() or target.any()), sigma=sigma)

    def upright(self) -> tuple[Data, Mapping[Node, Node]]:
        """With columns of negative values alone turned around, so that their roots are real; and what then stands for each of them."""
        below = np.max(self.X, axis=1) < 0
        names = [tree.var(name) for name, is_below in zip(self.names, below, strict=True) if is_below]
        turned = {name: tree.mul(tree.const(-1), name) for name in names}
        return replace(self, X=np.where(below[:, None], -self.X, self.X)), turned

    @property
    def scale(self) -> Array:
        """What the error of each row is measured in: the spread of the target, in proportion to sigma where that is known."""
        spread = float(np.std(self.y))
        return np.full(len(self.y), spread) if self.sigma is None else spread * self.sigma / float(np.sqrt(np.mean(self.sigma**2)))

    @property
    def columns(self) -> dict[str, Array]:
        """Name -> values, shape (n,)."""
        return dict(zip(self.names, self.X, strict=True))

    def dimension_of(self, exponents: Array) -> Array:
        """Dimensions of monomials, shape (m, 7), from their exponents, shape (m, k)."""
        return exponents @ self.dimensions.T

    def monomials(self, exponents: Array) -> Array:
        """Values of monomials, shape (m, n), from their exponents, shape (m, k); nan where a root of a negative number is asked for."""
        with np.errstate(all="ignore"):
            values = np.exp(exponents @ np.log(np.where(self.X == 0, 1e-300, np.abs(self.X))))
            negative = self.X < 0
            if negative.any():
                odd = (exponents % 2 == 1).astype(float) @ negative
                broken = (exponents % 1 != 0).astype(float) @ negative
                values = np.where(broken > 0, np.nan, values * (1 - 2 * (odd % 2)))
        return np.asarray(values)
