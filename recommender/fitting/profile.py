"""Profile likelihood: an interval that needs no straight lines.

The rss is minimised over all other parameters with one held, and the interval is where it has risen by t**2 residual variances
(Bates & Watts 1988, Nonlinear Regression Analysis, ch. 6). Slower than the standard error, exact where that is an approximation, and
open on a side where the data do not limit the parameter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from corpus.errors import FitError
from recommender.fitting.polish import polish
from recommender.fitting.request import Request, prepare
from recommender.fitting.result import Fit, Prior, quantile
from recommender.fitting.robust import ROBUST, loss_variance, robust_scale
from recommender.fitting.solve import full_model
from recommender.fitting.work import Work
from recommender.samples import Samples

_FURTHEST = 60  # doublings of the first step before a side counts as open
_STEPS = 40
_UNHURRIED = 1e9
_UNBOUNDED = (-math.inf, math.inf)


def profile_interval(
    fit: Fit,
    samples: Samples,
    name: str,
    *,
    known: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    priors: Mapping[str, Prior] | None = None,
    loss: str = "linear",
) -> tuple[float, float]:
    """95 % interval of one parameter; an end is infinite where no value within reach is ruled out, and never beyond its bound.

    samples, known, bounds, priors, loss: as given to the fit (a robust loss keeps the row weights it ended with). FitError if `name` is
    not a parameter; (nan, nan) without degrees of freedom.
    """
    if name not in fit.formula.parameters:
        raise FitError("fit_unknown_parameter", names=name, known=", ".join(fit.formula.parameters) or "-")
    request = prepare(fit.formula, samples, dict(known or {}), dict(bounds or {}), dict(priors or {}), loss, 0, Work(_UNHURRIED))
    if not fit.dof or not math.isfinite(fit.rss):
        return math.nan, math.nan
    profile = _Profile(fit, request, name)
    return profile.end(-1.0), profile.end(1.0)


class _Profile:
    """The rise of the objective along one parameter, in standard deviations."""

    def __init__(self, fit: Fit, request: Request, name: str) -> None:
        self.fit, self.name = fit, name
        self.request, self.variance = _weighed(fit, request)
        self.limit = quantile(fit.dof, known_sigma=fit.reduced_chi2 is not None)
        self.centre = fit.parameters[name]
        self.low, self.high = request.bounds.get(name, _UNBOUNDED)
        self.prior = request.priors.get(name)
        self.others = {n: v for n, v in fit.parameters.items() if n != name}
        self.least = 0.0
        self.least = self._objective(self.centre, self.others)[0]

    def end(self, side: float) -> float:
        """The value on one side where the rise reaches the limit, or the bound before it."""
        error = self.fit.standard_errors[self.name]
        step = side * (error if 0 < error < math.inf else abs(self.centre) or 1.0)
        inner, others = self.centre, dict(self.others)
        for _ in range(_FURTHEST):
            outer = min(max(self.centre + step, self.low), self.high)
            rise, others = self._rise(outer, others)
            if rise > self.limit:
                return self._bisect(inner, outer)
            if outer in (self.low, self.high):
                return outer
            inner, step = outer, 2 * step
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
        objective, moved = self._objective(value, start)
        rise = (objective - self.least) / self.variance if self.variance > 0 else math.inf
        return (math.sqrt(max(rise, 0.0)) if math.isfinite(rise) else math.inf), moved

    def _objective(self, value: float, start: Mapping[str, float]) -> tuple[float, dict[str, float]]:
        """The least objective with the parameter held, its own prior included."""
        asked, given = self.request, {**self.request.known, self.name: value}
        part = prepare(asked.formula, asked.samples, given, dict(asked.bounds), dict(asked.priors), "linear", 0, asked.work)
        model, penalty = full_model(part), 0.0 if self.prior is None else self.prior.deviation(value) ** 2
        if not part.names:
            return model.rss(np.zeros(0)) + penalty, dict(start)
        values, system = polish(model, np.array([start[n] for n in part.names]), 40)
        return system.rss + penalty, {**start, **dict(zip(part.names, map(float, values), strict=True))}


def _weighed(fit: Fit, request: Request) -> tuple[Request, float]:
    """The request with its rows weighed as the fit weighed them, and the residual variance there."""
    variance = fit.rss / fit.dof
    if request.loss in ROBUST:
        loss = ROBUST[request.loss]
        rest = request.samples.target - fit.predict(request.samples.columns)
        rest = rest if request.samples.sigma is None else rest / request.samples.sigma
        scale = robust_scale(rest)
        weights = loss.weight(rest / scale)
        variance = float(np.mean(weights)) * loss_variance(loss, rest / scale, scale, len(request.names))
        request = replace(request, samples=request.samples.weighted(1 / np.sqrt(np.maximum(weights, 1e-12))))
    elif request.measured and request.loss == "linear":
        variance = max(variance, 1.0)
    if not request.priors or request.measured:
        return request, variance
    noise = _least(fit, replace(request, priors={})) / max(len(request.samples) - len(request.names), 1)
    if noise > 0:
        request = replace(request, samples=request.samples.weighted(math.sqrt(noise)))
    return request, _least(fit, request) / fit.dof


def _least(fit: Fit, request: Request) -> float:
    """The objective at its minimum near the fit."""
    return polish(full_model(request), np.array([fit.parameters[name] for name in request.names]), 40)[1].rss
