"""Coefficients that can trade places or change sign without changing the curve, and the reading of each group nearest to the others.

A fit of `sinc(k*x)**2` may end at k or -k, one of two exponentials with the terms in either order. Before coefficients are compared
between groups, each group takes the equivalent values nearest to a group already placed (Prim's order: the nearest group next).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.formula import Formula
from corpus.functions import Array

_ROWS = 40
_EQUAL = 1e-9
_MOST_SWAPS = 3
_OTHER_SIGN = 4.0
_FARTHEST = 3.0
_ROUNDS = 3
_MOST_IMAGES = 200


@dataclass(frozen=True)
class Symmetry:
    """The new value of coefficient i is signs[i] times the old one of coefficient order[i], plus shifts[i] (of a phase)."""

    order: tuple[int, ...]
    signs: tuple[float, ...]
    shifts: tuple[float, ...]

    def apply(self, values: Array) -> Array:
        """Values (k,) after the change."""
        changed: Array = values[list(self.order)] * np.array(self.signs) + np.array(self.shifts)
        return changed

    def apply_to_errors(self, errors: Array) -> Array:
        """Standard errors (k,) after the change."""
        moved: Array = errors[list(self.order)]
        return moved


def symmetries(formula: Formula, names: Sequence[str], values: Mapping[str, float], columns: Mapping[str, Array]) -> list[Symmetry]:
    """Changes of up to two signs, half and whole turns of a phase, up to three swaps, that leave the curve as it is here and at another
    point."""
    rows = {name: column[:: max(1, len(column) // _ROWS)] for name, column in columns.items()}
    start = np.array([values[name] for name in names])
    other = start * (1 + 0.2 * np.random.default_rng(0).uniform(-1, 1, len(start)))

    def curve(point: Array) -> Array:
        with np.errstate(all="ignore"):
            return formula.evaluate(rows, {**values, **dict(zip(names, point, strict=True))})

    curves = [(point, curve(point)) for point in (start, other)]
    return [change for change in _changes(len(names)) if all(_alike(curve(change.apply(point)), drawn) for point, drawn in curves)]


def _alike(a: Array, b: Array) -> bool:
    good = np.isfinite(a) & np.isfinite(b)
    return bool(good.any() and np.max(np.abs(a - b)[good]) <= _EQUAL * np.max(np.abs(b[good])))


def _changes(count: int) -> Iterator[Symmetry]:
    same, plus, still = tuple(range(count)), (1.0,) * count, (0.0,) * count
    for size in (1, 2):
        for flipped in itertools.combinations(same, size):
            yield Symmetry(same, tuple(-1.0 if i in flipped else 1.0 for i in same), still)
    for turned, turn in itertools.product(same, (math.pi, -math.pi)):
        yield Symmetry(same, plus, tuple(2 * turn if i == turned else 0.0 for i in same))
        for flipped_one in same:
            signs = tuple(-1.0 if i == flipped_one else 1.0 for i in same)
            yield Symmetry(same, signs, tuple(turn if i == turned else 0.0 for i in same))
    if count > 8:
        return
    swaps = list(itertools.combinations(same, 2))
    for size in range(1, _MOST_SWAPS + 1):
        for chosen in itertools.combinations(swaps, size):
            if len({i for pair in chosen for i in pair}) == 2 * size:
                order = list(same)
                for a, b in chosen:
                    order[a], order[b] = b, a
                yield Symmetry(tuple(order), plus, still)


def matched(values: Array, errors: Array, changes: Sequence[Symmetry], first: int) -> tuple[Array, Array]:
    """Values and errors (groups, k) with equivalent ones chosen so that neighbours are alike; group `first` stays as it is."""
    values, errors = _wrapped(values, changes, first), errors.copy()
    images = [_images(value, error, changes) for value, error in zip(values, errors, strict=True)]
    placed, left = [first], [i for i in range(len(values)) if i != first]
    while left:
        options = [(distance(value, values[j]), i, place) for i in left for j in placed for place, (value, _) in enumerate(images[i])]
        _, i, place = min(options)
        values[i], errors[i] = images[i][place]
        placed.append(i)
        left.remove(i)
    return values, errors


def _wrapped(values: Array, changes: Sequence[Symmetry], first: int) -> Array:
    """Phases within half a turn of the first group's."""
    whole = {change.shifts.index(2 * math.pi) for change in changes if min(change.signs) > 0 and 2 * math.pi in change.shifts}
    out = values.copy()
    for i in whole:
        out[:, i] -= 2 * math.pi * np.round((values[:, i] - values[first, i]) / (2 * math.pi))
    return out


def _images(value: Array, error: Array, changes: Sequence[Symmetry]) -> list[tuple[Array, Array]]:
    """(values, errors) of all equivalents that a few changes in a row reach, the given one first."""
    found = {_key(value): (value, error)}
    edge = [(value, error)]
    for _ in range(_ROUNDS):
        moved = [(change.apply(v), change.apply_to_errors(e)) for v, e in edge for change in changes]
        fresh = {_key(v): (v, e) for v, e in moved if _key(v) not in found}
        edge = list(fresh.values())[: _MOST_IMAGES - len(found)]
        found |= {_key(v): (v, e) for v, e in edge}
    return list(found.values())


def _key(value: Array) -> tuple[str, ...]:
    return tuple(f"{number:.9g}" for number in value)


def distance(a: Array, b: Array) -> float:
    """Sum over coefficients of the decades between them, more for another sign."""
    with np.errstate(all="ignore"):
        decades = np.abs(np.log10(np.abs(a / b)))
    decades = np.where(np.isfinite(decades), np.minimum(decades, _FARTHEST), _FARTHEST)
    return float(np.sum(np.where((a == b) & (a == 0), 0.0, decades) + _OTHER_SIGN * (np.sign(a) * np.sign(b) < 0)))
