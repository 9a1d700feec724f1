"""Covariance of the parameters, and what the data cannot tell: directions in which the rss does not move.

The Jacobian, its columns scaled to length one, is decomposed by singular values. Directions with a singular value below 1e-8 of the
largest are null: a parameter that takes part in one has no standard error, and the combination that is determined is named.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from recommender.fitting.polish import System, column_scale

_NULL = 1e-8
_PART = 1e-3
_CORRELATED = 0.999


@dataclass(frozen=True)
class Null:
    """Parameters that move together without changing the curve; `combination` is what is determined, "" if it has no short name."""

    names: tuple[str, ...]
    combination: str


@dataclass(frozen=True)
class Uncertainty:
    """covariance (k, k) per unit of residual variance (nan rows where not determined), rank, null directions."""

    covariance: Array
    rank: int
    nulls: tuple[Null, ...]


def uncertainty(
    system: System, names: Sequence[str], values: Array, pinned: Sequence[bool] = (), rss: Callable[[Array], float] | None = None
) -> Uncertainty:
    """Inverse of J'J on the directions the data determine; pinned parameters (on a bound) are held and get no error.

    rss: the objective, with which the name of a combination is checked by a finite move; without it none is named.
    """
    if any(pinned):
        return _without(system, names, values, pinned)
    k = len(names)
    if not k or not math.isfinite(system.rss) or not np.isfinite(system.triangle).all():
        return Uncertainty(np.full((k, k), np.nan), 0, ())
    scale = column_scale(system.triangle)
    _, sizes, directions = np.linalg.svd(system.triangle / scale)
    good = sizes > _NULL * max(float(sizes[0]), 1e-300)
    kept = directions[good] / sizes[good, None]
    with np.errstate(over="ignore"):  # columns of vanishing length
        covariance = kept.T @ kept / np.outer(scale, scale)
    lost = np.zeros(k, bool)
    nulls = []
    for direction in directions[~good]:
        part = np.abs(direction) > _PART
        lost |= part
        nulls.append(_null(direction / scale, part, names, values, rss))
    covariance[lost] = np.nan
    covariance[:, lost] = np.nan
    return Uncertainty(covariance, int(good.sum()), tuple(nulls))


def _without(system: System, names: Sequence[str], values: Array, pinned: Sequence[bool]) -> Uncertainty:
    free = np.flatnonzero(~np.array(pinned))
    part = uncertainty(System(system.triangle[:, free], system.right, system.rss), [names[int(i)] for i in free], values[free])
    covariance = np.full((len(names), len(names)), np.nan)
    covariance[np.ix_(free, free)] = part.covariance
    return Uncertainty(covariance, part.rank, part.nulls)


def _null(change: Array, part: NDArray[np.bool_], names: Sequence[str], values: Array, rss: Callable[[Array], float] | None) -> Null:
    rows = [int(i) for i in np.flatnonzero(part)]
    chosen = tuple(names[i] for i in rows)
    if len(rows) != 2 or rss is None:
        return Null(chosen, "")
    i, j = rows
    for combination, moved in _combinations(float(change[i]), float(change[j]), float(values[i]), float(values[j]), chosen):
        trial = values.copy()
        trial[i], trial[j] = moved
        before, after = rss(values), rss(trial)
        if abs(after - before) <= 1e-6 * before + 1e-300:
            return Null(chosen, combination)
    return Null(chosen, "")


def _combinations(da: float, db: float, a: float, b: float, names: Sequence[str]) -> Iterator[tuple[str, tuple[float, float]]]:
    """Short combinations that stay constant to first order along (da, db), each with a finite move that keeps it."""
    first, second = names
    with np.errstate(all="ignore"):
        if a and b and (power := _simple(-(da / a) / (db / b))) is not None:
            yield _product(first, second, power), (a * 1.2 ** float(power), b / 1.2)
        if (factor := _simple(-da / db)) is not None:
            yield _sum(first, second, factor), (a + float(factor) * 0.3 * abs(b), b - 0.3 * abs(b))
        if a and (rate := _simple(-(da / a) / db)) is not None:
            yield _exponential(first, second, rate), (a * math.exp(0.3 * float(rate)), b - 0.3)
        if b and (rate := _simple(-(db / b) / da)) is not None:
            yield _exponential(second, first, rate), (a - 0.3, b * math.exp(0.3 * float(rate)))


def _simple(ratio: float) -> Fraction | None:
    """The small fraction that a ratio is, to five digits."""
    if not math.isfinite(ratio):
        return None
    near = Fraction(ratio).limit_denominator(4)
    return near if near and abs(near) <= 6 and abs(float(near) - ratio) < 1e-5 * abs(ratio) else None


def _product(a: str, b: str, power: Fraction) -> str:
    """The product that stays constant: da/a = -power db/b keeps a*b**power."""
    exponent = f"{abs(power)}" if power.denominator == 1 else f"({abs(power)})"
    factor = b if abs(power) == 1 else f"{b}**{exponent}"
    return f"{a}*{factor}" if power > 0 else f"{a}/{factor}"


def _sum(a: str, b: str, factor: Fraction) -> str:
    term = b if abs(factor) == 1 else f"{abs(factor)}*{b}"
    return f"{a} + {term}" if factor > 0 else f"{a} - {term}"


def _exponential(a: str, b: str, rate: Fraction) -> str:
    sign = "-" if rate < 0 else ""
    return f"{a}*exp({sign}{b if abs(rate) == 1 else f'{abs(rate)}*{b}'})"


def correlated(covariance: Array, names: Sequence[str]) -> list[tuple[str, str, float]]:
    """Pairs whose correlation exceeds 0.999 in size."""
    errors = np.sqrt(np.diag(covariance))
    pairs = []
    for i, j in itertools.combinations(range(len(names)), 2):
        size = covariance[i, j] / (errors[i] * errors[j]) if errors[i] > 0 and errors[j] > 0 else math.nan
        if abs(size) > _CORRELATED:
            pairs.append((names[i], names[j], float(size)))
    return pairs
