"""From a start to the optimum near it: along the gradient where there is one, else by CMA-ES.

With a gradient: L-BFGS-B, or SLSQP where there are constraints (Nocedal & Wright, Numerical Optimization, 2nd ed., ch. 7 and 18).
Without: covariance matrix adaptation (Hansen & Ostermeier 2001, Evol. Comput. 9:159), which needs only the order of the losses, so that
kinks and flat stretches of a calculated loss do no harm. Coefficients are searched in units of their start.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.optimize import minimize

from corpus.functions import Array
from recommender.objective.score import Point, Scorer

STEP = 0.2  # first standard deviation of CMA-ES, in units of the start
_DIFFERENCE = 1e-6
_FAR = 1e6  # a margin that cannot be told
_SMALL = 0.01
_SPREAD = 1e-10  # of the losses, relative, at which CMA-ES ends


def refined(scorer: Scorer, start: Point, curves: int, rng: np.random.Generator, step: float = STEP) -> Point:
    """The best point found from a start with about `curves` evaluations; the start itself if nothing is better."""
    if not scorer.names or curves <= 0 or scorer.meter.over():
        return start
    scale = _scale(scorer, start.values)
    if scorer.objective.has_gradient:
        return min(start, _descended(scorer, start, curves, scale), key=lambda point: point.order)
    return _evolved(scorer, start, curves, scale, rng, step)


def _scale(scorer: Scorer, values: Array) -> Array:
    """The size of each coefficient, not far below the one that its place in the formula lets expect."""
    return np.maximum(np.abs(values), _SMALL * scorer.expected)


# --- without a gradient ---------------------------------------------------------------------------------------------------


def _evolved(scorer: Scorer, start: Point, curves: int, scale: Array, rng: np.random.Generator, step: float) -> Point:
    from cma import CMAEvolutionStrategy  # costs a second

    ceiling = start.loss if math.isfinite(start.loss) else 0.0
    options: dict[str, Any] = {
        "verbose": -9,
        "seed": math.nan,  # the random numbers of NumPy at large are left alone
        "randn": lambda *shape: rng.standard_normal(shape),
        "tolfun": _SPREAD * max(abs(ceiling), 1e-10),
        "bounds": [_plain(scorer.low / scale), _plain(scorer.high / scale)],
    }
    search, best = CMAEvolutionStrategy(start.values / scale, step, options), start
    end = scorer.meter.spent + curves
    while not (search.stop() or scorer.meter.over(end)):
        asked = search.ask()
        values = np.clip(np.array(asked) * scale, scorer.low, scorer.high)
        losses, violations = scorer.score(values)
        kept = losses[(violations == 0) & np.isfinite(losses)]
        ceiling = max(ceiling, float(kept.max(initial=ceiling)))
        search.tell(asked, _fitness(losses, violations, ceiling).tolist())
        i = int(np.lexsort((losses, violations))[0])
        best = min(best, Point(values[i], float(losses[i]), float(violations[i])), key=lambda point: point.order)
    return best


def _plain(limits: Array) -> list[float | None] | None:
    """Bounds as CMA-ES takes them."""
    return [float(limit) if math.isfinite(limit) else None for limit in limits] if np.isfinite(limits).any() else None


def _fitness(losses: Array, violations: Array, ceiling: float) -> Array:
    """One number to rank by: what breaks a constraint comes after all that keep them, what is not usable last."""
    ranked = np.where(violations > 0, ceiling + abs(ceiling) + violations, losses)
    usable = np.isfinite(ranked)
    return np.where(usable, ranked, float(ranked[usable].max(initial=ceiling)) + 1.0 + abs(ceiling))


# --- with a gradient --------------------------------------------------------------------------------------------------------


def _descended(scorer: Scorer, start: Point, curves: int, scale: Array) -> Point:
    descent = _Descent(scorer, scale, start, scorer.meter.spent + curves)
    pairs = list(zip(scorer.low / scale, scorer.high / scale, strict=True))
    constrained = scorer.objective.has_constraints
    margins = [{"type": "ineq", "fun": descent.margin, "jac": descent.margin_slope}] if constrained else []
    try:
        method, options = ("SLSQP", {"maxiter": curves, "ftol": 1e-12}) if constrained else ("L-BFGS-B", {"maxfun": curves, "ftol": 1e-15})
        minimize(descent.loss, start.values / scale, jac=descent.slope, bounds=pairs, method=method, constraints=margins, options=options)
    except _SpentError:
        pass
    return descent.best


class _SpentError(Exception):
    """The evaluations of a descent are used up."""


class _Descent:
    """Loss, slope and constraints in scaled coefficients for SciPy; remembers the best point it was asked about."""

    def __init__(self, scorer: Scorer, scale: Array, start: Point, end: int) -> None:
        self.scorer, self.scale, self.best, self.end = scorer, scale, start, end
        self.ceiling = start.loss

    def loss(self, u: Array) -> float:
        if self.scorer.meter.over(self.end):
            raise _SpentError
        values = np.clip(u * self.scale, self.scorer.low, self.scorer.high)
        losses, violations = self.scorer.score(values[None])
        point = Point(values, float(losses[0]), float(violations[0]))
        self.best = min(self.best, point, key=lambda other: other.order)
        self.ceiling = max(self.ceiling, point.loss if math.isfinite(point.loss) else self.ceiling)
        return point.loss if math.isfinite(point.loss) else self.ceiling + abs(self.ceiling) + 1.0

    def slope(self, u: Array) -> Array:
        return np.nan_to_num(self.scorer.slope(np.clip(u * self.scale, self.scorer.low, self.scorer.high)) * self.scale)

    def margin(self, u: Array) -> Array:
        """Shape (m,), not negative where the constraints are kept."""
        return np.asarray(self._margins(u[None])[0])

    def margin_slope(self, u: Array) -> Array:
        """Shape (m, k), by central differences, all at once."""
        moves = _DIFFERENCE * np.eye(u.size)
        found = self._margins(np.vstack([u + moves, u - moves]))
        return np.asarray((found[: u.size] - found[u.size :]).T / (2 * _DIFFERENCE))

    def _margins(self, u: Array) -> Array:
        found = self.scorer.objective.margins(self.scorer.curves(u * self.scale))
        return np.nan_to_num(-found, posinf=_FAR, neginf=-_FAR)
