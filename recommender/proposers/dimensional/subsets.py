"""Exhaustive best subsets of unit columns in Gram space (Furnival & Wilson 1974): no regression is solved, only inner products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from recommender.fitting.work import Work

_ALIKE = 1e-10  # columns closer than this in squared sine are one
_FLOOR = 1e-24
_PASSES = 15  # of NumPy over a matrix
_WITHIN = {2: 1400, 3: 320}  # plainest columns of which every set is tried
_KEPT, _HEADS, _PER_HEAD = 400, 150, 4
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Subset:
    """Positions of the columns, and the nats of rows and columns together."""

    columns: tuple[int, ...]
    nats: float


class Gram:
    """Inner products of unit columns, shape (m, n), and a unit goal, shape (n,).

    cost: nats of each column; rows: how many count; inner: columns that hold the goal itself and must not stand alone.
    """

    def __init__(self, columns: Array, goal: Array, cost: Array, rows: int, inner: NDArray[np.bool_], work: Work) -> None:
        self.columns = columns
        self.b = columns @ goal
        self.cost = cost
        self.inner = inner
        self.work = work
        self.half_rows = 0.5 * rows
        self._found: dict[int, list[Subset]] = {}

    def best(self, count: int, limit: int) -> list[Subset]:
        """The best sets of `count` columns, 1 to 4: all of the plainest columns, and all that extend the best smaller sets."""
        return self._sets(count)[:limit]

    def _sets(self, count: int) -> list[Subset]:
        if count not in self._found:
            found = self._singles() if count == 1 else self._exhaustive(count) if count in _WITHIN else []
            if count > 1:
                found = list({subset.columns: subset for subset in (*found, *self._grown(self._sets(count - 1)[:_HEADS]))}.values())
            self._found[count] = sorted(found, key=lambda subset: subset.nats)[:_KEPT]
        return self._found[count]

    def _exhaustive(self, count: int) -> list[Subset]:
        """All pairs of the plainest columns, alone or beside one more column: one of them, or one that is good alone."""
        size = min(_WITHIN[count], len(self.b))
        self.work.charge(100, size**2 * self.columns.shape[1] / 2)
        G = self.columns[:size] @ self.columns[:size].T
        if count == 2:
            found = self._pairs(G, self.b[:size], np.ones(size), self.cost[:size], 1.0, _KEPT, self.inner[:size])
            return [Subset((i, j), nats) for i, j, nats in found]
        good = [subset.columns[0] for subset in self._sets(1)[:_HEADS] if subset.columns[0] >= size]
        return [subset for head in (*range(2, size), *good) for subset in self._beside(G, head)]

    def _beside(self, G: Array, head: int) -> Iterator[Subset]:
        """A column with its best pairs of plainer ones, by Schur complements."""
        size = min(head, len(G))
        row, gain = self.columns[:size] @ self.columns[head], self.b[head]
        rest = G[:size, :size] - np.outer(row, row)
        alone = self.inner[:size] & bool(self.inner[head])
        cost = self.cost[:size] + 0.5 * float(self.cost[head])
        for i, j, nats in self._pairs(rest, self.b[:size] - row * gain, 1 - row**2, cost, 1 - gain**2, _PER_HEAD, alone):
            yield Subset((head, i, j), nats)

    def _grown(self, heads: list[Subset]) -> Iterator[Subset]:
        """Each set with the best further columns of all."""
        for head in heads:
            self.work.charge(30, _PASSES * self.columns.size / 4)
            chosen = list(head.columns)
            rows = self.columns[chosen] @ self.columns.T
            weights = np.linalg.pinv(rows[:, chosen])
            left = 1 - self.b[chosen] @ weights @ self.b[chosen]
            b = self.b - self.b[chosen] @ weights @ rows
            diagonal = 1 - np.sum(rows * (weights @ rows), axis=0)
            rest = np.where(diagonal > _ALIKE, left - b**2 / np.maximum(diagonal, _ALIKE), 1.0)
            if self.inner[chosen].all():
                rest[self.inner] = 1.0
            few = np.argpartition(rest, min(4 * _PER_HEAD, len(rest) - 1))[: 4 * _PER_HEAD]
            nats = self.nats(rest[few], self.cost[few] + float(self.cost[chosen].sum()))
            for k in np.argsort(nats, kind="stable")[:_PER_HEAD]:
                yield Subset(tuple(sorted((*chosen, int(few[k])), reverse=True)), float(nats[k]))

    def nats(self, left: Array, cost: Array) -> Array:
        """Description length of what is left of the goal, up to a constant."""
        return np.asarray(self.half_rows * np.log(np.maximum(left, _FLOOR)) + cost)

    def _singles(self) -> list[Subset]:
        nats = np.where(self.inner, np.inf, self.nats(1 - self.b**2, self.cost))
        return [Subset((int(i),), float(nats[i])) for i in np.argsort(nats, kind="stable")[:_KEPT]]

    def _pairs(
        self, G: Array, b: Array, diagonal: Array, cost: Array, left: float, limit: int, alone: NDArray[np.bool_]
    ) -> Iterator[tuple[int, int, float]]:
        """Pairs of columns, not both `alone`, that leave least of a goal, by the 2x2 normal equations."""
        if len(b) < 2:
            return
        self.work.charge(30, _PASSES * G.size)
        scale = np.where(diagonal > _ALIKE, 1 / np.sqrt(np.maximum(diagonal, _ALIKE)), 0.0)
        b, g = b * scale, G * np.outer(scale, scale)
        gain = np.outer(b, -2 * b)
        gain *= g
        gain += (b**2)[:, None] + b**2
        gap = 1 - np.square(g, out=g)
        gain /= np.maximum(gap, _ALIKE, out=gap)
        gain[gap <= _ALIKE] = 0.0
        gain[np.ix_(alone, alone)] = 0.0
        second = np.argmax(np.tril(gain, -1), axis=1)  # the best partner of each column is enough
        most = gain[np.arange(len(b)), second]
        nats = self.nats(left - most, cost + cost[second])
        for i in np.argsort(nats[1:], kind="stable")[:limit] + 1:
            yield int(i), int(second[i]), float(nats[i])
