"""A form with starting values: refined by least squares, judged by its description length (Rissanen 1978)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from corpus import tree
from corpus.evaluate import Program
from corpus.formula import Formula
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.minpack import levenberg_marquardt
from recommender.proposers.dimensional.data import Data

_STEPS = 40
_EXACT = 5.0  # floors
_WIDE = 30.0  # largest over median target from which errors may be relative


@dataclass(frozen=True)
class Form:
    """y = root. starts: value of every free coefficient; known: of every constant of nature. cost: nats of the structure."""

    root: Node
    starts: Mapping[str, float]
    cost: float
    known: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Node, starts: Mapping[str, float], cost: float, known: Mapping[str, float]) -> Form:
        """With what the tree uses of the starts and the known constants."""
        mine, constants = ({name: value for name, value in own.items() if name in root.parameters} for own in (starts, known))
        return cls(root, mine, cost, constants)

    def renamed(self, names: Mapping[str, str]) -> Form:
        """With some coefficients or constants called otherwise."""
        starts, known = ({names.get(name, name): value for name, value in own.items()} for own in (self.starts, self.known))
        return Form(Formula(self.root).rename(names).root, starts, self.cost, known)


@dataclass(frozen=True)
class Scored:
    """A refined form. length: nats to describe rows and form; error: standard deviation of the residuals over that of the target,
    or of the relative residuals where these describe the rows better. is_exact: it agrees with the rows to their digits."""

    form: Form
    length: float
    error: float
    is_exact: bool


@np.errstate(all="ignore")  # overflow on the way is judged by its outcome
def polish(form: Form, data: Data) -> Scored:
    """The form with coefficients that minimise the squared error, absolute or relative, whichever describes the rows in fewer nats."""
    model = _Model(form, data)
    size = np.abs(data.y)
    found = [model.fitted(data.scale)]
    if data.sigma is None and size.max() > _WIDE * np.median(size):
        found.append(model.fitted(np.maximum(size, 1e-9 * size.max())))
    return min(found, key=lambda scored: scored.length)


class _Model:
    """A form as a function of the relative changes of its coefficients."""

    def __init__(self, form: Form, data: Data) -> None:
        self.form, self.data = form, data
        self.names = tuple(form.starts)
        self.start = np.array([form.starts[name] or 1e-12 for name in self.names])
        self.bound = Program([form.root]).bind(data.columns, len(data.y))
        self.fixed = {name: np.full((1, 1), v) for name, v in form.known.items()}

    def fitted(self, scale: Array) -> Scored:
        """The best coefficients for residuals in units of `scale`, shape (n,)."""
        change, start = np.ones(len(self.names)), self._residual(np.ones(len(self.names)), scale)
        if len(change) and np.isfinite(start).all():
            change = self._improved(scale)
        residual = self._residual(change, scale)
        length = self._length(residual, scale)
        found = dict(zip(self.names, map(float, change * self.start), strict=True))
        error = math.sqrt(_mean_square(residual))
        return Scored(replace(self.form, starts=found), length, error, error < _EXACT * self.data.floor)

    def _improved(self, scale: Array) -> Array:
        one = np.ones(len(self.names))
        try:
            found = levenberg_marquardt(lambda z: self._residual(z, scale), lambda z: self._jacobian(z, scale), one, _STEPS, 1e-15)
        except (ValueError, np.linalg.LinAlgError):  # the search left the domain of the form
            return one
        better = np.isfinite(found).all() and _mean_square(self._residual(found, scale)) < _mean_square(self._residual(one, scale))
        return found if better else one

    def _at(self, change: Array) -> dict[str, Array]:
        return self.fixed | {name: np.full((1, 1), v) for name, v in zip(self.names, change * self.start, strict=True)}

    def _residual(self, change: Array, scale: Array) -> Array:
        values = np.broadcast_to(self.bound.values(self._at(change))[0], (1, len(scale)))[0]
        return np.asarray((values - self.data.y) / scale)

    def _jacobian(self, change: Array, scale: Array) -> Array:
        _, slopes = self.bound.derivatives(self._at(change), self.names)[0]
        rows = [np.broadcast_to(slopes.get(name, 0.0), (1, len(scale)))[0] for name in self.names]
        return np.asarray((np.array(rows) * self.start[:, None] / scale).T)

    def _length(self, residual: Array, scale: Array) -> float:
        n = len(residual)
        error = max(_mean_square(residual), self.data.floor**2)
        return 0.5 * n * math.log(error) + float(np.log(scale).sum()) + self.form.cost + 0.5 * math.log(n) * len(self.names)


def _mean_square(residual: Array) -> float:
    return float(np.mean(residual**2)) if np.isfinite(residual).all() else math.inf


class Names:
    """Gives fresh coefficient names and remembers their starts."""

    def __init__(self) -> None:
        self.starts: dict[str, float] = {}

    def new(self, start: float) -> Node:
        name = f"c{len(self.starts)}"
        self.starts[name] = float(start)
        return tree.param(name)


Weight = Callable[[Array], Array]


def absolute(y: Array) -> Array:
    """Errors of one size in every row."""
    return np.full(len(y), 1 / float(np.sqrt(np.mean(y**2))))


def relative(y: Array) -> Array:
    """Errors in proportion to the target."""
    size = np.abs(y)
    return np.asarray(1 / np.maximum(size, 1e-9 * size.max()))
