"""A target that is the rate of a column: dz/dt, measured beside t and z.

Along a trajectory z(t) the target is known twice: as it was measured, and as the slope of z. Where z is the more precise column, its
slope tells the target far better than its own values do (the integral, or weak, form of a differential equation: Schaeffer & McCalla,
Phys. Rev. E 96 (2017); Messenger & Bortz, Multiscale Model. Simul. 19 (2021)). The slope is that of a spline of degree seven; how far
that of degree five is from it bounds its error, noise of z included, row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from corpus.language import Sentence
from recommender.problem import Problem
from recommender.table import Column

_LEAST_ROWS = 60
_LEAST_STEP = 1e-9  # of the range: no spline goes through rows nearer than that
_LEAST_KEPT = 0.8
_LOUD = 0.3  # scatter over the target's spread from which it may as well be another quantity
_OWN_NOISE = 0.7  # share of the scatter that is noise of the target itself
_KEPT_SCATTER = 0.005  # a slope known less well than that is left out
_ENDS = 3  # rows at either end, where a spline is loose
_BLOCKS = (1 / 200, 1 / 80, 1 / 30, 1 / 10)  # of the rows, at least two each
_CHANCE = 1e-3  # that white noise is taken for structure, in each size of blocks
_ROBUST = 1.4826  # median absolute deviation -> standard deviation of a normal distribution


@dataclass(frozen=True)
class Rate:
    """The target as the slope of one column along another.

    values: the slope, shape (n,); certain: rows where it is known well, shape (n,); scatter: of the measured target about it.
    """

    state: Column
    along: Column
    values: Array
    certain: NDArray[np.bool_]
    scatter: float


@np.errstate(all="ignore")  # columns may be of any size; what is not finite is no slope
def as_rate(problem: Problem) -> Problem:
    """The same question with the target at the slope of a column, and a note that says so; unchanged if it is no such slope.

    A two-hundredth of every deviation from the slope is kept, so that the residuals of a fit are still those of a measurement, and larger
    than what the spline adds. Rows where the slope is uncertain are left out.
    """
    if len(problem.rows) < _LEAST_ROWS or problem.target.sigma is not None or problem.grouping is not None:
        return problem
    rate = min(_rates(problem), key=lambda one: one.scatter, default=None)
    if rate is None:
        return problem
    values = problem.target.values.copy()
    values[problem.rows] = rate.values + _KEPT_SCATTER * (values[problem.rows] - rate.values)
    target = replace(problem.target, values=values)
    note = Sentence.of(
        "note.rate",
        target=problem.target.name,
        state=rate.state.name,
        along=rate.along.name,
        percent=f"{100 * rate.scatter / float(np.std(rate.values)):.2g}",
        left_out=int(np.sum(~rate.certain)),
    )
    return replace(problem, target=target, rows=problem.rows[rate.certain], notes=(*problem.notes, note))


def _rates(problem: Problem) -> Iterator[Rate]:
    for along, state in permutations(problem.inputs, 2):
        if _units_fit(problem.target, state, along):
            rate = _rate(state, along, problem)
            if rate is not None:
                yield rate


def _units_fit(target: Column, state: Column, along: Column) -> bool:
    """Where all units are stated, those of a slope; where none is, any."""
    if target.unit is None or state.unit is None or along.unit is None:
        return target.unit is None and state.unit is None and along.unit is None
    return target.unit.dimension * along.unit.dimension == state.unit.dimension


def _rate(state: Column, along: Column, problem: Problem) -> Rate | None:
    """The slope of `state` along `along`, None if the measured target is not that and noise of its own."""
    order = np.argsort(along.values[problem.rows], kind="stable")
    t, z, y = (column.values[problem.rows][order] for column in (along, state, problem.target))
    if np.min(np.diff(t)) <= _LEAST_STEP * np.ptp(t):
        return None
    slope, doubt = _slope(t, z)
    scatter = _ROBUST * float(np.median(np.abs(y - slope - np.median(y - slope))))
    certain = doubt < _KEPT_SCATTER * scatter
    if np.mean(certain) < _LEAST_KEPT or not scatter < _LOUD * float(np.std(y)):
        return None
    noise = (y - slope)[certain]
    if _roughness(t, y) < _OWN_NOISE * scatter or not _is_white(noise):
        return None
    values, known = np.empty(len(y)), np.empty(len(y), dtype=bool)
    values[order], known[order] = slope, certain
    return Rate(state, along, values, known, float(np.std(noise)))


def _slope(t: Array, z: Array) -> tuple[Array, Array]:
    """The slope of a spline at its knots and a bound of its error, shape (n,) each."""
    from scipy.interpolate import make_interp_spline

    slopes = [make_interp_spline(t, z, k=degree).derivative()(t) for degree in (7, 5)]
    doubt = np.abs(slopes[0] - slopes[1])
    doubt[:_ENDS] = doubt[-_ENDS:] = np.inf
    around = np.pad(doubt, 1, mode="edge")
    return np.asarray(slopes[0]), np.maximum(np.maximum(around[:-2], around[2:]), doubt)


def _roughness(t: Array, y: Array) -> float:
    """Standard deviation of what is noise in y(t): what the cubic through the two neighbours on either side misses."""
    near = [np.roll(t, shift)[2:-2] for shift in (2, 1, -1, -2)]
    own = t[2:-2]
    weights = [np.prod([(own - other) / (one - other) for j, other in enumerate(near) if j != i], axis=0) for i, one in enumerate(near)]
    drawn = sum(weight * np.roll(y, shift)[2:-2] for weight, shift in zip(weights, (2, 1, -1, -2), strict=True))
    missed = (y[2:-2] - drawn) / np.sqrt(1 + np.sum(np.square(weights), axis=0))
    return _ROBUST * float(np.median(np.abs(missed)))


def _is_white(noise: Array) -> bool:
    """Means of neighbouring values scatter no more than independent ones do, whatever the size of the neighbourhood."""
    from scipy.stats import chi2

    power = float(np.mean(noise**2))
    for share in _BLOCKS:
        size = max(2, round(share * len(noise)))
        blocks = noise[: len(noise) // size * size].reshape(-1, size).mean(axis=1)
        if np.sum(blocks**2) * size / power > chi2.isf(_CHANCE, len(blocks)):
            return False
    return True
