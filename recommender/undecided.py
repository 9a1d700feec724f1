"""Between which of the formulas shown the data do not decide, and which reading would.

What the rows say of two formulas is the difference of their lengths without the form: residuals, and half a logarithm of the rows for each
coefficient (Schwarz 1978). Below DECIDED nats, a Bayes factor of 20, that is no strong evidence (Kass & Raftery, J. Am. Stat. Assoc. 90
(1995) 773), and the order rests on simplicity, physics and what is known. The reading that tells most lies where the predictions differ
most (Hunter & Reiner, Technometrics 7 (1965) 307): inside the range of the inputs if it can be, else up to half of it beyond.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation, Variable

DECIDED = 3.0
_MOST = 4
_POINTS = 600
_TELLS = 3.0  # standard deviations of a reading
_EVEN = 1e-3  # of the target's spread: the least difference worth a reading
_BEYOND = 0.5
_DECADES = 100.0


def undecided(problem: Problem, found: Recommendation) -> Sentence | None:
    """`undecided.between` with the places, `undecided.reading` in it where a reading would tell; None where the data decide."""
    rivals = [formula for formula in found.formulas if _same_length(found, formula)][:_MOST]
    if len(rivals) < 2:
        return None
    places = ", ".join(f"#{formula.rank}" for formula in rivals)
    return Sentence.of("undecided.between", places=places, reading=_reading(problem, rivals) or Sentence.of("undecided.alike"))


def _same_length(found: Recommendation, formula: RankedFormula) -> bool:
    first, mine = (_length(one, found.rows) for one in (found.formulas[0], formula))
    return math.isfinite(first) and mine - first < DECIDED


def _length(formula: RankedFormula, rows: int) -> float:
    fitted = sum(not coefficient.known for coefficient in formula.coefficients)
    if fitted >= rows:
        return math.inf
    return formula.number("parsimony", "residual_bits") * math.log(2) + 0.5 * fitted * math.log(rows)


def _reading(problem: Problem, rivals: Sequence[RankedFormula]) -> Sentence | None:
    """Where to measure next, and what each of the rivals expects there."""
    target = problem.samples.target
    spread = float(np.std(target))
    with np.errstate(all="ignore"):
        left = [float(np.sqrt(np.mean((target - one.formula.evaluate(problem.samples.columns, one.values)) ** 2))) for one in rivals]
        scatter = max(min(left), _EVEN * spread / _TELLS)
        for beyond in (0.0, _BEYOND):
            points = _points(problem, rivals[0].variables, beyond)
            values = np.array([np.broadcast_to(np.asarray(one.predict(points), float), (_POINTS,)) for one in rivals])
            apart = np.sum((rivals[0].target.to_si(values) - rivals[0].target.to_si(values.mean(axis=0))) ** 2, axis=0) / scatter**2
            best = int(np.nanargmax(np.where(np.isfinite(apart), apart, -1.0)))
            if apart[best] > _TELLS**2 / 2:
                return _told(rivals, points, best, values[:, best], rivals[0].target.from_si(np.array([scatter, 0.0])))
    return None


def _points(problem: Problem, variables: Sequence[Variable], beyond: float) -> Mapping[str, Array]:
    """Random points of the inputs' box, in the customer's units, rounded to what a person would set."""
    rng = np.random.default_rng(problem.table_seed)
    return {one.name: _rounded(_drawn(one, beyond, rng)) for one in variables}


def _drawn(one: Variable, beyond: float, rng: np.random.Generator) -> Array:
    low, high = one.range or (0.0, 1.0)
    if low > 0 and high / low > _DECADES:
        more = beyond * math.log(high / low)
        return np.asarray(np.exp(rng.uniform(math.log(low) - more, math.log(high) + more, _POINTS)))
    more = beyond * (high - low)
    return rng.uniform(max(low - more, low / 4) if low > 0 else low - more, high + more, _POINTS)


def _rounded(values: Array) -> Array:
    return np.array([float(f"{value:.3g}") for value in values])


def _told(rivals: Sequence[RankedFormula], points: Mapping[str, Array], best: int, values: Array, scatter: Array) -> Sentence:
    used = {name for one in rivals for name in one.formula.variables}
    inputs = [one for one in rivals[0].variables if one.inner in used]
    unit = f" {rivals[0].target.unit}" if rivals[0].target.unit else ""
    return Sentence.of(
        "undecided.reading",
        where=", ".join(f"{one.symbol} = {points[one.name][best]:.3g}{f' {one.unit}' if one.unit else ''}" for one in inputs),
        expected=", ".join(f"#{one.rank} {value:.3g}{unit}" for one, value in zip(rivals, values, strict=True)),
        scatter=f"{abs(scatter[0] - scatter[1]):.2g}{unit}",
    )
