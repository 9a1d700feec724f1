"""Inner parameters of thousands of small sums at once, on curves interpolated between grid points.

A curve with one inner parameter k is known with its slope at grid points; between two of them it is the cubic Hermite interpolant
(de Boor, A Practical Guide to Splines, ch. IV), so a step of variable projection costs a few vector products and no evaluation of any
expression. What comes out ranks forms and starts the exact fit; errors of the interpolant are of fourth order in the grid's spacing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from corpus.functions import Array
from recommender.proposers.composed.compiled import compiled
from recommender.proposers.composed.gram import Indices

_EVALUATIONS = 14
_GAIN = 1e-3
_DEPENDENT = 1e-10
_FAILED = 1e300


@dataclass(frozen=True)
class Nodes:
    """Curves at their grid points.

    values, slopes: shape (e, n), those of one curve in ascending order of k. places: k of each entry; first, last: the entries at the
    ends of its curve's grid; shape (e,) each.
    """

    values: Array
    slopes: Array
    places: Array
    first: Indices
    last: Indices


@compiled
def _hermite(t: float, h: float, weights: Array) -> None:
    """Weights of value, slope, next value, next slope for the interpolant, and for its derivative by k."""
    weights[0, 0], weights[0, 1] = (1 + 2 * t) * (1 - t) ** 2, h * t * (1 - t) ** 2
    weights[0, 2], weights[0, 3] = t * t * (3 - 2 * t), h * t * t * (t - 1)
    weights[1, 0], weights[1, 1] = 6 * t * (t - 1) / h, (3 * t - 1) * (t - 1)
    weights[1, 2], weights[1, 3] = 6 * t * (1 - t) / h, t * (3 * t - 2)


@compiled
def _interval(places: Array, first: int, last: int, k: float) -> int:
    """The grid point at or before k that has a next one."""
    low, high = first, last
    while high - low > 1:
        middle = (low + high) // 2
        if places[middle] <= k:
            low = middle
        else:
            high = middle
    return low


@compiled
def _column(nodes: tuple, entry: int, k: float, weights: Array, out: Array, change: Array) -> None:  # type: ignore[type-arg]  # arrays of Nodes
    """A curve at k and its derivative, shape (n,) each."""
    values, slopes, places, first, last = nodes
    if first[entry] == last[entry]:
        out[:] = values[entry]
        change[:] = slopes[entry]
        return
    a = _interval(places, first[entry], last[entry], k)
    b = a + 1
    h = places[b] - places[a]
    _hermite((k - places[a]) / h, h, weights)
    for i in range(len(out)):
        out[i] = weights[0, 0] * values[a, i] + weights[0, 1] * slopes[a, i] + weights[0, 2] * values[b, i] + weights[0, 3] * slopes[b, i]
        change[i] = (
            weights[1, 0] * values[a, i] + weights[1, 1] * slopes[a, i] + weights[1, 2] * values[b, i] + weights[1, 3] * slopes[b, i]
        )


@compiled
def _append(basis: Array, triangle: Array, count: int, column: Array) -> bool:
    """The next orthonormal row (Gram-Schmidt, twice); False if it depends on those before."""
    length = np.sqrt(np.dot(column, column))
    if length == 0:
        return False
    new = basis[count]
    new[:] = column
    for _ in range(2):
        for j in range(count):
            along = np.dot(basis[j], new)
            triangle[j, count] += along
            for i in range(len(new)):
                new[i] -= along * basis[j, i]
    rest = np.sqrt(np.dot(new, new))
    if not rest > _DEPENDENT * length:
        return False
    triangle[count, count] = rest
    new /= rest
    return True


@compiled
def _coefficients(triangle: Array, along: Array, first: int, count: int, out: Array) -> None:
    """Coefficients of the columns from `first` on, by back-substitution."""
    for i in range(count - 1, first - 1, -1):
        total = along[i]
        for j in range(i + 1, count):
            total -= triangle[i, j] * out[j]
        out[i] = total / triangle[i, i]


@compiled
def _measure(
    nodes: tuple,  # type: ignore[type-arg]  # arrays of Nodes
    entries: Indices,
    k: Array,
    plain: int,
    target: Array,
    basis: Array,
    triangle: Array,
    slopes: Array,
    residual: Array,
    room: tuple,  # type: ignore[type-arg]  # scratch: see _polished
) -> float:
    """Rss of the sum at k; its residual and Kaufman's Jacobian (rows of `slopes`) are written. `plain` rows of the basis are given."""
    weights, along, coefficients, column = room
    triangle[:, plain:] = 0.0
    count = plain + len(entries)
    residual[:] = target
    for e in range(len(entries)):
        _column(nodes, entries[e], k[e], weights, column, slopes[e])
        if not _append(basis, triangle, plain + e, column):
            return _FAILED
    for j in range(count):
        along[j] = np.dot(basis[j], residual)
        for i in range(len(residual)):
            residual[i] -= along[j] * basis[j, i]
    _coefficients(triangle, along, plain, count, coefficients)
    for e in range(len(entries)):
        _turned(slopes[e], -coefficients[plain + e], basis[:count])
    return float(np.dot(residual, residual))


