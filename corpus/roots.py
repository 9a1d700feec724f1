"""Solving the relation of a root for every row and every vector of coefficients at once.

The residual is looked at on a grid between the two ends; its branch-th change of sign (from the upper end if negative) is the bracket, and
a Newton iteration that falls back to bisection (Press et al., Numerical Recipes, 3rd ed., sec. 9.4) finds the zero to the last digits.
A change of sign at a pole is none: there the residual grows towards it from both sides. NaN where there is no such zero.
Derivatives come from the implicit function theorem: du/dp = -(dF/dp)/(dF/du).
scipy.optimize.elementwise.find_root wants its brackets given, cannot use the slope that is at hand here, and takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from corpus.evaluate import Bound, Program
from corpus.functions import Array
from corpus.implicit import UNKNOWN, slot
from corpus.tree import Node, Relation

INTERVALS = 32
_BLOCK = 1024
_DECADES = 100.0
_ROUNDS, _STEPS = 25, 4
_HALVINGS = 60
_CLOSE = 1e-9
_DIGITS = 4e-16
_SMALL = 1e-6
_NAME = str(UNKNOWN.value)


def find(relation: Relation, low: Any, high: Any, *parts: Any) -> Any:
    """Values of the unknown; all arguments broadcast together, the result has their common shape."""
    shape = np.broadcast_shapes(*(np.shape(each) for each in (low, high, *parts)))
    flat = [np.broadcast_to(each, shape).ravel() if np.size(each) > 1 else np.full(1, float(np.reshape(each, -1)[0])) for each in parts]
    ends = [np.broadcast_to(np.asarray(end, float), shape).ravel() for end in (low, high)]
    residual = _Residual(relation.residual)
    found = np.empty(ends[0].size)
    for start in range(0, found.size, _BLOCK):
        own = slice(start, start + _BLOCK)
        residual.parts = [part[own] if part.size > 1 else part for part in flat]
        found[own] = _zeros(residual, relation.branch, ends[0][own], ends[1][own])
    return found.reshape(shape)


def slopes(relation: Relation, value: Any, parts: Sequence[Any]) -> list[Any]:
    """d unknown / d part for each part of the residual."""
    residual = _Residual(relation.residual)
    residual.parts = list(parts)
    tangents = residual.tangents(value)
    return [-tangents.get(str(slot(i).value), 0.0) / tangents[_NAME] for i in range(len(parts))]


def slope(relation: Relation, unknown: Any, parts: Sequence[Any]) -> Any:
    """d residual / d unknown where the unknown has some value, be it a zero or not."""
    residual = _Residual(relation.residual)
    residual.parts = list(parts)
    with np.errstate(all="ignore"):
        return residual.with_slope(unknown)[1]


@lru_cache(maxsize=256)
def _bound(template: Node) -> Bound:
    return Program([template]).bind({}, 1)


class _Residual:
    """The residual as a function of the unknown, for given parts."""

    def __init__(self, template: Node) -> None:
        self._template = template
        self._bound = _bound(template)
        self.parts: list[Any] = []

    def of(self, rows: Any) -> _Residual:
        """The same for some of the rows."""
        other = _Residual(self._template)
        other.parts = [part[rows] if part.size > 1 else part for part in self.parts]
        return other

    def __call__(self, unknown: Array) -> Array:
        return np.asarray(self._bound.values(self._given(unknown))[0], float)

    def with_slope(self, unknown: Array) -> tuple[Array, Array]:
        """(residual, its derivative by the unknown)."""
        value, tangents = self._bound.derivatives(self._given(unknown), {_NAME})[0]
        return value, tangents[_NAME]

    def tangents(self, unknown: Any) -> dict[str, Any]:
        """Derivatives by the unknown and by every part."""
        given = self._given(unknown)
        return self._bound.derivatives(given, given.keys())[0][1]

    def _given(self, unknown: Any) -> dict[str, Any]:
        return {_NAME: unknown, **{str(slot(i).value): part for i, part in enumerate(self.parts)}}


def _zeros(residual: _Residual, branch: int, low: Array, high: Array) -> Array:
    with np.errstate(all="ignore"):
        grid = _grid(low, high)
        values = _to_edges(residual, grid, np.broadcast_to(residual(grid), grid.shape))
        index, found = _bracket(values, branch)
        columns = np.arange(low.size)
        ends = [(grid[i, columns], values[i, columns]) for i in (index, np.minimum(index + 1, INTERVALS))]
        unknown, left = _newton(residual, *ends[0], *ends[1])
        larger = np.fmax(np.abs(ends[0][1]), np.abs(ends[1][1]))
        return np.where(found & (np.abs(left) <= _SMALL * larger), unknown, np.nan)


def _grid(low: Array, high: Array) -> Array:
    """Points from low to high, shape (INTERVALS + 1, n), in equal ratios where the ends have one sign and are decades apart."""
    steps = np.linspace(0.0, 1.0, INTERVALS + 1)[:, None]
    ratio = high / low
    even = low + (high - low) * steps
    geometric = low * np.power(ratio, steps)
    decades = np.abs(np.log(ratio))
    grid = np.where((decades > np.log(_DECADES)) & np.isfinite(decades), geometric, even)
    grid[-1] = high
    return grid


def _to_edges(residual: _Residual, grid: Array, values: Array) -> Array:
    """Where the residual begins or ceases to have a value, the point without one is moved to the edge; the values on the new grid."""
    missing = np.isnan(values)
    if not missing.any() or missing.all():
        return values
    inside = missing[:-1] ^ missing[1:]
    rows, columns = np.nonzero(inside)
    outer = rows + ~missing[rows, columns]
    away, at = grid[outer, columns], grid[2 * rows + 1 - outer, columns]
    own = residual.of(columns)
    for _ in range(_HALVINGS):
        middle = (away + at) / 2
        without = np.isnan(own(middle))
        away, at = np.where(without, middle, away), np.where(without, at, middle)
    values = values.copy()
    grid[outer, columns], values[outer, columns] = at, own(at)
    return values


def _bracket(values: Array, branch: int) -> tuple[Any, Any]:
    """(index of the interval in which the branch-th zero lies, whether there is one); values of shape (INTERVALS + 1, n)."""
    signs, sizes = np.sign(values), np.abs(values)
    changes = np.concatenate([(signs[:-1] == 0) | (signs[:-1] * signs[1:] < 0), signs[-1:] == 0])
    growing = (sizes[1:-2] > sizes[:-3]) & (sizes[2:-1] > sizes[3:])
    changes[1:-2] &= ~growing | (signs[1:-2] == 0)
    if branch < 0:
        order = np.cumsum(changes[::-1], axis=0)
        return INTERVALS - np.argmax(order >= -branch, axis=0), order[-1] >= -branch
    order = np.cumsum(changes, axis=0)
    return np.argmax(order >= branch, axis=0), order[-1] >= branch


def _newton(residual: _Residual, a: Array, at_a: Array, b: Array, at_b: Array) -> tuple[Array, Array]:
    """(zero, residual left there) between a and b, at whose values the residual has opposite signs or is zero at a."""
    start = a - at_a * (b - a) / (at_b - at_a)
    unknown = np.where(at_a == 0, a, np.where(np.isfinite(start), start, (a + b) / 2))
    state = np.stack([unknown, a, b, np.abs(b - a)])
    side, rows, own = np.sign(at_a), np.flatnonzero((at_a != 0) & ~np.isnan(at_a) & ~np.isnan(at_b)), residual
    for _ in range(_ROUNDS):
        if not rows.size:
            break
        own = residual.of(rows) if rows.size < len(unknown) else residual
        state[:, rows], done = _stepped(own, state[:, rows], side[rows])
        rows = rows[~done]
    return state[0], np.broadcast_to(residual(state[0]), unknown.shape)


def _stepped(residual: _Residual, state: Array, side: Array) -> tuple[Array, Any]:
    """A few iterations, and which rows have come to an end; state: unknown, both ends of the bracket, last step."""
    unknown, a, b, before = state
    done = np.zeros(len(unknown), bool)
    for _ in range(_STEPS):
        value, slope = residual.with_slope(unknown)
        same = np.sign(value) == side
        a, b = np.where(same, unknown, a), np.where(same, b, unknown)
        new = unknown - value / slope
        tame = ((new - a) * (new - b) <= 0) & (2 * np.abs(new - unknown) <= before)
        new = np.where(done | (value == 0), unknown, np.where(tame, new, (a + b) / 2))
        before = np.abs(new - unknown)
        done |= ~(before > np.where(tame, _CLOSE, _DIGITS) * np.abs(new))  # the next step of Newton would be of its square
        unknown = new
        if done.all():
            break
    return np.stack([unknown, a, b, before]), done
