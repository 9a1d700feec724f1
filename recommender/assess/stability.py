"""Whether the coefficients would come out the same from another measurement."""

from __future__ import annotations

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from recommender.assess._base import Evidence, Fitted

RESAMPLES = 24


class Stability:
    """Bootstrap of rows (Efron & Tibshirani, An Introduction to the Bootstrap, ch. 9).

    score: the mean over the coefficients of 1/(1 + (s/|p|)**2), s the bootstrap standard deviation of a coefficient and p
    its value, times the share of resamples in which no coefficient changed sign, times the share of coefficients that the
    data determine at all. 1 when there is nothing to fit.
    """

    kind = "stability"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: sign_share, worst_spread (largest s/|p|)."""
        names = fitted.free
        if not names:
            return Evidence(self.kind, 1.0, Sentence.of("evidence.stability_nothing"), {"sign_share": 1.0, "worst_spread": 0.0})
        values = np.array([fitted.fit.parameters[name] for name in names])
        draws = self._draws(fitted)
        with np.errstate(all="ignore"):
            spread = np.std(draws, axis=0) / np.abs(values)
            signs = float(np.mean(np.all(np.sign(draws) == np.sign(values), axis=1)))
        spread = np.where(np.isfinite(spread), spread, np.inf)
        determined = float(np.mean([np.isfinite(fitted.fit.standard_errors[name]) for name in names]))
        score = float(np.mean(1 / (1 + spread**2))) * signs * determined
        worst = names[int(np.argmax(spread))]
        words = Sentence.of("evidence.stability", percent=f"{100 * float(np.max(spread)):.3g}", name=worst)
        warnings = (Sentence.of("warning.unstable", name=worst),) if np.max(spread) > 1 else ()
        return Evidence(self.kind, score, words, {"sign_share": signs, "worst_spread": float(np.max(spread))}, warnings)

    def _draws(self, fitted: Fitted) -> Array:
        """Coefficients from RESAMPLES bootstrap samples, shape (RESAMPLES, k)."""
        rng = np.random.default_rng(fitted.problem.seed)
        samples = fitted.problem.samples
        n = len(samples)
        rows = []
        for _ in range(RESAMPLES):
            values = fitted.refitter.refit(samples.take(rng.integers(0, n, n)))
            rows.append([values[name] for name in fitted.free])
        return np.array(rows)
