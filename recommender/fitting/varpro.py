"""The variable projection functional on many parameter vectors at once.

    r(a) = (1 - Phi(a) Phi(a)^+) (y - offset(a)),        minimised over the nonlinear parameters a only
(Golub & Pereyra 1973, SIAM J. Numer. Anal. 10:413). The table [Phi, y] is orthogonalised by modified Gram-Schmidt, columns in order, which
is backward stable for least squares when the target is carried along as a last column (Bjorck 1967, BIT 7:1), unlike the normal
equations, which lose half the digits. A dependent column gets coefficient zero.
Shapes: b parameter vectors, n rows, m linear and q nonlinear parameters; rows are weighted by 1/sigma if sigma is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.evaluate import Program
from corpus.functions import Array
from recommender.fitting.kernels import KERNELS
from recommender.fitting.structure import Separated
from recommender.fitting.work import Work, program_cost
from recommender.samples import Samples

Rows = NDArray[np.int64]
CHUNK = 20_000
_DEPENDENT = 1e-11
_ROUNDING = 1e-17
_TRUSTED = 1e-6


@dataclass
class Projection:
    """One evaluation of the functional: rss (b,), residual (b, n), coefficients (b, m), orthonormal basis (b, m, n)."""

    rss: Array
    residual: Array
    coefficients: Array
    basis: Array


class Model:
    """A separated formula bound to samples.

    limits: lower and upper bounds of the nonlinear parameters, (q,) each. kept_rows: that many last rows stay in every subsample.
    target, weights: shape (n,), or (b, n) where every parameter vector has its own (`of` then says which they are).
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
        self.target = samples.target
        self.weights = None if samples.sigma is None else 1.0 / samples.sigma
        self.tss = total_squares(samples)
        self._basis_program = Program([*form.basis, *([form.offset] if form.offset is not None else [])], KERNELS)
        self._full_program = Program([form.root], KERNELS)
        self._basis = self._basis_program.bind(samples.columns, self.n)
        self._full = self._full_program.bind(samples.columns, self.n)
        self._basis_cost = program_cost(self._basis_program)
        self._full_cost = program_cost(self._full_program)

    def take(self, rows: Rows) -> Model:
        """The model on some of the rows."""
        kept = np.arange(self.n - self.kept_rows, self.n)
        rows = np.union1d(rows, kept) if self.kept_rows else rows
        return Model(self.form, self.samples.take(rows), self.work, self.limits, self.kept_rows)

    def inside(self, alpha: Array) -> Array:
        """alpha moved to the nearest point inside the bounds."""
        return alpha if self.limits is None else np.clip(alpha, *self.limits)

    def nonlinear_values(self, alpha: Array) -> dict[str, Array]:
        return {name: alpha[:, i : i + 1] for i, name in enumerate(self.form.nonlinear)}

    def design(self, alpha: Array, of: Rows | None = None) -> Array:
        """Weighted design matrix and, as its last column, target minus offset: shape (b, m + 1, n)."""
        count, m = len(alpha), len(self.form.linear)
        calls, weight = self._basis_cost
        self.work.charge(calls + 4 + 6 * m, count * self.n * (weight + 3 + m * (m + 3)))
        self.work.evaluations += count
        values = self._basis.values(self.nonlinear_values(alpha))
        table = np.empty((count, m + 1, self.n))
        for j, value in enumerate(values[:m]):
            table[:, j] = value
        target = _own(self.target, of)
        table[:, m] = target if len(values) == m else target - values[m]
        if self.weights is not None:
            weights = _own(self.weights, of)[..., None, :]
            table *= weights
            if self.weights.ndim > 1 and not np.isfinite(table).all():
                table[np.broadcast_to(weights == 0, table.shape)] = 0.0  # a row that is left out may have no value
        return table

    def rss(self, alpha: Array) -> Array:
        """Residual sum of squares after projection, shape (b,), inf where it is not finite; alpha (b, q)."""
        step = max(16, CHUNK // self.n)
        with np.errstate(all="ignore"):
            parts = [self._rss(alpha[i : i + step]) for i in range(0, len(alpha), step)]
        out = np.concatenate(parts) if parts else np.empty(0)
        return np.where(np.isfinite(out), out, np.inf)

    def _rss(self, alpha: Array) -> Array:
        table = self.design(alpha)
        rss, doubtful = _eliminated(np.matmul(table, table.transpose(0, 2, 1)))
        rows = np.flatnonzero(doubtful)
        if rows.size:
            careful = table[rows]
            orthogonalise(careful)
            rss[rows] = _dot(careful[:, -1], careful[:, -1])
        return rss

    def project(self, alpha: Array, of: Rows | None = None) -> Projection:
        """The functional with residual and linear coefficients."""
        with np.errstate(all="ignore"):
            table = self.design(alpha, of)
            triangle = orthogonalise(table)
            residual = table[:, -1]
            rss = _dot(residual, residual)
            return Projection(np.where(np.isfinite(rss), rss, np.inf), residual, _back_substitute(triangle), table[:, :-1])

    def jacobian(self, alpha: Array, coefficients: Array, of: Rows | None = None) -> Array:
        """d model / d nonlinear parameters at fixed coefficients, weighted, shape (b, q, n)."""
        count, q = len(alpha), len(self.form.nonlinear)
        calls, weight = self._full_cost
        self.work.charge((calls + 2) * (1 + q), count * self.n * (weight * (1 + 0.5 * q) + q * (len(self.form.linear) + q + 2)))
        values = self.nonlinear_values(alpha) | {name: coefficients[:, i : i + 1] for i, name in enumerate(self.form.linear)}
        _, tangents = self._full.derivatives(values, self.form.nonlinear)[0]
        out = np.empty((count, q, self.n))
        for i, name in enumerate(self.form.nonlinear):
            out[:, i] = tangents.get(name, 0.0)
        return out if self.weights is None else out * _own(self.weights, of)[..., None, :]

    def parameters(self, alpha: Array, coefficients: Array) -> dict[str, float]:
        """One parameter vector by name."""
        names = (*self.form.nonlinear, *self.form.linear)
        return dict(zip(names, map(float, np.concatenate([alpha, coefficients])), strict=True))


def _own(values: Array, of: Rows | None) -> Array:
    """Values for the parameter vectors `of`, where each has its own."""
    return values if of is None or values.ndim == 1 else values[of]


def total_squares(samples: Samples) -> float:
    """Weighted sum of squares of the target about its weighted mean, 1 for a constant target."""
    size = float(np.max(np.abs(samples.target))) or 1.0
    target = samples.target / size
    weights = np.ones(len(target)) if samples.sigma is None else np.min(samples.sigma) / samples.sigma
    mean = float(np.average(target, weights=weights**2))
    centred = (target - mean) * (size if samples.sigma is None else size / samples.sigma)
    return float(centred @ centred) or 1.0


def is_rounding(rss: float, samples: Samples) -> bool:
    """Whether a sum of squares is no more than the rounding of tables written with nine digits or more."""
    return rss < _ROUNDING * total_squares(samples)


def _dot(a: Array, b: Array) -> Array:
    product: Array = np.einsum("bn,bn->b", a, b)
    return product


def _eliminated(gram: Array) -> tuple[Array, NDArray[np.bool_]]:
    """rss (b,) from the normal equations (b, m + 1, m + 1), and where these are too ill-conditioned to be trusted."""
    m = gram.shape[1] - 1
    sizes = np.einsum("bkk->bk", gram).copy()
    doubtful = np.zeros(len(gram), bool)
    for j in range(m):
        pivot = gram[:, j, j]
        doubtful |= ~(pivot > _TRUSTED * sizes[:, j])
        row = gram[:, j, j + 1 :]
        gram[:, j + 1 :, j + 1 :] -= row[:, :, None] * (row / pivot[:, None])[:, None, :]
    rss = gram[:, m, m]
    return rss, doubtful | ~(rss > 1e-12 * sizes[:, m])


def orthogonalise(table: Array) -> Array:
    """Modified Gram-Schmidt in place on a table (b, m + 1, n); gives the triangle R (b, m, m + 1).

    The first m columns become orthonormal, the last one the residual. A column that depends on those before it becomes zero,
    with an infinite pivot so that its coefficient is zero.
    """
    count, width, _ = table.shape
    m = width - 1
    triangle = np.zeros((count, m, width))
    sizes = np.einsum("bkn,bkn->bk", table[:, :m], table[:, :m])
    for j in range(m):
        column, rest = table[:, j], table[:, j + 1 :]
        left = _dot(column, column) if j else sizes[:, 0]
        pivot = np.where((left > _DEPENDENT**2 * sizes[:, j]) & (left < np.inf), np.sqrt(left), np.inf)
        column /= pivot[:, None]
        heights = np.einsum("bkn,bn->bk", rest, column)
        rest -= heights[:, :, None] * column[:, None, :]
        triangle[:, j, j] = pivot
        triangle[:, j, j + 1 :] = heights
    return triangle


def _back_substitute(triangle: Array) -> Array:
    """Solve R c = h, batched, h the last column; an infinite pivot gives c = 0."""
    m = triangle.shape[1]
    coefficients = np.zeros(triangle.shape[:2])
    for j in range(m - 1, -1, -1):
        known = np.einsum("bk,bk->b", triangle[:, j, j + 1 : m], coefficients[:, j + 1 :])
        pivot = triangle[:, j, j]
        coefficients[:, j] = np.where(np.isfinite(pivot), (triangle[:, j, m] - known) / pivot, 0.0)
    return coefficients
