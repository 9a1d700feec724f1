"""The search for families that make an objective small: seeds, rounds of edits of the best, and a last refinement.

Every family is screened globally before it is refined locally, and what promises little gets little (successive halving: Karnin, Koren &
Somekh 2013). The budget is counted in curves scored, so the same seed gives the same answer however fast the machine is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from corpus.functions import Array
from recommender.objective.computed import ComputedObjective
from recommender.objective.distinct import Found, distinct_families
from recommender.objective.edits import edited, grown
from recommender.objective.family import Family
from recommender.objective.local import STEP, refined
from recommender.objective.rank import excess
from recommender.objective.score import Meter, Point, Scorer
from recommender.objective.screen import distinct, generator, imitating, known, screened
from recommender.progress import Progress, Report, silent

_SCREEN_SHARE, _SEED_SHARE, _EDIT_SHARE = 0.12, 0.35, 0.8  # of the budget, when each stage has ended
_DRAWS = 256  # of a family, at most
_CHILD_DRAWS = 8
_PARENTS = 3
_HALVING = ((12, 0.4), (3, 1.0))  # children refined, and the share of what a parent has left that they get
_TRIAL_SHARE = 0.3  # of a parent's budget, for terms on trial
_LAST_STEP = 0.03
_PLAIN = 3.0  # weight of simplicity, for families that a better optimum may bring forward


class Search:
    """All families tried on one objective, the best point of each; `run` once."""

    def __init__(self, objective: ComputedObjective, meter: Meter, tolerance: float, seed: int, progress: Report = silent) -> None:
        self.objective, self.meter, self.tolerance, self.seed, self._progress = objective, meter, tolerance, seed, progress
        self.found: dict[str, Found] = {}
        self.tried: set[str] = set()
        self.lead: Found | None = None  # of the lowest loss
        self.barren: list[Family] = []  # no point of theirs could be scored

    def run(self, seeds: Sequence[Family], rounds: int, limit: int) -> None:
        """Seeds, then edits, then the last refinement of what will be shown."""
        self._seed(seeds)
        expanded: set[str] = set()
        for number in range(rounds):
            end = self.meter.budget * (_SEED_SHARE + (_EDIT_SHARE - _SEED_SHARE) * (number + 1) / rounds)
            parents = [one for one in self.shown(_PARENTS * rounds) if one.family.key not in expanded][:_PARENTS]
            for i, parent in enumerate(parents):
                expanded.add(parent.family.key)
                self._expand(parent, (end - self.meter.spent) / (len(parents) - i))
        if rounds:
            self._simplify(limit)
        self._finish(limit)

    def best(self, plain: float = 0.5) -> list[Found]:
        """What keeps the constraints, or all while nothing does: by loss in units of what matters, and `plain` times by simplicity."""
        usable = sorted(self.found.values(), key=lambda one: (one.point.order, one.family.key))
        kept = [one for one in usable if one.point.violation == 0] or usable
        if not kept:
            return []
        lowest, matters = kept[0].point.loss, scale(self.objective, [one.point.loss for one in kept])
        return sorted(kept, key=lambda one: excess(one.point.loss, lowest, matters) - plain * one.family.simplicity(self.tolerance))

    def shown(self, limit: int, plain: float = 0.5) -> list[Found]:
        """The best of families that say different things."""
        best = self.best(plain)
        return distinct_families(best, limit, scale(self.objective, [one.point.loss for one in best])) if best else []

    # --- stages ---------------------------------------------------------------------------------------------------------------

    def _seed(self, seeds: Sequence[Family]) -> None:
        """Screen all, then refine them, best first, each also from the coefficients that imitate the best curve so far."""
        draws = int(np.clip(_SCREEN_SHARE * self.meter.budget / max(1, len(seeds)), 8, _DRAWS))
        ready = [self._screen(family, draws) for family in seeds if not self.meter.over()]
        ready.sort(key=lambda pair: pair[1][0].order if pair[1] else (np.inf, np.inf))
        for i, (scorer, points) in enumerate(ready):
            share = (_SEED_SHARE * self.meter.budget - self.meter.spent) / (len(ready) - i)
            self._settle(scorer, points, share)

    def _screen(self, family: Family, draws: int) -> tuple[Scorer, list[Point]]:
        self.tried.add(family.key)
        scorer = self._scorer(family)
        return scorer, screened(scorer, draws, generator(family, self.seed))

    def _settle(self, scorer: Scorer, points: Sequence[Point], curves: float, step: float = STEP) -> None:
        """Refine the best start of a family, and the one that imitates the best curve, with half the curves each."""
        imitation = self._imitation(scorer)
        likeness = scorer.points(np.vstack(imitation)) if imitation else []
        starts = distinct([*sorted([*points[:1], *likeness], key=lambda point: point.order), *points[1:]], 2)
        rng = generator(scorer.family, self.seed + 1)
        for start in starts:
            self._keep(scorer, refined(scorer, start, int(curves / len(starts)), rng, step))
        if not starts:
            self.barren.append(scorer.family)

    def _imitation(self, scorer: Scorer) -> list[Array]:
        best = self.best()
        return imitating(scorer, best[0].curve, self.seed) if best and scorer.names else []

    def _expand(self, parent: Found, curves: float) -> None:
        """Screen the families next to a good one, refine the most promising."""
        if curves <= 0 or self.meter.over():
            return
        end = self.meter.spent + curves
        values = parent.coefficients
        rng = generator(parent.family, self.seed + 3)
        more = grown(parent.family, values, self.objective, self.meter, int(_TRIAL_SHARE * curves), rng)
        children = self._screened(edited(parent.family, values), end) + self._screened(more, end)
        self._halved(children, end)

    def _halved(self, children: Sequence[tuple[Scorer, list[Point]]], end: float) -> None:
        """Refine many a little, then the best of them further."""
        points = {scorer.family.key: (scorer, found[0]) for scorer, found in children}
        for most, share in _HALVING:
            chosen = sorted(points.values(), key=lambda pair: (pair[1].order, pair[0].family.key))[:most]
            each = share * (end - self.meter.spent) / max(1, len(chosen))
            for scorer, point in chosen:
                better = refined(scorer, point, int(each), generator(scorer.family, self.seed + most))
                points[scorer.family.key] = scorer, better
                self._keep(scorer, better)

    def _screened(self, families: Iterable[Family], end: float) -> list[tuple[Scorer, list[Point]]]:
        """New families with the usable ones of a few starts about those they inherit."""
        out = []
        for family in families:
            if self.meter.over(end):
                break
            if family.key in self.tried:
                self._revisit(family)
                continue
            scorer, points = self._screen(family, _CHILD_DRAWS)
            if points and any(scorer.is_determined(point.values) for point in points[:2]):
                out.append((scorer, points))
        return out

    def _revisit(self, family: Family) -> None:
        """Coefficients inherited from a better relative may be better than those that a family has."""
        scorer = self._scorer(family)
        points = scorer.points(np.vstack([np.zeros((0, len(scorer.names))), *known(scorer, 1, generator(family, self.seed))]))
        if points:
            self._keep(scorer, points[0])

    def _simplify(self, limit: int) -> None:
        """Families simpler than the best, with the coefficients they inherit."""
        for one in () if self.meter.over() else self.best()[:limit]:
            for family in edited(one.family, one.coefficients):
                if family.bits(self.tolerance) < one.family.bits(self.tolerance):
                    self._revisit(family)

    def _finish(self, limit: int) -> None:
        """The rest of the budget for what may be shown: simpler families also from what imitates the best, then small steps."""
        half = 0.5 * (self.meter.budget + self.meter.spent)
        simpler = sorted(self.shown(limit) + self.shown(limit, _PLAIN), key=lambda one: one.family.bits(self.tolerance))
        for i, one in enumerate(chosen := list({one.family.key: one for one in simpler}.values())):
            self._settle(one.scorer, [one.point], (half - self.meter.spent) / (len(chosen) - i), _LAST_STEP)
        for i, one in enumerate(chosen := self.shown(limit)):
            left = (self.meter.budget - self.meter.spent) / (len(chosen) - i)
            self._keep(one.scorer, refined(one.scorer, one.point, int(left), generator(one.family, self.seed + 2), _LAST_STEP))

    # --- bookkeeping ------------------------------------------------------------------------------------------------------------

    def _scorer(self, family: Family) -> Scorer:
        return Scorer(family, self.objective, self.meter)

    def _keep(self, scorer: Scorer, point: Point) -> None:
        before = self.found.get(scorer.family.key)
        if before is not None and scorer.family.proposer == "edit":  # it stays the family of whoever had it first
            first = before.family
            scorer = self._scorer(replace(scorer.family, proposer=first.proposer, why=first.why))
        if before is None or point.order < before.point.order:
            self.found[scorer.family.key] = Found(scorer, point)
        self.lead = min(self.lead or self.found[scorer.family.key], Found(scorer, point), key=lambda one: one.point.order)
        self._progress(Progress("searching", min(self.meter.spent, self.meter.budget), self.meter.budget, self.lead.family.formula.text))


def scale(objective: ComputedObjective, losses: Sequence[float]) -> float:
    """The loss that matters: as stated, else the size of the lowest, else of the spread, else 1."""
    lowest = min(losses)
    spread = float(np.median(losses)) - lowest
    return objective.matters or (abs(lowest) if abs(lowest) > 1e-9 * abs(spread) else spread) or 1.0
