"""Whether small errors of the inputs would change the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from recommender.assess._base import Evidence, Fitted, mean_square
from recommender.problem import Problem
from recommender.samples import Samples
from recommender.table import Column

DRAWS = 8
ASSUMED = 0.005  # of the spread, or of the value in a column over more than a decade, where nothing better is known
MOST_DIGITS = 5
FLOOR = 1e-3  # of the target's mean square: a change below 3 % of the spread is small however exact the fit
_DECADE = 10.0


def uncertainty(column: Column, values: Array) -> Array:
    """Standard uncertainty of an input at the values given (SI), shape (n,).

    Half the last written digit, evenly spread (JCGM 100:2008, GUM, F.2.2.1), at most ASSUMED of the spread: settings are often round.
    """
    size = np.abs(values)
    wide = np.all(values * values[0] > 0) and np.max(size) > _DECADE * np.min(size)
    assumed = ASSUMED * (size if wide else np.full(len(values), np.std(values)))
    step = _last_digit(column)
    return np.asarray(np.minimum(assumed, step / np.sqrt(12)))


def _last_digit(column: Column) -> float:
    """Step of the last digit in which a column is written, SI; inf where it has more than MOST_DIGITS."""
    shown = column.shown[np.isfinite(column.shown)]
    largest = float(np.max(np.abs(shown), initial=0.0)) or 1.0
    top = int(np.floor(np.log10(largest)))
    factor = 1.0 if column.unit is None else column.unit.factor
    for digits in range(1, MOST_DIGITS + 1):
        step = 10.0 ** (top + 1 - digits)
        if np.allclose(shown / step, np.round(shown / step), rtol=0, atol=1e-6 * 10**digits):
            return step * factor
    return float("inf")


def jittered(problem: Problem) -> Iterator[Samples]:
    """DRAWS copies of the rows with inputs moved by their uncertainty, drawn from the problem's seed."""
    rng = np.random.default_rng(problem.table_seed)
    samples = problem.samples
    size = {f"x{i}": _given(column, problem) for i, column in enumerate(problem.inputs)}
    for _ in range(DRAWS):
        yield replace(samples, columns={name: x + rng.standard_normal(len(x)) * size[name] for name, x in samples.columns.items()})


def _given(column: Column, problem: Problem) -> Array:
    return uncertainty(column, column.values[problem.rows]) if column.sigma is None else column.sigma[problem.rows]


class Jitter:
    """Inputs moved at random by their uncertainty, and the form refitted (errors in variables: Fuller, Measurement Error Models, 1987).

    score: 1/(1 + prediction_change**2), times the mean over the coefficients of 1/(1 + (s/p)**2), s the standard deviation of a
    coefficient over the refits and p its value, times the share of values that stay finite.
    """

    kind = "jitter"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: prediction_change: root mean square change of the curve's values at the moved inputs, over the scatter of the residuals
        (at least 3 % of the spread); coefficient_change: the largest s/|p|; finite_share."""
        moved = list(jittered(fitted.problem))
        change, finite = _prediction_change(fitted, moved)
        coefficients = _coefficient_change(fitted, moved)
        score = finite / (1 + change**2) * float(np.mean(1 / (1 + coefficients**2))) if len(coefficients) else finite / (1 + change**2)
        worst = float(np.max(coefficients, initial=0.0))
        numbers = {"prediction_change": change, "coefficient_change": worst, "finite_share": finite}
        return Evidence(self.kind, score, _words(change, finite), numbers, part_of="stability")


def _words(change: float, finite: float) -> Sentence:
    if finite == 0:
        return Sentence.of("evidence.jitter_open")
    return Sentence.of("evidence.jitter", percent=f"{100 * change:.3g}")


def _prediction_change(fitted: Fitted, moved: list[Samples]) -> tuple[float, float]:
    """(change over scatter, share of values that are finite)."""
    problem = fitted.problem
    with np.errstate(all="ignore"):
        curves = np.array([fitted.fit.predict(samples.columns) for samples in moved])
        change = (curves - fitted.prediction) / problem.scale
    finite = np.isfinite(change)
    if not finite.any():
        return float("inf"), 0.0
    scatter = fitted.scatter + FLOOR * problem.signal
    return float(np.sqrt(mean_square(change[finite]) / scatter)), float(np.mean(finite))


def _coefficient_change(fitted: Fitted, moved: list[Samples]) -> Array:
    """Standard deviation over value of each free coefficient, shape (k,)."""
    draws = np.concatenate([fitted.refitter.refits(samples, np.ones((1, len(samples))), samples.target[None]) for samples in moved])
    with np.errstate(all="ignore"):
        change = np.std(draws, axis=0) / np.abs([fitted.fit.parameters[name] for name in fitted.free])
    return np.asarray(np.where(np.isfinite(change), change, np.inf))
