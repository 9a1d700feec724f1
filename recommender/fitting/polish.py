"""The last digits: Gauss-Newton on all parameters of the formula itself, and the least-squares system at its end.

Rows are taken in blocks and each block is reduced to a triangle (QR of stacked triangles: Golub & Van Loan, Matrix Computations,
4th ed., sec. 5.3), so that a million rows need no more memory than fifty thousand and no digits are lost to normal equations.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.evaluate import Bound, Program
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.result import Prior
from recommender.fitting.work import Work, program_cost
from recommender.samples import Samples

BLOCK = 50_000
_SETTLING = 20
_BOUND = 1e-9
_DAMPINGS = ((0.0, 1e-8, 1e-5, 1e-2), (0.0, 1e-6, 1e-3))


@dataclass(frozen=True)
class System:
    """The linearised problem at a point: R (k, k) of the weighted Jacobian, right-hand side Q'r (k,), rss."""

    triangle: Array
    right: Array
    rss: float


class Objective(Protocol):
    """What can be polished: a function of k values with bounds, its linearisation, and whether there is time for a further step."""

    @property
    def limits(self) -> tuple[Array, Array]: ...

    def system(self, values: Array) -> System: ...

    def rss(self, values: Array) -> float: ...

    def hurried(self, step: int) -> bool: ...


class FullModel:
    """A formula in all its parameters on all rows, in blocks; limits: bounds (k,) each; priors by name."""

    def __init__(
        self,
        root: Node,
        names: Sequence[str],
        samples: Samples,
        work: Work,
        limits: tuple[Array, Array] | None = None,
        priors: Mapping[str, Prior] | None = None,
    ) -> None:
        self.names = tuple(names)
        self.work = work
        self.limits = limits if limits is not None else (np.full(len(self.names), -np.inf), np.full(len(self.names), np.inf))
        self._priors = [(self.names.index(name), prior) for name, prior in (priors or {}).items() if name in self.names]
        self._program = Program([root])
        self._cost = program_cost(self._program)
        self._blocks = [samples.take(np.arange(i, min(i + BLOCK, len(samples)))) for i in range(0, len(samples), BLOCK)]
        self._bound = self._program.bind(self._blocks[0].columns, len(self._blocks[0])) if len(self._blocks) == 1 else None

    def hurried(self, step: int) -> bool:
        """Whether a further step over very many rows would leave the budget: two from the optimum on some rows are enough."""
        return step >= 2 and self._bound is None and self.work.exhausted()

    def _bounds(self) -> Iterator[tuple[Samples, Bound]]:
        for block in self._blocks:
            yield block, self._bound or self._program.bind(block.columns, len(block))

    def system(self, values: Array) -> System:
        """Jacobian triangle and residual at `values` (k,); rss is inf where the formula is not finite."""
        k = len(self.names)
        stacked, outside = self._prior_rows(values), 0.0
        point = dict(zip(self.names, values.reshape(-1, 1, 1), strict=True))
        with np.errstate(all="ignore"):
            for block, bound in self._bounds():
                triangle = _triangle(np.vstack([stacked, self._block(block, bound, point)]))
                stacked = triangle[:k]
                outside += float(np.sum(triangle[k:, k] ** 2))
        rss = float(np.sum(stacked[:, k] ** 2)) + outside
        padded = np.vstack([stacked, np.zeros((k - len(stacked), k + 1))])
        return System(padded[:, :k], padded[:, k], rss if math.isfinite(rss) else math.inf)

    def _prior_rows(self, values: Array) -> Array:
        """[J, r] of the priors, shape (number of priors, k + 1)."""
        rows = np.zeros((len(self._priors), len(self.names) + 1))
        for row, (i, prior) in zip(rows, self._priors, strict=True):
            value, slope = (values[i], 1.0) if prior.kind == "normal" else (np.log(values[i]), 1.0 / values[i])
            row[i], row[-1] = slope / prior.sd, (prior.mean - value) / prior.sd
        return rows

    def _block(self, block: Samples, bound: Bound, point: Mapping[str, Array]) -> Array:
        """[J, r] of one block, weighted, shape (rows, k + 1); non-finite derivatives zeroed."""
        calls, weight = self._cost
        self.work.charge(2 * calls * (1 + len(point)), len(block) * (weight + 1) * (1 + 2 * len(point)))
        value, tangents = bound.derivatives(point, self.names)[0]
        out = np.empty((len(block), len(self.names) + 1))
        for i, name in enumerate(self.names):
            out[:, i] = tangents.get(name, 0.0)
        out[:, :-1] = np.where(np.isfinite(out[:, :-1]), out[:, :-1], 0.0)
        out[:, -1] = block.target - np.broadcast_to(np.asarray(value, float), (1, len(block)))[0]
        if not np.isfinite(out[:, -1]).all():
            out[:, -1] = np.inf
            out[:, :-1] = 0.0
        return out if block.sigma is None else out / block.sigma[:, None]

    def rss(self, values: Array) -> float:
        """Weighted residual sum of squares, inf where the formula is not finite."""
        point = dict(zip(self.names, values.reshape(-1, 1, 1), strict=True))
        with np.errstate(all="ignore"):
            total = float(np.sum(self._prior_rows(values)[:, -1] ** 2))
            for block, bound in self._bounds():
                self.work.charge(self._cost[0], len(block) * (self._cost[1] + 1))
                residual = block.target - np.broadcast_to(np.asarray(bound.values(point)[0], float), (1, len(block)))[0]
                residual = residual if block.sigma is None else residual / block.sigma
                total += float(residual @ residual)
        return total if math.isfinite(total) else math.inf


