"""How the columns of a table play many signatures at once: what `signature` says of one entry, for thousands of signatures in NumPy.

Dimensions are numbers (`dimensions`): 0 is a slot that any unit fits, -1 no slot; a column of unknown unit is None.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexes.signature import EXACT, PER_FREE_PARAMETER, PLAYS_TARGET, ROLES, UNUSED, WILD, Slot

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Code = int | None
ANY, NO_SLOT = 0, -1
_NOBODY = -2  # a dimension that no slot has
_MOST_FREE = 6
_ROLE = {role: number for number, role in enumerate(ROLES)}
_EXACT = np.array([EXACT[role] for role in ROLES])
_PLAYS_TARGET = np.array([PLAYS_TARGET[role] for role in ROLES])


@dataclass(frozen=True)
class Fit:
    """The best play of one signature: score in 0..1, the slot the table's target plays, and the slot of each column or -1."""

    score: float
    target: int
    deal: Sequence[int]


@dataclass(frozen=True)
class Slots:
    """Signatures as arrays of shape (signatures, slots). first: whether a slot is the first of its role and dimension."""

    dimensions: Ints
    roles: Ints
    weights: Floats
    first: Bools

    @classmethod
    def of(cls, signatures: Sequence[Sequence[Slot[int]]], weight: Callable[[Code], float]) -> Slots:
        """weight: how much it tells that a slot has a dimension."""
        shape = len(signatures), max(map(len, signatures), default=0)
        dimensions, roles = np.full(shape, NO_SLOT), np.full(shape, NO_SLOT)
        weights, first = np.zeros(shape), np.zeros(shape, bool)
        for number, slots in enumerate(signatures):
            keys = [(slot.role, slot.dimension) for slot in slots]
            dimensions[number, : len(slots)] = [slot.dimension or ANY for slot in slots]
            roles[number, : len(slots)] = [_ROLE[slot.role] for slot in slots]
            weights[number, : len(slots)] = [weight(slot.dimension) for slot in slots]
            first[number, : len(slots)] = [key not in keys[:place] for place, key in enumerate(keys)]
        return cls(dimensions, roles, weights, first)

    def take(self, numbers: Ints) -> Slots:
        """Some signatures, repeats allowed."""
        return Slots(self.dimensions[numbers], self.roles[numbers], self.weights[numbers], self.first[numbers])

    def best_fits(self, target: Code, inputs: Sequence[Code], weight: Callable[[Code], float]) -> list[Fit | None]:
        """The best-scored play of the table's target in each signature, None where no slot can play it."""
        number, position = np.nonzero(self.fitting(target) & self.first)
        plays = _Plays(self.take(number), position, target, inputs, weight)
        ordered = np.lexsort((position, -plays.scores, number))
        found, places = np.unique(number[ordered], return_index=True)
        best = dict(zip(found.tolist(), plays.fits(ordered[places]), strict=True))
        return [best.get(n) for n in range(len(self.dimensions))]

    def fitting(self, dimension: Code) -> Bools:
        if dimension is None:
            return np.not_equal(self.dimensions, NO_SLOT)
        return np.equal(self.dimensions, ANY) | self.exact(dimension)

    def exact(self, dimension: Code) -> Bools:
        return np.equal(self.dimensions, dimension or _NOBODY)


class _Plays:
    """Signatures with the slot that the table's target plays, one per line, and the columns dealt to the others."""

    def __init__(self, slots: Slots, position: Ints, target: Code, inputs: Sequence[Code], weight: Callable[[Code], float]) -> None:
        self._slots, self._position = slots, position
        self._lines = np.arange(len(position))
        self._free = slots.dimensions != NO_SLOT
        self._free[self._lines, position] = False
        self._deal = self._dealt(inputs)
        self.scores = self._score(target, inputs, weight)

    def _dealt(self, inputs: Sequence[Code]) -> Ints:
        """Slot of each column or -1: first where dimensions agree, then `any` slots, last the columns of unknown unit."""
        deal = np.full((len(self._lines), len(inputs)), -1)
        order = sorted(range(len(inputs)), key=lambda column: inputs[column] is None)
        for fitting in (self._slots.exact, self._slots.fitting):
            for column in order:
                match = self._free & fitting(inputs[column])
                chosen = match.argmax(axis=1) if match.size else np.zeros(len(match), np.int64)
                (dealt,) = np.nonzero(match.any(axis=1) & (deal[:, column] < 0))
                deal[dealt, column] = chosen[dealt]
                self._free[dealt, chosen[dealt]] = False
        return deal

    def _score(self, target: Code, inputs: Sequence[Code], weight: Callable[[Code], float]) -> Floats:
        """`signature.score` of every line."""
        own, role = weight(target), self._slots.roles[self._lines, self._position]
        exact = self._slots.exact(target)[self._lines, self._position]
        gain, used = own * np.where(exact, EXACT["target"], WILD), np.full(len(self._lines), own)
        for column, dimension in enumerate(inputs):
            slot = self._deal[:, column]
            fits = np.where(self._slots.exact(dimension)[self._lines, slot], _EXACT[self._slots.roles[self._lines, slot]], WILD)
            gain += np.where(slot >= 0, weight(dimension) * fits, 0.0)
            used += np.where(slot >= 0, weight(dimension), 0.0)
        unused = own + sum(map(weight, inputs)) - used
        due = self._free & ((self._slots.roles == _ROLE["target"]) | (self._slots.roles == _ROLE["variable"]))
        missing = (self._slots.weights * due).sum(axis=1)
        fitted = (self._free & (self._slots.roles == _ROLE["parameter"])).sum(axis=1)
        whole = _PLAYS_TARGET[role] * gain / (used + missing + np.minimum(UNUSED * unused, used))
        return np.asarray(np.maximum(whole - PER_FREE_PARAMETER * np.minimum(fitted, _MOST_FREE), 0.0))

    def fits(self, lines: Ints) -> Iterator[Fit]:
        return map(Fit, self.scores[lines].tolist(), self._position[lines].tolist(), self._deal[lines].tolist())


def ways(slots: Sequence[Slot[int]], fit: Fit, inputs: Sequence[Code]) -> int:
    """In how many ways columns of one dimension can be dealt to slots of that dimension."""
    free = [slot.dimension for place, slot in enumerate(slots) if place != fit.target]
    places, found = Counter(free), 1
    for dimension, count in Counter(inputs).items():
        many = len(free) if dimension is None else places[dimension]
        found *= math.perm(max(many, count), min(many, count)) if many else 1
    return found
