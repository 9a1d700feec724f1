"""Language models as one proposer like any other: asks an ensemble once and gives its formulas as they come.

The pipeline itself asks the ensemble beside its searches (`recommender.llm.ensemble`); this is for a notebook, a contract test, a wave.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from recommender.context import Context
from recommender.llm import Ensemble, talking
from recommender.problem import Problem
from recommender.proposers._base import Proposal


class LanguageModels:
    """Proposes what the members of an ensemble offer, in the order of the members; one that fails offers nothing."""

    name = "llm"

    def __init__(self, ensemble: Ensemble) -> None:
        self._ensemble = ensemble

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        """One round; a form of the history is marked as an echo."""
        with talking(self._ensemble, problem) as talk:
            talk.ask(context, (), {proposal.key for proposal in history})
            for answer in talk.heard(wait=True):
                yield from (replace(proposal, proposer=self.name) for proposal in answer.proposals)
