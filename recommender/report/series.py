"""The numbers behind the plots, in the customer's units: points, curve, residuals, and whether an axis should be logarithmic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from recommender.problem import Problem
from recommender.recommendation import RankedFormula

MAX_POINTS = 400
_CURVE_POINTS = 400
_DECADES = 1.5


@dataclass(frozen=True)
class Series:
    """Two plots of one candidate.

    One input: `x` is that input, the line is the formula over it. Several inputs: `x` is the formula's value and the line
    the diagonal. `y` is what was measured. `residual` is measured minus formula, in percent of the formula's value if `relative`.
    """

    x: Array
    y: Array
    residual: Array
    line_x: Array
    line_y: Array
    x_log: bool
    y_log: bool
    relative: bool
    single: bool
    total: int

    @property
    def y_range(self) -> tuple[float, float]:
        """Limits that hold the measured values with a margin, whatever the formula does between them."""
        low, high = float(self.y.min()), float(self.y.max())
        if self.y_log:
            return low * (low / high) ** 0.05, high * (high / low) ** 0.05
        margin = 0.06 * (high - low or abs(high) or 1.0)
        return low - margin, high + margin


def series(problem: Problem, formula: RankedFormula) -> Series:
    """Points and line of one candidate on the rows of its problem."""
    rows = problem.rows[_spread(len(problem.rows))]
    given = {column.name: column.shown[rows] for column in problem.inputs}
    measured = problem.target.shown[rows]
    with np.errstate(all="ignore"):
        value = formula.predict(given)
        if len(problem.inputs) == 1:
            return _against_input(problem, formula, measured, value, given[problem.inputs[0].name])
    return _against_formula(problem, measured, value)


def _spread(count: int) -> NDArray[np.int64]:
    """Positions of at most MAX_POINTS rows, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, MAX_POINTS)).round().astype(np.int64))


def _against_input(problem: Problem, formula: RankedFormula, measured: Array, value: Array, x: Array) -> Series:
    x_log, y_log = spans_decades(x), spans_decades(measured)
    low, high = float(x.min()), float(x.max())
    grid = np.geomspace(low, high, _CURVE_POINTS) if x_log else np.linspace(low, high, _CURVE_POINTS)
    curve = formula.predict({problem.inputs[0].name: grid})
    residual, relative = _residual(measured, value, y_log)
    return Series(x, measured, residual, grid, curve, x_log, y_log, relative, True, len(problem.rows))


def _against_formula(problem: Problem, measured: Array, value: Array) -> Series:
    log = spans_decades(measured) and spans_decades(value)
    kept = np.isfinite(value)
    measured, value = measured[kept], value[kept]
    residual, relative = _residual(measured, value, log)
    ends = np.array([min(measured.min(), value.min()), max(measured.max(), value.max())])
    return Series(value, measured, residual, ends, ends, log, log, relative, False, len(problem.rows))


def _residual(measured: Array, value: Array, log: bool) -> tuple[Array, bool]:
    """Differences, or percent of the formula's value where the target spans decades and the formula is never zero."""
    relative = log and bool(np.all(value > 0))
    return (100 * (measured - value) / value, True) if relative else (measured - value, False)


def spans_decades(values: Array) -> bool:
    """Whether a logarithmic axis spreads positive values better than a linear one: the median lies nearer to its middle."""
    low, high = float(np.min(values)), float(np.max(values))
    if not (low > 0 and high / low > 10**_DECADES):
        return False
    middle = float(np.median(values))
    linear, log = (middle - low) / (high - low), np.log(middle / low) / np.log(high / low)
    return bool(abs(log - 0.5) < abs(linear - 0.5))


@dataclass(frozen=True)
class TradeOff:
    """A candidate by error (percent of the spread, on unseen rows) and length (bits); best: no other is ahead in both."""

    rank: int
    bits: float
    error: float
    best: bool


def trade_offs(formulas: Iterable[RankedFormula]) -> tuple[TradeOff, ...]:
    """Every candidate whose held-out error was measured."""
    rows = [(f.rank, f.number("parsimony", "model_bits"), f.number("accuracy", "held_out_weighted")) for f in formulas]
    rows = [(rank, bits, 100 * max(nmse, 1e-24) ** 0.5) for rank, bits, nmse in rows if np.isfinite(bits + nmse)]
    return tuple(TradeOff(*row, best=not any(_ahead(other, row) for other in rows)) for row in rows)


def _ahead(a: tuple[int, float, float], b: tuple[int, float, float]) -> bool:
    return a[1] <= b[1] and a[2] <= b[2] and a[1:] != b[1:]
