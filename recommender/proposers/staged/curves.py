"""Curves in one input z with coefficients that may differ from line to line, and their values on many lines at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from corpus import tree
from corpus.evaluate import Bound, Program
from corpus.formula import Formula, parse
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.work import Work
from recommender.proposers.composed.length import form_cost

_STEPS = 12
_DEPENDENT = 1e-9
_WORST_FIT = 1e3
_CALLS = 40


@dataclass(frozen=True)
class Curve:
    """root: of z and its coefficients; a0, a1, ... stand before `columns`, the inner ones in them. starts: of the inner ones, (g, q)."""

    root: Node
    columns: tuple[Node, ...]
    inner: tuple[str, ...]
    starts: Array

    @classmethod
    def of(cls, texts: Sequence[str], starts: Array) -> Curve:
        """The sum of columns written in z, k, m and d."""
        columns = tuple(parse(text, ["z"], ["k", "m", "d"]).root for text in texts)
        root = tree.add(*(tree.mul(tree.param(f"a{i}"), column) for i, column in enumerate(columns)))
        inner = tuple(name for name in ("k", "m", "d") if name in root.parameters)
        return cls(root, columns, inner, starts)

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Names of all coefficients, those before the columns first."""
        return (*(f"a{i}" for i in range(len(self.columns))), *self.inner)

    @property
    def cost(self) -> float:
        """Nats of its form."""
        return form_cost(self.root)


@dataclass(frozen=True)
class Lines:
    """A curve on l lines. values: of its coefficients, shape (l, k); errors: root mean square over that of the line, shape (l,)."""

    curve: Curve
    values: Array
    errors: Array


@np.errstate(all="ignore")  # overflow at a start is judged by its outcome
def on_lines(curve: Curve, z: Array, y: Array, work: Work) -> Lines | None:
    """The curve fitted to lines y, shape (l, p), over the same points z, shape (p,); None where it cannot be drawn."""
    begun = _begun(curve, z, y)
    work.charge(_CALLS * (len(curve.starts) + _STEPS), len(y) * len(z) * (2 * len(curve.starts) + 30 * _STEPS))
    if begun is None:
        return None
    bound = Program([curve.root]).bind({"z": z}, len(z))
    values = _improved(curve, bound, y, begun) if curve.inner else begun
    missed = _drawn(curve, bound, values, y.shape) - y
    errors = np.sqrt(np.mean(missed**2, axis=1) / np.maximum(np.mean(y**2, axis=1), 1e-300))
    return Lines(curve, values, np.where(np.isfinite(errors), errors, _WORST_FIT))


def _begun(curve: Curve, z: Array, y: Array) -> Array | None:
    """The best start of every line, shape (l, k)."""
    best, left = np.zeros((len(y), len(curve.coefficients))), np.full(len(y), np.inf)
    bound = Program(list(curve.columns)).bind({"z": z}, len(z))
    for start in curve.starts:
        given = {name: np.full((1, 1), value) for name, value in zip(curve.inner, start, strict=True)}
        design = np.array([np.broadcast_to(column, (1, len(z)))[0] for column in bound.values(given)])
        if not np.isfinite(design).all():
            continue
        found = np.linalg.lstsq(design.T, y.T, rcond=_DEPENDENT)[0].T
        rest = np.sum((found @ design - y) ** 2, axis=1)
        better = rest < left
        left = np.where(better, rest, left)
        best[better] = np.hstack([found, np.tile(start, (len(y), 1))])[better]
    return best if np.isfinite(left).all() else None


def _drawn(curve: Curve, bound: Bound, values: Array, shape: tuple[int, ...]) -> Array:
    return np.asarray(np.broadcast_to(bound.values(_given(curve, values))[0], shape))


def _given(curve: Curve, values: Array) -> dict[str, Array]:
    return {name: values[:, i : i + 1] for i, name in enumerate(curve.coefficients)}


def _improved(curve: Curve, bound: Bound, y: Array, values: Array) -> Array:
    """Levenberg-Marquardt on every line by itself, all lines in one batch."""
    names = curve.coefficients
    damping, left = np.full(len(y), 1e-3), np.sum((_drawn(curve, bound, values, y.shape) - y) ** 2, axis=1)
    for _ in range(_STEPS):
        drawn, slopes = bound.derivatives(_given(curve, values), names)[0]
        jacobian = np.stack([np.broadcast_to(slopes[name], y.shape) for name in names], axis=2)
        tried = values - _steps(jacobian, np.broadcast_to(drawn, y.shape) - y, damping)
        rest = np.sum((_drawn(curve, bound, tried, y.shape) - y) ** 2, axis=1)
        better = rest < left
        values, left = np.where(better[:, None], tried, values), np.where(better, rest, left)
        damping = np.where(better, 0.1 * damping, 10 * damping)
    return values


