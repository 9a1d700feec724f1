"""Strategies that propose formulas, one file each."""

from collections.abc import Sequence

from recommender.proposers._base import Proposal, Proposer
from recommender.proposers.elementary import Elementary
from recommender.proposers.retrieved import RetrievedForms
from recommender.proposers.typed import Typed


def searchers(seconds: float) -> Sequence[Sequence[Proposer]]:
    """The structure searches in waves, the quickest first; a wave of two takes half of `seconds`, the others a quarter each."""
    if seconds <= 0:
        return ()
    from recommender.proposers.composed import Composed
    from recommender.proposers.dimensional import Dimensional
    from recommender.proposers.evolved import Evolved
    from recommender.proposers.separable import Separable

    return (Dimensional(0.25 * seconds),), (Composed(0.5 * seconds), Separable(0.25 * seconds)), (Evolved(0.25 * seconds),)


__all__ = ["Elementary", "Proposal", "Proposer", "RetrievedForms", "Typed", "searchers"]
