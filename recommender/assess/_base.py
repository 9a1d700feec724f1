"""What evidence is.

Each kind of evidence is one file with one class: it looks at a fitted candidate and gives a score in [0, 1] (1 is best),
the numbers behind it and one sentence for a customer. Assessments never change a fit, draw random numbers only from
`problem.seed`, and give a score of 0 with a warning where they cannot judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from recommender.candidates import Candidate
from recommender.fitting import Fit
from recommender.fitting.refit import Refitter
from recommender.problem import Problem
from recommender.samples import Samples


@dataclass(frozen=True)
class Evidence:
    """One kind of evidence on one candidate."""

    kind: str
    score: float
    words: Sentence
    numbers: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[Sentence, ...] = ()


@dataclass(frozen=True)
class Fitted:
    """A candidate with its fit to all rows of the problem."""

    candidate: Candidate
    fit: Fit
    problem: Problem

    @cached_property
    def refitter(self) -> Refitter:
        """Refits of this form to other rows, started from this fit."""
        return Refitter(self.fit, self.candidate.lead.known)

    @cached_property
    def prediction(self) -> Array:
        """Values at the problem's rows, shape (n,), SI."""
        return self.fit.predict(self.problem.samples.columns)

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the coefficients that were fitted."""
        return tuple(name for name in self.fit.formula.parameters if name not in self.candidate.lead.known)


@runtime_checkable
class Assessment(Protocol):
    """One kind of evidence."""

    @property
    def kind(self) -> str:
        """Short stable name, e.g. `accuracy`."""
        ...

    def assess(self, fitted: Fitted) -> Evidence:
        """Judge one candidate; never raises for a hard one."""
        ...


def nmse(target: Array, prediction: Array, variance: float) -> float:
    """Mean squared error over a variance; inf where the prediction is not finite."""
    with np.errstate(all="ignore"):
        value = float(np.mean((target - prediction) ** 2)) / variance
    return value if np.isfinite(value) else float("inf")


def split_errors(fitted: Fitted, splits: tuple[tuple[Array, Array], ...] | object) -> list[float]:
    """NMSE on the test part of each split after refitting on its train part; the variance is that of all rows."""
    samples = fitted.problem.samples
    variance = float(np.var(samples.target)) or 1.0
    errors = []
    for train, test in splits:  # type: ignore[attr-defined]
        errors.append(_one_error(fitted, samples, train, test, variance))
    return errors


def _one_error(fitted: Fitted, samples: Samples, train: Array, test: Array, variance: float) -> float:
    part, rest = samples.take(train), samples.take(test)
    values = fitted.refitter.refit(part)
    return nmse(rest.target, fitted.refitter.predict(rest.columns, values), variance)
