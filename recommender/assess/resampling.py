"""Refits of one form to bootstrap samples, made once and shared by all who ask how far the answer depends on the rows.

Efron & Tibshirani, An Introduction to the Bootstrap (1993), ch. 9: rows are resampled where they are a random sample themselves, residuals
where the settings were chosen, the rows are few, or they follow each other in time. The draws depend on the problem alone, so they
are the same for all its candidates and their errors may be compared draw by draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from recommender.fitting import Fit
from recommender.fitting.refit import Refitter
from recommender.problem import Problem
from recommender.splits import moving_blocks

RESAMPLES = 40
FEW_ROWS = 30
LEVELS = 1 / 3  # an input with fewer different values than this share of the rows was set, not met with


@dataclass(frozen=True)
class Draws:
    """Refits to B samples: coefficients (B, k), nan where a refit failed; curves on all n rows (B, n)."""

    values: Array
    curves: Array


class Bootstrap:
    """Refits of one fitted form."""

    def __init__(self, fit: Fit, refitter: Refitter, problem: Problem) -> None:
        self._fit = fit
        self._refitter = refitter
        self._problem = problem

    @property
    def draws(self) -> Draws:
        """The draws that suit the table."""
        return self.residuals if settings_were_chosen(self._problem) else self.rows

    @cached_property
    def rows(self) -> Draws:
        """Refits to resampled rows; none to a sample with fewer different rows than coefficients."""
        samples = self._problem.samples
        counts = np.array([np.bincount(rows, minlength=len(samples)) for rows in self._problem.draws(RESAMPLES)])
        return self._refits(np.sqrt(counts), samples.target)

    @cached_property
    def residuals(self) -> Draws:
        """Refits to the curve plus resampled residuals, inflated for the degrees of freedom the fit took (Davison & Hinkley 1997, 6.2)."""
        problem = self._problem
        curve = self._fit.predict(problem.samples.columns)
        n, k = len(curve), len(self._refitter.free)
        share = (problem.samples.target - curve) / problem.scale
        share = (share - np.mean(share)) * np.sqrt(n / max(n - k, 1))
        rng = np.random.default_rng(problem.table_seed)
        if not np.all(np.isfinite(share)):
            return Draws(np.full((RESAMPLES, k), np.nan), np.full((RESAMPLES, n), np.nan))
        drawn = np.array([_drawn(n, problem.ordered, rng) for _ in range(RESAMPLES)])
        return self._refits(np.ones((RESAMPLES, n)), curve + share[drawn] * problem.scale)

    @cached_property
    def left_out_errors(self) -> Array:
        """NMSE (weighted) on the rows each sample of rows left out, shape (B,); inf where it could not be measured.

        Breiman 1996, Out-of-bag estimation.
        """
        problem, curves = self._problem, self.rows.curves
        errors = np.full(RESAMPLES, np.inf)
        for b, drawn in enumerate(problem.draws(RESAMPLES)):
            left = np.setdiff1d(np.arange(len(problem.samples)), drawn)
            with np.errstate(all="ignore"):
                error = float(np.mean(((problem.samples.target - curves[b])[left] / problem.scale[left]) ** 2)) if len(left) else np.nan
            errors[b] = error / problem.signal if np.isfinite(error) else np.inf
        return errors

    def _refits(self, weights: Array, targets: Array) -> Draws:
        """weights: shape (B, n), those of the rows' uncertainties apart; targets: (B, n) or (n,)."""
        samples = self._problem.samples
        with np.errstate(all="ignore"):
            values = self._refitter.refits(samples, weights, np.broadcast_to(targets, weights.shape))
            return Draws(values, self._refitter.curves(samples, values))


def settings_were_chosen(problem: Problem) -> bool:
    """Whether rows are no random sample: few, in time order, or each input at few levels or even steps."""
    n = len(problem.samples)
    return n < FEW_ROWS or problem.ordered or all(_set(values) for values in problem.samples.columns.values())


def _set(values: Array) -> bool:
    levels = np.unique(values)
    steps = np.diff(levels)
    even = len(levels) > 2 and np.ptp(steps) <= 1e-6 * float(np.max(steps))
    return bool(even or len(levels) <= LEVELS * len(values))


def _drawn(n: int, ordered: bool, rng: np.random.Generator) -> NDArray[np.int64]:
    return moving_blocks(n, rng) if ordered else rng.integers(0, n, n)
