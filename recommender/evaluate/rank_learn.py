"""Learn the weights of the ranking from frozen candidate sets, with their provenance.

    python -m recommender.evaluate.rank_learn [FILE]

The score: conditional logit on the learning half, the chance of a set being that of its law among all candidates (McFadden 1974), with a
quadratic penalty on the distance from PRIOR and no weight below zero (L-BFGS-B). The confidence: logistic regression on the candidates
that are shown, of all sets of that half, also those without their law.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from recommender.evaluate.rank_replay import forms, numbers
from recommender.evaluate.rank_sets import OTHER, CandidateSet, stored
from recommender.ranking.confidence import clues, shares
from recommender.ranking.evidence_score import TRAITS, traits
from recommender.ranking.order import order
from recommender.ranking.weights import CLUES, FILE, Weights, written

PENALTY = 0.002
SHOWN = 5
# What weights are pulled to where the sets are silent: few of them break units or lack a known law.
PRIOR = {
    "held_out": 0.5,
    "edge": 1.0,
    "simplicity": 0.15,
    "coefficients": 0.25,
    "pattern": 0.5,
    "stability": 1.0,
    "selection": 1.0,
    "physics": 1.5,
    "known_law": 1.5,
    "agreement": 0.5,
}
_SCALE = {"held_out": 3.0, "simplicity": 10.0, "coefficients": 2.0}  # traits in steps of like importance
COMMAND = "python -m recommender.evaluate.rank_learn"


def learned(sets: Sequence[CandidateSet], seed: int = 0) -> Weights:
    """From the learning half of the sets."""
    half = [one for one in sets if one.half == "learn"]
    score = dict(zip(TRAITS, map(float, score_weights(half)), strict=True))
    flat = Weights(score, dict.fromkeys(("constant", *CLUES), 0.0))
    return Weights(score, confidence_weights(half, flat), provenance(half, seed))


def score_weights(sets: Sequence[CandidateSet], penalty: float = PENALTY) -> Array:
    """Weights of the traits, none negative, shape (len(TRAITS),); sets without their law say nothing of them."""
    from scipy.optimize import minimize

    scale = np.array([_SCALE.get(name, 1.0) for name in TRAITS])
    prior = np.array([PRIOR[name] for name in TRAITS]) * scale
    told = [(traits(numbers(one)) / scale, right(one)) for one in sets if any(one.labels)]

    def loss(w: Array) -> tuple[float, Array]:
        value, slope = penalty * float((w - prior) @ (w - prior)), 2 * penalty * (w - prior)
        for costs, hits in told:
            gain = -costs @ w
            all_of, good = _softmax(gain), _softmax(gain[hits])
            value += (_log_sum(gain) - _log_sum(gain[hits])) / len(told)
            slope = slope + (good @ costs[hits] - all_of @ costs) / len(told)
        return value, slope

    found = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(scale))
    return np.asarray(found.x / scale)


def right(one: CandidateSet) -> NDArray[np.int64]:
    """Places of the law; of what equals it on the data where it is not there."""
    best = next(label for label in ("law", "equal") if label in one.labels)
    return np.flatnonzero([label == best for label in one.labels])


def _log_sum(values: Array) -> float:
    return float(np.logaddexp.reduce(values))


def _softmax(values: Array) -> Array:
    return np.asarray(np.exp(values - _log_sum(values)))


def confidence_weights(sets: Sequence[CandidateSet], weights: Weights) -> dict[str, float]:
    """Log odds for each clue."""
    from sklearn.linear_model import LogisticRegression

    rows, hits = [], []
    for one in sets:
        told = numbers(one)
        found = order(told, forms(one), weights)
        for place, share in list(zip(found.places, shares([float(found.scores[i]) for i in found.places]), strict=True))[:SHOWN]:
            rows.append(clues(told[place], float(share)))
            hits.append(one.labels[place] != OTHER)
    fitted = LogisticRegression(C=1.0, max_iter=2000).fit(np.array(rows), hits)
    return {"constant": float(fitted.intercept_[0]), **dict(zip(CLUES, map(float, fitted.coef_[0]), strict=True))}


def provenance(sets: Sequence[CandidateSet], seed: int) -> dict[str, str | int]:
    """Where weights come from."""
    digest = hashlib.sha256("\n".join(sorted(one.digest for one in sets)).encode()).hexdigest()[:16]
    names = ("formula-recommender", "numpy", "scipy", "scikit-learn")
    return {
        "command": COMMAND,
        "date": datetime.now(UTC).date().isoformat(),
        "sets": len(sets),
        "laws": len({one.task for one in sets}),
        "digest": digest,
        "seed": seed,
        "versions": ", ".join([f"python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)]),
    }


def main() -> None:
    """Write the weights file."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    path.write_text(written(learned(stored())), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
