"""The gate: how much the evidence from outside the numbers (physics, known laws, independent votes) counts while a search goes on.

alpha = 0 ranks by statistics alone, alpha = 1 by all evidence. Early on few forms are known, and a strict gate would shut out the
parents that the search needs; at the end nothing speaks for ignoring what is known. The sigmoid starts at Phi(-2) (Phi: the normal
cumulative distribution) and is stretched to end at 1. `formula bench gate` compares the schedules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from corpus.functions import Array

_START = -2.0
_GRID = np.linspace(0.0, 1.0, 41)


class Schedule(Protocol):
    """How open the gate is."""

    def alpha(self, progress: float) -> float:
        """In [0, 1]; progress of the search from 0 to 1."""
        ...


@dataclass(frozen=True)
class Fixed:
    """The same all the time."""

    value: float = 1.0

    def alpha(self, progress: float) -> float:
        del progress
        return self.value


@dataclass(frozen=True)
class Linear:
    """Evenly from `start` to 1."""

    start: float = 0.0

    def alpha(self, progress: float) -> float:
        return self.start + (1 - self.start) * _inside(progress)


@dataclass(frozen=True)
class Sigmoid:
    """From Phi(-2) along the normal distribution, its end stretched to 1."""

    def alpha(self, progress: float) -> float:
        low, high = _phi(_START), _phi(-_START)
        share = (_phi(_START * (1 - 2 * _inside(progress))) - low) / (high - low)
        return low + (1 - low) * share


@dataclass(frozen=True)
class Tried:
    """How well a ranking did with one alpha at one stage of a search; more is better."""

    progress: float
    alpha: float
    score: float


@dataclass(frozen=True)
class Learned:
    """The alpha with the best expected score under a Gaussian process on what was tried, `before` where nothing was.

    The kernel is anisotropic squared-exponential with noise (Rasmussen & Williams 2006, ch. 2, 5).
    """

    tried: tuple[Tried, ...] = ()
    before: Schedule = Sigmoid()

    def alpha(self, progress: float) -> float:
        if not self.tried:
            return self.before.alpha(progress)
        mean, _ = self._expected(progress)
        return float(_GRID[int(np.argmax(mean))])

    def propose(self, progress: float) -> float:
        """What to try next: the alpha of the largest expected improvement (Jones, Schonlau & Welch 1998)."""
        from scipy.stats import norm

        if not self.tried:
            return self.before.alpha(progress)
        mean, deviation = self._expected(progress)
        here = [one.score for one in self.tried if one.progress == progress]
        gain = mean - max(here or [one.score for one in self.tried])
        z = gain / np.maximum(deviation, 1e-12)
        return float(_GRID[int(np.argmax(gain * norm.cdf(z) + deviation * norm.pdf(z)))])

    def told(self, found: Tried) -> Learned:
        """With one more trial."""
        return Learned((*self.tried, found), self.before)

    def _expected(self, progress: float) -> tuple[Array, Array]:
        """Mean and standard deviation of the score at every alpha of the grid."""
        return self._process.predict([[progress, alpha] for alpha in _GRID], return_std=True)  # type: ignore[no-any-return]

    @cached_property
    def _process(self) -> Any:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, WhiteKernel

        process = GaussianProcessRegressor(RBF([0.4, 0.4], "fixed") + WhiteKernel(0.05, "fixed"), normalize_y=True)
        return process.fit([[one.progress, one.alpha] for one in self.tried], [one.score for one in self.tried])


def _phi(z: float) -> float:
    """The normal cumulative distribution."""
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def _inside(progress: float) -> float:
    return min(max(progress, 0.0), 1.0)
