"""Formulas that say nothing: an input under another name, a constant."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from corpus.language import Sentence
from recommender.assess._base import Fitted
from recommender.assess.guards._base import ROUNDING, Finding, Scene, residual_deviation, usable

CLOSE = 2.0  # standard errors


class Identity:
    """The formula is one of the inputs: its values are that input's, in its own unit or in SI, within a standard error or two."""

    name = "identity"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.identity`, naming the column."""
        for fitted in filter(usable, scene.shown):
            if len(fitted.fit.formula.variables) == 1 and len(fitted.free) <= 2:
                (inner,) = fitted.fit.formula.variables
                if self._same(fitted, inner):
                    yield Finding(Sentence.of("guard.identity", name=scene.problem.inputs[int(inner[1:])].name), fitted)

    def _same(self, fitted: Fitted, inner: str) -> bool:
        problem, n = fitted.problem, len(fitted.problem.samples)
        column = problem.inputs[int(inner[1:])]
        pairs = [(problem.samples.columns[inner], fitted.prediction)]
        if problem.target.unit is not None:
            pairs.append((column.shown[problem.rows], problem.target.unit.from_si(fitted.prediction)))
        error = CLOSE * residual_deviation(fitted) * float(np.median(problem.scale)) / np.sqrt(n)
        return any(np.sqrt(np.mean((x - y) ** 2)) <= error + ROUNDING * float(np.max(np.abs(x))) for x, y in pairs)


class Constant:
    """The formula moves less than its mean is uncertain: it is a constant in disguise."""

    name = "constant"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.constant`."""
        for fitted in filter(usable, scene.shown):
            moves = float(np.std(fitted.prediction / fitted.problem.scale))
            if moves <= CLOSE * residual_deviation(fitted) / np.sqrt(len(fitted.problem.samples)):
                yield Finding(Sentence.of("guard.constant"), fitted)
