"""`unseen`: forms kept out of the development of the fitter. Never tune to them; when one has been looked at, replace it.

Passed as in `fit_base.global_optimum`. The bar: 97 %, over two seeds.
"""

from __future__ import annotations

from collections.abc import Sequence

from recommender.evaluate._base import Options, spread_out
from recommender.evaluate.fit_base import Bar, FitProblem, FitSuite
from recommender.evaluate.fit_family import problems, read_forms

SEEDS = 2
QUICK = 15


def _problems(options: Options) -> Sequence[FitProblem]:
    from recommender.evaluate.fit_forms import UNSEEN

    forms = read_forms(UNSEEN)
    first = 4000 + SEEDS * options.seed
    return problems(spread_out(forms, QUICK), [first]) if options.quick else problems(forms, range(first, first + SEEDS))


def unseen() -> FitSuite:
    """The suite."""
    return FitSuite("unseen", _problems, Bar(share=0.97))
