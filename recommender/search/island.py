"""An island: forms that breed with each other, at a temperature of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from corpus import tree
from corpus.formula import Formula
from corpus.functions import Array
from recommender.search.moves import MOVES

TEMPERATURES = (4.0, 12.0, 36.0, 100.0)  # bits
_MIXES: tuple[Mapping[str, float], ...] = (
    {"edit": 4, "cross": 1, "widen": 2, "wrap": 1, "evolve": 0.5},
    {"edit": 2, "cross": 3, "widen": 2, "wrap": 2, "evolve": 1},
    {"edit": 2, "cross": 2, "widen": 3, "wrap": 3, "evolve": 1},
)
_MOST = 30
_ALIKE = 0.2  # weight of a form whose skeleton a better one has
PATIENCE = 30  # own steps without improvement before an island begins again


@dataclass
class Island:
    """Its number, its population (key -> bits), what its moves have brought, and its curve.

    Parents are drawn by exp(-bits/temperature); of forms with one skeleton (the same functions of the same columns) only the best counts
    in full, so that parents differ in structure. Moves are drawn by the island's own mix times how often each has brought something.
    stagnant, quiet: own steps since it improved or began again, and since it improved.
    """

    number: int
    members: dict[str, float] = field(default_factory=dict)
    skeletons: dict[str, str] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    wins: dict[str, int] = field(default_factory=dict)
    curve: list[tuple[int, float]] = field(default_factory=list)
    stagnant: int = 0
    quiet: int = 0
    restarts: int = 0
    focus: str = ""

    @property
    def temperature(self) -> float:
        return TEMPERATURES[self.number % len(TEMPERATURES)]

    @property
    def best(self) -> float:
        return min(self.members.values(), default=math.inf)

    @property
    def leader(self) -> str:
        """The key of its best form, "" on an empty island."""
        return min(self.members, key=lambda key: (self.members[key], key), default="")

    def settle(self, key: str, formula: Formula, bits: float) -> None:
        """A form comes to live here; the worst of too many leaves."""
        self.members[key] = bits
        self.skeletons[key] = skeleton(formula)
        if len(self.members) > _MOST:
            worst = max(self.members, key=lambda one: (self.members[one], one))
            del self.members[worst], self.skeletons[worst]

    def leave(self, key: str) -> None:
        """A form that may no longer be used."""
        if self.members.pop(key, None) is not None:
            del self.skeletons[key]

    def parents(self, rng: np.random.Generator) -> tuple[str, str]:
        """Two of its forms: the one that changes (always the focus, where there is one), and another."""
        keys = sorted(self.members)
        weights = self._weights(keys)
        first = self.focus if self.focus in self.members else keys[int(rng.choice(len(keys), p=weights))]
        return first, keys[int(rng.choice(len(keys), p=weights))]

    def _weights(self, keys: Sequence[str]) -> Array:
        bits = np.array([self.members[key] for key in keys])
        best: dict[str, str] = {}
        for key in sorted(keys, key=lambda one: (self.members[one], one)):
            best.setdefault(self.skeletons[key], key)
        alike = np.array([1.0 if best[self.skeletons[key]] == key else _ALIKE for key in keys])
        weights = alike * np.exp(-(bits - bits.min()) / self.temperature)
        return np.asarray(weights / weights.sum())

    def move(self, rng: np.random.Generator) -> str:
        """What it does next."""
        mix = _MIXES[self.number % len(_MIXES)]
        rates = np.array([mix[name] * (1 + self.wins.get(name, 0)) / (2 + self.tries.get(name, 0)) for name in MOVES])
        return list(MOVES)[int(rng.choice(len(rates), p=rates / rates.sum()))]

    def learn(self, move: str, step: int, before: float) -> None:
        """After a step: whether its best form is better than `before`."""
        won = self.best < before - 1e-9
        self.tries[move] = self.tries.get(move, 0) + 1
        self.wins[move] = self.wins.get(move, 0) + won
        self.stagnant, self.quiet = (0, 0) if won else (self.stagnant + 1, self.quiet + 1)
        if won:
            self.curve.append((step, self.best))


def skeleton(formula: Formula) -> str:
    """What a form is built of, without its numbers: the set of functions and columns of each outermost term."""
    terms = tree.terms(formula.root)
    words = (sorted({str(node.value) if node.op == "var" else node.op for node in tree.walk(term)} - {"param", "const"}) for term in terms)
    return " | ".join(sorted(" ".join(each) for each in words))
