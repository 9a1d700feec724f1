"""What evidence is.

Each kind of evidence is one file with one class: it looks at a fitted candidate and gives a score in [0, 1] (1 is best),
the numbers behind it and one sentence for a customer. Assessments never change a fit, draw random numbers only from
`problem.seed`, and give a score of 0 with a warning where they cannot judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from corpus.language import Sentence
from recommender.candidates import Candidate
from recommender.fitting import Fit
from recommender.fitting.refit import Refitter
from recommender.problem import Problem, Split
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

    @cached_property
    def train_share(self) -> float:
        """Residual sum of squares over the target's own, both in units of the uncertainties where they are known."""
        total = self.problem.signal * len(self.problem.samples)
        return self.fit.rss / total if np.isfinite(self.fit.rss) else float("inf")

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


def mean_square(residual: Array) -> float:
    """Mean of squares; inf where it is not finite."""
    with np.errstate(all="ignore"):
        value = float(np.mean(residual**2))
    return value if np.isfinite(value) else float("inf")


@dataclass(frozen=True)
class SplitErrors:
    """NMSE on the test part of each split after refitting on its train part, plain and in units of the rows' uncertainty."""

    plain: float
    weighted: float


def split_errors(fitted: Fitted, splits: Sequence[Split]) -> SplitErrors:
    """Mean over the splits, each counted by its rows; variances are those of all rows about their (weighted) mean."""
    problem = fitted.problem
    residual = np.concatenate([_residual(fitted, problem.samples, train, test) for train, test in splits])
    rows = np.concatenate([test for _, test in splits])
    plain = mean_square(residual) / (float(np.var(problem.samples.target)) or 1.0)
    return SplitErrors(plain, mean_square(residual / problem.scale[rows]) / problem.signal)


def _residual(fitted: Fitted, samples: Samples, train: NDArray[np.int64], test: NDArray[np.int64]) -> Array:
    values = fitted.refitter.refit(samples.take(train))
    rest = samples.take(test)
    return rest.target - fitted.refitter.predict(rest.columns, values)
