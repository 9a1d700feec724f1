"""`coverage`: 95 % intervals on noisy synthetic data must hold the true coefficient 95 times in 100.

Ten forms, linear and not, fitted to new noise again and again; every coefficient of every draw counts. The bar: 92 to 97 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from corpus.language import Sentence
from recommender.evaluate._base import Options, Program, Row, Value, Verdict, number
from recommender.evaluate.fit_base import Bar, FitProblem, FitSuite, Trial, summary
from recommender.evaluate.fit_family import read_forms

DRAWS = 1000
QUICK = 200
RANGE = (0.92, 0.97)
_FORMS = """
line | linear | p0+p1*x | x=lin(0,10) | 12 | 0.2 | -2:2 0.5:2
parabola | linear | p0+p1*x+p2*x**2 | x=uni(-3,3) | 20 | 0.2 | -2:2 -1:1 0.3:1
decay | one input | p0*exp(-p1*x)+p2 | x=lin(0,10) | 40 | 0.05 | 1:5 0.3:1 -1:1
saturation | one input | p0*x/(p1+x) | x=log(0.1,30) | 15 | 0.05 | 1:10 0.5:4
peak | one input | p0*exp(-((x-p1)/p2)**2)+p3 | x=lin(-5,5) | 60 | 0.1 | 1:5 -2:2 0.7:1.5 -1:1
wave | one input | p0*sin(p1*x+p2) | x=uni(0,20) | 50 | 0.2 | 1:5 0.8:3 -2:2
fringe | one input | p0*sinc(p1*(x-p2))**2+p3 | x=lin(0,1) | 80 | 0.05 | 1:5 8:20 0.3:0.7 -1:1
logistic | one input | p0/(1+exp(-p1*(x-p2))) | x=lin(0,20) | 30 | 0.03 | 5:50 0.5:1.5 8:12
product | two inputs | p0*x1**p1*x2**p2 | x1=uni2(1,20) x2=uni2(1,20) | 60 | 0.05 | 0.5:3 0.5:1.5 -1:-0.3
growth | two inputs | p0*x1/(p1+x1)*exp(-p2*(x2-p3)**2) | x1=uni2(0.1,5) x2=uni2(10,45) | 120 | 0.05 | 1:5 0.3:1.5 0.01:0.03 26:34
"""


@dataclass(frozen=True)
class Coverage:
    """Fits as in `FitSuite`, counted by intervals."""

    fits: FitSuite

    name = "coverage"
    needs_cases = False
    columns = ("count", "covered", "median", "max")

    @property
    def hello(self) -> Mapping[str, Any] | None:
        return self.fits.hello

    def cases(self, options: Options) -> Sequence[Trial]:
        return [trial for trial in self.fits.cases(options) if trial.label == trial.problem.label]

    def run(self, case: Trial, program: Program) -> Sequence[Row]:
        return self.fits.run(case, program)

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        groups = dict.fromkeys(str(row.case).split()[0] for row in rows)
        return [_line(group, [row for row in rows if row.case.startswith(f"{group} ")]) for group in groups]

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        share, times = _covered(rows), summary(rows)
        numbers = {"covered": share, "median": times["median"], "max": times["max"]}
        words = Sentence.of("bench.coverage_measured", share=f"{100 * share:.1f}", count=len(rows))
        failed = tuple(row.case for row in rows if row.failure)
        return Verdict(RANGE[0] <= share <= RANGE[1] and not failed, words, numbers, failed)


def _line(group: str, rows: Sequence[Row]) -> Row:
    share, times = _covered(rows), summary(rows)
    values: dict[str, Value] = {"count": len(rows), "covered": share, "median": times["median"], "max": times["max"]}
    return Row(group, RANGE[0] <= share <= RANGE[1], values)


def _covered(rows: Sequence[Row]) -> float:
    """Share of all intervals that hold the truth; a fit without intervals holds nothing."""
    held = sum(number(row, "held") for row in rows if not row.failure)
    return held / max(1.0, sum(number(row, "coefficients") for row in rows if not row.failure))


def _judge(problem: FitProblem, values: Mapping[str, float], reply: Mapping[str, Any]) -> tuple[bool, dict[str, Value]]:
    assert problem.truth is not None
    truth = {name: value * _sign(problem, values, name) for name, value in problem.truth.items()}
    held = sum(low <= truth[name] <= high for name, (low, high) in reply["intervals"].items())
    return held == len(truth), {"held": held, "coefficients": len(truth)}


def _sign(problem: FitProblem, values: Mapping[str, float], name: str) -> float:
    """-1 where the fit came out with the other sign of a coefficient whose sign does not matter to the curve."""
    assert problem.truth is not None
    if values[name] * problem.truth[name] >= 0:
        return 1.0
    mirrored = problem.formula.evaluate(problem.columns, {**values, name: -values[name]})
    same = np.allclose(mirrored, problem.formula.evaluate(problem.columns, values), rtol=1e-9, atol=0)
    return -1.0 if same else 1.0


def _problems(options: Options) -> Sequence[FitProblem]:
    forms = read_forms(_FORMS)
    first = 5000 + DRAWS * options.seed
    draws = (QUICK if options.quick else DRAWS) // len(forms)
    return [form.problem(first + draw) for draw in range(draws) for form in forms]


def coverage() -> Coverage:
    """The suite."""
    return Coverage(FitSuite("coverage", _problems, Bar(share=0.0), _judge))
