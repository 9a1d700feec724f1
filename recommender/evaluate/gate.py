"""`gate`: what the schedules of the gate are worth, on the testing half of the frozen candidate sets (see `rank`).

A search is replayed from its finalists: at each stage those are there that the proposers of that stage and of those before it found; the
ranking of the stage uses the schedule's alpha at its progress. One composite score for a schedule: the mean over stages and sets of

    0.5 [law first] + 0.3 [law among five] + 0.2 / (place of the law)

over sets whose law is there at that stage. The Gaussian process chooses, stage by stage, what to try on the learning half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from corpus.language import Sentence
from recommender.evaluate._base import Options, Program, Row, Verdict, number
from recommender.evaluate.rank_replay import forms, numbers
from recommender.evaluate.rank_sets import LAW, CandidateSet, stored
from recommender.ranking.gate import Fixed, Learned, Linear, Schedule, Sigmoid, Tried
from recommender.ranking.order import order
from recommender.ranking.weights import load
from recommender.recommendation import RankedFormula

STAGES = {0.0: ("typed", "elementary", "retrieved"), 1 / 3: ("dimensional",), 2 / 3: ("composed", "separable"), 1.0: ("evolved",)}
TRIALS = 8
MARGIN = 0.005  # a schedule may be so much worse than the best and still be good enough
_WEIGHTS = (0.5, 0.3, 0.2)


@dataclass(frozen=True)
class Replay:
    """One schedule to compare, by name."""

    label: str


class Gate:
    """The schedules side by side."""

    name = "gate"
    needs_cases = False
    hello: Mapping[str, Any] | None = None
    columns = ("composite", "opened")

    def cases(self, options: Options) -> Sequence[Replay]:
        del options
        return [Replay(name) for name in ("sigmoid", "gaussian process", "linear", "fixed 0", "fixed 0.5", "fixed 1")]

    def run(self, case: Replay, program: Program) -> Sequence[Row]:
        del program
        sets = stored()
        schedule = _schedule(case.label, [one for one in sets if one.half == "learn"])
        found = composite([one for one in sets if one.half == "test"], schedule)
        opened = ", ".join(f"{schedule.alpha(stage):.2f}" for stage in STAGES)
        return [Row(case.label, True, {"composite": found, "opened": opened})]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        """Whether the schedule in use is as good as the best within MARGIN."""
        told = {row.case: number(row, "composite") for row in rows}
        best = max(told, key=lambda name: told[name])
        words = Sentence.of("bench.gate_measured", sigmoid=f"{told['sigmoid']:.4f}", best=best, score=f"{told[best]:.4f}")
        return Verdict(told["sigmoid"] >= told[best] - MARGIN, words, told)


def _schedule(name: str, learn: Sequence[CandidateSet]) -> Schedule:
    kind, _, value = name.partition(" ")
    if kind == "fixed":
        return Fixed(float(value))
    return {"sigmoid": Sigmoid, "linear": Linear}[kind]() if kind != "gaussian" else learned(learn)


def learned(sets: Sequence[CandidateSet]) -> Learned:
    """A few alphas tried at each stage, each the one of largest expected improvement."""
    gate = Learned()
    for stage in STAGES:
        for _ in range(TRIALS):
            alpha = gate.propose(stage)
            gate = gate.told(Tried(stage, alpha, at_stage(sets, stage, alpha)))
    return gate


def composite(sets: Sequence[CandidateSet], schedule: Schedule) -> float:
    """See the module; in [0, 1]."""
    return float(np.mean([at_stage(sets, stage, schedule.alpha(stage)) for stage in STAGES]))


def at_stage(sets: Sequence[CandidateSet], stage: float, alpha: float) -> float:
    """The mean over the sets whose law is there; 0 where there is none."""
    scores = [score for one in sets if (score := _score(one, stage, alpha)) is not None]
    return float(np.mean(scores)) if scores else 0.0


def _score(one: CandidateSet, stage: float, alpha: float) -> float | None:
    there = [i for i, formula in enumerate(one.found.formulas) if stage_of(formula) <= stage]
    if not any(one.labels[i] == LAW for i in there):
        return None
    found = order([numbers(one)[i] for i in there], [forms(one)[i] for i in there], load(), alpha)
    place = next((k for k, i in enumerate(found.places, 1) if one.labels[there[i]] == LAW), None)
    if place is None:
        return 0.0
    return float(np.dot(_WEIGHTS, [place == 1, place <= 5, 1 / place]))


def stage_of(formula: RankedFormula) -> float:
    """Progress at which it was first there; what no known proposer found counts as found last."""
    said = {origin.proposer for origin in formula.origins}
    return min((stage for stage, names in STAGES.items() if said & set(names)), default=1.0)
