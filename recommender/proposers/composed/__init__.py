"""Sums and products of elementary terms, found by sparse selection."""

from recommender.proposers.composed.proposer import Composed

__all__ = ["Composed"]
