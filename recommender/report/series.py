"""The numbers behind the plots, in the customer's units: points, curve, residuals, and whether an axis should be logarithmic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from recommender.prediction import Predictor
from recommender.problem import Problem
from recommender.recommendation import RankedFormula

MAX_POINTS = 400
_CURVE_POINTS = 400
_REACH = 0.5
_DECADES = 1.5
_CLOSE = 0.035  # of the axis of scores: the width of a numeral


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
    return _against_formula(measured, value)


def _spread(count: int) -> NDArray[np.int64]:
    """Positions of at most MAX_POINTS rows, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, MAX_POINTS)).round().astype(np.int64))


def _against_input(problem: Problem, formula: RankedFormula, measured: Array, value: Array, x: Array) -> Series:
    x_log, y_log = spans_decades(x), spans_decades(measured)
    low, high = float(x.min()), float(x.max())
    grid = np.geomspace(low, high, _CURVE_POINTS) if x_log else np.linspace(low, high, _CURVE_POINTS)
    curve = formula.predict({problem.inputs[0].name: grid})
    residual, relative = _residual(measured, value, y_log)
    return Series(x, measured, residual, grid, curve, x_log, y_log, relative, True)


def _against_formula(measured: Array, value: Array) -> Series:
    log = spans_decades(measured) and spans_decades(value)
    kept = np.isfinite(value)
    measured, value = measured[kept], value[kept]
    residual, relative = _residual(measured, value, log)
    ends = np.array([min(measured.min(), value.min()), max(measured.max(), value.max())])
    return Series(value, measured, residual, ends, ends, log, log, relative, False)


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


@dataclass(frozen=True)
class Beyond:
    """A candidate along one input, half its range beyond the data on either side, with 95 % limits; the other inputs at their medians.

    points: the measured rows, where there is no other input. measured: ends of the measured range.
    """

    name: str
    x: Array
    value: Array
    low: Array
    high: Array
    points_x: Array
    points_y: Array
    measured: tuple[float, float]
    x_log: bool
    y_log: bool

    @property
    def y_range(self) -> tuple[float, float]:
        """Limits that hold the curve, the points, and the band as far as it is no wider than all that."""
        seen = np.concatenate([self.value, self.points_y])
        seen = seen[np.isfinite(seen) & ((seen > 0) | (not self.y_log))]
        bottom, top = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
        if self.y_log:
            return bottom * (bottom / top) ** 0.08, top * (top / bottom) ** 0.08 if top > bottom else 2 * top
        span = top - bottom or abs(top) or 1.0
        band = np.concatenate([self.low, self.high, seen])
        band = band[np.isfinite(band)]
        low, high = max(float(band.min()), bottom - span / 2), min(float(band.max()), top + span / 2)
        return low - 0.05 * span, high + 0.05 * span


def beyond(problem: Problem, formula: RankedFormula) -> Beyond:
    """Along the input on which the candidate depends most."""
    grids = {column.name: widened(column.shown[problem.rows], _REACH, _CURVE_POINTS) for column in problem.inputs}
    middle = {column.name: float(np.median(column.shown[problem.rows])) for column in problem.inputs}
    predictor = Predictor.of(problem, formula)
    bands = {name: predictor.at(_along(name, x, middle)) for name, x in grids.items()}
    name = max(grids, key=lambda one: _spread_of(bands[one].value[_inside(grids[one], problem, one)]))
    band, column = bands[name], problem.table[name]
    rows = problem.rows[_spread(len(problem.rows))] if len(grids) == 1 else problem.rows[:0]
    given, measured = column.shown[problem.rows], problem.target.shown[rows]
    ends = (float(given.min()), float(given.max()))
    y_log = bool(np.all(band.value > 0)) and spans_decades(measured if len(measured) else band.value)
    return Beyond(name, grids[name], band.value, band.low, band.high, column.shown[rows], measured, ends, spans_decades(given), y_log)


def widened(values: Array, reach: float, count: int) -> Array:
    """A grid over the range of some values and a share of it beyond each end, even in the logarithm where that spreads them; not through
    zero where no value does."""
    low, high = float(values.min()), float(values.max())
    if spans_decades(values):
        factor = (high / low) ** reach
        return np.geomspace(low / factor, high * factor, count)
    more = reach * (high - low)
    start = max(low - more, 0.0) if low >= 0 else low - more
    return np.linspace(start, high + more, count)


def _along(name: str, x: Array, middle: Mapping[str, float]) -> dict[str, Array]:
    return {other: x if other == name else np.full(len(x), value) for other, value in middle.items()}


def _inside(x: Array, problem: Problem, name: str) -> NDArray[np.bool_]:
    values = problem.table[name].shown[problem.rows]
    return np.asarray((x >= values.min()) & (x <= values.max()))


def _spread_of(values: Array) -> float:
    """How far a curve moves; 0 where it has no values."""
    kept = values[np.isfinite(values)]
    return float(np.ptp(kept)) if len(kept) else 0.0


@dataclass(frozen=True)
class Steadiness:
    """The stability of a candidate, 0 to 1, and the numerals of its parts by their scores: 1 is the first part."""

    rank: int
    score: float
    marks: Mapping[float, str]


def steadiness(formulas: Iterable[RankedFormula], parts: Sequence[str]) -> tuple[Steadiness, ...]:
    """Every candidate whose stability was measured; parts: kinds of evidence, in the order of their numerals."""
    rows = [(formula.rank, {e.kind: e.score for e in formula.evidence}) for formula in formulas]
    return tuple(Steadiness(rank, scores["stability"], _marks(scores, parts)) for rank, scores in rows if "stability" in scores)


def _marks(scores: Mapping[str, float], parts: Sequence[str]) -> dict[float, str]:
    """Numerals by place; those that would hide each other stand together."""
    out: dict[float, list[int]] = {}
    for score, number in sorted((scores[kind], i) for i, kind in enumerate(parts, 1) if kind in scores):
        place = next((other for other in out if abs(other - score) < _CLOSE), score)
        out.setdefault(place, []).append(number)
    return {place: " ".join(map(str, numbers)) for place, numbers in out.items()}
