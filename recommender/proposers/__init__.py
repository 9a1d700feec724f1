"""Strategies that propose formulas, one file each."""

from collections.abc import Mapping, Sequence

from recommender.proposers._base import Proposal, Proposer
from recommender.proposers.elementary import Elementary
from recommender.proposers.retrieved import RetrievedForms
from recommender.proposers.shares import UNITLESS, USUAL, WAVES, shares, shares_told
from recommender.proposers.typed import Typed


def searchers(seconds: float, shares: Mapping[str, float] = USUAL, *, units: bool = True) -> Sequence[Sequence[Proposer]]:
    """The structure searches in waves, those that may end soon first; shares: of `seconds`, by search; units: whether any are stated."""
    if seconds <= 0:
        return ()
    from recommender.proposers.composed import Composed
    from recommender.proposers.dimensional import Dimensional
    from recommender.proposers.evolved import Evolved
    from recommender.proposers.separable import Separable
    from recommender.proposers.staged import Staged

    kinds = {kind.name: kind for kind in (Dimensional, Composed, Separable, Evolved, Staged)}
    return [[kinds[name](shares[name] * seconds) for name in wave] for wave in (WAVES if units else UNITLESS)]


__all__ = ["Elementary", "Proposal", "Proposer", "RetrievedForms", "Typed", "searchers", "shares", "shares_told"]
