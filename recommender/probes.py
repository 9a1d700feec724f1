"""Plain facts about the rows that help to choose forms: sign, span, monotony."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from corpus.functions import Array
from recommender.samples import Samples


@dataclass(frozen=True)
class Probes:
    """target_decades: log10 of the ratio of extreme absolute values (0 if signs mix); noise: relative to the spread,
    from differences of neighbouring rows; monotone: inputs along which the target only rises or falls."""

    target_positive: bool = False
    target_decades: float = 0.0
    noise: float = 0.0
    monotone: tuple[str, ...] = ()


def probe(samples: Samples) -> Probes:
    """Facts of one set of rows; cheap (n log n)."""
    y = samples.target
    positive = bool(np.all(y > 0))
    decades = float(np.log10(y.max() / y.min())) if positive else 0.0
    monotone = tuple(name for name, x in samples.columns.items() if _monotone(x, y))
    return Probes(positive, decades, _noise(samples), monotone)


def _monotone(x: Array, y: Array) -> bool:
    steps = np.diff(y[np.argsort(x, kind="stable")])
    return bool(np.all(steps >= 0) or np.all(steps <= 0))


def _noise(samples: Samples) -> float:
    """Standard deviation of the noise over that of the target for one input (second differences; Gasser et al. 1986), else 0."""
    if len(samples.columns) != 1 or len(samples) < 6:
        return 0.0
    (x,) = samples.columns.values()
    order = np.argsort(x, kind="stable")
    t, y = x[order], samples.target[order]
    span = t[2:] - t[:-2]
    ok = span > 0
    a = np.divide(t[2:] - t[1:-1], span, where=ok, out=np.full(len(span), 0.5))
    residual = a * y[:-2] + (1 - a) * y[2:] - y[1:-1]
    variance = np.mean(residual**2 / (a**2 + (1 - a) ** 2 + 1))
    return float(np.sqrt(variance) / np.std(y))
