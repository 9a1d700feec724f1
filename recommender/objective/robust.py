"""How much a design suffers when its coefficients are not made exactly as computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from corpus.functions import Array
from recommender.objective.score import Point, Scorer
from recommender.objective.screen import generator

_DRAWS = 64


@dataclass(frozen=True)
class Robustness:
    """share: mean over 64 seeded draws of s/(s + rise), the rise of the loss (at least 0) when every coefficient errs at once by a
    relative error even in ±tolerance, s the loss that matters; a draw that breaks the constraints by v counts 1 - min(v, 1) times as much,
    one that cannot be scored 0. So it lies in [0, 1]: 1 is no rise, 0.5 a rise as large as what matters. A coefficient that is 0 has no
    relative error.

    rises: by coefficient, the mean rise, in units of s, when it alone errs by +tolerance and -tolerance; inf if that has no loss.
    """

    share: float
    rises: Mapping[str, float]


def robustness(scorer: Scorer, point: Point, matters: float, tolerance: float, seed: int) -> Robustness:
    """Of the family at its best coefficients; 64 + 2k curves are scored."""
    rng, k = generator(scorer.family, seed), len(scorer.names)
    together = rng.uniform(-tolerance, tolerance, (_DRAWS, k))
    alone = tolerance * np.vstack([np.eye(k), -np.eye(k)])
    rise, broken = _rises(scorer, point, np.vstack([together, alone]))
    single = rise[_DRAWS:].reshape(2, k).mean(axis=0) / matters
    kept = np.maximum(1 - broken[:_DRAWS], 0.0) / (1 + rise[:_DRAWS] / matters)
    return Robustness(float(np.mean(kept)), dict(zip(scorer.names, map(float, single), strict=True)))


def _rises(scorer: Scorer, point: Point, errors: Array) -> tuple[Array, Array]:
    """Rise of the loss, and violation of the constraints, for relative errors of shape (b, k); inf where a curve is not usable."""
    scorer.meter.charge(len(errors))
    curves = scorer.curves(point.values * (1 + errors))
    rises = np.maximum(scorer.objective.losses(curves) - point.loss, 0.0)
    return rises, scorer.objective.violations(curves)
