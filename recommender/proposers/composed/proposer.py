"""Sums of elementary terms chosen by description length, as proposals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.formula import Formula
from corpus.functions import Array
from corpus.language import Sentence
from recommender.context import Context
from recommender.fitting.work import Work
from recommender.meaning import Meaning
from recommender.problem import Problem
from recommender.proposers._base import Proposal
from recommender.proposers.composed import gram, polish
from recommender.proposers.composed.factors import Quoted
from recommender.proposers.composed.grammar import terms_of
from recommender.proposers.composed.laws import laws_of, whole_laws
from recommender.proposers.composed.refine import Model
from recommender.proposers.composed.search import Data, Search, axes_of
from recommender.proposers.composed.tidy import absorbed

_EARLY = 3
_LAST = 30
_LOOKED_AT = 60
_SAFETY = 5.0  # its small fits cost more by the clock than they are charged
_MOST_DIGITS = 14


@dataclass(frozen=True)
class Composed:
    """Proposes sums of products of elementary curves; coefficients and inner parameters come with their fitted values.

    seconds: of one core, about. corpus_terms: whether terms are cut from the formulas of the context.
    """

    seconds: float = 10.0
    corpus_terms: bool = True
    name: str = "composed"

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterator[Proposal]:
        """The best few after every stage of the search, about thirty at its end."""
        del history
        data = data_of(problem)
        axes = axes_of(data, context.discounts)
        gram.warm()
        polish.warm()
        work = Work(self.seconds, safety=_SAFETY)
        laws = list(laws_of(problem, context, work)) if self.corpus_terms else []
        parts = [part for law in laws for part in law.parts]
        search = Search(data, axes, terms_of(axes, parts), whole_laws(laws, axes), work)
        told = set[object]()
        models: Sequence[Model] = ()
        for models in search.run():
            yield from self._new(models[:_EARLY], search.scale, told)
        yield from self._new(models[:_LAST], search.scale, told)

    def _new(self, models: Sequence[Model], scale: float, told: set[object]) -> Iterator[Proposal]:
        for model in models:
            proposal = self._proposal(model, scale) if model.key not in told else None
            told.add(model.key)
            if proposal is not None and all(map(math.isfinite, proposal.starts.values())):
                yield proposal

    def _proposal(self, model: Model, scale: float) -> Proposal:
        starts = {f"c{i}": float(value) * scale for i, value in enumerate(model.coefficients)}
        starts |= {f"k{i}": float(value) for i, value in enumerate(model.inner)}
        root, starts = absorbed(model.formula(), starts)
        formula = Formula(root)
        known = set(formula.parameters)
        starts = {name: value for name, value in starts.items() if name in known}
        quoted, meanings = _quoted(model)
        why = Sentence.of("why.composed", terms=len(model.terms))
        if quoted:
            why = Sentence.of("why.composed_law", terms=len(model.terms), law=quoted[0].why)
        meanings = {name: meaning for name, meaning in meanings.items() if name in known}
        return Proposal(formula, self.name, why, starts=starts, meanings=meanings, holds=tuple(one.source for one in quoted))


def _quoted(model: Model) -> tuple[list[Quoted], dict[str, Meaning]]:
    """The known laws among its factors, and what the inner parameters that belong to them are."""
    laws, meanings, first = list[Quoted](), dict[str, Meaning](), 0
    for factor in (factor for term in model.terms for factor in term.factors):
        if factor.quoted is not None:
            laws.append(factor.quoted)
            places = {name: f"k{first + i}" for i, name in enumerate(factor.inner)}
            meanings |= {places[name]: meaning for name, meaning in factor.quoted.meanings.items() if name in places}
        first += len(factor.inner)
    return laws, meanings


def data_of(problem: Problem) -> Data:
    """The rows of a problem as the search takes them."""
    samples = problem.samples
    with_unit = frozenset(name for name, dimension in problem.dimensions.items() if not dimension.is_dimensionless)
    weights = None if samples.sigma is None else np.min(samples.sigma) / samples.sigma
    return Data(dict(samples.columns), samples.target, weights, _digits(problem.target.shown[problem.rows]), problem.table_seed, with_unit)


def _digits(values: Array) -> int:
    """Significant decimals that most values are written with."""
    written = [repr(float(value)).split("e")[0].replace(".", "").replace("-", "").strip("0") for value in values[:60]]
    return min(_MOST_DIGITS, int(np.median([len(text) for text in written])))
