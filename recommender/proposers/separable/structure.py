"""What the surrogate says of the unknown function: which columns act as one, and which act apart (Udrescu & Tegmark 2020)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus import tree
from corpus.functions import Array
from corpus.tree import Node
from recommender.proposers.dimensional.data import Data
from recommender.proposers.separable.surrogate import Surrogate

_PROBES = 200
_CLEAR = 0.1  # relative size of what should vanish, beyond the surrogate's own error
Pair = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Merger:
    """Two columns that act only through one quantity. doubt: 0 for a perfect symmetry, 1 for none."""

    first: int
    second: int
    kind: str
    node: Node
    values: Array
    doubt: float


@dataclass(frozen=True)
class Split:
    """f(A, B) = g(A) + h(B), or g(A)*h(B). part: the columns of A."""

    part: tuple[int, ...]
    product: bool
    doubt: float


@dataclass(frozen=True)
class _Symmetry:
    """g(a, b) and the direction along which it does not change. alike: both must have one unit."""

    kind: str
    node: Callable[[Node, Node], Node]
    value: Pair
    along: Callable[[Array, Array], tuple[Array, Array]]
    alike: bool


def _sum(a: Node, b: Node, sign: int) -> Node:
    return tree.add(a, tree.mul(tree.const(sign), b))


def _square(a: Node) -> Node:
    return tree.power(a, tree.const(2))


_SYMMETRIES = (
    _Symmetry("a - b", lambda a, b: _sum(a, b, -1), lambda a, b: a - b, lambda a, b: (np.ones_like(a), np.ones_like(b)), True),
    _Symmetry("a + b", lambda a, b: _sum(a, b, 1), lambda a, b: a + b, lambda a, b: (np.ones_like(a), -np.ones_like(b)), True),
    _Symmetry("a*b", tree.mul, lambda a, b: a * b, lambda a, b: (a, -b), False),
    _Symmetry("a/b", lambda a, b: tree.mul(a, tree.power(b, tree.const(-1))), lambda a, b: a / b, lambda a, b: (a, b), False),
    _Symmetry("a^2 + b^2", lambda a, b: _sum(_square(a), _square(b), 1), lambda a, b: a**2 + b**2, lambda a, b: (b, -a), True),
    _Symmetry("a^2 - b^2", lambda a, b: _sum(_square(a), _square(b), -1), lambda a, b: a**2 - b**2, lambda a, b: (b, a), True),
)


@np.errstate(all="ignore")
def mergers(data: Data, surrogate: Surrogate) -> list[Merger]:
    """Pairs of columns that may be one quantity, the clearest first."""
    slopes = surrogate.slopes(data.X)
    fine = np.isfinite(slopes).all(axis=0)
    found = []
    for (i, j), symmetry in itertools.product(itertools.combinations(range(len(data.X)), 2), _SYMMETRIES):
        if symmetry.alike and not np.array_equal(data.dimensions[:, i], data.dimensions[:, j]):
            continue
        one, two = symmetry.along(data.X[i], data.X[j])
        parts = (slopes[i] * one)[fine], (slopes[j] * two)[fine]
        whole = float(np.sqrt(np.mean(parts[0] ** 2) + np.mean(parts[1] ** 2)))
        doubt = float(np.sqrt(np.mean((parts[0] + parts[1]) ** 2))) / whole if whole > 0 else np.inf
        values = symmetry.value(data.X[i], data.X[j])
        if doubt < _CLEAR + surrogate.error and np.isfinite(values).all() and np.ptp(values) > 0:
            node = symmetry.node(tree.var(data.names[i]), tree.var(data.names[j]))
            found.append(Merger(i, j, symmetry.kind, node, values, doubt))
    return sorted(found, key=lambda merger: merger.doubt)


def splits(data: Data, surrogate: Surrogate, seed: int) -> list[Split]:
    """Ways to divide the columns into two sets that act apart, the clearest first."""
    rng = np.random.default_rng(seed)
    first, second = (rng.integers(0, len(data.y), _PROBES) for _ in range(2))
    found = [split for part in _parts(len(data.X)) for split in _split(data, surrogate, part, first, second)]
    return sorted(found, key=lambda split: split.doubt)


def _parts(count: int) -> Iterator[tuple[int, ...]]:
    """One of the two sets of every division: the one without the last column."""
    for size in range(1, count):
        yield from itertools.combinations(range(count - 1), size)


def _split(data: Data, surrogate: Surrogate, part: tuple[int, ...], first: NDArray[np.int64], second: NDArray[np.int64]) -> Iterator[Split]:
    """Mixed second differences, of the values and of their logarithms, over the spread of the values."""
    one, two = data.X[:, first], data.X[:, second]
    crossed, other = one.copy(), two.copy()
    crossed[list(part)], other[list(part)] = two[list(part)], one[list(part)]
    corners = np.array([surrogate.values(X) for X in (one, crossed, other, two)])
    for product in (False, True):
        if product and not (np.all(corners > 0) or np.all(corners < 0)):
            continue
        f = np.log(np.abs(corners)) if product else corners
        doubt = float(np.sqrt(np.mean((f[0] - f[1] - f[2] + f[3]) ** 2)) / (2 * np.std(f) + 1e-300))
        if doubt < _CLEAR + surrogate.error:
            yield Split(part, product, doubt)
