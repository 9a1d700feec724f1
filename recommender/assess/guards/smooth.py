"""Whether one thing depends on others at all: smoothers that assume no form, and exact permutation tests on them.

A linear smoother predicts each row from the others by fixed weights, so its leave-one-out residual is a fixed matrix times the target
(Hastie et al., Elements of Statistical Learning, 7.10) and a thousand permuted targets cost one matrix product. The largest gain over
the mean, each smoother's in units of its own spread under permutation, is the statistic (Westfall & Young 1993, max-T).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array

MOST_ROWS = 300
PERMUTATIONS = 199
_RIDGE = 0.05
_NEIGHBOURS = (2, 6)
_LAGS = (1, 2)


def scores(values: Array) -> Array:
    """Ranks as numbers with mean 0 and variance 1, ties sharing one: order alone counts."""
    from scipy.stats import rankdata

    ranks = np.asarray(rankdata(values), float)
    spread = float(np.std(ranks)) or 1.0
    return np.asarray((ranks - ranks.mean()) / spread)


def thinned(n: int, seed: int) -> NDArray[np.int64]:
    """At most MOST_ROWS positions of n, in order."""
    if n <= MOST_ROWS:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, MOST_ROWS, replace=False))


def polynomial(inputs: Sequence[Array], degree: int = 2) -> Array:
    """Constant, inputs and their products up to a degree, shape (n, p)."""
    columns = [np.ones(len(inputs[0])), *inputs]
    for size in range(2, degree + 1):
        columns += [np.prod([inputs[i] for i in chosen], axis=0) for chosen in combinations_with_replacement(range(len(inputs)), size)]
    return np.column_stack(columns)


def smoothers(inputs: Sequence[Array]) -> list[Array]:
    """Matrices (n, n) that give leave-one-out residuals: polynomials, a Gaussian process and neighbours, in all inputs and in each."""
    n = len(inputs[0])
    subsets = [list(inputs)] + ([[column] for column in inputs] if len(inputs) > 1 else [])
    found = []
    for subset in subsets:
        design = [polynomial(subset, degree) for degree in (1, 2)]
        found += [_projector(matrix) for matrix in design if matrix.shape[1] <= n // 3]
        found += [_process(subset), *(_neighbours(subset, k) for k in _NEIGHBOURS if k <= n // 4)]
    return found


def _left_out(hat: Array) -> Array:
    """Leave-one-out residuals from a hat matrix."""
    slack = np.maximum(1 - np.diag(hat), 1e-9)
    return (np.eye(len(hat)) - hat) / slack[:, None]


def _projector(design: Array) -> Array:
    basis, weights, _ = np.linalg.svd(design, full_matrices=False)
    basis = basis[:, weights > 1e-9 * weights[0]]
    return _left_out(np.asarray(basis @ basis.T, float))


def _process(inputs: Sequence[Array]) -> Array:
    """Gaussian process of unit length scale per root of the number of inputs, about a constant."""
    points = np.column_stack(inputs)
    kernel = np.exp(-0.5 * _squares(points) / len(inputs)) + 1.0
    return _left_out(np.asarray(np.linalg.solve(kernel + _RIDGE * np.eye(len(points)), kernel).T, float))


def _neighbours(inputs: Sequence[Array], k: int) -> Array:
    """The mean of the k nearest other rows."""
    distance = _squares(np.column_stack(inputs))
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :k]
    weights = np.zeros_like(distance)
    np.put_along_axis(weights, nearest, 1 / k, axis=1)
    return np.asarray(np.eye(len(weights)) - weights)


def _squares(points: Array) -> Array:
    return np.asarray(np.sum((points[:, None, :] - points[None, :, :]) ** 2, axis=2))


def chance(inputs: Sequence[Array], target: Array, seed: int) -> float:
    """How often a shuffled target would be predicted as well from the inputs: a p-value, at least 1/(PERMUTATIONS + 1)."""
    rows = thinned(len(target), seed)
    kept = [scores(column[rows]) for column in inputs]
    rng = np.random.default_rng(seed)
    orders = [np.arange(len(rows)), *(rng.permutation(len(rows)) for _ in range(PERMUTATIONS))]
    errors = []
    for values in (target[rows], scores(target[rows])):
        shuffled = np.column_stack([values[order] for order in orders])
        errors += [np.mean((matrix @ shuffled) ** 2, axis=0) / (np.var(values) or 1.0) for matrix in smoothers(kept)]
    return most_extreme(-np.log(np.maximum(errors, 1e-300)))


def most_extreme(statistics: Array) -> float:
    """p-value of the first column of (tests, permutations): the largest of the tests, each in units of its own spread."""
    centre = np.median(statistics, axis=1, keepdims=True)
    spread = np.median(np.abs(statistics - centre), axis=1, keepdims=True)
    largest = np.max((statistics - centre) / np.maximum(spread, 1e-12), axis=0)
    return float(np.mean(largest >= largest[0]))


def adds_chance(column: Array, others: Sequence[Array], residual: Array, seed: int) -> float:
    """How often chance alone would tie a residual to a column as closely, beyond what the others explain: a p-value.

    What the others do not say of the column is permuted, not the residual, so errors may be of any size anywhere (conditional
    permutation: Berrett et al. 2020). Tried are powers of the column, its products with the others, and a pattern along it.
    """
    rows = thinned(len(residual), seed)
    x, rest = scores(column[rows]), [scores(other[rows]) for other in others]
    known = polynomial(rest, 2 if len(rest) ** 2 < len(rows) / 4 else 1) if rest else np.ones((len(rows), 1))
    basis = np.linalg.qr(known)[0]
    clean = residual[rows] - basis @ (basis.T @ residual[rows])
    own = x - basis @ (basis.T @ x)
    rng = np.random.default_rng(seed)
    columns = np.column_stack([own, *(rng.permutation(own) for _ in range(PERMUTATIONS))]) + (x - own)[:, None]
    features = [columns, columns**2, columns**3, *(columns * other[:, None] for other in rest)]
    statistics = [np.abs(_tied(feature, basis, clean)) for feature in features]
    along = clean[np.argsort(columns, axis=0, kind="stable")]
    statistics += [np.sum(along[lag:] * along[:-lag], axis=0) for lag in _LAGS]
    return most_extreme(np.array(statistics))


def _tied(features: Array, basis: Array, residual: Array) -> Array:
    """Correlation of a residual with each column of features, less what the basis says of them."""
    left = features - basis @ (basis.T @ features)
    return np.asarray(residual @ left / np.maximum(np.linalg.norm(left, axis=0), 1e-9))


def unexplained(inputs: Sequence[Array], target: Array) -> Array:
    """Leave-one-out residual of the best smoother."""
    kept = [scores(column) for column in inputs]
    residuals = [matrix @ target for matrix in smoothers(kept)]
    return min(residuals, key=lambda residual: float(np.mean(residual**2)))
