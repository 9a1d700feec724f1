"""`nist`: nonlinear regression with certified answers, without any start.

Each case gives its certified coefficients, their standard errors and the residual sum of squares (`certified`, `certified_sd`,
`certified_rss` of the truth). Passed: RSS within 1e-6 of the certified one (or below 1e-20 of the total), certified coefficients
reproduced to at least 6 digits, and so are their standard errors. Where double precision does not allow it, that is not asked for:
coefficients whose residuals are rounding alone have no standard error, and terms that may change places are compared in whichever order
fits.

The bar: all, median 0.1 s, longest 1 s, five seeds of the fitter each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from corpus.formula import Formula
from corpus.functions import Array
from recommender.evaluate._base import Options, Value
from recommender.evaluate.cases import Case, find_cases
from recommender.evaluate.fit_base import NEAR, Bar, FitProblem, FitSuite
from recommender.evaluate.scoring import Rows
from recommender.evaluate.truth import Truth, read_expression

SOURCES = ("nist_strd",)
SEEDS = 5
DIGITS = 6.0
_MOST = 11.0
_EXACT = 1e-20
_ROUNDING = 1e-13


def _problem(case: Case, seed: int) -> FitProblem:
    raw, truth = case.truth(), Truth.of(case)
    rows = Rows.of(case, case.train)
    response = read_expression(str(raw.get("response") or case.target), (case.target,), (), case)
    names = list(truth.values)
    facts = {"errors": dict(zip(names, map(float, raw["certified_sd"]), strict=True))}
    return FitProblem(
        f"{case.folder.name} seed {seed}",
        case.folder.name,
        truth.formula.text,
        rows.columns,
        response.evaluate({case.target: rows.target}),
        tuple(names),
        truth.values,
        seed=seed,
        known_rss=float(raw["certified_rss"]),
        facts=facts,
    )


def _judge(problem: FitProblem, values: Mapping[str, float], reply: Mapping[str, Any]) -> tuple[bool, dict[str, Value]]:
    assert problem.truth is not None
    rss = problem.rss(values)
    found = rss <= max(problem.optimum * (1 + NEAR), _EXACT * problem.spread)
    order = matched(problem.formula, problem.columns, problem.truth, values)
    certified: Mapping[str, float] = problem.facts["errors"]
    value_digits = min(digits(abs(values[order[name]]), abs(value)) for name, value in problem.truth.items())
    errors = {name: float((reply.get("errors") or {}).get(order[name], math.nan)) for name in certified}
    error_digits = min(digits(errors[name], error) for name, error in certified.items())
    enough = value_digits >= DIGITS and (error_digits >= DIGITS or _rounding(problem))
    return found and enough, {"nmse": rss / problem.spread, "digits": value_digits, "error_digits": error_digits, "silent": False}


def _rounding(problem: FitProblem) -> bool:
    """The residuals at the certified optimum are no larger than the rounding of the target."""
    return problem.optimum < len(problem.target) * (_ROUNDING * float(np.max(np.abs(problem.target)))) ** 2


def digits(value: float, certified: float) -> float:
    """Agreeing decimal digits, -log10 of the relative error, between 0 and the 11 that are certified; nan counts as none."""
    if not math.isfinite(value):
        return 0.0
    apart = abs(value - certified) / (abs(certified) or 1.0)
    return _MOST if apart == 0 else float(np.clip(-np.log10(apart), 0.0, _MOST))


def matched(formula: Formula, columns: Mapping[str, Array], certified: Mapping[str, float], values: Mapping[str, float]) -> dict[str, str]:
    """Certified name -> fitted name, where terms of the formula may have changed places or signs; the same name where they have not.

    The assignment of nearest sizes is taken if the certified formula with the fitted sizes so assigned draws the fitted curve.
    """
    from scipy.optimize import linear_sum_assignment

    names = list(certified)
    sizes = np.array([abs(values[name]) for name in names])
    wanted = np.array([abs(certified[name]) or 1.0 for name in names])
    _, chosen = linear_sum_assignment(np.minimum(np.abs(sizes[None, :] - wanted[:, None]) / wanted[:, None], 1e6))
    order = {name: names[i] for name, i in zip(names, chosen, strict=True)}
    moved = {name: math.copysign(values[order[name]], certified[name]) for name in names}
    with np.errstate(all="ignore"):
        curve, other = formula.evaluate(columns, values), formula.evaluate(columns, moved)
        same = bool(np.all(np.abs(curve - other) <= 1e-8 * np.max(np.abs(curve))))
    return order if same else {name: name for name in names}


def _problems(options: Options) -> Sequence[FitProblem]:
    cases = [case for case in find_cases(options.cases, SOURCES) if "certified_sd" in case.truth()]
    first = 10 * options.seed
    return [_problem(case, seed) for seed in range(first, first + (1 if options.quick else SEEDS)) for case in cases]


def nist() -> FitSuite:
    """The suite."""
    columns = ("count", "share", "median", "p95", "max", "digits", "error_digits")
    return FitSuite("nist", _problems, Bar(share=1.0, median=0.1, max=1.0), _judge, needs_cases=True, columns=columns)
