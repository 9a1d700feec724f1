"""How often a form would win on other rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from recommender.assess._base import Evidence, Fitted, same_curve
from recommender.assess.parsimony import form_bits
from recommender.assess.resampling import RESAMPLES

EXACT = 1e-13  # errors below are rounding
_PER_BIT = 0.5 * np.log(2)
_AS_GOOD = 2.0  # of the criterion (Burnham & Anderson 2002, 2.6: substantial support)


class Selection:
    """Selection frequency (Sauerbrei & Schumacher 1992, Statistics in Medicine 11, 2093; Meinshausen & Bühlmann 2010).

    Every finalist is refitted to the same resamples of rows; on each the one wins with the lowest n ln(NMSE of the rows left out)
    + k ln n + b ln(2)/2, n rows, k coefficients, b bits to name the form: the error alone would choose a form with one coefficient too many
    every other time (Schwarz 1978), and of many forms with equally many the strangest, for there are more of those (Rissanen 1983). Bits
    count by a quarter of what they are in a description length: spelled out term by term, a law takes more than it need.
    One as good as the winner, that is within 2 units of it, wins too: were a win divided, a form would lose by having rivals like it.
    Finalists that draw one curve are one family.
    score: the share of the resamples that the family wins. 0 where no finalist could be judged.
    """

    kind = "selection"

    def compare(self, fitted: Sequence[Fitted]) -> Sequence[Evidence]:
        """Numbers: frequency, families."""
        if not fitted:
            return ()
        family = _families(fitted)
        wins = _wins(np.array([_criterion(one) for one in fitted]), family)
        families = len(set(family))
        return [self._evidence(float(wins[of]), families) for of in family]

    def _evidence(self, frequency: float, families: int) -> Evidence:
        words = Sentence.of("evidence.selection", percent=f"{100 * frequency:.0f}", resamples=RESAMPLES, families=families)
        return Evidence(self.kind, frequency, words, {"frequency": frequency, "families": float(families)}, part_of="stability")


def _families(fitted: Sequence[Fitted]) -> list[int]:
    """Number of the family of each candidate; it does not depend on their order."""
    leaders: list[int] = []
    family = [0] * len(fitted)
    for i in sorted(range(len(fitted)), key=lambda i: (fitted[i].candidate.key, fitted[i].fit.formula.text)):
        alike = next((number for number, leader in enumerate(leaders) if same_curve(fitted[i], fitted[leader])), len(leaders))
        leaders += [i] if alike == len(leaders) else []
        family[i] = alike
    return family


def _criterion(fitted: Fitted) -> Array:
    """Of each resample, shape (B,)."""
    n, errors = len(fitted.problem.samples), fitted.bootstrap.left_out_errors
    return np.asarray(n * np.log(np.maximum(errors, EXACT)) + len(fitted.free) * np.log(n) + _PER_BIT * form_bits(fitted))


def _wins(criteria: Array, family: Sequence[int]) -> Array:
    """Share of the resamples on which each family is the best or as good; criteria: (candidates, B)."""
    count = max(family) + 1
    best = np.array([np.min(criteria[np.array(family) == number], axis=0) for number in range(count)])
    judged = best[:, np.any(np.isfinite(best), axis=0)]
    if not judged.size:
        return np.zeros(count)
    return np.asarray(np.mean(judged <= np.min(judged, axis=0) + _AS_GOOD, axis=1))
