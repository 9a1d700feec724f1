"""The variable projection functional on many parameter vectors at once.

    r(a) = (1 - Phi(a) Phi(a)^+) (y - offset(a)),        minimised over the nonlinear parameters a only
(Golub & Pereyra 1973, SIAM J. Numer. Anal. 10:413). Phi is orthogonalised by modified Gram-Schmidt, columns in order, a
dependent column getting coefficient zero; unlike the normal equations this keeps half the digits of an ill-conditioned basis from
being lost. Shapes: b parameter vectors, n rows, m linear and q nonlinear parameters; rows are weighted by 1/sigma if sigma is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.evaluate import Program
from corpus.functions import Array
from recommender.fitting.structure import Separated
from recommender.fitting.work import Work, program_cost
from recommender.samples import Samples

CHUNK = 20_000
_DEPENDENT = 1e-11


@dataclass
class Projection:
    """One evaluation of the functional: rss (b,), residual (b, n), coefficients (b, m), orthonormal basis m x (b, n)."""

    rss: Array
    residual: Array
    coefficients: Array
    basis: list[Array]


class Model:
    """A separated formula bound to samples.

    limits: lower and upper bounds of the nonlinear parameters, (q,) each. kept_rows: that many last rows stay in every subsample.
    """

    def __init__(
        self, form: Separated, samples: Samples, work: Work, limits: tuple[Array, Array] | None = None, kept_rows: int = 0
    ) -> None:
        self.form = form
        self.limits = limits if limits is not None and bool(np.isfinite(limits).any()) else None
        self.kept_rows = kept_rows
        self.samples = samples
        self.work = work
        self.n = len(samples)
        self.weights = None if samples.sigma is None else 1.0 / samples.sigma
        self.target = self._weighted(samples.target)
        self.tss = total_squares(samples)
        self._basis_program = Program([*form.basis, *([form.offset] if form.offset is not None else [])])
        self._full_program = Program([form.root])
        self._basis = self._basis_program.bind(samples.columns, self.n)
        self._full = self._full_program.bind(samples.columns, self.n)
        self._basis_cost = program_cost(self._basis_program)
        self._full_cost = program_cost(self._full_program)

    def take(self, rows: NDArray[np.int64]) -> Model:
        """The model on some of the rows."""
        kept = np.arange(self.n - self.kept_rows, self.n)
        rows = np.union1d(rows, kept) if self.kept_rows else rows
        return Model(self.form, self.samples.take(rows), self.work, self.limits, self.kept_rows)

    def inside(self, alpha: Array) -> Array:
        """alpha moved to the nearest point inside the bounds."""
        return alpha if self.limits is None else np.clip(alpha, *self.limits)

    def _weighted(self, values: Array) -> Array:
        return values if self.weights is None else values * self.weights

    def _rows(self, values: Any, count: int) -> Array:
        """A node's value as a weighted (b, n) array."""
        rows: Array = np.broadcast_to(np.asarray(values, float), (count, self.n))
        return rows if self.weights is None else rows * self.weights

    def nonlinear_values(self, alpha: Array) -> dict[str, Array]:
        return {name: alpha[:, i : i + 1] for i, name in enumerate(self.form.nonlinear)}

    def design(self, alpha: Array) -> tuple[list[Array], Array]:
        """Weighted design matrix (m columns of shape (b, n)) and target minus offset (b, n)."""
        count, m = len(alpha), len(self.form.linear)
        calls, weight = self._basis_cost
        self.work.charge(calls + 3 + 2 * m * m, count * self.n * (weight + 2 + 1.5 * m * (m + 1)))
        self.work.evaluations += count
        values = self._basis.values(self.nonlinear_values(alpha))
        columns = [self._rows(value, count) for value in values[:m]]
        target = np.broadcast_to(self.target, (count, self.n))
        return columns, target - self._rows(values[m], count) if len(values) > m else target

    def rss(self, alpha: Array) -> Array:
        """Residual sum of squares after projection, shape (b,), inf where it is not finite; alpha (b, q)."""
        step = max(16, CHUNK // self.n)
        with np.errstate(all="ignore"):
            parts = [self._rss(alpha[i : i + step]) for i in range(0, len(alpha), step)]
        out = np.concatenate(parts) if parts else np.empty(0)
        return np.where(np.isfinite(out), out, np.inf)

    def _rss(self, alpha: Array) -> Array:
        columns, residual = self.design(alpha)
        basis, _ = orthonormal(columns, passes=1)
        for q in basis:
            residual = residual - _dot(q, residual)[:, None] * q
        return _dot(residual, residual)

    def project(self, alpha: Array) -> Projection:
        """The functional with residual and linear coefficients."""
        with np.errstate(all="ignore"):
            columns, target = self.design(alpha)
            basis, triangle = orthonormal(columns, passes=2)
            residual, heights = target, np.zeros((len(alpha), len(basis)))
            for _ in range(2 if basis else 0):  # twice is enough (Kahan)
                for j, q in enumerate(basis):
                    height = _dot(q, residual)
                    residual = residual - height[:, None] * q
                    heights[:, j] += height
            rss = _dot(residual, residual)
            return Projection(np.where(np.isfinite(rss), rss, np.inf), residual, _back_substitute(triangle, heights), basis)

    def jacobian(self, alpha: Array, coefficients: Array) -> Array:
        """d model / d nonlinear parameters at fixed coefficients, weighted, shape (b, q, n)."""
        count, q = len(alpha), len(self.form.nonlinear)
        calls, weight = self._full_cost
        self.work.charge((calls + 2) * (1 + q), count * self.n * (weight * (1 + 0.5 * q) + q * (len(self.form.linear) + q + 2)))
        values = self.nonlinear_values(alpha) | {name: coefficients[:, i : i + 1] for i, name in enumerate(self.form.linear)}
        _, tangents = self._full.derivatives(values, self.form.nonlinear)[0]
        out = np.empty((count, q, self.n))
        for i, name in enumerate(self.form.nonlinear):
            out[:, i] = tangents.get(name, 0.0)
        return out if self.weights is None else out * self.weights

    def parameters(self, alpha: Array, coefficients: Array) -> dict[str, float]:
        """One parameter vector by name."""
        names = (*self.form.nonlinear, *self.form.linear)
        return dict(zip(names, map(float, np.concatenate([alpha, coefficients])), strict=True))


def total_squares(samples: Samples) -> float:
    """Weighted sum of squares of the target about its weighted mean, 1 for a constant target."""
    size = float(np.max(np.abs(samples.target))) or 1.0
    target = samples.target / size
    weights = np.ones(len(target)) if samples.sigma is None else np.min(samples.sigma) / samples.sigma
    mean = float(np.average(target, weights=weights**2))
    centred = (target - mean) * (size if samples.sigma is None else size / samples.sigma)
    return float(centred @ centred) or 1.0


def _dot(a: Array, b: Array) -> Array:
    product: Array = np.einsum("bn,bn->b", a, b)
    return product


def orthonormal(columns: Sequence[Array], passes: int) -> tuple[list[Array], Array]:
    """Modified Gram-Schmidt: m columns (b, n) -> orthonormal columns and the triangle R (b, m, m).

    A column that depends on those before it becomes zero, with an infinite pivot so that its coefficient is zero.
    """
    m, count = len(columns), len(columns[0]) if columns else 0
    basis: list[Array] = []
    triangle = np.zeros((count, m, m))
    for j, column in enumerate(columns):
        size = np.sqrt(_dot(column, column))
        size = np.where((size > 0) & np.isfinite(size), size, 1.0)
        vector = column / size[:, None]
        for _ in range(passes if j else 0):
            for i, q in enumerate(basis):
                height = _dot(q, vector)
                vector = vector - height[:, None] * q
                triangle[:, i, j] += height * size
        left = np.sqrt(_dot(vector, vector))
        dependent = ~(left > _DEPENDENT)
        basis.append(vector * np.where(dependent, 0.0, 1.0 / np.where(dependent, 1.0, left))[:, None])
        triangle[:, j, j] = np.where(dependent, np.inf, left * size)
    return basis, triangle


def _back_substitute(triangle: Array, heights: Array) -> Array:
    """Solve R c = h, batched; an infinite pivot gives c = 0."""
    m = heights.shape[1]
    coefficients = np.zeros_like(heights)
    for j in range(m - 1, -1, -1):
        known = np.einsum("bk,bk->b", triangle[:, j, j + 1 :], coefficients[:, j + 1 :])
        pivot = triangle[:, j, j]
        coefficients[:, j] = np.where(np.isfinite(pivot), (heights[:, j] - known) / pivot, 0.0)
    return coefficients
