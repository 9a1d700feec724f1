"""What the fit suites share: a problem with a known optimum, the judgement of a fit, and a suite made of both.

A fit is judged by the curve of its coefficients, computed here; what the program says of itself counts for nothing but time, warnings and
intervals. Times are seconds of processor time from formula text to coefficients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from corpus.errors import RecommenderError
from corpus.formula import Formula, parse
from corpus.functions import Array
from corpus.language import Sentence
from recommender.evaluate._base import Answer, Options, Program, Row, Value, Verdict, number
from recommender.evaluate.fit_tasks import OURS
from recommender.samples import Samples

BUDGET = 1.0
LIMIT = 60.0
EXACT = 1e-9
NEAR = 1e-6
AGREES = 0.05
_DENSE = 2000
_OUTSIDE = 1.1
ALIAS_WARNINGS = frozenset({"fit.alias_possible", "fit.aliased", "fit.several_optima"})


@dataclass(frozen=True, eq=False)
class FitProblem:
    """A formula to fit, the rows, and what the scorer knows of the answer.

    truth: the coefficients the rows were made with (None where nobody knows). noise: standard deviation over that of the clean target.
    known_rss: the smallest residual sum of squares there is, where it is certified. facts: what a suite's own judge needs.
    """

    label: str
    group: str
    text: str
    columns: Mapping[str, Array]
    target: Array
    parameters: tuple[str, ...]
    truth: Mapping[str, float] | None = None
    noise: float = 0.0
    seed: int = 0
    budget: float = BUDGET
    known_rss: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def formula(self) -> Formula:
        return parse(self.text, list(self.columns), self.parameters)

    @cached_property
    def spread(self) -> float:
        """Total sum of squares of the target."""
        return float(np.sum((self.target - self.target.mean()) ** 2)) or 1.0

    @cached_property
    def optimum(self) -> float:
        """The smallest known residual sum of squares: certified, or reached from the truth (0 without noise, inf where nobody knows)."""
        if self.known_rss is not None:
            return self.known_rss
        if self.truth is None:
            return math.inf
        return 0.0 if self.noise == 0 else polished_rss(self)

    def rss(self, values: Mapping[str, float]) -> float:
        return squares(self.target - self.formula.evaluate(self.columns, values))


def squares(residual: Array) -> float:
    """Sum of squares, inf where it is not finite."""
    with np.errstate(all="ignore"):
        total = float(np.sum(residual**2))
    return total if math.isfinite(total) else math.inf


def polished_rss(problem: FitProblem) -> float:
    """The minimum in the basin of the truth."""
    from recommender.fitting import fit
    from recommender.fitting.refit import Refitter

    assert problem.truth is not None
    samples, values = Samples(problem.columns, problem.target), dict(problem.truth)
    for _ in range(2):
        values = Refitter(fit(problem.formula, samples, known=values), {}).refit(samples)
    return min(problem.rss(values), problem.rss(problem.truth))


def disagreement(problem: FitProblem, values: Mapping[str, float]) -> float:
    """Root mean square distance from the true curve between the rows and, for one input, 10 % beyond, over the target's spread.

    nan where the truth is unknown, inf where a fifth of the curve is not finite.
    """
    if problem.truth is None:
        return math.nan
    columns = _between(problem.columns)
    with np.errstate(all="ignore"):
        apart = problem.formula.evaluate(columns, values) - problem.formula.evaluate(columns, problem.truth)
    good = np.isfinite(apart)
    if good.mean() < 0.8:
        return math.inf
    return float(np.sqrt(np.mean(apart[good] ** 2)) / (np.std(problem.target) or 1.0))


def _between(columns: Mapping[str, Array]) -> dict[str, Array]:
    rng = np.random.default_rng(5)
    reach = _OUTSIDE if len(columns) == 1 else 1.0
    return {name: _draw(values, reach, rng) for name, values in columns.items()}


def _draw(values: Array, reach: float, rng: np.random.Generator) -> Array:
    """Random values in the range of a column, on a logarithmic scale if its rows are evenly spaced on one."""
    low, high = float(values.min()), float(values.max())
    if low > 0 and high > 20 * low and np.allclose(np.diff(np.log(values)), np.log(high / low) / (len(values) - 1)):
        grown: Array = low * (high * reach / low) ** rng.random(_DENSE)
        return grown
    return low + reach * (high - low) * rng.random(_DENSE)


Judge = Callable[[FitProblem, Mapping[str, float], Mapping[str, Any]], tuple[bool, dict[str, Value]]]


def global_optimum(problem: FitProblem, values: Mapping[str, float], reply: Mapping[str, Any]) -> tuple[bool, dict[str, Value]]:
    """Passed: without noise NMSE < 1e-9, with noise an RSS within 1e-6 of the one reached from the truth.

    silent: equally good on the rows, another curve between them, and no warning of it.
    """
    rss, apart = problem.rss(values), disagreement(problem, values)
    passed = rss < EXACT * problem.spread if problem.optimum == 0 else rss <= problem.optimum * (1 + NEAR)
    silent = passed and apart > AGREES + problem.noise and not ALIAS_WARNINGS & set(reply["warnings"])
    return passed, {"nmse": rss / problem.spread, "apart": apart, "silent": silent}


@dataclass(frozen=True)
class Bar:
    """What must hold of our rows; times in seconds."""

    share: float
    median: float = math.inf
    mean: float = math.inf
    p95: float = math.inf
    max: float = math.inf
    per_minute: float = 0.0

    def holds(self, numbers: Mapping[str, float]) -> bool:
        times = ("median", "mean", "p95", "max")
        quick = all(numbers[name] <= getattr(self, name) for name in times)
        return quick and numbers["share"] >= self.share and numbers["per_minute"] >= self.per_minute


@dataclass(frozen=True)
class Trial:
    """One problem for one program."""

    problem: FitProblem
    method: str

    @property
    def label(self) -> str:
        return self.problem.label if self.method == OURS else f"{self.method}: {self.problem.label}"


@dataclass(frozen=True)
class FitSuite:
    """A suite of fit problems; the table shows one line per program and group."""

    name: str
    problems: Callable[[Options], Sequence[FitProblem]]
    bar: Bar
    judge: Judge = global_optimum
    needs_cases: bool = False
    measured: str = "fit_measured"
    columns: tuple[str, ...] = ("count", "share", "median", "mean", "p95", "max", "silent")
    hello: Mapping[str, Any] | None = field(default_factory=lambda: {"task": "hello", "fit": True})

    def cases(self, options: Options) -> Sequence[Trial]:
        problems = self.problems(options)
        return [Trial(problem, method) for method in (OURS, *options.against) for problem in problems]

    def run(self, case: Trial, program: Program) -> Sequence[Row]:
        answer = program.ask(_request(case), LIMIT)
        known: dict[str, Value] = {"method": case.method, "group": case.problem.group}
        if answer.failure:
            return [Row(case.label, False, {**known, "cpu": answer.seconds}, answer.failure)]
        try:
            return [self._row(case, known, answer)]
        except RecommenderError as error:
            return [Row(case.label, False, known, str(error))]

    def _row(self, case: Trial, known: Mapping[str, Value], answer: Answer) -> Row:
        reply = answer.value
        passed, measured = self.judge(case.problem, reply["parameters"], reply)
        told: dict[str, Value] = {"cpu": float(reply["cpu"]), "status": str(reply["status"]), "warnings": " ".join(reply["warnings"])}
        return Row(case.label, passed, {**known, **told, **measured})

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        groups = dict.fromkeys((row.values["method"], row.values["group"]) for row in rows)
        methods = dict.fromkeys(row.values["method"] for row in rows)
        lines = [
            line(f"{method} {group}", [r for r in rows if (r.values["method"], r.values["group"]) == (method, group)])
            for method, group in groups
        ]
        totals = [line(f"{method}", [r for r in rows if r.values["method"] == method]) for method in methods]
        return [*lines, *totals] if len(groups) > len(methods) else totals

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        ours = [row for row in rows if row.values["method"] == OURS]
        numbers = summary(ours)
        counts = {"passed": sum(row.passed for row in ours), "count": len(ours), "silent": int(numbers["silent"])}
        shown = {name: f"{value:.0f}" if name == "per_minute" else f"{value:.3g}" for name, value in numbers.items() if name not in counts}
        missed = tuple(row.case for row in ours if not row.passed)
        return Verdict(self.bar.holds(numbers), Sentence.of(f"bench.{self.measured}", **counts, **shown), numbers, missed)


def _request(case: Trial) -> dict[str, Any]:
    problem = case.problem
    return {
        "task": "fit",
        "method": case.method,
        "text": problem.text,
        "parameters": list(problem.parameters),
        "columns": {name: values.tolist() for name, values in problem.columns.items()},
        "target": problem.target.tolist(),
        "budget": problem.budget,
        "seed": problem.seed,
    }


_WORST = {"nmse": max, "worst": max, "digits": min, "error_digits": min}


def line(label: str, rows: Sequence[Row]) -> Row:
    """Several rows as one: times and shares, and the worst of what else was measured."""
    numbers = summary(rows)
    counted: dict[str, Value] = {**numbers, "count": len(rows), "silent": int(numbers["silent"])}
    for key, worst in _WORST.items():
        known = [value for row in rows if math.isfinite(value := number(row, key))]
        counted[key] = worst(known, default=None)
    return Row(label, all(row.passed for row in rows), counted)


def summary(rows: Sequence[Row]) -> dict[str, float]:
    """Share that passed, and times of the rows that have one (nan if none has)."""
    spent = [seconds for row in rows if math.isfinite(seconds := number(row, "cpu"))]
    cpu = np.array(spent or [math.nan])
    total = float(np.sum(cpu))
    return {
        "share": float(np.mean([row.passed for row in rows])),
        "median": float(np.median(cpu)),
        "mean": float(np.mean(cpu)),
        "p95": float(np.percentile(cpu, 95)),
        "max": float(np.max(cpu)),
        "per_minute": 60 * len(spent) / total if total else math.inf,
        "silent": float(sum(row.values.get("silent") is True for row in rows)),
    }
