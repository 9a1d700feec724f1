"""Physics laws from units: products and sums of a few terms that the dimensions allow, widened step by step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from corpus import tree
from corpus.canonical import canonicalise
from corpus.formula import Formula
from corpus.language import Sentence
from corpus.tree import Node
from recommender.context import Context
from recommender.fitting.work import Work
from recommender.meaning import constant_meaning
from recommender.problem import Problem
from recommender.proposers._base import Proposal
from recommender.proposers.dimensional.constants import full_names
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.forms import Form, Scored, Weight, absolute, polish, relative
from recommender.proposers.dimensional.groups import (
    Group,
    angle_groups,
    directed_groups,
    groups_with_constants,
    plain_groups,
    scaled_groups,
)
from recommender.proposers.dimensional.naming import variants
from recommender.proposers.dimensional.products import Products, factors
from recommender.proposers.dimensional.shapes import TERMS, TURNS, Shape
from recommender.proposers.dimensional.sums import Sums, functions, views

_TOLD, _MEANWHILE = 12, 4
_POLISH = 1500  # NumPy calls
_FEW = 3
_TIE = 3.0  # nats: of exact forms only the plainest are worth telling
_SPREAD = 10.0  # largest over median target from which errors may be in proportion to it


class Search:
    """All forms of one problem, phase by phase, and the best so far. work: its budget, counted so that answers are repeatable."""

    def __init__(self, data: Data, work: Work) -> None:
        self.data, self.work = data, work
        self.found: dict[int, Scored] = {}
        self.weights: list[Weight] = [absolute]
        if abs(data.y).max() > _SPREAD * float(sorted(abs(data.y))[len(data.y) // 2]):
            self.weights.append(relative)

    @property
    def solved(self) -> bool:
        """Whether a form agrees with the rows to their digits."""
        return any(scored.is_exact for scored in self.found.values())

    def run(self) -> Iterator[bool]:
        """One step a phase, True at the last; stops when a form is exact."""
        for phase in self._phases():
            for form in phase:
                self._take(form)
                if self.work.exhausted():
                    break
            ended = self.solved or self.work.exhausted()
            yield ended
            if ended:
                return
        yield True

    def _phases(self) -> Iterator[Iterator[Form]]:
        plain = plain_groups(self.data)
        wider = [*plain, *directed_groups(self.data, plain)]
        yield self._products(wider, scanned=False)
        if self.data.has_units or len(self.data.names) > _FEW:  # else the terms below are few enough
            yield self._sums(angle_groups(self.data), TURNS, any_unit=False)
        made = groups_with_constants(self.data)
        if made:
            yield self._products([*wider, *made], scanned=False)
        yield self._sums(plain, TERMS, any_unit=False)
        if self.data.has_units:
            yield self._sums([*plain, *made], TERMS, any_unit=True)
        yield self._products([*plain, *made, *scaled_groups(self.data)], scanned=True)

    def best(self, limit: int) -> list[Scored]:
        """The forms of smallest description length, one of each family."""
        families: dict[str, Scored] = {}
        for scored in sorted(self.found.values(), key=lambda scored: scored.length)[: 3 * limit]:
            families.setdefault(canonicalise(Formula(scored.form.root)).key, scored)
        found = list(families.values())[:limit]
        return [s for s in found if s.is_exact and s.length < found[0].length + _TIE] if found and found[0].is_exact else found

    def _products(self, groups: Sequence[Group], scanned: bool) -> Iterator[Form]:
        candidates = factors(groups, scanned)
        for weight in self.weights:
            search = Products(self.data, weight, self.work)
            if search.enough:
                yield from search.forms(candidates)

    def _sums(self, groups: Sequence[Group], shapes: Sequence[Shape], any_unit: bool) -> Iterator[Form]:
        """Few terms before many, in every view of the target."""
        offered = functions(groups, len(self.data.y), shapes)
        searches = [Sums(self.data, view, weight, offered, any_unit, self.work) for view in views(self.data) for weight in self.weights]
        for size in (1, 2, 3, 4):
            for search in searches:
                yield from search.forms(size)
            if self.solved:
                return

    def _take(self, form: Form) -> None:
        if form.root.order not in self.found:
            self.found[form.root.order] = polish(form, self.data)
            self.work.charge(_POLISH, _POLISH * len(self.data.y))


class Dimensional:
    """Proposes laws whose units agree, or agree once a constant of nature or a coefficient with a unit is added.

    seconds: of one core. Without units every product of powers counts as allowed.
    """

    name = "dimensional"

    def __init__(self, seconds: float = 5.0) -> None:
        self.seconds = seconds

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        """The best forms of each phase as it ends, of smallest description length first."""
        del context, history
        data, turned = Data.of(problem).upright()
        search = Search(data, Work(self.seconds))
        told: set[int] = set()
        with threadpool_limits(1):  # two numeric threads on a busy machine are slower than one
            for ended in search.run():
                for scored in search.best(_TOLD if ended else _MEANWHILE):
                    if scored.form.root.order not in told and math.isfinite(scored.length):
                        told.add(scored.form.root.order)
                        for form in (scored.form, *(variants(scored.form, problem) if scored.is_exact else ())):
                            yield _proposal(form, turned)


def _proposal(form: Form, turned: Mapping[Node, Node]) -> Proposal:
    """turned: what stands for columns that were turned around."""
    known = {name: value for name, value in form.known.items() if name in form.root.parameters}
    meanings = {symbol: constant_meaning(full) for symbol, full in full_names(known).items()}
    why = Sentence.of("why.dimensional")
    root = Formula(tree.substitute(form.root, turned))
    return Proposal(root, Dimensional.name, why, known=known, meanings=meanings, starts=form.starts)
