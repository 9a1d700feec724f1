"""Strategies that propose formulas, one file each."""

from collections.abc import Sequence

from recommender.proposers._base import Proposal, Proposer
from recommender.proposers.elementary import Elementary
from recommender.proposers.retrieved import RetrievedForms
from recommender.proposers.typed import Typed


def searchers(seconds: float) -> Sequence[Sequence[Proposer]]:
    """The structure searches in waves, the quickest first; a wave of two takes half of `seconds`, the first a quarter."""
    if seconds <= 0:
        return ()
    from recommender.proposers.composed import Composed
    from recommender.proposers.dimensional import Dimensional
    from recommender.proposers.evolved import Evolved
    from recommender.proposers.separable import Separable
    from recommender.proposers.staged import Staged

    half, quarter = 0.5 * seconds, 0.25 * seconds
    return (Dimensional(quarter),), (Composed(half), Separable(quarter)), (Evolved(quarter), Staged(half))


__all__ = ["Elementary", "Proposal", "Proposer", "RetrievedForms", "Typed", "searchers"]
