"""What a candidate predicts beside and beyond its data: the value, how far the curve is uncertain there, and where a reading would lie.

Delta method (Bates & Watts 1988, Nonlinear Regression Analysis and its Applications, 2.3; Seber & Wild 1989, Nonlinear Regression, 5.3):
with the weighted Jacobian J at the least-squares solution the coefficients have the covariance s² (J'J)⁻¹, and the curve at a row with
gradient g the variance s² g'(J'J)⁻¹g; a new reading scatters about it by s once more. Directions that the data leave open do no harm
where the curve does not move along them; where it does, nothing is known and the band is NaN.

That trusts the scatter to be the same all over. The jackknife does not: (J'J)⁻¹ J' diag(r²/(1-h)²) J (J'J)⁻¹, with the residuals r and
the leverages h (MacKinnon & White 1985, J. Econometrics 29, 305: HC3). The larger of both variances is taken (Angrist & Pischke 2009,
Mostly Harmless Econometrics, 8.1): of straight lines with scatter that grows along them the 95 % band then holds 94 % at the noisy end,
82 % without, and is 2 to 9 % wider than need be where the scatter is even (25 to 200 rows). Whether the form still holds beyond the data
nobody knows: there the band is the least that must be reckoned with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from corpus.evaluate import Program
from corpus.functions import Array
from recommender.fitting.result import quantile
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation

_LOST = 1e-8  # singular values below this share of the largest: the data do not determine that direction
_ALONE = 0.99  # leverage above which a row decides by itself, and its residual tells nothing of the scatter
_MOVES = 1e-6  # share of a gradient along open directions, above which the curve is open too


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
    """One candidate on its problem, linearised at its coefficients.

    directions: see there. variance: of a row of weight 1; jackknife (r, r): the covariance of the coefficients along the axes that does not
    trust the scatter to be even. half: half width of 95 % in standard errors. scatter: standard deviation of a reading, SI, as a share
    of the value if `relative`.
    """

    formula: RankedFormula
    directions: Directions
    variance: float
    jackknife: Array
    half: float
    scatter: float
    relative: bool

    @classmethod
    def of(cls, problem: Problem, formula: RankedFormula) -> Predictor:
        """On the rows of its problem, with the errors of that problem: those a run has found are in `with_errors_of`."""
        samples, share = problem.samples, problem.relative_share
        value, jacobian = linearised(formula, samples.columns)
        rest, weighted = (samples.target - value) / problem.scale, jacobian / problem.scale[:, None]
        kept = np.isfinite(rest) & np.all(np.isfinite(weighted), axis=1)
        directions = Directions.of(weighted[kept])
        stated = samples.sigma is not None and share is None
        dof = int(kept.sum()) - directions.axes.shape[1]
        variance = _variance(rest[kept], dof, stated)
        scatter = np.sqrt(variance) * (share or np.sqrt(np.mean(problem.scale**2)))
        jackknife = directions.jackknife(weighted[kept], rest[kept])
        return cls(formula, directions, variance, jackknife, quantile(dof, known_sigma=stated), float(scatter), share is not None)

    def at(self, columns: Mapping[str, ArrayLike]) -> Predicted:
        """On other rows, given in the customer's units by header."""
        inner = {v.inner: np.atleast_1d(v.to_si(columns[v.name])) for v in self.formula.variables}
        value, jacobian = linearised(self.formula, inner)
        with np.errstate(all="ignore"):
            moved = self.directions.along(jacobian)
            even, uneven = self.variance * np.sum(moved**2, axis=1), np.einsum("ni,ij,nj->n", moved, self.jackknife, moved)
            curve = np.maximum(even, uneven)
            noise = (self.scatter * (np.abs(value) if self.relative else 1.0)) ** 2
            near, wide = self.half * np.sqrt(curve), self.half * np.sqrt(curve + noise)
        ends = (value, value - near, value + near, value - wide, value + wide)
        return Predicted(*(self.formula.target.from_si(end) for end in ends))


@dataclass(frozen=True)
class Directions:
    """What rows determine of k coefficients, and what they leave open.

    scale (k,): gradients are taken over it. axes (k, r): the rows' gradients times these are orthonormal columns, so that a gradient times
    these has the standard error of its curve as its length, for rows of weight 1. open (k, k - r): what no row moves along.
    """

    scale: Array
    axes: Array
    open: Array

    @classmethod
    def of(cls, jacobian: Array) -> Directions:
        """Of the weighted gradients of the rows, shape (n, k)."""
        scale = np.linalg.norm(jacobian, axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        _, found, directions = np.linalg.svd(np.linalg.qr(jacobian / scale, mode="r"))
        sizes = np.zeros(len(scale))
        sizes[: len(found)] = found
        good = sizes > _LOST * sizes.max(initial=1e-300)
        return cls(scale, (directions[good] / sizes[good, None]).T, directions[~good].T)

    def along(self, jacobian: Array) -> Array:
        """Gradients along the axes, shape (n, r); NaN where they have a part in an open direction too."""
        gradient = jacobian / self.scale
        lost, whole = np.linalg.norm(gradient @ self.open, axis=1), np.linalg.norm(gradient, axis=1)
        return np.where((lost > _MOVES * whole)[:, None], np.nan, gradient @ self.axes)

    def jackknife(self, jacobian: Array, rest: Array) -> Array:
        """HC3 covariance along the axes, shape (r, r), from the rows' weighted gradients and residuals."""
        moved = (jacobian / self.scale) @ self.axes
        without = rest / (1 - np.minimum(np.sum(moved**2, axis=1), _ALONE))
        found: Array = (moved * without[:, None] ** 2).T @ moved
        return found


def with_errors_of(problem: Problem, result: Recommendation) -> Problem:
    """The problem with the relative errors that the run found, if it did."""
    shares = [float(dict(note.values)["percent"]) / 100 for note in result.notes if note.key == "note.relative_error"]  # type: ignore[arg-type]
    return problem.with_relative_error(shares[0]) if shares and problem.relative_share is None else problem


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


def _variance(rest: Array, dof: int, stated: bool) -> float:
    """Of a row of weight 1. Stated uncertainties are believed unless the residuals are larger, as the fitter does it (Birge ratio, never
    below one); NaN without degrees of freedom."""
    if dof < 1:
        return float("nan")
    variance = float(rest @ rest) / dof
    return max(1.0, variance) if stated else variance
