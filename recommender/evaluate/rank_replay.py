"""A frozen candidate set as the ranking sees it, and as other rankings would order it."""

from __future__ import annotations

import math
from functools import cache

from recommender.evaluate.rank_sets import CandidateSet
from recommender.ranking.evidence_score import Numbers
from recommender.ranking.families import Form
from recommender.ranking.fronts import pareto_fronts
from recommender.recommendation import RankedFormula


@cache
def numbers(one: CandidateSet) -> tuple[Numbers, ...]:
    """What the score knows of each candidate."""
    return tuple(Numbers.of({e.kind: e for e in f.evidence}, one.found.rows, f.status.key) for f in one.found.formulas)


@cache
def forms(one: CandidateSet) -> tuple[Form, ...]:
    """What tells families apart."""
    return tuple(map(_form, one.found.formulas))


def _form(formula: RankedFormula) -> Form:
    free = [c for c in formula.coefficients if not c.known]
    known = {c.name: c.si for c in formula.coefficients if c.known}
    errors = {c.name: abs(c.si / c.value) * c.standard_error if c.value else math.nan for c in free}
    return Form(formula.key, formula.formula.bind(known), {c.name: c.si for c in free}, errors)


def by_error(one: CandidateSet) -> list[int]:
    """Places by training error alone."""
    told = numbers(one)
    return sorted(range(len(told)), key=lambda i: (told[i].train, one.found.formulas[i].key))


def by_fronts(one: CandidateSet) -> list[int]:
    """Places by Pareto front over held-out error and size, inside a front by description length."""
    told = numbers(one)
    fronts = pareto_fronts([(n.held_out, n.model_bits) for n in told])
    lengths = [f.number("parsimony", "description_length") for f in one.found.formulas]
    return sorted(range(len(told)), key=lambda i: (fronts[i], lengths[i], one.found.formulas[i].key))
