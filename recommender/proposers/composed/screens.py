"""Exhaustive screens: every small set of cheap terms, alone or joined to one or two curves with an inner parameter.

A term that explains nothing alone may explain everything beside another; a step-by-step selection misses it, these do not.
Curves are tried on a coarse grid together with their slope by the inner parameter, which carries them to the values between; the many
best are polished on interpolated curves (see `polish`), and the few best of those are fitted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from corpus.functions import Array
from recommender.proposers.composed import gram
from recommender.proposers.composed.factors import Term
from recommender.proposers.composed.gram import Indices
from recommender.proposers.composed.length import misfit
from recommender.proposers.composed.polish import curves_at, polished
from recommender.proposers.composed.refine import Model, Refiner
from recommender.proposers.composed.screened import CurveColumns, FixedColumns, orthonormal
from recommender.proposers.composed.shapes import Axis
from recommender.spectrum import SPACING

SUBSET_SIZES = {2: 1500, 3: 500, 4: 260, 5: 120}
_SUBSETS_KEPT = 60
_CURVES = 14_000
_LEADING = {(2, 1): 60, (2, 2): 20, (3, 1): 40}
_COMPANIONS = {(1, 1): 150, (1, 2): 100, (2, 1): 200, (2, 2): 80, (3, 1): 100}
_RECONSIDERED = {1: 1000, 2: 1000, 3: 120, 4: 24}
_WIDE = {1: 500, 2: 220, 3: 150, 4: 100}
_LOOKED_AT = 40_000
_POLISHED = 4_000
_FITTED = 40
_SECOND_LOOKS = 2
_POLISHED_AGAIN = 1_000
_ITERATIONS = 12
_TOLERANCE = 1e-3
_EXACT = 1e-28
_PER_SUBSET = 2.5
_PER_BLOCK = 30
_PER_ENTRY = 3
_PER_POLISH = 1500
_HEARD = 4
_NONE = np.zeros(0)


@dataclass(frozen=True)
class _Sums:
    """Sums of curves and fixed columns: entries and inner, shape (s, curves); members, shape (s, size); length:
    nats of form and residual, shape (s,) once known."""

    entries: Indices
    inner: Array
    members: Indices
    length: Array = field(default_factory=lambda: _NONE)

    def take(self, rows: Indices) -> _Sums:
        return _Sums(self.entries[rows], self.inner[rows], self.members[rows], self.length[rows] if len(self.length) else self.length)

    def joined(self, other: _Sums) -> _Sums:
        """Both, best first."""
        entries, members = np.concatenate([self.entries, other.entries]), np.concatenate([self.members, other.members])
        inner, length = np.concatenate([self.inner, other.inner]), np.concatenate([self.length, other.length])
        return _Sums(entries, inner, members, length).take(np.argsort(length, kind="stable"))


class Screens:
    """The screens on one dictionary's terms. terms: cheapest first; refiner: rows and target; axes: its inputs."""

    def __init__(self, terms: Sequence[Term], refiner: Refiner, axes: Sequence[Axis]) -> None:
        self.terms, self.axes = terms, axes
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
        self._charge(None, len(fixed.terms), size)
        gains, members = gram.best_subsets(fixed.units @ fixed.units.T, fixed.units @ self._target, size)
        for row in _top(gains, _SUBSETS_KEPT):
            yield self._fit([(fixed.terms[i], _NONE) for i in members[row]])

    def more_curves(self, count: int, size: int) -> Iterator[Model | None]:
        """Sums of `count` terms with an inner parameter each and `size` without: any curve beside those that did best without it."""
        leading = self._leading(count - 1, _LEADING[count, size]) if count > 1 else np.zeros((1, 0), dtype=np.int64)
        every = np.arange(len(self.curves), dtype=np.int64)
        groups = np.column_stack([np.tile(leading, (len(every), 1)), np.repeat(every, len(leading))])
        other = np.all(groups[:, :-1] != groups[:, -1:], axis=1)
        yield from self._joined(groups[other], size, _COMPANIONS[count, size])

    def more_companions(self, count: int, size: int) -> Iterator[Model | None]:
        """The same for the curves that did best together, with `size` terms without an inner parameter, of more to choose from."""
        yield from self._joined(self._leading(count, _RECONSIDERED[size]), size, _WIDE[size])

    def two_waves(self, size: int) -> Iterator[Model | None]:
        """Sums of two waves along one input, at frequencies that stand out most, and `size` terms without an inner parameter: neither wave
        need do well without the other."""
        heard = [self.curves.waves(a.name, a.heard[:_HEARD], SPACING / a.span) for a in self.axes if a.heard]
        pairs = [np.column_stack([entries[one] for one in np.triu_indices(len(entries), 1)]) for entries in heard]
        groups = np.concatenate([np.zeros((0, 2), dtype=np.int64), *pairs])
        yield from self._joined(groups, size, _COMPANIONS[2, size])

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
        gains, members, owners = self._completions(self.curves.pairs, groups, fixed, size)
        best = _top(gains, _LOOKED_AT)
        entries = groups[owners[best]]
        fixed = self.fixed.first(max(_WIDE[size], companions))
        found = self._polished(_Sums(entries, self.curves.nodes.places[entries], members[best]), fixed, _POLISHED)
        for _ in range(_SECOND_LOOKS):
            found = found.joined(self._completed_again(found, fixed))
        self._leaders[groups.shape[1]] = self.curves.distinct(self.curves.nearest(found.entries, found.inner))
        yield from self._fitted(found, fixed)

    def _completions(self, pairs: Array, groups: Indices, fixed: FixedColumns, size: int) -> tuple[Array, Indices, Indices]:
        crosses, rights = pairs @ fixed.units.T, pairs @ self._target
        self._charge(groups, len(fixed.terms), size)
        return gram.completions(fixed.units @ fixed.units.T, fixed.units @ self._target, crosses, rights, pairs, groups, size)

    def _polished(self, sums: _Sums, fixed: FixedColumns, most: int) -> _Sums:
        """The first of each form, inner parameters refined on the interpolated curves; best first."""
        sums = sums.take(_first(np.hstack([np.sort(self.curves.term_of[sums.entries], axis=1), sums.members]))[:most])
        self.refiner.work.charge(100, _PER_POLISH * len(sums.entries) * self.refiner.rows.count)
        rss, inner = polished(self.curves.nodes, fixed.units, self._target, sums.entries, sums.inner, sums.members)
        length = misfit(rss, self.refiner.rows.count, _EXACT) + self._costs(sums, fixed)
        return _Sums(sums.entries, inner, sums.members, length).take(np.argsort(length, kind="stable"))

    def _costs(self, sums: _Sums, fixed: FixedColumns) -> Array:
        """Nats of the forms, shape (s,)."""
        bent, plain = (np.array([term.cost for term in terms]) for terms in (self.curves.terms, fixed.terms))
        return np.asarray(bent[self.curves.term_of[sums.entries]].sum(axis=1) + plain[sums.members].sum(axis=1))

    def _completed_again(self, found: _Sums, fixed: FixedColumns) -> _Sums:
        """The best curves with the companions that are best for them now that their inner parameters are known."""
        best = found.take(_first(np.sort(self.curves.term_of[found.entries], axis=1))[: _RECONSIDERED[found.members.shape[1]]])
        values, slopes = curves_at(self.curves.nodes, best.entries.ravel(), best.inner.ravel())
        good, pairs = orthonormal(values, slopes)
        whole = np.isin(np.arange(len(values)), good).reshape(best.entries.shape).all(axis=1)
        groups = np.searchsorted(good, np.arange(len(values)).reshape(best.entries.shape)[whole])
        best = best.take(np.flatnonzero(whole))
        gains, members, owners = self._completions(pairs, groups, fixed, best.members.shape[1])
        rows = _top(gains, _LOOKED_AT)
        best = best.take(owners[rows])
        return self._polished(_Sums(best.entries, best.inner, members[rows]), fixed, _POLISHED_AGAIN)

    def _fitted(self, found: _Sums, fixed: FixedColumns) -> Iterator[Model | None]:
        forms = np.hstack([np.sort(self.curves.term_of[found.entries], axis=1), found.members])
        for row in _first(forms)[:_FITTED]:
            bent = [self.curves.start(entry, k) for entry, k in zip(found.entries[row], found.inner[row], strict=True)]
            yield self._fit([*bent, *((fixed.terms[i], _NONE) for i in found.members[row])])

    def _charge(self, groups: Indices | None, columns: int, size: int) -> None:
        """Every subset once, and the columns made orthogonal to each group."""
        subsets, count = math.comb(columns, size), 1
        if groups is not None:
            count = len(groups)
            subsets += columns * (_PER_ENTRY * groups.shape[1] if size == 1 else _PER_BLOCK)
        self.refiner.work.charge(100, _PER_SUBSET * count * subsets)

    def _fit(self, parts: Sequence[tuple[Term, Array]]) -> Model | None:
        return self.refiner.fit([term for term, _ in parts], [inner for _, inner in parts], _ITERATIONS, _TOLERANCE)


def _first(rows: Indices) -> Indices:
    """Places of the first of equal rows, in order."""
    return np.sort(np.unique(rows, axis=0, return_index=True)[1])


def _top(gains: Array, count: int) -> Indices:
    """Places of the largest, in order."""
    if len(gains) > count:
        chosen = np.argpartition(-gains, count)[:count]
        return np.asarray(chosen[np.argsort(-gains[chosen], kind="stable")])
    return np.asarray(np.argsort(-gains, kind="stable"))
