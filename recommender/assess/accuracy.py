"""How well the form predicts rows it has not seen: between the data (held-out) and beyond them (edge)."""

from __future__ import annotations

import math

import numpy as np

from corpus.language import Sentence
from recommender.assess._base import Evidence, Fitted, mean_square


class Accuracy:
    """Held-out NMSE by repeated cross-validation (Hastie et al., Elements of Statistical Learning, 7.10) on the folds of the problem.

    score = 1 - NMSE, at least 0; 0 where it could not be measured.
    """

    kind = "accuracy"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: train_nmse, held_out_nmse, held_out_weighted (in units of the uncertainties) with its standard error held_out_error, r2,
        max_relative_error; where uncertainties were measured, reduced_chi2 and its p-value chi2_p."""
        samples = fitted.problem.samples
        errors = fitted.held_out
        train = mean_square(samples.target - fitted.prediction) / (float(np.var(samples.target)) or 1.0)
        numbers = {
            "train_nmse": train,
            "held_out_nmse": errors.plain,
            "held_out_weighted": errors.weighted,
            "held_out_error": errors.standard_error,
            "r2": 1 - train,
            "max_relative_error": _max_relative_error(fitted),
        }
        if not math.isfinite(errors.weighted):
            words = Sentence.of("evidence.accuracy_unknown")
            return Evidence(self.kind, 0.0, words, numbers | _chi2(fitted), (Sentence.of("warning.not_held_out"),))
        words = Sentence.of("evidence.accuracy", percent=_percent(errors.weighted), r2=f"{1 - train:.5f}")
        return Evidence(self.kind, max(0.0, 1 - errors.weighted), words, numbers | _chi2(fitted))


def _max_relative_error(fitted: Fitted) -> float:
    target = fitted.problem.samples.target
    size = np.maximum(np.abs(target), 1e-12 * np.max(np.abs(target)))
    with np.errstate(all="ignore"):
        largest = float(np.max(np.abs(target - fitted.prediction) / size))
    return largest if math.isfinite(largest) else math.inf


def _chi2(fitted: Fitted) -> dict[str, float]:
    """Chi-squared per degree of freedom and the chance of a larger one; nothing where uncertainties were not measured."""
    from scipy.stats import chi2

    fit, problem = fitted.fit, fitted.problem
    if problem.samples.sigma is None or problem.relative_share is not None or fit.dof <= 0:
        return {}
    return {"reduced_chi2": fit.rss / fit.dof, "chi2_p": float(chi2.sf(fit.rss, fit.dof))}


class Edge:
    """Extrapolation: the outer sixth of each input, and of the time of sampling, predicted from the rest. score = 1/(1 + 10 NMSE)."""

    kind = "edge"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: edge_nmse, edge_weighted: means over the edge splits; edge_nmse.<x0, x1, ..., time>: along one column."""
        problem = fitted.problem
        if not problem.edges:
            return Evidence(self.kind, 0.0, Sentence.of("evidence.edge_unknown"))
        along = fitted.beyond
        rows = [sum(len(test) for _, test in splits) for splits in problem.edges_along.values()]
        plain = float(np.average([e.plain for e in along.values()], weights=rows))
        weighted = float(np.average([e.weighted for e in along.values()], weights=rows))
        numbers = {"edge_nmse": plain, "edge_weighted": weighted, **{f"edge_nmse.{name}": e.plain for name, e in along.items()}}
        if not math.isfinite(weighted):
            return Evidence(self.kind, 0.0, Sentence.of("evidence.edge_lost"), numbers)
        worst = max(along, key=lambda name: along[name].weighted)
        words = Sentence.of("evidence.edge", percent=_percent(weighted))
        if len(along) > 1:
            name = problem.names.get(worst, worst)
            words = Sentence.of("evidence.edge_worst", percent=_percent(weighted), name=name, worst=_percent(along[worst].weighted))
        return Evidence(self.kind, 1 / (1 + 10 * weighted), words, numbers)


def _percent(value: float) -> str:
    """Root of an NMSE: error as a share of the target's spread, in percent."""
    return f"{100 * np.sqrt(value):.3g}"
