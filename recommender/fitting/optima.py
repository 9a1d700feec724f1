"""Other minima beside the best one, compared by their curves: coefficients may differ where curves do not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from corpus.formula import Formula
from corpus.functions import Array
from recommender.fitting.result import Optimum
from recommender.fitting.whiteness import neighbours
from recommender.samples import Samples

_BETWEEN = 0.382  # an irrational place between two rows, where aliases differ
_SAME_CURVE = 1e-6
_MOST_POINTS = 2000


def between_rows(samples: Samples) -> dict[str, Array]:
    """Points between neighbouring rows (at most 2000), where two curves that agree on the rows may differ."""
    pairs = neighbours(samples)
    step = max(1, len(pairs.first) // _MOST_POINTS)
    first, second = pairs.first[::step], pairs.second[::step]
    return {name: values[first] + _BETWEEN * (values[second] - values[first]) for name, values in samples.columns.items()}


def curve_difference(formula: Formula, samples: Samples, a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Root mean square difference of two curves between the rows over the standard deviation of the target; inf if not finite."""
    points = between_rows(samples)
    spread = float(np.std(samples.target)) or 1.0
    with np.errstate(all="ignore"):
        difference = (formula.evaluate(points, a) - formula.evaluate(points, b)) / spread
        size = float(np.sqrt(np.mean(difference**2)))
    return size if math.isfinite(size) else math.inf


def other_optima(formula: Formula, samples: Samples, values: Sequence[Mapping[str, float]], rss: Sequence[float]) -> tuple[Optimum, ...]:
    """The minima after the first whose curve differs from the first one's."""
    if len(values) < 2 or len(samples) < 2:
        return ()
    optima = [Optimum(v, r, curve_difference(formula, samples, values[0], v)) for v, r in zip(values[1:], rss[1:], strict=True)]
    return tuple(optimum for optimum in optima if optimum.curve_difference > _SAME_CURVE)
