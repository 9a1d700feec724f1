"""`fm`: nested modulation A sin(p1 x + p2 sin(p3 x + p4) + p5), four coefficients coupled after the amplitude and phase are eliminated.

Passed as in `fit_base.global_optimum`, at a budget of one second. The bar: 80 %.
"""

from __future__ import annotations

from collections.abc import Sequence

from recommender.evaluate._base import Options
from recommender.evaluate.fit_base import Bar, FitProblem, FitSuite
from recommender.evaluate.fit_family import problems, read_forms

COUNT = 40
QUICK = 4
_FORMS = """
modulation | 10 periods | p0*sin(p1*x+p2*sin(p3*x+p4)+p5) | x=lin(0,10) | 400 | 0.02 | 0.5~5 5~30 0.5~4 0.7~4 -3:3 -3:3
"""


def _problems(options: Options) -> Sequence[FitProblem]:
    first = 3000 + COUNT * options.seed
    return problems(read_forms(_FORMS), range(first, first + (QUICK if options.quick else COUNT)))


def fm() -> FitSuite:
    """The suite."""
    return FitSuite("fm", _problems, Bar(share=0.8))
