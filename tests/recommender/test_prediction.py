"""What is predicted beyond the data: intervals that hold what they say, and grow outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from corpus.language import Sentence
from recommender.llm.discuss import fitted_as_typed
from recommender.pipeline import recommend
from recommender.prediction import Predictor, with_errors_of
from recommender.problem import Problem
from recommender.table import Table


def straight(rng, scatter=0.1, **more):
    x = np.linspace(1, 10, 25)
    frame = pd.DataFrame({"x [mm]": x, "y [V]": 2.0 + 0.5 * x + scatter * rng.standard_normal(25)})
    return Problem.of(Table.from_frame(frame), **more)


@pytest.fixture(scope="module")
def line():
    problem = straight(np.random.default_rng(3))
    return problem, fitted_as_typed(problem, "a + b*x")


def textbook(x, y, at):
    """Draper & Smith 1998, section 1.4, and HC3 of MacKinnon & White 1985: values, and the half widths of both 95 % bands."""
    design, there = np.column_stack([np.ones_like(x), x]), np.column_stack([np.ones_like(at), at])
    inverse = np.linalg.inv(design.T @ design)
    theta = inverse @ design.T @ y
    rest, leverage = y - design @ theta, np.einsum("ni,ij,nj->n", design, inverse, design)
    meat = inverse @ (design.T * (rest / (1 - leverage)) ** 2) @ design @ inverse
    variances = (rest @ rest / 23 * np.einsum("ni,ij,nj->n", there, part, there) for part in (inverse, meat / (rest @ rest / 23)))
    return there @ theta, *(2.0687 * np.sqrt(variance) for variance in variances)


def test_intervals_of_a_straight_line_are_the_larger_of_the_textbooks(line):
    problem, formula = line
    at = np.array([0.0, 5.5, 20.0])
    found = Predictor.of(problem, formula).at({"x": at})
    value, even, uneven = textbook(problem.inputs[0].shown, problem.target.shown, at)
    assert found.value == pytest.approx(value, rel=1e-6)
    assert found.high - found.value == pytest.approx(np.maximum(even, uneven), rel=1e-3)
    assert found.value - found.low == pytest.approx(found.high - found.value, rel=1e-9)


def test_scatter_that_grows_along_the_line_is_not_taken_for_even():
    x, at = np.linspace(1, 10, 25), np.array([10.0])
    rng, inside = np.random.default_rng(5), []
    for _ in range(60):
        problem = straight(rng, scatter=0.03 * x**1.5)
        found = Predictor.of(problem, fitted_as_typed(problem, "a + b*x")).at({"x": at})
        value, even, _ = textbook(x, problem.target.shown, at)
        inside.append((abs(value - 7.0) <= even, found.low <= 7.0 <= found.high))
    plain, ours = np.sum(inside, axis=0).ravel()
    assert plain < 53 <= ours


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


def test_errors_in_proportion_that_a_run_has_found_give_intervals_in_proportion():
    rng, x = np.random.default_rng(1), np.geomspace(1e-2, 1e3, 40)
    frame = pd.DataFrame({"x [mm]": x, "y [V]": 3 * x**1.5 * np.exp(0.05 * rng.standard_normal(40))})
    problem = Problem.of(Table.from_frame(frame), typed=("a*x**b",))
    result = recommend(problem, limit=3, seconds=0)
    formula = result.formulas[0]
    found = Predictor.of(with_errors_of(problem, result), formula).at({"x": np.array([0.1, 100.0])})
    width = (found.reading_high - found.reading_low) / found.value
    assert width[0] == pytest.approx(width[1], rel=0.1)
    assert width[0] == pytest.approx(4 * 0.05, rel=0.4)


def test_without_such_a_note_errors_are_even(line):
    problem, _ = line
    result = recommend(problem, limit=1, seconds=0)
    assert with_errors_of(problem, result).relative_share is None
    noted = replace(result, notes=(Sentence.of("note.relative_error", percent="1"),))
    assert with_errors_of(problem, noted).relative_share == 0.01


def test_stated_uncertainties_are_those_of_a_reading():
    rng, x = np.random.default_rng(4), np.linspace(1, 10, 200)
    frame = pd.DataFrame({"x [mm]": x, "y [V]": 2 + 0.5 * x + 0.2 * rng.standard_normal(200), "dy [V]": np.full(200, 0.2)})
    problem = Problem.of(Table.from_frame(frame), "y", ["x"], sigma="dy")
    found = Predictor.of(problem, fitted_as_typed(problem, "a + b*x")).at({"x": np.array([5.0])})
    assert (found.reading_high - found.reading_low) / 2 == pytest.approx([1.96 * 0.2], rel=0.1)


def test_a_band_is_open_only_where_the_curve_moves_along_what_the_data_leave_open():
    """Of a product of two coefficients the data know the product; of a term that is nothing on all rows they know nothing."""
    problem = straight(np.random.default_rng(3))
    product = Predictor.of(problem, fitted_as_typed(problem, "a*b*x + 2")).at({"x": np.array([20.0])})
    assert np.all(np.isfinite(product.high))
    term = Predictor.of(problem, fitted_as_typed(problem, "a + b*x + c*max(x - 30, 0)")).at({"x": np.array([5.0, 50.0])})
    assert list(np.isfinite(term.high)) == [True, False]
