"""Loss, robustness and simplicity in one order, and the reason for each place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.language import Sentence
from recommender.objective.family import Family
from recommender.objective.robust import Robustness
from recommender.objective.score import Point

_LEAST = 0.02  # of a share below which a difference is not told


@dataclass(frozen=True)
class Weights:
    """What counts how much in the score  w_l ln(1 + (loss - lowest)/s) + w_r (1 - robustness) + w_s (1 - simplicity),  s the loss that
    matters; smaller is better."""

    loss: float = 1.0
    robustness: float = 0.5
    simplicity: float = 0.5


@dataclass(frozen=True)
class Finalist:
    """A family at its best coefficients, and how it bears errors of them."""

    family: Family
    point: Point
    robust: Robustness
    simplicity: float
    bits: float

    @property
    def goals(self) -> tuple[float, float, float]:
        """What the Pareto fronts are made of: loss, bits, 1 - robustness."""
        return self.point.loss, self.bits, 1 - self.robust.share


def excess(loss: float, lowest: float, matters: float) -> float:
    """ln(1 + (loss - lowest)/s): how much worse than the best, in nats."""
    return math.log1p(max(0.0, loss - lowest) / matters)


def score(one: Finalist, lowest: float, matters: float, weights: Weights) -> float:
    """See `Weights`."""
    worse = weights.loss * excess(one.point.loss, lowest, matters)
    return worse + weights.robustness * (1 - one.robust.share) + weights.simplicity * (1 - one.simplicity)


def reason(place: int, order: Sequence[Finalist], matters: float) -> Sentence:
    """Why a finalist stands at its place (from 0): the first against the second, every other against the first."""
    if len(order) == 1:
        return Sentence.of("objective.only")
    me, other = order[place], order[1 if place == 0 else 0]
    gains, faults = _better(me, other, matters), _better(other, me, matters, against=True)
    even = (Sentence.of("objective.even"),)
    if place == 0:
        key = "objective.first_but" if faults else "objective.first"
        return Sentence.of(key, why=gains or even, **({"but": faults} if faults else {}))
    if gains:
        return Sentence.of("objective.behind_but", why=faults or even, but=gains)
    return Sentence.of("objective.behind", why=faults or even)


def _better(a: Finalist, b: Finalist, matters: float, against: bool = False) -> tuple[Sentence, ...]:
    """In what a is better than b, said of a, or against b."""
    me = b if against else a
    found: list[Sentence] = []
    if (b.point.loss - a.point.loss) / matters > _LEAST:
        numbers = {"loss": f"{me.point.loss:.4g}", "other": f"{(a if against else b).point.loss:.4g}"}
        found.append(Sentence.of("objective.loss_higher" if against else "objective.loss_lower", **numbers))
    if a.robust.share - b.robust.share > _LEAST:
        shares = {"share": f"{100 * me.robust.share:.0f}", "other": f"{100 * (a if against else b).robust.share:.0f}"}
        found.append(Sentence.of("objective.less_robust" if against else "objective.more_robust", **shares))
    if a.simplicity - b.simplicity > _LEAST:
        sizes = {"bits": f"{me.bits:.0f}", "other": f"{(a if against else b).bits:.0f}"}
        found.append(Sentence.of("objective.longer" if against else "objective.shorter", **sizes))
    return tuple(found)
