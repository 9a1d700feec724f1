"""Whether a candidate has the form of the accepted formula: whether some coefficients make it the same function.

Decided by computing, not by spelling: the accepted formula is evaluated at random points of the data's box, off the rows themselves,
and the candidate is fitted to those values. A candidate that is more general than the accepted formula has its form too; one that only
comes close has not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from corpus.functions import Array
from recommender.evaluate.truth import Truth
from recommender.fitting import fit
from recommender.fitting.refit import Refitter
from recommender.recommendation import RankedFormula
from recommender.samples import Samples

POINTS = 200
SAME = 1e-9
BUDGET = 0.5
_DECADES = 2.0


def rank_of_form(formulas: Sequence[RankedFormula], truth: Truth, columns: Mapping[str, Array], seed: int = 0) -> int | None:
    """The rank of the first candidate that has the accepted form, None if none has."""
    points = box_points(columns, seed)
    with np.errstate(all="ignore"):
        values = truth.formula.evaluate(points, truth.values)
    good = np.isfinite(values)
    if good.sum() < POINTS // 2 or np.ptp(values[good]) == 0:
        return None
    rows = {name: column[good] for name, column in points.items()}
    return next((f.rank for f in formulas if has_form(f, rows, values[good], seed)), None)


def has_form(candidate: RankedFormula, columns: Mapping[str, Array], target: Array, seed: int = 0) -> bool:
    """Whether the candidate, its known constants held, reproduces the target (in the customer's units) to a share of 1e-9 of its variance.

    Tried from the coefficients it came with, then by a global search.
    """
    return law_values(candidate, columns, target, seed) is not None


def law_values(
    candidate: RankedFormula, columns: Mapping[str, Array], target: Array, seed: int = 0, *, search: bool = True
) -> dict[str, float] | None:
    """SI values of the coefficients with which the candidate is that function, None if there are none; search: look for them anywhere."""
    known = {c.name: c.si for c in candidate.coefficients if c.known}
    samples = samples_of(candidate, columns, target)
    enough = SAME * float(np.var(samples.target)) * len(samples)
    given = fit(candidate.formula, samples, known={c.name: c.si for c in candidate.coefficients})
    near = Refitter(given, known).refit(samples)
    with np.errstate(all="ignore"):
        if float(np.sum((candidate.formula.evaluate(samples.columns, near) - samples.target) ** 2)) < enough:
            return near
    found = fit(candidate.formula, samples, known=known, budget=BUDGET, seed=seed) if search else given
    return dict(found.parameters) if found.rss < enough else None


def samples_of(candidate: RankedFormula, columns: Mapping[str, Array], target: Array) -> Samples:
    """Rows in the customer's units as the candidate's own samples in SI."""
    return Samples({v.inner: v.to_si(columns[v.name]) for v in candidate.variables}, candidate.target.to_si(target))


def box_points(columns: Mapping[str, Array], seed: int) -> dict[str, Array]:
    """Independent random points in the range of each column, evenly in the logarithm where it spans more than two decades."""
    rng = np.random.default_rng([seed, 11])
    return {name: _draw(float(values.min()), float(values.max()), rng) for name, values in columns.items()}


def _draw(low: float, high: float, rng: np.random.Generator) -> Array:
    share = rng.random(POINTS)
    if low > 0 and np.log10(high / low) > _DECADES:
        grown: Array = low * (high / low) ** share
        return grown
    return low + (high - low) * share
