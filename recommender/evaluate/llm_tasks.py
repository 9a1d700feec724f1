"""What the program under test does for `bench llm`: every member asked once in each of its roles about one table, with context and without,
and recommendations from what they said, from retrieval, and from both."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.candidates import deduplicate
from recommender.context import Context, gather
from recommender.fitting import fit
from recommender.llm._base import Member, Request
from recommender.llm.client import Client
from recommender.llm.ensemble import symbols_of
from recommender.llm.members import load_members
from recommender.llm.prompt import Attempt, Parent, build
from recommender.llm.reply import read_reply, to_proposals
from recommender.llm.residual import residual_facts
from recommender.llm.roles import roles_of
from recommender.llm.schema import REPLY_SCHEMA
from recommender.problem import Problem
from recommender.proposers import Elementary, Proposal, RetrievedForms
from recommender.recommendation import RankedFormula, Recommendation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from indexes import Retriever

USEFUL = 0.02  # of the variance left, at which a form is worth keeping
BUDGET = 0.06
KNOWN = 3
LIMIT = 5


class _Said:
    """A proposer that repeats what members said."""

    name = "llm"

    def __init__(self, proposals: Sequence[Proposal]) -> None:
        self._proposals = proposals

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        del problem, context, history
        return self._proposals


def ask_members(problem: Problem, retriever: Retriever, members: Path) -> dict[str, Any]:
    """Calls: one for each member, with and without context; recommendations (JSON) by who proposed."""
    from recommender.pipeline import recommend

    answered = partial(recommend, problem, retriever=retriever, waves=(), limit=LIMIT)
    context = gather(problem, retriever)
    known = (Elementary(), RetrievedForms())
    alone = answered(proposers=known)
    heard: list[Proposal] = []
    calls = []
    told = {proposal.key for proposer in known for proposal in proposer.propose(problem, context, ())}
    for member in _in_roles(load_members(members).members):
        for with_context in (True, False):
            call, proposals = _ask(problem, context if with_context else Context(), member, alone, told)
            calls.append({**call, "context": with_context})
            heard += proposals if with_context else []
    said = _Said(heard)
    both = answered(proposers=(*known, said))
    only = answered(proposers=(said,)) if heard else None
    found = {"retrieval": alone, "members": only, "union": both}
    return {"calls": calls, "found": {name: None if one is None else one.to_json() for name, one in found.items()}}


def _in_roles(members: Sequence[Member]) -> list[Member]:
    """Every member once for each role it may be asked in."""
    return [replace(member, role=role.name) for member in members for role in roles_of(member.role)]


def _ask(
    problem: Problem, context: Context, member: Member, alone: Recommendation, told: set[str]
) -> tuple[dict[str, Any], list[Proposal]]:
    """One call: what it was worth, and its proposals. Without context there is no history either, but an editor keeps its parent."""
    history = [_attempt(formula) for formula in alone.formulas[:KNOWN]] if context.retrieved else []
    parent = _parent(problem, alone.formulas[0]) if alone.formulas else None
    messages = build(problem, context, history, member, parent=parent)
    reply = asyncio.run(Client().ask(Request(member, messages, REPLY_SCHEMA, names=symbols_of(problem))))
    read = read_reply(reply.text, problem)
    proposals = to_proposals(read, member, problem)
    good = [proposal for proposal in proposals if _left(problem, proposal) < USEFUL]
    call = {
        "member": member.name,
        "role": member.role,
        "failure": "" if reply.failure is None else reply.failure.text(),
        "json": _is_json(reply.text),
        "offered": len(read.offered),
        "rejected": len(read.rejected),
        "useful": len(good),
        "new": sum(proposal.key not in told for proposal in good),
        "seconds": reply.seconds,
        "tokens": reply.tokens_out or 0,
    }
    return call, [replace(proposal, echo=proposal.key in told) for proposal in proposals]


def _is_json(text: str) -> bool:
    """The whole reply is one JSON object, with nothing to mend."""
    try:
        return isinstance(json.loads(text), Mapping)
    except ValueError:
        return False


def _attempt(formula: RankedFormula) -> Attempt:
    return Attempt(formula.body, after=formula.number("accuracy", "held_out_nmse"))


def _parent(problem: Problem, formula: RankedFormula) -> Parent:
    attempt = _attempt(formula)
    facts = residual_facts(problem, formula.formula.evaluate(problem.samples.columns, formula.values))
    return Parent(attempt.formula, attempt.after, facts)


def _left(problem: Problem, proposal: Proposal) -> float:
    """Share of the target's variance that a form leaves after a quick fit."""
    (candidate,) = deduplicate([proposal])
    found = fit(candidate.formula, problem.samples, known=proposal.known, budget=BUDGET, seed=problem.seed)
    share = found.rss / (float(np.var(problem.samples.target)) * len(problem.samples))
    return share if math.isfinite(share) else math.inf
