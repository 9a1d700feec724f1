"""Whether measurement errors are the same everywhere or grow with the value.

Both models are compared by their likelihood on the best fits so far (Carroll & Ruppert, Transformation and Weighting in
Regression, ch. 2): absolute, sigma constant, or relative, sigma = s |y|. Stated uncertainties always win.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from corpus.functions import Array
from recommender.assess import Fitted
from recommender.fitting.refit import Refitter
from recommender.problem import Problem
from recommender.samples import Samples

MIN_DECADES = 1.0
MARGIN = 6.0
MAX_SHARE = 0.25  # beyond this, weights by the measured value favour curves that are too low
_TINY_SHARE = 1e-9


def relative_error(problem: Problem, fits: Sequence[Fitted]) -> float | None:
    """The relative standard deviation s if errors grow with the value, None if they do not.

    fits: the best fits so far under constant errors. The target must be positive and span more than MIN_DECADES.
    """
    y = problem.samples.target
    if problem.samples.sigma is not None or not np.all(y > 0) or np.log10(y.max() / y.min()) < MIN_DECADES or not fits:
        return None
    weighted = Samples(problem.samples.columns, y, y)
    absolute = max(_log_likelihood(fitted.prediction - y, np.ones(len(y)), len(fitted.free)) for fitted in fits)
    rows = [(refit_residual(fitted, weighted), len(fitted.free)) for fitted in fits]
    relative = [(_log_likelihood(residual, y, k), residual) for residual, k in rows]
    best, residual = max(relative, key=lambda row: row[0])
    scale = float(np.sqrt(np.mean((residual / y) ** 2)))
    return max(scale, _TINY_SHARE) if best > absolute + MARGIN and scale < MAX_SHARE else None


def refit_residual(fitted: Fitted, samples: Samples) -> Array:
    """Residual of the same form refitted to weighted rows."""
    refitter: Refitter = fitted.refitter
    return refitter.predict(samples.columns, refitter.refit(samples)) - samples.target


def _log_likelihood(residual: Array, shape: Array, parameters: int) -> float:
    """Gaussian log-likelihood with sigma = s * shape, s at its optimum, minus half log n per parameter; -inf if not finite."""
    n = len(residual)
    with np.errstate(all="ignore"):
        variance = float(np.mean((residual / shape) ** 2))
    if not np.isfinite(variance):
        return -np.inf
    floor = _TINY_SHARE**2 * float(np.mean(shape**2) if np.all(shape == 1) else 1.0)
    return -0.5 * n * float(np.log(max(variance, floor))) - float(np.sum(np.log(shape))) - 0.5 * parameters * float(np.log(n))
