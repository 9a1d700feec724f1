"""Formulas a person typed: fitted as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from corpus.language import Sentence
from recommender.context import Context
from recommender.problem import Problem
from recommender.proposers._base import Proposal
from recommender.proposers.own_units import OwnUnits, ends_in_si, speaks_of_quantities


class Typed:
    """Proposes `problem.typed`, each a formula in the customer's column names. FormulaError if one cannot be read."""

    name = "typed"

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        """One proposal per typed formula."""
        del context, history
        for text in problem.typed:
            yield self.read(problem, text)

    def read(self, problem: Problem, text: str) -> Proposal:
        """A formula in the customer's column names as a proposal. FormulaError if it cannot be read."""
        formula, why = problem.parse(text), Sentence.of("why.typed", text=text)
        if speaks_of_quantities(formula, problem):
            return Proposal(ends_in_si(formula, problem), self.name, why)
        own = OwnUnits(formula, problem)
        return Proposal(own.formula, self.name, why, known=own.known, meanings=own.meanings)
