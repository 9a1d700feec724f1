"""How far a fitted curve may be trusted beside and beyond its data: 95 % bands by the delta method.

Bates & Watts, Nonlinear Regression Analysis and its Applications (1988), 2.3: with the Jacobian J at the least-squares solution and the
residual variance s**2 the coefficients have the covariance s**2 (J' W J)**-1, and the curve at a row with the gradient g the variance
g' C g. Errors of the form itself are not in it: beyond the data the band is the least that must be reckoned with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from corpus.evaluate import Program
from corpus.functions import Array
from recommender.problem import Problem
from recommender.recommendation import RankedFormula

_LEVEL = 0.95
_EXACT = 1e-13  # share of the largest singular value, below which a direction is not determined


@dataclass(frozen=True)
class Band:
    """Value and 95 % limits of the curve, in the customer's unit, each of shape (n,); NaN where they are not known."""

    value: Array
    low: Array
    high: Array


def curve_band(problem: Problem, formula: RankedFormula, columns: Mapping[str, Array]) -> Band:
    """The band of a candidate at rows given in the customer's units, keyed by header."""
    inner = {v.inner: v.to_si(columns[v.name]) for v in formula.variables}
    value, slopes = linearised(formula, inner)
    half = _half_width(problem, formula, slopes)
    shown = formula.target.from_si
    return Band(shown(value), shown(value - half), shown(value + half))


def _half_width(problem: Problem, formula: RankedFormula, slopes: Array) -> Array:
    """Student's t times the standard error of the curve, SI, shape (n,); slopes of shape (n, k)."""
    samples = problem.samples
    fitted, jacobian = linearised(formula, samples.columns)
    freedom = len(samples) - jacobian.shape[1]
    weighted, residual = jacobian / problem.scale[:, None], (samples.target - fitted) / problem.scale
    if freedom < 1 or not (np.all(np.isfinite(weighted)) and np.all(np.isfinite(residual))):
        return np.full(len(slopes), np.nan)
    length = np.linalg.norm(weighted, axis=0)
    length = np.where(length > 0, length, 1.0)
    _, sizes, axes = np.linalg.svd(weighted / length, full_matrices=False)
    known = sizes > _EXACT * np.max(sizes, initial=0.0)
    if not np.all(known):
        return np.full(len(slopes), np.nan)
    with np.errstate(all="ignore"):
        spread = np.linalg.norm((slopes / length) @ (axes.T / sizes), axis=1)
    return np.asarray(stdtrit(freedom, (1 + _LEVEL) / 2) * np.sqrt(residual @ residual / freedom) * spread)


def linearised(formula: RankedFormula, columns: Mapping[str, Array]) -> tuple[Array, Array]:
    """Values, shape (n,), and derivatives by the fitted coefficients, shape (n, k), all SI; columns in SI by inner name."""
    free = [c.name for c in formula.coefficients if not c.known]
    rows = max(map(np.size, columns.values()))
    bound = Program([formula.formula.root]).bind(dict(columns), rows)
    value, slopes = bound.derivatives({name: np.full((1, 1), number) for name, number in formula.values.items()}, free)[0]
    jacobian = np.zeros((rows, len(free)))
    for i, name in enumerate(free):
        jacobian[:, i] = slopes.get(name, 0.0)
    return np.array(np.broadcast_to(np.ravel(value), (rows,))), jacobian
