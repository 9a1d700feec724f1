"""The models found so far, judged by description length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from corpus.functions import Array
from recommender.proposers.composed.length import misfit, numbers_cost
from recommender.proposers.composed.refine import Model

_LARGEST_SUMMAND = 1e5
FEW_NUMBERS = 7
_SLACK = 1e-9
_ALIKE = 3
Key = tuple[tuple[int, ...], ...]


@dataclass
class Pool:
    """rows: how many the models were fitted to; total: the target's sum of squares about its mean; floor: share of it that is
    rounding; most: numbers a model may have."""

    rows: int
    total: float
    floor: float
    most: int
    models: dict[Key, Model] = field(default_factory=dict)

    def add(self, model: Model | None) -> bool:
        """Keep the better of two fits of one form; what is not fit to be kept is left out. Whether anything changed."""
        if model is None or model.numbers > self.most or model.sizes.max() > _LARGEST_SUMMAND:
            return False
        known = self.models.get(model.key)
        if known is not None and known.rss <= model.rss * (1 + _SLACK):
            return False
        self.models[model.key] = model
        return True

    def add_all(self, models: Iterable[Model | None]) -> None:
        for model in models:
            self.add(model)

    def share(self, model: Model) -> float:
        """Share of the target's variance left."""
        return model.rss / self.total

    def length(self, model: Model) -> float:
        """Description length in nats."""
        return float(self.lengths(np.array([model.rss]), np.array([model.cost]), np.array([model.numbers]))[0])

    def lengths(self, rss: Array, costs: Array, numbers: Array | int) -> Array:
        """The same for many forms: nats of each, and how many numbers it has; shape (s,)."""
        return misfit(rss / self.total, self.rows, self.floor) + costs + numbers_cost(numbers, self.rows)

    def best(self, count: int) -> list[Model]:
        """Shortest descriptions first."""
        return sorted(self.models.values(), key=lambda model: (self.length(model), model.key))[:count]

    def varied(self, count: int) -> list[Model]:
        """Shortest descriptions first, no more than _ALIKE of those that differ in their least term alone."""
        kept: list[Model] = []
        alike = Counter[Key]()
        for model in self.best(len(self.models)):
            alike[_core(model)] += 1
            if alike[_core(model)] <= _ALIKE:
                kept.append(model)
            if len(kept) == count:
                break
        return kept

    @property
    def solved(self) -> bool:
        """A model with few numbers leaves nothing but rounding."""
        return any(model.rss < self.floor * self.total and model.numbers <= FEW_NUMBERS for model in self.models.values())


def _core(model: Model) -> Key:
    """The form without its smallest term."""
    least = int(np.argmin(model.spans))
    return tuple(term.order for i, term in enumerate(model.terms) if i != least) or model.key
