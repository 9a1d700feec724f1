"""Levenberg-Marquardt on the variable projection residual, many starts at once.

The Jacobian is Kaufman's, -P dF (Kaufman 1975, BIT 15:49): the projection of the model's derivative off the basis. Damping
scales with the diagonal of J'J (Marquardt 1963), whose running maximum decays so that a parameter that became important late is
not held back, and follows the gain ratio (Nielsen 1999, IMM-REP-1999-05). A step whose residual is not finite is rejected like
any bad step; non-finite derivatives (x**p at x = 0) are zeroed, for one such row is no reason to drop a start.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from recommender.fitting.varpro import Model, Projection, Rows

_FORGET = 0.7
_FIRST_DAMPING = 1e-2
_LARGEST_DAMPING = 1e12
_CALLS = 70  # NumPy calls of one step beside the evaluation of the model


@dataclass(frozen=True)
class Minimum:
    """End points: alpha (b, q), rss (b,), coefficients (b, m)."""

    alpha: Array
    rss: Array
    coefficients: Array

    def take(self, rows: Rows) -> Minimum:
        return Minimum(self.alpha[rows], self.rss[rows], self.coefficients[rows])


@dataclass
class _State:
    """Everything the iteration carries, one row per start."""

    alpha: Array
    at: Projection
    damping: Array
    growth: Array
    active: NDArray[np.bool_]
    stale: NDArray[np.bool_]
    slow: Rows
    hessian: Array
    gradient: Array
    scale: Array = field(init=False)

    def __post_init__(self) -> None:
        self.scale = np.zeros_like(self.alpha)


def minimise(
    model: Model, alpha: Array, iterations: int, *, tolerance: float = 1e-9, good_enough: float = 0.0, share: float = 1.0
) -> Minimum:
    """Run at most `iterations` steps from every row of alpha (b, q).

    A start stops after two relative gains below `tolerance`; all stop once one rss falls below good_enough * tss, or when
    `share` of the budget is spent.
    """
    state = _begin(model, model.inside(alpha))
    with np.errstate(all="ignore"):
        for _ in range(iterations if alpha.shape[1] else 0):
            _linearise(model, state)
            rows = np.flatnonzero(state.active)
            if not rows.size:
                break
            model.work.charge(_CALLS, 0)
            _step(model, state, rows, tolerance)
            if state.at.rss.min() < good_enough * model.tss or model.work.exhausted(share):
                break
    return Minimum(state.alpha, state.at.rss, state.at.coefficients)


def _begin(model: Model, alpha: Array) -> _State:
    count, q = alpha.shape
    at = model.project(alpha)
    active = np.isfinite(at.rss)
    ones, zeros = np.ones(count), np.zeros(count, np.int64)
    return _State(
        alpha.copy(), at, _FIRST_DAMPING * ones, 2.0 * ones, active, active.copy(), zeros, np.zeros((count, q, q)), np.zeros((count, q))
    )


def _linearise(model: Model, state: _State) -> None:
    """Jacobian, J'J and J'r for the starts that moved."""
    rows = np.flatnonzero(state.active & state.stale)
    if not rows.size:
        return
    jacobian = _finite(model.jacobian(state.alpha[rows], state.at.coefficients[rows], rows))
    if state.at.basis.shape[1]:
        basis = state.at.basis[rows]
        jacobian = _finite(jacobian - np.matmul(np.matmul(jacobian, basis.transpose(0, 2, 1)), basis))
    hessian = np.matmul(jacobian, jacobian.transpose(0, 2, 1))
    state.hessian[rows] = hessian
    state.gradient[rows] = np.matmul(jacobian, state.at.residual[rows][:, :, None])[:, :, 0]
    state.scale[rows] = np.maximum(_FORGET * state.scale[rows], np.einsum("bkk->bk", hessian))
    state.stale[rows] = False


def _finite(values: Array) -> Array:
    good = np.isfinite(values)
    return values if good.all() else np.where(good, values, 0.0)


def _step(model: Model, state: _State, rows: Rows, tolerance: float) -> None:
    """One damped step for the active starts: accept what lowers the residual, adapt the damping."""
    scaled_step, scaled_gradient, scale = _damped_step(model, state, rows)
    trial = model.inside(state.alpha[rows] + scaled_step / scale)
    at = model.project(trial, rows)
    gain = state.at.rss[rows] - at.rss
    damping = state.damping[rows]
    predicted = np.einsum("bk,bk->b", scaled_step, damping[:, None] * scaled_step + scaled_gradient)
    ratio = gain / np.where(predicted > 0, predicted, 1.0)
    better = gain > 0
    small = better & (gain < tolerance * np.maximum(state.at.rss[rows], 1e-300))
    state.slow[rows] = np.where(small, state.slow[rows] + 1, np.where(better, 0, state.slow[rows]))
    _accept(state, rows[better], trial[better], at, better)
    _adapt(state, rows, better, ratio)
    finished = (state.slow[rows] >= 2) | (state.damping[rows] > _LARGEST_DAMPING) | (state.at.rss[rows] < 1e-26 * model.tss)
    state.active[rows] &= ~finished


def _damped_step(model: Model, state: _State, rows: Rows) -> tuple[Array, Array, Array]:
    """Solve (D^-1 H D^-1 + damping) z = D^-1 g with D the column scale; gives z, D^-1 g and D."""
    scale = np.sqrt(state.scale[rows])
    scale = np.where(scale > 0, scale, 1.0)
    gradient = state.gradient[rows] / scale
    eye = np.eye(scale.shape[1])
    matrix = state.hessian[rows] / (scale[:, :, None] * scale[:, None, :])
    if model.limits is not None:
        gradient, matrix = _without_active(gradient, matrix, state.alpha[rows], model.limits)
    matrix = matrix + state.damping[rows][:, None, None] * eye
    try:
        step = np.linalg.solve(matrix, gradient[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        step = np.linalg.solve(matrix + 1e-8 * eye, gradient[:, :, None])[:, :, 0]
    return step, gradient, scale


def _without_active(gradient: Array, matrix: Array, alpha: Array, limits: tuple[Array, Array]) -> tuple[Array, Array]:
    """Leave out the parameters whose step would leave the bounds they sit on (projected gradients)."""
    active = ((alpha <= limits[0]) & (gradient < 0)) | ((alpha >= limits[1]) & (gradient > 0))
    coupled = np.where(active[:, :, None] | active[:, None, :], 0.0, matrix)
    return np.where(active, 0.0, gradient), coupled + active[:, :, None] * np.eye(alpha.shape[1])


def _accept(state: _State, rows: Rows, trial: Array, at: Projection, better: NDArray[np.bool_]) -> None:
    state.alpha[rows] = trial
    state.at.rss[rows] = at.rss[better]
    state.at.residual[rows] = at.residual[better]
    state.at.coefficients[rows] = at.coefficients[better]
    state.at.basis[rows] = at.basis[better]
    state.stale[rows] = True


def _adapt(state: _State, rows: Rows, better: NDArray[np.bool_], ratio: Array) -> None:
    """Nielsen's rule: the damping falls smoothly with the gain ratio, and doubles ever faster on failure."""
    won, lost = rows[better], rows[~better]
    gain = ratio[better]
    shrink = np.maximum(1 / 3, 1 - (2 * np.clip(gain, 0, 1) - 1) ** 3) * np.where(gain > 0.9, 0.3, 1.0)
    state.damping[won] = np.maximum(state.damping[won] * shrink, 1e-12)
    state.growth[won] = 2.0
    state.damping[lost] *= state.growth[lost]
    state.growth[lost] *= 2.0
