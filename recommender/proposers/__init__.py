"""Strategies that propose formulas, one file each."""

from recommender.proposers._base import Proposal, Proposer
from recommender.proposers.elementary import Elementary
from recommender.proposers.retrieved import RetrievedForms
from recommender.proposers.typed import Typed

__all__ = ["Elementary", "Proposal", "Proposer", "RetrievedForms", "Typed"]
