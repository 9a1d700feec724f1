"""Evolution of formulas: small edits of the best so far, and genetic programming."""

from recommender.proposers.evolved.proposer import Evolved

__all__ = ["Evolved"]
