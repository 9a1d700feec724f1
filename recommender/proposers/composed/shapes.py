"""The curves of one variable an engineer tries, with starting grids for their inner parameters.

Written as text in z, `|z|` standing for z where no value is negative. Grids follow the data: what is multiplied by k spans a known
range, so k runs from hardly bent to fully developed; centres are quantiles; frequencies are evenly spaced, the fast ones only
where the target holds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

import numpy as np

from corpus import tree
from corpus.formula import parse
from corpus.functions import Array
from corpus.tree import Node
from recommender.prior import discount
from recommender.proposers.composed.factors import Factor
from recommender.spectrum import SPACING

_NATURAL = (0.3, 60.0)
_LOW_WAVES = 26
_ABOUT = SPACING * np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
_EXPONENTS = (1, 2, 3)
_POSITIVE_EXPONENTS = (0.5, 1 / 3, -1, 2 / 3, 1.5, -2, 4)
_ROOTS = (0.5, 1 / 3)
_PLAIN = ("exp(-|z|)", "exp(-z**2)", "tanh(z)", "sin(z)", "cos(z)", "log(1 + |z|)", "1/(1 + |z|)", "1/(1 + z**2)")
_PLAIN_ROOTS = ("sin(sqrt(|z|))", "cos(sqrt(|z|))", "sin(log(1 + |z|))", "cos(log(1 + |z|))")


@dataclass(frozen=True)
class Axis:
    """One input: its name among x0, x1, ... and the facts that decide which curves make sense on it; heard: angular frequencies of the
    target along it; has_unit: it is no pure number, so that exp(z) without a scale has no meaning; discounts: see `Context`."""

    name: str
    values: Array
    heard: tuple[float, ...] = ()
    has_unit: bool = False
    discounts: Mapping[str, float] = field(default_factory=dict)

    @property
    def positive(self) -> bool:
        return bool(np.min(self.values) > 0)

    @property
    def signed(self) -> bool:
        return bool(np.min(self.values) < 0)

    @property
    def span(self) -> float:
        return np.float64(np.ptp(self.values))

    @property
    def largest(self) -> float:
        return np.float64(np.max(np.abs(self.values)))  # overflows to infinity instead of raising

    @property
    def natural(self) -> bool:
        """Of order one, so that curves without any scale (exp(-z), sin z) are plausible."""
        return not self.has_unit and bool(_NATURAL[0] <= self.largest <= _NATURAL[1])

    def node(self, text: str) -> Node:
        """An expression in z, on this input."""
        plain = text.replace("|z|", "abs(z)" if self.signed else "z")
        names = ("k0", "k1")
        return tree.substitute(parse(plain, ["z"], names).root, {tree.var("z"): tree.var(self.name)})

    def factor(self, *texts: str, grid: Array | None = None) -> Factor:
        """A factor with one or two columns; grid: shape (g,) or (g, q)."""
        nodes = tuple(self.node(text) for text in texts)
        off = discount(nodes, self.discounts)
        if grid is None:
            return Factor(nodes, discount=off)
        starts = grid[:, None] if grid.ndim == 1 else grid
        return Factor(nodes, tuple(f"k{i}" for i in range(starts.shape[1])), starts, discount=off)

    def power(self, exponent: float) -> Factor:
        """z**exponent; of |z| where the power of a negative value is not real."""
        whole = float(exponent).is_integer()
        base = tree.var(self.name) if whole or not self.signed else tree.call("abs", tree.var(self.name))
        nodes = (tree.power(base, tree.const(Fraction(exponent).limit_denominator(12))),)
        return Factor(nodes, discount=discount(nodes, self.discounts))


@dataclass(frozen=True)
class Curves:
    """The factors of one input. plain: no inner parameter; bent: one or two; steep: a free exponent; shift: (1, z)."""

    powers: tuple[Factor, ...]
    plain: tuple[Factor, ...]
    bent: tuple[Factor, ...]
    steep: tuple[Factor, ...]
    shift: Factor
    raising: tuple[Factor, ...] = field(default=())


def curves(axis: Axis) -> Curves:
    """Everything tried on one input."""
    return Curves(
        tuple(_powers(axis)),
        tuple(_plain(axis)),
        (*_exponentials(axis), *_waves(axis), *_saturations(axis), *_bumps(axis)),
        tuple(_steep(axis)),
        Factor((tree.const(1), tree.var(axis.name))),
        (axis.power(1), axis.power(2)),
    )


def _powers(axis: Axis) -> Iterator[Factor]:
    roots = _POSITIVE_EXPONENTS if axis.positive else (*_ROOTS, 4)
    yield from (axis.power(exponent) for exponent in (*_EXPONENTS, *roots))


def _plain(axis: Axis) -> Iterator[Factor]:
    if axis.natural:
        yield from (axis.factor(text) for text in (*_PLAIN, *_PLAIN_ROOTS))
        if axis.signed:
            yield axis.factor("exp(-z)")
        if axis.largest < 15:
            yield axis.factor("exp(z)")
    if axis.signed:
        yield from (axis.factor(text) for text in ("z*sqrt(|z|)", "z*|z|**(1/3)"))
    if axis.positive:
        yield axis.factor("log(z)")
        if axis.natural and axis.largest < 1:
            yield from (axis.factor(text) for text in ("log(z/(1 - z))", "log(1 - z)"))


def _exponentials(axis: Axis) -> Iterator[Factor]:
    falling = np.geomspace(0.05, 60, 16)
    rising = np.geomspace(0.05, 40, 14)
    yield axis.factor("exp(k0*z)", grid=np.concatenate([-falling, rising]) / axis.span)
    yield axis.factor("exp(k0*z**2)", grid=-falling / axis.largest**2)
    if axis.signed:
        yield axis.factor("exp(k0*|z|)", grid=-falling / axis.largest)
    if axis.positive:
        inverse = np.ptp(1 / axis.values)
        yield axis.factor("exp(k0/z)", grid=np.concatenate([-np.geomspace(0.05, 60, 26), np.geomspace(0.05, 8, 6)]) / inverse)


def _waves(axis: Axis) -> Iterator[Factor]:
    frequencies = _frequencies(axis)
    yield axis.factor("sin(k0*z)", grid=frequencies)
    yield axis.factor("cos(k0*z)", grid=frequencies)
    yield axis.factor("sin(k0*z)", "cos(k0*z)", grid=frequencies)
    slow = np.geomspace(0.2, 20, 12)
    for inner, reach in (("sqrt(|z|)", np.sqrt(axis.largest)), ("log(1 + |z|)", np.log1p(axis.largest))):
        yield axis.factor(f"sin(k0*{inner})", grid=slow / reach)
        yield axis.factor(f"cos(k0*{inner})", grid=slow / reach)
    yield axis.factor("sinc(k0*z)**2", grid=frequencies[1::2])


def _frequencies(axis: Axis) -> Array:
    """All low ones, and those about every one that is heard."""
    low = np.concatenate([[0.25, 0.5], SPACING * np.arange(1, _LOW_WAVES)])
    heard = [frequency * axis.span + shift for frequency in axis.heard for shift in _ABOUT]
    return np.unique(np.round(np.concatenate([low, [value for value in heard if value > low[-1]]]), 3)) / axis.span


def _saturations(axis: Axis) -> Iterator[Factor]:
    strong = np.geomspace(0.03, 3e3, 24)
    yield axis.factor("1/(1 + k0*|z|)", grid=strong / axis.largest)
    yield axis.factor("1/(1 + k0*z**2)", grid=strong / axis.largest**2)
    yield axis.factor("1/(1 + k0*z**4)", grid=strong / axis.largest**4)
    yield axis.factor("log(1 + k0*|z|)", grid=np.geomspace(0.05, 300, 12) / axis.largest)
    yield axis.factor("tanh(k0*z)", grid=np.geomspace(0.1, 20, 10) / axis.largest)
    centres = np.quantile(axis.values, [0.02, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9])
    yield axis.factor("1/(1 + exp(-k0*(z - k1)))", grid=_pairs(np.geomspace(2, 100, 7) / axis.span, centres))
    if axis.positive:
        yield axis.factor("1/(1 + k0*z**3)", grid=strong / axis.largest**3)
        yield axis.factor("1/(1 - k0*z)", grid=np.array([0.3, 0.6, 0.85, 0.97]) / axis.largest)
        middles = np.quantile(axis.values, [0.05, 0.15, 0.3, 0.5, 0.7, 0.9])
        yield axis.factor("1/(1 + (z/k1)**k0)", grid=_pairs(np.array([0.7, 1, 1.5, 2.5, 4]), middles))
        yield axis.factor("log(1 - k0*z)", grid=np.array([0.3, 0.6, 0.85, 0.97, 0.995]) / axis.largest)


def _bumps(axis: Axis) -> Iterator[Factor]:
    centres = np.quantile(axis.values, np.linspace(0.04, 0.96, 12))
    yield axis.factor("exp(-((z - k1)/k0)**2)", grid=_pairs(np.array([0.03, 0.08, 0.2, 0.5]) * axis.span, centres))
    if axis.positive:
        middles = np.quantile(axis.values, [0.05, 0.15, 0.3, 0.5, 0.7, 0.9])
        yield axis.factor("exp(-k0*log(z/k1)**2)", grid=_pairs(np.array([0.3, 1.0, 3.0]), middles))


def _steep(axis: Axis) -> Iterator[Factor]:
    rising = np.concatenate([np.arange(0.1, 1.5, 0.1), np.arange(1.5, 5.1, 0.25)])
    if axis.positive:
        rising = np.concatenate([np.arange(-5, 0, 0.25), rising])
    yield axis.factor("|z|**k0", grid=rising)


def _pairs(first: Array, second: Array) -> Array:
    return np.array(list(product(first, second)))
