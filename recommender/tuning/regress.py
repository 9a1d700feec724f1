"""Weighted straight lines with unexplained scatter, and how likely so good a line is by accident."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from corpus.functions import Array

_FLOOR = 0.3  # of the median standard error: no single point carries a line alone
_BEST = 1e-12  # of the scatter left; below it arithmetic is not exact


@dataclass(frozen=True)
class Regression:
    """values, errors (k+1,): intercept first. r: correlation of fitted and given. chance: probability of such an r by accident (F test)."""

    values: Array
    errors: Array
    r: float
    chance: float


def regress(columns: Array, y: Array, errors: Array) -> Regression:
    """y (n,) on `columns` (n, k) and a constant, weights 1/(errors**2 + scatter**2).

    The scatter between groups beyond their standard errors is the one that makes chi-square equal to its degrees of freedom
    (Paule & Mandel 1982); it is zero where the errors explain everything.
    """
    design = np.column_stack([np.ones(len(y)), columns])
    errors = np.maximum(errors, _FLOOR * float(np.median(errors)))
    weights = 1 / (errors**2 + _scatter(design, y, errors))
    values, covariance = _solve(design, y, weights)
    centre = np.average(y, weights=weights)
    total = float(weights @ (y - centre) ** 2)
    left = max(float(weights @ (y - design @ values) ** 2), _BEST * total)
    explained = max(1 - left / total, 0.0) if total > 0 else 0.0
    return Regression(values, np.sqrt(np.diag(covariance)), math.sqrt(explained), _accident(explained, len(y), columns.shape[1]))


def _accident(explained: float, n: int, k: int) -> float:
    """Probability that random numbers explain as much."""
    from scipy.special import fdtrc

    dof = n - k - 1
    if dof < 1 or not k:
        return 1.0
    return float(fdtrc(k, dof, explained / k / max((1 - explained) / dof, _BEST)))


def _solve(design: Array, y: Array, weights: Array) -> tuple[Array, Array]:
    root = np.sqrt(weights)
    scale = np.linalg.norm(design * root[:, None], axis=0)
    scale[scale == 0] = 1.0
    inverse = np.linalg.pinv(design * root[:, None] / scale)
    return inverse @ (y * root) / scale, (inverse @ inverse.T) / np.outer(scale, scale)


def _scatter(design: Array, y: Array, errors: Array) -> float:
    """Variance between groups that the errors do not explain."""
    from scipy.optimize import brentq

    dof: int = len(y) - design.shape[1]

    def excess(variance: float) -> float:
        weights = 1 / (errors**2 + variance)
        values, _ = _solve(design, y, weights)
        return float(np.sum(weights * (y - design @ values) ** 2)) - dof

    if dof < 1 or excess(0.0) <= 0:
        return 0.0
    most = 10 * float(np.var(y)) + float(np.max(errors)) ** 2
    if excess(most) >= 0:
        return most
    found: float = brentq(excess, 0.0, most, xtol=1e-12 * most, rtol=1e-8)
    return found


@dataclass(frozen=True)
class Mean:
    """Weighted mean with its error, relative spread of the values, and the probability that their errors alone spread them so."""

    value: float
    error: float
    spread: float
    chance: float


def mean(values: Array, errors: Array) -> Mean:
    """The one value behind several (n,) with standard errors (n,); a chi-square test of whether there is one."""
    from scipy.special import chdtrc

    found = regress(np.empty((len(values), 0)), values, errors)
    plain = 1 / np.maximum(errors, _FLOOR * float(np.median(errors))) ** 2
    centre = float(np.average(values, weights=plain))
    square = float(plain @ (values - centre) ** 2)
    value = float(found.values[0])
    spread = float(np.std(values, ddof=1)) / abs(value) if value else math.inf
    return Mean(value, float(found.errors[0]), spread, float(chdtrc(len(values) - 1, square)))
