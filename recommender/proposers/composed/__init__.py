"""Sums and products of elementary terms, found by sparse selection."""

from recommender.proposers.composed.leftover import Addition, additions
from recommender.proposers.composed.proposer import Composed

__all__ = ["Addition", "Composed", "additions"]
