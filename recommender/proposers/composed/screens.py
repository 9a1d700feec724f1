"""Exhaustive screens: every small set of cheap terms, alone or joined to one or two curves with an inner parameter.

A term that explains nothing alone may explain everything beside another; a step-by-step selection misses it, these do not.
Curves are tried on a coarse grid together with their slope by the inner parameter, which carries them to the values between.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np

from corpus.functions import Array
from recommender.proposers.composed import gram
from recommender.proposers.composed.factors import Rows, Term
from recommender.proposers.composed.gram import Indices
from recommender.proposers.composed.refine import Model, Refiner

SUBSET_SIZES = {2: 1500, 3: 500, 4: 260, 5: 120}
_SUBSETS_KEPT = 60
_CURVES = 9000
_LEADING = {1: 9000, 2: 9000, 3: 400, 4: 60}
_CURVES_KEPT = {1: 250, 2: 150, 3: 150, 4: 60}
_COMPANIONS = {1: 150, 2: 100, 3: 150, 4: 100}
_PAIR_CURVES = {1: 600, 2: 700}
_PAIR_COMPANIONS = {1: 100, 2: 60}
_LEADERS_PER_TERM = 2
_PAIRS_KEPT = {1: 500, 2: 250}
_LOOKED_AT = 30_000
_ITERATIONS = 12
_TOLERANCE = 1e-3
_SAME = 1 - 1e-12
_APART = 1e-6
_PER_SUBSET = 5.0
_PER_BLOCK = 30
_NONE = np.zeros(0)


@dataclass(frozen=True)
class FixedColumns:
    """Terms without inner parameters, cheapest first, as unit rows of shape (m, n)."""

    terms: Sequence[Term]
    units: Array

    @classmethod
    def of(cls, terms: Sequence[Term], rows: Rows, limit: int) -> FixedColumns:
        """Terms of one column; copies of a cheaper one on these rows are left out."""
        plain = list(islice((term for term in terms if not term.free and term.width == 1), 2 * limit))
        values = np.stack([rows.term(term, _NONE)[0] for term in plain])
        norms = np.sqrt(np.einsum("ij,ij->i", values, values))
        good = np.flatnonzero(np.isfinite(norms) & (norms > 1e-150))
        units = values[good] / norms[good, None]
        fresh = ~np.any(np.triu(np.abs(units @ units.T) > _SAME, 1), axis=0)
        return cls([plain[i] for i in good[fresh]][:limit], units[fresh][:limit])

    def first(self, count: int) -> FixedColumns:
        return FixedColumns(self.terms[:count], self.units[:count])


@dataclass(frozen=True)
class CurveColumns:
    """Terms with one inner parameter at grid points: value and slope as an orthonormal pair, columns of shape (2e, n)."""

    starts: Sequence[tuple[Term, Array]]
    columns: Array

    def take(self, entries: Indices) -> CurveColumns:
        """Some of them."""
        pairs = self.columns.reshape(len(self.starts), 2, -1)[entries]
        return CurveColumns([self.starts[i] for i in entries], pairs.reshape(2 * len(entries), -1))

    @classmethod
    def of(cls, terms: Sequence[Term], rows: Rows, limit: int) -> CurveColumns:
        """The cheapest terms first."""
        starts, pairs = list[tuple[Term, Array]](), list[Array]()
        for term in terms:
            if term.free != 1 or term.width != 1:
                continue
            good, columns = _orthonormal(*rows.curve(term, term.grid[:, 0]))
            starts += [(term, inner) for inner in term.grid[good]]
            pairs.append(columns)
            if len(starts) >= limit:
                break
        return cls(starts, np.concatenate(pairs) if pairs else np.zeros((0, rows.count)))


def _thinned(curves: CurveColumns, count: int) -> Indices:
    """About four grid points of each of the cheapest terms; of the many frequencies every second of the lower ones."""
    lengths = [len(list(run)) for _, run in groupby(curves.starts, key=lambda start: start[0])]
    firsts = np.cumsum([0, *lengths])
    places = [first + np.arange(length)[_thin(length)] for first, length in zip(firsts, lengths, strict=False)]
    return np.concatenate(places)[:count].astype(np.int64) if places else np.zeros(0, dtype=np.int64)


def _thin(count: int) -> slice:
    step = max(1, count // 4)
    return slice(step // 2, None, step) if count <= 40 else slice(1, 26, 2)


def _orthonormal(values: Array, slopes: Array) -> tuple[Indices, Array]:
    """Orthonormal bases of values and slopes, shape (g, n) each: which of them have one, and those, shape (2 g', n)."""
    lengths = np.sqrt(np.einsum("ij,ij->i", values, values))
    steepness = np.sqrt(np.einsum("ij,ij->i", slopes, slopes))
    good = np.flatnonzero(np.isfinite(lengths) & np.isfinite(steepness) & (lengths > 1e-150) & (steepness > 1e-150))
    unit = values[good] / lengths[good, None]
    across = slopes[good] / steepness[good, None]
    across = across - np.einsum("ij,ij->i", across, unit)[:, None] * unit
    rest = np.sqrt(np.einsum("ij,ij->i", across, across))
    apart = rest > _APART
    pairs = np.stack([unit[apart], across[apart] / rest[apart, None]], axis=1)
    return good[apart], pairs.reshape(-1, values.shape[1])


class Screens:
    """The screens on one dictionary's terms. terms: cheapest first; refiner: rows and target."""

    def __init__(self, terms: Sequence[Term], refiner: Refiner) -> None:
        self.terms = terms
        self.refiner = refiner
        self._target = refiner.target / np.sqrt(refiner.target @ refiner.target)
        with np.errstate(all="ignore"):
            self.fixed = FixedColumns.of(terms, refiner.rows, max(SUBSET_SIZES.values()))
        self._curves: CurveColumns | None = None
        self._order: Indices = np.zeros(0, dtype=np.int64)

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
        """Sums of one term with an inner parameter and `size` without; above two only of those that did best with one less."""
        curves = self._all_curves()
        groups = self._order[: _LEADING[size], None]
        yield from self._joined(curves, groups, size, _COMPANIONS[size], _CURVES_KEPT[size])

    def _all_curves(self) -> CurveColumns:
        if self._curves is None:
            with np.errstate(all="ignore"):
                self._curves = CurveColumns.of(self.terms, self.refiner.rows, _CURVES)
            self.refiner.work.charge(1000, _PER_SUBSET * self._curves.columns.size)
            self._order = np.arange(len(self._curves.starts), dtype=np.int64)
        return self._curves

    def two_curves(self, size: int) -> Iterator[Model | None]:
        """Sums of two terms with an inner parameter each and `size` without: of cheap ones, and of those that did best alone."""
        curves = self._all_curves()
        some = curves.take(np.union1d(self._leaders(curves, _PAIR_CURVES[size] // 2), _thinned(curves, _PAIR_CURVES[size] // 2)))
        groups = np.stack(np.triu_indices(len(some.starts), 1), axis=1).astype(np.int64)
        yield from self._joined(some, groups, size, _PAIR_COMPANIONS[size], _PAIRS_KEPT[size])

    def _leaders(self, curves: CurveColumns, count: int) -> Indices:
        """Entries in the order of the last screen of single curves, a few of each term."""
        seen = Counter[Term]()
        found: list[int] = []
        for entry in self._order:
            term = curves.starts[entry][0]
            seen[term] += 1
            if seen[term] <= _LEADERS_PER_TERM:
                found.append(int(entry))
        return np.array(found[:count], dtype=np.int64)

    def _joined(self, curves: CurveColumns, groups: Indices, size: int, companions: int, kept: int) -> Iterator[Model | None]:
        fixed = self.fixed.first(companions)
        if not len(groups) or len(fixed.terms) <= size:
            return
        crosses, rights = curves.columns @ fixed.units.T, curves.columns @ self._target
        squares = curves.columns @ curves.columns.T if groups.shape[1] > 1 else np.zeros((0, 0))
        self._charge(len(groups), len(fixed.terms), size)
        gains, members, owners = gram.completions(
            fixed.units @ fixed.units.T, fixed.units @ self._target, crosses, rights, squares, groups, size
        )
        if groups.shape[1] == 1:
            best = np.zeros(len(groups))
            np.maximum.at(best, owners, gains)
            self._order = groups[np.argsort(-best, kind="stable"), 0]
        seen = set[tuple[Term, ...]]()
        for row in _top(gains, _LOOKED_AT):
            parts = [curves.starts[i] for i in groups[owners[row]]] + [(fixed.terms[i], _NONE) for i in members[row] if i >= 0]
            form = tuple(term for term, _ in parts)
            if form in seen:
                continue
            seen.add(form)
            yield self._fit(parts)
            if len(seen) >= kept:
                return

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
