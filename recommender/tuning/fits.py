"""One form fitted to each group by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from corpus.functions import Array
from recommender.assess import Fitted
from recommender.fitting import Fit, fit
from recommender.fitting.refit import Refitter
from recommender.samples import Samples
from recommender.tuning.symmetries import distance, matched, symmetries

BUDGET = 0.05
_STARTS = 3
_WORTH = 4.0  # rise of chi-square that says nothing


@dataclass(frozen=True)
class GroupFit:
    """The form in one group: values and standard errors in SI (empty where it was not fitted), rows, residual share of the variance."""

    label: str
    values: Mapping[str, float]
    errors: Mapping[str, float]
    rows: int
    share: float

    @property
    def fitted(self) -> bool:
        return math.isfinite(self.share)


def group_fits(fitted: Fitted, stop: Callable[[], bool]) -> tuple[GroupFit, ...]:
    """The form in every group of the problem, in their order; equivalent coefficients are chosen alike from group to group.

    The group that the form was found on keeps its fit; each other one starts from its neighbours' values and is searched globally.
    """
    grouping = fitted.problem.grouping
    assert grouping is not None
    found: dict[int, Fit] = {grouping.reference: fitted.fit}
    for i in sorted(range(len(grouping)), key=lambda i: abs(i - grouping.reference)):
        if i not in found and not stop() and len(grouping.members[i]) > len(fitted.free):
            found[i] = _fit(fitted, i, found)
    usable = {i: one for i, one in found.items() if math.isfinite(one.rss)}
    values, errors = _aligned(fitted, usable, grouping.reference)
    rows = {i: place for place, i in enumerate(usable)}
    return tuple(_group_fit(fitted, i, usable.get(i), values, errors, rows.get(i)) for i in range(len(grouping)))


def _fit(fitted: Fitted, group: int, earlier: Mapping[int, Fit]) -> Fit:
    """A group's fit; of minima that its data cannot tell apart, the one nearest to an earlier group's."""
    grouping, lead = fitted.problem.grouping, fitted.candidate.lead
    assert grouping is not None
    samples = fitted.problem.samples_at(grouping.members[group])
    nearest = sorted(earlier, key=lambda i: abs(i - group))[:_STARTS]
    starts = [earlier[i].parameters for i in nearest if math.isfinite(earlier[i].rss)]
    best = fit(fitted.fit.formula, samples, known=lead.known, bounds=lead.bounds, starts=starts, budget=BUDGET, seed=fitted.problem.seed)
    if not starts or not math.isfinite(best.rss):
        return best
    names = fitted.free
    goal = np.array([starts[0][name] for name in names])

    def far(one: Fit) -> float:
        return distance(np.array([one.parameters[name] for name in names]), goal)

    limit = best.rss * (1 + _WORTH / max(best.dof, 1))
    others = [_moved(best, optimum.parameters, lead.known) for optimum in best.optima if optimum.rss <= limit]
    near = [replace(best, parameters=Refitter(replace(best, parameters=start), lead.known, lead.bounds).refit(samples)) for start in starts]
    others += [_moved(best, one.parameters, lead.known) for one in near if _rss(one, samples) <= limit]
    return min((best, *others), key=far)


def _rss(one: Fit, samples: Samples) -> float:
    with np.errstate(all="ignore"):
        residual = (one.predict(samples.columns) - samples.target) / (1.0 if samples.sigma is None else samples.sigma)
        value = float(residual @ residual)
    return value if math.isfinite(value) else math.inf


def _moved(best: Fit, parameters: Mapping[str, float], known: Mapping[str, float]) -> Fit:
    """The fit at another minimum, its relative errors kept."""
    errors = {
        name: 0.0 if name in known else error * abs(parameters[name] / best.parameters[name]) if best.parameters[name] else error
        for name, error in best.standard_errors.items()
    }
    return replace(best, parameters=dict(parameters), standard_errors=errors)


def _aligned(fitted: Fitted, found: Mapping[int, Fit], reference: int) -> tuple[Array, Array]:
    """Coefficients and errors of the fitted groups, shape (groups, k), signs and places chosen alike."""
    names = fitted.free
    values = np.array([[one.parameters[name] for name in names] for one in found.values()])
    errors = np.array([[one.standard_errors[name] for name in names] for one in found.values()])
    changes = symmetries(fitted.fit.formula, names, fitted.fit.parameters, fitted.problem.samples.columns)
    return matched(values, errors, changes, list(found).index(reference)) if changes else (values, errors)


def _group_fit(fitted: Fitted, group: int, found: Fit | None, values: Array, errors: Array, row: int | None) -> GroupFit:
    grouping = fitted.problem.grouping
    assert grouping is not None
    label, rows = grouping.labels[group], len(grouping.members[group])
    if found is None or row is None:
        return GroupFit(label, {}, {}, rows, math.nan)
    samples = fitted.problem.samples_at(grouping.members[group])
    with np.errstate(all="ignore"):
        left = float(np.mean((found.predict(samples.columns) - samples.target) ** 2)) / (float(np.var(samples.target)) or 1.0)
    named = [dict(zip(fitted.free, map(float, numbers[row]), strict=True)) for numbers in (values, errors)]
    return GroupFit(label, named[0], named[1], rows, left)
