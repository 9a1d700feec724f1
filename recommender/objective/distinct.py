"""Which of the families found are worth telling apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corpus.functions import Array
from recommender.objective.family import Family
from recommender.objective.score import Point, Scorer

_SAME, _SAME_LOSS = 0.01, 0.1


@dataclass(frozen=True)
class Found:
    """A family and the best point known of it."""

    scorer: Scorer
    point: Point

    @property
    def family(self) -> Family:
        return self.scorer.family

    @property
    def coefficients(self) -> dict[str, float]:
        return dict(zip(self.family.names, map(float, self.point.values), strict=True))

    @cached_property
    def curve(self) -> Array:
        return np.asarray(self.scorer.curves(self.point.values[None])[0])


def distinct_families(found: Sequence[Found], limit: int, matters: float) -> list[Found]:
    """The best of families that say different things, each said most simply."""
    chosen: list[Found] = []
    for one in found:
        twin = next((i for i, other in enumerate(chosen) if _say_the_same(one, other, matters)), None)
        if twin is None and len(chosen) < limit:
            chosen.append(one)
        elif twin is not None and one.family.bits(_SAME) < chosen[twin].family.bits(_SAME):
            chosen[twin] = one
    return chosen


def _say_the_same(one: Found, other: Found, matters: float) -> bool:
    """Whether the longer of two gains less than a tenth of what matters, and was made of the simpler one or draws its curve (to a
    hundredth, shift and scale aside)."""
    simple, long = sorted((one, other), key=lambda found: found.family.bits(_SAME))
    gain = simple.point.loss - long.point.loss
    if gain > _SAME_LOSS * matters:
        return False
    return simple.family.key in long.family.lineage or (-gain <= _SAME_LOSS * matters and _same_curve(long.curve, simple.curve))


def _same_curve(a: Array, b: Array) -> bool:
    a, b = a - a.mean(), b - b.mean()
    with np.errstate(all="ignore"):
        return bool(np.abs(a - b * (a @ b) / (b @ b)).max() <= _SAME * np.ptp(a))
