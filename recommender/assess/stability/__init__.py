"""How far the answer would be the same from other rows, inputs, starts and searches: one file per kind, and one number for all."""

from recommender.assess.stability.bootstrap import BootstrapSpread
from recommender.assess.stability.jitter import Jitter
from recommender.assess.stability.multiplicity import Multiplicity
from recommender.assess.stability.search import SearchStability
from recommender.assess.stability.selection import Selection
from recommender.assess.stability.summary import stability

__all__ = ["BootstrapSpread", "Jitter", "Multiplicity", "SearchStability", "Selection", "stability"]