def _steps(jacobian: Array, residual: Array, damping: Array) -> Array:
    """One damped Gauss-Newton step for each line, shape (l, k), in columns of length 1."""
    jacobian = np.where(np.isfinite(jacobian), jacobian, 0.0)
    lengths = np.maximum(np.sqrt(np.sum(jacobian**2, axis=1)), 1e-300)
    unit = jacobian / lengths[:, None, :]
    normal = unit.transpose(0, 2, 1) @ unit + (damping[:, None, None] + 1e-12) * np.eye(unit.shape[2])
    right = np.einsum("lpk,lp->lk", unit, np.where(np.isfinite(residual), residual, 0.0))
    return np.asarray(np.linalg.solve(normal, right[..., None])[..., 0] / lengths)


def library(z: Array) -> list[Curve]:
    """The curves that the range of z allows. z: shape (n,)."""
    low, high = float(z.min()), float(z.max())
    return [Curve.of(texts, starts) for texts, starts in _offered(low, high)]


def _offered(low: float, high: float) -> Iterator[tuple[Sequence[str], Array]]:
    span, largest = high - low, max(abs(low), abs(high))
    rates = np.concatenate([-np.geomspace(0.2, 20, 10), np.geomspace(0.2, 20, 10)])[:, None] / span
    centres = low + span * np.linspace(-0.05, 1.05, 12)
    waves = math.pi / span * np.array([0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 6])
    sharp = np.geomspace(1, 40, 7) / span
    away = span * np.array([0.1, 0.3, 1, 3])
    yield ["z"], np.zeros((1, 0))
    yield ["1", "z"], np.zeros((1, 0))
    yield ["1", "z", "z**2"], np.zeros((1, 0))
    yield ["z - m"], np.concatenate([centres, low - away, high + away])[:, None]
    yield ["(z - m)**2"], np.concatenate([centres, low - away, high + away])[:, None]
    yield ["exp(k*z)"], rates
    yield ["1", "exp(k*z)"], rates
    yield ["exp(k*z) - 1"], rates
    yield ["sin(k*z)"], waves[:, None]
    yield ["cos(k*z)"], waves[:, None]
    yield ["sin(k*(z - m))"], _grid(waves, centres)
    yield ["sinc(k*(z - m))**2"], _grid(waves, centres)
    yield ["exp(-k*(z - m)**2)"], _grid(sharp**2, centres)
    yield ["1/(1 + k*(z - m)**2)"], _grid(sharp**2, centres)
    yield ["tanh(k*z)"], np.geomspace(0.1, 20, 10)[:, None] / span
    yield ["exp(-d*z)*cos(k*z)"], _grid(waves, np.geomspace(0.1, 10, 6) / span)
    yield ["exp(-d*z)*sin(k*z)"], _grid(waves, np.geomspace(0.1, 10, 6) / span)
    if low >= 0:
        yield from _of_positive(low, largest)
    if low > 0:
        yield ["exp(k/z)"], low * rates * span
        yield ["1", "log(z)"], np.zeros((1, 0))


def _of_positive(low: float, largest: float) -> Iterator[tuple[Sequence[str], Array]]:
    near = np.geomspace(0.01, 100, 14)[:, None]
    powers = np.array([*np.arange(-3, 0, 0.5), *np.arange(0.5, 4, 0.5)] if low > 0 else np.arange(0.5, 4, 0.5))[:, None]
    yield ["z**k"], powers
    yield ["1", "z**k"], powers
    for text in ("1 + k*z", "1/(1 + k*z)", "z/(1 + k*z)", "log(1 + k*z)", "1/sqrt(1 + k*z)", "sqrt(1 + k*z)"):
        yield [text], near / largest
    for text in ("z/(k + z)", "1/(k + z)"):
        yield [text], near * largest
    yield ["1", "1/(1 + k*z)"], near / largest
    yield ["1/(1 + k*z**2)"], near / largest**2
    yield ["sqrt(1 + k*z**2)"], near / largest**2
    yield ["1/sqrt(1 + k*z**2)"], near / largest**2
    yield ["z*exp(k*z)"], np.concatenate([-near, near]) / largest
    yield ["z/(k + z + m*z**2)"], _grid(near[::2, 0] * largest, near[::2, 0] / largest)


def _grid(first: Array, second: Array) -> Array:
    return np.array(list(itertools.product(first, second)))


def formula(curve: Curve, name: str) -> Formula:
    """The curve in an input of another name."""
    return Formula(tree.substitute(curve.root, {tree.var("z"): tree.var(name)}))
