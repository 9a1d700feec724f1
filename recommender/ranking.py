"""One order out of several kinds of evidence, and the reason for every place in it.

Pareto fronts over held-out error, size of the model and instability (Deb et al. 2002, non-dominated sorting) say what cannot
be excluded; the order inside comes from a score in nats, the negative logarithm of a rough posterior:

    0.5 n ln(held-out NMSE) + EDGE n ln(edge NMSE) + BITS (model bits) + penalties for instability and physics - prior

with n capped, so that a large table does not make tiny differences decisive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.language import Sentence
from recommender.assess import Evidence, Fitted

ROWS_CAP = 120
NMSE_FLOOR = 1e-13
EDGE = 0.08
BITS = 0.35
INSTABILITY = 6.0
PHYSICS = 6.0
KNOWN_LAW = 6.0
SAME_CURVE = 1e-6


@dataclass(frozen=True)
class Assessed:
    """A fitted candidate with all its evidence."""

    fitted: Fitted
    evidence: Mapping[str, Evidence]

    def number(self, kind: str, name: str, default: float = math.inf) -> float:
        """One number of one kind of evidence."""
        return self.evidence[kind].numbers.get(name, default)


@dataclass(frozen=True)
class Ranked:
    """A place in the order: rank from 1, Pareto front from 1, score (smaller is better) and why it stands there."""

    assessed: Assessed
    rank: int
    front: int
    score: float
    reason: Sentence


def terms(assessed: Assessed) -> dict[str, float]:
    """The parts of the score, in nats; their sum is the score."""
    n = min(len(assessed.fitted.problem.samples), ROWS_CAP)
    held_out = _clip(assessed.number("accuracy", "held_out_weighted"))
    edge = max(_clip(assessed.number("edge", "edge_weighted", held_out)), held_out)
    return {
        "held_out": 0.5 * n * math.log(held_out),
        "edge": EDGE * n * math.log(min(edge, 1e3)),
        "simplicity": BITS * assessed.number("parsimony", "model_bits"),
        "stability": INSTABILITY * (1 - assessed.evidence["stability"].score),
        "physics": -PHYSICS * math.log(max(assessed.evidence["physics"].score, 1e-3)),
        "known_law": -KNOWN_LAW if assessed.fitted.candidate.is_law else 0.0,
    }


def _clip(value: float) -> float:
    return min(max(value, NMSE_FLOOR), 1e6) if math.isfinite(value) else 1e6


def rank(assessed: Sequence[Assessed], limit: int) -> list[Ranked]:
    """The best `limit` candidates of distinct curves, best first."""
    scored = sorted(((sum(terms(a).values()), a.fitted.candidate.key, a) for a in assessed), key=lambda row: row[:2])
    distinct = _distinct([(score, a) for score, _, a in scored])[:limit]
    fronts = pareto_fronts([_objectives(a) for _, a in distinct])
    return [
        Ranked(a, place, fronts[place - 1], score, _reason(place, [other for _, other in distinct]))
        for place, (score, a) in enumerate(distinct, 1)
    ]


def _objectives(assessed: Assessed) -> tuple[float, ...]:
    return (
        _clip(assessed.number("accuracy", "held_out_weighted")),
        assessed.number("parsimony", "model_bits"),
        1 - assessed.evidence["stability"].score,
    )


def _distinct(scored: Sequence[tuple[float, Assessed]]) -> list[tuple[float, Assessed]]:
    """Leave out a candidate whose curve a better-placed one already draws."""
    kept: list[tuple[float, Assessed]] = []
    for score, candidate in scored:
        if not any(_same_curve(candidate.fitted, other.fitted) for _, other in kept):
            kept.append((score, candidate))
    return kept


def _same_curve(a: Fitted, b: Fitted) -> bool:
    problem = a.problem
    with np.errstate(all="ignore"):
        difference = float(np.mean(((a.prediction - b.prediction) / problem.scale) ** 2))
    return bool(difference <= SAME_CURVE**2 * problem.signal)


def is_constant(fitted: Fitted) -> bool:
    """The curve does not move over the data: it explains nothing."""
    values = fitted.prediction
    with np.errstate(all="ignore"):
        return bool(np.ptp(values) <= SAME_CURVE * np.ptp(fitted.problem.samples.target))


def pareto_fronts(points: Sequence[tuple[float, ...]]) -> list[int]:
    """Front number of each point, 1 for the non-dominated ones; all objectives are minimised."""
    fronts = [0] * len(points)
    front = 0
    while 0 in fronts:
        front += 1
        left = [i for i, f in enumerate(fronts) if f == 0]
        for i in left:
            if not any(_dominates(points[j], points[i]) for j in left if j != i):
                fronts[i] = front
    return fronts


def _dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


def _reason(place: int, order: Sequence[Assessed]) -> Sentence:
    """What sets this place apart from its neighbour: the largest difference in the score's terms."""
    if len(order) == 1:
        return Sentence.of("reason.only")
    other = order[1] if place == 1 else order[place - 2]
    mine, theirs = terms(order[place - 1]), terms(other)
    gain = {name: theirs[name] - mine[name] for name in mine}
    decisive = max(gain, key=lambda name: gain[name] if place == 1 else -gain[name])
    return Sentence.of(
        f"reason.{'ahead' if place == 1 else 'behind'}", term=Sentence.of(f"term.{decisive}"), other=2 if place == 1 else place - 1
    )
