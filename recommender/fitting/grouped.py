"""One form fitted to several groups at once (devices, batches, temperatures), some parameters shared, the others each group's own.

Each group is searched globally by itself; its values of the shared parameters are one proposal for all. Every proposal is finished by
Gauss-Newton on all parameters of all groups together, the Jacobian having one block per group and one column per shared parameter.
Of a large group some rows, drawn at random, carry the search; the last steps are made on all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from corpus.errors import FitError
from corpus.formula import Formula
from corpus.functions import Array
from corpus.language import Language, Sentence
from recommender.fitting.fit import fit
from recommender.fitting.joint import Joint, robust_end
from recommender.fitting.polish import System, on_bound, polish
from recommender.fitting.request import prepare
from recommender.fitting.result import Fit, Prior, sentence
from recommender.fitting.robust import ROBUST
from recommender.fitting.rows import thinned
from recommender.fitting.solve import SEARCH_ROWS
from recommender.fitting.uncertainty import uncertainty
from recommender.fitting.work import Work
from recommender.samples import Samples

_PROPOSALS = 7
_STEPS = 60
_ALONE, _AGAIN = 0.5, 0.2  # of the budget of a group: its own search, and one with the shared parameters held


@dataclass(frozen=True)
class GroupedFit:
    """shared: value by name; own: group -> value by name; the same for standard errors (nan: at a bound or not determined, 0: known).

    rss: of all groups together, each residual over its sigma where given; separate: the fits of the groups by themselves;
    sharing_ratio: the F statistic of sharing (about 1 if the shared parameters really are the same, large if they are not).
    """

    formula: Formula
    shared: Mapping[str, float]
    shared_errors: Mapping[str, float]
    own: Mapping[int, Mapping[str, float]]
    own_errors: Mapping[int, Mapping[str, float]]
    rss: float
    n: int
    dof: int
    separate: Mapping[int, Fit]
    sharing_ratio: float
    status: Sentence
    known: Mapping[str, float]
    warnings: tuple[Sentence, ...] = ()

    def parameters(self, group: int) -> dict[str, float]:
        """All parameters of one group, in the order of the formula."""
        values = {**self.known, **self.shared, **self.own[group]}
        return {name: values[name] for name in self.formula.parameters}

    def predict(self, group: int, columns: Mapping[str, Array]) -> Array:
        """The curve of one group on rows, shape (n,)."""
        return self.formula.evaluate(columns, self.parameters(group))

    def status_text(self, language: Language = "en") -> str:
        return self.status.text(language)

    def warning_texts(self, language: Language = "en") -> tuple[str, ...]:
        return tuple(warning.text(language) for warning in self.warnings)


def fit_groups(
    formula: Formula,
    samples: Samples,
    shared: Sequence[str],
    *,
    known: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    priors: Mapping[str, Prior] | None = None,
    loss: str = "linear",
    budget: float = 1.0,
    seed: int = 0,
) -> GroupedFit:
    """Global fit of `formula` to samples.groups with the parameters `shared` common to all groups.

    known, bounds, priors, loss: as for `fit`; those of a parameter that is not shared hold in every group. Rows weigh
    1/samples.sigma**2 where given. budget: nominal seconds per group. FitError if the samples have no groups or a name is no parameter.
    """
    if samples.groups is None or not np.issubdtype(np.asarray(samples.groups).dtype, np.integer):
        raise FitError("fit_no_groups")
    if len(samples.groups) != len(samples):
        raise FitError("fit_ragged", name="groups", shape=str(np.shape(samples.groups)), rows=len(samples))
    unknown = [name for name in shared if name not in formula.parameters]
    if unknown:
        raise FitError("fit_unknown_parameter", names=", ".join(unknown), known=", ".join(formula.parameters))
    common = tuple(name for name in formula.parameters if name in shared and name not in (known or {}))
    return _Grouped(formula, samples, common, dict(known or {}), dict(bounds or {}), dict(priors or {}), loss, budget, seed).fit()


@dataclass(frozen=True)
class _Grouped:
    """What `fit_groups` was asked for."""

    formula: Formula
    samples: Samples
    shared: tuple[str, ...]
    known: Mapping[str, float]
    bounds: Mapping[str, tuple[float, float]]
    priors: Mapping[str, Prior]
    loss: str
    budget: float
    seed: int

    def fit(self) -> GroupedFit:
        separate = {label: self._group(label, table) for label, table in self.tables.items()}
        joint = self._joint(self.searched, separate)
        ends = [polish(joint, joint.vector(start), _STEPS) for start in self._proposals(separate)]
        values, system = min(ends, key=lambda end: end[1].rss)
        if joint.n < len(self.samples):
            joint = self._joint(self.tables, separate)
            values, system = polish(joint, values, _STEPS)
        if self.loss not in ROBUST or not math.isfinite(system.rss):
            return self._result(joint, values, system, separate, None)
        robust = robust_end(joint, values, ROBUST[self.loss])
        return self._result(joint, robust.values, robust.system, separate, robust.variance)

    # --- rows -----------------------------------------------------------------------------------------------------------

    @cached_property
    def tables(self) -> dict[int, Samples]:
        groups = self.samples.groups
        assert groups is not None
        return {int(label): self.samples.take(np.flatnonzero(groups == label)) for label in np.unique(groups)}

    @cached_property
    def searched(self) -> dict[int, Samples]:
        """The groups, some rows of the large ones."""
        rng = np.random.default_rng(self.seed)
        large = {label: len(table) > 1.25 * SEARCH_ROWS for label, table in self.tables.items()}
        return {label: table.take(thinned(table, SEARCH_ROWS, rng)) if large[label] else table for label, table in self.tables.items()}

    def _joint(self, tables: Mapping[int, Samples], separate: Mapping[int, Fit]) -> Joint:
        """The problem of all groups; if priors are given without sigma, rows are weighed by the scatter of the separate fits."""
        work = Work(self.budget * len(tables))
        requests = [prepare(self.formula, t, self.known, self.bounds, self.priors, self.loss, 0, work) for t in tables.values()]
        unit = _scatter(separate) if self.priors and self.samples.sigma is None else 1.0
        if unit != 1:
            requests = [replace(request, samples=request.samples.weighted(unit)) for request in requests]
        return Joint(tuple(tables), requests, self.shared, unit)

    # --- starts ---------------------------------------------------------------------------------------------------------

    def _group(self, label: int, table: Samples) -> Fit:
        """The fit of one group by itself; FitError names a group without usable rows."""
        try:
            return self._alone(table)
        except FitError as error:
            if error.key == "fit_no_rows":
                raise FitError("fit_group_no_rows", group=label) from None
            raise

    def _alone(self, table: Samples, held: Mapping[str, float] | None = None) -> Fit:
        return fit(
            self.formula,
            table,
            known={**self.known, **(held or {})},
            bounds=self.bounds,
            priors=self.priors,
            loss=self.loss,
            budget=self.budget * (_AGAIN if held else _ALONE),
            seed=self.seed,
        )

    def _proposals(self, separate: Mapping[int, Fit]) -> Iterator[dict[int, dict[str, float]]]:
        """Starts for all groups: shared parameters of the median and of single groups, the rest refitted, until the budget is spent."""
        usable = [found for found in separate.values() if math.isfinite(found.rss)]
        if not usable:
            yield {label: dict(found.parameters) for label, found in separate.items()}
            return
        spent = sum(found.work for found in separate.values())
        for common in self._commons(usable):
            fits = {label: self._alone(table, common) for label, table in self.searched.items()} if common else separate
            yield {label: {**separate[label].parameters, **_finite(found), **common} for label, found in fits.items()}
            spent += sum(found.work for found in fits.values())
            if spent > self.budget * len(self.tables):
                break

    def _commons(self, usable: Sequence[Fit]) -> list[dict[str, float]]:
        """Values of the shared parameters to try, the median first, then those of the largest groups."""
        median = {name: float(np.median([found.parameters[name] for found in usable])) for name in self.shared}
        largest = sorted(usable, key=lambda found: -found.n)
        return [median, *({name: found.parameters[name] for name in self.shared} for found in largest)][:_PROPOSALS]

    # --- result ---------------------------------------------------------------------------------------------------------

    def _result(self, joint: Joint, values: Array, system: System, separate: Mapping[int, Fit], variance: float | None) -> GroupedFit:
        pinned = on_bound(values, joint.limits)
        found = uncertainty(system, joint.labelled, values, pinned)
        dof = max(joint.n - found.rank, 0)
        rss = joint.squares(values)
        if variance is None:
            variance = self._variance(system.rss, dof)
        errors = np.sqrt(np.diag(found.covariance) * variance)
        warnings = [sentence("rows_dropped", count=joint.dropped)] if joint.dropped else []
        bound = zip(joint.labelled, values, pinned, strict=True)
        warnings += [sentence("at_bound", name=name, value=float(value)) for name, value, held in bound if held]
        good = math.isfinite(rss)
        return GroupedFit(
            formula=self.formula,
            shared=joint.common(values),
            shared_errors=joint.common(errors),
            own=joint.own_by_group(values),
            own_errors=joint.own_by_group(errors),
            rss=rss,
            n=joint.n,
            dof=dof,
            separate=separate,
            sharing_ratio=_sharing_ratio(rss, separate, len(self.shared)),
            status=sentence("grouped", groups=len(separate), shared=", ".join(self.shared) or "-") if good else sentence("no_finite"),
            known=self.known,
            warnings=tuple(warnings),
        )

    def _variance(self, rss: float, dof: int) -> float:
        """Residual variance, as `fit` takes it."""
        if not dof or not math.isfinite(rss):
            return math.nan
        samples = self.samples
        measured = samples.sigma is not None and not samples.up_to_scale and self.loss == "linear"
        return max(1.0, rss / dof) if measured else rss / dof


def _scatter(separate: Mapping[int, Fit]) -> float:
    """Residual standard deviation of the groups by themselves, 1 where nothing is known of it."""
    usable = [found for found in separate.values() if math.isfinite(found.rss) and found.dof]
    variance = sum(found.rss for found in usable) / max(sum(found.dof for found in usable), 1)
    return math.sqrt(variance) or 1.0


def _finite(found: Fit) -> Mapping[str, float]:
    return found.parameters if math.isfinite(found.rss) else {}


def _sharing_ratio(rss: float, separate: Mapping[int, Fit], shared: int) -> float:
    """F statistic of the restriction that each shared parameter has one value."""
    apart = sum(found.rss for found in separate.values())
    dof = sum(found.dof for found in separate.values())
    restrictions = shared * (len(separate) - 1)
    if not restrictions or not dof or not 0 < apart < math.inf:
        return math.nan
    return max(rss - apart, 0.0) / restrictions / (apart / dof)
