"""The shape of an entry: its formula evaluated at several draws over its typical ranges.

Every symbol of the right-hand side gets the elasticity of the target at the same random points (so that the law can be turned round:
solved for another symbol, elasticities are quotients of these, by the implicit function theorem) and the traits of the target along a
line through its own range. Values are in SI, so that offsets of scales (degC) play no part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from corpus.entry import Entry, Parameter, Quantity
from corpus.errors import RecommenderError
from indexes.shape import CURVE, GRID, STEEPEST, TRAITS, Array, is_wide, normalised, traits_along

POINTS = 16
SYMBOLS = 10
WIDTH = POINTS + len(TRAITS)
CURVED = 3
DRAWN = 12
_TRIED = 48
_LINES = 3
_STEP = 1e-4
_UNKNOWN = (0.3, 3.0)
_UNKNOWN_INPUT = (0.1, 10.0)


@dataclass(frozen=True)
class EntryShape:
    """nan where there is none.

    slopes_traits: elasticities at POINTS points and traits, by symbol, shape (SYMBOLS, WIDTH). curves: the target from 0 to 1 along
    parts of the range of each of the first variables, the rest drawn anew each time, shape (CURVED, DRAWN, CURVE). positive: share
    of positive values.
    """

    slopes_traits: Array
    curves: Array
    positive: float


def entry_shape(entry: Entry, symbols: Sequence[str]) -> EntryShape:
    """The shape of an entry. symbols: in the order wanted, variables first; the target is passed over, as are those after the tenth."""
    table, curves = np.full((SYMBOLS, WIDTH), np.nan), np.full((CURVED, DRAWN, CURVE), np.nan)
    symbols = [symbol for symbol in symbols if symbol != entry.target.symbol][:SYMBOLS]
    variables = [symbol for symbol in symbols if symbol in {v.symbol for v in entry.variables}][:CURVED]
    try:
        with np.errstate(all="ignore"):
            sampler = _Sampler(entry, symbols)
            table[: len(symbols), :POINTS] = sampler.slopes()
            table[: len(symbols), POINTS:] = sampler.traits()
            curves[: len(variables)] = sampler.curves(variables)
            return EntryShape(table, curves, sampler.positive)
    except (RecommenderError, ArithmeticError, ValueError):
        return EntryShape(table, curves, float("nan"))


class _Sampler:
    """One entry at random points of its ranges; everything is evaluated in two sweeps."""

    def __init__(self, entry: Entry, symbols: Sequence[str]) -> None:
        self._entry = entry
        self._symbols = symbols
        names = {symbol: symbol for symbol in (*entry.symbols, *entry.constants)}
        self._formula = entry.formula_tree.as_columns(names)
        self._ranges = {symbol: _range(entry, symbol) for symbol in (*entry.symbols, *entry.constants)}
        self._points = {s: _between(r, draw) for (s, r), draw in zip(self._ranges.items(), _draws(len(self._ranges)), strict=True)}
        values = self._values(self._points, _TRIED)
        good = np.flatnonzero(np.isfinite(values) & (values != 0))
        self._kept = np.resize(good, POINTS) if len(good) else np.arange(POINTS)
        self.positive = float(np.mean(values[good] > 0)) if len(good) else float("nan")
        self._base = values[self._kept]

    def slopes(self) -> Array:
        """Elasticities, shape (symbols, POINTS)."""
        base = {symbol: np.tile(points[self._kept], 2 * len(self._symbols)) for symbol, points in self._points.items()}
        moved = base | {s: base[s].copy() for s in self._symbols}
        for i, symbol in enumerate(self._symbols):
            low, high = (slice((2 * i + k) * POINTS, (2 * i + k + 1) * POINTS) for k in (0, 1))
            moved[symbol][low] *= 1 - _STEP
            moved[symbol][high] *= 1 + _STEP
        values = self._values(moved, 2 * POINTS * len(self._symbols)).reshape(len(self._symbols), 2, POINTS)
        x = np.stack([self._si(s, self._points[s][self._kept]) for s in self._symbols])
        steps = np.stack([2 * _STEP * self._factor(s) * self._points[s][self._kept] for s in self._symbols])
        return np.clip((values[:, 1] - values[:, 0]) / self._base * x / steps, -STEEPEST, STEEPEST)

    def traits(self) -> Array:
        """Traits along each symbol's range, the median of a few lines, shape (symbols, 5)."""
        size = _LINES * GRID
        others = {symbol: np.repeat(points[self._kept[:_LINES]], GRID) for symbol, points in self._points.items()}
        columns = {symbol: np.tile(values, len(self._symbols)) for symbol, values in others.items()}
        for i, symbol in enumerate(self._symbols):
            low, high = self._ranges[symbol]
            columns[symbol][i * size : (i + 1) * size] = np.tile(np.linspace(low, high, GRID), _LINES)
        lines = self._values(columns, size * len(self._symbols)).reshape(len(self._symbols), _LINES, GRID)
        return np.median(traits_along(lines), axis=1)

    def curves(self, variables: Sequence[str]) -> Array:
        """Normalised curves along parts of each variable's range, shape (variables, DRAWN, CURVE)."""
        size = DRAWN * CURVE
        drawn = {symbol: np.repeat(points[:DRAWN], CURVE) for symbol, points in self._points.items()}
        columns = {symbol: np.tile(values, len(variables)) for symbol, values in drawn.items()}
        for i, symbol in enumerate(variables):
            columns[symbol][i * size : (i + 1) * size] = _parts(self._ranges[symbol]).ravel()
        return normalised(self._values(columns, size * len(variables)).reshape(len(variables), DRAWN, CURVE))

    def _values(self, columns: Mapping[str, Array], length: int) -> Array:
        """The target in SI."""
        names = self._formula.variables
        values = self._formula.evaluate({name: columns[name] for name in names}) if names else np.full(length, np.nan)
        return values if self._entry.homogeneous else self._si(self._entry.target.symbol, values)

    def _si(self, symbol: str, values: Array) -> Array:
        """Values the formula works with in SI: they already are, unless it holds in its stated units alone."""
        unit = None if self._entry.homogeneous or symbol in self._entry.constants else self._entry.unit_of(symbol)
        return values if unit is None else np.asarray(unit.to_si(values))

    def _factor(self, symbol: str) -> float:
        unit = None if self._entry.homogeneous or symbol in self._entry.constants else self._entry.unit_of(symbol)
        return 1.0 if unit is None else unit.factor


