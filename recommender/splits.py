"""Which rows are predicted from which: folds of rows that belong together, the edges of the data, and bootstrap draws.

Rows that tell of each other are never parted, or a form that follows the noise would be rewarded (Roberts et al. 2017, Cross-validation
strategies for data with temporal, spatial, hierarchical, or phylogenetic structure, Ecography 40, 913): neighbours in a time series,
repeats of one setting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from corpus.dimension import Dimension
from corpus.errors import ProblemError
from corpus.functions import Array
from recommender.table import Column, loose

Rows = NDArray[np.int64]
Split = tuple[Rows, Rows]

FOLDS = 5
REPEATS = 3
FEW = 15  # fewer clusters are held out one at a time
BLOCKS = 10
EDGE = 1 / 6
_TIME = Dimension.of(s=1)
Way = Literal["auto", "random", "group", "time", "edges"]
WAYS: tuple[str, ...] = get_args(Way)
_OF_COLUMNS = ("group", "time")
_TIME_WORDS = frozenset({"t", "time", "date", "datetime", "timestamp", "時間", "経過時間", "時刻", "日時"})


@dataclass(frozen=True)
class SplitBy:
    """How rows are held out to judge a formula. way: `auto` as the table suggests (blocks of a time series, else settings), `random` row by
    row, `group` whole groups of a column, `time` blocks along a column, `edges` the ends of every input."""

    way: Way = "auto"
    column: str = ""

    @classmethod
    def of(cls, text: str) -> SplitBy:
        """`edges`, `group device`. ProblemError if it cannot be read."""
        way, _, column = text.strip().partition(" ")
        if way not in WAYS or (way in _OF_COLUMNS) is not bool(column.strip()):
            raise ProblemError("steer_split", text=text[:80])
        return cls(way, column.strip())  # type: ignore[arg-type]  # just seen to be one of them

    @property
    def text(self) -> str:
        return f"{self.way} {self.column}".strip()


AS_SUGGESTED = SplitBy()


def sampled_in_order(column: Column, rows: Rows) -> bool:
    """Whether a column is time, in seconds or by its name, and only rises or only falls from row to row."""
    is_time = loose(column.name) in _TIME_WORDS if column.unit is None else column.unit.dimension == _TIME
    values = column.values[rows]
    if not is_time or not np.all(np.isfinite(values)) or np.ptp(values) == 0:
        return False
    return runs_one_way(values)


def runs_one_way(values: Array) -> bool:
    """Whether values only rise or only fall from row to row."""
    steps = np.diff(values)
    return bool(np.all(steps >= 0) or np.all(steps <= 0))


def clusters(inputs: Sequence[Array], time: Array | None) -> Rows:
    """Number of the cluster of each row, from 0, shape (n,): BLOCKS contiguous blocks of a time series, else rows with equal inputs."""
    if time is not None:
        step = np.ravel(np.unique(time, return_inverse=True)[1])
        count = int(step.max()) + 1
        return step * min(BLOCKS, count) // count
    return np.ravel(np.unique(np.column_stack(list(inputs)), axis=0, return_inverse=True)[1])


def folds(cluster: Rows, seed: int) -> tuple[Split, ...]:
    """Held-out splits as (train, test) rows: FOLDS-fold, REPEATS times over, or one cluster at a time where they are FEW.

    Repetition takes the luck of the partition out of the error (Kim 2009, Computational Statistics & Data Analysis 53, 3735).
    """
    from sklearn.model_selection import LeaveOneGroupOut, RepeatedKFold

    count = int(cluster.max()) + 1
    if count < 2:
        return ()
    if count < FEW:
        parts = LeaveOneGroupOut().split(cluster, groups=cluster)
        return tuple((train, test) for train, test in parts)
    parts = RepeatedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=seed).split(np.arange(count))
    return tuple(_split(np.isin(cluster, test)) for _, test in parts)


def edges(columns: Mapping[str, Array], least: int) -> dict[str, tuple[Split, ...]]:
    """Extrapolation splits by column: the top and the bottom sixth of its values are held out, if `least` rows and half of all remain."""
    found: dict[str, tuple[Split, ...]] = {}
    for name, values in columns.items():
        low, high = np.quantile(values, [EDGE, 1 - EDGE])
        usable = [mask for mask in (values > high, values < low) if mask.any() and (~mask).sum() >= max(least, len(mask) // 2)]
        found |= {name: tuple(map(_split, usable))} if usable else {}
    return found


def draws(cluster: Rows, ordered: bool, count: int, seed: int) -> list[Rows]:
    """Bootstrap samples of rows: clusters drawn with replacement, in a time series blocks of about n**(1/3) neighbours.

    Künsch 1989, Annals of Statistics 17, 1217 (moving blocks; here circular, so that every row is drawn equally often).
    """
    rng = np.random.default_rng(seed)
    n = len(cluster)
    if ordered:
        return [moving_blocks(n, rng) for _ in range(count)]
    members = np.split(np.argsort(cluster, kind="stable"), np.cumsum(np.bincount(cluster))[:-1])
    return [np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))]) for _ in range(count)]


def moving_blocks(n: int, rng: np.random.Generator) -> Rows:
    """n row numbers in circular blocks of neighbours."""
    length = math.ceil(n ** (1 / 3))
    starts = rng.integers(0, n, math.ceil(n / length))
    return np.ravel(starts[:, None] + np.arange(length))[:n] % n


def _split(test: NDArray[np.bool_]) -> Split:
    return np.flatnonzero(~test), np.flatnonzero(test)
