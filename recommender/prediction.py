"""What a candidate predicts where nobody has measured: the value, how far the curve is uncertain there, and where a reading would lie.

The covariance is that of nonlinear least squares at the fitted coefficients, s² (J'WJ)⁻¹, moved on by the delta method
(Seber & Wild 1989, Nonlinear Regression, section 5.3). It says nothing of whether the form still holds beyond the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from corpus.functions import Array
from recommender.fitting.result import quantile
from recommender.problem import Problem
from recommender.recommendation import RankedFormula
from recommender.report.bands import linearised
from recommender.report.series import series

_LOST = 1e-8  # singular values below this share of the largest: the data do not determine that direction


@dataclass(frozen=True)
class Predicted:
    """In the customer's unit, each of shape (n,): the value, the 95 % band of the curve, and that of a new reading."""

    value: Array
    low: Array
    high: Array
    reading_low: Array
    reading_high: Array


@dataclass(frozen=True)
class Predictor:
    """One candidate on its problem. covariance (k, k) of the free coefficients in SI; sigma: of a row of weight 1; relative: errors grow
    with the value."""

    formula: RankedFormula
    covariance: Array
    sigma: float
    dof: int
    relative: bool

    @classmethod
    def of(cls, problem: Problem, formula: RankedFormula) -> Predictor:
        """Linearised at the coefficients of the candidate, on the rows of its problem."""
        measured = problem.samples.target
        relative = series(problem, formula).relative
        value, jacobian = linearised(formula, problem.samples.columns)
        weight = 1 / np.maximum(np.abs(value), 1e-300) if relative else 1 / problem.scale
        kept = np.isfinite(value) & np.all(np.isfinite(jacobian), axis=1)
        rest = ((measured - value) * weight)[kept]
        dof = max(len(rest) - jacobian.shape[1], 0)
        sigma = float(np.sqrt(np.sum(rest**2) / dof)) if dof else float("nan")
        return cls(formula, sigma**2 * _inverse((jacobian * weight[:, None])[kept]), sigma, dof, relative)

    def at(self, columns: Mapping[str, ArrayLike]) -> Predicted:
        """On other rows, given in the customer's units by header."""
        inner = {v.inner: np.atleast_1d(v.to_si(columns[v.name])) for v in self.formula.variables}
        value, jacobian = linearised(self.formula, inner)
        with np.errstate(all="ignore"):
            curve = np.einsum("ni,ij,nj->n", jacobian, self.covariance, jacobian)
            noise = (self.sigma * (np.abs(value) if self.relative else 1.0)) ** 2
            half, wide = quantile(self.dof) * np.sqrt(curve), quantile(self.dof) * np.sqrt(curve + noise)
        ends = (value, value - half, value + half, value - wide, value + wide)
        return Predicted(*(self.formula.target.from_si(end) for end in ends))


def _inverse(jacobian: Array) -> Array:
    """(J'J)⁻¹ on the directions that the rows determine, columns scaled to length one."""
    scale = np.linalg.norm(jacobian, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    _, sizes, directions = np.linalg.svd(jacobian / scale, full_matrices=False)
    good = sizes > _LOST * max(float(sizes[0]) if len(sizes) else 0.0, 1e-300)
    kept = directions[good] / sizes[good, None]
    inverse: Array = kept.T @ kept / np.outer(scale, scale)
    return inverse
