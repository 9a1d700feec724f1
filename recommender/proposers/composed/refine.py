"""Inner parameters of a sum of terms, by variable projection.

min over k, c of |y - Phi(k) c|: the linear coefficients are eliminated by a QR factorisation, the inner parameters follow by
Levenberg-Marquardt with Kaufman's Jacobian -P D c (Golub & Pereyra, SIAM J. Numer. Anal. 10 (1973); Kaufman, BIT 15 (1975)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from corpus import tree
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.work import Work
from recommender.proposers.composed.factors import Rows, Term
from recommender.proposers.composed.length import cancellation_cost

_DEPENDENT = 1e-11
_RIDGE = 1e-14
_FLAT = 1e-6
_CALLS, _TERM_CALLS, _ELEMENTS = 60, 15, 12
_PLAIN = np.zeros(0)


@dataclass(frozen=True)
class Model:
    """A fitted sum.

    inner: of all terms in order, shape (q,); coefficients: shape (p,); sizes: rms of each coefficient times its column, the
    target's being 1, shape (p,); spans: rms of each whole term, shape (terms,).
    """

    terms: tuple[Term, ...]
    inner: Array
    coefficients: Array
    sizes: Array
    spans: Array
    rss: float

    @cached_property
    def key(self) -> tuple[tuple[int, ...], ...]:
        return tuple(term.order for term in self.terms)

    @property
    def numbers(self) -> int:
        """How many numbers were fitted."""
        return len(self.inner) + len(self.coefficients)

    @cached_property
    def cost(self) -> float:
        """Nats of its form, cancellation included, its numbers not."""
        return sum(term.cost for term in self.terms) + cancellation_cost(self.spans)

    @cached_property
    def parts(self) -> tuple[tuple[Term, Array], ...]:
        """Each term with its inner parameters."""
        return tuple(zip(self.terms, split(self.terms, self.inner), strict=True))

    def nodes(self) -> tuple[Node, ...]:
        """Columns as expressions, inner parameters called k0, k1, ..."""
        first, found = 0, list[Node]()
        for term in self.terms:
            found += term.nodes(first)
            first += term.free
        return tuple(found)

    def formula(self) -> Node:
        """The sum with coefficients c0, c1, ..."""
        return tree.add(*(tree.mul(tree.param(f"c{i}"), node) for i, node in enumerate(self.nodes())))


def split(terms: Sequence[Term], inner: Array) -> list[Array]:
    """The inner parameters of each term."""
    return np.split(inner, np.cumsum([term.free for term in terms])[:-1]) if terms else []


@dataclass(frozen=True)
class Linear:
    """A linear least-squares fit: orthonormal basis of the columns, coefficients, residual, the columns and their norms."""

    basis: Array
    coefficients: Array
    residual: Array
    norms: Array
    columns: Array


def linear_fit(columns: Array, target: Array) -> Linear | None:
    """columns: shape (p, n). None if they are dependent or not finite. One step of refinement keeps exact fits exact."""
    norms = np.sqrt(np.einsum("ij,ij->i", columns, columns))
    if not np.all(np.isfinite(norms)) or not np.all(norms > 0):
        return None
    basis, triangle = np.linalg.qr((columns / norms[:, None]).T)
    if np.abs(np.diag(triangle)).min() < _DEPENDENT:
        return None
    along = basis.T @ target
    residual = target - basis @ along
    again = basis.T @ residual
    return Linear(basis, np.linalg.solve(triangle, along + again) / norms, residual - basis @ again, norms, columns)


class Refiner:
    """Fits sums of terms to one target on some rows. target: shape (n,), of root mean square 1; work: what every fit is charged to."""

    def __init__(self, rows: Rows, target: Array, work: Work) -> None:
        self.rows = rows
        self.target = target
        self.work = work

    def fit(self, terms: Sequence[Term], inner: Sequence[Array], iterations: int, tolerance: float = 1e-6) -> Model | None:
        """The sum of these terms from these inner parameters; None if it has no value there."""
        order = sorted(range(len(terms)), key=lambda i: terms[i].order)
        ordered = tuple(terms[i] for i in order)
        start = np.concatenate([np.asarray(inner[i], float) for i in order]) if order else _PLAIN
        with np.errstate(all="ignore"):
            return _Descent(self, ordered).run(start, iterations, tolerance)

    def span(self, model: Model) -> tuple[Array, Array]:
        """Orthonormal basis of a model's columns and of its slopes by the inner parameters, which may give way to another term, and the
        part of the target outside it; shapes (n, p), (n,)."""
        with np.errstate(all="ignore"):
            state = _Descent(self, model.terms).state(model.inner) if model.terms else None
        if state is None:
            return np.zeros((len(self.target), 0)), self.target
        _, linear, jacobian = state
        lengths = np.sqrt(np.einsum("ij,ij->j", jacobian, jacobian))
        left, sizes, _ = np.linalg.svd(jacobian[:, lengths > 0] / lengths[lengths > 0], full_matrices=False)
        slopes = left[:, sizes > _FLAT]
        return np.hstack([linear.basis, slopes]), linear.residual - slopes @ (slopes.T @ linear.residual)


class _Descent:
    """One Levenberg-Marquardt run; columns of terms without inner parameters are computed once."""

    def __init__(self, refiner: Refiner, terms: tuple[Term, ...]) -> None:
        rows = refiner.rows
        self.rows, self.target, self.work, self.terms = rows, refiner.target, refiner.work, terms
        self.fixed = {i: rows.term(term, _PLAIN) for i, term in enumerate(terms) if not term.free}

    def run(self, inner: Array, iterations: int, tolerance: float) -> Model | None:
        state = self.state(inner)
        if state is None:
            return None
        damping, quiet = 1e-3, 0
        for _ in range(iterations if len(inner) else 0):
            better, damping = self._step(inner, state, damping)
            if better is None:
                break
            gain = 1 - better[1][0] / max(state[0], 1e-300)
            inner, state = better
            quiet = quiet + 1 if gain < tolerance else 0
            if quiet == 2:
                break
        return self._model(inner, state)

    def _model(self, inner: Array, state: tuple[float, Linear, Array]) -> Model:
        rss, linear, _ = state
        sizes = np.abs(linear.coefficients) * linear.norms / np.sqrt(self.rows.count)
        places = np.cumsum([0, *(term.width for term in self.terms)])
        summands = [linear.coefficients[i:j] @ linear.columns[i:j] for i, j in pairwise(places)]
        spans = np.array([np.sqrt(np.mean(summand**2)) for summand in summands])
        return Model(self.terms, inner, linear.coefficients, sizes, spans, rss)

    def state(self, inner: Array) -> tuple[float, Linear, Array] | None:
        """(rss, linear fit, Jacobian of the residual)."""
        columns: list[Array] = []
        slopes: list[tuple[int, Array]] = []
        width = 0
        for i, own in enumerate(split(self.terms, inner)):
            term = self.terms[i]
            values, changes = (self.fixed[i], []) if i in self.fixed else self.rows.term_and_slopes(term, own)
            columns.append(values)
            slopes += [(width, change) for change in changes]
            width += term.width
        self.work.charge(_CALLS + _TERM_CALLS * len(self.terms), _ELEMENTS * width * self.rows.count)
        linear = linear_fit(np.vstack(columns), self.target)
        if linear is None:
            return None
        rss = float(linear.residual @ linear.residual)
        return (rss, linear, _jacobian(linear, slopes)) if np.isfinite(rss) else None

    def _step(
        self, inner: Array, state: tuple[float, Linear, Array], damping: float
    ) -> tuple[tuple[Array, tuple[float, Linear, Array]] | None, float]:
        """The next accepted point, None if there is none, and the damping to go on with."""
        rss, linear, jacobian = state
        lengths = np.sqrt(np.einsum("ij,ij->j", jacobian, jacobian))  # parameters differ by many decades
        scaled = jacobian / np.where(lengths > 0, lengths, 1.0)
        normal, slope = scaled.T @ scaled, scaled.T @ linear.residual
        unit = np.eye(len(inner))
        for _ in range(6):
            try:
                change = -np.linalg.solve(normal + (damping + _RIDGE) * unit, slope) / np.where(lengths > 0, lengths, 1.0)
            except np.linalg.LinAlgError:
                return None, damping
            tried = self.state(inner + change)
            if tried is not None and tried[0] < rss:
                return (inner + change, tried), max(damping * 0.15, 1e-12)
            damping = max(damping * 4, 1e-8)
        return None, damping


def _jacobian(linear: Linear, slopes: Sequence[tuple[int, Array]]) -> Array:
    """Kaufman's approximation: minus the projected slope of the sum, shape (n, q)."""
    if not slopes:
        return np.zeros((len(linear.residual), 0))
    raw = np.stack([-(linear.coefficients[first : first + len(change)] @ change) for first, change in slopes], axis=1)
    raw = np.where(np.isfinite(raw), raw, 0.0)
    return np.asarray(raw - linear.basis @ (linear.basis.T @ raw))
