"""A target that is the slope of a precise column is replaced by it; anything else is left as it was measured."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from corpus.functions import Array
from recommender.problem import Problem
from recommender.rates import as_rate
from recommender.table import Table

ROWS = 400


def trajectory() -> dict[str, Array]:
    """A damped oscillation: time, position, velocity and acceleration, shape (400,) each."""
    t = np.linspace(0.0, 12.0, ROWS)
    z = np.exp(-0.2 * t) * np.cos(1.7 * t)
    v = -np.exp(-0.2 * t) * (0.2 * np.cos(1.7 * t) + 1.7 * np.sin(1.7 * t))
    return {"t": t, "x": z, "v": v, "a": -0.4 * v - (1.7**2 + 0.2**2) * z}


def noise(share: float, values: Array, seed: int = 3) -> Array:
    return share * np.std(values) * np.random.default_rng(seed).standard_normal(len(values))


def problem(columns: dict[str, Array], units: dict[str, str] | None = None) -> Problem:
    return Problem.of(Table.of(columns, units or {}), target="a")


@pytest.fixture
def measured() -> dict[str, Array]:
    columns = trajectory()
    return {**columns, "a": columns["a"] + noise(0.02, columns["a"])}


@pytest.mark.parametrize("shuffled", [False, True])
def test_noise_of_a_measured_rate_nearly_vanishes(measured: dict[str, Array], shuffled: bool) -> None:
    order = np.random.default_rng(0).permutation(ROWS) if shuffled else np.arange(ROWS)
    found = as_rate(problem({name: values[order] for name, values in measured.items()}))
    truth = trajectory()["a"][order][found.rows]
    assert np.std(found.samples.target - truth) < 1e-3 * np.std(truth)
    assert len(found.rows) > 0.9 * ROWS
    assert found.notes[-1].key == "note.rate"
    assert dict(found.notes[-1].values)["state"] == "v"


def test_residuals_are_still_those_of_the_measurement(measured: dict[str, Array]) -> None:
    asked = problem(measured)
    found = as_rate(asked)
    truth = trajectory()["a"]
    before, after = (one.target.values[found.rows] - truth[found.rows] for one in (asked, found))
    assert np.corrcoef(before, after)[0, 1] > 0.9


def test_units_are_those_of_the_slope(measured: dict[str, Array]) -> None:
    columns = {**measured, "t": 1000 * measured["t"]}
    right = as_rate(problem(columns, {"t": "ms", "x": "m", "v": "m/s", "a": "m/s^2"}))
    wrong = as_rate(problem(columns, {"t": "ms", "x": "m", "v": "m/s", "a": "K"}))
    assert right.notes[-1].key == "note.rate"
    assert np.std(right.samples.target - trajectory()["a"][right.rows]) < 1e-3
    assert all(note.key != "note.rate" for note in wrong.notes)


def _precise(columns: dict[str, Array]) -> dict[str, Array]:
    return columns


def _noisy_state(columns: dict[str, Array]) -> dict[str, Array]:
    return {**columns, **{name: columns[name] + noise(0.01, columns[name], seed) for seed, name in enumerate("xva")}}


def _not_quite_the_slope(columns: dict[str, Array]) -> dict[str, Array]:
    other = columns["a"] + 0.03 * np.std(columns["a"]) * np.sin(columns["t"])
    return {**columns, "a": other + noise(0.02, other)}


def _other_quantity(columns: dict[str, Array]) -> dict[str, Array]:
    return {**columns, "a": columns["x"] ** 2 + noise(0.02, columns["x"])}


def _no_trajectory(columns: dict[str, Array]) -> dict[str, Array]:
    rng = np.random.default_rng(1)
    t, x, v = (rng.uniform(size=ROWS) for _ in range(3))
    return {"t": t, "x": x, "v": v, "a": -x - v + noise(0.02, x)}


@pytest.mark.parametrize("changed", [_precise, _noisy_state, _not_quite_the_slope, _other_quantity, _no_trajectory])
def test_any_other_target_is_left_as_it_is(changed: Callable[[dict[str, Array]], dict[str, Array]]) -> None:
    asked = problem(changed(trajectory()))
    assert as_rate(asked) is asked
