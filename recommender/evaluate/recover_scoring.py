"""Whether a candidate is the law.

Noise-free: its own coefficients give NMSE < 1e-6 on every test file and at random points off the data's manifold, and some coefficients
make it the law itself there (see `forms`). With noise: some coefficients make it the law, and no term of it is idle then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.formula import Formula
from recommender.evaluate.forms import law_values, samples_of
from recommender.evaluate.recover_tasks import RecoverTask
from recommender.evaluate.scoring import Rows, nmse
from recommender.recommendation import RankedFormula
from recommender.samples import Samples

EXACT = 1e-6
SEARCHED = 5
_IDLE = 1e-5
_CERTAIN = 1e-20


@dataclass(frozen=True)
class Score:
    """rank: of the first exact candidate, None if there is none; errors: NMSE of the best of the first five per test; first: of the first
    candidate."""

    rank: int | None
    errors: dict[str, float]
    first: dict[str, float]


def score(formulas: Sequence[RankedFormula], task: RecoverTask, seed: int) -> Score:
    """The candidates of one answer, best first."""
    errors = [{name: error(formula, rows) for name, rows in task.tests.items()} for formula in formulas[:SEARCHED]]
    best = {name: min((one[name] for one in errors), default=math.inf) for name in task.tests}
    first = errors[0] if errors else dict.fromkeys(task.tests, math.inf)
    rank = next((f.rank for f in formulas if is_exact(f, task, seed)), None)
    return Score(rank, best, first)


def error(formula: RankedFormula, rows: Rows) -> float:
    """NMSE of a candidate's own predictions."""
    with np.errstate(all="ignore"):
        predicted = np.asarray(formula.predict(rows.columns), float)
    return nmse(rows.target, predicted, float(np.var(rows.target)) or 1.0)


def is_exact(formula: RankedFormula, task: RecoverTask, seed: int) -> bool:
    """See the module. Only the first candidates are searched for coefficients from anywhere; the others from where they are."""
    if not task.noise:
        errors = [error(formula, rows) for rows in (*task.tests.values(), task.off)]
        if max(errors) >= EXACT:
            return False
        if max(errors) < _CERTAIN:
            return True
    values = law_values(formula, task.off.columns, task.off.target, seed, search=formula.rank <= SEARCHED)
    if values is None or not task.noise:
        return values is not None
    return not has_idle_term(formula.formula, values, samples_of(formula, task.off.columns, task.off.target))


def has_idle_term(formula: Formula, values: dict[str, float], samples: Samples) -> bool:
    """A summand that adds nothing at these coefficients: the candidate is more than the law."""
    root = formula.root
    terms = root.args if root.op == "add" else ()
    signal = float(np.std(samples.target)) or 1.0
    with np.errstate(all="ignore"):
        sizes = [float(np.sqrt(np.mean(np.square(Formula(term).evaluate(samples.columns, values))))) for term in terms]
    return any(not size > _IDLE * signal for size in sizes)
