"""From minima to the fit a person reads: parameters as written, uncertainty, status and warnings in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus import tree
from corpus.evaluate import Program
from corpus.functions import Array
from corpus.language import Sentence
from corpus.tree import Node
from recommender.fitting.optima import other_optima
from recommender.fitting.polish import on_bound
from recommender.fitting.request import Request
from recommender.fitting.result import Fit, sentence
from recommender.fitting.roles import Role
from recommender.fitting.solve import Polished, Solution, full_model
from recommender.fitting.uncertainty import Uncertainty, correlated, uncertainty
from recommender.fitting.varpro import is_rounding, total_squares
from recommender.fitting.whiteness import neighbours
from recommender.samples import Samples

_EXACT = 1e-20
_TIE = 4.0  # chi-square units within which another optimum fits as well


@dataclass(frozen=True)
class Evidence:
    """Weights and variance that a robust loss found; None for least squares."""

    weights: Array
    variance: float


def finish(request: Request, solution: Solution, evidence: Evidence | None = None) -> Fit:
    """The `Fit` of a solution."""
    if not solution.found:
        return Fit.failed(request.formula, len(request.samples), sentence("no_finite"), request.known, row_warnings(request), request.work)
    return _Finish(request, solution, evidence).fit()


class _Finish:
    """Collects what is to be said about the best minimum."""

    def __init__(self, request: Request, solution: Solution, evidence: Evidence | None) -> None:
        self.request, self.solution, self.evidence = request, solution, evidence
        self.best = solution.found[0]
        self.n = len(request.samples)
        self.values = [as_written(request, item) for item in solution.found]
        self.residual = request.samples.target - request.formula.evaluate(request.samples.columns, self.values[0])
        self.pinned = self._pinned()
        self.found = uncertainty(self.best.system, request.names, self.best.values, self.pinned, full_model(request).rss)
        self.dof = max(self.n - self.found.rank, 0)
        self.optima = other_optima(request.formula, request.samples, self.values, [item.rss for item in solution.found])

    def fit(self) -> Fit:
        request, outcome = self.request, self.solution.outcome
        covariance = self._covariance()
        chi2 = request.measured and request.loss in ("linear", "relative")
        return Fit(
            formula=request.formula,
            parameters=self.values[0],
            standard_errors=dict(zip(request.formula.parameters, map(float, np.sqrt(np.diag(covariance))), strict=True)),
            covariance=covariance,
            rss=self._rss(),
            n=self.n,
            dof=self.dof,
            sigma=_deviation(self.residual, self.dof),
            reduced_chi2=(self.best.rss / self.dof if self.dof else math.nan) if chi2 else None,
            status=self._status(),
            converged=self.n >= len(request.names) and (outcome is None or (outcome.agreed and not request.work.clock_hit)),
            warnings=tuple(self._warnings(covariance)),
            optima=self.optima,
            starts=outcome.starts if outcome else 1,
            hits=outcome.hits if outcome else 1,
            work=round(request.work.spent, 6),
            cpu_seconds=request.work.seconds,
        )

    def _rss(self) -> float:
        """Of the data alone, in the units given: the minimum itself unless priors took part in it."""
        if not self.request.priors:
            return self.best.rss
        sigma = self.request.samples.sigma
        rest = self.residual if sigma is None else self.residual / sigma
        return float(rest @ rest)

    # --- uncertainty ----------------------------------------------------------------------------------------------------

    def _pinned(self) -> list[bool]:
        """Parameters that sit on a bound: they have no standard error."""
        return on_bound(self.best.values, self.request.limits(self.request.names))

    def _covariance(self) -> Array:
        """Covariance of the parameters as written: nan where not determined, zero where known."""
        order = self.request.formula.parameters
        full = np.zeros((len(order), len(order)))
        index = [order.index(name) for name in self.request.names]
        full[np.ix_(index, index)] = self.found.covariance * self._variance()
        for merge in self.request.compiled.merges:
            for name in merge.parts:
                full[order.index(name)] = full[:, order.index(name)] = np.nan
        return full

    def _variance(self) -> float:
        """Residual variance; with measurement uncertainties the Birge ratio, never below one (Particle Data Group convention)."""
        if self.evidence is not None:
            return self.evidence.variance
        if not self.dof:
            return math.nan
        variance = self.best.rss / self.dof
        return max(1.0, variance) if self.request.measured and self.request.loss == "linear" else variance

    # --- words ----------------------------------------------------------------------------------------------------------

    def _status(self) -> Sentence:
        outcome = self.solution.outcome
        if not self.request.names:
            return sentence("nothing_to_fit")
        if self.n < len(self.request.names):
            return sentence("too_few_rows", rows=self.n, parameters=len(self.request.names))
        if is_rounding(self.best.rss, self.request.samples):
            return sentence("exact")
        if outcome is None:
            return sentence("linear")
        if self.request.work.clock_hit:
            return sentence("clock", starts=outcome.starts)
        if not outcome.agreed:
            return sentence("budget", starts=outcome.starts, hits=outcome.hits)
        key = "converged" if neighbours(self.request.samples).white(self._weighted_residual()) else "structured"
        return sentence(key, starts=outcome.starts, hits=outcome.hits)

    def _weighted_residual(self) -> Array:
        sigma = self.request.samples.sigma
        residual = self.residual if sigma is None else self.residual / sigma
        return residual if self.evidence is None else residual * np.sqrt(self.evidence.weights)

    def _warnings(self, covariance: Array) -> list[Sentence]:
        said = row_warnings(self.request) + self._bound_warnings()
        said += self._merge_warnings() + _null_warnings(self.found)
        said += [
            sentence("collinear", first=a, second=b, correlation=r) for a, b, r in correlated(covariance, self.request.formula.parameters)
        ]
        return said + self._position_warnings() + self._frequency_warnings() + self._optimum_warnings() + self._outlier_warnings()

    def _bound_warnings(self) -> list[Sentence]:
        pairs = zip(self.request.names, self.best.values, self.pinned, strict=True)
        return [sentence("at_bound", name=name, value=float(value)) for name, value, pinned in pairs if pinned]

    def _merge_warnings(self) -> list[Sentence]:
        said = []
        for merge in self.request.compiled.merges:
            i = self.request.names.index(merge.kept)
            variance = self.found.covariance[i, i] * self._variance()
            error = math.sqrt(variance) if variance >= 0 else math.nan
            said.append(sentence("only_product", product=merge.text, value=float(self.best.values[i]), error=error))
        return said

    def _position_warnings(self) -> list[Sentence]:
        """Centres, edges and thresholds that lie outside the rows."""
        said = []
        values = dict(zip(self.request.names, map(float, self.best.values), strict=True))
        for name, role in self.solution.roles.items():
            if name in values and _is_position(name, role):
                low, high = _range(tree.add(*role.use.others), self.request.samples)
                place, margin = -role.use.number * values[name], 0.05 * (high - low)
                if not low - margin <= place <= high + margin:
                    said.append(sentence("beyond_data", name=name, value=values[name]))
        return said

    def _frequency_warnings(self) -> list[Sentence]:
        zones = self.solution.zones
        values = dict(zip(self.request.names, self.best.values, strict=True))
        outside = [name for name, zone in zones.items() if name in values and bool(zone.outside(np.array(values[name])))]
        beyond = list(dict.fromkeys([*outside, *self.solution.fast]))
        said = [sentence("aliased", names=", ".join(beyond))] if beyond else []
        images = [item for item in self.solution.found if item.alias]
        names = [n for n, z in zones.items() if n in values and any(self._outside(item, n) and z.strict for item in images)]
        names = list(dict.fromkeys([*names, *self.solution.ambiguous]))
        return said + ([sentence("alias_possible", names=", ".join(names))] if names and not beyond else [])

    def _outside(self, item: Polished, name: str) -> bool:
        return bool(self.solution.zones[name].outside(np.array(item.values[self.request.names.index(name)])))

    def _optimum_warnings(self) -> list[Sentence]:
        aliases = [self.values[i] for i, item in enumerate(self.solution.found) if item.alias]
        ties = [o for o in self.optima if o.rss <= self._tie() and o.parameters not in aliases]
        if not ties or self.n < len(self.request.names):
            return []
        return [sentence("several_optima", count=len(ties), difference=max(tie.curve_difference for tie in ties))]

    def _tie(self) -> float:
        return self.best.rss * (1 + _TIE / max(self.dof, 1)) + _EXACT * total_squares(self.request.samples)

    def _outlier_warnings(self) -> list[Sentence]:
        if self.evidence is None:
            return []
        rows = int(np.sum(self.evidence.weights < 0.3))
        return [sentence("outliers", count=rows)] if rows else []


def as_written(request: Request, item: Polished) -> dict[str, float]:
    """Parameters of the formula as given, in its order; of merged ones the kept one carries the product, the others are one."""
    values = dict(zip(request.names, map(float, item.values), strict=True)) | dict(request.known)
    ones = {name for merge in request.compiled.merges for name in merge.parts if name != merge.kept}
    return {name: 1.0 if name in ones else values.get(name, 0.0) for name in request.formula.parameters}


def _is_position(name: str, role: Role) -> bool:
    """An offset subtracted from data inside a bell, a step or a sinc; not a pole, which may well lie outside the rows."""
    use = role.use
    if role.kind != "offset" or use.enclosing is None or use.context in ("log", "") or any(other.parameters for other in use.others):
        return False
    inverted = (node for node in tree.walk(use.enclosing) if node.op == "pow" and node.args[1].op == "const" and node.args[1].number < 0)
    return not any(name in node.parameters and node.variables for node in inverted)


def _range(node: Node, samples: Samples) -> tuple[float, float]:
    values = np.asarray(Program([node]).bind(samples.columns, len(samples)).values({})[0], float).ravel()
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else (-math.inf, math.inf)


def _deviation(residual: Array, dof: int) -> float:
    top = float(np.max(np.abs(residual)))
    if not dof or not 0 < top < math.inf:
        return 0.0 if top == 0 and dof else math.nan
    return top * math.sqrt(float(np.sum((residual / top) ** 2)) / dof)


def _null_warnings(found: Uncertainty) -> list[Sentence]:
    return list(dict.fromkeys(_null_warning(null.names, null.combination) for null in found.nulls))


def _null_warning(names: Sequence[str], combination: str) -> Sentence:
    if combination:
        return sentence("only_combination", combination=combination, names=", ".join(names))
    if len(names) == 1:
        return sentence("no_influence", name=names[0])
    return sentence("only_some_combination", names=", ".join(names))


def row_warnings(request: Request) -> list[Sentence]:
    """Rows left out."""
    return [sentence("rows_dropped", count=request.dropped)] if request.dropped else []
