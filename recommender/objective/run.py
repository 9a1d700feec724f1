"""`optimise`: an objective in, ranked designs out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from corpus.entry import Entry
from corpus.errors import ObjectiveError
from corpus.language import Sentence
from corpus.render import to_latex
from recommender.objective.computed import ComputedObjective
from recommender.objective.distinct import Found
from recommender.objective.family import Idea
from recommender.objective.rank import Finalist, Weights, reason, score
from recommender.objective.result import Design, Designs
from recommender.objective.robust import robustness
from recommender.objective.score import Meter
from recommender.objective.search import Search, scale
from recommender.objective.seeds import seeds
from recommender.progress import Progress, Report, Stop, never, silent
from recommender.ranking.fronts import pareto_fronts

_FEWEST = 100


def optimise(
    objective: ComputedObjective,
    formulas: Sequence[str | Idea] = (),
    *,
    shapes: Iterable[Entry] = (),
    rounds: int = 4,
    budget: int = 20_000,
    limit: int = 8,
    tolerance: float = 0.01,
    weights: Weights | None = None,
    seed: int = 0,
    progress: Report = silent,
    stop: Stop = never,
) -> Designs:
    """Formulas that make the objective small: families given, elementary forms, shapes, and edits of the best, fitted and ranked.

    formulas: text in the variables of the grid, or an `Idea` with bounds and starts. shapes: corpus entries to try as well,
    `open_index().entries("shapes.")`. rounds: how often the best are edited; 0 leaves it at the seeds. budget: curves that the search
    may score, a few thousand for a quick answer; robustness takes some 70 more for each design shown. limit: designs shown.
    tolerance: relative error of the coefficients, for robustness and simplicity. weights: of the order.
    stop: asked between batches; what there is then is ranked. ObjectiveError or FormulaError says what is wrong and the cure.
    """
    if budget < _FEWEST or rounds < 0 or limit < 1 or not 0 < tolerance < 1:
        raise ObjectiveError("objective_options", budget=budget, fewest=_FEWEST, rounds=rounds, limit=limit, tolerance=tolerance)
    families = seeds(formulas, objective.names, shapes)
    search = Search(objective, Meter(budget, stop), tolerance, seed, progress)
    search.run(families, rounds, limit)
    progress(Progress("ranking", budget, budget))
    return _ranked(search, limit, weights or Weights())


def _ranked(search: Search, limit: int, weights: Weights) -> Designs:
    """ObjectiveError if no family could be scored or none keeps the constraints."""
    found = search.best()
    if not found:
        raise ObjectiveError("objective_no_finite", families=len(search.tried), curves=search.meter.spent)
    if found[0].point.violation > 0:
        first = min(found, key=lambda one: one.point.order)
        raise ObjectiveError("objective_infeasible", formula=first.family.formula.text, violation=f"{first.point.violation:.3g}")
    shown = search.shown(limit)
    matters = scale(search.objective, [one.point.loss for one in shown])
    finalists = [_finalist(search, one, matters) for one in shown]
    lowest = min(one.point.loss for one in finalists)
    scores = {one.family.key: score(one, lowest, matters, weights) for one in finalists}
    order = sorted(finalists, key=lambda one: (scores[one.family.key], one.family.key))
    fronts = pareto_fronts([one.goals for one in order])
    designs = tuple(_design(i, order, fronts[i], scores[one.family.key], matters, search) for i, one in enumerate(order))
    return Designs(designs, search.tolerance, matters, search.meter.spent, len(search.tried), search.seed, tuple(_notes(search)))


def _finalist(search: Search, found: Found, matters: float) -> Finalist:
    family = found.family
    robust = robustness(found.scorer, found.point, matters, search.tolerance, search.seed)
    return Finalist(family, found.point, robust, family.simplicity(search.tolerance), family.bits(search.tolerance))


def _design(place: int, order: Sequence[Finalist], front: int, total: float, matters: float, search: Search) -> Design:
    one = order[place]
    return Design(
        rank=place + 1,
        front=front,
        text=one.family.formula.text,
        latex=to_latex(one.family.formula.root),
        key=one.family.key,
        coefficients=dict(zip(one.family.names, map(float, one.point.values), strict=True)),
        loss=one.point.loss,
        robustness=one.robust.share,
        rises=one.robust.rises,
        simplicity=one.simplicity,
        bits=one.bits,
        score=total,
        proposer=one.family.proposer,
        why=one.family.why,
        reason=reason(place, order, matters),
        variables=search.objective.names,
    )


def _notes(search: Search) -> Iterable[Sentence]:
    if search.meter.stopped:
        yield Sentence.of("objective.stopped", spent=search.meter.spent, budget=search.meter.budget)
    typed = [family.formula.text for family in search.barren if family.proposer == "typed"]
    if typed:
        yield Sentence.of("objective.barren", formulas=", ".join(typed))
    broken = sum(one.point.violation > 0 and math.isfinite(one.point.violation) for one in search.found.values())
    if broken:
        yield Sentence.of("objective.left_out", count=broken)
