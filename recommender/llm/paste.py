"""The member that is asked by hand: the finished prompt to copy into any chat, and the answer pasted back, read like every other one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corpus.errors import ProblemError
from corpus.language import Language, Sentence
from recommender.context import Context
from recommender.llm._base import Member, Read
from recommender.llm.prompt import Attempt, Parent, build
from recommender.llm.reply import read_reply, to_proposals
from recommender.problem import Problem
from recommender.proposers import Proposal


def by_hand(role: str = "proposer", language: Language = "en") -> Member:
    """The member a person asks; nobody knows which model it is."""
    return Member("pasted", "pasted", role, language=language)


def pasteable(
    problem: Problem,
    context: Context,
    history: Sequence[Attempt] = (),
    *,
    role: str = "proposer",
    language: Language = "en",
    parent: Parent | None = None,
) -> str:
    """The prompt as one text; the role's words first, for a chat window knows no system message."""
    return "\n\n".join(message.text for message in build(problem, context, history, by_hand(role, language), parent=parent))


@dataclass(frozen=True)
class Pasted:
    """A proposer that offers the formulas of an answer. ProblemError if there is none that can be read."""

    answer: str
    role: str = "proposer"
    name: str = "pasted"

    def read(self, problem: Problem) -> Read:
        """What the answer offers, and what of it cannot be used and why."""
        return read_reply(self.answer, problem)

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        del context, history
        found = self.read(problem)
        if not found.offered:
            reason = found.rejected[0][1] if found.rejected else Sentence.of("llm.reject_empty")
            raise ProblemError("pasted_nothing", reason=reason)
        return to_proposals(found, by_hand(self.role), problem)
