"""Whether coefficients and curve would come out the same from another measurement."""

from __future__ import annotations

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from recommender.assess._base import Evidence, Fitted, mean_square
from recommender.assess.resampling import settings_were_chosen

BAND = (0.025, 0.975)
_ONE_SIGMA = (0.1587, 0.8413)
_HALF_WIDTH = 1.96


class BootstrapSpread:
    """Bootstrap of rows or residuals, whichever suits the table (`recommender.assess.resampling`; Efron & Tibshirani 1993, ch. 9).

    score: the mean over the coefficients of 1/(1 + (s/p)**2), s half the width of the middle 68 % of a coefficient's draws, but at least
    its standard error (a local refit stops short in a flat valley), and p its value; times the share of draws in which every
    coefficient keeps its sign, times the share of coefficients that the data determine at all, times 1/(1 + curve_band**2). 1 when
    there is nothing to fit.
    """

    kind = "bootstrap"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: sign_share; worst_spread, spread.<name> (s/|p|); curve_band, prediction_band: mean width of the 95 % band of the
        curve and of a new measurement, over the standard deviation of the target; left_out: median NMSE on the rows that resamples
        of rows left out; residuals: 1 where the draws are of residuals."""
        names = fitted.free
        if not names:
            words = Sentence.of("evidence.bootstrap_nothing")
            return Evidence(self.kind, 1.0, words, {"sign_share": 1.0, "worst_spread": 0.0}, part_of="stability")
        draws = fitted.bootstrap.draws
        values = np.array([fitted.fit.parameters[name] for name in names])
        errors = np.array([fitted.fit.standard_errors[name] for name in names])
        spread, signs = _spread(draws.values, values, errors), _sign_share(draws.values, values)
        determined = float(np.mean(np.isfinite(errors)))
        curve, prediction = _bands(draws.curves, fitted)
        score = float(np.mean(1 / (1 + spread**2))) * signs * determined / (1 + curve**2)
        numbers = {
            "sign_share": signs,
            "worst_spread": float(np.max(spread)),
            "curve_band": curve,
            "prediction_band": prediction,
            "left_out": float(np.median(fitted.bootstrap.left_out_errors)),
            "residuals": float(settings_were_chosen(fitted.problem)),
            **{f"spread.{name}": float(size) for name, size in zip(names, spread, strict=True)},
        }
        worst = names[int(np.argmax(spread))]
        warnings = (Sentence.of("warning.unstable", name=worst),) if np.max(spread) > 1 else ()
        return Evidence(self.kind, score, _words(worst, float(np.max(spread))), numbers, warnings, "stability")


def _words(name: str, spread: float) -> Sentence:
    if not np.isfinite(spread):
        return Sentence.of("evidence.bootstrap_open", name=name)
    return Sentence.of("evidence.bootstrap", percent=f"{100 * spread:.3g}", name=name)


def _spread(draws: Array, values: Array, errors: Array) -> Array:
    """Half the middle 68 % of the draws, or the standard error, over the value, shape (k,); inf where draws failed or the value is 0."""
    low, high = np.quantile(np.where(np.isfinite(draws), draws, np.inf), _ONE_SIGMA, axis=0, method="nearest")
    with np.errstate(all="ignore"):
        spread = np.fmax((high - low) / 2, errors) / np.abs(values)
    return np.where(np.isfinite(spread), spread, np.inf)


def _sign_share(draws: Array, values: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.mean(np.all(np.sign(draws) == np.sign(values), axis=1)))


def _bands(curves: Array, fitted: Fitted) -> tuple[float, float]:
    """Mean widths over the spread of the target: of the curve, and of a new measurement about it; inf where a draw failed too often."""
    samples = fitted.problem.samples
    spread = float(np.std(samples.target)) or 1.0
    low, high = np.quantile(np.where(np.isfinite(curves), curves, np.inf), BAND, axis=0, method="nearest")
    with np.errstate(all="ignore"):
        width = (high - low) / spread
    width = np.where(np.isfinite(width), width, np.inf)
    noise = 2 * _HALF_WIDTH * np.sqrt(mean_square(samples.target - fitted.prediction)) / spread
    return float(np.mean(width)), float(np.mean(np.hypot(width, noise)))
