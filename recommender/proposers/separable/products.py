"""y = f(a) g(b) ...: one curve for each input, each a product of a few elementary curves with free centres and scales.

The curves are read off the rows first, as splines, by alternating least squares on relative errors (a canonical decomposition of rank
one: Carroll & Chang, Psychometrika 35 (1970); Beylkin & Mohlenkamp, SIAM J. Sci. Comput. 26 (2005)). The logarithm of a product of
elementary curves is a sum, so every pair of them, at every start of a grid, is weighed by one product of matrices; the few best are
refined, joined, and refined together on the rows themselves.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from corpus import tree
from corpus.evaluate import Program
from corpus.formula import Formula, parse
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.work import Work
from recommender.proposers.composed.length import TERM, form_cost
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.forms import Form, Scored, polish

_KNOTS = 40
_ROWS_PER_KNOT = 5
_SWEEPS = 40
_SETTLED = 1e-2
_DEPENDENT = 1e-10
_OUTLYING = 3.0
_ROUNDING = 1e-15
_FEWEST_KNOTS = 6
_SMALLEST = 1e-7  # of the largest value: below it relative errors mean nothing
_APART = 0.1  # median relative error from which it is no product
_POINTS = 120
_RANGE = (0.005, 0.995)  # a spline is loose at its ends
_MARGIN = 3  # points next to a change of sign are left out
_REFINED = 100
_KEPT = 12
_ROUNDS = 2
_FORMS = 4
_ROUGH = 1e-2  # a curve read off the rows is known to about this
_SOLUTION = 100  # NumPy calls
_REFINEMENT = 3_000
_STEPS = 10_000  # passes over the rows
Pair = tuple[int, int]


@dataclass(frozen=True)
class _Curves:
    """Elementary curves of one input at every start; start i is `nodes[of[i]]` at `values[i]`. logs: of their sizes, shape (s, n).
    costs: nats of form and numbers, shape (s,)."""

    nodes: Sequence[Node]
    of: Array
    values: Sequence[Array]
    logs: Array
    costs: Array


@np.errstate(all="ignore")  # overflow at a start is judged by its outcome
def products(data: Data, work: Work) -> list[Scored]:
    """The best products of curves of one input each, best first; none if the rows are not such a product."""
    curves = _read_off(data, work)
    if curves is None:
        return []
    choices = [[scored.form for scored in _forms(name, *curve, work)] for name, curve in zip(data.names, curves, strict=True)]
    if not all(choices):
        return []
    search = _Joint(data, work, [forms[0] for forms in choices])
    for i, forms in [*enumerate(choices)] * _ROUNDS:
        search.exchange(i, forms)
    return sorted(search.found.values(), key=lambda scored: scored.length)[:_FORMS]


class _Joint:
    """Joins a form for each input and refines the product on the rows. found: all that was tried, by the forms joined."""

    def __init__(self, data: Data, work: Work, forms: list[Form]) -> None:
        self.data, self.work, self.forms = data, work, forms
        self.found = dict[tuple[Node, ...], Scored]()
        self._length = self._tried(forms).length

    def exchange(self, place: int, forms: Sequence[Form]) -> None:
        """Keep the form for one input that is best beside those of the others."""
        for form in forms:
            if self.work.exhausted() or any(scored.is_exact for scored in self.found.values()):
                return
            changed = [*self.forms[:place], form, *self.forms[place + 1 :]]
            length = self._tried(changed).length
            if length < self._length:
                self.forms, self._length = changed, length

    def _tried(self, forms: Sequence[Form]) -> Scored:
        key = tuple(form.root for form in forms)
        if key not in self.found:
            self.work.charge(_REFINEMENT, _STEPS * len(self.data.y))
            self.found[key] = polish(_joined(forms, self.data), self.data)
        return self.found[key]


def _read_off(data: Data, work: Work) -> list[tuple[Array, Array]] | None:
    """Points and values of the curve of each input; None if no product of curves comes near the rows."""
    count = min(_KNOTS, len(data.y) // (_ROWS_PER_KNOT * len(data.X)))
    if count < _FEWEST_KNOTS or not np.any(data.y):
        return None
    decomposition = _Decomposition(data, count)
    left = math.inf
    for _ in range(_SWEEPS):
        work.charge(_SOLUTION * len(data.X), len(data.X) * len(data.y) * count**2)
        before, left = left, decomposition.sweep()
        if not before - left > _SETTLED * left:
            break
    return decomposition.curves if left < _APART else None


class _Decomposition:
    """Splines whose product is near the rows. A spline cannot follow a curve near its zeros: rows that are far off count less."""

    def __init__(self, data: Data, count: int) -> None:
        self._y = data.y
        self._bases = [_Basis(x, count) for x in data.X]
        self._curves = [np.ones(len(data.y)) for _ in self._bases]
        self._coefficients = [np.zeros(0) for _ in self._bases]
        self._weight = 1 / np.maximum(np.abs(data.y), _SMALLEST * np.max(np.abs(data.y)))
        self._trust = np.ones(len(data.y))

    def sweep(self) -> float:
        """Improve every spline in turn; the median relative error after it."""
        from scipy.linalg import lstsq

        rows = self._weight * self._trust
        for i, basis in enumerate(self._bases):
            others = np.prod([curve for j, curve in enumerate(self._curves) if j != i], axis=0)
            design = basis.design * (others * rows)[:, None]
            found = lstsq(design, self._y * rows, cond=_DEPENDENT, lapack_driver="gelsy")[0]
            self._coefficients[i] = found / (np.max(np.abs(found)) or 1.0)
            self._curves[i] = basis.design @ self._coefficients[i]
        self._curves[-1] = basis.design @ found  # the size of the whole
        missed = np.abs((self._y - np.prod(self._curves, axis=0)) * self._weight)
        left = float(np.median(missed))
        self._trust = 1 / np.maximum(1.0, missed / max(_OUTLYING * left, _ROUNDING))
        return left

    @property
    def curves(self) -> list[tuple[Array, Array]]:
        return [basis.drawn(coefficients) for basis, coefficients in zip(self._bases, self._coefficients, strict=True)]


class _Basis:
    """Cubic B-splines of one input with knots at its quantiles. design: shape (n, count)."""

    def __init__(self, x: Array, count: int) -> None:
        from scipy.interpolate import BSpline

        self._low, self._high = (float(end) for end in np.quantile(x, _RANGE))
        self._inner = np.unique(np.quantile(x, np.linspace(0, 1, count - 2)))
        self._knots = np.concatenate([[self._inner[0]] * 3, self._inner, [self._inner[-1]] * 3])
        self.design = np.asarray(BSpline.design_matrix(x, self._knots, 3).toarray())

    def drawn(self, coefficients: Array) -> tuple[Array, Array]:
        from scipy.interpolate import BSpline

        points = np.linspace(self._low, self._high, _POINTS)
        return points, np.asarray(BSpline(self._knots, coefficients, 3)(points))


def _forms(name: str, points: Array, values: Array, work: Work) -> list[Scored]:
    """Products of at most two elementary curves that draw one, best first."""
    size = np.abs(values)
    turns = np.flatnonzero(np.diff(np.sign(values)))
    near = np.min(np.abs(np.arange(len(points))[:, None] - turns[None, :] - 0.5), axis=1, initial=np.inf) < _MARGIN
    good = ~near & (size > _SMALLEST * size.max())
    around = np.max(np.lib.stride_tricks.sliding_window_view(np.pad(size, _MARGIN, mode="edge"), 2 * _MARGIN + 1), axis=1)[good]
    if np.sum(good) < _POINTS // 4:
        return []
    points, values = points[good], values[good]
    curves = _curves(name, points)
    data = Data((name,), points[None, :], values, np.zeros((7, 1)), np.zeros(7), False, floor=_ROUGH, sigma=around)
    found = dict[Node, Scored]()
    for pair in _best_pairs(curves, np.log(np.abs(values))):
        work.charge(_REFINEMENT, _STEPS * len(points))
        scored = polish(_product(curves, pair, values, points, name), data)
        known = found.get(scored.form.root)
        if known is None or scored.length < known.length:
            found[scored.form.root] = scored
    return sorted(found.values(), key=lambda scored: scored.length)[:_KEPT]


def _best_pairs(curves: _Curves, target: Array) -> list[Pair]:
    """The pairs of starts whose logarithms sum to the target up to a constant, best first; one of the same two curves."""
    centred = curves.logs - curves.logs.mean(axis=1, keepdims=True)
    goal = target - target.mean()
    gram, right = centred @ centred.T, centred @ goal
    sizes = np.diag(gram) - 2 * right
    left = goal @ goal + sizes[:, None] + sizes[None, :] + 2 * gram
    lengths = 0.5 * len(goal) * np.log(np.maximum(left / len(goal), _ROUGH**2)) + curves.costs[:, None] + curves.costs[None, :]
    upper = np.triu(np.ones(left.shape, dtype=bool), 1)
    order = np.argsort(np.where(upper & np.isfinite(lengths), lengths, np.inf), axis=None, kind="stable")[: 400 * _REFINED]
    found = dict[Pair, Pair]()
    for place in order:
        one, other = divmod(int(place), len(left))
        found.setdefault((int(curves.of[one]), int(curves.of[other])), (one, other))
        if len(found) == _REFINED:
            break
    return list(found.values())


def _product(curves: _Curves, pair: Pair, values: Array, points: Array, name: str) -> Form:
    """Two curves with a coefficient that gives them their size."""
    parts, starts = list[Node](), dict[str, float]()
    for letter, place in zip("pq", pair, strict=True):
        node = Formula(curves.nodes[curves.of[place]])
        names = {own: f"{letter}{i}_{name}" for i, own in enumerate(node.parameters)}
        parts.append(node.rename(names).root)
        starts |= dict(zip(names.values(), map(float, curves.values[place]), strict=True))
    drawn = Formula(tree.mul(*parts)).evaluate({name: points}, starts)
    level = float(drawn @ values / (drawn @ drawn))
    root = tree.mul(tree.param(f"c_{name}"), *parts)
    return Form(root, {**starts, f"c_{name}": level}, TERM + form_cost(root))


def _joined(forms: Sequence[Form], data: Data) -> Form:
    """The product of all, with one coefficient in place of theirs."""
    moving = [factor for form in forms for factor in tree.factors(form.root) if factor.variables]
    root = tree.mul(tree.param("c"), *moving)
    starts = {name: value for form in forms for name, value in form.starts.items() if name in root.parameters}
    drawn = Formula(root).evaluate(data.columns, {**starts, "c": 1.0})
    weight = 1 / np.maximum(data.y**2, (_SMALLEST * float(np.max(np.abs(data.y)))) ** 2)
    level = float((weight * drawn) @ data.y / ((weight * drawn) @ drawn))
    return Form(root, {**starts, "c": level if math.isfinite(level) and level else 1.0}, TERM + form_cost(root))


def _curves(name: str, points: Array) -> _Curves:
    nodes, of, values, logs, costs = list[Node](), list[int](), list[Array](), list[Array](), list[float]()
    for text, grid in _elementary(points):
        node = tree.substitute(parse(text, ["z"], ["k", "m"]).root, {tree.var("z"): tree.var(name)})
        parameters = Formula(node).parameters
        given = {own: grid[:, i : i + 1] for i, own in enumerate(parameters)}
        (drawn,) = Program([node]).bind({name: points}, len(points)).values(given)
        sizes = np.log(np.abs(np.broadcast_to(drawn, (len(grid), len(points)))))
        usable = np.flatnonzero(np.all(np.isfinite(sizes), axis=1))
        nodes.append(node)
        of += [len(nodes) - 1] * len(usable)
        values += [grid[row] for row in usable]
        logs += [sizes[row] for row in usable]
        costs += [form_cost(node) + 0.5 * math.log(len(points)) * len(parameters)] * len(usable)
    return _Curves(nodes, np.array(of), values, np.array(logs), np.array(costs))


def _elementary(points: Array) -> Iterator[tuple[str, Array]]:
    """Curves in z with k and m (the centre), in the order in which they appear in the text, and their starts, shape (g, parameters)."""
    low, high = float(points[0]), float(points[-1])
    span, largest = high - low, max(abs(low), abs(high))
    centres = low + span * np.linspace(-0.055, 1.055, 20)
    strong = np.geomspace(1.5, 60, 7)
    waves = math.pi * np.array([0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6])
    yield "1", np.zeros((2, 0))  # twice: two of them are a constant
    yield "z", np.zeros((1, 0))
    outside = span * np.array([0.2, 0.5, 1, 2, 5])
    both_ways = np.concatenate([-np.geomspace(0.1, 30, 14), np.geomspace(0.1, 30, 14)])
    yield "z - m", np.concatenate([centres, low - outside, high + outside])[:, None]
    yield "exp(k*z)", (both_ways / span)[:, None]
    for text, power in _CENTRED:
        yield text, np.array(list(itertools.product(((waves if "sin" in text else strong) / span) ** power, centres)))
    if low > 0:
        yield "z**k", np.arange(-3, 3.01, 0.25)[:, None]
        yield "1/(1 + k*z)", (np.geomspace(0.03, 300, 16) / largest)[:, None]
        yield "exp(k/z)", (both_ways * low)[:, None]


_CENTRED = (
    ("exp(-k*abs(z - m))", 1),
    ("exp(-k*(z - m)**2)", 2),
    ("tanh(k*(z - m))", 1),
    ("1/(1 + exp(-k*(z - m)))", 1),
    ("1/(1 + k*(z - m)**2)", 2),
    ("1/(1 + k*(z - m)**4)", 4),
    ("sin(k*(z - m))", 1),
    ("sin(k*(z - m))**2", 1),
)  # and the power of the inverse span that k is of
