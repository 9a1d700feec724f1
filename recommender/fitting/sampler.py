"""Starts for the nonlinear parameters, drawn from the distribution of each one's role.

Frequencies, rates, depths, exponents and scales are drawn first; offsets and phases after them, conditional on them (the offset that
puts the feature on a randomly chosen row). Draws are stratified so that b of them cover a range evenly.
A frequency is drawn inside its zone: up to pi over the median spacing of what it multiplies (half of that if the wave is squared).
On a uniform grid every frequency outside has an exact alias inside, so there the zone is strict until nothing inside explains the data.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus import tree
from corpus.evaluate import Program
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.roles import Role, roles
from recommender.fitting.varpro import Model

Drawn = dict[str, Array]
Rows = NDArray[np.int64]
_OFFSET_LOG_SHARE = 0.3
_BEYOND_SHARE = 0.12


@dataclass(frozen=True)
class Reach:
    """What a multiplying parameter multiplies, over the data: its span, its resolution, the parameter's power there."""

    span: float
    resolution: float
    power: float
    uniform: bool
    largest: float


@dataclass(frozen=True)
class Zone:
    """|p|**power <= limit is free of aliases; strict on a uniform grid. cells: how many distinguishable frequencies it holds."""

    limit: float
    power: float
    strict: bool
    cells: float

    def turns(self, values: Array) -> Array:
        """The frequency that counts: |p|**power."""
        with np.errstate(all="ignore"):
            return np.asarray(np.abs(values) ** self.power)

    def outside(self, values: Array) -> Array:
        return np.asarray(self.strict & (self.turns(values) > self.limit * 1.0001))


