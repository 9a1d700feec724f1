"""How many independent proposers came to the same form."""

from __future__ import annotations

from corpus.language import Sentence
from recommender.assess._base import Evidence, Fitted


class Agreement:
    """score = 1 - 2**-votes; a vote is a distinct proposer, so several corpus entries of one form count once."""

    kind = "agreement"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: votes, proposals."""
        votes = fitted.candidate.votes
        numbers = {"votes": float(votes), "proposals": float(len(fitted.candidate.proposals))}
        return Evidence(self.kind, 1 - 2.0**-votes, Sentence.of("evidence.agreement", votes=votes), numbers)
