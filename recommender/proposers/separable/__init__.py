"""Divide and conquer: symmetries and separability of the data split a problem into smaller ones."""

from recommender.proposers.separable.proposer import Separable

__all__ = ["Separable"]
