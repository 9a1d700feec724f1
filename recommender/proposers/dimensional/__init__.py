"""Laws from units: dimensional analysis, products and sums of a few terms."""

from recommender.proposers.dimensional.balanced import balanced_terms
from recommender.proposers.dimensional.proposer import Dimensional

__all__ = ["Dimensional", "balanced_terms"]
