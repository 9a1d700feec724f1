"""A target that is the rate of change of another column is read off that column too, where it is told more finely there.

Tables of simulated and of well sampled processes often hold a quantity beside its rate. The slope of the first is a second reading of the
second. Both are averaged by inverse variance, the slope taken for at most seven times as precise as the rows themselves: what is wrong
with a slope is no independent noise. Relations between a state and its rate are found far more surely so (Brunton, Proctor & Kutz,
PNAS 113 (2016) 3932, on how noise in the rate decides what is found).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from corpus.language import Sentence
from recommender.table import Column

TRUSTED = (7.0, 5.0, 3.0)  # how much more precise the slope is taken for, tried in this order
_LEAST_ROWS = 40
_MOST_ROWS = 0.95  # share of them at which the slope must be good; steep ends may be lost
_SCATTER = (1e-3, 0.3)  # of the target's standard deviation: less is no trouble, and with more nobody can tell that it is the rate
_ALIKE = 0.8
_WHITE = 0.7
_DEGREES = (5, 7)  # what their slopes differ by is the error of the first, near enough
_NEIGHBOURS = 9
_ROBUST = 1.4826  # median absolute deviation to standard deviation


@dataclass(frozen=True)
class Rate:
    """A second reading of a target.

    of, along: the column that changes, and what it changes along. rows: of the table, where the slope can be trusted; slope: shape (n,), at
    these; scatter: standard deviation of the target about it; left: at how many rows it cannot be trusted. trusted: how many times as
    precise as the target it is taken for.
    """

    of: Column
    along: Column
    rows: NDArray[np.int64]
    slope: Array
    scatter: float
    left: int
    trusted: float

    def averaged(self, goal: Column) -> Column:
        """The target with both readings averaged."""
        values = np.array(goal.values)
        own = _own_weight(self.trusted)
        values[self.rows] = own * values[self.rows] + (1 - own) * self.slope
        return replace(goal, values=values)

    def told(self, goal: Column) -> Sentence:
        """What a person should know of it."""
        percent = f"{100 * self.scatter / float(np.std(goal.values[self.rows])):.2g}"
        names = {"target": goal.name, "of": self.of.name, "along": self.along.name}
        return Sentence.of("note.rate", **names, percent=percent, left=self.left, parts=round(self.trusted**2))


def finer_rate(columns: Sequence[Column], goal: Column, rows: NDArray[np.int64]) -> Rate | None:
    """The rate of change of one column along another that is the target but for the target's own scatter; None if there is none.

    rows: of the table, those that count.
    """
    others = [column for column in columns if column.name != goal.name and np.all(np.isfinite(column.values[rows]))]
    found = (rate for along in others for rate in _rates(others, along, goal, rows))
    return min(found, key=lambda rate: rate.scatter, default=None)


def _rates(columns: Sequence[Column], along: Column, goal: Column, rows: NDArray[np.int64]) -> Iterator[Rate]:
    """Along one column, if no two rows have the same value of it."""
    rows = rows[np.argsort(along.values[rows], kind="stable")]
    if len(rows) >= _LEAST_ROWS and np.all(np.diff(along.values[rows]) > 0):
        yield from filter(None, (_rate(of, along, goal, rows) for of in columns if of is not along))


def _rate(of: Column, along: Column, goal: Column, rows: NDArray[np.int64]) -> Rate | None:
    """rows: in the order of `along`."""
    x, z, y = (column.values[rows] for column in (along, of, goal))
    if not _alike(np.gradient(z, x), y):
        return None
    slope, finer = (_slope(x, z, degree) for degree in _DEGREES)
    rest = y - slope
    scatter = _ROBUST * float(np.median(np.abs(rest)))
    least, most = (share * float(np.std(y)) for share in _SCATTER)
    if not least < scatter < most:
        return None
    error = _highest_nearby(np.abs(slope - finer))
    for trusted in TRUSTED:
        near = error < _own_weight(trusted) * scatter  # no more error than is left of the scatter
        if near.mean() >= _MOST_ROWS and _is_noise(rest[near], scatter):
            return Rate(of, along, rows[near], slope[near], scatter, int((~near).sum()), trusted)
    return None


def _own_weight(trusted: float) -> float:
    """Of the rows' own reading: the inverse of the variances."""
    return 1 / (1 + trusted**2)


def _alike(rough: Array, y: Array) -> bool:
    """Whether splines are worth their time: a table has many pairs of columns."""
    with np.errstate(all="ignore"):
        return bool(np.corrcoef(rough, y)[0, 1] > _ALIKE)


def _slope(x: Array, z: Array, degree: int) -> Array:
    """Of an interpolating spline, shape (n,)."""
    from scipy.interpolate import make_interp_spline

    unit = float(np.ptp(x)) / len(x)  # so that neither seconds nor years are badly conditioned
    return np.asarray(make_interp_spline(x / unit, z, degree).derivative()(x / unit)) / unit


def _highest_nearby(values: Array) -> Array:
    from scipy.ndimage import maximum_filter1d

    return np.asarray(maximum_filter1d(values, _NEIGHBOURS))


def _is_noise(rest: Array, scatter: float) -> bool:
    """Whether the scatter is the target's own, row by row: what is smooth from row to row is an error of the slope."""
    between = float(np.std(np.diff(rest, 3))) / math.sqrt(20.0)  # third differences of white noise have twenty times its variance
    return between > _WHITE * scatter > 0