class Sampler:
    """Draws starts for one model. scales: log10 magnitudes of its parameters."""

    def __init__(self, model: Model, scales: Mapping[str, float], rng: np.random.Generator, *, phased: bool = False) -> None:
        self.names = model.form.nonlinear
        self.rng = rng
        self._samples = model.samples
        self._scales = scales
        self._phased = phased
        self.roles = roles(model.form.root, self.names)
        self._late = self._dependent_order([n for n in self.names if self.roles[n].kind in ("offset", "phase")])
        self._early = [n for n in self.names if n not in self._late]
        self.frequencies = [n for n in self.names if self.roles[n].kind == "frequency"]
        self._reach = {n: self._reach_of(self.roles[n]) for n in self._early if self.roles[n].kind in ("frequency", "rate")}
        self.zones = {n: self._zone(n) for n in self.frequencies}
        self._others = {n: tree.add(*self.roles[n].use.others) for n in self._late}
        self._programs = {n: Program([node]) for n, node in self._others.items()}
        self._row_weights = _prominence(model.samples.target)
        limits = zip(*model.limits, strict=True) if model.limits is not None else ()
        self._limits = {name: pair for name, pair in zip(self.names, limits, strict=False) if np.isfinite(pair).any()}

    # --- set-up ---------------------------------------------------------------------------------------------------------

    def _dependent_order(self, names: list[str]) -> list[str]:
        """Offsets whose companions hold other offsets come after those."""
        ordered, rest = [], list(names)
        while rest:
            ready = [n for n in rest if not any(other.parameters & (set(rest) - {n}) for other in self.roles[n].use.others)]
            ordered.append((ready or rest)[0])
            rest.remove(ordered[-1])
        return ordered

    def _reach_of(self, role: Role) -> Reach:
        multiplied = tree.mul(*role.use.multiplier)
        values = np.sort(self._typical(multiplied))
        if values.size < 2 or values[-1] == values[0]:
            size = abs(float(values[0])) if values.size and values[0] != 0 else 1.0
            return Reach(size, size / 50, role.use.power, False, size)
        span = float(values[-1] - values[0])
        gaps = np.diff(values)
        steps = gaps[gaps > span * 1e-9]
        resolution = max(float(np.median(steps)) if steps.size else span, span / (2 * values.size))
        uniform = gaps.size > 3 and float(np.std(gaps)) < 1e-4 * abs(float(np.mean(gaps)))
        return Reach(span, resolution, role.use.power, uniform, float(np.max(np.abs(values))))

    def _typical(self, node: Node) -> Array:
        """Finite values of a subtree over the data, its parameters at their expected size."""
        values = {name: np.full((1, 1), 10 ** self._scales[name]) for name in sorted(node.parameters)}
        row = np.asarray(Program([node]).bind(self._samples.columns, len(self._samples)).values(values)[0], float).ravel()
        return np.asarray(row[np.isfinite(row)])

    def _zone(self, name: str) -> Zone:
        role, reach = self.roles[name], self._reach[name]
        resolution = reach.resolution
        companions = [n for n in self.frequencies if self.roles[n].use.enclosing is role.use.enclosing]
        if len(companions) > 1 and len(self._samples.columns) > 1:  # several directions share the rows: Nyquist per direction
            resolution = max(resolution, reach.span / (1.5 * len(self._samples) ** (1 / len(companions))))
        phase_free = self._phased or any(
            self.roles[n].kind in ("offset", "phase") and self.roles[n].use.enclosing is role.use.enclosing for n in self._late
        )
        length = reach.span if phase_free else max(reach.largest, reach.span)
        limit = math.pi / resolution
        return Zone(limit * (0.5 if role.squared else 1.0), reach.power, reach.uniform, 2 * length / resolution)

    def _confined(self, name: str, values: Array) -> Array:
        """Values outside the bounds mirrored at the nearer one, and drawn evenly between two bounds if still outside."""
        low, high = self._limits[name]
        values = np.where(values < low, 2 * low - values, values)
        values = np.where(values > high, 2 * high - values, values)
        if not (math.isfinite(low) and math.isfinite(high)):
            return np.clip(values, low, high)
        even = self._even(len(values))
        between = low * (high / low) ** even if low > 0 and high > 100 * low else low + (high - low) * even
        return np.where((values < low) | (values > high), between, values)

    # --- drawing --------------------------------------------------------------------------------------------------------

    def draw(self, count: int, *, widen: float = 1.0, strict: bool = True, only: Collection[str] | None = None) -> Array:
        """Starts of shape (count, q), q in the order of the model's nonlinear parameters.

        widen: factor on the widths in decades; strict: stay inside strict zones; only: draw these, the others at their expected size.
        """
        drawn: Drawn = {}
        with np.errstate(all="ignore"):
            for name in (*self._early, *self._late):
                wanted = only is None or name in only
                values = self._draw(name, count, drawn, widen, strict) if wanted else self._expected(name, count)
                drawn[name] = self._confined(name, values) if name in self._limits else values
        return np.stack([drawn[name] for name in self.names], 1) if self.names else np.zeros((count, 0))

    def _draw(self, name: str, count: int, drawn: Drawn, widen: float, strict: bool) -> Array:
        kind = self.roles[name].kind
        if kind == "frequency":
            return self._frequency(name, count, widen, strict)
        if kind == "rate":
            return self._rate(name, count, widen)
        if kind == "depth":
            return 0.1 * 300 ** self._even(count) * self._signs(count)
        if kind == "exponent":
            return self._exponent(count)
        if kind == "phase":
            return (2 * self._even(count) - 1) * math.pi / self.roles[name].use.number
        return self._offset(name, count, drawn, widen) if kind == "offset" else self._scale(name, count, widen)

    def _even(self, count: int) -> Array:
        """Stratified uniform numbers in [0, 1)."""
        return (self.rng.permutation(count) + self.rng.random(count)) / count

    def _signs(self, count: int) -> Array:
        return np.where(self.rng.random(count) < 0.75, 1.0, -1.0)

    def _expected(self, name: str, count: int) -> Array:
        return np.full(count, 10.0 ** self._scales[name])

    def _frequency(self, name: str, count: int, widen: float, strict: bool) -> Array:
        """45 % even in frequency up to the zone's limit, 45 % even in its logarithm, 10 % below one turn over the span."""
        reach, zone = self._reach[name], self.zones[name]
        top = zone.limit * (1.0 if zone.strict else 1.02)
        bottom = 0.02 / reach.span
        linear, low = int(count * 0.45), int(count * 0.1)
        middle = min(0.7 / reach.span, top / 3)
        draws = np.concatenate(
            [
                bottom + (top - bottom) * self._even(linear),
                middle * (top / middle) ** self._even(count - linear - low),
                bottom * 150 ** self.rng.random(low),
            ]
        )
        draws = self.rng.permutation(draws)
        if not (zone.strict and strict):
            beyond = self.rng.random(count) < (0.12 if widen <= 1 else 0.25)
            draws = np.where(beyond, top * (1 + 3 * self.rng.random(count)), draws)
        values = draws ** (1 / reach.power)
        alone = sum(self.roles[n].use.enclosing is self.roles[name].use.enclosing for n in self.frequencies) == 1
        return values if alone else values * self._signs(count)

    def nearby(self, name: str, value: float, count: int) -> Array:
        """Frequencies a few half turns over the span away from a given one."""
        reach = self._reach[name]
        with np.errstate(all="ignore"):
            turns = np.abs(value) ** reach.power + self.rng.normal(0, 2, count) * math.pi / reach.span
            return np.asarray(np.copysign(np.abs(turns) ** (1 / reach.power), value))

    def _rate(self, name: str, count: int, widen: float) -> Array:
        """Even in the logarithm from 0.03 per span to 2 per step, and at least 1.5 decades about one per span."""
        reach = self._reach[name]
        decades = 10 ** (1.5 * widen)
        low = min(0.03, 1 / decades) / reach.span
        high = max(2.0 / reach.resolution, decades / reach.span)
        return (low * (high / low) ** self._even(count)) ** (1 / reach.power) * self._signs(count)

    def _exponent(self, count: int) -> Array:
        even = self._even(count)
        values = np.where(self.rng.random(count) < 0.25, -15 + 30 * even, -4 + 8 * even)
        return np.where(self.rng.random(count) < 0.15, np.round(values * 2) / 2, values)

    def _scale(self, name: str, count: int, widen: float) -> Array:
        choice = self.rng.random(count)
        width = np.where(choice < 0.5, 0.8, np.where(choice < 0.8, 1.6, 2.8 * widen))
        return 10.0 ** (self._scales[name] + (2 * self._even(count) - 1) * width) * self._signs(count)

    def _offset(self, name: str, count: int, drawn: Drawn, widen: float) -> Array:
        """Minus the value of the companions on a random row, some drawn by size about the expected one, some beyond the data."""
        role, even = self.roles[name], self._even(count)
        values = -self._companions(name, count, drawn) / role.use.number
        by_size = self.rng.random(count) < (0.1 if role.use.context == "sinc" else _OFFSET_LOG_SHARE)
        sign = self.rng.choice([-1.0, 1.0], count)
        values = np.where(by_size, 10.0 ** (self._scales[name] + (2 * even - 1) * 2.0 * widen) * sign, values)
        if self._others[name].parameters:
            return values
        return np.where(self.rng.random(count) < _BEYOND_SHARE, self._beyond(name, count), values)

    def _companions(self, name: str, count: int, drawn: Drawn) -> Array:
        """The terms beside the offset, each start on its own random row (rows far from the median are preferred)."""
        rows = self._rows(count)
        near = np.clip(rows + self.rng.integers(-2, 3, count), 0, len(self._samples) - 1)
        between = self.rng.random(count)
        parameters = sorted(self._others[name].parameters)
        values = {n: (drawn[n] if n in drawn else self._expected(n, count))[None, :] for n in parameters}
        here, there = (self._at_rows(name, r, values) for r in (rows, near))
        return here if parameters else here * (1 - between) + there * between

    def _rows(self, count: int) -> Rows:
        rows = self.rng.integers(0, len(self._samples), count)
        if self._row_weights is not None:
            chosen = self.rng.random(count) < 0.4
            rows[chosen] = np.searchsorted(self._row_weights, self.rng.random(int(chosen.sum())))
        return np.minimum(rows, len(self._samples) - 1)

    def _at_rows(self, name: str, rows: Rows, values: Mapping[str, Array]) -> Array:
        program = self._programs[name]
        columns = {column: self._samples.columns[column][rows] for column in self._others[name].variables}
        out = program.bind(columns, len(rows)).values(values)[0]
        return np.asarray(np.broadcast_to(np.asarray(out, float), (1, len(rows)))[0])

    def _beyond(self, name: str, count: int) -> Array:
        """Positions before or after the data, by up to ten spans."""
        values = self._typical(self._others[name])
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
        distance = (high - low) * 10 ** self.rng.uniform(-1.5, 1, count)
        return -np.where(self.rng.random(count) < 0.5, high + distance, low - distance) / self.roles[name].use.number


def _prominence(target: Array) -> Array | None:
    """Cumulated row weights (y - median)**2, None for a constant target."""
    weights = np.abs(target - np.median(target))
    top = float(weights.max())
    if top == 0 or not math.isfinite(top):
        return None
    cumulated: Array = np.cumsum((weights / top) ** 2)
    return np.asarray(cumulated / cumulated[-1])
