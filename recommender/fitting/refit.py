"""Local refits from a known optimum: what cross-validation and the bootstrap need, a millisecond each.

Levenberg-Marquardt through MINPACK (Moré 1978) with analytic derivatives. The optimum of all rows is the start, so a form
with several optima stays in the basin that was reported; the global search is `fit`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from corpus.evaluate import Bound, Program
from corpus.functions import Array
from recommender.fitting.fit import Fit
from recommender.fitting.minpack import levenberg_marquardt
from recommender.samples import Samples

_MAX_EVALUATIONS = 60
_OUTSIDE = 1e6


class Refitter:
    """Refits one fitted form to other rows of the same table."""

    def __init__(self, fit: Fit, known: Mapping[str, float], bounds: Mapping[str, tuple[float, float]] | None = None) -> None:
        """bounds: coefficients at an end of theirs stay there, and the others do not leave theirs."""
        self._fit = fit
        self._program = Program([fit.formula.root])
        bounds = bounds or {}
        known = {**known, **{name: fit.parameters[name] for name, ends in bounds.items() if fit.parameters[name] in ends}}
        self._known = {name: np.full((1, 1), value) for name, value in known.items()}
        self.free = tuple(name for name in fit.formula.parameters if name not in known)
        self._bounds = np.array([bounds.get(name, (-np.inf, np.inf)) for name in self.free]).reshape(-1, 2)

    def refit(self, samples: Samples) -> dict[str, float]:
        """Values of all coefficients for these rows; nan for the free ones of a form with more of them than rows.

        The optimum of all rows would be a leak there: it has seen the rows that are held out.
        """
        start = np.array([self._fit.parameters[name] for name in self.free])
        if not len(start) or not np.all(np.isfinite(start)):
            return dict(self._fit.parameters)
        if len(samples) < len(start):
            return {**self._fit.parameters, **dict.fromkeys(self.free, np.nan)}
        residual = _Residual(self, samples)
        scale = np.where(start != 0, np.abs(start), 1.0)
        with np.errstate(all="ignore"):
            found = levenberg_marquardt(
                lambda z: residual.values(z * scale), lambda z: residual.jacobian(z * scale) * scale, start / scale, _MAX_EVALUATIONS
            )
        values = np.clip(found * scale, *self._bounds.T) if np.all(np.isfinite(found)) else start
        return {**self._fit.parameters, **dict(zip(self.free, map(float, values), strict=True))}

    def predict(self, columns: Mapping[str, Array], values: Mapping[str, float]) -> Array:
        """Values at other rows, shape (n,)."""
        return self._fit.formula.evaluate(columns, values)

    def bind(self, samples: Samples) -> Bound:
        """The form on these rows."""
        return self._program.bind(samples.columns, len(samples))

    def named(self, values: Array) -> dict[str, Array]:
        """Free values and known ones as (1, 1) arrays by name."""
        return {**self._known, **{name: np.full((1, 1), value) for name, value in zip(self.free, values, strict=True)}}


class _Residual:
    """Residuals, weighted by sigma or the spread of the target, and their Jacobian."""

    def __init__(self, refitter: Refitter, samples: Samples) -> None:
        self._refitter = refitter
        self._bound = refitter.bind(samples)
        spread = float(np.std(samples.target)) or 1.0
        self._weight = 1 / spread if samples.sigma is None else 1 / samples.sigma
        self._target = samples.target

    def values(self, parameters: Array) -> Array:
        value = self._bound.values(self._refitter.named(parameters))[0]
        row = (np.broadcast_to(value, (1, len(self._target)))[0] - self._target) * self._weight
        return np.where(np.isfinite(row), row, _OUTSIDE)

    def jacobian(self, parameters: Array) -> Array:
        named = self._refitter.named(parameters)
        _, tangents = self._bound.derivatives(named, set(self._refitter.free))[0]
        n = len(self._target)
        columns = [np.broadcast_to(np.asarray(tangents.get(name, 0.0)), (1, n))[0] * self._weight for name in self._refitter.free]
        matrix = np.stack(columns, axis=1)
        return np.where(np.isfinite(matrix), matrix, 0.0)
