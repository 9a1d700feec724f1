"""An input that is the target in disguise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from recommender.assess.guards._base import CERTAIN, ROUNDING, Finding, Scene, quantum
from recommender.table import Column

CONVERSIONS = (
    *((10.0**k, 0.0) for k in range(-12, 13)),
    *((factor, 0.0) for factor in (60.0, 1 / 60, 3600.0, 1 / 3600, 3.6, 1 / 3.6)),
    *((1.0, 273.15), (1.0, -273.15), (1.8, 32.0), (1 / 1.8, -32 / 1.8)),
)
COARSE = 0.1  # of the spread: rounding beyond this hides what it rounds
LAGS = (1, -1, 2, -2, 3, -3)
DISGUISES = {
    "linear": lambda u: u,
    "log": np.log,
    "square": np.square,
    "root": np.sqrt,
    "reciprocal": lambda u: 1 / u,
    "cube": lambda u: u**3,
    "exp": lambda u: np.exp((u - np.max(u)) / (np.ptp(u) or 1.0)),
}


class Leak:
    """A copy of the target, exact or rounded; a linear or another simple function of it; or the target of another row.

    With one input any exact law is a function of it, so there only a copy or a conversion of units counts. With more, what is needed
    is that one input alone gives every target within the rounding of the two columns, and that this is no coincidence:
    each row confirms it with a chance of rounding over spread.
    """

    name = "leak"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.leak`, `guard.leak_function` or `guard.leak_lagged`, naming the column."""
        target = scene.problem.target
        for column in scene.columns:
            key, values = next(self._disguise(scene, column), ("", {}))
            if key:
                yield Finding(Sentence.of(f"guard.{key}", name=column.name, target=target.name, **values))

    def _disguise(self, scene: Scene, column: Column) -> Iterator[tuple[str, dict[str, object]]]:
        x, y = scene.values(column), scene.values(scene.problem.target)
        alone = len(scene.columns) == 1
        if _converted(x, y) if alone else _within_rounding(x, y):
            yield "leak", {}
        if not alone:
            for name, disguise in DISGUISES.items():
                if name != "linear" and _disguised(x, y, disguise):
                    yield "leak_function", {"function": Sentence.of(f"guard.function_{name}")}
        for lag in LAGS:
            if _lagged(column.shown, scene.problem.target.shown, lag):
                yield "leak_lagged", {"rows": abs(lag), "when": Sentence.of("guard.earlier" if lag > 0 else "guard.later")}


def _line(x: Array, y: Array, tolerance: Array | float) -> bool:
    """Some line a + b x is within the tolerance of y on every row, and enough rows say so."""
    if len(np.unique(x)) < 3:
        return False
    bound = np.broadcast_to(np.asarray(tolerance, float), y.shape)
    if np.max(bound) > COARSE * np.ptp(y):
        return False
    with np.errstate(all="ignore"):
        luck = float(np.sum(np.log(np.minimum(2 * bound / np.ptp(y), 1.0))[2:]))
    if luck >= np.log(CERTAIN):
        return False
    u = (x - x.mean()) / np.ptp(x)
    slope, offset = np.polyfit(u, y, 1)
    off = np.abs(y - slope * u - offset)
    return bool(np.all(off <= bound) or (np.all(off <= 2 * bound) and _feasible(u, y, bound)))


def _feasible(x: Array, y: Array, bound: Array) -> bool:
    """Least squares may miss a line that rounding allows; a linear program does not."""
    from scipy.optimize import linprog

    size = float(np.max(bound))
    design = np.column_stack([np.ones_like(x), x])
    centre = float(np.mean(y))
    limits = np.concatenate([y - centre + bound, centre - y + bound]) / size
    found = linprog([0.0, 0.0], A_ub=np.concatenate([design, -design]), b_ub=limits, bounds=(None, None))
    return bool(found.success)


def _converted(x: Array, y: Array) -> bool:
    """The same numbers, or moved to another unit, to double precision."""
    tolerance = ROUNDING * float(np.max(np.abs(y)))
    return any(np.all(np.abs(factor * x + shift - y) <= tolerance) for factor, shift in CONVERSIONS) and _line(x, y, tolerance)


def _within_rounding(x: Array, y: Array) -> bool:
    """A straight line within half a step of rounding of each column, written either way round."""
    slope = np.ptp(y) / np.ptp(x)
    return _line(x, y, (0.5 + 1e-6) * (slope * quantum(x) + quantum(y)) + ROUNDING * float(np.max(np.abs(y))))


def _disguised(x: Array, y: Array, disguise: object) -> bool:
    """x is a linear function of disguise(y), or y of disguise(x), to rounding."""
    assert callable(disguise)
    return _function(x, y, disguise) or _function(y, x, disguise)


def _function(x: Array, y: Array, disguise: object) -> bool:
    assert callable(disguise)
    with np.errstate(all="ignore"):
        u = np.asarray(disguise(y), float)
        step = np.abs(np.asarray(disguise(y + 0.5 * quantum(y)), float) - u)
    if not np.all(np.isfinite(u)) or not np.ptp(u) or not np.all(np.isfinite(step)):
        return False
    slope = np.ptp(x) / np.ptp(u)
    return _line(u, x, (1 + 1e-6) * (0.5 * quantum(x) + slope * step) + ROUNDING * float(np.max(np.abs(x))))


def _lagged(x: Array, y: Array, lag: int) -> bool:
    """x of a row is y of the row `lag` before it, times a power of ten at most, to rounding."""
    here, there = (x[lag:], y[:-lag]) if lag > 0 else (x[:lag], y[-lag:])
    good = np.isfinite(here) & np.isfinite(there)
    here, there = here[good], there[good]
    if len(here) < 6 or len(np.unique(there)) < 4:
        return False
    with np.errstate(all="ignore"):
        factor = 10.0 ** np.round(np.log10(np.median(np.abs(here)) / np.median(np.abs(there))))
    step = max(quantum(here), factor * quantum(there))
    tolerance = 0.5 * step + ROUNDING * float(np.max(np.abs(here)))
    spread = np.ptp(here)
    enough = (len(here) - 1) * np.log(min(1.0, 2 * tolerance / spread)) < np.log(CERTAIN) if spread else False
    return bool(enough and np.all(np.abs(here - factor * there) <= tolerance))
