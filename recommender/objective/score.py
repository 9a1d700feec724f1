"""A family bound to an objective: many vectors of coefficients in, losses and violations out, every curve counted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corpus.evaluate import Program
from corpus.functions import Array
from recommender.fitting.scales import magnitudes
from recommender.objective.computed import ComputedObjective
from recommender.objective.family import UNBOUNDED, Family
from recommender.progress import Stop, never

_DEPENDENT = 1e-6


class Meter:
    """Counts the curves scored against a budget, and asks whether to stop."""

    def __init__(self, budget: int, stop: Stop = never) -> None:
        self.budget, self.spent, self._stop = budget, 0, stop
        self.stopped = False

    def charge(self, curves: int) -> None:
        self.spent += curves

    def over(self, limit: float | None = None) -> bool:
        """Whether `limit` curves (None: the whole budget) are spent, or a person said stop."""
        self.stopped = self.stopped or self._stop()
        return self.stopped or self.spent >= (self.budget if limit is None else limit)


@dataclass(frozen=True)
class Point:
    """Coefficients, shape (k,), their loss, and by how much they break the constraints (0: not at all)."""

    values: Array
    loss: float
    violation: float

    @property
    def order(self) -> tuple[float, float]:
        """Sorts points: what keeps the constraints first, by loss; the rest by violation (Deb 2000, CMAME 186:311)."""
        return self.violation, self.loss

    @property
    def is_usable(self) -> bool:
        return math.isfinite(self.violation) and (self.violation > 0 or math.isfinite(self.loss))


class Scorer:
    """One family on one objective; coefficients in the order of `family.names`."""

    def __init__(self, family: Family, objective: ComputedObjective, meter: Meter) -> None:
        self.family, self.objective, self.meter = family, objective, meter
        self.names = family.names
        limits = [family.bounds.get(name, UNBOUNDED) for name in self.names]
        self.low, self.high = np.array([low for low, _ in limits], float), np.array([high for _, high in limits], float)
        self._bound = Program([family.formula.root]).bind(objective.grid, len(objective))

    @cached_property
    def expected(self) -> Array:
        """Size of each coefficient to be expected for typical curves, shape (k,)."""
        found = magnitudes(self.family.formula.root, self.names, self.objective.samples)
        return np.array([10.0 ** found[name] for name in self.names])

    def curves(self, values: Array) -> Array:
        """Curves, shape (b, n), of coefficients of shape (b, k)."""
        out = self._bound.values(self._columns(values))[0]
        return np.array(np.broadcast_to(out, (len(values), len(self.objective))), float)

    def _columns(self, values: Array) -> Mapping[str, Array]:
        return {name: values[:, i : i + 1] for i, name in enumerate(self.names)}

    def score(self, values: Array) -> tuple[Array, Array]:
        """(losses, violations), shape (b,) each, of coefficients of shape (b, k); both inf outside the bounds.

        What breaks a constraint has the loss inf: the user's function need not bear it. Only a search along the gradient must know it.
        """
        self.meter.charge(len(values))
        curves = self.curves(values)
        curves[((values < self.low) | (values > self.high)).any(axis=1)] = np.nan
        violations = self.objective.violations(curves)
        if not self.objective.has_gradient:
            curves[violations > 0] = np.nan
        return self.objective.losses(curves), violations

    def points(self, values: Array) -> list[Point]:
        """Usable ones of many vectors of coefficients, best first."""
        losses, violations = self.score(values)
        found = (Point(v, float(loss), float(broken)) for v, loss, broken in zip(values, losses, violations, strict=True))
        return sorted((point for point in found if point.is_usable), key=lambda point: point.order)

    @np.errstate(all="ignore")
    def is_determined(self, values: Array) -> bool:
        """Whether the curve tells all coefficients apart at a point: its Jacobian, columns scaled, has full rank."""
        _, tangents = self._bound.derivatives(self._columns(values[None]), self.names)[0]
        columns = np.array([np.broadcast_to(tangents.get(name, 0.0), (1, len(self.objective)))[0] for name in self.names])
        sizes = np.linalg.norm(columns, axis=1, keepdims=True)
        if not (np.isfinite(columns).all() and (sizes > 0).all()):
            return False
        return not len(columns) or float(np.linalg.svd(columns / sizes, compute_uv=False)[-1]) > _DEPENDENT

    def slope(self, values: Array) -> Array:
        """Derivative of the loss by each coefficient, shape (k,): the user's gradient through the formula's own."""
        value, tangents = self._bound.derivatives(self._columns(values[None]), self.names)[0]
        curve = np.array(np.broadcast_to(value, (1, len(self.objective))), float)
        self.meter.charge(1)
        pull = self.objective.slopes(curve)[0]
        return np.array([float(np.sum(pull * np.broadcast_to(tangents.get(name, 0.0), (1, pull.size))[0])) for name in self.names])
