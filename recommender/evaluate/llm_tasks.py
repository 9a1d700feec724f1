"""What the program under test does for `bench llm`: every member asked in each of its roles about one table, with context and without,
and recommendations from what they said, from retrieval, and from both.

Members in context are told of everything raced so far, as in a run: editors begin with the best form, some times over, so that each edit
starts from what the one before reached. Without context a member knows the question alone, and an editor its parent.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.candidates import deduplicate
from recommender.context import Context, gather
from recommender.llm._base import Member, Reply, Request
from recommender.llm.client import Client
from recommender.llm.ensemble import symbols_of
from recommender.llm.evidence import parents
from recommender.llm.history import attempts
from recommender.llm.members import load_members
from recommender.llm.prompt import build
from recommender.llm.reply import read_reply, to_proposals
from recommender.llm.roles import role_of, roles_of
from recommender.llm.schema import REPLY_SCHEMA
from recommender.problem import Problem
from recommender.progress import never, silent
from recommender.proposers import Elementary, Proposal, RetrievedForms
from recommender.racing import Race, Terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from indexes import Retriever

USEFUL = 0.02  # of the variance left, at which a form is worth keeping
EDITS = 3  # one after the other
LIMIT = 5


class _Said:
    """A proposer that repeats what members said."""

    name = "llm"

    def __init__(self, proposals: Sequence[Proposal]) -> None:
        self._proposals = proposals

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        del problem, context, history
        return self._proposals


def ask_members(problem: Problem, retriever: Retriever | None, members: Path) -> dict[str, Any]:
    """Calls, with and without context; recommendations (JSON) by who proposed."""
    from recommender.pipeline import recommend

    answered = partial(recommend, problem, retriever=retriever, waves=(), limit=LIMIT)
    known = (Elementary(), RetrievedForms())
    context = gather(problem, retriever)
    talk = _Talk(problem, context, [proposal for proposer in known for proposal in proposer.propose(problem, context, ())])
    calls = [talk.ask(member, with_context) for member, with_context in _asked(load_members(members).members)]
    said = _Said(talk.heard)
    found = {"retrieval": answered(proposers=known), "union": answered(proposers=(said, *known))}  # first: not cut off by what is known
    only = answered(proposers=(said,)).to_json() if talk.heard else None
    return {"calls": calls, "found": {**{name: one.to_json() for name, one in found.items()}, "members": only}}


def _asked(members: Sequence[Member]) -> Iterator[tuple[Member, bool]]:
    """Every member in each role it may be asked in, with context first, for what is said without is not handed on."""
    playing = [replace(member, role=role.name) for member in members for role in roles_of(member.role)]
    for member in playing:
        yield from [(member, True)] * (EDITS if role_of(member.role).needs_parent else 1)
    yield from ((member, False) for member in playing)


class _Talk:
    """What is known of one table, and what members add to it."""

    def __init__(self, problem: Problem, context: Context, known: Sequence[Proposal]) -> None:
        self.heard: list[Proposal] = []
        self._problem = problem
        self._context = context
        self._known = list(known)
        self._told = {proposal.key for proposal in known}
        self._race = Race(problem, Terms(1.0, silent, never, 0))
        self._race.enter(deduplicate(self._known))

    def ask(self, member: Member, with_context: bool) -> dict[str, Any]:
        """One call, and what it was worth. Only what was said in context is handed on."""
        reply = asyncio.run(Client().ask(self._request(member, with_context)))
        read = read_reply(reply.text, self._problem)
        proposals = [replace(one, echo=one.key in self._told) for one in to_proposals(read, member, self._problem)]
        self._race.enter(deduplicate([*self._known, *self.heard, *proposals]))
        good = {one.key for one in proposals if self._left(one) < USEFUL}
        self.heard += proposals if with_context else []
        counts = {"offered": len(read.offered), "rejected": len(read.rejected), "useful": len(good), "new": len(good - self._told)}
        return {**_told(reply), **counts, "context": with_context}

    def _request(self, member: Member, with_context: bool) -> Request:
        history = attempts(self._race.fitted, {})
        parent = next(iter(parents(history)), None) if role_of(member.role).needs_parent else None
        context, told = (self._context, history) if with_context else (Context(), ())
        messages = build(self._problem, context, told, member, parent=parent)
        return Request(member, messages, REPLY_SCHEMA, names=symbols_of(self._problem))

    def _left(self, proposal: Proposal) -> float:
        """Share of the target's variance that a form leaves after a quick fit."""
        standing = self._race.standing(proposal.key)
        return math.inf if standing is None else standing.train_share


def _told(reply: Reply) -> dict[str, Any]:
    return {
        "member": reply.request.member.name,
        "role": reply.request.member.role,
        "failure": "" if reply.failure is None else reply.failure.text(),
        "json": _is_json(reply.text),
        "seconds": reply.seconds,
        "tokens": reply.tokens_out or 0,
    }


def _is_json(text: str) -> bool:
    """The whole reply is one JSON object, with nothing to mend."""
    try:
        return isinstance(json.loads(text), Mapping)
    except ValueError:
        return False
