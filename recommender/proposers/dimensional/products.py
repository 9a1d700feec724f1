"""Laws that are one product: powers of the columns times powers of a few functions of groups.

The logarithm of such a law is linear in the exponents, so one projection on the logarithms of the columns leaves what the
functions must explain; single functions and pairs are then scanned in closed form. Rows weigh by the target (delta method), so
that noise of one size in the target stays of one size in its logarithm. An exponential needs no scan: its argument is a column.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import least_squares

from corpus import tree
from corpus.formula import Formula
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.work import Work
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.exponents import exponent_cost, monomial
from recommender.proposers.dimensional.forms import Form, Names, Weight
from recommender.proposers.dimensional.groups import Group
from recommender.proposers.dimensional.shapes import FACTORS, ONE_PLUS, Shape, factor_of, number

_SINGLES, _PAIRS = 20, 60
_IN_PAIRS = 1500
_GRID = 14
_FREE_THETA = 3.0  # nats of a factor before an argument that nothing fixes
_FACTOR = 2.0  # nats of a function at all
_UNIT = 3.0  # nats of a coefficient with a unit
_POWERS = np.array([-4, -3, -2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2, 3, 4])
_NEAR = 0.3
_DENOMINATORS = (1, 2, 3, 4)
_LIMIT = 12
_EXACT = 1e-22
_CALLS, _PASSES, _REFINING = 20, 80, 1000  # of NumPy: a column, a pair of columns, a search for free factors


@dataclass(frozen=True)
class Factor:
    """shape(theta*u), to some power; without a shape exp(theta*u), theta its power. text: theta as an exact number, "" if free."""

    group: Group
    shape: Shape | None
    theta: float
    text: str
    cost: float

    @np.errstate(all="ignore")  # what is not finite is left out later
    def log(self, theta: float) -> Array:
        """log|shape(theta*u)|, shape (n,); u itself for an exponential."""
        if self.shape is None:
            return self.group.values
        return np.asarray(np.log(np.abs(self.shape.values(theta * self.group.values))))


def factors(groups: Sequence[Group], scanned: bool) -> list[Factor]:
    """What products are made of, plainest first. scanned: arguments with a free factor, on a grid."""
    found: list[Factor] = []
    for group in groups:
        if not group.is_product:
            found.append(Factor(group, None, 1.0, "", group.cost + _FACTOR + 1.0 + _FREE_THETA * group.free))
        for shape in [ONE_PLUS] if group.is_product else FACTORS:
            if not group.free:
                found += list(_fixed(group, shape))
            if scanned:
                found += list(_scanned(group, shape))
    return sorted(found, key=lambda f: f.cost)


def _fixed(group: Group, shape: Shape) -> Iterator[Factor]:
    largest = float(np.max(np.abs(group.values)))
    for i, text in enumerate(shape.thetas):
        theta = factor_of(text)
        if abs(theta) * largest < shape.largest:
            yield Factor(group, shape, theta, text, group.cost + shape.cost + _FACTOR + 0.3 * i)


def _scanned(group: Group, shape: Shape) -> Iterator[Factor]:
    size = np.abs(group.values)
    low, high = 0.05 / size.max(), 20 / max(float(np.quantile(size, 0.2)), 1e-9 * size.max())
    signs = (1, -1) if shape.build(tree.var("u")).op in ("add", "log") else (1,)
    for theta, sign in itertools.product(np.geomspace(low, high, _GRID), signs):
        if theta * size.max() < min(shape.largest, 60):
            yield Factor(group, shape, sign * float(theta), "", group.cost + shape.cost + _FACTOR + _FREE_THETA)


class Products:
    """Searches one set of rows with one weighting."""

    def __init__(self, data: Data, weight: Weight, work: Work) -> None:
        self.data, self.work = data, work
        logs = np.log(np.maximum(np.abs(data.X), 1e-300))
        self.used = np.mean(data.X == 0, axis=1) < 0.1
        self.rows = (data.y != 0) & np.all(data.X[self.used] != 0, axis=0)
        self.y = data.y[self.rows]
        self.weight = weight(data.y)[self.rows] * np.abs(self.y)
        self.base = np.vstack([np.ones(len(self.y)), logs[np.ix_(self.used, self.rows)]])
        self.Q = np.linalg.qr((self.base * self.weight).T)[0]
        self.left: Array = self._project((np.log(np.abs(self.y)) * self.weight)[None])[0]
        self.total = float(self.left @ self.left)

    @property
    def enough(self) -> bool:
        """Whether there are rows to tell exponents from."""
        return len(self.y) > len(self.base) + 3

    def _project(self, columns: Array) -> Array:
        rest = columns - (columns @ self.Q) @ self.Q.T
        return np.asarray(rest - (rest @ self.Q) @ self.Q.T)

    def forms(self, candidates: Sequence[Factor]) -> Iterator[Form]:
        """The power law, then the best products with one function, then with two, the most promising first."""
        yield from self._settled(())
        columns, kept = self._columns(candidates)
        for chosen in self._singles(columns, kept):
            yield from self._settled(chosen)
        for both in self._pairs(columns[:_IN_PAIRS], kept[:_IN_PAIRS]):
            yield from self._settled(both)

    @np.errstate(all="ignore")
    def _columns(self, candidates: Sequence[Factor]) -> tuple[Array, list[Factor]]:
        """Unit columns of what each factor adds to the powers of the columns, shape (m, n)."""
        self.work.charge(_CALLS * len(candidates), _CALLS * len(candidates) * len(self.y))
        logs = [factor.log(factor.theta)[self.rows] for factor in candidates]
        raw = np.array(logs).reshape(-1, len(self.y)) * self.weight
        fine = np.flatnonzero(np.isfinite(raw).all(axis=1))
        left = self._project(raw[fine])
        size, before = np.linalg.norm(left, axis=1), np.linalg.norm(raw[fine], axis=1)
        new = np.flatnonzero(size > 1e-7 * before)
        unit = left[new] / size[new, None]
        marks = np.round(unit * np.sign(unit[:, :1]), 7)[:, :: max(len(self.y) // 9, 1)]
        _, first = np.unique(marks, axis=0, return_index=True)  # 1 + 1/u is 1 + u to the powers of the columns
        first.sort()
        return unit[first], [candidates[i] for i in fine[new[first]]]

    def _keys(self, left: Array, cost: Array) -> Array:
        return 0.5 * len(self.y) * np.log(np.maximum(left / self.total, _EXACT)) + cost

    def _singles(self, columns: Array, kept: Sequence[Factor]) -> list[tuple[Factor, ...]]:
        cost = np.array([factor.cost for factor in kept])
        keys = self._keys(self.total - (columns @ self.left) ** 2, cost)
        return list(itertools.islice(_distinct((kept[i],) for i in np.argsort(keys, kind="stable")), _SINGLES))

    def _pairs(self, columns: Array, kept: Sequence[Factor]) -> list[tuple[Factor, ...]]:
        self.work.charge(50, _PASSES * len(kept) ** 2)
        b, G = columns @ self.left, columns @ columns.T
        gap = 1 - G**2
        apart = gap > 1e-8
        gain = np.where(apart, (b[:, None] ** 2 + b**2 - 2 * G * np.outer(b, b)) / np.where(apart, gap, 1.0), 0.0)
        cost = np.array([factor.cost for factor in kept])
        keys = self._keys(self.total - gain, cost[:, None] + cost)
        first, second = np.triu_indices(len(kept), 1)
        flat = keys[first, second]
        best = np.argpartition(flat, min(40 * _PAIRS, len(flat) - 1))[: 40 * _PAIRS] if len(flat) > 1 else np.arange(len(flat))
        best = best[np.argsort(flat[best], kind="stable")]
        return list(itertools.islice(_distinct((kept[first[k]], kept[second[k]]) for k in best), _PAIRS))

    # --- one choice of factors ------------------------------------------------------------------------------------------

    def _settled(self, chosen: tuple[Factor, ...]) -> Iterator[Form]:
        """The form of a choice, its exponents snapped to plain numbers."""
        thetas = self._refined(chosen)
        design = np.vstack([self.base, *(f.log(t)[self.rows] for f, t in zip(chosen, thetas, strict=True))]) * self.weight
        if not np.isfinite(design).all():
            return
        goal = np.log(np.abs(self.y)) * self.weight
        found, *_ = np.linalg.lstsq(design.T, goal, rcond=None)
        rest = goal - found @ design
        error = np.sqrt(np.abs(np.diag(np.linalg.pinv(design @ design.T))) * (rest @ rest) / max(len(goal) - len(found), 1))
        count = len(self.base)
        exponents = np.zeros(len(self.data.names))
        exponents[self.used] = found[1:count]
        doubt = np.zeros(len(exponents))
        doubt[self.used] = error[1:count]
        powers = [self._power(f, p, e) for f, p, e in zip(chosen, found[count:], error[count:], strict=True)]
        exponents = _snapped(exponents, doubt)
        if all(power is not None for power in powers) and self._has_units_to_be(exponents):
            yield self._form(chosen, thetas, [p for p in powers if p is not None], exponents)

    def _has_units_to_be(self, exponents: Array) -> bool:
        """Whether every column with a unit has a plain exponent: a free one has no unit that could be named."""
        free = [not _is_plain(e) for e in exponents]
        return not (self.data.has_units and self.data.dimensions[:, free].any())

    def _refined(self, chosen: tuple[Factor, ...]) -> list[float]:
        """Free factors of the arguments, adjusted with all exponents left free."""
        free = [i for i, f in enumerate(chosen) if f.shape is not None and not f.text]
        thetas = [f.theta for f in chosen]
        if not free:
            return thetas

        def rest(logs: Array) -> Array:
            trial = list(thetas)
            for i, log in zip(free, logs, strict=True):
                trial[i] = thetas[i] * math.exp(float(log))
            left = self._project(np.array([f.log(t)[self.rows] for f, t in zip(chosen, trial, strict=True)]) * self.weight)
            if not np.isfinite(left).all():
                return self.left
            basis = np.linalg.qr(left.T)[0]
            return np.asarray(self.left - basis @ (basis.T @ self.left))

        self.work.charge(_REFINING, _REFINING * len(self.y))
        found = least_squares(rest, np.zeros(len(free)), bounds=(-1.5, 1.5), max_nfev=12, xtol=1e-10, ftol=1e-12)
        for i, log in zip(free, found.x, strict=True):
            thetas[i] *= math.exp(float(log))
        return thetas

    def _power(self, factor: Factor, power: float, error: float) -> float | None:
        """The power of a function: plain, or none at all; of an exponential, whatever it is."""
        if factor.shape is None:
            return power if math.isfinite(power) and power else None
        near = float(_POWERS[np.argmin(np.abs(_POWERS - power))])
        return near if abs(near - power) < max(_NEAR * abs(near), 2 * error) and error < 1 else None

    def _form(self, chosen: tuple[Factor, ...], thetas: Sequence[float], powers: Sequence[float], exponents: Array) -> Form:
        names = Names()
        lead = names.new(1.0)
        parts, cost, known = [lead], 0.0, dict[str, float]()
        snapped = np.array([_is_plain(e) for e in exponents])
        parts.append(monomial(self.data, np.where(snapped, exponents, 0.0)))
        for name, e in zip(np.array(self.data.names)[~snapped], exponents[~snapped], strict=True):
            parts.append(tree.power(tree.var(str(name)), names.new(e)))
            cost += _UNIT
        for factor, theta, power in zip(chosen, thetas, powers, strict=True):
            parts.append(_built(factor, theta, power, names))
            cost += factor.cost + 0.3 * abs(abs(power) - 1)
            known |= factor.group.known
        cost += float(exponent_cost(np.where(snapped, exponents, 0.0)))
        cost += _UNIT * float(np.any(np.abs(self.data.dimension_of(exponents[None])[0] - self.data.target) > 1e-6))
        root = tree.mul(*parts)
        return Form(root, names.starts | {"c0": self._lead(root, names.starts, known)}, cost, known)

    def _lead(self, root: Node, starts: dict[str, float], known: dict[str, float]) -> float:
        """The factor before the product that fits best."""
        values = Formula(root).evaluate(self.data.columns, starts | known)[self.rows]
        weight = self.weight / np.abs(self.y)
        values, goal = values * weight, self.y * weight
        fine = np.isfinite(values)
        return float(values[fine] @ goal[fine] / max(values[fine] @ values[fine], 1e-300)) or 1.0


def _built(factor: Factor, theta: float, power: float, names: Names) -> Node:
    if factor.shape is None:
        return tree.call("exp", tree.mul(names.new(power), factor.group.node))
    before = number(factor.text) if factor.text else names.new(theta)
    built = factor.shape.build(tree.mul(before, factor.group.node))
    return tree.power(built, tree.const(Fraction(power)))


def _snapped(exponents: Array, error: Array) -> Array:
    """Exponents moved to the plainest fraction within three standard errors."""
    found = exponents.copy()
    for i, (e, doubt) in enumerate(zip(exponents, error, strict=True)):
        for denominator in _DENOMINATORS:
            near = round(e * denominator) / denominator
            if abs(near - e) < min(max(3 * doubt, 1e-3), 0.25 / denominator) and abs(near) <= _LIMIT:
                found[i] = near
                break
    return found


def _is_plain(exponent: float) -> bool:
    return any(abs(exponent * d - round(exponent * d)) < 1e-12 for d in _DENOMINATORS)


def _distinct(choices: Iterator[tuple[Factor, ...]]) -> Iterator[tuple[Factor, ...]]:
    """One choice for each set of functions and arguments; exact factors and free ones count as different."""
    seen = set()
    for chosen in choices:
        key = frozenset((f.shape.name if f.shape else "", f.group.node.order, f.text) for f in chosen)
        if key not in seen:
            seen.add(key)
            yield chosen
