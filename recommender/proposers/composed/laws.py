"""Retrieved formulas as terms: a whole law as one term, and the summands it is made of.

A law that is linear in some coefficients and not in others is a term of several columns that share inner parameters (see
`recommender.fitting.structure.separate`). Such terms cost little to write: naming the r-th entry found costs log(1 + r) nats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from corpus import tree
from corpus.errors import RecommenderError
from corpus.formula import Formula
from corpus.functions import Array
from corpus.implicit import is_numerical
from corpus.tree import Node
from recommender.context import Context
from recommender.fitting import fit
from recommender.fitting.compile import compile_tree
from recommender.fitting.structure import Separated, separate
from recommender.fitting.work import Work
from recommender.problem import Problem
from recommender.proposers._base import Proposal
from recommender.proposers.composed.cutting import factors
from recommender.proposers.composed.factors import Factor, Quoted, Term
from recommender.proposers.composed.shapes import Axis
from recommender.proposers.composed.transforms import Seed
from recommender.proposers.retrieved import RetrievedForms
from recommender.samples import Samples

_MOST_LAWS = 40
_MOST_COLUMNS = 4
_MOST_INNER = 4
_FIT_BUDGET = 0.02
_FIT_ROWS = 200
_SPREAD = np.geomspace(0.2, 5.0, 7)
_DRAWS = 12
_MODULATED = 10
_SLIGHT = 0.2


@dataclass(frozen=True)
class Law:
    """whole: the law as a term with fitted starts; parts: its summands as terms of their own; left: share of the variance it leaves."""

    whole: Seed
    parts: tuple[Term, ...]
    left: float
    source: Proposal


def laws_of(problem: Problem, context: Context, work: Work) -> Iterator[Law]:
    """Every retrieved formula that has a value on these rows, in the order found."""
    samples = problem.samples
    rng = np.random.default_rng(problem.seed)
    some = samples if len(samples) <= _FIT_ROWS else samples.take(np.sort(rng.choice(len(samples), _FIT_ROWS, replace=False)))
    seen = set[Node]()
    for place, proposal in enumerate(RetrievedForms().propose(problem, context, ())):
        if len(seen) >= _MOST_LAWS:
            return
        root = compile_tree(proposal.formula.bind(proposal.known).root).root
        if root in seen or not root.variables or is_numerical(root):  # found by iteration, it is too dear for thousands of sums
            continue
        seen.add(root)
        law = _law(proposal, root, some, math.log(2 + place), rng)
        work.spent += _FIT_BUDGET
        if law is not None:
            yield law


def _law(proposal: Proposal, root: Node, samples: Samples, cost: float, rng: np.random.Generator) -> Law | None:
    columns = _columns(separate(root, sorted(root.parameters)))
    inner = tuple(sorted(set[str]().union(*(column.parameters for column in columns))))
    if not columns or len(columns) > _MOST_COLUMNS or len(inner) > _MOST_INNER:
        return None
    start, left = _fitted(root, inner, samples)
    if start is None:
        return None
    quoted = Quoted(proposal.source, proposal.why, {name: proposal.meanings[name] for name in inner if name in proposal.meanings})
    whole = Factor(columns, inner, start[None, :], cost, quoted)
    parts = tuple(_part(column, inner, start, cost, quoted, rng) for column in columns if column.variables)
    return Law((Term((whole,)), start), parts if len(parts) > 1 or inner else (), left, proposal)


def _columns(form: Separated) -> tuple[Node, ...]:
    """What the law is linear in; an offset, too, gets a coefficient of its own, and factors without an input are left to it."""
    whole = form.basis if form.offset is None else (*form.basis, form.offset)
    return tuple(dict.fromkeys(tree.mul(*(factor for factor in factors(column) if factor.variables)) for column in whole))


def _fitted(root: Node, inner: Sequence[str], samples: Samples) -> tuple[Array | None, float]:
    """Values of inner parameters that fit the law alone, and the share of the variance it leaves; None if there are none."""
    try:
        found = fit(Formula(root), samples, budget=_FIT_BUDGET)
    except RecommenderError:
        return None, math.inf
    start = np.array([found.parameters.get(name, math.nan) for name in inner])
    total = float(np.sum((samples.target - samples.target.mean()) ** 2)) or 1.0
    usable = bool(np.all(np.isfinite(start))) and math.isfinite(found.rss)
    return (start, found.rss / total) if usable else (None, math.inf)


def _part(column: Node, inner: Sequence[str], start: Array, cost: float, quoted: Quoted, rng: np.random.Generator) -> Term:
    """One summand with a grid about the values that fit the whole law."""
    names = tuple(name for name in inner if name in column.parameters)
    centre = np.array([start[inner.index(name)] for name in names])
    return Term((Factor((column,), names, _grid(centre, rng), cost + 1.0, quoted if names else None),))


def _grid(centre: Array, rng: np.random.Generator) -> Array:
    if len(centre) == 1:
        return np.asarray(centre[None, :] * _SPREAD[:, None])
    drawn = np.exp(rng.normal(0.0, 0.8, (_DRAWS if len(centre) else 0, len(centre))))
    return np.vstack([centre[None, :], centre * drawn])


def whole_laws(laws: Sequence[Law], axes: Sequence[Axis]) -> list[Seed]:
    """The laws as they are, and the best of them times (a + b f) for the plainest f of each input."""
    found = [law.whole for law in laws]
    for law in sorted(laws, key=lambda law: law.left)[:_MODULATED]:
        term, start = law.whole
        if term.width <= 2:
            found += [_times(term, start, factor) for axis in axes for factor in _modulations(axis)]
            found += [_times(term, start, factor) for axis in axes for factor in _distortions(axis)]
    return found


def _modulations(axis: Axis) -> Iterator[Factor]:
    """(1, f): a correction factor of unknown size."""
    exponents = (1, 2, 0.5, -1) if axis.positive else (1, 2)
    for exponent in exponents:
        yield Factor((tree.const(1), *axis.power(exponent).columns))


def _distortions(axis: Axis) -> Iterator[Factor]:
    """Factors that begin near 1: a decay, another exponent."""
    yield axis.factor("exp(k0*z)", grid=np.array([-_SLIGHT / axis.span]))
    if axis.positive:
        yield axis.factor("z**k0", grid=np.array([-_SLIGHT]))


def _times(term: Term, start: Array, factor: Factor) -> Seed:
    """The law keeps its inner parameters, the other factor begins at the first point of its grid."""
    product = Term.of(*term.factors, factor)
    return product, np.concatenate([factor.grid[0] if one is factor else start for one in product.factors])
