"""Factors: functions of the columns with inner parameters, evaluated with their slopes by `corpus.evaluate`.

A factor may have two columns that share its inner parameters: (1, z), which is z - z0 with z0 free, and (sin kz, cos kz), a wave of
free phase. In a sum each column has a linear coefficient of its own, so neither z0 nor the phase is ever searched for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

import numpy as np

from corpus import tree
from corpus.evaluate import Bound, Program
from corpus.functions import Array
from corpus.language import Sentence
from corpus.tree import Node
from recommender.meaning import Meaning
from recommender.proposers.composed.length import TERM, form_cost

_PAIR = 0.2
_NO_GRID = np.zeros((1, 0))


@dataclass(frozen=True)
class Quoted:
    """Where a factor comes from: id of a corpus entry, why it was looked up, what its inner parameters are."""

    source: str
    why: Sentence
    meanings: Mapping[str, Meaning]


@dataclass(frozen=True)
class Factor:
    """columns: expressions sharing the parameters `inner`; grid: starting values of those, shape (g, q).

    stated: nats to write it down, where they are fewer than its form would cost (it is named, not spelled out); else None.
    quoted: the known law that it is, if it is one. discount: nats off its cost, of which half stays.
    """

    columns: tuple[Node, ...]
    inner: tuple[str, ...] = ()
    grid: Array = field(default_factory=lambda: _NO_GRID, compare=False, repr=False)
    stated: float | None = field(default=None, compare=False)
    quoted: Quoted | None = field(default=None, compare=False, repr=False)
    discount: float = field(default=0.0, compare=False)

    def __hash__(self) -> int:
        return self.order

    @cached_property
    def cost(self) -> float:
        """Nats to write it down."""
        if self.stated is not None:
            return self.stated
        spelled = max(map(form_cost, self.columns)) + _PAIR * (len(self.columns) - 1)
        return max(0.5 * spelled, spelled - self.discount)

    @cached_property
    def wave(self) -> str:
        """The input along which it is a wave of free frequency, sin(k0*z) or cos(k0*z) or both; "" if it is none."""
        first = self.columns[0]
        if not self.inner or first.op not in ("sin", "cos") or any(arg.op not in ("var", "param") for arg in first.args[0].args):
            return ""
        return next(iter(first.variables))

    @cached_property
    def order(self) -> int:
        """A number of its own, for a fixed order of factors."""
        return 2 * self.columns[-1].order + len(self.columns) - 1


@dataclass(frozen=True)
class Term:
    """A product of factors; the empty product is the constant 1."""

    factors: tuple[Factor, ...] = ()

    @classmethod
    def of(cls, *factors: Factor) -> Term:
        """The product, its factors in one order."""
        return cls(tuple(sorted(factors, key=lambda factor: factor.order)))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.order)

    @cached_property
    def free(self) -> int:
        """How many inner parameters it has."""
        return sum(len(factor.inner) for factor in self.factors)

    @cached_property
    def width(self) -> int:
        """How many columns of the design matrix it fills."""
        return int(np.prod([len(factor.columns) for factor in self.factors]))

    @cached_property
    def cost(self) -> float:
        return TERM + sum(factor.cost for factor in self.factors)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """A number of its own, for a fixed order of terms."""
        return tuple(factor.order for factor in self.factors)

    @cached_property
    def grid(self) -> Array:
        """Starting values of all inner parameters, shape (g, q): every combination of its factors' grids."""
        return reduce(_combined, (factor.grid for factor in self.factors), _NO_GRID)

    def nodes(self, first: int = 0) -> tuple[Node, ...]:
        """Its columns as expressions; inner parameters are called k<first>, k<first + 1>, ..."""
        found: tuple[Node, ...] = (tree.const(1),)
        for factor in self.factors:
            names = {tree.param(name): tree.param(f"k{first + i}") for i, name in enumerate(factor.inner)}
            first += len(factor.inner)
            renamed = [tree.substitute(node, names) for node in factor.columns]
            found = tuple(tree.mul(left, right) for left in found for right in renamed)
        return found


def _combined(first: Array, second: Array) -> Array:
    return np.hstack([np.repeat(first, len(second), axis=0), np.tile(second, (len(first), 1))])


