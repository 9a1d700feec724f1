"""Where a fitted formula has no value, or no sensible one: between the data, and a little beyond them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from corpus import tree
from corpus.formula import Formula
from corpus.functions import Array
from recommender.assess._base import Fitted
from recommender.requirements import leaps, span

_GRID = 2000
_BEYOND = 24
_ROWS = 40
_BISECTIONS = 60


@dataclass(frozen=True)
class Gap:
    """Beyond the data, from `start` (SI) on along one input, x0, x1, ..., some row has no value or leaves the target's range."""

    inner: str
    start: float
    above: bool
    pole: bool


def between(fitted: Fitted) -> dict[str, Array]:
    """Points on the segments between pairs of rows; an even grid where there is one input."""
    samples = fitted.problem.samples
    if len(samples.columns) == 1:
        ((name, values),) = samples.columns.items()
        return {name: np.linspace(values.min(), values.max(), _GRID)}
    rng = np.random.default_rng(fitted.problem.table_seed)
    pairs = rng.integers(0, len(samples), (_GRID, 2))
    share = rng.random(_GRID)
    return {name: values[pairs[:, 0]] * share + values[pairs[:, 1]] * (1 - share) for name, values in samples.columns.items()}


def has_pole(fitted: Fitted) -> bool:
    """Between the data there are points without a finite value, values beyond twenty times the data's range, or a denominator that
    passes zero where the value does not stay in that range."""
    columns = between(fitted)
    target = fitted.problem.samples.target
    return bool(
        np.any(leaps(fitted.fit.predict(columns), target)) or any(_passes_zero(fitted, one, columns) for one in _denominators(fitted))
    )


def _denominators(fitted: Fitted) -> Iterator[Formula]:
    """What is raised to a negative power and moves with the data."""
    for node in tree.walk(fitted.fit.formula.root):
        if node.op == "pow" and node.args[1].op == "const" and node.args[1].number < 0 and node.args[0].variables:
            yield Formula(node.args[0])


def _passes_zero(fitted: Fitted, denominator: Formula, columns: Mapping[str, Array]) -> bool:
    """A pole so narrow that it lies between the points: found by bisection between points of opposite sign."""
    values = _evaluate(denominator, fitted, columns)
    if not (np.nanmin(values) < 0 < np.nanmax(values)):
        return False
    low, high = ({name: v[[i]] for name, v in columns.items()} for i in (int(np.nanargmin(values)), int(np.nanargmax(values))))
    for _ in range(_BISECTIONS):
        middle = {name: (low[name] + high[name]) / 2 for name in low}
        below = bool(_evaluate(denominator, fitted, middle)[0] < 0)
        low, high = (middle, high) if below else (low, middle)
    near = {name: np.concatenate([low[name], high[name]]) for name in low}
    return bool(np.any(leaps(fitted.fit.predict(near), fitted.problem.samples.target)))


def _evaluate(formula: Formula, fitted: Fitted, columns: Mapping[str, Array]) -> Array:
    n = len(next(iter(columns.values())))
    parameters = {name: fitted.fit.parameters[name] for name in formula.parameters}
    with np.errstate(all="ignore"):
        return np.broadcast_to(formula.evaluate({name: columns[name] for name in formula.variables}, parameters), (n,))


def gaps(fitted: Fitted) -> list[Gap]:
    """The first gap beyond each end of each input, within REACH of its range, the other inputs as they are in the rows."""
    samples = fitted.problem.samples
    rows = samples.take(np.linspace(0, len(samples) - 1, min(_ROWS, len(samples))).astype(np.int64))
    found = []
    for inner in fitted.fit.formula.variables:
        values = samples.columns[inner]
        low, high = span(values)
        for end, limit in ((float(values.max()), high), (float(values.min()), low)):
            gap = _first_gap(fitted, rows.columns, inner, np.linspace(end, limit, _BEYOND + 1)[1:])
            found += [gap] if gap is not None else []
    return found


def _first_gap(fitted: Fitted, columns: Mapping[str, Array], inner: str, places: Array) -> Gap | None:
    n = len(columns[inner])
    repeated = {name: np.tile(values, len(places)) for name, values in columns.items()}
    values = np.reshape(fitted.fit.predict({**repeated, inner: np.repeat(places, n)}), (len(places), n))
    bad = np.any(leaps(values, fitted.problem.samples.target) > 0, axis=1)
    if not np.any(bad):
        return None
    first = int(np.argmax(bad))
    return Gap(inner, float(places[first]), bool(places[-1] > places[0]), not np.any(np.isnan(values[first])))


def trend(fitted: Fitted, inner: str) -> float:
    """1 if the formula rises along an input between the data from every row, -1 if it falls, 0 if neither."""
    samples = fitted.problem.samples
    rows = samples.take(np.linspace(0, len(samples) - 1, min(_ROWS, len(samples))).astype(np.int64))
    places = np.linspace(samples.columns[inner].min(), samples.columns[inner].max(), _BEYOND)
    columns = {name: np.tile(values, len(places)) for name, values in rows.columns.items()}
    values = np.reshape(fitted.fit.predict({**columns, inner: np.repeat(places, len(rows))}), (len(places), len(rows)))
    steps = [after - before for before, after in pairwise(values)]
    size = 1e-9 * float(np.ptp(samples.target))
    with np.errstate(all="ignore"):
        return 1.0 if np.all(np.array(steps) >= -size) else -1.0 if np.all(np.array(steps) <= size) else 0.0


def sign(fitted: Fitted) -> float:
    """The sign of all values between the data; 0 where both occur."""
    values = fitted.fit.predict(between(fitted))
    with np.errstate(all="ignore"):
        return 1.0 if np.all(values > 0) else -1.0 if np.all(values < 0) else 0.0
