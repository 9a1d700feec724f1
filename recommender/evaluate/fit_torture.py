"""`torture`: sinc² fringes in every unit: x scaled by 1e±9, y by 1e±15, 30 to 1000 rows, up to 30 % noise, three ways to write it.

The fringe rate k reaches up to 0.9 of the sampling limit; in a tenth of the cases, on even grids, it lies above the limit, where rows
alone cannot decide. Passed below the limit: the global optimum, and the curve agrees between the rows and 10 % outside. Passed above
it, and where noise makes another curve fit better than the true one: the true curve, or a warning that there are several. The bar: all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from corpus.formula import parse
from corpus.functions import Array
from recommender.evaluate._base import Options, Value
from recommender.evaluate.fit_base import AGREES, ALIAS_WARNINGS, NEAR, Bar, FitProblem, FitSuite, global_optimum

COUNT = 150
QUICK = 25
_LIMIT = 0.45 * np.pi
_FORMS = ("p0*sinc(p1*x)**2", "p0*sinc(p1*(x-p2))**2+p3", "p0*p1**2*sinc(pi*p1*(x-p2)/2.5)**2")


def _problem(number: int, seed: int) -> FitProblem:
    rng = np.random.default_rng([seed, number, 3])
    rows = int(rng.choice([30, 100, 300, 1000]))
    noise = float(rng.choice([0, 0.01, 0.1, 0.3]))
    above = number % 10 == 9
    even = above or bool(rng.random() < 0.5)
    rate = float(rng.uniform(1.3, 3.0)) * _LIMIT * rows if above else 0.5 * (_LIMIT * rows / 0.5) ** rng.random()
    x, truth, text = _form(number % 3, rate, _grid(rows, even, rng), rng)
    clean = parse(text, ["x"], list(truth)).evaluate({"x": x}, truth)
    target = clean + noise * float(np.std(clean)) * rng.standard_normal(rows)
    group = "above the limit" if above else f"noise {noise:g}"
    facts = {"above": above}
    return FitProblem(f"fringe {number} seed {seed}", group, text, {"x": x}, target, tuple(truth), truth, noise, seed, facts=facts)


def _grid(rows: int, even: bool, rng: np.random.Generator) -> Array:
    return np.linspace(0, 1, rows) if even else np.sort(rng.random(rows))


def _form(which: int, rate: float, grid: Array, rng: np.random.Generator) -> tuple[Array, dict[str, float], str]:
    """Input, coefficients and text of one of the three forms, in units of its own."""
    x_unit, y_unit = 10 ** rng.uniform(-9, 9), 10 ** rng.uniform(-15, 15)
    offset = float(rng.choice([0, -0.5, 5.0]))
    height, k = y_unit * float(rng.uniform(0.5, 2)), rate / x_unit
    if which == 0:
        x = (min(offset, 0.0) if offset else -0.5) * x_unit + grid * x_unit
        return x, {"p0": height, "p1": k}, _FORMS[0]
    x, centre = (offset + grid) * x_unit, (offset + float(rng.uniform(0.15, 0.85))) * x_unit
    if which == 1:
        return x, {"p0": height, "p1": k, "p2": centre, "p3": y_unit * float(rng.uniform(-1, 1))}, _FORMS[1]
    length = k * 2.5 / np.pi
    return x, {"p0": height / length**2, "p1": length, "p2": centre}, _FORMS[2]


def _judge(problem: FitProblem, values: Mapping[str, float], reply: Mapping[str, Any]) -> tuple[bool, dict[str, Value]]:
    optimum, measured = global_optimum(problem, values, reply)
    warned = bool(ALIAS_WARNINGS & set(reply["warnings"]))
    apart = measured["apart"]
    agrees = isinstance(apart, float) and apart <= AGREES + problem.noise
    other = 0 < problem.rss(values) < problem.optimum * (1 - NEAR)  # noise favours another curve than the true one
    if problem.facts["above"] or other:
        return warned or agrees, measured
    return optimum and agrees, measured


def _problems(options: Options) -> Sequence[FitProblem]:
    return [_problem(number, 2000 + options.seed) for number in range(QUICK if options.quick else COUNT)]


def torture() -> FitSuite:
    """The suite."""
    return FitSuite("torture", _problems, Bar(share=1.0), _judge)
