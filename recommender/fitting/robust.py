"""Losses that a few wild rows cannot dominate, by iteratively reweighted least squares (Huber & Ronchetti 2009, ch. 7).

Each row weighs psi(z)/z with z its residual over a scale, 1.4826 times the median absolute residual. The search is global: it starts
from equal weights and from weights that doubt rows far from their neighbours, follows both to the end, repeats the search with the
weights it found, and keeps what is most likely under a Cauchy law.

    huber      rho = z**2/2 up to c = 1.345, then linear
    soft_l1    rho = sqrt(1 + z**2) - 1
    cauchy     rho = c**2/2 ln(1 + (z/c)**2), c = 2.385
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from corpus.evaluate import Program
from corpus.functions import Array
from recommender.fitting.polish import polish
from recommender.fitting.request import Request
from recommender.fitting.rows import thinned
from recommender.fitting.solve import SEARCH_ROWS, Polished, Solution, full_model, solve
from recommender.fitting.whiteness import neighbours
from recommender.samples import Samples

_HUBER, _CAUCHY = 1.345, 2.385
_PASSES = 30
_SEARCHES = 3
_CONSISTENT = 1.4826  # median absolute deviation of a normal law -> standard deviation
_DOUBT = 1e-3
_CALLS, _SORTING = 40, 60.0  # work of one reweighting: calls, and operations per row


@dataclass(frozen=True)
class Loss:
    """The weight psi(z)/z of a row and the derivative of psi."""

    weight: Callable[[Array], Array]
    slope: Callable[[Array], Array]


ROBUST = {
    "huber": Loss(
        lambda z: np.minimum(1.0, _HUBER / np.maximum(np.abs(z), 1e-12)),
        lambda z: np.where(np.abs(z) <= _HUBER, 1.0, 0.0),
    ),
    "soft_l1": Loss(lambda z: 1 / np.sqrt(1 + z**2), lambda z: (1 + z**2) ** -1.5),
    "cauchy": Loss(
        lambda z: 1 / (1 + (z / _CAUCHY) ** 2),
        lambda z: (1 - (z / _CAUCHY) ** 2) / (1 + (z / _CAUCHY) ** 2) ** 2,
    ),
}


@dataclass(frozen=True)
class RobustSolution:
    """The solution with the smallest robust cost, the final row weights (n,), and the variance factor of its covariance."""

    solution: Solution
    weights: Array
    variance: float


def solve_robust(request: Request, loss: Loss) -> RobustSolution:
    """Global fit under a robust loss; of very many rows some are searched, and the end is followed on all."""
    samples = request.samples
    if len(samples) <= 1.25 * SEARCH_ROWS:
        solution, end = _searched(request, loss)
        return RobustSolution(solution, np.ones(len(samples)), math.nan) if end is None else _result(request, loss, solution, end)
    part = replace(request, samples=samples.take(thinned(samples, SEARCH_ROWS, request.rng)))
    solution, end = _searched(part, loss)
    if end is None:
        return RobustSolution(solution, np.ones(len(samples)), math.nan)
    return _result(request, loss, solution, _follow(request, loss, end.item))


def _searched(request: Request, loss: Loss) -> tuple[Solution, _End | None]:
    """The end of smallest cost and the solution it came from."""
    ends = []
    weights = [np.ones(len(request.samples))]
    doubts = _neighbour_doubts(request.samples)
    if doubts is not None:
        weights.append(doubts)
    for start in weights:
        solution = _solved(request, start)
        ends += [(solution, _follow(request, loss, item)) for item in solution.found if not item.alias]
    if not ends:
        return solution, None
    best = min(ends, key=lambda end: end[1].cost)
    if request.work.exhausted():
        return best
    again = _solved(request, best[1].weights)
    ends += [(again, _follow(request, loss, item)) for item in again.found if not item.alias]
    return min(ends, key=lambda end: end[1].cost)


def _solved(request: Request, weights: Array) -> Solution:
    """One of the global searches, with its share of the budget."""
    with request.work.part(1 / _SEARCHES) as work:
        return solve(replace(_weighted(request, weights), work=work))


@dataclass(frozen=True)
class _End:
    item: Polished
    weights: Array
    residual: Array
    scale: float
    cost: float


def _follow(request: Request, loss: Loss, item: Polished) -> _End:
    """Reweight and re-solve locally until the weights settle; once the budget is spent, twice."""
    residual = _residual(request, item.values)
    for step in range(_PASSES):
        if step >= 2 and request.work.exhausted(1.2):
            break
        scale = robust_scale(residual)
        request.work.charge(_CALLS, _SORTING * len(residual))
        model = full_model(_weighted(request, loss.weight(residual / scale)))
        item = Polished(*polish(model, item.values, 20))
        new = _residual(request, item.values)
        moved = float(np.max(np.abs(new - residual)))
        residual = new
        if moved <= 1e-9 * scale:
            break
    scale = robust_scale(residual)
    # a Cauchy likelihood at that scale compares basins: bounded influence, whatever the loss within a basin
    cost = float(np.mean(np.log1p((residual / scale) ** 2))) + math.log(scale)
    return _End(item, loss.weight(residual / scale), residual, scale, cost)


def _result(request: Request, loss: Loss, solution: Solution, end: _End) -> RobustSolution:
    full = full_model(request)
    unweighted = Polished(end.item.values, full.system(end.item.values))
    aliases = (replace(item, system=full.system(item.values)) for item in solution.found if item.alias)
    variance = loss_variance(loss, end.residual / end.scale, end.scale, len(request.names))
    return RobustSolution(replace(solution, found=(unweighted, *aliases)), end.weights, variance)


def loss_variance(loss: Loss, z: Array, scale: float, parameters: int) -> float:
    """Covariance factor of an M-estimator: mean psi**2 / (mean psi')**2, times n/(n - k) (Huber & Ronchetti 2009, sec. 7.6).

    z: residuals over their robust scale, shape (n,).
    """
    slope = float(np.mean(loss.slope(z)))
    psi = float(np.sum((loss.weight(z) * z) ** 2)) / max(len(z) - parameters, 1)
    return scale**2 * psi / slope**2 if slope > 0 else math.nan


def _weighted(request: Request, weights: Array) -> Request:
    return replace(request, samples=request.samples.weighted(1 / np.sqrt(np.maximum(weights, 1e-12))))


def _residual(request: Request, values: Array) -> Array:
    """Residuals over the given sigma, shape (n,)."""
    samples = request.samples
    point = dict(zip(request.names, values.reshape(-1, 1, 1), strict=True))
    value = Program([request.compiled.root]).bind(samples.columns, len(samples)).values(point)[0]
    residual: Array = samples.target - np.broadcast_to(np.asarray(value, float), (1, len(samples)))[0]
    return residual if samples.sigma is None else np.asarray(residual / samples.sigma)


def robust_scale(residual: Array) -> float:
    """Robust standard deviation; a tiny fraction of the largest residual when more than half of them vanish."""
    size = np.abs(residual)
    return float(_CONSISTENT * np.median(size)) or 1e-9 * float(size.max()) or 1e-300


def _neighbour_doubts(samples: Samples) -> Array | None:
    """Weights that doubt rows far from both neighbours along a single varying column, None otherwise."""
    varying = [values for values in samples.columns.values() if np.ptp(values) > 0]
    if len(varying) != 1 or len(samples) < 8:
        return None
    pairs = neighbours(samples)
    order = np.append(pairs.first, pairs.second[-1])
    sorted_target = samples.target[order]
    middle = np.median(np.stack([np.roll(sorted_target, shift) for shift in (-2, -1, 0, 1, 2)]), axis=0)
    distance = np.abs(sorted_target - middle)
    weights = np.ones(len(samples))
    weights[order] = np.where(distance > 4 * robust_scale(distance[2:-2]), _DOUBT, 1.0)
    return weights
