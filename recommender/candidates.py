"""Proposals that mean the same become one candidate that carries all their votes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from corpus.formula import Formula
from recommender.context import SHAPES
from recommender.proposers._base import Proposal


@dataclass(frozen=True)
class Candidate:
    """One family of formulas: its canonical key, the spelling with the best-understood coefficients, all proposals of it.

    place: how many families were proposed before it.
    """

    key: str
    lead: Proposal
    proposals: tuple[Proposal, ...]
    place: int = 0

    @property
    def formula(self) -> Formula:
        return self.lead.formula

    @property
    def is_law(self) -> bool:
        """It comes from a corpus entry that speaks of particular quantities, not from a mere shape."""
        return bool(self.lead.source) and not self.lead.source.startswith(SHAPES)

    @property
    def holds_law(self) -> bool:
        """Such an entry is a part of it."""
        return any(not source.startswith(SHAPES) for proposal in self.proposals for source in proposal.holds)

    @property
    def votes(self) -> int:
        """Independent proposers; several corpus entries of one form are one vote, an echo is none."""
        return len({proposal.proposer for proposal in self.proposals if not proposal.echo})


def deduplicate(proposals: Iterable[Proposal]) -> list[Candidate]:
    """Candidates in the order in which their form first appeared.

    Known constants keep a form apart from the same form with free coefficients: fewer free numbers are more evidence.
    """
    groups: dict[str, list[Proposal]] = {}
    for proposal in proposals:
        groups.setdefault(proposal.key, []).append(proposal)
    return [Candidate(key, max(group, key=_clarity), tuple(group), place) for place, (key, group) in enumerate(groups.items())]


def _clarity(proposal: Proposal) -> tuple[int, int, bool]:
    """Prefer the spelling whose coefficients have a meaning, then the one with fewer of them, then one that brings starting values."""
    names = proposal.formula.parameters
    return sum(name in proposal.meanings for name in names), -len(names), bool(proposal.starts)
