"""Exhaustive screens: every small set of cheap terms, alone or joined to one or two curves with an inner parameter.

A term that explains nothing alone may explain everything beside another; a step-by-step selection misses it, these do not.
Curves are tried on a coarse grid together with their slope by the inner parameter, which carries them to the values between; the many
best are polished on interpolated curves (see `polish`), and the few best of those are fitted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from corpus.functions import Array
from recommender.proposers.composed import gram
from recommender.proposers.composed.factors import Term
from recommender.proposers.composed.gram import Indices
from recommender.proposers.composed.polish import polished
from recommender.proposers.composed.refine import Model, Refiner
from recommender.proposers.composed.screened import CurveColumns, FixedColumns

SUBSET_SIZES = {2: 1500, 3: 500, 4: 260, 5: 120}
_SUBSETS_KEPT = 60
_CURVES = 9000
_LEADING = {3: 400, 4: 60}
_COMPANIONS = {1: 150, 2: 100, 3: 150, 4: 100}
_LEADING_BESIDE = {(2, 1): 60, (2, 2): 25, (3, 1): 40}
_COMPANIONS_BESIDE = {(2, 1): 100, (2, 2): 60, (3, 1): 60}
_LOOKED_AT = 40_000
_POLISHED = 4_000
_FITTED = 40
_ITERATIONS = 12
_TOLERANCE = 1e-3
_PER_SUBSET = 5.0
_PER_BLOCK = 30
_PER_POLISH = 1500
_NONE = np.zeros(0)


class Screens:
    """The screens on one dictionary's terms. terms: cheapest first; refiner: rows and target."""

    def __init__(self, terms: Sequence[Term], refiner: Refiner) -> None:
        self.terms = terms
        self.refiner = refiner
        self._target = refiner.target / np.sqrt(refiner.target @ refiner.target)
        with np.errstate(all="ignore"):
            self.fixed = FixedColumns.of(terms, refiner.rows, max(SUBSET_SIZES.values()))
        self._leaders: dict[int, Indices] = {}

    def subsets(self, size: int) -> Iterator[Model | None]:
        """Sums of `size` terms without inner parameters."""
        fixed = self.fixed.first(SUBSET_SIZES[size])
        if len(fixed.terms) < size:
            return
        self._charge(1, len(fixed.terms), size)
        gains, members = gram.best_subsets(fixed.units @ fixed.units.T, fixed.units @ self._target, size)
        for row in _top(gains, _SUBSETS_KEPT):
            yield self._fit([(fixed.terms[i], _NONE) for i in members[row]])

    def one_curve(self, size: int) -> Iterator[Model | None]:
        """Sums of one term with an inner parameter and `size` without; above two only of those that did best with fewer."""
        every = np.arange(len(self.curves), dtype=np.int64)[:, None]
        groups = every if size <= 2 else self._leading(1, _LEADING[size])
        yield from self._joined(groups, size, _COMPANIONS[size])

    def more_curves(self, count: int, size: int) -> Iterator[Model | None]:
        """Sums of `count` terms with an inner parameter each and `size` without: any curve beside those that did best without it."""
        leading = self._leading(count - 1, _LEADING_BESIDE[count, size])
        every = np.arange(len(self.curves), dtype=np.int64)
        groups = np.column_stack([np.repeat(leading, len(every), axis=0), np.tile(every, len(leading))])
        other = np.all(groups[:, :-1] != groups[:, -1:], axis=1)
        yield from self._joined(groups[other], size, _COMPANIONS_BESIDE[count, size])

    @cached_property
    def curves(self) -> CurveColumns:
        with np.errstate(all="ignore"):
            found = CurveColumns.of(self.terms, self.refiner.rows, _CURVES)
        self.refiner.work.charge(1000, _PER_SUBSET * found.pairs.size)
        return found

    def _leading(self, count: int, most: int) -> Indices:
        """Groups of `count` curves that did best in the last screen of so many."""
        return self._leaders.get(count, np.zeros((0, count), dtype=np.int64))[:most]

    def _joined(self, groups: Indices, size: int, companions: int) -> Iterator[Model | None]:
        fixed = self.fixed.first(companions)
        if not len(groups) or len(fixed.terms) <= size:
            return
        gains, members, owners = self._completions(groups, fixed, size)
        best = _top(gains, _LOOKED_AT)
        yield from self._polished(groups[owners[best]], fixed, members[best])

    def _completions(self, groups: Indices, fixed: FixedColumns, size: int) -> tuple[Array, Indices, Indices]:
        pairs = self.curves.pairs
        crosses, rights = pairs @ fixed.units.T, pairs @ self._target
        self._charge(len(groups), len(fixed.terms), size)
        return gram.completions(fixed.units @ fixed.units.T, fixed.units @ self._target, crosses, rights, pairs, groups, size)

    def _polished(self, entries: Indices, fixed: FixedColumns, members: Indices) -> Iterator[Model | None]:
        """The best sums, each form once, inner parameters refined on the interpolated curves before any is fitted. Best first."""
        curves = self.curves
        forms = np.hstack([np.sort(curves.term_of[entries], axis=1), members])
        _, first = np.unique(forms, axis=0, return_index=True)
        first = np.sort(first)[:_POLISHED]
        entries, members = entries[first], members[first]
        self.refiner.work.charge(100, _PER_POLISH * len(first) * self.refiner.rows.count)
        rss, inner = polished(curves.nodes, fixed.units, self._target, entries, members)
        order = np.argsort(rss, kind="stable")
        self._leaders[entries.shape[1]] = curves.distinct(curves.nearest(entries[order], inner[order]))
        for row in order[:_FITTED]:
            bent = [curves.start(entry, k) for entry, k in zip(entries[row], inner[row], strict=True)]
            yield self._fit([*bent, *((fixed.terms[i], _NONE) for i in members[row])])

    def _charge(self, groups: int, columns: int, size: int) -> None:
        """Every subset once, and the columns made orthogonal to each group."""
        self.refiner.work.charge(100, _PER_SUBSET * groups * (math.comb(columns, size) + _PER_BLOCK * columns))

    def _fit(self, parts: Sequence[tuple[Term, Array]]) -> Model | None:
        return self.refiner.fit([term for term, _ in parts], [inner for _, inner in parts], _ITERATIONS, _TOLERANCE)


def _top(gains: Array, count: int) -> Indices:
    """Places of the largest, in order."""
    if len(gains) > count:
        chosen = np.argpartition(-gains, count)[:count]
        return np.asarray(chosen[np.argsort(-gains[chosen], kind="stable")])
    return np.asarray(np.argsort(-gains, kind="stable"))
