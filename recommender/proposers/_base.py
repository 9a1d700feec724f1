"""What a proposer is.

Life cycle: the pipeline calls `propose` once per round, in its own thread or process, and takes proposals as they come.
A proposer holds no state between calls, draws every random number from `problem.seed`, and stops when the caller stops
iterating. It never fits and never ranks. A proposer that fails raises; the pipeline turns that into a reported event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, runtime_checkable

from corpus.canonical import canonicalise
from corpus.formula import Formula
from corpus.language import Sentence
from recommender.context import Context
from recommender.meaning import Meaning
from recommender.problem import Problem


@dataclass(frozen=True)
class Proposal:
    """A formula of x0, x1, ... and coefficients, who proposed it and why.

    known: coefficients with fixed SI values; meanings: what each coefficient is; source: id of the corpus entry, or "".
    bounds: between which SI values a person wants coefficients.
    starts: SI values of every free coefficient from which the fit may begin, where the proposer found some; else empty.
    echo: the proposer had been told this very form, by the history or by what it read, so it is no vote for it.
    holds: ids of corpus entries that are a term or a factor of it.
    wave: the wave of searches it came in, 0 for those who answer at once; the pipeline sets it.
    parent: canonical key of the form it was made from by a small change, and `edit`: that change in words; "" and None for the others.
    """

    formula: Formula
    proposer: str
    why: Sentence
    source: str = ""
    known: Mapping[str, float] = field(default_factory=dict)
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    starts: Mapping[str, float] = field(default_factory=dict)
    echo: bool = False
    holds: tuple[str, ...] = ()
    wave: int = 0
    parent: str = ""
    edit: Sentence | None = None
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Canonical key of the form with its known constants in place: proposals that mean the same have the same one."""
        return canonicalise(self.formula.bind(self.known)).key

    def renamed(self, names: Mapping[str, str]) -> Proposal:
        """The same proposal with other names for some coefficients."""
        known = {names.get(name, name): value for name, value in self.known.items()}
        meanings = {names.get(name, name): meaning for name, meaning in self.meanings.items()}
        starts = {names.get(name, name): value for name, value in self.starts.items()}
        bounds = {names.get(name, name): ends for name, ends in self.bounds.items()}
        return replace(self, formula=self.formula.rename(names), known=known, meanings=meanings, starts=starts, bounds=bounds)


@runtime_checkable
class Proposer(Protocol):
    """Gives formulas that may lie behind a problem."""

    @property
    def name(self) -> str:
        """Short stable name, shown as the origin of a candidate."""
        ...

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        """Proposals, best first; `history` holds those already made for this problem."""
        ...
