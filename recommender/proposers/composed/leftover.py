"""What explains what a formula leaves over: single terms that would lower its error most while its own coefficients give way.

A term is not judged by its correlation with the residual, from which the formula's coefficients have taken what they can, but by what is
left of both once the slopes of the formula are taken out (added-variable plot: Cook & Weisberg, Residuals and Influence in Regression
(1982), ch. 2.3). The best are fitted together with the formula, and description length decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from corpus import tree
from corpus.formula import Formula
from recommender.fitting.structure import separate
from recommender.fitting.work import Work
from recommender.problem import Problem
from recommender.proposers.composed.beams import Beams
from recommender.proposers.composed.dictionary import Dictionary
from recommender.proposers.composed.factors import Factor, Term
from recommender.proposers.composed.grammar import terms_of
from recommender.proposers.composed.pool import Pool
from recommender.proposers.composed.proposer import data_of
from recommender.proposers.composed.refine import Model, Refiner
from recommender.proposers.composed.search import SCREEN_ROWS, axes_of, ground
from recommender.proposers.composed.transforms import Seed
from recommender.proposers.dimensional import balanced_terms

_COLUMNS = 8_000
_STEPS = 12
_LEAST_GAIN = 0.05
_TIME = 5.0


@dataclass(frozen=True)
class Addition:
    """term: of x0, x1, ..., with coefficients c0, c1, ... before its columns and k0, k1, ... inside; left: share of the squared residual
    that remains with it."""

    term: Formula
    left: float


def additions(problem: Problem, formula: Formula, values: Mapping[str, float], limit: int = 4) -> list[Addition]:
    """The most promising terms to add to a fitted formula of x0, x1, ..., best first; none where it has no value on the rows."""
    dictionary, refiner, empty = _ground(problem)
    wholes = (_separated(formula, values), _frozen(formula, values))
    fits = (refiner.fit([term], [start], _STEPS) for term, start in wholes if np.all(np.isfinite(start)))
    parent = next((model for model in fits if model is not None), None)
    if parent is None or not parent.rss > 0:
        return []
    pool = replace(empty, models={})
    for _ in Beams(dictionary, refiner, pool, lambda: False).complete([parent]):
        pass
    return list(_told(pool, parent))[:limit]


def _told(pool: Pool, parent: Model) -> Iterator[Addition]:
    for model in pool.best(len(pool.models)):
        more = [term for term in model.terms if term not in parent.terms]
        left = model.rss / parent.rss
        if len(more) == 1 and left < 1 - _LEAST_GAIN:
            yield Addition(_written(more[0]), left)


def _written(term: Term) -> Formula:
    return Formula(tree.add(*(tree.mul(tree.param(f"c{i}"), node) for i, node in enumerate(term.nodes()))))


def _separated(formula: Formula, values: Mapping[str, float]) -> Seed:
    """The formula as one term: columns it is linear in, inner parameters at their values."""
    form = separate(formula.root, sorted(formula.parameters))
    columns = form.basis if form.offset is None else (*form.basis, form.offset)
    inner = tuple(sorted(set[str]().union(*(column.parameters for column in columns))))
    start = np.array([values.get(name, math.nan) for name in inner])
    return Term.of(Factor(tuple(dict.fromkeys(columns)), inner, start[None, :])), start


def _frozen(formula: Formula, values: Mapping[str, float]) -> Seed:
    """The formula as it is fitted, for where its columns depend on one another."""
    return Term.of(Factor((formula.bind(values).root,))), np.zeros(0)


@lru_cache(maxsize=2)
def _ground(problem: Problem) -> tuple[Dictionary, Refiner, Pool]:
    """What is the same for all formulas of a problem."""
    whole = data_of(problem)
    data = whole.take(whole.sample(SCREEN_ROWS))
    refiner, pool = ground(data, data.scale, Work(_TIME))
    balanced = [Term.of(Factor((node,))) for node in balanced_terms(problem)]
    return Dictionary(terms_of(axes_of(data), balanced, _COLUMNS), refiner.rows), refiner, pool
