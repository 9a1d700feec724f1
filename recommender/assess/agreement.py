"""How many independent proposers came to the same form."""

from __future__ import annotations

from corpus.language import Sentence
from recommender.assess._base import Evidence, Fitted


class Agreement:
    """score = 1 - 2**-votes; a vote is a distinct proposer (each language model one) who had not been told the form.

    Several corpus entries of one form, several wordings and echoes count once.
    """

    kind = "agreement"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: votes, proposals; law: 1 where a corpus entry that speaks of these quantities has the form, a half where
        such an entry is a part of it."""
        candidate = fitted.candidate
        law = 1.0 if candidate.is_law else 0.5 * candidate.holds_law
        votes, proposals = candidate.votes, float(len(candidate.proposals))
        numbers = {"votes": float(votes), "proposals": proposals, "law": law}
        return Evidence(self.kind, 1 - 2.0**-votes, Sentence.of("evidence.agreement", votes=votes), numbers)
