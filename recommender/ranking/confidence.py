"""How sure it is that a candidate is the law, or equal to it on the data.

The score only compares candidates; the law may be none of them. The log odds are linear in the odds that the score gives a family among
all families, and in clues that say by themselves whether a form can be the law: a pattern left in the residuals, the noise, how far it
shortens the data, its length. Learned by logistic regression on sets many of which do not hold their law
(Platt 1999), so that the number is a calibrated probability; `formula bench rank` measures by how much it is not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from corpus.functions import Array
from recommender.ranking.evidence_score import Numbers
from recommender.ranking.weights import CLUES, Weights

HIGH, MIDDLE = 0.75, 0.35
_SURE = 6.0  # nats: odds beyond which the score says no more
_CLEAN = -12.0  # decades of NMSE, likewise


def level(confidence: float) -> str:
    """`high`, `middle` or `low`."""
    return "high" if confidence >= HIGH else "middle" if confidence >= MIDDLE else "low"


def shares(scores: Sequence[float]) -> Array:
    """What the score gives each of the candidates, adding up to 1; shape (m,)."""
    relative = np.exp(np.min(scores) - np.asarray(scores, float)) if len(scores) else np.zeros(0)
    return np.asarray(relative / np.sum(relative)) if len(scores) else relative


def clues(one: Numbers, share: float) -> list[float]:
    """In the order of CLUES."""
    share = min(max(share, 1e-9), 1 - 1e-9)
    values = {
        "odds": min(max(math.log(share / (1 - share)), -_SURE), _SURE),
        "pattern": float(one.pattern),
        "noise": max(math.log10(max(one.train, 1e-30)), _CLEAN) if math.isfinite(one.train) else 0.0,
        "saved": math.log(1 + max(one.saved_bits, 0.0) / (1 + one.parameters)),
        "length": one.model_bits / 100,
    }
    return [values[name] for name in CLUES]


def confidences(candidates: Sequence[Numbers], scores: Sequence[float], weights: Weights) -> list[float]:
    """Of each of the distinct candidates of a problem, in [0, 1]."""
    slopes = np.array([weights.confidence[name] for name in CLUES])
    found = [clues(one, share) for one, share in zip(candidates, shares(scores), strict=True)]
    return [_probability(weights.confidence["constant"] + float(slopes @ np.array(row))) for row in found]


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-min(max(log_odds, -30.0), 30.0)))
