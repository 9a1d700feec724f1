"""The shape of data: what can be told of a relation between columns whatever their units and scales.

Along each input x of a target y the *elasticity* e = (x/y) dy/dx is taken at many points (the local slope in a double-logarithmic plot: the
exponent where y is a power of x), and y is followed along a straight line in x: where it rises, is convex, turns, and levels out.
Both a table and an entry of the corpus, evaluated over its typical ranges, are described so; see `sampling` for the entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
QUANTILES = (0.1, 0.5, 0.9)
GRID = 25
CURVE = 16
STEEPEST = 12.0
TRAITS = ("rising", "convex", "turns", "flat_start", "flat_end")
_ROWS = 400
_FEWEST = 4
_LEVEL = 1e-6
_WIDE = 30.0


@dataclass(frozen=True)
class InputShape:
    """How the target goes with one input, the others held.

    slopes: elasticity at its 10, 50 and 90 % quantiles. curve: the target on CURVE even steps of the input (of its logarithm where it is
    positive and spans a factor of more than 30), from 0 to 1; empty where there are several inputs. traits: share of the range where
    the target rises and where it is convex, log(1 + turning points), and how flat it is at the two ends (0: level; 1: as steep as on
    average); nan where not told.
    """

    slopes: tuple[float, float, float]
    traits: tuple[float, ...]
    curve: tuple[float, ...] = ()


@dataclass(frozen=True)
class Shape:
    """The shape of a table: one `InputShape` per input in the order of the query's inputs.

    positive: share of rows with a positive target. known: how much of the target's variation these slopes explain, in 0..1.
    """

    inputs: tuple[InputShape, ...]
    positive: float
    known: float


def shape_of(inputs: Sequence[Array], target: Array) -> Shape | None:
    """The shape of columns of shape (n,), finite; None for fewer than four rows or a constant target."""
    if not inputs or len(target) < _FEWEST or np.ptp(target) == 0:
        return None
    rows = np.linspace(0, len(target) - 1, min(len(target), _ROWS)).round().astype(int)
    x, y = np.column_stack(inputs)[rows], np.asarray(target)[rows]
    with np.errstate(all="ignore"):
        slopes, known = _smooth(x, y) if x.shape[1] > 1 else _local(x[:, 0], y)
        traits = [
            _line_traits(x[:, 0], y) if x.shape[1] == 1 else _partial_traits(own, column, y)
            for own, column in zip(slopes.T, x.T, strict=True)
        ]
    curve = _curve(x[:, 0], y) if x.shape[1] == 1 else ()
    found = tuple(InputShape(quantiles(slopes[:, j]), traits[j], curve) for j in range(x.shape[1]))
    return Shape(found, float(np.mean(y > 0)), known)


def quantiles(slopes: Array) -> tuple[float, float, float]:
    """Elasticities in short; nan if none is finite."""
    finite = slopes[np.isfinite(slopes)]
    low, middle, high = np.clip(np.quantile(finite, QUANTILES), -STEEPEST, STEEPEST) if len(finite) else (np.nan,) * 3
    return float(low), float(middle), float(high)


def traits_along(lines: Array) -> Array:
    """Traits of values on evenly spaced points, shape (..., GRID) -> (..., 5); nan where a line has gaps."""
    with np.errstate(all="ignore"):
        span = np.ptp(lines, axis=-1, keepdims=True)
        steps = np.diff(lines, axis=-1) / span
        bends = np.diff(steps, axis=-1)
        moving, bending = np.abs(steps) > _LEVEL, np.abs(bends) > _LEVEL
        rising = np.sum((steps > 0) & moving, axis=-1) / np.sum(moving, axis=-1)
        convex = np.where(bending.any(axis=-1), np.sum((bends > 0) & bending, axis=-1) / np.sum(bending, axis=-1), 0.5)
        turns = np.log1p(np.sum((steps[..., 1:] * steps[..., :-1] < 0) & moving[..., 1:] & moving[..., :-1], axis=-1))
        share = np.abs(steps) / np.mean(np.abs(steps), axis=-1, keepdims=True)
        ends = [np.minimum(np.mean(part, axis=-1), 2.0) for part in (share[..., :4], share[..., -4:])]
    return np.stack([rising, convex, turns, *ends], axis=-1)


def _local(x: Array, y: Array) -> tuple[Array, float]:
    """Elasticity of a curve by straight lines through neighbouring rows, at each of them."""
    order = np.argsort(x, kind="stable")
    u, u_log = _scaled(x[order])
    w, w_log = _scaled(y[order])
    half = max(2, len(u) // 16)
    fits = [_line(u[max(0, i - half) : i + half + 1], w[max(0, i - half) : i + half + 1]) for i in range(len(u))]
    slopes = np.array([slope for slope, _ in fits])
    residual = np.array([value for _, value in fits]) - w
    known = 1 - float(np.mean(residual**2) / np.var(w))
    elastic = _elasticity(slopes, x[order], y[order], u_log=u_log, w_log=w_log)
    return elastic[:, None], max(0.0, known)


def _line(u: Array, w: Array) -> tuple[float, float]:
    """(slope, value in the middle) of a straight line."""
    centred = u - u.mean()
    spread = float(centred @ centred)
    slope = float(centred @ w) / spread if spread > 0 else np.nan
    return slope, float(w.mean() + slope * centred[len(u) // 2]) if spread > 0 else float(w.mean())


def _smooth(x: Array, y: Array) -> tuple[Array, float]:
    """Elasticities, shape (n, d), and R² of one smooth surface of third order through all rows.

    Of logarithms of sizes or of the values themselves, on either side, whichever explains most: sizes follow a power of columns of
    both signs.
    """
    logs = np.log(np.abs(x)), np.log(np.abs(y))
    fits = [
        _surface(u, w, 1.0 if u is logs[0] else x, 1.0 if w is logs[1] else y[:, None])
        for u in (logs[0], x)
        for w in (logs[1], y)
        if np.all(np.isfinite(u)) and np.all(np.isfinite(w)) and np.ptp(w) > 0
    ]
    return max(fits, key=lambda found: found[1], default=(np.full_like(x, np.nan), 0.0))


def _surface(u: Array, w: Array, x: Array | float, y: Array | float) -> tuple[Array, float]:
    """Elasticities du/dw * x/y of a surface w(u), and its R²."""
    spread = np.where(np.std(u, axis=0) > 0, np.std(u, axis=0), 1.0)
    z = (u - u.mean(axis=0)) / spread
    powers, pairs = _terms(*z.shape)
    design = np.column_stack([np.ones(len(z)), *(z**p for p in powers), *(z[:, i] * z[:, j] for i, j in pairs)])
    best, *_ = np.linalg.lstsq(design, w, rcond=1e-8)
    known = 1 - float(np.mean((design @ best - w) ** 2) / np.var(w))
    return _derivatives(z, best[1:], powers, pairs) / spread * x / y, max(0.0, known)


def _terms(rows: int, inputs: int) -> tuple[tuple[int, ...], list[tuple[int, int]]]:
    """Powers of each input and pairs of inputs that so many rows can bear."""
    pairs = list(combinations(range(inputs), 2))
    for powers, kept in (((1, 2, 3), pairs), ((1, 2), pairs), ((1, 2), [])):
        if rows > 2 * (1 + inputs * len(powers) + len(kept)):
            return powers, kept
    return (1,), []


def _derivatives(z: Array, terms: Array, powers: Sequence[int], pairs: Sequence[tuple[int, int]]) -> Array:
    inputs = z.shape[1]
    slopes = np.zeros_like(z)
    for number, p in enumerate(powers):
        slopes += terms[number * inputs : (number + 1) * inputs] * p * z ** (p - 1)
    for own, (i, j) in zip(terms[len(powers) * inputs :], pairs, strict=True):
        slopes[:, i] += own * z[:, j]
        slopes[:, j] += own * z[:, i]
    return slopes


def _scaled(values: Array) -> tuple[Array, bool]:
    """Logarithms of values of one sign, the values themselves otherwise; and which of the two."""
    one_sign = bool(np.all(values > 0) or np.all(values < 0))
    return (np.log(np.abs(values)), True) if one_sign else (values, False)


def _elasticity(slopes: Array, x: Array, y: Array, *, u_log: bool, w_log: bool) -> Array:
    return slopes * (1.0 if u_log else x) / (1.0 if w_log else y)


def _line_traits(x: Array, y: Array) -> tuple[float, ...]:
    """Traits of a curve of measured rows, read off on even steps."""
    places, smooth = _smoothed(x, y)
    line = np.interp(np.linspace(places[0], places[-1], GRID), places, smooth)
    return tuple(float(value) for value in traits_along(line))


def _smoothed(x: Array, y: Array) -> tuple[Array, Array]:
    """Distinct inputs in order, and the target there: repeats averaged, neighbours too where there are many."""
    places, inverse = np.unique(x, return_inverse=True)
    means = np.bincount(np.ravel(inverse), y) / np.bincount(np.ravel(inverse))
    width = 1 + 2 * (len(places) // 50)
    padded = np.pad(means, width // 2, mode="edge")
    return places, np.convolve(padded, np.ones(width) / width, mode="valid")


def _curve(x: Array, y: Array) -> tuple[float, ...]:
    """The target along its only input, read off on even steps."""
    places, smooth = _smoothed(x, y)
    line = np.interp(steps_between(places[0], places[-1], CURVE), places, smooth)
    return tuple(float(value) for value in normalised(line))


def steps_between(low: float, high: float, count: int) -> Array:
    """Even steps, of the logarithm where the ends are positive and far apart."""
    return np.geomspace(low, high, count) if is_wide(low, high) else np.linspace(low, high, count)


def is_wide(low: float, high: float) -> bool:
    """Positive and spanning more than one and a half decades."""
    return low > 0 and high / low > _WIDE


def normalised(lines: Array) -> Array:
    """Values of shape (..., n) brought to 0 ... 1 along the last axis; nan where they are constant or have gaps."""
    with np.errstate(all="ignore"):
        low = np.min(lines, axis=-1, keepdims=True)
        return np.asarray((lines - low) / np.ptp(lines, axis=-1, keepdims=True))


def _partial_traits(slopes: Array, x: Array, y: Array) -> tuple[float, ...]:
    """Where the target rises along one of several inputs; bends, turns and ends cannot be told from scattered rows.

    Nor can rising, where the input takes both signs: an entry's range may hold one of them alone.
    """
    rises = (slopes * np.sign(x) * np.sign(y))[np.isfinite(slopes)] if np.all(x > 0) or np.all(x < 0) else slopes[:0]
    return float(np.mean(rises > 0)) if len(rises) else np.nan, np.nan, np.nan, np.nan, np.nan
