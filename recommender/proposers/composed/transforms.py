"""Products and quotients, found as sums for a transformed target.

log y = log c + sum of k_i f_i       ->  y = c * product of powers and exponentials
u / y = sum of c_i m_i               ->  y = u / (m_0 + k_1 m_1 + ...), rational laws with the monomial u above the line
y**2, sqrt(y), 1/y**2 = sum c_i m_i  ->  y = (m_0 + k_1 m_1 + ...)**(1/2), **2, **(-1/2)

Rows are weighted by what the transformation does to their errors (delta method), so that the sums are nearly those of least squares in
y. What is found is one term with inner parameters; refinement for y itself follows elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np

from corpus import tree
from corpus.functions import Array
from corpus.tree import Node
from recommender.proposers.composed.factors import Factor, Rows, Term
from recommender.proposers.composed.gram import best_subsets
from recommender.proposers.composed.refine import linear_fit
from recommender.proposers.composed.shapes import Axis

Seed = tuple[Term, Array]
_SIZES = (2, 3, 4)
_KEPT = 4
_MOST_MONOMIALS = 40
_MOST_NUMERATORS = 12
_EXPONENTIALS = ("exp(k0*z)", "exp(k0/z)", "exp(k0*z**2)")
_POWERS = (Fraction(2), Fraction(1, 2), Fraction(-2))


@dataclass(frozen=True)
class _Fit:
    """A good sum: places of its columns, their coefficients, share of the weighted target left."""

    members: tuple[int, ...]
    coefficients: Array
    left: float


def seeds(axes: Sequence[Axis], rows: Rows, target: Array) -> Iterator[Seed]:
    """Terms with starting values for their inner parameters. target: shape (n,), not weighted."""
    with np.errstate(all="ignore"):
        if np.all(target > 0) or np.all(target < 0):
            yield from _products(axes, rows, np.abs(target))
        yield from _quotients(axes, rows, target)
        if np.all(target > 0):
            for power in _POWERS:
                yield from _roots(axes, rows, target, power)


def _weight(rows: Rows) -> Array:
    return np.ones(rows.count) if rows.weights is None else rows.weights


def _products(axes: Sequence[Axis], rows: Rows, size: Array) -> Iterator[Seed]:
    """Products of powers and exponentials; the constant is always among them."""
    made = [axis.factor("z**k0", grid=np.ones(1)) for axis in axes if axis.positive]
    made += [axis.factor(text, grid=np.ones(1)) for axis in axes for text in _EXPONENTIALS if axis.positive or text != "exp(k0/z)"]
    exponents = [_exponent(factor, rows) for factor in made]
    even = _weight(rows)
    fits: list[_Fit] = []
    for weight in (even * size, even):  # equal errors of y; errors in proportion to y
        columns = np.stack([weight, *(weight * exponent for exponent in exponents)])
        fits += _sums(columns, weight * np.log(size), always=True)
    for fit in fits:
        chosen = sorted(
            ((made[i - 1], value) for i, value in zip(fit.members, fit.coefficients, strict=True) if i), key=lambda c: c[0].order
        )
        yield Term(tuple(factor for factor, _ in chosen)), np.array([value for _, value in chosen])


def _exponent(factor: Factor, rows: Rows) -> Array:
    """The logarithm of a factor at k0 = 1, without computing the factor."""
    node = factor.columns[0]
    inner = tree.call("log", node.args[0]) if node.op == "pow" else tree.substitute(node.args[0], {tree.param("k0"): tree.const(1)})
    return np.asarray(rows.term(Term((Factor((inner,)),)), np.zeros(0))[0] / _weight(rows))


def _quotients(axes: Sequence[Axis], rows: Rows, target: Array) -> Iterator[Seed]:
    monomials = _monomials(axes, 3)
    values = _values(monomials, rows)
    above = [i for i, node in enumerate(monomials) if _degree(node) <= 2][:_MOST_NUMERATORS]
    found: list[tuple[float, int, _Fit]] = []
    for i in above:
        share = target / values[i]
        weight = _weight(rows) * target * share
        columns = weight * values
        found += [(fit.left, i, fit) for fit in _sums(columns, weight / share) if np.all(np.isfinite(weight / share))]
    for _, i, fit in sorted(found, key=lambda one: one[0])[: 3 * _KEPT]:
        yield _folded(monomials[i], [monomials[j] for j in fit.members], fit.coefficients, Fraction(-1))


def _roots(axes: Sequence[Axis], rows: Rows, target: Array, power: Fraction) -> Iterator[Seed]:
    monomials = _monomials(axes, 4 if power == 2 else 2)
    values = _values(monomials, rows)
    weight = _weight(rows) * target ** (1 - float(power))
    for fit in _sums(weight * values, weight * target ** float(power)):
        yield _folded(tree.const(1), [monomials[j] for j in fit.members], fit.coefficients, 1 / power)


def _sums(columns: Array, target: Array, *, always: bool = False) -> Iterator[_Fit]:
    """The best sums of two to four columns; always: the first column belongs to every sum."""
    length = np.sqrt(target @ target)
    norms = np.sqrt(np.einsum("ij,ij->i", columns, columns))
    usable = np.flatnonzero(np.isfinite(norms) & (norms > 0))
    if not np.isfinite(length) or len(usable) < 2:
        return
    units = columns[usable] / norms[usable, None]
    for size in _SIZES:
        if len(usable) <= size:
            return
        gains, members = best_subsets(units @ units.T, units @ target / length, size)
        good = [row for row in np.argsort(-gains, kind="stable")[: 8 * _KEPT] if not always or members[row].min() == 0]
        for row in good[:_KEPT]:
            chosen = usable[members[row]]
            fit = linear_fit(columns[chosen], target)
            if fit is not None:
                yield _Fit(tuple(int(i) for i in chosen), fit.coefficients, float(fit.residual @ fit.residual / length**2))


def _folded(above: Node, members: Sequence[Node], coefficients: Array, power: Fraction) -> Seed:
    """above * (m_0 + k0 m_1 + ...)**power, scaled so that the largest monomial's coefficient is 1."""
    first = int(np.argmin([_degree(node) for node in members]))
    others = [i for i in range(len(members)) if i != first]
    inside = tree.add(members[first], *(tree.mul(tree.param(f"k{j}"), members[i]) for j, i in enumerate(others)))
    node = tree.mul(above, tree.power(inside, tree.const(power)))
    names = tuple(f"k{j}" for j in range(len(others)))
    start = coefficients[others] / coefficients[first]
    return Term((Factor((node,), names, start[None, :]),)), start


def _monomials(axes: Sequence[Axis], degree: int) -> list[Node]:
    """Products of whole powers, lowest degree first."""
    found: list[Node] = [tree.const(1)]
    for total in range(1, degree + 1):
        found += [tree.mul(*(tree.var(axis.name) for axis in chosen)) for chosen in combinations_with_replacement(axes, total)]
    return found[:_MOST_MONOMIALS]


def _degree(node: Node) -> float:
    if node.op == "mul":
        return sum(map(_degree, node.args))
    return node.args[1].number if node.op == "pow" else float(node.op == "var")


def _values(nodes: Sequence[Node], rows: Rows) -> Array:
    """Shape (m, n), without the rows' weights."""
    return np.stack([rows.term(Term((Factor((node,)),)), np.zeros(0))[0] for node in nodes]) / _weight(rows)
