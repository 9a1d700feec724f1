"""Profile likelihood: an interval that needs no straight lines.

The rss is minimised over all other parameters with one held, and the interval is where it has risen by t**2 residual variances
(Bates & Watts 1988, Nonlinear Regression Analysis, ch. 6). Slower than the standard error, exact where that is an approximation, and
open on a side where the data do not limit the parameter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from recommender.fitting.polish import polish
from recommender.fitting.request import prepare
from recommender.fitting.result import Fit, quantile
from recommender.fitting.solve import full_model
from recommender.fitting.work import Work
from recommender.samples import Samples

_FURTHEST = 60  # doublings of the first step before a side counts as open
_STEPS = 40


def profile_interval(
    fit: Fit, samples: Samples, name: str, *, known: Mapping[str, float] | None = None, loss: str = "linear"
) -> tuple[float, float]:
    """95 % interval of one parameter; an end is infinite where no value within reach is ruled out.

    samples, known, loss: as given to the fit. FitError if `name` is not a parameter; (nan, nan) without degrees of freedom.
    """
    profile = _Profile(fit, samples, name, dict(known or {}), loss)
    if not fit.dof or not math.isfinite(fit.rss):
        return math.nan, math.nan
    return profile.end(-1.0), profile.end(1.0)


class _Profile:
    """The rise of the rss along one parameter, in standard deviations."""

    def __init__(self, fit: Fit, samples: Samples, name: str, known: dict[str, float], loss: str) -> None:
        self.fit, self.samples, self.name, self.known, self.loss = fit, samples, name, known, loss
        measured = fit.reduced_chi2 is not None
        self.limit = quantile(fit.dof, known_sigma=measured)
        variance = fit.rss / fit.dof if fit.dof else math.nan
        self.variance = max(variance, 1.0) if measured else variance
        self.centre = fit.parameters[name]
        self.others = {n: v for n, v in fit.parameters.items() if n != name}

    def end(self, side: float) -> float:
        """The value on one side where the rise reaches the limit."""
        error = self.fit.standard_errors[self.name]
        step = side * (error if 0 < error < math.inf else abs(self.centre) or 1.0)
        inner, outer, others = self.centre, self.centre + step, dict(self.others)
        for _ in range(_FURTHEST):
            rise, others = self._rise(outer, others)
            if rise > self.limit:
                return self._bisect(inner, outer)
            inner, step = outer, 2 * step
            outer = self.centre + step
        return side * math.inf

    def _bisect(self, inner: float, outer: float) -> float:
        others = dict(self.others)
        for _ in range(_STEPS):
            middle = 0.5 * (inner + outer)
            rise, near = self._rise(middle, others)
            if rise > self.limit:
                outer = middle
            else:
                inner, others = middle, near
            if abs(outer - inner) <= 1e-4 * abs(outer - self.centre):
                break
        return 0.5 * (inner + outer)

    def _rise(self, value: float, start: Mapping[str, float]) -> tuple[float, dict[str, float]]:
        """Signed root of the rise over the variance with the parameter held at `value`, and where the others went."""
        known = {**self.known, self.name: value}
        request = prepare(self.fit.formula, self.samples, known, {}, {}, self.loss, 0, Work(10.0))
        if not request.names:
            rss = full_model(request).rss(np.zeros(0))
            return math.sqrt(max(rss - self.fit.rss, 0.0) / self.variance), dict(start)
        values, system = polish(full_model(request), np.array([start[n] for n in request.names]), 40)
        rise = (system.rss - self.fit.rss) / self.variance if self.variance > 0 else math.inf
        moved = {**start, **dict(zip(request.names, map(float, values), strict=True))}
        return (math.sqrt(max(rise, 0.0)) if math.isfinite(rise) else math.inf), moved
