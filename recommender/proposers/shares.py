"""How the time of the structure searches is divided: as always, or by which of them found what was believed in earlier runs.

Each search has a usual share; past wins move it (the mean of a Dirichlet distribution centred on the usual shares, as firm as after
STRENGTH wins). Half of the usual share is never touched, so that no search is given up, and the waves together take no longer than usual.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from corpus.language import Sentence
from recommender.prior import STRENGTH, Prior

# Of the whole search time, wave by wave; searches of one wave run side by side, each in a process of its own.
WAVES: tuple[Mapping[str, float], ...] = (
    MappingProxyType({"dimensional": 0.25}),
    MappingProxyType({"composed": 0.5, "separable": 0.25}),
    MappingProxyType({"evolved": 0.25, "staged": 0.5}),
)
# Without units nothing tells dimensional analysis from other searches for products, so it need not go first.
UNITLESS: tuple[tuple[str, ...], ...] = (("composed", "separable"), ("staged", "evolved", "dimensional"))
USUAL: Mapping[str, float] = MappingProxyType({name: share for wave in WAVES for name, share in wave.items()})
KEPT = 0.5  # of its usual share, whatever was learned


def shares(prior: Prior) -> Mapping[str, float]:
    """The share of the whole search time for each structure search, by name."""
    wins = {name: prior.memory * prior.wins.get(name, 0.0) for name in USUAL}
    if not any(wins.values()):
        return USUAL
    total = sum(USUAL.values())
    strength = STRENGTH + sum(wins.values())
    learned = {name: total * (STRENGTH * usual / total + wins[name]) / strength for name, usual in USUAL.items()}
    mixed = {name: KEPT * usual + (1 - KEPT) * learned[name] for name, usual in USUAL.items()}
    scale = min(1.0, _lasting(USUAL) / _lasting(mixed))
    return {name: scale * share for name, share in mixed.items()}


def percents(prior: Prior) -> str:
    """`dimensional 14 %, composed 29 %, ...`: of all processor time of the searches."""
    found = shares(prior)
    return ", ".join(f"{name} {100 * share / sum(found.values()):.0f} %" for name, share in found.items())


def shares_told(prior: Prior) -> tuple[Sentence, ...]:
    """The shares in a sentence, none if they are the usual ones."""
    return () if shares(prior) is USUAL else (Sentence.of("note.prior_shares", shares=percents(prior), **prior.origin),)


def _lasting(found: Mapping[str, float]) -> float:
    """How long the waves take together where every search has a core."""
    return sum(max(found[name] for name in wave) for wave in WAVES)
