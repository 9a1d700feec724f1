"""An objective without data: a user's function scores curves by calculation.

A formula evaluated on the user's grid is a curve. The user's functions see many curves at once, as rows of an array, and know nothing of
formulas: `fn(curves) -> losses`. Only finite curves are handed to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from corpus.errors import ObjectiveError
from corpus.functions import Array
from recommender.samples import Samples

CurveFunction = Callable[[Array], ArrayLike]
_CHUNK = 2_000_000  # values handed over at once
_ROWS = 64
_ROUNDING = 1e-7  # of a constraint


class ComputedObjective:
    """What is to be made small.

    fn: curves of shape (b, n) -> losses of shape (b,); nan or inf where a curve cannot be used.
    grid: name of each variable -> its values, shape (n,); the formula is evaluated there, in these units.
    gradient: curves -> derivative of each loss by each value of its curve, shape (b, n); with it the local search follows the slope.
    constraints: each maps curves to shape (b,) or (b, m), kept where it is <= 0; scale it so that 1 is a gross violation. An equality is
    `abs(g) - tolerance`.
    typical: lowest and highest value a good curve may have, roughly: it sets the size of the coefficients to begin with.
    matters: a difference of loss that matters in practice; None takes the lowest loss found.
    ObjectiveError if the grid cannot be used.
    """

    def __init__(
        self,
        fn: CurveFunction,
        grid: Mapping[str, ArrayLike],
        *,
        gradient: CurveFunction | None = None,
        constraints: Sequence[CurveFunction] = (),
        typical: tuple[float, float] = (-1.0, 1.0),
        matters: float | None = None,
    ) -> None:
        self.fn, self._gradient, self._constraints = fn, gradient, tuple(constraints)
        self.grid = {name: np.asarray(values, float) for name, values in grid.items()}
        self.typical, self.matters = typical, matters
        shapes = {values.shape for values in self.grid.values()}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1 or len(self) < 2 or not all(np.isfinite(v).all() for v in self.grid.values()):
            raise ObjectiveError("objective_grid", shapes=", ".join(f"{name}: {v.shape}" for name, v in self.grid.items()) or "-")
        if not (np.isfinite(typical).all() and typical[0] < typical[1]) or (matters is not None and not 0 < matters < np.inf):
            raise ObjectiveError("objective_scale", typical=str(typical), matters=str(matters))

    def __len__(self) -> int:
        """Points of the grid."""
        return next(iter(self.grid.values())).size

    @property
    def names(self) -> tuple[str, ...]:
        """The variables."""
        return tuple(self.grid)

    @property
    def has_gradient(self) -> bool:
        return self._gradient is not None

    @property
    def has_constraints(self) -> bool:
        return bool(self._constraints)

    @cached_property
    def samples(self) -> Samples:
        """The grid with a ramp of typical values in place of a target: sizes to draw coefficients by, nothing to be fitted."""
        return Samples(self.grid, np.linspace(*self.typical, len(self)))

    def losses(self, curves: Array) -> Array:
        """Losses, shape (b,), inf where there is none. ObjectiveError if the function raises or gives something else than b numbers."""
        out = np.full(len(curves), np.inf)
        usable = np.flatnonzero(np.isfinite(curves).all(axis=1))
        step = max(1, min(_ROWS, _CHUNK // len(self)))
        for i in range(0, len(usable), step):
            rows = usable[i : i + step]
            out[rows] = _called(self.fn, curves[rows], "fn", ((len(rows),),))
        return np.where(np.isnan(out), np.inf, out)

    def margins(self, curves: Array) -> Array:
        """What the constraints give, shape (b, m), inf where a curve cannot be judged."""
        out = np.full((len(curves), 0), np.inf)
        usable = np.isfinite(curves).all(axis=1)
        for constraint in self._constraints if usable.any() else ():
            count = int(usable.sum())
            values = _called(constraint, curves[usable], "constraints", ((count,), (count, -1))).reshape(count, -1)
            column = np.full((len(curves), values.shape[1]), np.inf)
            column[usable] = np.where(np.isnan(values), np.inf, values)
            out = np.hstack([out, column])
        return out

    def violations(self, curves: Array) -> Array:
        """By how much the constraints are broken, summed, shape (b,): 0 where all are kept, inf where a curve cannot be judged."""
        broken = np.maximum(self.margins(curves) - _ROUNDING, 0.0).sum(axis=1)
        return np.where(np.isfinite(curves).all(axis=1), broken, np.inf)

    def slopes(self, curves: Array) -> Array:
        """Derivatives of the losses by the values of the curves, shape (b, n)."""
        assert self._gradient is not None
        return _called(self._gradient, curves, "gradient", (curves.shape,))


def each(fn: Callable[[Array], float]) -> CurveFunction:
    """A function of one curve, shape (n,), as one of many."""

    def many(curves: Array) -> Array:
        return np.array([fn(curve) for curve in curves])

    return many


def _called(fn: CurveFunction, curves: Array, role: str, shapes: Sequence[tuple[int, ...]]) -> Array:
    """What a user's function gives for curves, as floats of one of the shapes (-1: any length); ObjectiveError otherwise."""
    try:
        with np.errstate(all="ignore"):  # an overflow on the way is judged by its outcome
            given: Any = fn(curves.copy())
    except Exception as error:
        raise ObjectiveError("objective_raised", role=role, shape=str(curves.shape), kind=type(error).__name__, told=str(error)) from error
    found = np.asarray(given)
    wanted = " / ".join(str(shape).replace("-1", "m") for shape in shapes)
    if found.dtype.kind not in "biuf":
        raise ObjectiveError("objective_not_numbers", role=role, given=str(found.dtype), wanted=wanted)
    if not any(len(found.shape) == len(shape) and all(a in (b, -1) for a, b in zip(shape, found.shape, strict=True)) for shape in shapes):
        raise ObjectiveError("objective_shape", role=role, given=str(found.shape), wanted=wanted, curves=str(curves.shape))
    return found.astype(float)
