"""Rows that stand in the table more than once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from corpus.language import Sentence
from recommender.assess.guards._base import Finding, Scene

CHANCE = 1e-3
MOST_ROWS = 1000


class RepeatedRows:
    """Copies of a row are no new evidence, and would be known to the fit when they are held out.

    A measurement repeated at equal inputs may come out equal by the steps of the instrument. How often that happens is seen where the
    inputs differ: among pairs of rows whose targets are as near as repeats are, the share that is equal. More equal repeats than that
    (Poisson, chance CHANCE) are copies. Where no repeat ever differs, all are.
    """

    name = "repeated_rows"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.repeated_rows` with the number of copies."""
        inputs = np.column_stack([scene.values(column) for column in scene.columns])
        target = scene.values(scene.problem.target)
        _, group = np.unique(inputs, axis=0, return_inverse=True)
        group = np.ravel(group)
        copies = len(target) - len(np.unique(np.column_stack([group, target]), axis=0))
        if copies and not _coincidence(group, target, scene.problem.table_seed):
            yield Finding(Sentence.of("guard.repeated_rows", count=copies, rows=len(target)))


def _coincidence(group: NDArray[np.int64], target: Array, seed: int) -> bool:
    """Whether the steps of the instrument explain as many equal repeats."""
    from scipy.stats import poisson

    spread = _spread(group, target)
    if not spread:
        return False
    rows = np.random.default_rng(seed).permutation(len(target))[:MOST_ROWS]
    group, target = group[rows], target[rows]
    apart = np.abs(target[:, None] - target[None, :])
    pairs = np.triu(apart <= spread, 1)
    repeats = pairs & (group[:, None] == group[None, :])
    elsewhere = pairs & ~repeats
    share = (np.sum(apart[elsewhere] == 0) + 1) / (np.sum(elsewhere) + 1)
    return bool(poisson.sf(np.sum(apart[repeats] == 0) - 1, share * np.sum(repeats)) >= CHANCE)


def _spread(group: NDArray[np.int64], target: Array) -> float:
    """Pooled standard deviation of repeats."""
    size = np.bincount(group)
    mean = np.bincount(group, target) / size
    freedom = len(target) - len(size)
    return float(np.sqrt(np.sum((target - mean[group]) ** 2) / freedom)) if freedom else 0.0
