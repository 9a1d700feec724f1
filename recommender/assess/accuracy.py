"""How well the form predicts rows it has not seen: between the data (held-out) and beyond them (edge)."""

from __future__ import annotations

import numpy as np

from corpus.language import Sentence
from recommender.assess._base import Evidence, Fitted, mean_square, split_errors


class Accuracy:
    """Held-out NMSE by cross-validation (Hastie et al., Elements of Statistical Learning, 7.10). score = 1 - NMSE, at least 0."""

    kind = "accuracy"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: train_nmse, held_out_nmse, held_out_weighted (in units of the uncertainties), r2, max_relative_error."""
        samples = fitted.problem.samples
        variance = float(np.var(samples.target)) or 1.0
        errors = split_errors(fitted, fitted.problem.folds)
        train = mean_square(samples.target - fitted.prediction) / variance
        size = np.maximum(np.abs(samples.target), 1e-12 * np.max(np.abs(samples.target)))
        with np.errstate(all="ignore"):
            relative = float(np.max(np.abs(samples.target - fitted.prediction) / size))
        numbers = {
            "train_nmse": train,
            "held_out_nmse": errors.plain,
            "held_out_weighted": errors.weighted,
            "r2": 1 - train,
            "max_relative_error": relative,
        }
        words = Sentence.of("evidence.accuracy", percent=_percent(errors.weighted), r2=f"{1 - train:.5f}")
        return Evidence(self.kind, max(0.0, 1 - errors.weighted), words, numbers)


class Edge:
    """Extrapolation: the outer sixth of each input predicted from the rest. score = 1/(1 + 10 NMSE)."""

    kind = "edge"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: edge_nmse, edge_weighted: means over the edge splits."""
        edges = fitted.problem.edges
        if not edges:
            return Evidence(self.kind, 0.0, Sentence.of("evidence.edge_unknown"))
        errors = split_errors(fitted, edges)
        numbers = {"edge_nmse": errors.plain, "edge_weighted": errors.weighted}
        return Evidence(self.kind, 1 / (1 + 10 * errors.weighted), Sentence.of("evidence.edge", percent=_percent(errors.weighted)), numbers)


def _percent(value: float) -> str:
    """Root of an NMSE: error as a share of the target's spread, in percent."""
    return f"{100 * np.sqrt(value):.3g}"
