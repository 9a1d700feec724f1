"""A curve in one input whose coefficients are smooth functions of the other inputs, fitted to all rows at once.

The varying-coefficient model of Hastie & Tibshirani, J. R. Statist. Soc. B 55 (1993): y = f(z; c_1(u), ..., c_k(u)), each c_j (or its
logarithm, where it keeps its sign) a polynomial in the other inputs u. Which input a coefficient depends on is settled by
backward elimination with Wald statistics; fewer dependencies leave rows for polynomials of higher degree.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corpus.evaluate import Program
from corpus.functions import Array
from recommender.fitting.minpack import levenberg_marquardt
from recommender.fitting.work import Work
from recommender.proposers.dimensional.data import Data
from recommender.proposers.staged.curves import Lines, formula

_RIDGE = 1e-5
_FIRST_DEGREE, _HIGHEST_DEGREE = 2, 5
_ROWS_PER_NUMBER = 3
_TOGETHER = 2  # inputs in one monomial: laws are mostly products of functions of one or two quantities
_STEPS, _MORE_STEPS = 25, 12
_WIDE = 3.0  # largest over smallest value from which a positive input is seen on a logarithmic scale
_ONE_SIGN = 0.9
_OUTER = (0.05, 0.95)
_OFFSET = 0.1  # of the spread of the target: errors of larger values are in proportion to them
_LARGEST_LOG, _STEEPEST = 100.0, 1e100
_UNKNOWN = 0.5
_CALLS = 150
_COARSE = 3e-3  # relative error below which only the polynomials are judged, not the curve
_DEPENDENCE = 20.0  # nats of one coefficient's dependence on one input
_HARDER = 1.5  # the nats of several grow with this power: two small problems are easier than a large one
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Fitted:
    """depends: whether coefficient j depends on other input i, shape (k, m). score: nats of a formula of this shape, the lower the better.
    values and errors: of the coefficients on the rows, shape (k, n). numbers: fitted for each coefficient."""

    depends: Mask
    score: float
    numbers: tuple[int, ...]
    values: Array
    errors: Array

    @property
    def is_known(self) -> bool:
        """Whether each coefficient is known better than to its own size; one that is not should not be there."""
        return bool(np.all(np.median(self.errors, axis=1) < _UNKNOWN * np.median(np.abs(self.values), axis=1)))


class Varying:
    """The model of one curve on the rows of a problem, column `place` being z."""

    def __init__(self, data: Data, place: int, lines: Lines, at: Array, work: Work) -> None:
        """at: where the lines lie, values of all columns, shape (columns, l)."""
        self.data, self.work = data, work
        curve = formula(lines.curve, data.names[place])
        self.names = lines.curve.coefficients
        self.bound = Program([curve.root]).bind(data.columns, len(data.y))
        self.cost = lines.curve.cost
        self.scale = np.abs(data.y) + _OFFSET * float(np.std(data.y))
        self.signs = np.array([_sign(own) for own in lines.values.T])
        others = np.delete(data.X, place, axis=0)
        self.u, along = _scaled(others, np.delete(at, place, axis=0))
        self.first = self._regressed(lines, along)

    # --- the search ------------------------------------------------------------------------------------------------------

    @np.errstate(all="ignore")  # overflow on the way is judged by its outcome
    def searched(self) -> list[Fitted]:
        """Fits with fewer and fewer dependencies, the most promising first; none where the curve cannot be fitted."""
        depends = np.ones((len(self.names), len(self.u)), dtype=bool)
        degree = self._degree(depends, _FIRST_DEGREE)
        state = self._solved(_Layout.of(depends, degree), self.first[degree], _STEPS) if degree else None
        found = list[Fitted]()
        while state is not None:
            found.append(self._raised(state))
            if not state.layout.depends.any() or self.work.exhausted():
                break
            state = self._without_weakest(state)
        return sorted(found, key=lambda fitted: fitted.score)

    def _degree(self, depends: Mask, most: int) -> int:
        """The highest degree that the rows can carry, 0 for none."""
        room = len(self.data.y) // _ROWS_PER_NUMBER
        return next((degree for degree in range(most, 0, -1) if _Layout.of(depends, degree).count <= room), 0)

    def _raised(self, state: _State) -> Fitted:
        """The fit with polynomials of the highest degree that shortens its description."""
        best = state
        for degree in range(state.layout.degree + 1, self._degree(state.layout.depends, _HIGHEST_DEGREE) + 1):
            layout = _Layout.of(state.layout.depends, degree)
            if self.work.exhausted() or not state.layout.depends.any():
                break
            tried = self._solved(layout, layout.moved(best.theta, best.layout), _MORE_STEPS)
            if tried is None or self._length(tried) > self._length(best):
                break
            best = tried
        return self._fitted(best)

    def _without_weakest(self, state: _State) -> _State | None:
        """The fit without the dependency that matters least, refined."""
        covariance = self._covariance(state)
        strength = dict[tuple[int, int], float]()
        for j, i in zip(*np.nonzero(state.layout.depends), strict=True):
            own = state.layout.holding(int(j), int(i))
            theta = state.theta[own]
            strength[int(j), int(i)] = float(theta @ np.linalg.pinv(covariance[np.ix_(own, own)], hermitian=True) @ theta) / len(theta)
        depends = state.layout.depends.copy()
        depends[min(strength, key=lambda pair: strength[pair])] = False
        layout = _Layout.of(depends, state.layout.degree)
        return self._solved(layout, layout.moved(state.theta, state.layout), _MORE_STEPS)

    # --- one fit ---------------------------------------------------------------------------------------------------------

    def _solved(self, layout: _Layout, theta: Array, steps: int) -> _State | None:
        designs = layout.designs(self.u)
        count = layout.count
        self.work.charge(_CALLS * steps, steps * len(self.data.y) * (0.4 * count**2 + 8 * count))
        ridge = _RIDGE * np.sqrt(len(self.data.y)) * np.eye(count)

        def residual(theta: Array) -> Array:
            drawn = np.broadcast_to(self.bound.values(self._rows(self._values(designs, theta)))[0], (1, len(self.data.y)))[0]
            return np.concatenate([(drawn - self.data.y) / self.scale, ridge @ theta])

        try:
            found = levenberg_marquardt(residual, lambda theta: np.vstack([self._jacobian(designs, theta), ridge]), theta, steps, 1e-10)
        except (ValueError, np.linalg.LinAlgError):  # the search left the domain of the curve
            return None
        rest = residual(found)
        return _State(layout, designs, found, float(rest @ rest)) if np.isfinite(rest).all() else None

    def _values(self, designs: Sequence[Array], theta: Array) -> Array:
        """The coefficients on the rows, shape (k, n)."""
        split = np.split(theta, np.cumsum([len(design) for design in designs])[:-1])
        eta = np.array([own @ design for own, design in zip(split, designs, strict=True)])
        with_sign = self.signs[:, None] * np.exp(np.clip(eta, -_LARGEST_LOG, _LARGEST_LOG))
        return np.where(self.signs[:, None] == 0, eta, with_sign)

    def _rows(self, values: Array) -> dict[str, Array]:
        return {name: values[i : i + 1] for i, name in enumerate(self.names)}

    def _jacobian(self, designs: Sequence[Array], theta: Array) -> Array:
        values = self._values(designs, theta)
        _, slopes = self.bound.derivatives(self._rows(values), self.names)[0]
        parts = []
        for j, (name, design) in enumerate(zip(self.names, designs, strict=True)):
            inner = values[j] if self.signs[j] else 1.0
            parts.append(design * np.broadcast_to(slopes[name] * inner, (1, len(self.data.y))) / self.scale)
        jacobian = np.vstack(parts).T
        return np.asarray(np.clip(np.nan_to_num(jacobian), -_STEEPEST, _STEEPEST))

    def _covariance(self, state: _State) -> Array:
        jacobian = self._jacobian(state.designs, state.theta)
        size = np.sqrt(np.sum(jacobian**2, axis=0) + _RIDGE**2 * len(jacobian))
        unit = jacobian / size
        normal = unit.T @ unit + np.diag(_RIDGE**2 * len(jacobian) / size**2)
        variance = state.rss / max(len(jacobian) - len(state.theta), 1)
        return np.asarray(np.linalg.pinv(normal, hermitian=True) / np.outer(size, size) * variance)

    def _length(self, state: _State) -> float:
        n = len(self.data.y)
        share = max(state.rss / n, self.data.floor**2)
        return 0.5 * n * math.log(share) + 0.5 * math.log(n) * len(state.theta) + self.cost

    def _score(self, state: _State) -> float:
        """As if the right formulas stood in place of the polynomials: of the error, what they cannot follow does not count."""
        n = len(self.data.y)
        rough = max(math.sqrt(state.rss / (n - len(state.theta))), _COARSE)
        asked = float(np.sum(np.sum(state.layout.depends, axis=1) ** _HARDER))
        return n * math.log(rough) + _DEPENDENCE * asked + self.cost

    def _fitted(self, state: _State) -> Fitted:
        values, covariance, first, errors = self._values(state.designs, state.theta), self._covariance(state), 0, []
        for j, design in enumerate(state.designs):
            own = covariance[first : first + len(design), first : first + len(design)]
            spread = np.sqrt(np.maximum(np.einsum("an,ab,bn->n", design, own, design), 0.0))
            errors.append(spread * (np.abs(values[j]) if self.signs[j] else 1.0))
            first += len(design)
        return Fitted(state.layout.depends, self._score(state), tuple(map(len, state.designs)), values, np.array(errors))

    # --- starts ----------------------------------------------------------------------------------------------------------

    def _regressed(self, lines: Lines, along: Array) -> dict[int, Array]:
        """For each degree, polynomials through the coefficients on the lines; clear outliers are drawn in."""
        found = dict[int, Array]()
        depends = np.ones((len(self.names), len(self.u)), dtype=bool)
        weight = 1 / (lines.errors + float(np.median(lines.errors)) + 1e-6)
        for degree in range(1, _FIRST_DEGREE + 1):
            parts = []
            for j, design in enumerate(_Layout.of(depends, degree).designs(along)):
                goal = lines.values[:, j] if not self.signs[j] else np.log(np.maximum(self.signs[j] * lines.values[:, j], 1e-300))
                goal = np.clip(goal, *np.quantile(goal, _OUTER))
                damped = np.vstack([(design * weight).T, 0.1 * float(np.mean(weight)) * np.eye(len(design))[1:]])
                parts.append(np.linalg.lstsq(damped, np.append(goal * weight, np.zeros(len(design) - 1)), rcond=None)[0])
            found[degree] = np.concatenate(parts)
        return found


@dataclass(frozen=True)
class _Layout:
    """Which monomials each coefficient holds, the constant first. monomials: exponents, one array (b, m) for each coefficient."""

    depends: Mask
    degree: int
    monomials: tuple[Array, ...]

    @classmethod
    def of(cls, depends: Mask, degree: int) -> _Layout:
        return cls(depends, degree, tuple(_placed(own, degree) for own in depends))

    @property
    def count(self) -> int:
        return sum(len(own) for own in self.monomials)

    def designs(self, u: Array) -> list[Array]:
        """Monomials of the other inputs u, shape (m, n), for each coefficient, shape (b, n)."""
        return [np.prod(u[None] ** own[:, :, None], axis=1) for own in self.monomials]

    def holding(self, coefficient: int, other: int) -> NDArray[np.int64]:
        """Places of the monomials of a coefficient that hold an input."""
        before = sum(len(own) for own in self.monomials[:coefficient])
        return before + np.flatnonzero(self.monomials[coefficient][:, other] > 0)

    def moved(self, theta: Array, old: _Layout) -> Array:
        """Values of another layout, 0 for monomials it did not have."""
        known = {(j, tuple(row)): value for (j, row), value in zip(old._keys(), theta, strict=True)}
        return np.array([known.get((j, tuple(row)), 0.0) for j, row in self._keys()])

    def _keys(self) -> list[tuple[int, Array]]:
        return [(j, row) for j, own in enumerate(self.monomials) for row in own]


@dataclass(frozen=True)
class _State:
    """A fit: values theta of the monomials, and the sum of squares that they leave."""

    layout: _Layout
    designs: Sequence[Array]
    theta: Array
    rss: float


def _placed(depends: Mask, degree: int) -> Array:
    """Exponents in all inputs of the monomials in those that matter."""
    used = np.flatnonzero(depends)
    small = _exponents(len(used), degree)
    out = np.zeros((len(small), len(depends)))
    out[:, used] = small
    return out


@lru_cache(maxsize=100)
def _exponents(count: int, degree: int) -> Array:
    rows = [row for row in itertools.product(range(degree + 1), repeat=count) if sum(row) <= degree and np.count_nonzero(row) <= _TOGETHER]
    return np.array(sorted(rows, key=sum), float).reshape(len(rows), count)


def _sign(values: Array) -> float:
    """The sign that nearly all values share, else 0."""
    share = float(np.mean(values > 0))
    return 1.0 if share >= _ONE_SIGN else -1.0 if share <= 1 - _ONE_SIGN and np.mean(values < 0) >= _ONE_SIGN else 0.0


def _scaled(others: Array, along: Array) -> tuple[Array, Array]:
    """Both with every row of `others` between -1 and 1, wide positive ones on a logarithmic scale."""
    wide = np.array([bool(x.min() > 0 and x.max() > _WIDE * x.min()) for x in others])[:, None]
    seen, beside = (np.where(wide, np.log(np.where(wide, x, 1.0)), x) for x in (others, along))
    low, high = seen.min(axis=1, keepdims=True), seen.max(axis=1, keepdims=True)
    half = np.maximum(0.5 * (high - low), 1e-300)
    return (seen - low) / half - 1, (beside - low) / half - 1
