"""Whether the coefficients are the only ones: how surely the search found them, and what rivals they have."""

from __future__ import annotations

import math

from corpus.language import Sentence
from recommender.assess._base import Evidence, Fitted
from recommender.fitting import Fit, Optimum

FRESH_STARTS = 5
_VISIBLE = 1e-3  # of the spread: what differs by less is one curve, however exact the fit


class Multiplicity:
    """What the global search met on its way (multistart: Boender & Rinnooy Kan 1987, Mathematical Programming 37, 59).

    score: the chance 1 - (1 - hits/starts)**5 that five fresh local searches find this optimum again, times 1/(1 + the sum over its
    rivals of their likelihood relative to it, each counted as far as its curve differs by more than the scatter of the residuals).
    1 when there is nothing to fit.
    """

    kind = "multiplicity"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: starts, hits, rivals (other optima of similar error), rival_weight (the sum above)."""
        fit = fitted.fit
        if not fitted.free:
            return Evidence(self.kind, 1.0, Sentence.of("evidence.multiplicity_nothing"), part_of="stability")
        found = 1 - (1 - min(fit.hits / fit.starts, 1.0)) ** FRESH_STARTS if fit.starts and math.isfinite(fit.rss) else 0.0
        noise = math.sqrt(fitted.scatter / fitted.problem.signal)
        weight = sum(_likelihood(fit, rival) * min(1.0, rival.curve_difference / max(noise, _VISIBLE)) for rival in fit.optima)
        numbers = {"starts": float(fit.starts), "hits": float(fit.hits), "rivals": float(len(fit.optima)), "rival_weight": float(weight)}
        words = Sentence.of("evidence.multiplicity", hits=fit.hits, starts=fit.starts, rivals=len(fit.optima))
        return Evidence(self.kind, found / (1 + weight), words, numbers, part_of="stability")


def _likelihood(fit: Fit, rival: Optimum) -> float:
    """Likelihood of another optimum over that of the best: Gaussian errors of known size, else of the size each residual tells."""
    if not math.isfinite(rival.rss):
        return 0.0
    if fit.reduced_chi2 is not None:
        return math.exp(min(0.0, (fit.rss - rival.rss) / 2))
    return min(1.0, (fit.rss / rival.rss) ** (fit.n / 2)) if rival.rss > 0 else 1.0
