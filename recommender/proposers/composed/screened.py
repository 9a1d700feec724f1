"""What the screens work on: terms without inner parameters as unit columns, curves with one as grid points with slopes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from corpus.functions import Array
from recommender.proposers.composed.factors import Rows, Term
from recommender.proposers.composed.gram import Indices
from recommender.proposers.composed.polish import Nodes

_SAME = 1 - 1e-12
_APART = 1e-6
_LEAST, _MOST = 1e-100, 1e100
_MISSED = 0.03
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
    """Terms of one column with one inner parameter, at grid points in ascending order.

    terms: shape (t,); term_of: of each entry, shape (e,). pairs: value and slope made orthonormal, shape (2e, n).
    """

    terms: Sequence[Term]
    term_of: Indices
    pairs: Array
    nodes: Nodes

    def __len__(self) -> int:
        return len(self.term_of)

    def start(self, entry: int, k: float) -> tuple[Term, Array]:
        """The term of an entry at a value of its inner parameter."""
        return self.terms[self.term_of[entry]], np.array([k])

    def waves(self, name: str, frequencies: Sequence[float], reach: float) -> Indices:
        """Entries of waves along an input whose frequency is within reach of one of these."""
        own = [i for i, term in enumerate(self.terms) if any(factor.wave == name for factor in term.factors)]
        near = np.any(np.abs(self.nodes.places[:, None] - np.array(frequencies)[None, :]) <= reach, axis=1)
        return np.flatnonzero(near & np.isin(self.term_of, own))

    def nearest(self, entries: Indices, inner: Array) -> Indices:
        """The grid points of the same runs nearest to other values of k; all of one shape."""
        nodes = self.nodes
        found = entries.copy()
        for place in np.ndindex(entries.shape):
            first, last = nodes.first[entries[place]], nodes.last[entries[place]] + 1
            found[place] = first + np.argmin(np.abs(nodes.places[first:last] - inner[place]))
        return found

    def distinct(self, groups: Indices) -> Indices:
        """The first of the groups with the same terms, in the order given; shape (g, entries in a group)."""
        _, first = np.unique(np.sort(self.term_of[groups], axis=1), axis=0, return_index=True)
        return groups[np.sort(first)]

    @classmethod
    def of(cls, terms: Sequence[Term], rows: Rows, limit: int) -> CurveColumns:
        """The cheapest terms first, about `limit` entries."""
        kept, curves, filled = list[Term](), list[_Curve](), 0
        for term in _bent(terms):
            curve = _Curve.of(term, rows)
            if len(curve.places):
                kept.append(term)
                curves.append(curve)
                filled += len(curve.places)
            if filled >= limit:
                break
        return cls(kept, *_joined(curves, rows.count))


@dataclass(frozen=True)
class _Curve:
    """One term at the usable points of its grid: k, values, slopes and orthonormal pairs of both; run: which points belong together,
    because a cubic between neighbours draws the curve."""

    places: Array
    values: Array
    slopes: Array
    pairs: Array
    run: Indices

    @classmethod
    def of(cls, term: Term, rows: Rows) -> _Curve:
        places = np.sort(term.grid[:, 0])
        values, slopes = rows.curve(term, places)
        good, pairs = orthonormal(values, slopes)
        places, values, slopes = places[good], values[good], slopes[good]
        return cls(places, values, slopes, pairs, _runs(term, rows, places, values, slopes))


def _runs(term: Term, rows: Rows, places: Array, values: Array, slopes: Array) -> Indices:
    """A number for each grid point; it changes where the cubic misses the curve halfway to the next."""
    if len(places) < 2:
        return np.zeros(len(places), dtype=np.int64)
    steps = np.diff(places)[:, None]
    halfway, _ = rows.curve(term, (places[1:] + places[:-1]) / 2)
    missed = halfway - (values[1:] + values[:-1]) / 2 - steps * (slopes[:-1] - slopes[1:]) / 8
    near = np.einsum("ij,ij->i", missed, missed) < _MISSED**2 * np.einsum("ij,ij->i", halfway, halfway)
    return np.concatenate([[0], np.cumsum(~near)])


def _bent(terms: Sequence[Term]) -> Iterator[Term]:
    return (term for term in terms if term.free == 1 and term.width == 1)


def _joined(curves: Sequence[_Curve], rows: int) -> tuple[Indices, Array, Nodes]:
    lengths = np.array([len(curve.places) for curve in curves], dtype=np.int64)
    first, last = _ends(curves)
    places = np.concatenate([np.zeros(0), *(curve.places for curve in curves)])
    values, slopes, pairs = (
        np.concatenate([np.zeros((0, rows)), *(getattr(curve, name) for curve in curves)]) for name in ("values", "slopes", "pairs")
    )
    return np.repeat(np.arange(len(curves)), lengths), pairs, Nodes(values, slopes, places, first, last)


def _ends(curves: Sequence[_Curve]) -> tuple[Indices, Indices]:
    """First and last entry of the run of every entry."""
    _, runs = np.unique([(i, run) for i, curve in enumerate(curves) for run in curve.run], axis=0, return_inverse=True)
    lengths = np.bincount(np.ravel(runs))
    ends = np.cumsum(lengths)
    return np.repeat(ends - lengths, lengths), np.repeat(ends - 1, lengths)


def orthonormal(values: Array, slopes: Array) -> tuple[Indices, Array]:
    """Orthonormal bases of values and slopes, shape (g, n) each: which of them have one, and those, shape (2 g', n)."""
    lengths = np.sqrt(np.einsum("ij,ij->i", values, values))
    steepness = np.sqrt(np.einsum("ij,ij->i", slopes, slopes))
    good = np.flatnonzero((lengths > _LEAST) & (lengths < _MOST) & (steepness > _LEAST) & (steepness < _MOST))
    unit = values[good] / lengths[good, None]
    across = slopes[good] / steepness[good, None]
    across = across - np.einsum("ij,ij->i", across, unit)[:, None] * unit
    rest = np.sqrt(np.einsum("ij,ij->i", across, across))
    apart = rest > _APART
    pairs = np.stack([unit[apart], across[apart] / rest[apart, None]], axis=1)
    return good[apart], pairs.reshape(-1, values.shape[1])
