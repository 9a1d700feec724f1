"""Formulas built stage by stage, for tables of several inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from corpus.language import Sentence
from recommender.context import Context
from recommender.fitting.work import Work
from recommender.problem import Problem
from recommender.proposers._base import Proposal
from recommender.proposers.dimensional.data import Data
from recommender.proposers.separable.proposer import told_once
from recommender.proposers.staged.stages import Stages

FEWEST_INPUTS = 3
_ROWS, _MIN_ROWS = 400, 30
_DEPTH = 2


class Staged:
    """Proposes a curve in one input whose coefficients are formulas of the others, found in turn. seconds: of one core."""

    name = "staged"

    def __init__(self, seconds: float = 5.0) -> None:
        self.seconds = seconds

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        """The best forms of each first stage, as they come; nothing for fewer than three inputs or few rows."""
        del context, history
        data = Data.of(problem, _ROWS)
        if len(data.names) < FEWEST_INPUTS or len(data.y) < _MIN_ROWS:
            return
        groups = Stages(Work(self.seconds), problem.seed).groups(data, _DEPTH)
        yield from told_once(groups, self.name, Sentence.of("why.staged"))
