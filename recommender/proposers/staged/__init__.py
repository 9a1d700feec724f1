"""Stages: a curve in one input first, then its coefficients as functions of the other inputs."""

from recommender.proposers.staged.proposer import Staged

__all__ = ["Staged"]
