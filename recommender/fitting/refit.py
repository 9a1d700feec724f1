"""Local refits from a known optimum: what cross-validation and the bootstrap need, a millisecond each.

One by one: Levenberg-Marquardt through MINPACK (Moré 1978) with analytic derivatives. Many draws of the same rows: variable projection,
the draws side by side. The optimum of all rows is the start, so a form with several optima stays in the basin that was reported; the
global search is `fit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from corpus.evaluate import Bound, Program
from corpus.functions import Array
from recommender.fitting.fit import Fit
from recommender.fitting.lm import minimise
from recommender.fitting.minpack import levenberg_marquardt
from recommender.fitting.structure import Separated, separate
from recommender.fitting.varpro import Model
from recommender.fitting.work import Work
from recommender.samples import Samples

_MAX_EVALUATIONS = 60
_OUTSIDE = 1e6
_MOST_STEPS = 25
_SMALL_GAIN = 1e-5  # of the sum of squares, twice in a row: what is left is a small part of a standard error
_TOGETHER = 200_000  # rows times draws that are refitted side by side


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

    def refits(self, samples: Samples, weights: Array, targets: Array) -> Array:
        """Free values for every draw, shape (B, k): row by row weighted anew and with a target of its own, each (B, n).

        weights: beside those of the rows' uncertainties; 0 leaves a row out. Where a draw leads to no finite error its values are
        those of all rows, and nan where it has fewer rows than values.
        """
        if not self.free or not all(np.isfinite(self._fit.parameters[name]) for name in self.free):
            return np.tile([self._fit.parameters[name] for name in self.free], (len(weights), 1))
        step = max(1, _TOGETHER // len(samples))
        starts = range(0, len(weights), step)
        values = np.concatenate([self._refits(samples, weights[i : i + step], targets[i : i + step]) for i in starts])
        values[np.count_nonzero(weights, axis=1) < len(self.free)] = np.nan
        return values

    def _refits(self, samples: Samples, weights: Array, targets: Array) -> Array:
        form, start = self._form, [self._fit.parameters[name] for name in self.free]
        model = Model(form, samples, Work(np.inf), self._limits(form))
        model.target = targets
        model.weights = weights if model.weights is None else weights * model.weights
        alpha = np.tile([self._fit.parameters[name] for name in form.nonlinear], (len(weights), 1))
        found = minimise(model, alpha, _MOST_STEPS, tolerance=_SMALL_GAIN)
        values = np.tile(start, (len(weights), 1))
        places = [self.free.index(name) for name in (*form.nonlinear, *form.linear)]
        values[:, places] = np.hstack([found.alpha, found.coefficients])
        usable = np.isfinite(found.rss) & np.all(np.isfinite(values), axis=1)
        return np.where(usable[:, None], values, start)

    @cached_property
    def _form(self) -> Separated:
        """Coefficients with bounds are not projected out, for theirs may bind."""
        bounded = frozenset(name for name, ends in zip(self.free, self._bounds, strict=True) if np.isfinite(ends).any())
        known = {name: float(value[0, 0]) for name, value in self._known.items()}
        return separate(self._fit.formula.bind(known).root, self.free, bounded)

    def _limits(self, form: Separated) -> tuple[Array, Array]:
        low, high = self._bounds[[self.free.index(name) for name in form.nonlinear]].reshape(-1, 2).T
        return low, high

    def predict(self, columns: Mapping[str, Array], values: Mapping[str, float]) -> Array:
        """Values at other rows, shape (n,)."""
        return self._fit.formula.evaluate(columns, values)

    def curves(self, samples: Samples, values: Array) -> Array:
        """Values at these rows for every row of free values (B, k), shape (B, n)."""
        named = {**self._known, **{name: values[:, i : i + 1] for i, name in enumerate(self.free)}}
        curves = self.bind(samples).values(named)[0]
        return np.broadcast_to(np.asarray(curves, float), (len(values), len(samples)))

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
