"""A fit closer than the data are good."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from corpus.language import Sentence
from recommender.assess._base import Fitted
from recommender.assess.guards._base import ROUNDING, Finding, Scene, residual_deviation, usable

CHANCE = 1e-3
CROWDED = 4  # rows a coefficient, below which a curve can be bent through noise


class Overfit:
    """Residuals far below the errors of the data: below the stated uncertainties (chi-square test), else, with few rows for each
    coefficient, far below the errors on rows that were held out (F-test): a formula that follows the noise misses the next row.

    With many rows a coefficient, large errors held out mean uneven errors or a few rows that matter most. Neighbouring rows are no
    yardstick of the noise here: where a curve is steep their differences are its own.
    """

    name = "overfit"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.overfit` or `guard.overfit_stated`: residual and error in percent of the target's spread."""
        for fitted in filter(usable, scene.shown):
            stated = scene.problem.target.sigma is not None and scene.problem.relative_share is None
            error = _stated(fitted) if stated else _held_out(fitted)
            if error is not None:
                spread = np.sqrt(scene.problem.signal)
                shares = {"residual": residual_deviation(fitted) / spread, "noise": error / spread}
                words = {key: f"{100 * share:.2g}" for key, share in shares.items()}
                yield Finding(Sentence.of("guard.overfit_stated" if stated else "guard.overfit", **words), fitted)


def _stated(fitted: Fitted) -> float | None:
    """1, the stated uncertainty in its own unit, if the residuals are too small for it."""
    from scipy.stats import chi2

    dof = fitted.fit.n - len(fitted.free)
    return 1.0 if dof > 0 and chi2.cdf(fitted.fit.rss, dof) < CHANCE else None


def _held_out(fitted: Fitted) -> float | None:
    """The error on rows held out, in `scale`, if the residuals are too small for it."""
    from scipy.stats import f

    dof = fitted.fit.n - len(fitted.free)
    error = fitted.held_out.weighted * fitted.problem.signal
    residual = max(residual_deviation(fitted) ** 2, ROUNDING**2 * fitted.problem.signal)
    if not 1 <= dof < (CROWDED - 1) * len(fitted.free) or not np.isfinite(error):
        return None
    return float(np.sqrt(error)) if f.sf(error / residual, fitted.fit.n, dof) < CHANCE else None
