"""How far a search has come: curves, rediscoveries, and the chance that more of it would change the top."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpus.language import Sentence

NEAR = 10.0  # bits behind the best within which a family counts as good
_FEW = 3
_STILL = 0.02


@dataclass(frozen=True)
class Convergence:
    """A search in numbers.

    curves: for each island, (step, description length in bits of its best form) whenever that improved. rediscovered: how often the
    family at the top was found again; islands: how many islands hold it, of `of`. since: steps since the last improvement, of `steps`.
    chance: estimated probability that the next good find is a family not seen yet (Good 1953: families seen once over finds);
    unseen: estimated number of good families not yet seen (Chao 1984). restarts: islands begun again. families: distinct good ones.
    """

    curves: tuple[tuple[tuple[int, float], ...], ...] = ()
    rediscovered: int = 0
    islands: int = 0
    of: int = 0
    since: int = 0
    steps: int = 0
    chance: float = math.nan
    unseen: float = math.nan
    families: int = 0
    restarts: int = 0
    fixed: bool = False

    @property
    def is_trivial(self) -> bool:
        """A fixed point that says nothing: hardly any family but one was ever proposed."""
        return self.fixed and self.families < _FEW

    @property
    def told(self) -> Sentence:
        """In words."""
        if not self.steps:
            return Sentence.of("convergence.none")
        key = "trivial" if self.is_trivial else "fixed" if self.fixed else "open"
        chance = "?" if math.isnan(self.chance) else f"{100 * self.chance:.0f}"
        values = {"steps": self.steps, "since": self.since, "again": self.rediscovered, "islands": self.islands, "of": self.of}
        return Sentence.of(f"convergence.{key}", chance=chance, families=self.families, **values)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        chances = {name: None if math.isnan(value) else value for name, value in (("chance", self.chance), ("unseen", self.unseen))}
        return {**numbers, **chances, "curves": [[list(point) for point in curve] for curve in self.curves]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Convergence:
        """What `to_dict` wrote."""
        numbers = {name: data[name] for name in _NUMBERS}
        chance, unseen = (math.nan if data[name] is None else float(data[name]) for name in ("chance", "unseen"))
        curves = tuple(tuple((int(step), float(bits)) for step, bits in curve) for curve in data["curves"])
        return cls(curves=curves, chance=chance, unseen=unseen, **numbers)


_NUMBERS = ("rediscovered", "islands", "of", "since", "steps", "families", "restarts", "fixed")


@dataclass
class Finds:
    """How often each family was found, and how good it is."""

    seen: Counter[str] = field(default_factory=Counter)
    bits: dict[str, float] = field(default_factory=dict)

    def add(self, key: str, bits: float) -> None:
        self.seen[key] += 1
        self.bits[key] = min(bits, self.bits.get(key, math.inf))

    @property
    def best(self) -> str:
        """The family at the top, "" before there is one."""
        return min(self.bits, key=lambda key: (self.bits[key], key), default="")

    def good(self) -> dict[str, int]:
        """Families near the best, with how often each was found."""
        limit = self.bits[self.best] + NEAR if self.bits else 0.0
        return {key: self.seen[key] for key, bits in self.bits.items() if bits <= limit}

    def chance(self) -> float:
        """Good's estimate of the probability that the next good find is of a family not seen yet; nan before there are finds."""
        counts = list(self.good().values())
        return counts.count(1) / sum(counts) if counts else math.nan

    def unseen(self) -> float:
        """Chao's lower bound for the number of good families not seen, in its bias-corrected form; nan before there are finds."""
        counts = list(self.good().values())
        once, twice = counts.count(1), counts.count(2)
        return once * (once - 1) / (2 * (twice + 1)) if counts else math.nan


def is_still(quiet: Sequence[int], patience: int, finds: Finds) -> bool:
    """A fixed point: no island has improved for `patience` of its steps, and a good find would hardly be new."""
    return bool(quiet) and min(quiet) >= patience and finds.chance() <= _STILL