def _triangle(matrix: Array) -> Array:
    """R of a QR decomposition."""
    return np.asarray(np.linalg.qr(matrix, mode="r"))


def polish(model: Objective, values: Array, steps: int) -> tuple[Array, System]:
    """Gauss-Newton with damping only where the full step fails, to a relative rss change of 1e-13."""
    values = np.clip(values, *model.limits)
    system = _system(model, values)
    for step in range(steps):
        moved = None if model.hurried(step) else _improve(model, values, system, _DAMPINGS[step >= 3])
        if moved is None:
            break
        values, new = moved
        change = (system.rss - new.rss) / system.rss if system.rss > 0 else 0.0
        system = new
        if change < 1e-13:
            break
    return values, system


def settle(model: Objective, values: Array, system: System) -> tuple[Array, System]:
    """Full Gauss-Newton steps until the residual is orthogonal to the tangent plane to nine digits (Bates & Watts 1981).

    Where the rss no longer changes in its last digits the parameters still do: half of their digits are gained here.
    """
    for step in range(_SETTLING):
        offset = float(np.linalg.norm(system.right)) / math.sqrt(system.rss) if 0 < system.rss < math.inf else 0.0
        if offset < 1e-9 or _active(model, values, system).any() or model.hurried(2 + step):
            break
        scale = column_scale(system.triangle)
        trial = values + _solve(system.triangle / scale, system.right, 0.0) / scale
        moved = model.system(trial) if np.isfinite(model.rss(trial)) else system
        if moved is system or moved.rss > system.rss * (1 + 1e-11) or np.linalg.norm(moved.right) > 0.7 * np.linalg.norm(system.right):
            break
        values, system = trial, moved
    return values, system


def _system(model: Objective, values: Array) -> System:
    k = len(values)
    return model.system(values) if math.isfinite(model.rss(values)) else System(np.zeros((k, k)), np.zeros(k), math.inf)


def _improve(model: Objective, values: Array, system: System, dampings: Sequence[float]) -> tuple[Array, System] | None:
    if not math.isfinite(system.rss):
        return None
    triangle = np.where(_active(model, values, system), 0.0, system.triangle)
    scale = column_scale(triangle)
    for damping in dampings:
        trial = np.clip(values + _solve(triangle / scale, system.right, damping) / scale, *model.limits)
        if np.isfinite(trial).all() and model.rss(trial) < system.rss:
            return trial, model.system(trial)
    return None


def _active(model: Objective, values: Array, system: System) -> NDArray[np.bool_]:
    """Parameters on a bound that the residual pushes outward."""
    push = system.triangle.T @ system.right
    return ((values <= model.limits[0]) & (push < 0)) | ((values >= model.limits[1]) & (push > 0))


def _solve(matrix: Array, right: Array, damping: float) -> Array:
    k = matrix.shape[1]
    if damping:
        matrix, right = np.vstack([matrix, math.sqrt(damping) * np.eye(k)]), np.concatenate([right, np.zeros(k)])
    try:
        return np.asarray(np.linalg.lstsq(matrix, right, rcond=1e-15)[0])
    except np.linalg.LinAlgError:
        return np.zeros(k)


def on_bound(values: Array, limits: tuple[Array, Array]) -> list[bool]:
    """Which values sit on a bound."""
    low, high = limits
    with np.errstate(all="ignore"):
        margin = _BOUND * np.where(np.isfinite(high - low), high - low, np.maximum(np.abs(values), 1e-300))
    return [bool(held) for held in (values <= low + margin) | (values >= high - margin)]


def column_scale(triangle: Array) -> Array:
    """Euclidean length of the Jacobian's columns, 1 for a zero one."""
    with np.errstate(over="ignore"):
        size = np.sqrt(np.sum(triangle**2, axis=0))
    return np.where((size > 0) & np.isfinite(size), size, 1.0)
