"""Splits a problem by the structure its surrogate shows, solves the parts, and joins their forms."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from corpus import tree
from corpus.formula import Formula
from corpus.language import Sentence
from corpus.tree import Node
from recommender.context import Context
from recommender.fitting.work import Work
from recommender.problem import Problem
from recommender.proposers._base import Proposal
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.forms import Form, Scored, polish
from recommender.proposers.dimensional.proposer import Search
from recommender.proposers.separable.products import products
from recommender.proposers.separable.structure import Merger, Split, mergers, splits
from recommender.proposers.separable.surrogate import Surrogate

_ROWS = 200
_PRODUCT_ROWS = 1500
_WORST = 0.3  # error of a surrogate from which nothing can be learned
_TRIED, _DEPTH, _FORMS, _TOLD = 4, 2, 4, 8
_MERGED = 2.0  # nats of a merger or a split
_MIN_ROWS = 12
_SURROGATE = 10_000  # NumPy calls


class Divider:
    """Solves sub-problems within a budget of work."""

    def __init__(self, work: Work, seed: int) -> None:
        self.work, self.seed = work, seed

    def solve(self, data: Data, depth: int, share: float) -> list[Scored]:
        """The best forms of a problem, by its parts where it has some. share: of the work left that a search of the whole may take."""
        inner = Work(share * max(self.work.budget - self.work.spent, 0.0))
        found = _searched(data, inner)
        self.work.spent += inner.spent
        if depth and len(data.names) > 1 and not any(scored.is_exact for scored in found):
            found += [scored for group in self.divided(data, depth) for scored in group]
        return sorted(found, key=lambda scored: scored.length)[:_FORMS]

    def divided(self, data: Data, depth: int) -> Iterator[list[Scored]]:
        """The forms of each way to divide a problem, the clearest way first."""
        self.work.charge(_SURROGATE, _SURROGATE * len(data.y) ** 2)
        surrogate = Surrogate(data)
        if not surrogate.error < _WORST:
            return
        ways: list[Merger | Split] = [*mergers(data, surrogate)[:_TRIED], *splits(data, surrogate, self.seed)[:_TRIED]]
        for way in sorted(ways, key=lambda way: way.doubt):
            if self.work.exhausted():
                return
            forms = self._merged(data, way, depth) if isinstance(way, Merger) else self._split(data, surrogate, way, depth)
            yield sorted((polish(form, data) for form in forms), key=lambda scored: scored.length)[:_FORMS]

    def _merged(self, data: Data, merger: Merger, depth: int) -> Iterator[Form]:
        """Forms in one quantity in place of two columns."""
        keep = [i for i in range(len(data.names)) if i not in (merger.first, merger.second)]
        name = f"z{depth}"
        smaller = _without_units(replace(data, names=(name, *(data.names[i] for i in keep)), X=np.vstack([merger.values, data.X[keep]])))
        for scored in self.solve(smaller, depth - 1, 0.5):
            yield _with_root(scored.form, tree.substitute(scored.form.root, {tree.var(name): merger.node}))

    def _split(self, data: Data, surrogate: Surrogate, split: Split, depth: int) -> Iterator[Form]:
        """Forms of both parts, joined; each part is read off the surrogate with the other part held at its middle."""
        other = tuple(i for i in range(len(data.names)) if i not in split.part)
        middle = np.median(data.X, axis=1, keepdims=True)
        parts = []
        for columns in (split.part, other):
            X = np.repeat(middle, len(data.y), axis=1)
            X[list(columns)] = data.X[list(columns)]
            y = surrogate.values(X)
            if np.ptp(y) == 0:
                return
            smaller = replace(
                data, names=tuple(data.names[i] for i in columns), X=data.X[list(columns)], y=y, floor=max(data.floor, surrogate.error)
            )
            parts.append(self.solve(_without_units(smaller), depth - 1, 0.35))
        for one, two in itertools.product(*parts):
            yield _levelled(_joined(one.form, two.form, split.product), data, split.product)


def _searched(data: Data, work: Work) -> list[Scored]:
    search = Search(data, work)
    for _ in search.run():
        pass
    return search.best(_FORMS)


def _without_units(data: Data) -> Data:
    k = len(data.names)
    return replace(data, dimensions=np.zeros((len(data.target), k)), target=np.zeros(len(data.target)), has_units=False)


def _with_root(form: Form, root: Node) -> Form:
    return Form(root, form.starts, form.cost + _MERGED, form.known)


def _joined(one: Form, two: Form, product: bool) -> Form:
    """The sum or product of two forms, with one constant in place of the two they hold."""
    two = two.renamed({name: f"{name}_" for name in two.starts})
    starts = {**one.starts, **two.starts}
    op, join = ("mul", tree.mul) if product else ("add", tree.add)
    parts = [part for root in (one.root, two.root) for part in (root.args if root.op == op else (root,))]
    moving = [part for part in parts if part.variables]
    root = join(tree.param("c"), *moving) if product else join(*moving, tree.param("c"))
    kept = {name: value for name, value in starts.items() if name in root.parameters}
    return Form(root, {**kept, "c": 1.0}, one.cost + two.cost + _MERGED, {**one.known, **two.known})


def _levelled(form: Form, data: Data, product: bool) -> Form:
    """The form with a start for its constant."""
    values = Formula(form.root).evaluate(data.columns, {**form.known, **form.starts})
    level = float(np.median(data.y / values)) if product else float(np.median(data.y - values)) + form.starts["c"]
    return replace(form, starts={**form.starts, "c": level if math.isfinite(level) and level else 1.0})


class Separable:
    """Proposes forms joined from parts with fewer inputs each. seconds: of one core."""

    name = "separable"

    def __init__(self, seconds: float = 5.0) -> None:
        self.seconds = seconds

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        """The best forms of each way to divide the problem, as they come; nothing for one input or few rows."""
        del context, history
        data = Data.of(problem, _ROWS)
        if len(data.names) < 2 or len(data.y) < _MIN_ROWS:
            return
        divider = Divider(Work(self.seconds), problem.seed)
        yield from told_once((group[:_TOLD] for group in _groups(problem, data, divider)), self.name, Sentence.of("why.separable"))


def _groups(problem: Problem, data: Data, divider: Divider) -> Iterator[list[Scored]]:
    """Products of curves of one input each, then, unless one of them is exact, the forms of every way to divide the problem."""
    found = products(Data.of(problem, _PRODUCT_ROWS), divider.work)
    yield found
    if not any(scored.is_exact for scored in found):
        yield from divider.divided(data, _DEPTH)


def told_once(groups: Iterable[Sequence[Scored]], proposer: str, why: Sentence) -> Iterator[Proposal]:
    """The forms of all groups as they come, tidied, each tree once."""
    told: set[int] = set()
    with threadpool_limits(1):  # two numeric threads on a busy machine are slower than one
        for group in groups:
            for form in (tidy(scored.form) for scored in group if math.isfinite(scored.length)):
                if form.root.order not in told:
                    told.add(form.root.order)
                    yield Proposal(Formula(form.root), proposer, why, known=form.known, starts=form.starts)


def tidy(form: Form) -> Form:
    """Coefficients named c0, c1, ... in order of appearance; those that only multiply each other joined."""
    names = {name: f"c{i}" for i, name in enumerate(Formula(form.root).parameters) if name in form.starts}
    starts = {names[name]: value for name, value in form.starts.items() if name in names}
    return Form(Formula(form.root).rename(names).root, starts, form.cost, form.known)
