"""Formulas a person typed: fitted as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from corpus.language import Sentence
from recommender.context import Context
from recommender.problem import Problem
from recommender.proposers._base import Proposal


class Typed:
    """Proposes `problem.typed`, each a formula in the customer's column names. FormulaError if one cannot be read."""

    name = "typed"

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        """One proposal per typed formula."""
        del context, history
        for text in problem.typed:
            yield Proposal(problem.parse(text), self.name, Sentence.of("why.typed", text=text))
