"""Every term at every starting value of its inner parameters, as unit columns on a few hundred rows.

An entry is one column, or two that share inner parameters. `gains` tells for a model how much each entry would lower its rss.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from recommender.proposers.composed.factors import Factor, Rows, Term

_SINGULAR = 1e-10
Indices = NDArray[np.int64]


class Dictionary:
    """singles: unit rows, shape (m1, n); firsts and seconds: the pairs, shape (m2, n) each; entry e of all m1 + m2 belongs to
    `terms[term_of[e]]` at `grid[place_of[e]]`."""

    def __init__(self, terms: Sequence[Term], rows: Rows) -> None:
        self.terms = [term for term in terms if not _half_of_a_pair(term)]
        self._values: dict[Factor, Array] = {}
        with np.errstate(all="ignore"):
            blocks = [self._block(term, rows) for term in self.terms]
        single = [i for i, block in enumerate(blocks) if block.shape[1] == 1]
        double = [i for i, block in enumerate(blocks) if block.shape[1] == 2]
        self.singles, _, s_term, s_place = _normalised(blocks, single, rows.count)
        self.firsts, self.seconds, d_term, d_place = _normalised(blocks, double, rows.count)
        self.products = np.einsum("ij,ij->i", self.firsts, self.seconds)
        self.term_of = np.concatenate([s_term, d_term])
        self.place_of = np.concatenate([s_place, d_place])
        self.free_of = np.array([term.free for term in self.terms], dtype=np.int64)[self.term_of]
        self.cost_of = np.array([term.cost for term in self.terms])[self.term_of]
        self._values.clear()

    def __len__(self) -> int:
        return len(self.term_of)

    def start(self, entry: int) -> tuple[Term, Array]:
        """The term of an entry and its inner parameters."""
        term = self.terms[self.term_of[entry]]
        return term, term.grid[self.place_of[entry]]

    def _block(self, term: Term, rows: Rows) -> Array:
        """Shape (grid points, columns, n)."""
        weight = np.ones(rows.count) if rows.weights is None else rows.weights
        block = weight[None, None, :]
        for factor in term.factors:
            if factor not in self._values or len(self._values[factor]) != len(factor.grid):
                self._values[factor] = rows.factor_grid(factor)
            own = self._values[factor]
            block = block[:, None, :, None, :] * own[None, :, None, :, :]
            block = block.reshape(block.shape[0] * block.shape[1], -1, rows.count)
        return block

    def gains(self, bases: Sequence[Array], residuals: Sequence[Array]) -> list[Array]:
        """Drop of the rss by each entry, for each of some models; one matrix product serves them all.

        bases: orthonormal, shape (n, p) each; residuals: orthogonal to them, shape (n,) each.
        """
        joined = np.column_stack([part for pair in zip(bases, residuals, strict=True) for part in pair])
        places = np.cumsum([basis.shape[1] + 1 for basis in bases])[:-1]
        alone, first, second = (np.split(block @ joined, places, axis=1) for block in (self.singles, self.firsts, self.seconds))
        return [
            np.concatenate([_single_gains(own), _pair_gains(one, other, self.products)])
            for own, one, other in zip(alone, first, second, strict=True)
        ]


def _half_of_a_pair(term: Term) -> bool:
    """A sine or cosine of free frequency alone: the pair of both finds it too, and sheds the half it does not need."""
    return any(factor.wave and len(factor.columns) == 1 for factor in term.factors)


def _single_gains(along: Array) -> Array:
    """along: components of each column along the basis, and last along the residual, shape (m, p + 1)."""
    left = 1 - np.einsum("ij,ij->i", along[:, :-1], along[:, :-1])
    match = along[:, -1]
    return np.asarray(np.where(left > _SINGULAR, match * match / np.maximum(left, 1e-300), 0.0))


def _pair_gains(first: Array, second: Array, products: Array) -> Array:
    """The same for pairs of columns; products: theirs with each other."""
    a = 1 - np.einsum("ij,ij->i", first[:, :-1], first[:, :-1])
    b = 1 - np.einsum("ij,ij->i", second[:, :-1], second[:, :-1])
    h = products - np.einsum("ij,ij->i", first[:, :-1], second[:, :-1])
    r, s = first[:, -1], second[:, -1]
    determinant = a * b - h * h
    usable = (a > _SINGULAR) & (b > _SINGULAR) & (determinant > _SINGULAR * a * b)
    gain = (b * r * r - 2 * h * r * s + a * s * s) / np.where(usable, determinant, 1.0)
    return np.asarray(np.where(usable, np.maximum(gain, 0.0), 0.0))


def _normalised(blocks: Sequence[Array], chosen: Sequence[int], count: int) -> tuple[Array, Array, Indices, Indices]:
    """Unit rows of the first and last column of each grid point, and whose they are; what is not finite or zero is left out."""
    if not chosen:
        empty, none = np.zeros((0, count)), np.zeros(0, dtype=np.int64)
        return empty, empty, none, none
    values = np.concatenate([blocks[i] for i in chosen])
    owner = np.repeat(np.array(chosen, dtype=np.int64), [len(blocks[i]) for i in chosen])
    place = np.concatenate([np.arange(len(blocks[i]), dtype=np.int64) for i in chosen])
    norms = np.sqrt(np.einsum("ijk,ijk->ij", values, values))
    good = np.all(np.isfinite(norms) & (norms > 1e-150), axis=1)
    unit = values[good] / norms[good][:, :, None]
    return np.ascontiguousarray(unit[:, 0]), np.ascontiguousarray(unit[:, -1]), owner[good], place[good]
