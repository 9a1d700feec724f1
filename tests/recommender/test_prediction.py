"""What is predicted beyond the data: intervals that hold what they say, and grow outside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender.llm.discuss import fitted_as_typed
from recommender.prediction import Predictor
from recommender.problem import Problem
from recommender.table import Table


def straight(rng, noise=0.1):
    x = np.linspace(1, 10, 25)
    frame = pd.DataFrame({"x [mm]": x, "y [V]": 2.0 + 0.5 * x + noise * rng.standard_normal(25)})
    return Problem.of(Table.from_frame(frame))


@pytest.fixture(scope="module")
def line():
    problem = straight(np.random.default_rng(3))
    return problem, fitted_as_typed(problem, "a + b*x")


def test_intervals_of_a_straight_line_are_those_of_linear_regression(line):
    """Draper & Smith 1998, section 1.4."""
    problem, formula = line
    x, y = problem.inputs[0].shown, problem.target.shown
    at = np.array([0.0, 5.5, 20.0])
    found = Predictor.of(problem, formula).at({"x": at})
    design = np.column_stack([np.ones_like(x), x])
    theta, rss, *_ = np.linalg.lstsq(design, y, rcond=None)
    spread = np.column_stack([np.ones(3), at])
    half = 2.0687 * np.sqrt(rss / 23 * np.einsum("ni,ij,nj->n", spread, np.linalg.inv(design.T @ design), spread))
    assert found.value == pytest.approx(spread @ theta, rel=1e-6)
    assert found.high - found.value == pytest.approx(half, rel=1e-3)


def test_a_reading_scatters_more_than_the_curve_and_both_grow_outside(line):
    found = Predictor.of(*line).at({"x": np.array([5.5, 30.0])})
    assert np.all(found.reading_high > found.high)
    assert found.high[1] - found.low[1] > 2 * (found.high[0] - found.low[0])


def test_new_readings_lie_where_they_should():
    rng, inside = np.random.default_rng(0), 0
    for _ in range(60):
        problem = straight(rng)
        found = Predictor.of(problem, fitted_as_typed(problem, "a + b*x")).at({"x": np.array([7.3])})
        new = 2.0 + 0.5 * 7.3 + 0.1 * rng.standard_normal()
        inside += int(found.reading_low[0] <= new <= found.reading_high[0])
    assert 52 <= inside <= 60


def test_errors_in_proportion_give_intervals_in_proportion():
    rng, x = np.random.default_rng(1), np.geomspace(1e-2, 1e3, 40)
    frame = pd.DataFrame({"x [mm]": x, "y [V]": 3 * x**1.5 * np.exp(0.05 * rng.standard_normal(40))})
    problem = Problem.of(Table.from_frame(frame))
    found = Predictor.of(problem, fitted_as_typed(problem, "a*x**b")).at({"x": np.array([0.1, 100.0])})
    width = (found.reading_high - found.reading_low) / found.value
    assert width[0] == pytest.approx(width[1], rel=0.1)
