"""Starts for sums of several terms: pick each term from a dictionary of atoms, the others projected out.

Each additive block (one peak of several, one decay of several) gets a dictionary of drawn atoms; blocks are replaced in turn by the
atom that explains most of what the others leave (orthogonal matching pursuit with swaps; Pati et al. 1993), from several
random beginnings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from corpus.functions import Array
from recommender.fitting.sampler import Sampler
from recommender.fitting.varpro import Model

_SWEEPS = 6
_RANDOM_TOP = 40


@dataclass(frozen=True)
class _Dictionary:
    """Atoms of one block: parameter draws (a, q), which of them are the block's, and unit basis vectors, one (a, n) per basis function."""

    alpha: Array
    own: list[int]
    vectors: list[Array]


def exchange_starts(model: Model, sampler: Sampler, blocks: list[list[str]], atoms: int, runs: int) -> Array:
    """Starts of shape (r, q), r <= runs; empty if a block has no usable atom."""
    rng = sampler.rng
    with np.errstate(all="ignore"):
        dictionaries, shared, target = _dictionaries(model, sampler, blocks, atoms)
        if not all(len(d.alpha) for d in dictionaries) or not np.isfinite(target).all():
            return np.zeros((0, len(model.form.nonlinear)))
        starts = []
        for run in range(runs):
            starts.append(_Exchange(model, dictionaries, shared, target, rng).run(randomise=run > 0))
            if model.work.exhausted():
                break
    return np.array(starts)


def _dictionaries(model: Model, sampler: Sampler, blocks: list[list[str]], atoms: int) -> tuple[list[_Dictionary], list[Array], Array]:
    form = model.form
    used = [[j for j, basis in enumerate(form.basis) if basis.parameters & set(block)] for block in blocks]
    dictionaries = []
    for block, columns in zip(blocks, used, strict=True):
        alpha = sampler.draw(atoms, only=frozenset(block))
        table = model.design(alpha)
        sizes = [np.sqrt(np.einsum("an,an->a", table[:, j], table[:, j])) for j in columns]
        good = np.logical_and.reduce([np.isfinite(size) & (size > 0) for size in sizes])
        vectors = [table[good, j] / size[good, None] for j, size in zip(columns, sizes, strict=True)]
        dictionaries.append(_Dictionary(alpha[good], [form.nonlinear.index(name) for name in block], vectors))
    free = [j for j in range(len(form.basis)) if not any(j in columns for columns in used)]
    return dictionaries, [table[0, j] for j in free], table[0, -1]


class _Exchange:
    """One run: a selected atom per block, replaced in cycles until the residual stops falling."""

    def __init__(self, model: Model, dictionaries: list[_Dictionary], shared: list[Array], target: Array, rng: np.random.Generator) -> None:
        self.model, self.dictionaries, self.shared, self.target, self.rng = model, dictionaries, shared, target, rng
        self.selected: list[int | None] = [None] * len(dictionaries)

    def run(self, *, randomise: bool) -> Array:
        order = self.rng.permutation(len(self.dictionaries))
        previous = np.inf
        for sweep in range(_SWEEPS):
            current = previous
            for block in order:
                current = self._replace(int(block), explore=randomise and sweep == 0)
            if current > previous * (1 - 1e-6):
                break
            previous = current
        start = np.empty(len(self.model.form.nonlinear))
        for dictionary, chosen in zip(self.dictionaries, self.selected, strict=True):
            start[dictionary.own] = dictionary.alpha[chosen or 0, dictionary.own]
        return start

    def _replace(self, block: int, *, explore: bool) -> float:
        """Choose the block's best atom (explore: one of the best at random); gives the residual sum of squares left."""
        basis = self._other_columns(block)
        residual = self.target - basis @ (basis.T @ self.target)
        gain = self._gains(block, basis, residual)
        if explore:
            top = np.argpartition(-gain, min(_RANDOM_TOP, len(gain) - 1))[:_RANDOM_TOP]
            self.selected[block] = int(self.rng.choice(top))
        else:
            self.selected[block] = int(np.argmax(gain))
        return float(residual @ residual - gain[self.selected[block]])

    def _other_columns(self, block: int) -> Array:
        """Orthonormal basis (n, c) of the shared columns and the other blocks' atoms."""
        columns = list(self.shared)
        for other, (dictionary, chosen) in enumerate(zip(self.dictionaries, self.selected, strict=True)):
            if other != block and chosen is not None:
                columns += [vectors[chosen] for vectors in dictionary.vectors]
        return np.linalg.qr(np.stack(columns, 1))[0] if columns else np.zeros((len(self.target), 0))

    def _gains(self, block: int, basis: Array, residual: Array) -> Array:
        """How much of the residual each atom explains once the basis is projected out of it."""
        vectors = self.dictionaries[block].vectors
        self.model.work.charge(10 * len(vectors), len(vectors) * vectors[0].size * (4 + basis.shape[1] / 2))
        gain = np.zeros(len(vectors[0]))
        previous: list[Array] = []
        for vector in vectors:
            rest = vector - (vector @ basis) @ basis.T
            for q in previous:
                rest = rest - np.einsum("an,an->a", q, rest)[:, None] * q
            size = np.einsum("an,an->a", rest, rest)
            size = np.where(size > 1e-10, size, np.inf)
            gain += (rest @ residual) ** 2 / size
            if len(vectors) > 1:
                previous.append(rest / np.sqrt(size)[:, None])
        return gain
