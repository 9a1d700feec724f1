"""What a worker of the search is asked and answers. A task decides its outcome: it is the same in any process, at any time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np

from corpus.formula import Formula
from corpus.language import Sentence
from recommender.assess import Findings, Fitted, everyone
from recommender.candidates import Candidate
from recommender.fitting import Fit, fit
from recommender.journal import named
from recommender.problem import Problem
from recommender.proposers import Proposal
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.forms import Form
from recommender.proposers.evolved.proposer import as_proposal, possible
from recommender.proposers.told import proposal_again, proposal_told
from recommender.search.moves import Setting, change_told, children
from recommender.search.steering import functions_of

NAME = "islands"
_NEW = 0.06  # nominal seconds for a form without coefficients
_WARM = 0.015

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class World:
    """What every task of a search works on; it goes to each worker once."""

    problem: Problem
    effort: float = 1.0


class Task(Protocol[T_co]):
    """Something to compute in a world."""

    def perform(self, world: World) -> T_co:
        """Its outcome."""
        ...


@dataclass(frozen=True)
class Child:
    """A form that a task gave, fitted."""

    proposal: Proposal
    fit: Fit


@dataclass(frozen=True)
class Step:
    """One move of an island. parents: the one that changes and the one it may take parts from, with their coefficients as `starts`."""

    number: int
    island: int
    move: str
    parents: tuple[Proposal, Proposal]
    forbidden: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return f"{self.number}"

    def perform(self, world: World) -> list[Child]:
        """What the move gives; nothing if it cannot be made with these parents."""
        return _moved(world, self)


@dataclass(frozen=True)
class Check:
    """A formula that somebody else proposed, to be fitted."""

    proposal: Proposal

    @property
    def name(self) -> str:
        return named(self.proposal.key, self.proposal.formula.text)

    def perform(self, world: World) -> list[Child]:
        """The formula with its fit, which says in its status if it failed."""
        return [Child(self.proposal, _fitted(world, self.proposal))]


@dataclass(frozen=True)
class Judge:
    """All evidence on some candidates. assessments: the setting of that name."""

    finalists: tuple[tuple[Candidate, Fit], ...]
    assessments: str

    def perform(self, world: World) -> Findings:
        """Evidence on each, in order."""
        return everyone(self.assessments).judge([Fitted(candidate, found, world.problem) for candidate, found in self.finalists])


@np.errstate(all="ignore")  # overflow on the way is judged by its outcome
def _moved(world: World, step: Step) -> list[Child]:
    parent, mate = (_form(proposal) for proposal in step.parents)
    data = Data.of(world.problem)
    setting = Setting(parent, mate, data, np.random.default_rng([world.problem.seed, step.number]))

    def allowed(form: Form) -> bool:
        return not functions_of(Formula(form.root)) & step.forbidden and possible(Formula(form.root), world.problem)

    out = []
    for scored in children(step.move, setting, allowed):
        told = as_proposal(scored.form, "islands", (), NAME)
        change = change_told(parent.root, scored.form.root)
        child = replace(told, parent=step.parents[0].key, edit=change, why=Sentence.of("why.islands", change=change))
        _ = child.key  # worked out here, where there are many to do it, and kept with the proposal
        out.append(Child(child, _fitted(world, child)))
    return out


def _form(proposal: Proposal) -> Form:
    return Form(proposal.formula.root, dict(proposal.starts), 0.0, dict(proposal.known))


def _fitted(world: World, proposal: Proposal) -> Fit:
    usable = proposal.starts and all(map(math.isfinite, proposal.starts.values()))
    starts, budget = ([proposal.starts], _WARM) if usable else ([], _NEW)
    problem = world.problem
    return fit(proposal.formula, problem.samples, known=proposal.known, starts=starts, budget=world.effort * budget, seed=problem.seed)


def children_told(found: Sequence[Child]) -> list[dict[str, Any]]:
    """An outcome as JSON."""
    return [{"proposal": proposal_told(child.proposal), "fit": child.fit.to_dict()} for child in found]


def children_again(told: Sequence[Mapping[str, Any]]) -> list[Child]:
    """The outcome that `children_told` wrote."""
    return [Child(proposal_again(row["proposal"]), Fit.from_dict(row["fit"])) for row in told]
