"""Pyoperon alone on a problem: the front of its genetic programming, fitted and ranked as ours are, for a side-by-side comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.formula import Formula
from corpus.language import Sentence
from recommender.context import Context
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.proposers import Proposal
from recommender.proposers.dimensional.data import Data
from recommender.proposers.evolved.operon import Evolution


@dataclass(frozen=True)
class Alone:
    """Proposes what evolves from nothing in `seconds` of one core."""

    seconds: float
    name: str = "pyoperon"

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterator[Proposal]:
        """Its whole front."""
        del context, history
        for form in Evolution(Data.of(problem), problem.seed).run(self.seconds, ()):
            yield Proposal(Formula(form.root), self.name, Sentence.of("why.evolved"), known=form.known, starts=form.starts)


def evolve(problem: Problem, request: Mapping[str, Any]) -> str:
    """The recommendation as JSON."""
    return recommend(problem, proposers=[Alone(float(request["seconds"]))], waves=(), limit=int(request["limit"])).to_json()
