"""`fit`: a formula and rows in, coefficients out, no start needed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus import tree
from corpus.errors import FitError
from corpus.formula import Formula
from corpus.functions import Array
from corpus.language import Sentence
from recommender.fitting import finish
from recommender.fitting.compile import Compiled, compile_tree
from recommender.fitting.finish import Polished
from recommender.fitting.linearise import linearised_starts
from recommender.fitting.polish import FullModel
from recommender.fitting.result import Fit, Prior, sentence
from recommender.fitting.rounds import Found, Outcome, Search
from recommender.fitting.sampler import Sampler
from recommender.fitting.scales import magnitudes
from recommender.fitting.structure import Rewriting, rewrite, separate
from recommender.fitting.varpro import Model
from recommender.fitting.whiteness import neighbours
from recommender.fitting.work import Work
from recommender.samples import Samples

SEARCH_ROWS = 4000
_EXTREME = 1e100

__all__ = ["Fit", "fit"]


def fit(
    formula: Formula,
    samples: Samples,
    *,
    known: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    priors: Mapping[str, Prior] | None = None,
    loss: str = "linear",
    budget: float = 1.0,
    seed: int = 0,
) -> Fit:
    """Least-squares coefficients of `formula` on `samples`, searched for globally.

    known: parameters held at a value. budget: nominal seconds of one core (see `work`); the same request and seed give the
    same answer however long it takes. A hard problem never raises: `Fit.status` says how it ended. FitError if the request cannot begin: a column is
    missing, no row is finite, a name in known, bounds or priors is not a parameter.
    """
    work = Work(budget)
    task = _task(formula, samples, dict(known or {}), seed, work)
    return _finish(task, _search(task))


@dataclass(frozen=True)
class _Task:
    """One request, checked and compiled."""

    formula: Formula
    known: Mapping[str, float]
    compiled: Compiled
    names: tuple[str, ...]
    samples: Samples
    dropped: int
    unit: float
    rng: np.random.Generator
    work: Work


def _task(formula: Formula, samples: Samples, known: dict[str, float], seed: int, work: Work) -> _Task:
    unknown = [name for name in known if name not in formula.parameters]
    if unknown:
        raise FitError("fit_unknown_parameter", names=", ".join(unknown), known=", ".join(formula.parameters) or "-")
    missing = [name for name in formula.variables if name not in samples.columns]
    if missing:
        raise FitError("fit_missing_column", names=", ".join(missing), known=", ".join(samples.columns) or "-")
    if not all(map(math.isfinite, known.values())):
        raise FitError("fit_known_not_finite", names=", ".join(name for name, value in known.items() if not math.isfinite(value)))
    usable, dropped = _usable(samples, formula.variables)
    usable, unit = _in_range(usable)
    compiled = compile_tree(formula.bind(known).root if known else formula.root)
    names = tuple(name for name in formula.parameters if name in compiled.root.parameters)
    return _Task(formula, known, compiled, names, usable, dropped, unit, _generator(formula, usable, seed), work)


def _usable(samples: Samples, variables: Sequence[str]) -> tuple[Samples, int]:
    """The columns used, as floats, on the rows where everything is finite; and how many rows were not."""
    columns = {name: np.asarray(samples.columns[name], float) for name in variables}
    target = np.asarray(samples.target, float)
    good = np.isfinite(target)
    for values in columns.values():
        good &= np.isfinite(values)
    if samples.sigma is not None:
        good &= np.isfinite(samples.sigma) & (samples.sigma > 0)
    if not good.any():
        raise FitError("fit_no_rows")
    rows = Samples(columns, target, samples.sigma, samples.groups)
    return (rows if good.all() else rows.take(good)), int((~good).sum())


def _in_range(samples: Samples) -> tuple[Samples, float]:
    """Weight the rows so that squares of the target neither overflow nor vanish; gives the unit of the residuals."""
    top = float(np.max(np.abs(samples.target)))
    if samples.sigma is not None or top == 0 or 1 / _EXTREME < top < _EXTREME:
        return samples, 1.0
    return Samples(samples.columns, samples.target, np.full(len(samples), top), samples.groups), top


def _generator(formula: Formula, samples: Samples, seed: int) -> np.random.Generator:
    """Random numbers that depend on the request alone."""
    digest = hashlib.sha256(formula.text.encode())
    for name in formula.variables:
        digest.update(np.ascontiguousarray(samples.columns[name]).tobytes())
    digest.update(np.ascontiguousarray(samples.target).tobytes())
    return np.random.default_rng([seed % 2**32, *np.frombuffer(digest.digest(), np.uint32)])


# --- search ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Searched:
    """Minima in the compiled parameters, best first, and how the search ended (None: the formula is linear)."""

    starts: list[dict[str, float]]
    outcome: Outcome | None
    sampler: Sampler | None


def _search(task: _Task) -> _Searched:
    if not task.names:
        return _Searched([{}], None, None)
    rewriting = rewrite(task.compiled.root, task.names)
    form = separate(rewriting.root, rewriting.names)
    rows = task.samples
    if len(rows) > 1.25 * SEARCH_ROWS:
        rows = rows.take(np.sort(task.rng.choice(len(rows), SEARCH_ROWS, replace=False)))
    model = Model(form, rows, task.work)
    if not form.nonlinear:
        at = model.project(np.zeros((1, 0)))
        minima = (Found(float(at.rss[0]), np.zeros(0), at.coefficients[0]),)
        return _Searched(_restored(model, minima, rewriting), None, None)
    sampler = Sampler(model, magnitudes(form.root, form.parameters, rows), task.rng, phased=rewriting.phased)
    outcome = Search(model, sampler).run(linearised_starts(model, task.rng))
    return _Searched(_restored(model, outcome.minima, rewriting), outcome, sampler)


def _restored(model: Model, minima: Sequence[Found], rewriting: Rewriting) -> list[dict[str, float]]:
    return [rewriting.restore(model.parameters(item.alpha, item.coefficients)) for item in minima]


# --- the fit -----------------------------------------------------------------------------------------------------------


def _finish(task: _Task, searched: _Searched) -> Fit:
    full = FullModel(task.compiled.root, task.names, task.samples, task.work)
    tss = _total(task.samples)
    found = finish.polish_all(full, searched.starts, tss)
    if not found or not math.isfinite(found[0].rss):
        return _failed(task)
    zones = searched.sampler.zones if searched.sampler else {}
    found = finish.inside_first(found, task.names, zones, tss)
    return _fit(task, searched, found, finish.outside(found[0].values, task.names, zones))


def _fit(task: _Task, searched: _Searched, found: list[Polished], aliased: Sequence[str]) -> Fit:
    best, n = found[0], len(task.samples)
    values = [_as_written(task, item) for item in found]
    dof = max(n - len(task.names), 0)
    errors = finish.errors(best, task.names, task.compiled, task.formula.parameters, _variance(task, best.rss, dof))
    dof = max(n - errors.rank, 0)
    errors = finish.errors(best, task.names, task.compiled, task.formula.parameters, _variance(task, best.rss, dof))
    residual = task.samples.target - task.formula.evaluate(task.samples.columns, values[0])
    optima = finish.other_optima(task.formula, task.samples, values, [item.rss for item in found])
    outcome = searched.outcome
    measured = task.samples.sigma is not None and task.unit == 1.0
    status, converged = _status(task, searched, best, residual)
    return Fit(
        formula=task.formula,
        parameters=values[0],
        standard_errors=dict(zip(task.formula.parameters, map(float, np.sqrt(np.diag(errors.covariance))), strict=True)),
        covariance=errors.covariance,
        rss=best.rss * task.unit**2,
        n=n,
        dof=dof,
        sigma=_deviation(residual, dof),
        reduced_chi2=best.rss / dof if measured and dof else math.nan if measured else None,
        status=status,
        converged=converged,
        warnings=(*_row_warnings(task), *errors.warnings, *_curve_warnings(best, optima, aliased)),
        optima=tuple(optima),
        starts=outcome.starts if outcome else 1,
        hits=outcome.hits if outcome else 1,
        work=round(task.work.spent, 6),
        cpu_seconds=task.work.seconds,
    )


def _as_written(task: _Task, item: Polished) -> dict[str, float]:
    """Parameters of the formula as given, in its order."""
    values = dict(zip(task.names, map(float, item.values), strict=True)) | dict(task.known)
    values = finish.unmerge(values, task.compiled.merges)
    return {name: values.get(name, 0.0) for name in task.formula.parameters}


def _variance(task: _Task, rss: float, dof: int) -> float:
    """Residual variance; with measurement uncertainties the Birge ratio, never below one (Particle Data Group convention)."""
    if not dof:
        return math.nan
    return max(1.0, rss / dof) if task.samples.sigma is not None and task.unit == 1.0 else rss / dof


def _deviation(residual: Array, dof: int) -> float:
    top = float(np.max(np.abs(residual)))
    if not dof or not 0 < top < math.inf:
        return 0.0 if top == 0 and dof else math.nan
    return top * math.sqrt(float(np.sum((residual / top) ** 2)) / dof)


def _total(samples: Samples) -> float:
    weights = 1.0 if samples.sigma is None else 1.0 / samples.sigma
    centred = (samples.target - float(np.mean(samples.target))) * weights
    return float(np.sum(centred**2)) or 1.0


def _status(task: _Task, searched: _Searched, best: Polished, residual: Array) -> tuple[Sentence, bool]:
    outcome = searched.outcome
    if not task.names:
        return sentence("nothing_to_fit"), True
    if best.rss < 1e-20 * _total(task.samples):
        return sentence("exact"), True
    if outcome is None:
        return sentence("linear"), True
    if task.work.clock_hit:
        return sentence("clock", starts=outcome.starts), False
    if not outcome.agreed:
        return sentence("budget", starts=outcome.starts, hits=outcome.hits), False
    key = "converged" if neighbours(task.samples).white(residual) else "structured"
    return sentence(key, starts=outcome.starts, hits=outcome.hits), True


def _row_warnings(task: _Task) -> list[Sentence]:
    said = [sentence("rows_dropped", count=task.dropped)] if task.dropped else []
    if len(task.samples) < len(task.names):
        said.append(sentence("too_few_rows", rows=len(task.samples), parameters=len(task.names)))
    return said


def _curve_warnings(best: Polished, optima: Sequence[finish.Optimum], aliased: Sequence[str]) -> list[Sentence]:
    said = [sentence("aliased", names=", ".join(aliased))] if aliased else []
    ties = [optimum for optimum in optima if optimum.rss <= best.rss * 1.01]
    if ties:
        said.append(sentence("several_optima", count=len(ties), difference=max(tie.curve_difference for tie in ties)))
    return said


def _failed(task: _Task) -> Fit:
    """The formula is nowhere finite on the rows."""
    k = len(task.formula.parameters)
    nothing = dict.fromkeys(task.formula.parameters, math.nan) | dict(task.known)
    return Fit(
        formula=task.formula,
        parameters=nothing,
        standard_errors=dict.fromkeys(task.formula.parameters, math.nan),
        covariance=np.full((k, k), np.nan),
        rss=math.inf,
        n=len(task.samples),
        dof=max(len(task.samples) - k, 0),
        sigma=math.nan,
        reduced_chi2=None,
        status=sentence("no_finite"),
        converged=False,
        warnings=tuple(_row_warnings(task)),
        work=round(task.work.spent, 6),
        cpu_seconds=task.work.seconds,
    )


