"""Whether residuals look like noise: the von Neumann ratio over neighbouring rows.

Mean square successive difference over twice the variance (von Neumann 1941, Ann. Math. Stat. 12:367) is one for white noise and
near zero for a smooth remainder. Neighbours are the next row in order of the one column, or the nearest row in several.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from recommender.samples import Samples

_MOST_QUERIES = 400
_MOST_ROWS = 4000
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Neighbours:
    """Pairs of neighbouring rows."""

    first: Rows
    second: Rows

    def ratio(self, residual: Array) -> float:
        """The von Neumann ratio; 1 for an identically zero residual."""
        variance = float(np.mean(residual**2))
        if variance <= 0 or not len(self.first):
            return 1.0
        return float(np.mean((residual[self.first] - residual[self.second]) ** 2)) / (2 * variance)

    def white(self, residual: Array) -> bool:
        """Whether the residual passes for noise: ratio above 1 - max(0.12, three standard errors)."""
        return self.ratio(residual) > 1 - max(0.12, 3 / math.sqrt(max(len(self.first), 1)))


def neighbours(samples: Samples) -> Neighbours:
    """Neighbouring rows of a table; with several columns, nearest neighbours of 400 rows among at most 4000."""
    columns = [values for values in samples.columns.values() if np.ptp(values) > 0]
    if len(columns) == 1:
        order = np.argsort(columns[0], kind="stable")
        return Neighbours(order[:-1], order[1:])
    if not columns:
        order = np.arange(len(samples))
        return Neighbours(order[:-1], order[1:])
    rows = np.unique(np.linspace(0, len(samples) - 1, _MOST_ROWS).astype(np.int64))
    pairs = _nearest(np.stack([values[rows] / np.std(values) for values in columns], 1))
    return Neighbours(rows[pairs.first], rows[pairs.second])


def _nearest(points: Array) -> Neighbours:
    queries = np.unique(np.linspace(0, len(points) - 1, _MOST_QUERIES).astype(np.int64))
    squares = np.einsum("nd,nd->n", points, points)
    distance = squares - 2 * points[queries] @ points.T
    distance[np.arange(len(queries)), queries] = np.inf
    return Neighbours(queries, np.argmin(distance, axis=1))