class Rows:
    """Some rows of the table on which factors and terms are evaluated; columns: name -> shape (n,); weights: shape (n,) or None."""

    def __init__(self, columns: Mapping[str, Array], weights: Array | None = None) -> None:
        self.columns = columns
        self.weights = weights
        self.count = len(next(iter(columns.values())))
        self._bound: dict[Factor, Bound] = {}
        self._fixed: dict[Factor, Array] = {}

    def _bind(self, factor: Factor) -> Bound:
        found = self._bound.get(factor)
        if found is None:
            found = self._bound[factor] = Program(factor.columns).bind(self.columns, self.count)
        return found

    def factor_grid(self, factor: Factor) -> Array:
        """Values for every start of the factor's grid, shape (g, columns, n)."""
        return self._factor(factor, factor.grid)

    def _plain(self, factor: Factor) -> Array:
        """Values of a factor without inner parameters, shape (columns, n); computed once."""
        found = self._fixed.get(factor)
        if found is None:
            found = self._fixed[factor] = self._factor(factor, np.zeros((1, 0)))[0]
        return found

    def _factor(self, factor: Factor, inner: Array) -> Array:
        values = self._bind(factor).values({name: inner[:, i : i + 1] for i, name in enumerate(factor.inner)})
        return np.stack([np.broadcast_to(value, (len(inner), self.count)) for value in values], axis=1)

    def term(self, term: Term, inner: Array) -> Array:
        """Columns of a term at one value of its inner parameters, shape (width, n)."""
        return self._product(term, inner, slopes=False)[0]

    def term_and_slopes(self, term: Term, inner: Array) -> tuple[Array, list[Array]]:
        """Columns, and for each inner parameter their derivatives, shape (width, n) each."""
        return self._product(term, inner, slopes=True)

    def curve(self, term: Term, inner: Array) -> tuple[Array, Array]:
        """A term of one column and one inner parameter at many values of it, shape (g,): columns and slopes, shape (g, n) each."""
        rest = Term(tuple(factor for factor in term.factors if not factor.inner))
        (bent,) = (factor for factor in term.factors if factor.inner)
        ((values, slopes),) = self._bind(bent).derivatives({bent.inner[0]: inner[:, None]}, bent.inner)
        around = self.term(rest, np.zeros(0))
        shape = (len(inner), self.count)
        return around * np.broadcast_to(values, shape), around * np.broadcast_to(slopes.get(bent.inner[0], 0.0), shape)

    def _product(self, term: Term, inner: Array, slopes: bool) -> tuple[Array, list[Array]]:
        columns = np.ones((1, self.count)) if self.weights is None else self.weights[None, :]
        derivatives: list[Array] = []
        first = 0
        for factor in term.factors:
            own = inner[first : first + len(factor.inner)]
            first += len(factor.inner)
            values, changes = self._values(factor, own, slopes)
            derivatives = [_outer(old, values) for old in derivatives] + [_outer(columns, change) for change in changes]
            columns = _outer(columns, values)
        return columns, derivatives

    def _values(self, factor: Factor, inner: Array, slopes: bool) -> tuple[Array, list[Array]]:
        if not factor.inner:
            return self._plain(factor), []
        if not slopes:
            return self._factor(factor, inner[None, :])[0], []
        given = {name: np.array([[value]]) for name, value in zip(factor.inner, inner, strict=True)}
        found = self._bind(factor).derivatives(given, factor.inner)
        changes = [self._stacked([slopes.get(name, 0.0) for _, slopes in found]) for name in factor.inner]
        return self._stacked([value for value, _ in found]), changes

    def _stacked(self, rows: list[Any]) -> Array:
        """Rows of shape (1, n), or scalars for constant ones, as one array."""
        if len(rows) == 1 and np.shape(rows[0]) == (1, self.count):
            return np.asarray(rows[0])
        return np.concatenate([np.broadcast_to(row, (1, self.count)) for row in rows])


def _outer(left: Array, right: Array) -> Array:
    """Every row of one times every row of the other."""
    if len(left) == 1:
        return left * right
    return (left[:, None, :] * right[None, :, :]).reshape(-1, left.shape[1])
