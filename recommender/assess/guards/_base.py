"""What a guard is.

A guard looks for one way in which a table or a formula deceives: too good, too trivial, not what it seems. It gives findings, each a
sentence that names the column or coefficient concerned. Guards never change a fit, draw random numbers only from `problem.table_seed`, and
say nothing where they cannot judge: a false alarm costs as much trust as a miss. Thresholds are chances (how often would an honest
table look like this?) or sizes of rounding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from recommender.assess._base import Fitted
from recommender.assess.guards.smooth import chance
from recommender.problem import Problem
from recommender.table import Column

SIGNIFICANT = 0.01  # chance at which a relation counts as seen
CERTAIN = 1e-6  # chance at which a coincidence is ruled out
ROUNDING = 1e-9  # relative; far above rounding of double precision, far below any measurement


@dataclass(frozen=True, eq=False)
class Scene:
    """What a guard may look at: the problem, the formulas shown (best first), and every form that was assessed.

    Before anything is fitted both are empty.
    """

    problem: Problem
    shown: tuple[Fitted, ...] = ()
    finals: tuple[Fitted, ...] = ()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The inputs."""
        return self.problem.inputs

    @cached_property
    def chance(self) -> float:
        """How often a shuffled target would be predicted as well from the inputs by smoothers that assume no form."""
        return chance([*self.problem.samples.columns.values()], self.problem.samples.target / self.problem.scale, self.problem.table_seed)

    def values(self, column: Column) -> Array:
        """A column at the problem's rows, in the customer's unit, shape (n,)."""
        return column.shown[self.problem.rows]


@dataclass(frozen=True, eq=False)
class Finding:
    """A warning, and the formula it is about; None for the table."""

    words: Sentence
    fitted: Fitted | None = None


@runtime_checkable
class Guard(Protocol):
    """One way to be deceived."""

    @property
    def name(self) -> str:
        """Short stable name, e.g. `leak`."""
        ...

    def check(self, scene: Scene) -> Iterable[Finding]:
        """What was found; never raises for a hard table or a hard fit."""
        ...


def quantum(values: Array) -> float:
    """The step a column was rounded to, 10**k: the largest of which every value is a whole multiple; 0 where there is none."""
    largest = float(np.max(np.abs(values)))
    if not largest:
        return 0.0
    top = int(np.floor(np.log10(largest)))
    steps = (10.0**k for k in range(top, top - 10, -1))
    return next((step for step in steps if _multiples(values, step)), 0.0)


def _multiples(values: Array, step: float) -> bool:
    """Whole multiples of a step, but for the rounding of double precision."""
    with np.errstate(all="ignore"):
        count = values / step
    return bool(np.all(np.abs(count - np.round(count)) <= 1e-6 * np.minimum(1.0, 1e-3 * np.abs(count)) + 1e-9))


def usable(fitted: Fitted) -> bool:
    """A fit with coefficients and finite values on every row."""
    return bool(np.isfinite(fitted.fit.rss) and np.all(np.isfinite(fitted.prediction)))


def residual_deviation(fitted: Fitted) -> float:
    """Standard deviation of the residuals in units of `problem.scale`, from the degrees of freedom left."""
    dof = max(len(fitted.problem.samples) - len(fitted.free), 1)
    return float(np.sqrt(fitted.fit.rss / dof))
