"""Ranking by evidence: order, distinct families, confidence, and a reason for every place."""

from recommender.ranking.confidence import level
from recommender.ranking.fronts import pareto_fronts
from recommender.ranking.gate import Fixed, Learned, Linear, Schedule, Sigmoid, Tried
from recommender.ranking.order import ASPECTS, Assessed, Ranked, is_constant, rank
from recommender.ranking.weights import Weights, load

__all__ = [
    "ASPECTS",
    "Assessed",
    "Fixed",
    "Learned",
    "Linear",
    "Ranked",
    "Schedule",
    "Sigmoid",
    "Tried",
    "Weights",
    "is_constant",
    "level",
    "load",
    "pareto_fronts",
    "rank",
]
