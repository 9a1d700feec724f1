"""Edits of the best forms so far, then a population bred from them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from corpus import tree
from corpus.canonical import canonicalise
from corpus.dimension import infer
from corpus.errors import FormulaError
from corpus.formula import Formula
from corpus.language import Sentence
from recommender.context import Context
from recommender.fitting import fit
from recommender.fitting.compile import compile_tree
from recommender.fitting.work import Work
from recommender.problem import Problem
from recommender.proposers._base import Proposal
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.forms import Form, Scored, polish
from recommender.proposers.evolved.edits import PER_NODE, improved
from recommender.proposers.evolved.nesting import nests
from recommender.proposers.evolved.operon import Evolution

NAME = "evolved"
_PARENTS, _CHILDREN, _ROUNDS = 4, 3, 6
_EDITS_SHARE = 0.3
_START_BUDGET = 0.02
_HISTORY = 60
_TOLD = 10
_SEEDS = 5
_MIN_ROWS = 8


class Evolved:
    """Proposes edits of the best forms in the history, and the Pareto front of a genetic search seeded with them.

    seconds: of one core. Without pyoperon the edits still come; then ProblemError says how to install it.
    """

    name = NAME

    def __init__(self, seconds: float = 10.0) -> None:
        self.seconds = seconds

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        """Improved forms of the history first, then what evolved, of smallest description length first."""
        del context
        data = Data.of(problem)
        if len(data.y) < _MIN_ROWS:
            return
        parents = sorted(_parents(problem, data, history), key=lambda scored: scored.length)[:_PARENTS]
        children = list(_edited(parents, data, problem, Work(_EDITS_SHARE * self.seconds)))
        told = {proposal.key for proposal in history}
        for scored in _families(children):
            yield as_proposal(scored.form, "evolved_edit", told)
        if any(scored.is_exact for scored in (*parents, *children)):
            return
        seeds = [scored.form for scored in (*children, *parents)][:_SEEDS]
        grown = Evolution(data, problem.seed).run((1 - 2 * _EDITS_SHARE) * self.seconds, seeds)
        for form in _refined(grown, problem, data, _EDITS_SHARE * self.seconds):
            yield as_proposal(form, "evolved", told)


def _parents(problem: Problem, data: Data, history: Sequence[Proposal]) -> Iterator[Scored]:
    """The forms of the history with coefficients, the first of each text."""
    for proposal in list({p.formula.text: p for p in history}.values())[:_HISTORY]:
        starts = _starts(proposal, problem)
        if starts is not None:
            cost = PER_NODE * tree.size(proposal.formula.root)
            scored = polish(Form(proposal.formula.root, starts, cost, proposal.known), data)
            if math.isfinite(scored.length):
                yield scored


def _starts(proposal: Proposal, problem: Problem) -> dict[str, float] | None:
    """Coefficients as the proposer found them, else from a short fit; None if there are none."""
    free = [name for name in proposal.formula.parameters if name not in proposal.known]
    if all(name in proposal.starts for name in free):
        return {name: proposal.starts[name] for name in free}
    found = fit(proposal.formula, problem.samples, known=proposal.known, budget=_START_BUDGET, seed=problem.seed).parameters
    return {name: found[name] for name in free} if all(math.isfinite(found[name]) for name in free) else None


def _edited(parents: Sequence[Scored], data: Data, problem: Problem, work: Work) -> Iterator[Scored]:
    """Rounds of edits: the best children become the next parents."""
    seen: set[int] = set()
    for _ in range(_ROUNDS):
        children: list[Scored] = []
        for parent in parents:
            if work.exhausted():
                return
            better = (child for child in improved(parent, data, work) if child.form.root.order not in seen)
            odd = nests(parent.form.root)
            right = (child for child in better if (odd or not nests(child.form.root)) and possible(Formula(child.form.root), problem))
            children += islice(right, _CHILDREN)
        seen |= {child.form.root.order for child in children}
        yield from children
        parents = sorted(children, key=lambda scored: scored.length)[:_CHILDREN]


def _refined(grown: Sequence[Form], problem: Problem, data: Data, seconds: float) -> list[Form]:
    """Refitted forms whose units are possible, and edits of the best, of smallest description length first."""
    right = [form for form in grown if form.root.variables and not nests(form.root) and possible(Formula(form.root), problem)]
    found = sorted((polish(form, data) for form in right), key=lambda scored: scored.length)
    best = [scored for scored in found[:_CHILDREN] if math.isfinite(scored.length)]
    found += _edited(best, data, problem, Work(seconds))
    return [scored.form for scored in _families(found)]


def _families(found: Iterable[Scored]) -> list[Scored]:
    """The best form of each family, best first."""
    families: dict[str, Scored] = {}
    for scored in sorted(found, key=lambda scored: scored.length):
        if math.isfinite(scored.length) and len(families) < _TOLD:
            families.setdefault(canonicalise(Formula(scored.form.root)).key, scored)
    return list(families.values())


def possible(formula: Formula, problem: Problem) -> bool:
    """Whether units agree for some units of the coefficients."""
    if not problem.has_units:
        return True
    try:
        return infer(formula.root, problem.dimensions, problem.target_dimension).consistent
    except FormulaError:
        return False


def as_proposal(form: Form, why: str, told: Collection[str], proposer: str = NAME) -> Proposal:
    """The form with coefficients c0, c1, ... and those that only occur as one product joined; an echo if it was told."""
    compiled = compile_tree(form.root, form.known)
    starts = dict(form.starts)
    for merge in compiled.merges:
        starts[merge.kept] = math.prod(form.starts[name] ** power for name, power in merge.parts.items())
    formula = Formula(compiled.root)
    names = {name: f"c{i}" for i, name in enumerate(name for name in formula.parameters if name not in form.known)}
    known = {name: value for name, value in form.known.items() if name in formula.parameters}
    found = Proposal(
        formula.rename(names),
        proposer,
        Sentence.of(f"why.{why}"),
        known=known,
        starts={new: starts[old] for old, new in names.items()},
    )
    return replace(found, echo=found.key in told)
