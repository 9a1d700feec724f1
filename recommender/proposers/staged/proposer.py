"""Formulas built stage by stage, for tables of several inputs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from corpus.formula import Formula
from corpus.language import Sentence
from recommender.context import Context
from recommender.fitting.work import Work
from recommender.problem import Problem
from recommender.proposers._base import Proposal
from recommender.proposers.dimensional.data import Data
from recommender.proposers.separable.proposer import tidy
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
        told: set[int] = set()
        with threadpool_limits(1):  # two numeric threads on a busy machine are slower than one
            for group in Stages(Work(self.seconds), problem.seed).groups(data, _DEPTH):
                for form in (tidy(scored.form) for scored in group if math.isfinite(scored.length)):
                    if form.root.order not in told:
                        told.add(form.root.order)
                        yield Proposal(Formula(form.root), self.name, Sentence.of("why.staged"), known=form.known, starts=form.starts)
                if any(scored.is_exact for scored in group):
                    return
