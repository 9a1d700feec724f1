"""What evidence is.

Each kind of evidence is one file with one class. An `Assessment` looks at one fitted candidate, a `Comparison` at all finalists
together; both give a score in [0, 1] (1 is best), the numbers behind it and one sentence for a customer. They never change a fit, keep
no state between calls, draw random numbers only from `problem.table_seed`, and give a score of 0 with a warning where they cannot judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from recommender.assess.resampling import Bootstrap
from recommender.candidates import Candidate
from recommender.fitting import Fit
from recommender.fitting.refit import Refitter
from recommender.problem import Problem
from recommender.proposers import Proposal
from recommender.splits import Split

SAME_CURVE = 1e-6


@dataclass(frozen=True)
class Evidence:
    """One kind of evidence on one candidate; part_of: the kind that sums it up, "" where it stands for itself."""

    kind: str
    score: float
    words: Sentence
    numbers: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[Sentence, ...] = ()
    part_of: str = ""


@dataclass(frozen=True)
class Fitted:
    """A candidate with its fit to all rows of the problem."""

    candidate: Candidate
    fit: Fit
    problem: Problem

    @cached_property
    def refitter(self) -> Refitter:
        """Refits of this form to other rows, started from this fit."""
        return Refitter(self.fit, self.candidate.lead.known, self.candidate.lead.bounds)

    @cached_property
    def prediction(self) -> Array:
        """Values at the problem's rows, shape (n,), SI."""
        return self.fit.predict(self.problem.samples.columns)

    @cached_property
    def scatter(self) -> float:
        """Mean square of the residuals in units of the rows' uncertainties; inf where it is not finite."""
        return mean_square((self.problem.samples.target - self.prediction) / self.problem.scale)

    @cached_property
    def train_share(self) -> float:
        """Residual sum of squares over the target's own, both in units of the uncertainties where they are known."""
        total = self.problem.signal * len(self.problem.samples)
        return self.fit.rss / total if np.isfinite(self.fit.rss) else float("inf")

    @cached_property
    def held_out(self) -> SplitErrors:
        """Errors on the folds of the problem."""
        return split_errors(self, self.problem.folds)

    @cached_property
    def beyond(self) -> Mapping[str, SplitErrors]:
        """Errors at the edges, by the column along which rows were left out."""
        return {name: split_errors(self, splits) for name, splits in self.problem.edges_along.items()}

    @cached_property
    def bootstrap(self) -> Bootstrap:
        """Refits of this form to resampled rows and residuals, each made when first asked for and then kept."""
        return Bootstrap(self.fit, self.refitter, self.problem)

    @property
    def parent(self) -> Proposal:
        """What a search changes further: the leading proposal, starting from the fitted coefficients."""
        return replace(self.candidate.lead, starts={name: self.fit.parameters[name] for name in self.free})

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


@runtime_checkable
class Comparison(Protocol):
    """One kind of evidence that needs all finalists of a problem side by side."""

    @property
    def kind(self) -> str:
        """Short stable name, e.g. `selection`."""
        ...

    def compare(self, fitted: Sequence[Fitted]) -> Sequence[Evidence]:
        """One piece of evidence for each candidate, in their order; the same for a candidate wherever it stands among them."""
        ...


def own_words(en: str, ja: str) -> Sentence:
    """A sentence that no string table holds: for assessments of a user's own."""
    return Sentence.of("evidence.own", en=en, ja=ja)


def mean_square(residual: Array) -> float:
    """Mean of squares; inf where it is not finite."""
    with np.errstate(all="ignore"):
        value = float(np.mean(residual**2))
    return value if np.isfinite(value) else float("inf")


def same_curve(a: Fitted, b: Fitted) -> bool:
    """Whether two candidates of one problem draw the same curve on its rows, to SAME_CURVE of the target's spread."""
    problem = a.problem
    with np.errstate(all="ignore"):
        difference = float(np.mean(((a.prediction - b.prediction) / problem.scale) ** 2))
    return bool(difference <= SAME_CURVE**2 * problem.signal)


@dataclass(frozen=True)
class SplitErrors:
    """NMSE on the test parts of splits after refitting on their train parts, infinite where it could not be measured.

    plain: over the variance of the target; weighted: in units of the rows' uncertainty; standard_error: of the weighted one, from its
    scatter over the splits (what one more standard error forgives: Hastie et al., Elements of Statistical Learning, 7.10).
    """

    plain: float
    weighted: float
    standard_error: float


def split_errors(fitted: Fitted, splits: Sequence[Split]) -> SplitErrors:
    """Mean over the splits, each counted by its rows; variances are those of all rows about their (weighted) mean."""
    if not splits:
        return SplitErrors(np.inf, np.inf, np.inf)
    problem, samples = fitted.problem, fitted.problem.samples
    weights = np.zeros((len(splits), len(samples)))
    for row, (train, _) in zip(weights, splits, strict=True):
        row[train] = 1.0
    with np.errstate(all="ignore"):
        values = fitted.refitter.refits(samples, weights, np.broadcast_to(samples.target, weights.shape))
        residuals = samples.target - fitted.refitter.curves(samples, values)
    parts = [residual[test] for residual, (_, test) in zip(residuals, splits, strict=True)]
    weighted = [mean_square(part / problem.scale[test]) / problem.signal for part, (_, test) in zip(parts, splits, strict=True)]
    rows = [len(test) for _, test in splits]
    plain = mean_square(np.concatenate(parts)) / (float(np.var(samples.target)) or 1.0)
    return SplitErrors(plain, float(np.average(weighted, weights=rows)), _standard_error(weighted))


def _standard_error(values: Sequence[float]) -> float:
    if not np.all(np.isfinite(values)):
        return float("inf")
    with np.errstate(over="ignore"):  # beyond the rows errors may be of any size
        return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
