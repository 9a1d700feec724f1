"""One order out of several kinds of evidence, and the reason for every place in it.

Pareto fronts over held-out error, size of the model and instability say what cannot be excluded; the order comes from the evidence score,
spellings of one family stand together behind the best of them, and each shown candidate has a calibrated confidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corpus.functions import Array
from corpus.implicit import is_numerical
from corpus.language import Sentence
from recommender.assess import Evidence, Fitted
from recommender.assess._base import SAME_CURVE, same_curve
from recommender.candidates import Candidate
from recommender.ranking.confidence import confidences
from recommender.ranking.evidence_score import DOMAIN, TRAITS, Numbers, traits
from recommender.ranking.families import Form, families
from recommender.ranking.fronts import pareto_fronts
from recommender.ranking.gate import Schedule, Sigmoid
from recommender.ranking.reasons import Standing, reason
from recommender.ranking.weights import Weights, load

_AS_GOOD = 2.5  # nats
ASPECTS: Mapping[str, tuple[str, ...]] = {
    "accuracy": ("held_out",),
    "extrapolation": ("edge",),
    "simplicity": ("simplicity", "coefficients"),
    "stability": ("stability", "selection"),
    "physics": ("physics", "known_law"),
}


@dataclass(frozen=True)
class Assessed:
    """A fitted candidate with all its evidence."""

    fitted: Fitted
    evidence: Mapping[str, Evidence]

    @property
    def numbers(self) -> Numbers:
        return Numbers.of(self.evidence, len(self.fitted.problem.samples), self.fitted.fit.status.key)

    @property
    def form(self) -> Form:
        """Its formula with known constants as numbers."""
        fit, known = self.fitted.fit, self.fitted.candidate.lead.known
        values = {name: fit.parameters[name] for name in self.fitted.free}
        return Form(self.fitted.candidate.key, fit.formula.bind(known), values, fit.standard_errors)


@dataclass(frozen=True)
class Ranked:
    """A place in the order: rank from 1, Pareto front from 1, score (nats, smaller is better) and why it stands there.

    confidence: that it is the law, or equal to it on the data; spellings: how many other assessed candidates are of its family.
    """

    assessed: Assessed
    rank: int
    front: int
    score: float
    reason: Sentence
    confidence: float
    spellings: int


Same = Callable[[int, int], bool]
Heard = tuple[bool, bool, int]  # no law, solved numerically, place


@dataclass(frozen=True)
class Order:
    """Places in a list of candidates, best first, one for each family, with the confidence in it and how many others are spellings of it.

    parts: what each trait adds to the score, in nats, of all candidates, shape (m, traits).
    """

    places: tuple[int, ...]
    confidences: tuple[float, ...]
    spellings: tuple[int, ...]
    parts: Array

    @property
    def scores(self) -> Array:
        return np.asarray(self.parts.sum(axis=1))


def order(
    numbers: Sequence[Numbers],
    forms: Sequence[Form],
    weights: Weights,
    alpha: float = 1.0,
    same: Same | None = None,
    heard: Sequence[Heard] | None = None,
) -> Order:
    """The order of all candidates of a problem; same: whether two of them draw one curve; heard: which of two spellings of one curve comes
    closer to what was asked, the smaller one."""
    gates = np.array([alpha if name in DOMAIN else 1.0 for name in TRAITS])
    parts = traits(numbers) * gates * np.array([weights.score[name] for name in TRAITS])
    scores = parts.sum(axis=1)
    best = [int(i) for i in np.argsort(scores, kind="stable")]
    leaders = _leaders(best, families([forms[i] for i in best]), same)
    leaders = _spoken_for(leaders, numbers, scores, heard or [(False, False, 0)] * len(numbers))
    places = tuple(dict.fromkeys(leaders.values()))
    found = confidences([numbers[i] for i in places], [float(scores[i]) for i in places], weights)
    spellings = Counter(leaders.values())
    return Order(places, tuple(found), tuple(spellings[i] - 1 for i in places), parts)


def _leaders(best: Sequence[int], family: Sequence[int], same: Same | None) -> dict[int, int]:
    """Candidate -> the better-placed one whose spelling or curve it is, itself if there is none; best first."""
    leaders: dict[int, int] = {}
    for i, head in zip(best, family, strict=True):
        named = leaders.get(best[head], i)
        heads = dict.fromkeys(leaders.values())
        leaders[i] = named if named != i else next((j for j in heads if same is not None and same(i, j)), i)
    return leaders


def _spoken_for(leaders: Mapping[int, int], numbers: Sequence[Numbers], scores: Array, heard: Sequence[Heard]) -> dict[int, int]:
    """Each family under the member that says it with the fewest coefficients, of those nearly as good as its best; then the law that was
    looked up first (the same curve is a law of cooling and of a reaction), one in closed form before one that is not."""
    speakers: dict[int, int] = {}
    for head in dict.fromkeys(leaders.values()):
        members = [i for i, leader in leaders.items() if leader == head and scores[i] <= scores[head] + _AS_GOOD]
        speakers[head] = min(members, key=lambda i: (numbers[i].parameters, heard[i], scores[i]))
    return {i: speakers[head] for i, head in leaders.items()}


def rank(
    assessed: Sequence[Assessed],
    limit: int,
    progress: float = 1.0,
    gate: Schedule | None = None,
    emphasis: Mapping[str, float] | None = None,
    pinned: Collection[str] = (),
) -> list[Ranked]:
    """The best `limit` candidates of distinct families, best first; progress: of the search, from 0 to 1, for the gate.

    emphasis: by what a person multiplies the weight of an aspect (see ASPECTS); pinned: keys of those shown wherever they stand.
    SettingsError if the weights cannot be read.
    """
    everyone = sorted(assessed, key=lambda one: one.fitted.candidate.key)  # ties do not depend on who was asked first
    numbers = [one.numbers for one in everyone]
    alpha = (gate or Sigmoid()).alpha(progress)
    weights = _emphasised(load(), emphasis or {})
    heard = [_heard(one.fitted.candidate) for one in everyone]
    curves = lambda i, j: same_curve(everyone[i].fitted, everyone[j].fitted)  # noqa: E731
    found = order(numbers, [one.form for one in everyone], weights, alpha, curves, heard)
    late = [i for i in found.places[limit:] if everyone[i].fitted.candidate.key in pinned]
    shown = [*found.places[:limit], *late]
    at = {i: place for place, i in enumerate(found.places)}
    fronts = pareto_fronts([_objectives(everyone[i]) for i in shown])
    standings = [Standing(numbers[i], dict(zip(TRAITS, map(float, found.parts[i]), strict=True))) for i in shown]
    return [
        Ranked(
            everyone[i],
            place + 1,
            fronts[place],
            float(found.scores[i]),
            reason(place, standings),
            found.confidences[at[i]],
            found.spellings[at[i]],
        )
        for place, i in enumerate(shown)
    ]


def _heard(candidate: Candidate) -> Heard:
    return not candidate.is_law, is_numerical(candidate.formula.root), candidate.place


def _emphasised(weights: Weights, emphasis: Mapping[str, float]) -> Weights:
    """The learned weights of the score times what a person asks for."""
    factors = {trait: factor for aspect, factor in emphasis.items() for trait in ASPECTS[aspect]}
    return replace(weights, score={trait: weight * factors.get(trait, 1.0) for trait, weight in weights.score.items()})


def _objectives(one: Assessed) -> tuple[float, ...]:
    stability = one.evidence["stability"].score if "stability" in one.evidence else 0.0
    return one.numbers.held_out, one.numbers.model_bits, 1 - stability


def is_constant(fitted: Fitted) -> bool:
    """The curve does not move over the data: it explains nothing."""
    values = fitted.prediction
    with np.errstate(all="ignore"):
        return bool(np.ptp(values) <= SAME_CURVE * np.ptp(fitted.problem.samples.target))