@compiled
def _turned(slope: Array, factor: float, basis: Array) -> None:
    """A derivative times a factor, made orthogonal to the basis, in place."""
    for i in range(len(slope)):
        slope[i] *= factor
    for j in range(len(basis)):
        share = np.dot(basis[j], slope)
        for i in range(len(slope)):
            slope[i] -= share * basis[j, i]


@compiled
def _step(slopes: Array, residual: Array, damping: float, change: Array) -> None:
    """Levenberg-Marquardt step, scaled by the diagonal: Cholesky of the few normal equations."""
    count = len(change)
    lower = np.zeros((count, count))
    for i in range(count):
        change[i] = -np.dot(slopes[i], residual)
        for j in range(i + 1):
            total = np.dot(slopes[i], slopes[j]) * (1.0 + damping if i == j else 1.0)
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            lower[i, j] = np.sqrt(max(total, 1e-300)) if i == j else total / lower[j, j]
        for k in range(i):
            change[i] -= lower[i, k] * change[k]
        change[i] /= lower[i, i]
    for i in range(count - 1, -1, -1):
        for k in range(i + 1, count):
            change[i] -= lower[k, i] * change[k]
        change[i] /= lower[i, i]


@compiled
def _descend(nodes: tuple, entries: Indices, k: Array, plain: int, target: Array, basis: Array, triangle: Array, room: tuple) -> float:  # type: ignore[type-arg]
    """Rss at the best k found; k is changed in place and stays on the grid."""
    _, _, places, first, last = nodes
    slopes, other = np.zeros((2, len(entries), len(target))), np.zeros((2, len(target)))
    change, tried = np.zeros(len(k)), np.zeros(len(k))
    now = 0
    rss = _measure(nodes, entries, k, plain, target, basis, triangle, slopes[now], other[now], room)
    damping = 1e-2
    for _ in range(_EVALUATIONS if rss < _FAILED else 0):
        _step(slopes[now], other[now], damping, change)
        for e in range(len(k)):
            tried[e] = min(max(k[e] + change[e], places[first[entries[e]]]), places[last[entries[e]]])
        found = _measure(nodes, entries, tried, plain, target, basis, triangle, slopes[1 - now], other[1 - now], room)
        if found < rss:
            gain, rss, now = 1 - found / rss, found, 1 - now
            k[:] = tried
            damping *= 0.1
            if gain < _GAIN:
                break
        else:
            damping = damping * 10 + 1e-3
    return rss


@compiled
def _polished(nodes: tuple, fixed: Array, target: Array, entries: Indices, inner: Array, members: Indices) -> Array:  # type: ignore[type-arg]
    """See `polished`; inner is changed in place."""
    size, rows = members.shape[1], len(target)
    rss = np.full(len(entries), _FAILED)
    most = size + entries.shape[1]
    basis, triangle = np.zeros((most, rows)), np.zeros((most, most))
    room = (np.zeros((2, 4)), np.zeros(most), np.zeros(most), np.zeros(rows))
    for one in range(len(entries)):
        triangle[:] = 0.0
        count = 0
        while count < size and _append(basis, triangle, count, fixed[members[one, count]]):
            count += 1
        if count == size:
            rss[one] = _descend(nodes, entries[one], inner[one], size, target, basis, triangle, room)
    return rss


@compiled
def _values(nodes: tuple, entries: Indices, inner: Array, values: Array, slopes: Array) -> None:  # type: ignore[type-arg]  # arrays of Nodes
    """Curves at any k on their grids, with slopes."""
    weights = np.zeros((2, 4))
    for e in range(len(entries)):
        _column(nodes, entries[e], inner[e], weights, values[e], slopes[e])


def polished(nodes: Nodes, fixed: Array, target: Array, entries: Indices, inner: Array, members: Indices) -> tuple[Array, Array]:
    """Sums of some curves and some fixed columns, each from the inner parameters given.

    fixed: unit rows, shape (m, n); target: shape (n,). entries, inner: shape (s, curves), members: fixed columns, shape (s, size).
    Returns the rss, shape (s,), and the inner parameters, shape (s, curves).
    """
    found = np.array(inner, dtype=float)
    rss = _polished(_arrays(nodes), fixed, target, np.ascontiguousarray(entries), found, np.ascontiguousarray(members))
    return rss, found


def curves_at(nodes: Nodes, entries: Indices, inner: Array) -> tuple[Array, Array]:
    """Values and slopes of curves at any k on their grids, shape (s, n) each; entries, inner: shape (s,)."""
    values, slopes = np.zeros((2, len(entries), nodes.values.shape[1]))
    _values(_arrays(nodes), entries, inner, values, slopes)
    return values, slopes


def _arrays(nodes: Nodes) -> tuple[Array | Indices, ...]:
    return (nodes.values, nodes.slopes, nodes.places, nodes.first, nodes.last)


@cache
def warm() -> None:
    """Compile now, or load what was compiled before: it takes seconds that no search should be charged."""
    rows = np.vstack([np.linspace(1, 2, 8), np.linspace(1, 2, 8) ** 2])
    ends = np.ones(2, dtype=np.int64)
    nodes = Nodes(rows, rows, np.array([1.0, 2.0]), 0 * ends, ends)
    zero = np.zeros((1, 1), dtype=np.int64)
    polished(nodes, rows, rows[0] * rows[1], zero, np.ones((1, 1)), zero)
    curves_at(nodes, zero[0], np.ones(1))
