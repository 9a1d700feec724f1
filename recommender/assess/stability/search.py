"""Whether the search comes to the form again and again."""

from __future__ import annotations

from corpus.language import Sentence
from recommender.assess._base import Evidence, Fitted


class SearchStability:
    """Rediscovery: the waves of the search in which someone came to the form without having been told it.

    score: 1 - 2**-waves. Who came to it is counted by `Agreement`; here it counts how often, so that the same search with another seed or
    from other parents counts again, and an echo of a form handed on from an earlier wave does not.
    """

    kind = "search"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: waves, echoes."""
        proposals = fitted.candidate.proposals
        waves = {proposal.wave for proposal in proposals if not proposal.echo}
        numbers = {"waves": float(len(waves)), "echoes": float(sum(proposal.echo for proposal in proposals))}
        return Evidence(self.kind, 1 - 2.0 ** -len(waves), Sentence.of("evidence.search", waves=len(waves)), numbers, part_of="stability")
