"""Frequencies that a target holds: peaks of a least-squares periodogram (Lomb, Astrophys. Space Sci. 39 (1976)).

A wave may be fast beside the range of its input, so no grid that is affordable for every term reaches it. What a polynomial of the inputs
explains is taken out first, and a wave may be multiplied by an input: x*sin(w*t) has no peak of its own in a plain periodogram.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations_with_replacement

import numpy as np

from corpus.functions import Array

SPACING = 0.9  # times 1/range: a wave and its slope by the frequency carry it half as far
_FINE = 2
_REACH = 250
_LEAST_ROWS = 24
_PEAKS = 4
_MOST = 8
_DEGREE = 3
_MOST_COLUMNS = 40
_SINGULAR = 1e-8
_AUDIBLE = 0.02


def frequencies(columns: Mapping[str, Array], target: Array) -> dict[str, tuple[float, ...]]:
    """Angular frequencies of each input that stand out in the target, strongest first. columns, target: shape (n,) each."""
    if len(target) < _LEAST_ROWS:
        return {}
    with np.errstate(all="ignore"):
        scaled = {name: values / (np.max(np.abs(values)) or 1.0) for name, values in columns.items()}
        basis = _smooth(scaled)
        rest = np.asarray(target - basis @ (basis.T @ target), dtype=np.float64)
        return {name: _heard(values, [np.ones(len(rest)), *scaled.values()], basis, rest) for name, values in columns.items()}


def _smooth(columns: Mapping[str, Array]) -> Array:
    """Orthonormal basis of the polynomials of low degree, shape (n, p)."""
    found = [np.ones(len(next(iter(columns.values()))))]
    for degree in range(1, _DEGREE + 1):
        found += [np.prod(chosen, axis=0) for chosen in combinations_with_replacement(columns.values(), degree)]
    kept = np.stack(found[: min(_MOST_COLUMNS, len(found[0]) // 3)], axis=1)
    left, sizes, _ = np.linalg.svd(kept / np.linalg.norm(kept, axis=0), full_matrices=False)
    return np.asarray(left[:, sizes > _SINGULAR * sizes[0]])


def _heard(values: Array, factors: list[Array], basis: Array, rest: Array) -> tuple[float, ...]:
    span = float(np.ptp(values))
    reach = min(_REACH, len(np.unique(values)))
    grid = np.asarray(np.arange(_FINE, _FINE * reach) * (SPACING / _FINE / span), dtype=np.float64)
    if len(grid) < 3 or not np.all(np.isfinite(grid)):
        return ()
    phases = grid[:, None] * values[None, :]
    waves = np.sin(phases), np.cos(phases)
    least = _AUDIBLE * float(rest @ rest)
    peaks = [peak for factor in factors for peak in _peaks(grid, _gains(waves, factor, basis, rest), least)]
    return tuple(_apart([frequency for _, frequency in sorted(peaks, reverse=True)], SPACING / span))


def _gains(waves: tuple[Array, Array], factor: Array, basis: Array, rest: Array) -> Array:
    """How much of the rest each frequency explains, shape (g,)."""
    s, c = (wave * factor - ((wave * factor) @ basis) @ basis.T for wave in waves)
    a, b, h = np.einsum("ij,ij->i", s, s), np.einsum("ij,ij->i", c, c), np.einsum("ij,ij->i", s, c)
    u, v = s @ rest, c @ rest
    determinant = a * b - h * h
    gains = (b * u * u - 2 * h * u * v + a * v * v) / determinant
    return np.asarray(np.where(determinant > _SINGULAR * a * b, gains, 0.0), dtype=np.float64)


def _peaks(grid: Array, gains: Array, least: float) -> list[tuple[float, float]]:
    """The highest local maxima above a least gain: gain and frequency."""
    inner = np.flatnonzero((gains[1:-1] > gains[:-2]) & (gains[1:-1] >= gains[2:]) & (gains[1:-1] > least)) + 1
    best = inner[np.argsort(-gains[inner], kind="stable")[:_PEAKS]]
    return [(float(gains[i]), float(grid[i])) for i in best]


def _apart(ordered: list[float], distance: float) -> Iterator[float]:
    kept: list[float] = []
    for value in ordered:
        if all(abs(value - other) >= distance for other in kept) and len(kept) < _MOST:
            kept.append(value)
            yield value