def _range(entry: Entry, symbol: str) -> tuple[float, float]:
    """Typical values, as the formula takes them."""
    if symbol in entry.constants:
        value = entry.constant_values[symbol]
        return value * 0.999, value * 1.001
    part = entry.symbols[symbol]
    low, high = part.range or _guessed(part, is_input=symbol in entry.formula_tree.variables)
    unit = entry.unit_of(symbol)
    return (float(unit.to_si(low)), float(unit.to_si(high))) if entry.homogeneous and unit is not None else (low, high)


def _guessed(part: Quantity | Parameter, *, is_input: bool) -> tuple[float, float]:
    low, high = _UNKNOWN_INPUT if is_input else _UNKNOWN
    return (-high, -low) if part.sign == "negative" else (low, high)


def _between(ends: tuple[float, float], shares: Array) -> Array:
    low, high = ends
    if is_wide(low, high):
        grown: Array = low * (high / low) ** shares
        return grown
    return low + (high - low) * shares


@lru_cache(64)
def _draws(symbols: int) -> Array:
    """The same points of the unit cube for every entry, shape (symbols, _TRIED), away from its faces."""
    return np.asarray(np.random.default_rng(0).uniform(0.05, 0.95, (symbols, _TRIED)))


def _parts(ends: tuple[float, float]) -> Array:
    """Even steps over the whole of a range and over parts of it, shape (DRAWN, CURVE)."""
    starts, lengths = np.random.default_rng(1).uniform(0, 1, (2, DRAWN))
    lengths = np.where(np.arange(DRAWN) < DRAWN // 3, 1.0, 0.3 + 0.7 * lengths)
    share = ((1 - lengths) * starts)[:, None] + lengths[:, None] * np.linspace(0, 1, CURVE)
    return _between(ends, share)
